namespace EmbeddedHost;

/// <summary>
/// The orchestration that called this one.
/// Stands for Microsoft.DurableTask.ParentOrchestrationInstance.
/// </summary>
/// <param name="Name">Its orchestrator's name.</param>
/// <param name="InstanceId">Its instance's id.</param>
public record ParentOrchestrationInstance(TaskName Name, string InstanceId);
