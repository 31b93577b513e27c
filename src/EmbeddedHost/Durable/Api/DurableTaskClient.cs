namespace EmbeddedHost;

/// <summary>
/// Starts, watches and steers orchestrations from outside. A parameter with <see cref="DurableClientAttribute"/> is given it.
/// Stands for Microsoft.DurableTask.Client.DurableTaskClient.
/// </summary>
/// <param name="name">The client's name: the task hub.</param>
public abstract class DurableTaskClient(string name) : IAsyncDisposable
{
    /// <summary>The client's name: the task hub.</summary>
    public string Name => name;

    /// <summary>Starts an orchestration; it is on record when this returns.</summary>
    /// <param name="orchestratorName">The orchestrator's name.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The instance's id.</returns>
    public virtual Task<string> ScheduleNewOrchestrationInstanceAsync(TaskName orchestratorName, CancellationToken cancellation) =>
        ScheduleNewOrchestrationInstanceAsync(orchestratorName, null, null, cancellation);

    /// <summary>Starts an orchestration; it is on record when this returns.</summary>
    /// <param name="orchestratorName">The orchestrator's name.</param>
    /// <param name="input">What it is given.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The instance's id.</returns>
    public virtual Task<string> ScheduleNewOrchestrationInstanceAsync(TaskName orchestratorName, object? input, CancellationToken cancellation) =>
        ScheduleNewOrchestrationInstanceAsync(orchestratorName, input, null, cancellation);

    /// <summary>Starts an orchestration; it is on record when this returns.</summary>
    /// <param name="orchestratorName">The orchestrator's name.</param>
    /// <param name="options">Its id and start time.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The instance's id.</returns>
    /// <exception cref="OrchestrationAlreadyExistsException">An instance of that id is not finished.</exception>
    public virtual Task<string> ScheduleNewOrchestrationInstanceAsync(
        TaskName orchestratorName, StartOrchestrationOptions options, CancellationToken cancellation = default) =>
        ScheduleNewOrchestrationInstanceAsync(orchestratorName, null, options, cancellation);

    /// <summary>Starts an orchestration; it is on record when this returns. A finished instance of the same id is replaced.</summary>
    /// <param name="orchestratorName">The orchestrator's name.</param>
    /// <param name="input">What it is given.</param>
    /// <param name="options">Its id and start time.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The instance's id.</returns>
    /// <exception cref="OrchestrationAlreadyExistsException">An instance of that id is not finished.</exception>
    /// <exception cref="ArgumentException">There is no such orchestrator, or the id cannot be one.</exception>
    public abstract Task<string> ScheduleNewOrchestrationInstanceAsync(
        TaskName orchestratorName, object? input = null, StartOrchestrationOptions? options = null, CancellationToken cancellation = default);

    /// <summary>Sends an orchestration an external event that carries nothing.</summary>
    /// <param name="instanceId">The instance's id.</param>
    /// <param name="eventName">The event's name.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>Ends when the event is on record.</returns>
    public virtual Task RaiseEventAsync(string instanceId, string eventName, CancellationToken cancellation) =>
        RaiseEventAsync(instanceId, eventName, null, cancellation);

    /// <summary>Sends an orchestration an external event. One to an instance that is unknown or finished is dropped, with a line in the log.</summary>
    /// <param name="instanceId">The instance's id.</param>
    /// <param name="eventName">The event's name.</param>
    /// <param name="eventPayload">What it carries.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>Ends when the event is on record.</returns>
    public abstract Task RaiseEventAsync(string instanceId, string eventName, object? eventPayload = null, CancellationToken cancellation = default);

    /// <summary>Waits until an orchestration has started.</summary>
    /// <param name="instanceId">The instance's id.</param>
    /// <param name="cancellation">Gives up the wait.</param>
    /// <returns>Where it stands then.</returns>
    public virtual Task<OrchestrationMetadata> WaitForInstanceStartAsync(string instanceId, CancellationToken cancellation) =>
        WaitForInstanceStartAsync(instanceId, false, cancellation);

    /// <summary>Waits until an orchestration has started.</summary>
    /// <param name="instanceId">The instance's id.</param>
    /// <param name="getInputsAndOutputs">Whether to bring input, output and custom status too.</param>
    /// <param name="cancellation">Gives up the wait.</param>
    /// <returns>Where it stands then.</returns>
    public abstract Task<OrchestrationMetadata> WaitForInstanceStartAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default);

    /// <summary>Waits until an orchestration has ended.</summary>
    /// <param name="instanceId">The instance's id.</param>
    /// <param name="cancellation">Gives up the wait.</param>
    /// <returns>How it ended.</returns>
    public virtual Task<OrchestrationMetadata> WaitForInstanceCompletionAsync(string instanceId, CancellationToken cancellation) =>
        WaitForInstanceCompletionAsync(instanceId, false, cancellation);

    /// <summary>Waits until an orchestration has ended.</summary>
    /// <param name="instanceId">The instance's id.</param>
    /// <param name="getInputsAndOutputs">Whether to bring input, output and custom status too.</param>
    /// <param name="cancellation">Gives up the wait.</param>
    /// <returns>How it ended.</returns>
    public abstract Task<OrchestrationMetadata> WaitForInstanceCompletionAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default);

    /// <summary>Ends an orchestration from outside.</summary>
    /// <param name="instanceId">The instance's id.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>Ends when the termination is on record.</returns>
    public virtual Task TerminateInstanceAsync(string instanceId, CancellationToken cancellation) =>
        TerminateInstanceAsync(instanceId, (TerminateInstanceOptions?)null, cancellation);

    /// <summary>Ends an orchestration from outside.</summary>
    /// <param name="instanceId">The instance's id.</param>
    /// <param name="output">The output it ends with.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>Ends when the termination is on record.</returns>
    public virtual Task TerminateInstanceAsync(string instanceId, object? output, CancellationToken cancellation = default) =>
        TerminateInstanceAsync(instanceId, output is null ? null : new TerminateInstanceOptions(output), cancellation);

    /// <summary>Ends an orchestration from outside; activities under way run on, their results count no more.</summary>
    /// <param name="instanceId">The instance's id.</param>
    /// <param name="options">The output it ends with, and whether its sub-orchestrations are ended too.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>Ends when the termination is on record.</returns>
    public virtual Task TerminateInstanceAsync(string instanceId, TerminateInstanceOptions? options = null, CancellationToken cancellation = default) =>
        throw new NotSupportedException($"{GetType()} does not terminate orchestrations");

    /// <summary>Where an orchestration stands.</summary>
    /// <param name="instanceId">The instance's id.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>Null when there is none of that id.</returns>
    public virtual Task<OrchestrationMetadata?> GetInstanceAsync(string instanceId, CancellationToken cancellation) =>
        GetInstanceAsync(instanceId, false, cancellation);

    /// <summary>Where an orchestration stands.</summary>
    /// <param name="instanceId">The instance's id.</param>
    /// <param name="getInputsAndOutputs">Whether to bring input, output and custom status too.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>Null when there is none of that id.</returns>
    public virtual Task<OrchestrationMetadata?> GetInstanceAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) =>
        throw new NotSupportedException($"{GetType()} does not read orchestrations");

    /// <summary>Lists orchestrations in order of id.</summary>
    /// <param name="filter">Which; null: all.</param>
    /// <returns>The list, read page by page.</returns>
    public abstract AsyncPageable<OrchestrationMetadata> GetAllInstancesAsync(OrchestrationQuery? filter = null);

    /// <summary>Removes a finished orchestration and its history.</summary>
    /// <param name="instanceId">The instance's id.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>How many were removed: none when it is unknown or not finished.</returns>
    public virtual Task<PurgeResult> PurgeInstanceAsync(string instanceId, CancellationToken cancellation) =>
        PurgeInstanceAsync(instanceId, null, cancellation);

    /// <summary>Removes a finished orchestration and its history.</summary>
    /// <param name="instanceId">The instance's id.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>How many were removed: none when it is unknown or not finished.</returns>
    public virtual Task<PurgeResult> PurgeInstanceAsync(string instanceId, PurgeInstanceOptions? options = null, CancellationToken cancellation = default) =>
        throw new NotSupportedException($"{GetType()} does not purge orchestrations");

    /// <summary>Gives back what the client holds.</summary>
    /// <returns>Ends when that is done.</returns>
#pragma warning disable CA1816 // nothing is finalized
    public abstract ValueTask DisposeAsync();
#pragma warning restore CA1816
}
