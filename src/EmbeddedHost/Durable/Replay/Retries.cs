namespace EmbeddedHost.Durable;

/// <summary>Tries a task again by a policy; the waits are durable timers, so they outlive the process.</summary>
internal static class Retries
{
    /// <summary>Under this type an activity or orchestrator that does not exist fails: trying again cannot help.</summary>
    public const string NotFound = "DurableTask.Core.Exceptions.TypeMissingException";

    public static async Task<T> RunAsync<T>(TaskOrchestrationContext context, RetryPolicy? policy, Func<Task<T>> call)
    {
        if (policy is null)
            return await call();
        var first = context.CurrentUtcDateTime;
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await call();
            }
            catch (TaskFailedException e) when (
                attempt + 1 < policy.MaxNumberOfAttempts && e.FailureDetails.ErrorType != NotFound && InTime(policy, first, context.CurrentUtcDateTime)
                && policy.Retries(e.FailureDetails))
            {
            }

            await context.CreateTimer(context.CurrentUtcDateTime + Delay(policy, attempt), CancellationToken.None);
        }
    }

    /// <summary>The wait after the failure of an attempt counted from 0: first x coefficient^attempt, up to the longest.</summary>
    public static TimeSpan Delay(RetryPolicy policy, int attempt)
    {
        var milliseconds = policy.FirstRetryInterval.TotalMilliseconds * Math.Pow(policy.BackoffCoefficient, attempt);
        var longest = policy.MaxRetryInterval == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : policy.MaxRetryInterval;
        return milliseconds < longest.TotalMilliseconds ? TimeSpan.FromMilliseconds(milliseconds) : longest;
    }

    private static bool InTime(RetryPolicy policy, DateTime first, DateTime now) =>
        policy.RetryTimeout == Timeout.InfiniteTimeSpan || now - first < policy.RetryTimeout;
}
