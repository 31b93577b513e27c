namespace EmbeddedHost;

/// <summary>
/// An activity or sub-orchestration failed, after all its retries.
/// Stands for Microsoft.DurableTask.TaskFailedException.
/// </summary>
#pragma warning disable CA1032 // the official constructors
public sealed class TaskFailedException : Exception
#pragma warning restore CA1032
{
    /// <summary>From an exception.</summary>
    /// <param name="taskName">The activity or sub-orchestration.</param>
    /// <param name="taskId">Its number in the orchestration, from 0.</param>
    /// <param name="innerException">What it failed with.</param>
    public TaskFailedException(string taskName, int taskId, Exception innerException)
        : base(Text(taskName, taskId, innerException?.Message), innerException)
    {
        TaskName = taskName;
        TaskId = taskId;
        FailureDetails = TaskFailureDetails.FromException(innerException!);
    }

    /// <summary>From what is kept of a failure.</summary>
    /// <param name="taskName">The activity or sub-orchestration.</param>
    /// <param name="taskId">Its number in the orchestration, from 0.</param>
    /// <param name="failureDetails">What it failed with.</param>
    public TaskFailedException(string taskName, int taskId, TaskFailureDetails failureDetails)
        : base(Text(taskName, taskId, failureDetails?.ErrorMessage))
    {
        TaskName = taskName;
        TaskId = taskId;
        FailureDetails = failureDetails!;
    }

    /// <summary>The activity or sub-orchestration.</summary>
    public string TaskName { get; }

    /// <summary>Its number in the orchestration, from 0.</summary>
    public int TaskId { get; }

    /// <summary>What it failed with.</summary>
    public TaskFailureDetails FailureDetails { get; }

    // The official wording, which users of it are told to look for.
    private static string Text(string name, int id, string? message) =>
        $"Task '{name}' (#{id}) failed with an unhandled exception{(message is null ? "." : ": " + message)}";
}
