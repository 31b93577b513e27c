namespace EmbeddedHost;

/// <summary>
/// How a sub-orchestration is called.
/// Stands for Microsoft.DurableTask.SubOrchestrationOptions.
/// </summary>
public record SubOrchestrationOptions : TaskOptions
{
    /// <summary>With retries and an id, or without.</summary>
    /// <param name="retry">How a failure is tried again; null: not at all.</param>
    /// <param name="instanceId">The sub-orchestration's id; null: one derived from its parent.</param>
    public SubOrchestrationOptions(TaskRetryOptions? retry = null, string? instanceId = null)
        : base(retry) => InstanceId = instanceId;

    /// <summary>From the options of a task.</summary>
    /// <param name="options">What is copied.</param>
    /// <param name="instanceId">The sub-orchestration's id; null: that of <paramref name="options"/>, if it has one.</param>
    public SubOrchestrationOptions(TaskOptions options, string? instanceId = null)
        : base(options) => InstanceId = instanceId ?? (options as SubOrchestrationOptions)?.InstanceId;

    /// <summary>A copy.</summary>
    /// <param name="options">What is copied.</param>
    public SubOrchestrationOptions(SubOrchestrationOptions options)
        : base(options)
    {
        ArgumentNullException.ThrowIfNull(options);
        InstanceId = options.InstanceId;
    }

    /// <summary>The sub-orchestration's id; null: one derived from its parent.</summary>
    public string? InstanceId { get; init; }
}
