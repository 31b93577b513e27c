namespace EmbeddedHost;

/// <summary>
/// Marks a parameter that is given something besides the trigger's value.
/// Stands for Microsoft.Azure.Functions.Worker.Extensions.Abstractions.InputBindingAttribute.
/// </summary>
[AttributeUsage(AttributeTargets.Parameter)]
public abstract class InputBindingAttribute : BindingAttribute;
