using Azure;

namespace EmbeddedHost.Durable;

/// <summary>An instance as its row has it.</summary>
internal sealed record InstanceState
{
    public required string Id { get; init; }

    /// <summary>The orchestrator.</summary>
    public required string Name { get; init; }

    public required OrchestrationRuntimeStatus Status { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>When it begins; null for at once.</summary>
    public DateTimeOffset? StartAt { get; init; }

    /// <summary>Counts the times it began anew; part of its history's row keys.</summary>
    public int Execution { get; init; }

    /// <summary>How many rows of the history count. Rows beyond are a commit that did not come to its end.</summary>
    public int Length { get; init; }

    public string? Input { get; init; }

    public string? Output { get; init; }

    public string? CustomStatus { get; init; }

    public TaskFailureDetails? Failure { get; init; }

    /// <summary>Who called it, and as which task.</summary>
    public string? ParentId { get; init; }

    public string? ParentName { get; init; }

    public int ParentTask { get; init; }

    /// <summary>The parent's execution: a parent that began anew no longer waits.</summary>
    public int ParentExecution { get; init; }

    /// <summary>Names the commit that wrote this row, so that a commit whose answer was lost is known again.</summary>
    public string? Commit { get; init; }

    /// <summary>The row's version; null before it was written.</summary>
    public ETag? Version { get; init; }

    public bool Ended => Status is OrchestrationRuntimeStatus.Completed or OrchestrationRuntimeStatus.Failed or OrchestrationRuntimeStatus.Terminated;
}
