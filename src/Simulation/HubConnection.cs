using System.Threading.Channels;
using DurableTask.Core;

namespace Simulation;

/// <summary>
/// What one worker of the official dispatcher sees of a task hub. Work is put into its hands, not fetched; what it hands in goes to whoever
/// runs the hub.
/// </summary>
internal sealed class HubConnection(IHubDriver driver, int concurrency) : IOrchestrationService
{
    private readonly Channel<TaskOrchestrationWorkItem> _episodes = Channel.CreateUnbounded<TaskOrchestrationWorkItem>();
    private readonly Channel<TaskActivityWorkItem> _activities = Channel.CreateUnbounded<TaskActivityWorkItem>();

    public int TaskOrchestrationDispatcherCount => 1;

    public int MaxConcurrentTaskOrchestrationWorkItems => concurrency;

    public int TaskActivityDispatcherCount => 1;

    public int MaxConcurrentTaskActivityWorkItems => concurrency;

    public BehaviorOnContinueAsNew EventBehaviourForContinueAsNew => BehaviorOnContinueAsNew.Carryover;

    /// <summary>Puts an episode into the worker's hands.</summary>
    public void HandOut(Episode episode) => _episodes.Writer.TryWrite(episode);

    /// <summary>Puts an activity into the worker's hands.</summary>
    public void HandOut(ActivityInHand activity) => _activities.Writer.TryWrite(activity);

    public async Task<TaskOrchestrationWorkItem> LockNextTaskOrchestrationWorkItemAsync(
        TimeSpan receiveTimeout,
        CancellationToken cancellationToken
    ) => await _episodes.Reader.ReadAsync(cancellationToken);

    public async Task<TaskActivityWorkItem> LockNextTaskActivityWorkItem(TimeSpan receiveTimeout, CancellationToken cancellationToken) =>
        await _activities.Reader.ReadAsync(cancellationToken);

    public Task CompleteTaskOrchestrationWorkItemAsync(
        TaskOrchestrationWorkItem workItem,
        OrchestrationRuntimeState newOrchestrationRuntimeState,
        IList<TaskMessage> outboundMessages,
        IList<TaskMessage> orchestratorMessages,
        IList<TaskMessage> timerMessages,
        TaskMessage? continuedAsNewMessage,
        OrchestrationState? orchestrationState
    )
    {
        if (continuedAsNewMessage is not null)
            throw new NotSupportedException("the dispatcher goes on with a new history within the same episode");
        var result = new EpisodeResult(
            newOrchestrationRuntimeState,
            outboundMessages,
            orchestratorMessages,
            timerMessages,
            orchestrationState
        );
        return driver.CommitAsync((Episode)workItem, result);
    }

    // Comes after each episode, and also for one that was not begun since the worker ends.
    public Task ReleaseTaskOrchestrationWorkItemAsync(TaskOrchestrationWorkItem workItem)
    {
        driver.Release((Episode)workItem);
        return Task.CompletedTask;
    }

    // The release that follows gives it back.
    public Task AbandonTaskOrchestrationWorkItemAsync(TaskOrchestrationWorkItem workItem) => Task.CompletedTask;

    public Task CompleteTaskActivityWorkItemAsync(TaskActivityWorkItem workItem, TaskMessage responseMessage) =>
        driver.CompleteAsync((ActivityInHand)workItem, responseMessage);

    public Task AbandonTaskActivityWorkItemAsync(TaskActivityWorkItem workItem)
    {
        driver.Abandon((ActivityInHand)workItem);
        return Task.CompletedTask;
    }

    public bool IsMaxMessageCountExceeded(int currentMessageCount, OrchestrationRuntimeState runtimeState) => false;

    public int GetDelayInSecondsAfterOnProcessException(Exception exception) => 0;

    public int GetDelayInSecondsAfterOnFetchException(Exception exception) => 0;

    public Task RenewTaskOrchestrationWorkItemLockAsync(TaskOrchestrationWorkItem workItem) => Task.CompletedTask;

    public Task<TaskActivityWorkItem> RenewTaskActivityWorkItemLockAsync(TaskActivityWorkItem workItem) => Task.FromResult(workItem);

    public Task StartAsync() => Task.CompletedTask;

    public Task StopAsync() => Task.CompletedTask;

    public Task StopAsync(bool isForced) => Task.CompletedTask;

    public Task CreateAsync() => Task.CompletedTask;

    public Task CreateAsync(bool recreateInstanceStore) => Task.CompletedTask;

    public Task CreateIfNotExistsAsync() => Task.CompletedTask;

    public Task DeleteAsync() => throw new NotSupportedException();

    public Task DeleteAsync(bool deleteInstanceStore) => throw new NotSupportedException();
}

/// <summary>Runs a hub: decides what becomes of what workers hand in.</summary>
internal interface IHubDriver
{
    Task CommitAsync(Episode episode, EpisodeResult result);

    void Release(Episode episode);

    Task CompleteAsync(ActivityInHand activity, TaskMessage response);

    void Abandon(ActivityInHand activity);
}
