using System.Globalization;
using DurableTask.Core;
using DurableTask.Core.History;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using PurgeResult = Microsoft.DurableTask.Client.PurgeResult;

namespace Simulation;

/// <summary>The client that functions get, over a task hub in memory.</summary>
/// <param name="hub">The hub.</param>
/// <param name="converter">How inputs and outputs are written.</param>
/// <param name="defaultVersion">The version of instances that are started without one.</param>
internal sealed class TaskHubClient(TaskHub hub, DataConverter converter, string defaultVersion) : DurableTaskClient("in memory")
{
    public override Task<string> ScheduleNewOrchestrationInstanceAsync(
        TaskName orchestratorName,
        object? input = null,
        StartOrchestrationOptions? options = null,
        CancellationToken cancellation = default
    )
    {
        cancellation.ThrowIfCancellationRequested();
        var instance = new OrchestrationInstance { InstanceId = options?.InstanceId ?? hub.NextId(), ExecutionId = hub.NextId() };
        Start(instance, orchestratorName.Name, converter.Serialize(input), options);
        return Task.FromResult(instance.InstanceId);
    }

    public override Task RaiseEventAsync(
        string instanceId,
        string eventName,
        object? eventPayload = null,
        CancellationToken cancellation = default
    ) => SendAsync(instanceId, new EventRaisedEvent(-1, converter.Serialize(eventPayload)) { Name = eventName }, cancellation);

    public override Task SuspendInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default) =>
        SendAsync(instanceId, new ExecutionSuspendedEvent(-1, reason), cancellation);

    public override Task ResumeInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default) =>
        SendAsync(instanceId, new ExecutionResumedEvent(-1, reason), cancellation);

    public override Task TerminateInstanceAsync(
        string instanceId,
        TerminateInstanceOptions? options = null,
        CancellationToken cancellation = default
    ) => SendAsync(instanceId, new ExecutionTerminatedEvent(-1, converter.Serialize(options?.Output)), cancellation);

    public override async Task<OrchestrationMetadata> WaitForInstanceStartAsync(
        string instanceId,
        bool getInputsAndOutputs = false,
        CancellationToken cancellation = default
    )
    {
        var state = await hub.WaitForAsync(instanceId, s => s.OrchestrationStatus != OrchestrationStatus.Pending, cancellation);
        return Metadata(state, getInputsAndOutputs);
    }

    public override async Task<OrchestrationMetadata> WaitForInstanceCompletionAsync(
        string instanceId,
        bool getInputsAndOutputs = false,
        CancellationToken cancellation = default
    ) => Metadata(await hub.WaitForAsync(instanceId, TaskHub.HasEnded, cancellation), getInputsAndOutputs);

    public override Task<OrchestrationMetadata?> GetInstancesAsync(
        string instanceId,
        bool getInputsAndOutputs = false,
        CancellationToken cancellation = default
    ) => Task.FromResult(hub.Find(instanceId) is { } state ? Metadata(state, getInputsAndOutputs) : null);

    public override AsyncPageable<OrchestrationMetadata> GetAllInstancesAsync(OrchestrationQuery? filter = null)
    {
        var all = hub.List().Select(s => Metadata(s, filter?.FetchInputsAndOutputs ?? false)).Where(m => Fits(m, filter)).ToList();
        return Pageable.Create(
            (token, size, _) =>
            {
                var from = token is null ? 0 : int.Parse(token, CultureInfo.InvariantCulture);
                var page = all.Skip(from).Take(size ?? filter?.PageSize ?? OrchestrationQuery.DefaultPageSize).ToList();
                var next = from + page.Count < all.Count ? (from + page.Count).ToString(CultureInfo.InvariantCulture) : null;
                return Task.FromResult(new Page<OrchestrationMetadata>(page, next));
            }
        );
    }

    // As on Azure Storage: by id whatever its state, by filter only what has ended.
    public override Task<PurgeResult> PurgeInstanceAsync(
        string instanceId,
        PurgeInstanceOptions? options = null,
        CancellationToken cancellation = default
    ) => Task.FromResult(new PurgeResult(hub.Purge(instanceId) ? 1 : 0));

    public override Task<PurgeResult> PurgeAllInstancesAsync(
        PurgeInstancesFilter filter,
        PurgeInstanceOptions? options = null,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(filter);
        var query = new OrchestrationQuery(filter.CreatedFrom, filter.CreatedTo, filter.Statuses);
        var ended = hub.List().Where(TaskHub.HasEnded).Where(s => Fits(Metadata(s, false), query));
        return Task.FromResult(new PurgeResult(ended.Count(s => hub.Purge(s.OrchestrationInstance.InstanceId))));
    }

    public override Task<string> RestartAsync(
        string instanceId,
        bool restartWithNewInstanceId = false,
        CancellationToken cancellation = default
    )
    {
        var state = hub.Find(instanceId) ?? throw new ArgumentException($"there is no instance {instanceId}", nameof(instanceId));
        if (!restartWithNewInstanceId && !TaskHub.HasEnded(state))
            throw new InvalidOperationException($"the instance {instanceId} has not ended");
        var instance = new OrchestrationInstance
        {
            InstanceId = restartWithNewInstanceId ? hub.NextId() : instanceId,
            ExecutionId = hub.NextId(),
        };
        Start(instance, state.Name, state.Input, new StartOrchestrationOptions { Version = state.Version });
        return Task.FromResult(instance.InstanceId);
    }

    public override Task<IList<HistoryEvent>> GetOrchestrationHistoryAsync(string instanceId, CancellationToken cancellation = default) =>
        Task.FromResult<IList<HistoryEvent>>([.. hub.HistoryOf(instanceId)]);

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static bool Fits(OrchestrationMetadata instance, OrchestrationQuery? filter) =>
        filter is null
        || (
            (filter.Statuses is null || filter.Statuses.Contains(instance.RuntimeStatus))
            && (filter.InstanceIdPrefix is null || instance.InstanceId.StartsWith(filter.InstanceIdPrefix, StringComparison.Ordinal))
            && (filter.CreatedFrom is null || instance.CreatedAt >= filter.CreatedFrom)
            && (filter.CreatedTo is null || instance.CreatedAt <= filter.CreatedTo)
        );

    private static TaskFailureDetails? Failure(FailureDetails? failure) =>
        failure is null ? null : new(failure.ErrorType, failure.ErrorMessage, failure.StackTrace, Failure(failure.InnerFailure), null);

    private void Start(OrchestrationInstance instance, string name, string? input, StartOrchestrationOptions? options)
    {
        var started = new ExecutionStartedEvent(-1, input)
        {
            Name = name,
            Version = options?.Version?.Version ?? defaultVersion,
            OrchestrationInstance = instance,
            ScheduledStartTime = options?.StartAt?.UtcDateTime,
            Tags = options?.Tags is { Count: > 0 } tags ? tags.ToDictionary() : null,
        };
        OrchestrationStatus[]? refused = options?.DedupeStatuses is { } statuses
            ? [.. statuses.Select(s => Enum.Parse<OrchestrationStatus>(s, ignoreCase: true))]
            : null;
        hub.Start(new TaskMessage { OrchestrationInstance = instance, Event = started }, refused);
    }

    private Task SendAsync(string instanceId, HistoryEvent message, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var instance = new OrchestrationInstance { InstanceId = instanceId };
        hub.Send([new TaskMessage { OrchestrationInstance = instance, Event = message }]);
        return Task.CompletedTask;
    }

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
