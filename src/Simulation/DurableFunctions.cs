using System.Reflection;
using System.Text.Json;
using DurableTask.Core;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Worker.Shims;
using Microsoft.Extensions.DependencyInjection;

namespace Simulation;

/// <summary>
/// An app's orchestrators and activities, found as the Functions worker finds them: methods with <c>[Function]</c> whose parameter has
/// <c>[OrchestrationTrigger]</c> or <c>[ActivityTrigger]</c>. Instances are made for each call, out of a scope of the app's services.
/// </summary>
internal sealed class DurableFunctions : INameVersionObjectManager<TaskOrchestration>, INameVersionObjectManager<TaskActivity>
{
    private readonly DurableTaskShimFactory _shims;
    private readonly Dictionary<string, Func<TaskOrchestration>> _orchestrations = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, Func<TaskActivity>> _activities = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Finds the functions of some classes.</summary>
    /// <param name="classes">The classes.</param>
    /// <param name="shims">Makes of them what the engine runs.</param>
    /// <param name="json">How inputs are written.</param>
    /// <param name="services">The app's services at the time of a call.</param>
    /// <param name="stopping">Given to activities that take a token.</param>
    public DurableFunctions(
        IEnumerable<Type> classes,
        DurableTaskShimFactory shims,
        JsonSerializerOptions json,
        Func<IServiceProvider> services,
        CancellationToken stopping
    )
    {
        _shims = shims;
        foreach (var (name, method, input) in AppFunctions.Find(classes))
            if (AppFunctions.IsOrchestrator(input))
                _orchestrations.Add(name, () => shims.CreateOrchestration(name, new Orchestrator(method, json, services)));
            else
                _activities.Add(name, () => shims.CreateActivity(name, new Activity(method, input, services, stopping)));
    }

    public void Add(ObjectCreator<TaskOrchestration> creator) => throw new NotSupportedException();

    public void Add(ObjectCreator<TaskActivity> creator) => throw new NotSupportedException();

    // Null would have the dispatcher try again for ever, in case the function comes with a later deployment.
    TaskOrchestration INameVersionObjectManager<TaskOrchestration>.GetObject(string name, string? version) =>
        _orchestrations.TryGetValue(name, out var create)
            ? create()
            : _shims.CreateOrchestration<object, object>(name, (_, _) => throw Unknown("orchestrator", name));

    TaskActivity INameVersionObjectManager<TaskActivity>.GetObject(string name, string? version) =>
        _activities.TryGetValue(name, out var create)
            ? create()
            : _shims.CreateActivity<object, object>(name, (_, _) => throw Unknown("activity", name));

    private static InvalidOperationException Unknown(string kind, string name) => new($"there is no {kind} {name}");

    private static async Task<object?> InvokeAsync(MethodInfo method, IServiceProvider services, Func<ParameterInfo, object?> argument)
    {
        var instance = method.IsStatic ? null : ActivatorUtilities.CreateInstance(services, method.DeclaringType!);
        var arguments = method.GetParameters().Select(argument).ToArray();
        var returned = method.Invoke(instance, BindingFlags.DoNotWrapExceptions, null, arguments, null);
        if (returned is not Task task)
            return returned;
        await task;
        return method.ReturnType.IsGenericType ? method.ReturnType.GetProperty(nameof(Task<>.Result))!.GetValue(task) : null;
    }

    // The input is read as the type of its parameter; without one, as what GetInput asks for.
    private sealed class Orchestrator(MethodInfo method, JsonSerializerOptions json, Func<IServiceProvider> services) : ITaskOrchestrator
    {
        private readonly ParameterInfo? _input = method
            .GetParameters()
            .SingleOrDefault(p => p.ParameterType != typeof(TaskOrchestrationContext));

        public Type InputType => _input?.ParameterType ?? typeof(object);

        public Type OutputType => typeof(object);

        public async Task<object?> RunAsync(TaskOrchestrationContext context, object? input)
        {
            var checkedContext = new FunctionOrchestrationContext(context, json);
            var run = InvokeAsync(method, services(), p => p.Position == _input?.Position ? input : checkedContext);
            if (!run.IsCompleted && !checkedContext.IsUsed)
                throw checkedContext.AwaitedOther();
            var output = await run;
            checkedContext.Checked();
            return output;
        }
    }

    private sealed class Activity(
        MethodInfo method,
        ParameterInfo inputParameter,
        Func<IServiceProvider> services,
        CancellationToken stopping
    ) : ITaskActivity
    {
        public Type InputType => inputParameter.ParameterType;

        public Type OutputType => typeof(object);

        public async Task<object?> RunAsync(TaskActivityContext context, object? input)
        {
            await using var scope = services().CreateAsyncScope();
            return await InvokeAsync(method, scope.ServiceProvider, p => Argument(p, input));
        }

        private object? Argument(ParameterInfo parameter, object? input)
        {
            // Reflection may give other objects for the same parameters, once it has dropped those it had.
            if (parameter.Position == inputParameter.Position)
                return input;
            return parameter.ParameterType == typeof(CancellationToken)
                ? stopping
                : throw new NotSupportedException($"{method.Name}: a parameter of type {parameter.ParameterType.Name} is not supported");
        }
    }
}
