namespace EmbeddedHost;

/// <summary>
/// Makes a method a function.
/// Stands for Microsoft.Azure.Functions.Worker.FunctionAttribute.
/// </summary>
/// <param name="name">The function's name: a letter, then up to 127 letters, digits, '-' or '_'; unique in the app, whatever the case.</param>
[AttributeUsage(AttributeTargets.Method)]
public class FunctionAttribute(string name) : Attribute
{
    /// <summary>The function's name, as used in logs, in settings and under <c>/admin/functions</c>.</summary>
    public string Name { get; } = name;
}
