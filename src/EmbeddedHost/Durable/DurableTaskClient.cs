namespace EmbeddedHost;

/// <summary>
/// Starts, queries and ends orchestrations.
/// Stands for Microsoft.DurableTask.Client.DurableTaskClient.
/// </summary>
/// <param name="name">The client's name.</param>
public abstract class DurableTaskClient(string name) : IAsyncDisposable
{
    /// <summary>The client's name.</summary>
    public string Name { get; } = name;

    /// <summary>Starts an orchestration. It is kept when this returns.</summary>
    /// <returns>The instance's id.</returns>
    /// <exception cref="InvalidOperationException">An instance with that id is running, or there is no such orchestrator. (The official client throws its transport's own exception.)</exception>
    public abstract Task<string> ScheduleNewOrchestrationInstanceAsync(
        TaskName orchestratorName, object? input = null, StartOrchestrationOptions? options = null, CancellationToken cancellation = default);

    /// <summary>Starts an orchestration without options.</summary>
    public virtual Task<string> ScheduleNewOrchestrationInstanceAsync(TaskName orchestratorName, object? input, CancellationToken cancellation) =>
        ScheduleNewOrchestrationInstanceAsync(orchestratorName, input, null, cancellation);

    /// <summary>Raises an event. It is kept when this returns; one nobody waits for yet waits for its waiter. Without an instance nothing happens.</summary>
    public abstract Task RaiseEventAsync(string instanceId, string eventName, object? eventPayload = null, CancellationToken cancellation = default);

    /// <summary>Waits until an instance has begun.</summary>
    public abstract Task<OrchestrationMetadata> WaitForInstanceStartAsync(string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default);

    /// <summary>Waits until an instance has ended.</summary>
    /// <exception cref="InvalidOperationException">There is no such instance.</exception>
    public abstract Task<OrchestrationMetadata> WaitForInstanceCompletionAsync(string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default);

    /// <summary>Ends an instance. Activities under way run to their end, and nobody hears of it.</summary>
    public virtual Task TerminateInstanceAsync(string instanceId, object? output, CancellationToken cancellation = default) =>
        TerminateInstanceAsync(instanceId, new TerminateInstanceOptions(output), cancellation);

    /// <summary>Ends an instance.</summary>
    public virtual Task TerminateInstanceAsync(string instanceId, TerminateInstanceOptions? options = null, CancellationToken cancellation = default) =>
        throw new NotSupportedException($"{GetType()} does not end instances.");

    /// <summary>How an instance stands; null when there is none.</summary>
    public virtual Task<OrchestrationMetadata?> GetInstanceAsync(string instanceId, CancellationToken cancellation) => GetInstanceAsync(instanceId, false, cancellation);

    /// <summary>How an instance stands; null when there is none.</summary>
    public virtual Task<OrchestrationMetadata?> GetInstanceAsync(string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) =>
        GetInstancesAsync(instanceId, getInputsAndOutputs, cancellation);

    /// <summary>How an instance stands; null when there is none.</summary>
    public abstract Task<OrchestrationMetadata?> GetInstancesAsync(string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default);

    /// <summary>All instances that pass the filter.</summary>
    public abstract AsyncPageable<OrchestrationMetadata> GetAllInstancesAsync(OrchestrationQuery? filter = null);

    /// <summary>Lets go of what the client holds.</summary>
    public abstract ValueTask DisposeAsync();
}

/// <summary>
/// How an orchestration is started.
/// Stands for Microsoft.DurableTask.StartOrchestrationOptions.
/// </summary>
/// <param name="InstanceId">The instance's id; null makes one.</param>
/// <param name="StartAt">When it begins; null for at once.</param>
public record StartOrchestrationOptions(string? InstanceId = null, DateTimeOffset? StartAt = null);

/// <summary>
/// How an orchestration is ended.
/// Stands for Microsoft.DurableTask.Client.TerminateInstanceOptions.
/// </summary>
/// <param name="Output">What its output becomes.</param>
/// <param name="Recursive">Whether its running sub-orchestrations are ended too.</param>
public record TerminateInstanceOptions(object? Output = null, bool Recursive = false);

/// <summary>
/// Where an orchestration stands.
/// Stands for Microsoft.DurableTask.Client.OrchestrationRuntimeStatus.
/// </summary>
public enum OrchestrationRuntimeStatus
{
    /// <summary>Under way.</summary>
    Running = 0,

    /// <summary>Ended well.</summary>
    Completed = 1,

    /// <summary>Began anew (not shown by this host: the instance is running).</summary>
    ContinuedAsNew = 2,

    /// <summary>Ended with an error.</summary>
    Failed = 3,

    /// <summary>Not used.</summary>
    Canceled = 4,

    /// <summary>Ended by somebody.</summary>
    Terminated = 5,

    /// <summary>Not begun yet.</summary>
    Pending = 6,

    /// <summary>Not used by this host.</summary>
    Suspended = 7,
}

/// <summary>
/// Which orchestrations to list.
/// Stands for Microsoft.DurableTask.Client.OrchestrationQuery.
/// </summary>
/// <param name="CreatedFrom">Created at or after.</param>
/// <param name="CreatedTo">Created at or before.</param>
/// <param name="Statuses">With one of these; null for any.</param>
/// <param name="TaskHubNames">Not used by this host: it has one hub.</param>
/// <param name="InstanceIdPrefix">With ids that begin so.</param>
/// <param name="PageSize">How many a page.</param>
/// <param name="FetchInputsAndOutputs">Whether input, output and custom status are given.</param>
/// <param name="ContinuationToken">The page to begin with.</param>
public record OrchestrationQuery(
    DateTimeOffset? CreatedFrom = null, DateTimeOffset? CreatedTo = null, IEnumerable<OrchestrationRuntimeStatus>? Statuses = null, IEnumerable<string>? TaskHubNames = null,
    string? InstanceIdPrefix = null, int PageSize = 100, bool FetchInputsAndOutputs = false, string? ContinuationToken = null);

/// <summary>
/// How an orchestration stands.
/// Stands for Microsoft.DurableTask.Client.OrchestrationMetadata.
/// </summary>
/// <param name="name">Its orchestrator.</param>
/// <param name="instanceId">Its id.</param>
public sealed class OrchestrationMetadata(string name, string instanceId)
{
    /// <summary>Its orchestrator.</summary>
    public string Name { get; } = name;

    /// <summary>Its id.</summary>
    public string InstanceId { get; } = instanceId;

    /// <summary>Where it stands.</summary>
    public OrchestrationRuntimeStatus RuntimeStatus { get; init; }

    /// <summary>When it was created.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last got on.</summary>
    public DateTimeOffset LastUpdatedAt { get; init; }

    /// <summary>The input's JSON; null when there is none or it was not asked for.</summary>
    public string? SerializedInput { get; init; }

    /// <summary>The output's JSON; null when there is none or it was not asked for.</summary>
    public string? SerializedOutput { get; init; }

    /// <summary>The custom status's JSON; null when there is none or it was not asked for.</summary>
    public string? SerializedCustomStatus { get; init; }

    /// <summary>Why it failed; null unless it did.</summary>
    public TaskFailureDetails? FailureDetails { get; init; }

    /// <summary>True while it is under way.</summary>
    public bool IsRunning => RuntimeStatus == OrchestrationRuntimeStatus.Running;

    /// <summary>True when it has ended.</summary>
    public bool IsCompleted => RuntimeStatus is OrchestrationRuntimeStatus.Completed or OrchestrationRuntimeStatus.Failed or OrchestrationRuntimeStatus.Terminated;

    /// <summary>The input.</summary>
    public T? ReadInputAs<T>() => Durable.DurableJson.Read<T>(SerializedInput);

    /// <summary>The output.</summary>
    public T? ReadOutputAs<T>() => Durable.DurableJson.Read<T>(SerializedOutput);

    /// <summary>The custom status.</summary>
    public T? ReadCustomStatusAs<T>() => Durable.DurableJson.Read<T>(SerializedCustomStatus);
}

/// <summary>
/// Items that come in pages.
/// Stands for Microsoft.DurableTask.AsyncPageable.
/// </summary>
public abstract class AsyncPageable<T> : IAsyncEnumerable<T>
    where T : notnull
{
    /// <summary>The pages.</summary>
    public abstract IAsyncEnumerable<Page<T>> AsPages(string? continuationToken = null, int? pageSizeHint = null);

    /// <inheritdoc/>
    public virtual async IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        await foreach (var page in AsPages().WithCancellation(cancellationToken))
            foreach (var item in page.Values)
                yield return item;
    }
}

/// <summary>
/// One page.
/// Stands for Microsoft.DurableTask.Page.
/// </summary>
/// <param name="values">Its items.</param>
/// <param name="continuationToken">Names the next page; null for the last.</param>
public sealed class Page<T>(IReadOnlyList<T> values, string? continuationToken = null)
    where T : notnull
{
    /// <summary>Its items.</summary>
    public IReadOnlyList<T> Values { get; } = values;

    /// <summary>Names the next page; null for the last.</summary>
    public string? ContinuationToken { get; } = continuationToken;
}
