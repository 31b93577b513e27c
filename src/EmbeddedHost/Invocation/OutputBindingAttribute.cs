namespace EmbeddedHost;

/// <summary>
/// Marks a function whose return value is written somewhere after it succeeded.
/// Stands for Microsoft.Azure.Functions.Worker.Extensions.Abstractions.OutputBindingAttribute.
/// </summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Property)]
public abstract class OutputBindingAttribute : BindingAttribute;
