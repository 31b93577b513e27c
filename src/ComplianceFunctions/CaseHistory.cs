using Compliance.Offboarding.Cases;

namespace ComplianceFunctions;

/// <summary>
/// One history of a case's orchestration. However long a case lives, its history stays short: after so many waits, or when a step kept
/// failing, a new one is begun, which finds by its first activities where the case is. Nothing else ends a loop of an orchestration early.
/// </summary>
internal sealed class CaseHistory
{
    // A wait and the step after it are some ten events, which each episode loads and replays.
    private const int MaxWaits = 40;

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

    // One waiter for each kind of event, kept until it was served: an event that comes while a step runs would be lost to a waiter that was
    // given up, since the latest waiter of a name gets the event, given up or not.
    private Task<string> _changed;
    private Task<string> _answered;
    private int _waits;

    private CaseHistory(TaskOrchestrationContext context, CaseRun run)
    {
        (_context, Run) = (context, run);
        _changed = context.WaitForExternalEvent<string>(LeaverOrchestrations.HrChanged);
        _answered = context.WaitForExternalEvent<string>(LeaverOrchestrations.Answered);
    }

    /// <summary>Where the case is, as far as the orchestration knows: what a new history begins with.</summary>
    public CaseRun Run { get; set; }

    /// <summary>Runs an orchestration of a case to its end or to the end of its history.</summary>
    /// <param name="context">The orchestration.</param>
    /// <param name="run">Where the case is.</param>
    /// <param name="orchestrateAsync">The orchestration; returns how it ended.</param>
    public static async Task<string> RunAsync(
        TaskOrchestrationContext context,
        CaseRun run,
        Func<CaseHistory, Task<string>> orchestrateAsync
    )
    {
        ArgumentNullException.ThrowIfNull(context);
        var history = new CaseHistory(context, run);
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
        Run = Run with { Attempt = Run.Attempt + 1 };
        await WaitAsync(wait);
    }

    /// <summary>Waits until the time has passed, HR sent something newer, or an approver answered.</summary>
    public async Task WaitAsync(TimeSpan wait)
    {
        if (++_waits > MaxWaits)
            throw new HistoryFullException();
        if (wait <= TimeSpan.Zero)
            return;
        using var over = new CancellationTokenSource();
        await Task.WhenAny(_context.CreateTimer(wait, over.Token), _changed, _answered);
        if (_changed.IsCompleted)
            _changed = _context.WaitForExternalEvent<string>(LeaverOrchestrations.HrChanged);
        if (_answered.IsCompleted)
            _answered = _context.WaitForExternalEvent<string>(LeaverOrchestrations.Answered);
        // Not CancelAsync: it goes on in another thread, which an orchestrator must not.
        over.Cancel();
    }

    private sealed class HistoryFullException : Exception;
}
