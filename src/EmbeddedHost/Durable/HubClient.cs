namespace EmbeddedHost.Durable;

/// <summary>The client of this process's hub.</summary>
internal sealed class HubClient(DurableHost host) : DurableTaskClient("embedded")
{
    private DurableHub Hub => host.Hub;

    public override async Task<string> ScheduleNewOrchestrationInstanceAsync(
        TaskName orchestratorName, object? input = null, StartOrchestrationOptions? options = null, CancellationToken cancellation = default)
    {
        await Hub.Recovered.WaitAsync(cancellation);
        var id = options?.InstanceId ?? Guid.CreateVersion7(Hub.Time.GetUtcNow()).ToString("N");
        return await Hub.StartAsync(id, orchestratorName.Name, DurableJson.Write(input), options?.StartAt, null, -1, cancellation)
            ? id
            : throw new InvalidOperationException($"an orchestration instance with the id '{id}' has not ended");
    }

    public override async Task RaiseEventAsync(string instanceId, string eventName, object? eventPayload = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(eventName);
        await Hub.Recovered.WaitAsync(cancellation);
        if (Hub.Live(instanceId) is { } instance)
            await instance.PostAsync(new HistoryEvent(HistoryKind.EventRaised, Hub.Time.GetUtcNow()) { Name = eventName, Data = DurableJson.Write(eventPayload) });
    }

    public override async Task<OrchestrationMetadata> WaitForInstanceStartAsync(string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default)
    {
        while (true)
        {
            var found = await GetInstancesAsync(instanceId, getInputsAndOutputs, cancellation) ?? throw Missing(instanceId);
            if (found.RuntimeStatus != OrchestrationRuntimeStatus.Pending)
                return found;
            await Task.Delay(TimeSpan.FromSeconds(1), Hub.Time, cancellation);
        }
    }

    public override async Task<OrchestrationMetadata> WaitForInstanceCompletionAsync(string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default)
    {
        await Hub.Recovered.WaitAsync(cancellation);
        var state = Hub.Live(instanceId) is { } live
            ? await live.Ended.WaitAsync(cancellation)
            : await Hub.Store.FindAsync(instanceId, cancellation) ?? throw Missing(instanceId);
        return Metadata(state, getInputsAndOutputs);
    }

    public override async Task TerminateInstanceAsync(string instanceId, TerminateInstanceOptions? options = null, CancellationToken cancellation = default)
    {
        await Hub.Recovered.WaitAsync(cancellation);
        var children = options?.Recursive == true ? Hub.AllLive.Where(i => i.State.ParentId == instanceId).Select(i => i.State.Id).ToList() : [];
        if (Hub.Live(instanceId) is { } instance)
            await instance.PostAsync(new HistoryEvent(HistoryKind.ExecutionTerminated, Hub.Time.GetUtcNow()) { Data = DurableJson.Write(options?.Output) });
        foreach (var child in children)
            await TerminateInstanceAsync(child, options, cancellation);
    }

    public override async Task<OrchestrationMetadata?> GetInstancesAsync(string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default)
    {
        await Hub.Recovered.WaitAsync(cancellation);
        var state = Hub.Live(instanceId)?.State ?? await Hub.Store.FindAsync(instanceId, cancellation);
        return state is null ? null : Metadata(state, getInputsAndOutputs);
    }

    public override AsyncPageable<OrchestrationMetadata> GetAllInstancesAsync(OrchestrationQuery? filter = null) => new All(this, filter ?? new OrchestrationQuery());

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static InvalidOperationException Missing(string instanceId) => new($"there is no orchestration instance '{instanceId}'");

    private static OrchestrationMetadata Metadata(InstanceState state, bool all) => new(state.Name, state.Id)
    {
        RuntimeStatus = state.Status,
        CreatedAt = state.CreatedAt,
        LastUpdatedAt = state.UpdatedAt,
        SerializedInput = all ? state.Input : null,
        SerializedOutput = all ? state.Output : null,
        SerializedCustomStatus = all ? state.CustomStatus : null,
        FailureDetails = state.Failure,
    };

    // One page: the rows are read as they come.
    private sealed class All(HubClient client, OrchestrationQuery filter) : AsyncPageable<OrchestrationMetadata>
    {
        public override async IAsyncEnumerable<Page<OrchestrationMetadata>> AsPages(string? continuationToken = null, int? pageSizeHint = null)
        {
            await client.Hub.Recovered;
            var page = new List<OrchestrationMetadata>();
            await foreach (var kept in client.Hub.Store.AllAsync(CancellationToken.None))
            {
                var state = client.Hub.Live(kept.Id)?.State ?? kept;
                if ((filter.InstanceIdPrefix is { } prefix && !state.Id.StartsWith(prefix, StringComparison.Ordinal))
                    || state.CreatedAt < filter.CreatedFrom || state.CreatedAt > filter.CreatedTo || (filter.Statuses is { } statuses && !statuses.Contains(state.Status)))
                {
                    continue;
                }

                page.Add(Metadata(state, filter.FetchInputsAndOutputs));
                if (page.Count < filter.PageSize)
                    continue;
                yield return new Page<OrchestrationMetadata>(page, state.Id);
                page = [];
            }

            yield return new Page<OrchestrationMetadata>(page);
        }
    }
}
