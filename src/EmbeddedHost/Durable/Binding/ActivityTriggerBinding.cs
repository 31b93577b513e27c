using EmbeddedHost.Hosting;
using EmbeddedHost.Invocation;

namespace EmbeddedHost.Durable;

/// <summary>Activity triggers.</summary>
internal sealed class ActivityTriggerBinding : ITriggerBinding
{
    public Type Attribute => typeof(ActivityTriggerAttribute);

    public IBoundTrigger? Bind(FunctionMethod method, Problems problems) =>
        new BoundActivity(((ActivityTriggerAttribute)method.Attribute).Activity is { Length: > 0 } name ? name : method.Name);

    /// <summary>An activity may take its <see cref="FunctionContext"/> as the trigger's value when it is given nothing: the binder does that.</summary>
    public static object? Read(Type type, string? data)
    {
        if (type == typeof(FunctionContext))
            return null;
        var value = DurableJson.Read(data, type);
        return value is null && type.IsValueType ? Activator.CreateInstance(type) : value;
    }
}
