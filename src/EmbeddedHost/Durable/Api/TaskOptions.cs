namespace EmbeddedHost;

/// <summary>
/// How an activity or sub-orchestration is called.
/// Stands for Microsoft.DurableTask.TaskOptions.
/// </summary>
public record TaskOptions
{
    /// <summary>With retries, or without.</summary>
    /// <param name="retry">How a failure is tried again; null: not at all.</param>
    public TaskOptions(TaskRetryOptions? retry) => Retry = retry;

    /// <summary>A copy.</summary>
    /// <param name="options">What is copied.</param>
    public TaskOptions(TaskOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Retry = options.Retry;
    }

    /// <summary>How a failure is tried again; null: not at all.</summary>
    public TaskRetryOptions? Retry { get; init; }

    /// <summary>With retries by a policy.</summary>
    /// <param name="policy">The policy.</param>
    /// <returns>The options.</returns>
    public static TaskOptions FromRetryPolicy(RetryPolicy policy) => new(policy);

    /// <summary>The same for a sub-orchestration of a given id.</summary>
    /// <param name="instanceId">The sub-orchestration's id.</param>
    /// <returns>The options.</returns>
    public SubOrchestrationOptions WithInstanceId(string instanceId) => new(this, instanceId);
}
