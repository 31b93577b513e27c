namespace EmbeddedHost;

/// <summary>
/// What every trigger and output attribute is.
/// Stands for Microsoft.Azure.Functions.Worker.Extensions.Abstractions.BindingAttribute.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public abstract class BindingAttribute : Attribute;
