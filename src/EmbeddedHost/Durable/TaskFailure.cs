namespace EmbeddedHost;

/// <summary>
/// What went wrong in a task.
/// Stands for Microsoft.DurableTask.TaskFailureDetails.
/// </summary>
/// <param name="ErrorType">The exception's type, with its namespace.</param>
/// <param name="ErrorMessage">Its message.</param>
/// <param name="StackTrace">Where it was thrown; null when not known.</param>
/// <param name="InnerFailure">What caused it; null for nothing.</param>
/// <param name="Properties">Further facts; null for none.</param>
public record TaskFailureDetails(string ErrorType, string ErrorMessage, string? StackTrace, TaskFailureDetails? InnerFailure, IDictionary<string, object?>? Properties)
{
    /// <summary>True when the exception was a <typeparamref name="T"/> or derived from it.</summary>
    public bool IsCausedBy<T>()
        where T : Exception => IsCausedBy(typeof(T));

    /// <summary>True when the exception was of the type or derived from it.</summary>
    /// <exception cref="ArgumentException">The type is not an exception's.</exception>
    public bool IsCausedBy(Type targetBaseExceptionType)
    {
        ArgumentNullException.ThrowIfNull(targetBaseExceptionType);
        if (!typeof(Exception).IsAssignableFrom(targetBaseExceptionType))
            throw new ArgumentException($"The type {targetBaseExceptionType} is not an exception type.", nameof(targetBaseExceptionType));
        var found = Type.GetType(ErrorType) ?? AppDomain.CurrentDomain.GetAssemblies().Select(a => a.GetType(ErrorType)).FirstOrDefault(t => t is not null);
        return found is not null && targetBaseExceptionType.IsAssignableFrom(found);
    }

    /// <summary>The details of an exception.</summary>
    public static TaskFailureDetails FromException(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return new(exception.GetType().ToString(), exception.Message, exception.StackTrace, exception.InnerException is { } inner ? FromException(inner) : null, null);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{ErrorType}: {ErrorMessage}";
}

/// <summary>
/// A task that an orchestrator called failed.
/// Stands for Microsoft.DurableTask.TaskFailedException.
/// </summary>
public sealed class TaskFailedException : Exception
{
    /// <summary>Makes one from details.</summary>
    public TaskFailedException(string taskName, int taskId, TaskFailureDetails failureDetails)
        : base($"Task '{taskName}' (#{taskId}) failed with an unhandled exception: {failureDetails?.ErrorMessage}")
    {
        ArgumentNullException.ThrowIfNull(failureDetails);
        (TaskName, TaskId, FailureDetails) = (taskName, taskId, failureDetails);
    }

    /// <summary>The task's name.</summary>
    public string TaskName { get; }

    /// <summary>Its number in the orchestration.</summary>
    public int TaskId { get; }

    /// <summary>What went wrong.</summary>
    public TaskFailureDetails FailureDetails { get; }
}
