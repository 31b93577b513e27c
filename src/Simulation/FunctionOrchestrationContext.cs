using System.Text.Json;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;
using Microsoft.Extensions.Logging;
using OrchestrationContext = DurableTask.Core.OrchestrationContext;
using ParentOrchestrationInstance = Microsoft.DurableTask.ParentOrchestrationInstance;

namespace Simulation;

/// <summary>
/// The context as the Functions worker gives it to an orchestrator: the input is read when it is asked for, as the type asked for, and a
/// use in another thread than the orchestrator's is an error.
/// </summary>
internal sealed class FunctionOrchestrationContext(TaskOrchestrationContext inner, JsonSerializerOptions json) : TaskOrchestrationContext
{
    public override TaskName Name => inner.Name;

    public override string InstanceId => inner.InstanceId;

    public override ParentOrchestrationInstance? Parent => inner.Parent;

    public override DateTime CurrentUtcDateTime => inner.CurrentUtcDateTime;

    public override bool IsReplaying => inner.IsReplaying;

    public override string Version => inner.Version;

    public override TaskOrchestrationEntityFeature Entities => Checked().Entities;

    protected override ILoggerFactory LoggerFactory => inner.ReplaySafeLoggerFactory;

    public override T? GetInput<T>()
        where T : default =>
        Checked().GetInput<object>() switch
        {
            T typed => typed,
            JsonElement element => element.Deserialize<T>(json),
            null => default,
            var other => throw new InvalidCastException($"the input of {inner.Name} is a {other.GetType().Name}, not a {typeof(T).Name}"),
        };

    public override Task<TResult> CallActivityAsync<TResult>(TaskName name, object? input = null, TaskOptions? options = null) =>
        Checked().CallActivityAsync<TResult>(name, input, options);

    public override Task<TResult> CallSubOrchestratorAsync<TResult>(
        TaskName orchestratorName,
        object? input = null,
        TaskOptions? options = null
    ) => Checked().CallSubOrchestratorAsync<TResult>(orchestratorName, input, options);

    public override Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken) =>
        Checked().CreateTimer(fireAt, cancellationToken);

    public override Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellationToken = default) =>
        Checked().WaitForExternalEvent<T>(eventName, cancellationToken);

    public override void SendEvent(string instanceId, string eventName, object payload) =>
        Checked().SendEvent(instanceId, eventName, payload);

    public override void SetCustomStatus(object? customStatus) => Checked().SetCustomStatus(customStatus);

    public override void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true) =>
        Checked().ContinueAsNew(newInput, preserveUnprocessedEvents);

    public override void ContinueAsNew(ContinueAsNewOptions options) => Checked().ContinueAsNew(options);

    public override Guid NewGuid() => Checked().NewGuid();

    /// <summary>Whether the orchestrator has used its context.</summary>
    public bool IsUsed { get; private set; }

    /// <summary>The context within, when it may be used here.</summary>
    /// <exception cref="InvalidOperationException">This is not the orchestrator's thread: it awaited something else.</exception>
    public TaskOrchestrationContext Checked()
    {
        IsUsed = true;
        return OrchestrationContext.IsOrchestratorThread ? inner : throw AwaitedOther();
    }

    /// <summary>The error of an orchestrator that awaited something that is not of its context.</summary>
    public InvalidOperationException AwaitedOther() => new($"the orchestrator {inner.Name} awaited something that is not of its context");
}
