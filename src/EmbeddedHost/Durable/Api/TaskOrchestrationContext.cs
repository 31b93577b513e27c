using Microsoft.Extensions.Logging;

namespace EmbeddedHost;

/// <summary>
/// All that an orchestrator may use: what it does through this is written down and found again at each replay.
/// It must await nothing else, and take time, ids and randomness from nowhere else.
/// Stands for Microsoft.DurableTask.TaskOrchestrationContext.
/// </summary>
public abstract class TaskOrchestrationContext
{
    /// <summary>The orchestrator's name.</summary>
    public abstract TaskName Name { get; }

    /// <summary>The instance's id.</summary>
    public abstract string InstanceId { get; }

    /// <summary>The orchestration that called this one; null when a client started it.</summary>
    public abstract ParentOrchestrationInstance? Parent { get; }

    /// <summary>The time of the step that is run, in UTC: the same at each replay.</summary>
    public abstract DateTime CurrentUtcDateTime { get; }

    /// <summary>Whether the code runs over what has happened already.</summary>
    public abstract bool IsReplaying { get; }

    /// <summary>The host's loggers, replayed or not.</summary>
    protected abstract ILoggerFactory LoggerFactory { get; }

    /// <summary>The instance's input.</summary>
    /// <typeparam name="T">As what it is read.</typeparam>
    /// <returns>The input; the type's default for none.</returns>
    public abstract T? GetInput<T>();

    /// <summary>Runs an activity.</summary>
    /// <param name="name">The activity's name.</param>
    /// <param name="input">What it is given.</param>
    /// <param name="options">How it is tried again.</param>
    /// <returns>Ends with the activity.</returns>
    /// <exception cref="TaskFailedException">It failed.</exception>
    public virtual Task CallActivityAsync(TaskName name, object? input = null, TaskOptions? options = null) => CallActivityAsync<object>(name, input, options);

    /// <summary>Runs an activity that is given nothing.</summary>
    /// <param name="name">The activity's name.</param>
    /// <param name="options">How it is tried again.</param>
    /// <returns>Ends with the activity.</returns>
    /// <exception cref="TaskFailedException">It failed.</exception>
    public virtual Task CallActivityAsync(TaskName name, TaskOptions options) => CallActivityAsync(name, null, options);

    /// <summary>Runs an activity that is given nothing.</summary>
    /// <typeparam name="TResult">What it returns.</typeparam>
    /// <param name="name">The activity's name.</param>
    /// <param name="options">How it is tried again.</param>
    /// <returns>What it returned.</returns>
    /// <exception cref="TaskFailedException">It failed.</exception>
    public virtual Task<TResult> CallActivityAsync<TResult>(TaskName name, TaskOptions options) => CallActivityAsync<TResult>(name, null, options);

    /// <summary>Runs an activity.</summary>
    /// <typeparam name="TResult">What it returns.</typeparam>
    /// <param name="name">The activity's name.</param>
    /// <param name="input">What it is given.</param>
    /// <param name="options">How it is tried again.</param>
    /// <returns>What it returned.</returns>
    /// <exception cref="TaskFailedException">It failed.</exception>
    public abstract Task<TResult> CallActivityAsync<TResult>(TaskName name, object? input = null, TaskOptions? options = null);

    /// <summary>Waits.</summary>
    /// <param name="delay">How long.</param>
    /// <param name="cancellationToken">Gives up the wait.</param>
    /// <returns>Ends when the time has passed.</returns>
    public virtual Task CreateTimer(TimeSpan delay, CancellationToken cancellationToken) => CreateTimer(CurrentUtcDateTime + delay, cancellationToken);

    /// <summary>Waits until a time.</summary>
    /// <param name="fireAt">Until when.</param>
    /// <param name="cancellationToken">Gives up the wait.</param>
    /// <returns>Ends when the time has come.</returns>
    public abstract Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken);

    /// <summary>Waits for an external event; one that came before counts.</summary>
    /// <typeparam name="T">What it carries.</typeparam>
    /// <param name="eventName">Its name, whatever the case.</param>
    /// <param name="cancellationToken">Gives up the wait.</param>
    /// <returns>What it carried.</returns>
    public abstract Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellationToken = default);

    /// <summary>Waits for an external event for some time.</summary>
    /// <typeparam name="T">What it carries.</typeparam>
    /// <param name="eventName">Its name, whatever the case.</param>
    /// <param name="timeout">How long.</param>
    /// <returns>What it carried.</returns>
    /// <exception cref="OperationCanceledException">It did not come in time.</exception>
    public Task<T> WaitForExternalEvent<T>(string eventName, TimeSpan timeout) => WaitForExternalEvent<T>(eventName, timeout, CancellationToken.None);

    /// <summary>Waits for an external event for some time.</summary>
    /// <typeparam name="T">What it carries.</typeparam>
    /// <param name="eventName">Its name, whatever the case.</param>
    /// <param name="timeout">How long.</param>
    /// <param name="cancellationToken">Gives up the wait.</param>
    /// <returns>What it carried.</returns>
    /// <exception cref="OperationCanceledException">It did not come in time.</exception>
    public async Task<T> WaitForExternalEvent<T>(string eventName, TimeSpan timeout, CancellationToken cancellationToken)
    {
        // The timer is asked for first, as in the official context: the order is part of the history.
        using var timer = new CancellationTokenSource();
        var late = CreateTimer(timeout, timer.Token);
        using var wait = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var came = WaitForExternalEvent<T>(eventName, wait.Token);
        // In an orchestrator nothing may leave its thread: cancelling runs what waits for it right here.
#pragma warning disable CA1849
        if (await Task.WhenAny(late, came) == came)
            timer.Cancel();
        else
            wait.Cancel();
#pragma warning restore CA1849
        return await came;
    }

    /// <summary>Sends another orchestration an external event.</summary>
    /// <param name="instanceId">The other's id.</param>
    /// <param name="eventName">The event's name.</param>
    /// <param name="payload">What it carries.</param>
    public abstract void SendEvent(string instanceId, string eventName, object payload);

    /// <summary>Says where it stands in its own terms; seen from outside once the step has ended.</summary>
    /// <param name="customStatus">Anything that is written as JSON.</param>
    public abstract void SetCustomStatus(object? customStatus);

    /// <summary>Runs another orchestration.</summary>
    /// <typeparam name="TResult">What it returns.</typeparam>
    /// <param name="orchestratorName">Its orchestrator's name.</param>
    /// <param name="input">What it is given.</param>
    /// <param name="options">Its id, and how it is tried again.</param>
    /// <returns>What it returned.</returns>
    /// <exception cref="TaskFailedException">It failed or was terminated.</exception>
    public abstract Task<TResult> CallSubOrchestratorAsync<TResult>(TaskName orchestratorName, object? input = null, TaskOptions? options = null);

    /// <summary>Runs another orchestration that is given nothing.</summary>
    /// <typeparam name="TResult">What it returns.</typeparam>
    /// <param name="orchestratorName">Its orchestrator's name.</param>
    /// <param name="options">Its id, and how it is tried again.</param>
    /// <returns>What it returned.</returns>
    /// <exception cref="TaskFailedException">It failed or was terminated.</exception>
    public virtual Task<TResult> CallSubOrchestratorAsync<TResult>(TaskName orchestratorName, TaskOptions options) =>
        CallSubOrchestratorAsync<TResult>(orchestratorName, null, options);

    /// <summary>Runs another orchestration that is given nothing.</summary>
    /// <param name="orchestratorName">Its orchestrator's name.</param>
    /// <param name="options">Its id, and how it is tried again.</param>
    /// <returns>Ends with it.</returns>
    /// <exception cref="TaskFailedException">It failed or was terminated.</exception>
    public virtual Task CallSubOrchestratorAsync(TaskName orchestratorName, TaskOptions options) => CallSubOrchestratorAsync(orchestratorName, null, options);

    /// <summary>Runs another orchestration.</summary>
    /// <param name="orchestratorName">Its orchestrator's name.</param>
    /// <param name="input">What it is given.</param>
    /// <param name="options">Its id, and how it is tried again.</param>
    /// <returns>Ends with it.</returns>
    /// <exception cref="TaskFailedException">It failed or was terminated.</exception>
    public virtual Task CallSubOrchestratorAsync(TaskName orchestratorName, object? input = null, TaskOptions? options = null) =>
        CallSubOrchestratorAsync<object>(orchestratorName, input, options);

    /// <summary>Once the orchestrator returns, begins it anew under the same id with an empty history.</summary>
    /// <param name="newInput">The new input.</param>
    /// <param name="preserveUnprocessedEvents">Whether external events nobody has waited for yet are kept.</param>
    public abstract void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true);

    /// <summary>Once the orchestrator returns, begins it anew under the same id with an empty history.</summary>
    /// <param name="options">The new input, and whether events are kept.</param>
    public virtual void ContinueAsNew(ContinueAsNewOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ContinueAsNew(options.NewInput, options.PreserveUnprocessedEvents);
    }

    /// <summary>An id that is the same at each replay.</summary>
    /// <returns>A UUID of version 5.</returns>
    public abstract Guid NewGuid();

    /// <summary>A logger that is silent in replay.</summary>
    /// <param name="categoryName">The category.</param>
    /// <returns>The logger.</returns>
    public virtual ILogger CreateReplaySafeLogger(string categoryName) => new Durable.ReplaySafeLogger(this, LoggerFactory.CreateLogger(categoryName));

    /// <summary>A logger that is silent in replay.</summary>
    /// <param name="type">The type the category is named after.</param>
    /// <returns>The logger.</returns>
    public virtual ILogger CreateReplaySafeLogger(Type type) => new Durable.ReplaySafeLogger(this, LoggerFactory.CreateLogger(type));

    /// <summary>A logger that is silent in replay.</summary>
    /// <typeparam name="T">The type the category is named after.</typeparam>
    /// <returns>The logger.</returns>
    public virtual ILogger CreateReplaySafeLogger<T>() => new Durable.ReplaySafeLogger(this, LoggerFactory.CreateLogger<T>());
}
