using EmbeddedHost.Hosting;
using EmbeddedHost.Invocation;

namespace EmbeddedHost.Durable;

/// <summary>Orchestration triggers.</summary>
internal sealed class OrchestrationTriggerBinding : ITriggerBinding
{
    public Type Attribute => typeof(OrchestrationTriggerAttribute);

    public IBoundTrigger? Bind(FunctionMethod method, Problems problems)
    {
        if (method.Trigger.ParameterType == typeof(TaskOrchestrationContext))
            return new BoundOrchestration(((OrchestrationTriggerAttribute)method.Attribute).Orchestration is { Length: > 0 } name ? name : method.Name);
        problems.Add($"{method.Where}: an orchestrator takes a {nameof(TaskOrchestrationContext)}, not a {method.Trigger.ParameterType.Name}");
        return null;
    }
}
