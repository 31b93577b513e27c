namespace EmbeddedHost;

/// <summary>
/// Makes the function an orchestrator: its <see cref="TaskOrchestrationContext"/> parameter carries this.
/// Stands for Microsoft.Azure.Functions.Worker.OrchestrationTriggerAttribute.
/// </summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class OrchestrationTriggerAttribute : TriggerBindingAttribute
{
    /// <summary>The orchestration's name; null: the function's.</summary>
    public string? Orchestration { get; set; }
}
