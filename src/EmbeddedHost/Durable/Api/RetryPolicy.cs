namespace EmbeddedHost;

/// <summary>
/// How often and when a failed activity or sub-orchestration is tried again. The wait before the n-th retry is
/// <see cref="FirstRetryInterval"/> x <see cref="BackoffCoefficient"/>^(n-1), at most <see cref="MaxRetryInterval"/>, by a durable timer.
/// Stands for Microsoft.DurableTask.RetryPolicy.
/// </summary>
public class RetryPolicy
{
    private readonly Func<TaskFailureDetails, bool> _handle = _ => true;

    /// <summary>A policy.</summary>
    /// <param name="maxNumberOfAttempts">Tries in all, the first among them; at least 1.</param>
    /// <param name="firstRetryInterval">Wait before the first retry; more than zero.</param>
    /// <param name="backoffCoefficient">Factor from one wait to the next; at least 1.</param>
    /// <param name="maxRetryInterval">Longest wait, not below the first; null: one hour.</param>
    /// <param name="retryTimeout">No retry begins later than this after the first try; null: whenever.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range.</exception>
    public RetryPolicy(
        int maxNumberOfAttempts, TimeSpan firstRetryInterval, double backoffCoefficient = 1.0, TimeSpan? maxRetryInterval = null, TimeSpan? retryTimeout = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxNumberOfAttempts, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(firstRetryInterval, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(backoffCoefficient, 1.0);
        if (maxRetryInterval < firstRetryInterval && maxRetryInterval != Timeout.InfiniteTimeSpan)
            throw new ArgumentOutOfRangeException(nameof(maxRetryInterval), maxRetryInterval, $"must not be less than {nameof(firstRetryInterval)}");
        if (retryTimeout < firstRetryInterval && retryTimeout != Timeout.InfiniteTimeSpan)
            throw new ArgumentOutOfRangeException(nameof(retryTimeout), retryTimeout, $"must not be less than {nameof(firstRetryInterval)}");
        MaxNumberOfAttempts = maxNumberOfAttempts;
        FirstRetryInterval = firstRetryInterval;
        BackoffCoefficient = backoffCoefficient;
        MaxRetryInterval = maxRetryInterval ?? TimeSpan.FromHours(1);
        RetryTimeout = retryTimeout ?? Timeout.InfiniteTimeSpan;
    }

    /// <summary>Tries in all, the first among them.</summary>
    public int MaxNumberOfAttempts { get; }

    /// <summary>Wait before the first retry.</summary>
    public TimeSpan FirstRetryInterval { get; }

    /// <summary>Factor from one wait to the next.</summary>
    public double BackoffCoefficient { get; }

    /// <summary>Longest wait; <see cref="Timeout.InfiniteTimeSpan"/> for none.</summary>
    public TimeSpan MaxRetryInterval { get; }

    /// <summary>No retry begins later than this after the first try; <see cref="Timeout.InfiniteTimeSpan"/>: whenever.</summary>
    public TimeSpan RetryTimeout { get; }

    /// <summary>Says of a failure whether to try again; must be as deterministic as the orchestrator. Unless set: always.</summary>
#pragma warning disable CA1044 // the official shape
    public Func<TaskFailureDetails, bool> HandleFailure { init => _handle = value; }
#pragma warning restore CA1044

    internal bool Retries(TaskFailureDetails failure) => _handle(failure);
}
