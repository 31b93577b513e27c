namespace EmbeddedHost;

/// <summary>
/// Where an orchestration stands. This host gives Running, Completed, Failed, Terminated and Pending.
/// Stands for Microsoft.DurableTask.Client.OrchestrationRuntimeStatus.
/// </summary>
public enum OrchestrationRuntimeStatus
{
    /// <summary>It has started and has not ended.</summary>
    Running = 0,

    /// <summary>It ended well.</summary>
    Completed = 1,

    /// <summary>It ended with an error.</summary>
    Failed = 3,

    /// <summary>It was ended from outside.</summary>
    Terminated = 5,

    /// <summary>It has not started yet.</summary>
    Pending = 6,
}
