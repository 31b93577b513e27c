namespace EmbeddedHost;

/// <summary>
/// Marks a binding that brings something into a function beside its trigger.
/// Stands for Microsoft.Azure.Functions.Worker.Extensions.Abstractions.InputBindingAttribute.
/// </summary>
[AttributeUsage(AttributeTargets.Parameter)]
public abstract class InputBindingAttribute : BindingAttribute;

/// <summary>
/// Makes a function an orchestrator: its parameter is a <see cref="TaskOrchestrationContext"/>.
/// Stands for Microsoft.Azure.Functions.Worker.OrchestrationTriggerAttribute.
/// </summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class OrchestrationTriggerAttribute : TriggerBindingAttribute;

/// <summary>
/// Makes a function an activity that orchestrators call; the parameter is its input.
/// Stands for Microsoft.Azure.Functions.Worker.ActivityTriggerAttribute.
/// </summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class ActivityTriggerAttribute : TriggerBindingAttribute;

/// <summary>
/// Gives a function a <see cref="DurableTaskClient"/>.
/// Stands for Microsoft.Azure.Functions.Worker.DurableClientAttribute.
/// </summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class DurableClientAttribute : InputBindingAttribute;
