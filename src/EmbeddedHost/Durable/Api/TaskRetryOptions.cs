namespace EmbeddedHost;

/// <summary>
/// How a failed task is tried again.
/// Stands for Microsoft.DurableTask.TaskRetryOptions.
/// </summary>
public sealed class TaskRetryOptions
{
    /// <summary>By a policy.</summary>
    /// <param name="policy">The policy.</param>
    public TaskRetryOptions(RetryPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        Policy = policy;
    }

    /// <summary>The policy.</summary>
    public RetryPolicy? Policy { get; }

    /// <summary>By a policy.</summary>
    /// <param name="policy">The policy.</param>
    public static implicit operator TaskRetryOptions(RetryPolicy policy) => FromRetryPolicy(policy);

    /// <summary>By a policy.</summary>
    /// <param name="policy">The policy.</param>
    /// <returns>The options.</returns>
    public static TaskRetryOptions FromRetryPolicy(RetryPolicy policy) => new(policy);
}
