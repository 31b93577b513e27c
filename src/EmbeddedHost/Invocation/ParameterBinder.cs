using System.ComponentModel;
using System.Globalization;
using System.Reflection;

namespace EmbeddedHost.Invocation;

/// <summary>Gives one parameter its value for a run.</summary>
internal delegate object? ParameterBinder(FunctionContext context, TriggerEvent trigger);

/// <summary>Finds the binder for a parameter.</summary>
internal static class ParameterBinders
{
    /// <summary>Null when nothing fits the parameter.</summary>
    public static ParameterBinder? For(ParameterInfo parameter, FunctionMethod method, IBoundTrigger trigger)
    {
        // By place: reflection may give two objects for one parameter.
        if (parameter.Position == method.Trigger.Position && parameter.ParameterType != typeof(FunctionContext))
            return (_, e) => e.Value;
        if (parameter.ParameterType == typeof(CancellationToken))
            return (c, _) => c.CancellationToken;
        if (parameter.ParameterType == typeof(FunctionContext))
            return (c, _) => c;
        if (Durable.DurableClientBinding.For(parameter) is { } client)
            return client;
        if (trigger.Bind(parameter, method) is { } own)
            return own;
        if (!trigger.Names.Contains(parameter.Name!) || !IsPlain(parameter.ParameterType))
            return null;
        return (_, e) => Convert(parameter, e.BindingData.GetValueOrDefault(parameter.Name!));
    }

    private static bool IsPlain(Type type)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        return plain.IsPrimitive || plain.IsEnum || plain == typeof(string) || plain == typeof(decimal)
            || plain == typeof(Guid) || plain == typeof(DateTime) || plain == typeof(DateTimeOffset);
    }

    private static object? Convert(ParameterInfo parameter, object? value)
    {
        var type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        if (value is null)
            return parameter.HasDefaultValue ? parameter.DefaultValue : type.IsValueType && type == parameter.ParameterType ? Activator.CreateInstance(type) : null;
        var text = System.Convert.ToString(value, CultureInfo.InvariantCulture)!;
        return type == typeof(string) ? text : TypeDescriptor.GetConverter(type).ConvertFromInvariantString(text);
    }
}
