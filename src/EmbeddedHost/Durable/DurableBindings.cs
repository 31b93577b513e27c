using EmbeddedHost.Hosting;
using EmbeddedHost.Invocation;

namespace EmbeddedHost.Durable;

/// <summary>Orchestration triggers.</summary>
internal sealed class OrchestrationTriggerBinding(DurableHost host) : ITriggerBinding
{
    public Type Attribute => typeof(OrchestrationTriggerAttribute);

    public IBoundTrigger? Bind(FunctionMethod method, Problems problems)
    {
        if (method.Trigger.ParameterType != typeof(TaskOrchestrationContext))
            problems.Add($"{method.Where}: an orchestration trigger gives a {nameof(TaskOrchestrationContext)}, not a {method.Trigger.ParameterType.Name}");
        if (method.Method.GetParameters().Length != 1)
            problems.Add($"{method.Where}: an orchestrator takes its context only; what it needs comes with its input and from activities");
        return host.Open(method.Where, problems) is { } hub ? new BoundDurable("orchestrationTrigger", host, hub) : null;
    }
}

/// <summary>Activity triggers.</summary>
internal sealed class ActivityTriggerBinding(DurableHost host) : ITriggerBinding
{
    public Type Attribute => typeof(ActivityTriggerAttribute);

    public IBoundTrigger? Bind(FunctionMethod method, Problems problems) =>
        host.Open(method.Where, problems) is { } hub ? new BoundDurable("activityTrigger", host, hub) : null;
}

/// <summary>An orchestrator or activity.</summary>
internal sealed class BoundDurable(string type, DurableHost host, DurableHub hub) : IBoundTrigger
{
    public string Type => type;

    public IReadOnlySet<string> Names { get; } = new HashSet<string>();

    // The hub is one listener for all of them.
    public IListener? CreateListener(Function function)
    {
        hub.Know(function);
        return hub.Functions == 1 ? host : null;
    }

    public TriggerEvent FromAdmin(Function function, string? input) =>
        throw new FormatException($"{function.Name} is started by a durable client or by an orchestrator, not by hand");
}
