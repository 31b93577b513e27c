using Compliance.Changes.Flow;

namespace ComplianceFunctions;

/// <summary>
/// One history of the orchestration of a change. However long a case lives, its history stays short: after so many waits, or when a step
/// kept failing, a new one is begun, which finds by its first activities where the case is. Nothing else ends a loop of an orchestration
/// early.
/// </summary>
/// <typeparam name="TRun">What the orchestration is started with.</typeparam>
internal sealed class ChangeHistory<TRun>
    where TRun : IChangeRun<TRun>
{
    // A wait and the step after it are some ten events, which each episode loads and replays.
    private const int MaxWaits = 40;

    private static readonly TimeSpan AskTheBoardEvery = TimeSpan.FromMinutes(10);

    // An answer that is long in coming is asked for less often, so that the history of months stays short.
    private static readonly TimeSpan AskTheBoardLater = TimeSpan.FromHours(2);

    private static readonly TimeSpan LongestBackOff = TimeSpan.FromMinutes(15);

    // The event that says of an earlier time may be lost: a case that waits for a day months ahead is asked now and then.
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(6);

    // Some three hours. Storage or the services being away for longer must not end a case either: a new history goes on.
    private static readonly TaskOptions Retries = TaskOptions.FromRetryPolicy(
        new RetryPolicy(
            maxNumberOfAttempts: 20,
            firstRetryInterval: TimeSpan.FromSeconds(1),
            backoffCoefficient: 2,
            maxRetryInterval: LongestBackOff
        )
    );

    private readonly TaskOrchestrationContext _context;
    private readonly string _changedEvent;

    // One waiter for each kind of event, kept until it was served: an event that comes while a step runs would be lost to a waiter that was
    // given up, since the latest waiter of a name gets the event, given up or not.
    private Task<string> _changed;
    private Task<string> _answered;
    private int _waits;

    private ChangeHistory(TaskOrchestrationContext context, TRun run, string changedEvent)
    {
        (_context, _changedEvent, Run) = (context, changedEvent, run);
        _changed = context.WaitForExternalEvent<string>(changedEvent);
        _answered = context.WaitForExternalEvent<string>(ChangeEvents.Answered);
    }

    /// <summary>Where the case is, as far as the orchestration knows: what a new history begins with.</summary>
    public TRun Run { get; set; }

    /// <summary>Runs an orchestration of a case to its end or to the end of its history.</summary>
    /// <param name="context">The orchestration.</param>
    /// <param name="run">Where the case is.</param>
    /// <param name="changedEvent">Name of the event that is raised when the case was changed.</param>
    /// <param name="orchestrateAsync">The orchestration; returns how it ended.</param>
    public static async Task<string> RunAsync(
        TaskOrchestrationContext context,
        TRun run,
        string changedEvent,
        Func<ChangeHistory<TRun>, Task<string>> orchestrateAsync
    )
    {
        ArgumentNullException.ThrowIfNull(context);
        var history = new ChangeHistory<TRun>(context, run, changedEvent);
        try
        {
            return await orchestrateAsync(history);
        }
        catch (Exception e) when (e is HistoryFullException or TaskFailedException)
        {
            // Events that were raised and not yet read are kept; a lost one costs a wait, since every activity loads the case. An instance
            // keeps its version unless another is named: the code that runs now may be a later one.
            context.ContinueAsNew(new ContinueAsNewOptions { NewInput = history.Run, NewVersion = OrchestrationVersions.Current });
            return "continued";
        }
    }

    /// <summary>Calls an activity; tries again for hours when it fails.</summary>
    public Task<T> CallAsync<T>(string activity, object input) => _context.CallActivityAsync<T>(activity, input, Retries);

    /// <summary>Waits until a time (UTC), or until there is news, and no longer than some hours.</summary>
    public Task WaitUntilAsync(DateTime until)
    {
        var wait = until - _context.CurrentUtcDateTime;
        return WaitAsync(wait < LongestWait ? wait : LongestWait);
    }

    /// <summary>Waits longer with each attempt, then counts another one.</summary>
    /// <param name="atLength">True when trying again soon would not help.</param>
    public async Task BackOffAsync(bool atLength = false)
    {
        var growing = TimeSpan.FromSeconds(15 * Math.Pow(2, Math.Min(Run.Attempt, 10)));
        var longest = Run.Attempt switch
        {
            < 24 => LongestBackOff,
            // What has failed for hours waits for a person.
            < 72 => TimeSpan.FromHours(1),
            _ => TimeSpan.FromHours(4),
        };
        var wait = atLength || growing > longest ? longest : growing;
        Run = Run.WithAttempt(Run.Attempt + 1);
        await WaitAsync(wait);
    }

    /// <summary>Waits until the time has passed, the case was changed, or an approver answered.</summary>
    public async Task WaitAsync(TimeSpan wait)
    {
        if (++_waits > MaxWaits)
            throw new HistoryFullException();
        if (wait <= TimeSpan.Zero)
            return;
        using var over = new CancellationTokenSource();
        await Task.WhenAny(_context.CreateTimer(wait, over.Token), _changed, _answered);
        if (_changed.IsCompleted)
            _changed = _context.WaitForExternalEvent<string>(_changedEvent);
        if (_answered.IsCompleted)
            _answered = _context.WaitForExternalEvent<string>(ChangeEvents.Answered);
        // Not CancelAsync: it goes on in another thread, which an orchestrator must not.
        over.Cancel();
    }

    /// <summary>Waits for the answers to a request.</summary>
    /// <param name="activity">The activity that reads the state of the request.</param>
    /// <param name="input">Its input.</param>
    /// <returns>Never <see cref="ApprovalStatus.Open"/>.</returns>
    public async Task<ApprovalStatus> AnsweredAsync(string activity, object input)
    {
        for (var asked = 1; ; asked++)
        {
            var status = await CallAsync<ApprovalStatus>(activity, input);
            if (status != ApprovalStatus.Open)
                return status;
            // A lost event must not leave a case waiting for ever: the board is asked now and then.
            await WaitAsync(asked < 12 ? AskTheBoardEvery : AskTheBoardLater);
        }
    }

    /// <summary>Carries a plan out pass after pass, each when the quota of writes has room again.</summary>
    /// <param name="activity">The activity that carries out a pass.</param>
    /// <param name="input">Its input, by the number of the pass.</param>
    public async Task<NextAction> CarryOutAsync(string activity, Func<int, object> input)
    {
        var pass = 0;
        while (true)
        {
            var done = await CallAsync<ChangePass>(activity, input(pass));
            if (done.Outcome != NextAction.Throttled)
                return done.Outcome;
            if (done.Until is { } until)
                await WaitUntilAsync(until);
            else
                pass++;
        }
    }

    private sealed class HistoryFullException : Exception;
}
