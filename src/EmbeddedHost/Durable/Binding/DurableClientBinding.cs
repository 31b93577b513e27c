using System.Reflection;
using EmbeddedHost.Invocation;
using Microsoft.Extensions.DependencyInjection;

namespace EmbeddedHost.Durable;

/// <summary>Parameters with [DurableClient].</summary>
internal static class DurableClientBinding
{
    public static bool Wants(MethodInfo method) => method.GetParameters().Any(Is);

    public static ParameterBinder? For(ParameterInfo parameter) => Is(parameter) ? (context, _) => context.InstanceServices.GetRequiredService<EmbeddedDurableTaskClient>() : null;

    private static bool Is(ParameterInfo parameter) =>
        parameter.ParameterType == typeof(DurableTaskClient) && parameter.GetCustomAttribute<DurableClientAttribute>() is not null;
}
