using DurableTask.Core;
using DurableTask.Core.History;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace Simulation;

/// <summary>The client that functions get, over a task hub in memory.</summary>
internal sealed class InMemoryTaskHubClient(InMemoryTaskHub hub, DataConverter converter) : DurableTaskClient("in memory")
{
    public override async Task<string> ScheduleNewOrchestrationInstanceAsync(
        TaskName orchestratorName,
        object? input = null,
        StartOrchestrationOptions? options = null,
        CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        if (options is { StartAt: not null } or { DedupeStatuses: not null } or { Version: not null })
            throw new NotSupportedException("a start at a later time, of a version or with deduplication of its own is not supported here");
        var instance = new OrchestrationInstance { InstanceId = options?.InstanceId ?? hub.NextId(), ExecutionId = hub.NextId() };
        var started = new ExecutionStartedEvent(-1, converter.Serialize(input))
        {
            Name = orchestratorName.Name,
            Version = "",
            OrchestrationInstance = instance,
        };
        await hub.CreateTaskOrchestrationAsync(new TaskMessage { OrchestrationInstance = instance, Event = started });
        return instance.InstanceId;
    }

    public override Task RaiseEventAsync(
        string instanceId, string eventName, object? eventPayload = null, CancellationToken cancellation = default) =>
        SendAsync(instanceId, new EventRaisedEvent(-1, converter.Serialize(eventPayload)) { Name = eventName }, cancellation);

    public override Task SuspendInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default) =>
        SendAsync(instanceId, new ExecutionSuspendedEvent(-1, reason), cancellation);

    public override Task ResumeInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default) =>
        SendAsync(instanceId, new ExecutionResumedEvent(-1, reason), cancellation);

    public override Task TerminateInstanceAsync(
        string instanceId, TerminateInstanceOptions? options = null, CancellationToken cancellation = default) =>
        SendAsync(instanceId, new ExecutionTerminatedEvent(-1, converter.Serialize(options?.Output)), cancellation);

    public override async Task<OrchestrationMetadata> WaitForInstanceStartAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default)
    {
        var state = await hub.WaitForAsync(instanceId, s => s.OrchestrationStatus != OrchestrationStatus.Pending, cancellation);
        return Metadata(state, getInputsAndOutputs);
    }

    public override async Task<OrchestrationMetadata> WaitForInstanceCompletionAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) =>
        Metadata(await hub.WaitForAsync(instanceId, InMemoryTaskHub.HasEnded, cancellation), getInputsAndOutputs);

    public override Task<OrchestrationMetadata?> GetInstancesAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) =>
        Task.FromResult(hub.Find(instanceId) is { } state ? Metadata(state, getInputsAndOutputs) : null);

    public override AsyncPageable<OrchestrationMetadata> GetAllInstancesAsync(OrchestrationQuery? filter = null) =>
        Pageable.Create<OrchestrationMetadata>((_, _) =>
        {
            var all = hub.List().Select(s => Metadata(s, filter?.FetchInputsAndOutputs ?? false)).Where(m => Fits(m, filter));
            return Task.FromResult(new Page<OrchestrationMetadata>([.. all]));
        });

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static bool Fits(OrchestrationMetadata instance, OrchestrationQuery? filter) =>
        filter is null
        || ((filter.Statuses is null || filter.Statuses.Contains(instance.RuntimeStatus))
            && (filter.InstanceIdPrefix is null || instance.InstanceId.StartsWith(filter.InstanceIdPrefix, StringComparison.Ordinal))
            && (filter.CreatedFrom is null || instance.CreatedAt >= filter.CreatedFrom)
            && (filter.CreatedTo is null || instance.CreatedAt <= filter.CreatedTo));

    private Task SendAsync(string instanceId, HistoryEvent message, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var instance = new OrchestrationInstance { InstanceId = instanceId };
        return hub.SendTaskOrchestrationMessageAsync(new TaskMessage { OrchestrationInstance = instance, Event = message });
    }

    private static TaskFailureDetails? Failure(FailureDetails? failure) =>
        failure is null ? null : new(failure.ErrorType, failure.ErrorMessage, failure.StackTrace, Failure(failure.InnerFailure), null);

    private OrchestrationMetadata Metadata(OrchestrationState state, bool withInputsAndOutputs) =>
        new(state.Name, state.OrchestrationInstance.InstanceId)
        {
            DataConverter = withInputsAndOutputs ? converter : null,
            RuntimeStatus = Enum.Parse<OrchestrationRuntimeStatus>(state.OrchestrationStatus.ToString()),
            CreatedAt = new DateTimeOffset(state.CreatedTime, TimeSpan.Zero),
            LastUpdatedAt = new DateTimeOffset(state.LastUpdatedTime, TimeSpan.Zero),
            SerializedInput = state.Input,
            SerializedOutput = state.Output,
            SerializedCustomStatus = state.Status,
            FailureDetails = Failure(state.FailureDetails),
        };
}
