using System.Text.Json;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;
using Microsoft.Extensions.Logging;
using OrchestrationContext = DurableTask.Core.OrchestrationContext;
using ParentOrchestrationInstance = Microsoft.DurableTask.ParentOrchestrationInstance;

namespace Testing.Durable;

/// <summary>
/// The context as the Functions worker gives it to an orchestrator: the input is read when it is asked for, as the type asked for, and a use in another thread than the
/// orchestrator's is an error.
/// </summary>
internal sealed class FunctionOrchestrationContext(TaskOrchestrationContext inner, JsonSerializerOptions json) : TaskOrchestrationContext
{
    /// <inheritdoc/>
    public override TaskName Name => inner.Name;

    /// <inheritdoc/>
    public override string InstanceId => inner.InstanceId;

    /// <inheritdoc/>
    public override ParentOrchestrationInstance? Parent => inner.Parent;

    /// <inheritdoc/>
    public override DateTime CurrentUtcDateTime => inner.CurrentUtcDateTime;

    /// <inheritdoc/>
    public override bool IsReplaying => inner.IsReplaying;

    /// <inheritdoc/>
    public override string Version => inner.Version;

    /// <inheritdoc/>
    public override TaskOrchestrationEntityFeature Entities => Checked().Entities;

    /// <inheritdoc/>
    protected override ILoggerFactory LoggerFactory => inner.ReplaySafeLoggerFactory;

    /// <inheritdoc/>
    public override T? GetInput<T>()
        where T : default =>
        Checked().GetInput<object>() is JsonElement input ? input.Deserialize<T>(json) : default;

    /// <inheritdoc/>
    public override Task<TResult> CallActivityAsync<TResult>(TaskName name, object? input = null, TaskOptions? options = null) =>
        Checked().CallActivityAsync<TResult>(name, input, options);

    /// <inheritdoc/>
    public override Task<TResult> CallSubOrchestratorAsync<TResult>(TaskName orchestratorName, object? input = null, TaskOptions? options = null) =>
        Checked().CallSubOrchestratorAsync<TResult>(orchestratorName, input, options);

    /// <inheritdoc/>
    public override Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken) => Checked().CreateTimer(fireAt, cancellationToken);

    /// <inheritdoc/>
    public override Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellationToken = default) =>
        Checked().WaitForExternalEvent<T>(eventName, cancellationToken);

    /// <inheritdoc/>
    public override void SendEvent(string instanceId, string eventName, object payload) => Checked().SendEvent(instanceId, eventName, payload);

    /// <inheritdoc/>
    public override void SetCustomStatus(object? customStatus) => Checked().SetCustomStatus(customStatus);

    /// <inheritdoc/>
    public override void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true) => Checked().ContinueAsNew(newInput, preserveUnprocessedEvents);

    /// <inheritdoc/>
    public override Guid NewGuid() => Checked().NewGuid();

    /// <summary>The context within, when it may be used here.</summary>
    /// <exception cref="InvalidOperationException">This is not the orchestrator's thread: it awaited something that is not durable.</exception>
    public TaskOrchestrationContext Checked() => OrchestrationContext.IsOrchestratorThread
        ? inner
        : throw new InvalidOperationException($"the orchestrator {inner.Name} awaited something that is not of its context");
}
