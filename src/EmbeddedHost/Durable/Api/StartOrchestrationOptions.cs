namespace EmbeddedHost;

/// <summary>
/// How an orchestration is started.
/// Stands for Microsoft.DurableTask.StartOrchestrationOptions.
/// </summary>
public record StartOrchestrationOptions
{
    /// <summary>With an id and a time, or without.</summary>
    /// <param name="InstanceId">The instance's id; null: a new one.</param>
    /// <param name="StartAt">When it starts; null: at once.</param>
    public StartOrchestrationOptions(string? InstanceId = null, DateTimeOffset? StartAt = null)
    {
        this.InstanceId = InstanceId;
        this.StartAt = StartAt;
    }

    /// <summary>A copy.</summary>
    /// <param name="options">What is copied.</param>
    public StartOrchestrationOptions(StartOrchestrationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        InstanceId = options.InstanceId;
        StartAt = options.StartAt;
    }

    /// <summary>The instance's id; null: a new one. There is one unfinished instance of an id at most.</summary>
    public string? InstanceId { get; init; }

    /// <summary>When it starts; null: at once.</summary>
    public DateTimeOffset? StartAt { get; init; }
}
