using System.Reflection;

namespace EmbeddedHost.Invocation;

/// <summary>A method that carries [Function], with its one trigger.</summary>
internal sealed record FunctionMethod(string Name, Type Class, MethodInfo Method, ParameterInfo Trigger, TriggerBindingAttribute Attribute)
{
    /// <summary>What the function gives: the return type without its task; null for none.</summary>
    public required Type? Result { get; init; }

    /// <summary>class.method, for messages.</summary>
    public string Where => $"{Class.FullName}.{Method.Name}";
}
