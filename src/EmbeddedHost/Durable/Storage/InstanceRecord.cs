using Azure;

namespace EmbeddedHost.Durable;

/// <summary>
/// The row that says how much of an instance's history counts. Every commit replaces it under its ETag, so a process that has lost the hub
/// cannot write over the one that has it.
/// </summary>
internal sealed record InstanceRecord
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    /// <summary>Names the execution.</summary>
    public required string Execution { get; init; }

    /// <summary>Which rows are this execution's; counts up when the instance begins anew or is replaced.</summary>
    public int Generation { get; init; }

    /// <summary>How many rows of this generation count; any beyond are left over from a write that was not finished.</summary>
    public int Rows { get; init; }

    public OrchestrationRuntimeStatus Status { get; init; }

    public DateTimeOffset Created { get; init; }

    public DateTimeOffset Updated { get; init; }

    /// <summary>Not before this; null: at once.</summary>
    public DateTimeOffset? StartAt { get; init; }

    /// <summary>Names the last commit, so that one whose answer got lost is told from another's.</summary>
    public string Commit { get; init; } = "";

    /// <summary>Null: not stored yet.</summary>
    public ETag? ETag { get; init; }

    public bool IsFinished => Status is OrchestrationRuntimeStatus.Completed or OrchestrationRuntimeStatus.Failed or OrchestrationRuntimeStatus.Terminated;
}

/// <summary>An instance as stored.</summary>
internal sealed record StoredInstance(InstanceRecord Record, IReadOnlyList<HistoryEvent> History);

/// <summary>An instance of this id is stored, and it is not the one being written.</summary>
internal sealed class InstanceConflictException(InstanceRecord existing) : Exception($"instance '{existing.Id}' is stored already")
{
    public InstanceRecord Existing => existing;
}

/// <summary>Another process wrote to the hub: this one has lost it and must stop.</summary>
internal sealed class HubLostException(string message) : Exception(message);
