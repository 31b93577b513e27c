using System.Reflection;
using Microsoft.Azure.Functions.Worker;

namespace Simulation;

/// <summary>Finds an app's orchestrators and activities by the attributes that the Functions worker goes by.</summary>
public static class AppFunctions
{
    /// <summary>The classes of an app that have orchestrators or activities.</summary>
    public static IReadOnlyCollection<Type> ClassesIn(Assembly app)
    {
        ArgumentNullException.ThrowIfNull(app);
        return [.. app.GetTypes().Where(t => ListIn([t]).Count > 0)];
    }

    /// <summary>
    /// The orchestrators and activities of some classes by name, with the type of trigger as <c>functions.metadata</c> has it.
    /// </summary>
    public static IReadOnlyList<(string Name, string Trigger)> ListIn(IEnumerable<Type> classes) =>
        [.. Find(classes).Select(f => (f.Name, Trigger(f.Input))).OrderBy(f => f.Name, StringComparer.Ordinal)];

    /// <summary>The methods, each with the parameter that has the trigger.</summary>
    internal static IEnumerable<(string Name, MethodInfo Method, ParameterInfo Input)> Find(IEnumerable<Type> classes) =>
        from method in classes.SelectMany(c => c.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance))
        let function = method.GetCustomAttribute<FunctionAttribute>()
        where function is not null
        from parameter in method.GetParameters()
        where IsOrchestrator(parameter) || parameter.IsDefined(typeof(ActivityTriggerAttribute))
        select (function.Name, method, parameter);

    internal static bool IsOrchestrator(ParameterInfo input) => input.IsDefined(typeof(OrchestrationTriggerAttribute));

    private static string Trigger(ParameterInfo input) => IsOrchestrator(input) ? "orchestrationTrigger" : "activityTrigger";
}
