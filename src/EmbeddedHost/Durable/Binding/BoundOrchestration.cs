using System.Reflection;
using EmbeddedHost.Hosting;
using EmbeddedHost.Invocation;

namespace EmbeddedHost.Durable;

/// <summary>An orchestrator: besides its context a parameter may take the input, as in the official worker the first that nothing else binds.</summary>
internal sealed class BoundOrchestration(string name) : IBoundTrigger
{
    private static readonly HashSet<string> None = [];

    public string Name => name;

    public string Type => "orchestrationTrigger";

    public IReadOnlySet<string> Names => None;

    public ParameterBinder? Bind(ParameterInfo parameter, FunctionMethod method) =>
        parameter.Position == method.Method.GetParameters().FirstOrDefault(p => p.Position != method.Trigger.Position && p.ParameterType != typeof(FunctionContext) && p.ParameterType != typeof(CancellationToken))?.Position
            ? (_, e) => ((OrchestratorContext)e.Value!).GetInput(parameter.ParameterType)
            : null;

    public IListener? CreateListener(Function function) => null;

    public TriggerEvent FromAdmin(Function function, string? input) =>
        throw new FormatException("an orchestrator is started by a function with [DurableClient], not by hand");
}
