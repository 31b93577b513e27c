namespace EmbeddedHost;

/// <summary>
/// What is kept of a failure: the exception itself does not survive a restart.
/// Stands for Microsoft.DurableTask.TaskFailureDetails.
/// </summary>
/// <param name="ErrorType">The exception's type with its namespace.</param>
/// <param name="ErrorMessage">Its message.</param>
/// <param name="StackTrace">Where it was thrown.</param>
/// <param name="InnerFailure">What caused it.</param>
/// <param name="Properties">More about it; always null in this host.</param>
public record TaskFailureDetails(
    string ErrorType, string ErrorMessage, string? StackTrace, TaskFailureDetails? InnerFailure, IDictionary<string, object?>? Properties)
{
    /// <summary>The details of an exception and of those that caused it.</summary>
    /// <param name="exception">The exception.</param>
    /// <returns>The details.</returns>
    public static TaskFailureDetails FromException(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        // A failed task is told by what it failed with, as the official worker does.
        var inner = exception is TaskFailedException task ? task.FailureDetails
            : exception.InnerException is { } cause ? FromException(cause) : null;
        return new TaskFailureDetails(exception.GetType().ToString(), exception.Message, exception.StackTrace, inner, null);
    }

    /// <summary>Whether the failure is an exception of a type or one derived from it.</summary>
    /// <typeparam name="T">The type.</typeparam>
    /// <returns>False also when the failure's type cannot be found.</returns>
    public bool IsCausedBy<T>()
        where T : Exception => IsCausedBy(typeof(T));

    /// <summary>Whether the failure is an exception of a type or one derived from it.</summary>
    /// <param name="targetBaseExceptionType">The type.</param>
    /// <returns>False also when the failure's type cannot be found.</returns>
    /// <exception cref="ArgumentException">The type is not an exception's.</exception>
    public bool IsCausedBy(Type targetBaseExceptionType)
    {
        ArgumentNullException.ThrowIfNull(targetBaseExceptionType);
        if (!typeof(Exception).IsAssignableFrom(targetBaseExceptionType))
            throw new ArgumentException($"{targetBaseExceptionType} is not an exception", nameof(targetBaseExceptionType));
        if (string.IsNullOrEmpty(ErrorType))
            return false;
        var type = Type.GetType(ErrorType) ?? targetBaseExceptionType.Assembly.GetType(ErrorType)
            ?? AppDomain.CurrentDomain.GetAssemblies().Select(a => a.GetType(ErrorType)).FirstOrDefault(t => t is not null);
        return targetBaseExceptionType.IsAssignableFrom(type);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{ErrorType}: {ErrorMessage}";
}
