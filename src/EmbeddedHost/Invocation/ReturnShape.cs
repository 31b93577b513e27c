using System.Reflection;
using System.Runtime.CompilerServices;

namespace EmbeddedHost.Invocation;

/// <summary>What a function's return type may be: void, Task, a value, or Task of a value.</summary>
internal static class ReturnShape
{
    /// <summary>The value's type (null for none), or why the shape is not one of those.</summary>
    public static (Type? Result, string? Problem) Of(MethodInfo method)
    {
        var type = method.ReturnType;
        if (type == typeof(void))
        {
            return method.GetCustomAttribute<AsyncStateMachineAttribute>() is null
                ? (null, null)
                : (null, "is async void, so nobody can tell when it ends: return Task");
        }

        if (type == typeof(Task))
            return (null, null);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Task<>))
            return (type.GetGenericArguments()[0], null);
        return type == typeof(ValueTask) || (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ValueTask<>))
            ? (null, "returns a ValueTask: return Task")
            : (type, null);
    }

    /// <summary>Awaits what the method returned, if it is to be awaited, and gives the value.</summary>
    public static async Task<object?> UnwrapAsync(object? returned, Type? result)
    {
        if (returned is not Task task)
            return returned;
        await task;
        return result is null ? null : typeof(Task<>).MakeGenericType(result).GetProperty(nameof(Task<>.Result))!.GetValue(task);
    }
}
