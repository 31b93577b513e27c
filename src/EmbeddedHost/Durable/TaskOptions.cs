namespace EmbeddedHost;

/// <summary>
/// How an activity or sub-orchestration is called.
/// Stands for Microsoft.DurableTask.TaskOptions.
/// </summary>
public record TaskOptions
{
    /// <summary>Calls it with these retries.</summary>
    public TaskOptions(TaskRetryOptions? retry) => Retry = retry;

    /// <summary>How it is tried again after a failure; null for one try.</summary>
    public TaskRetryOptions? Retry { get; init; }

    /// <summary>Options that try again by a policy.</summary>
    public static TaskOptions FromRetryPolicy(RetryPolicy policy) => new(TaskRetryOptions.FromRetryPolicy(policy));

    /// <summary>The same options for a sub-orchestration with an instance id.</summary>
    public SubOrchestrationOptions WithInstanceId(string instanceId) => new(this, instanceId);
}

/// <summary>
/// How a sub-orchestration is called.
/// Stands for Microsoft.DurableTask.SubOrchestrationOptions.
/// </summary>
public record SubOrchestrationOptions : TaskOptions
{
    /// <summary>These options with an instance id.</summary>
    public SubOrchestrationOptions(TaskOptions options, string? instanceId = null)
        : base(options) => InstanceId = instanceId ?? (options as SubOrchestrationOptions)?.InstanceId;

    /// <summary>Retries and an instance id.</summary>
    public SubOrchestrationOptions(TaskRetryOptions? retry = null, string? instanceId = null)
        : base(retry) => InstanceId = instanceId;

    /// <summary>The instance id of the sub-orchestration; null makes one.</summary>
    public string? InstanceId { get; init; }
}

/// <summary>
/// How a task is tried again.
/// Stands for Microsoft.DurableTask.TaskRetryOptions.
/// </summary>
/// <param name="policy">The policy.</param>
public sealed class TaskRetryOptions(RetryPolicy policy)
{
    /// <summary>The policy.</summary>
    public RetryPolicy? Policy { get; } = policy ?? throw new ArgumentNullException(nameof(policy));

    /// <summary>A policy is options.</summary>
    public static implicit operator TaskRetryOptions(RetryPolicy policy) => new(policy);

    /// <summary>Options that try again by a policy.</summary>
    public static TaskRetryOptions FromRetryPolicy(RetryPolicy policy) => new(policy);
}

/// <summary>
/// When a failed task is tried again; the waits are durable timers.
/// Stands for Microsoft.DurableTask.RetryPolicy.
/// </summary>
public class RetryPolicy
{
    /// <summary>Makes a policy.</summary>
    /// <param name="maxNumberOfAttempts">Tries in all, at least 1.</param>
    /// <param name="firstRetryInterval">The first wait, more than zero.</param>
    /// <param name="backoffCoefficient">Each wait is this many times the one before; at least 1.</param>
    /// <param name="maxRetryInterval">The longest wait; one hour unless given.</param>
    /// <param name="retryTimeout">No further try begins after this long; no limit unless given.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    public RetryPolicy(
        int maxNumberOfAttempts, TimeSpan firstRetryInterval, double backoffCoefficient = 1.0, TimeSpan? maxRetryInterval = null, TimeSpan? retryTimeout = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxNumberOfAttempts);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(firstRetryInterval, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(backoffCoefficient, 1.0);
        if (maxRetryInterval is { } most && most < firstRetryInterval && most != Timeout.InfiniteTimeSpan)
            throw new ArgumentOutOfRangeException(nameof(maxRetryInterval), most, "the longest wait is shorter than the first");
        if (retryTimeout is { } over && over < firstRetryInterval && over != Timeout.InfiniteTimeSpan)
            throw new ArgumentOutOfRangeException(nameof(retryTimeout), over, "the time-out is shorter than the first wait");
        MaxNumberOfAttempts = maxNumberOfAttempts;
        FirstRetryInterval = firstRetryInterval;
        BackoffCoefficient = backoffCoefficient;
        MaxRetryInterval = maxRetryInterval ?? TimeSpan.FromHours(1);
        RetryTimeout = retryTimeout ?? Timeout.InfiniteTimeSpan;
    }

    /// <summary>Tries in all.</summary>
    public int MaxNumberOfAttempts { get; }

    /// <summary>The first wait.</summary>
    public TimeSpan FirstRetryInterval { get; }

    /// <summary>Each wait is this many times the one before.</summary>
    public double BackoffCoefficient { get; }

    /// <summary>The longest wait.</summary>
    public TimeSpan MaxRetryInterval { get; }

    /// <summary>No further try begins after this long; infinite for no limit.</summary>
    public TimeSpan RetryTimeout { get; }

    /// <summary>Says for a failure whether it is tried again. All are unless set.</summary>
    public Func<TaskFailureDetails, bool> HandleFailure
    {
        init => Handles = value;
    }

    internal Func<TaskFailureDetails, bool> Handles { get; private init; } = _ => true;
}
