using System.Globalization;

namespace EmbeddedHost.Durable;

/// <summary>The client of this process's hub.</summary>
internal sealed class EmbeddedDurableTaskClient(DurableEngine engine, DurableFunctions functions) : DurableTaskClient(engine.Hub)
{
    public override async Task<string> ScheduleNewOrchestrationInstanceAsync(
        TaskName orchestratorName, object? input = null, StartOrchestrationOptions? options = null, CancellationToken cancellation = default)
    {
        if (functions.Orchestrator(orchestratorName.Name) is null)
            throw new ArgumentException(functions.NoOrchestrator(orchestratorName.Name), nameof(orchestratorName));
        var id = options?.InstanceId is { Length: > 0 } given ? given : engine.NewExecution();
        Keys.EnsureId(id);
        // Throws when the hub is not open, rather than leave behind an instance that cannot be written.
        _ = engine.Store;
        var (made, _, _) = await engine.CreateAsync(id, orchestratorName.Name, DurableJson.Write(input), null, options?.StartAt, cancellation);
        return made is null ? throw new OrchestrationAlreadyExistsException($"An Orchestration instance with the ID {id} already exists.") : id;
    }

    public override async Task RaiseEventAsync(string instanceId, string eventName, object? eventPayload = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        ArgumentException.ThrowIfNullOrEmpty(eventName);
        var raised = new HistoryEvent(EventKind.EventRaised) { Name = eventName, Data = DurableJson.Write(eventPayload) };
        await RecordAsync(instanceId, raised, $"raise event {eventName} for", cancellation);
    }

    public override async Task TerminateInstanceAsync(string instanceId, TerminateInstanceOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        var terminated = new HistoryEvent(EventKind.ExecutionTerminated) { Data = DurableJson.Write(options?.Output), Recursive = options?.Recursive ?? false };
        await RecordAsync(instanceId, terminated, "terminate", cancellation);
    }

    public override async Task<OrchestrationMetadata?> GetInstanceAsync(string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) =>
        Shown(await engine.DescribeAsync(instanceId, cancellation), getInputsAndOutputs);

    public override Task<OrchestrationMetadata> WaitForInstanceStartAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) =>
        WaitAsync(instanceId, i => i.Started, getInputsAndOutputs, cancellation);

    public override Task<OrchestrationMetadata> WaitForInstanceCompletionAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) =>
        WaitAsync(instanceId, i => i.Ended, getInputsAndOutputs, cancellation);

    public override AsyncPageable<OrchestrationMetadata> GetAllInstancesAsync(OrchestrationQuery? filter = null) =>
        new Instances(engine, filter ?? new OrchestrationQuery());

    public override async Task<PurgeResult> PurgeInstanceAsync(string instanceId, PurgeInstanceOptions? options = null, CancellationToken cancellation = default)
    {
        if (options?.Recursive == true)
            throw new NotSupportedException("the embedded host purges one instance at a time");
        if (engine.Find(instanceId) is { } live)
        {
            if (live.Completed is null)
                return new PurgeResult(0);
            await live.Retired.WaitAsync(cancellation);
        }

        if (await engine.Store.LoadAsync(instanceId, cancellation) is not { Record.IsFinished: true } stored)
            return new PurgeResult(0);
        await engine.Store.RemoveAsync(stored, cancellation);
        return new PurgeResult(1);
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static OrchestrationMetadata? Shown(OrchestrationMetadata? whole, bool inputsAndOutputs) => whole is null || inputsAndOutputs
        ? whole
        : new OrchestrationMetadata(whole.Name, whole.InstanceId)
        {
            RuntimeStatus = whole.RuntimeStatus,
            CreatedAt = whole.CreatedAt,
            LastUpdatedAt = whole.LastUpdatedAt,
            FailureDetails = whole.FailureDetails,
        };

    private async Task RecordAsync(string id, HistoryEvent e, string what, CancellationToken cancellation)
    {
        if (engine.Find(id) is { } live)
        {
            await live.RecordAsync(e, cancellation);
            return;
        }

        // The official server refuses both too.
        throw await engine.Store.LoadAsync(id, cancellation) is { } stored
            ? new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"cannot {what} orchestration '{id}': it is {stored.Record.Status}"))
            : new ArgumentException($"cannot {what} orchestration '{id}': there is none of that id", nameof(id));
    }

    private async Task<OrchestrationMetadata> WaitAsync(string id, Func<Instance, Task> until, bool inputsAndOutputs, CancellationToken cancellation)
    {
        if (engine.Find(id) is { } live)
        {
            await until(live).WaitAsync(cancellation);
            return Shown(live.Metadata, inputsAndOutputs)!;
        }

        return Shown(await engine.DescribeAsync(id, cancellation), inputsAndOutputs)
            ?? throw new ArgumentException($"there is no orchestration '{id}'", nameof(id));
    }

    private sealed class Instances(DurableEngine engine, OrchestrationQuery filter) : AsyncPageable<OrchestrationMetadata>
    {
        public override async IAsyncEnumerable<Page<OrchestrationMetadata>> AsPages(string? continuationToken = null, int? pageSizeHint = null)
        {
            var next = continuationToken ?? filter.ContinuationToken;
            do
            {
                var page = await PageAsync(next, pageSizeHint ?? filter.PageSize, CancellationToken.None);
                next = page.ContinuationToken;
                yield return page;
            }
            while (next is not null);
        }

        private async Task<Page<OrchestrationMetadata>> PageAsync(string? after, int size, CancellationToken stop)
        {
            var found = new List<OrchestrationMetadata>();
            while (true)
            {
                var (rows, next) = await engine.Store.ListAsync(after, filter.InstanceIdPrefix, size, stop);
                foreach (var row in rows)
                {
                    if (await DescribeAsync(row, stop) is { } instance && Fits(instance))
                        found.Add(instance);
                }

                if (next is null || found.Count >= size)
                    return new Page<OrchestrationMetadata>(found, next);
                after = next;
            }
        }

        // What is unfinished is in memory; of what is finished the index tells all but what it took and gave.
        private async Task<OrchestrationMetadata?> DescribeAsync(InstanceRecord row, CancellationToken stop)
        {
            if (engine.Find(row.Id)?.Metadata is { } live)
                return Shown(live, filter.FetchInputsAndOutputs);
            return filter.FetchInputsAndOutputs || !row.IsFinished || row.Status == OrchestrationRuntimeStatus.Failed
                ? Shown(await engine.DescribeAsync(row.Id, stop), filter.FetchInputsAndOutputs)
                : new OrchestrationMetadata(row.Name, row.Id) { RuntimeStatus = row.Status, CreatedAt = row.Created, LastUpdatedAt = row.Updated };
        }

        private bool Fits(OrchestrationMetadata instance) =>
            (filter.CreatedFrom is not { } from || instance.CreatedAt >= from)
            && (filter.CreatedTo is not { } to || instance.CreatedAt <= to)
            && (filter.Statuses?.ToList() is not { Count: > 0 } statuses || statuses.Contains(instance.RuntimeStatus))
            && (filter.InstanceIdPrefix is not { } prefix || instance.InstanceId.StartsWith(prefix, StringComparison.Ordinal));
    }
}
