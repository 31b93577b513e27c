using Microsoft.Extensions.Logging;

namespace EmbeddedHost.Durable;

/// <summary>
/// Runs an orchestrator over its history and what is new, with nothing but memory: the same history gives the same step.
/// What the code asks for must be what the history says it asked for, in kind, name and order.
/// </summary>
internal sealed class OrchestratorReplay
{
    /// <summary>What is wrong when an orchestrator leaves its thread.</summary>
    public const string IllegalAwait =
        "the orchestrator awaited something that is not of its context (Task.Delay, Task.Run, I/O, ConfigureAwait(false), or middleware that does so): "
        + "only tasks of TaskOrchestrationContext can be found again in the history; do anything else in an activity";

    private readonly OrchestratorThread _thread;
    private readonly OrchestratorContext _context;
    private readonly string _instance;
    private readonly Func<OrchestratorContext, Task<object?>> _orchestrator;
    private Task<object?>? _running;
    private int _number;

    private OrchestratorReplay(string instance, Func<OrchestratorContext, Task<object?>> orchestrator, ILoggerFactory loggers, ILogger log, Action strayed)
    {
        _instance = instance;
        _orchestrator = orchestrator;
        _thread = new OrchestratorThread(strayed);
        _context = new OrchestratorContext(instance, _thread, loggers, log);
    }

    /// <param name="instance">The instance's id.</param>
    /// <param name="orchestrator">Calls the code; it may return before it is done.</param>
    /// <param name="past">What is on record.</param>
    /// <param name="fresh">What has happened since.</param>
    /// <param name="loggers">The orchestrator's loggers.</param>
    /// <param name="log">This host's log.</param>
    /// <param name="strayed">Called when, after this step, the code turns out to have awaited something not of its context.</param>
    public static Step Run(
        string instance,
        Func<OrchestratorContext, Task<object?>> orchestrator,
        IReadOnlyList<HistoryEvent> past,
        IReadOnlyList<HistoryEvent> fresh,
        ILoggerFactory loggers,
        ILogger log,
        Action strayed) =>
        new OrchestratorReplay(instance, orchestrator, loggers, log, strayed).Run(past, fresh);

    private Step Run(IReadOnlyList<HistoryEvent> past, IReadOnlyList<HistoryEvent> fresh)
    {
        var outside = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(_thread);
        try
        {
            foreach (var e in past)
                Apply(e);
            EnsureNothingMore();
            _context.EndReplay();
            foreach (var e in fresh)
                Apply(e);
            var step = Result();
            if (_thread.Close() || (_running is { IsCompleted: false } && !_context.Waits))
                throw new InvalidOperationException($"instance '{_instance}': {IllegalAwait}");
            return step;
        }
        catch (NonDeterminismException e)
        {
            return Failed(new TaskFailureDetails(NonDeterminismException.OfficialName, e.Message, null, null, null));
        }
        catch (Exception e)
        {
            return Failed(TaskFailureDetails.FromException(e));
        }
        finally
        {
            _thread.Close();
            SynchronizationContext.SetSynchronizationContext(outside);
        }
    }

    private void Apply(HistoryEvent e)
    {
        switch (e.Kind)
        {
            case EventKind.OrchestratorStarted:
                EnsureNothingMore();
                _context.BeginAt(e.Time);
                break;
            case EventKind.ExecutionStarted:
                _context.BeginWith(e);
                _running = _orchestrator(_context);
                break;
            case EventKind.TaskScheduled or EventKind.TimerCreated or EventKind.SubOrchestrationCreated or EventKind.EventSent:
                Find(e);
                break;
            case EventKind.TaskCompleted or EventKind.TaskFailed or EventKind.TimerFired or EventKind.SubOrchestrationCompleted or EventKind.SubOrchestrationFailed:
                _context.End(e);
                break;
            case EventKind.EventRaised:
                _context.Raise(e);
                break;
            default:
                break;
        }

        _thread.RunReady();
        _number++;
    }

    private void Find(HistoryEvent e)
    {
        if (!_context.Asked.Remove(e.Id, out var asked))
            throw Differs($"the history has {e.Describe()}, the code asked for nothing there");
        if (asked.Kind != e.Kind || !string.Equals(asked.Name, e.Name, StringComparison.OrdinalIgnoreCase))
            throw Differs($"the history has {e.Describe()}, the code asked for {asked.Describe()}");
    }

    // A step is on record as a whole: what the code asks for beyond it, it did not ask for then.
    private void EnsureNothingMore()
    {
        if (_context.Asked.Count > 0)
            throw Differs($"the history has nothing there, the code asked for {_context.Asked.First().Value.Describe()}");
    }

    private NonDeterminismException Differs(string what) => new(
        $"instance '{_instance}', event {_number} of its history: {what}. An orchestrator must do the same at each replay: has its code changed while the instance was under way, or does it look at time, randomness or settings?");

    private Step Result()
    {
        var step = new Step
        {
            Actions = [.. _context.Asked.Values],
            Timers = [.. _context.OpenTimers],
            CustomStatus = _context.CustomStatus,
        };
        if (_running is not { IsCompleted: true })
            return step;
        step = step with { Timers = [] };
        if (_running.Exception is { } failure)
            return step with { Completed = Ended(OrchestrationRuntimeStatus.Failed) with { Failure = TaskFailureDetails.FromException(failure.InnerException!) } };
        if (_running.IsCanceled)
            return step with { Completed = Ended(OrchestrationRuntimeStatus.Failed) with { Failure = TaskFailureDetails.FromException(new TaskCanceledException(_running)) } };
        if (_context.Anew is { } anew)
            return step with { Anew = anew };
        return step with { Completed = Ended(OrchestrationRuntimeStatus.Completed) with { Data = DurableJson.Write(_running.Result) } };
    }

    private Step Failed(TaskFailureDetails failure) => new()
    {
        CustomStatus = _context.CustomStatus,
        Completed = Ended(OrchestrationRuntimeStatus.Failed) with { Failure = failure },
    };

    private HistoryEvent Ended(OrchestrationRuntimeStatus status) => new(EventKind.ExecutionCompleted) { Status = status, Time = _context.CurrentUtcDateTime };
}
