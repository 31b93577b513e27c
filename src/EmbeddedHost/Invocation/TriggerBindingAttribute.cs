namespace EmbeddedHost;

/// <summary>
/// Marks the parameter whose arrival starts a function. A function has exactly one.
/// Stands for Microsoft.Azure.Functions.Worker.Extensions.Abstractions.TriggerBindingAttribute.
/// </summary>
[AttributeUsage(AttributeTargets.Parameter)]
public abstract class TriggerBindingAttribute : BindingAttribute;
