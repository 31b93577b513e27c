using Compliance.Offboarding.Cases;

namespace ComplianceFunctions;

/// <summary>
/// The leaver case as an orchestration: wait until due, decide, block, plan, remove, verify, certify. Every wait is durable; every step is an activity that is safe
/// to repeat. Nothing here reads a clock, a service or a setting.
/// </summary>
public sealed class LeaverOrchestrations
{
    /// <summary>Name of the orchestration of a case.</summary>
    public const string Case = "LeaverCase";

    /// <summary>Name of the orchestration that gives access back.</summary>
    public const string Undo = "LeaverUndo";

    /// <summary>Raised when HR sent a newer event of the case.</summary>
    public const string HrChanged = "hr-changed";

    /// <summary>Raised when somebody answered a request for approval; the payload is the request's id.</summary>
    public const string Answered = "approval";

    // A history grows with every wait and attempt; after so many a new one is begun, which finds by its first activities where the case is.
    private const int MaxWaitsPerHistory = 200;
    private const int MaxAttemptsPerHistory = 50;

    private const string Continued = "continued";

    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(15);

    // A lost event must not leave a case waiting for ever: the board is asked now and then.
    private static readonly TimeSpan AskTheBoardEvery = TimeSpan.FromMinutes(10);

    // An answer that is long in coming is asked for less often, so that the history of months stays short.
    private static readonly TimeSpan AskTheBoardLater = TimeSpan.FromHours(2);

    // Blocking comes first: a case that only removes waits meanwhile.
    private static readonly TimeSpan WhileOthersAreBlocked = TimeSpan.FromSeconds(2);

    // Storage or the services being away for hours must not end a case.
    private static readonly TaskOptions Patient = TaskOptions.FromRetryPolicy(
        new RetryPolicy(maxNumberOfAttempts: 1000, firstRetryInterval: TimeSpan.FromSeconds(1), backoffCoefficient: 2, maxRetryInterval: LongestWait));

    /// <summary>Runs one round of a case to its end.</summary>
    [Function(Case)]
    public static async Task<string> RunCase([OrchestrationTrigger] TaskOrchestrationContext context, CaseRun run)
    {
        ArgumentNullException.ThrowIfNull(context);
        var news = new News(context);
        var due = await WaitUntilDueAsync(context, news, run);
        if (due is null)
            return Continue(context, run);
        if (!due.Value)
            return "cancelled";
        var decided = await DecideAsync(context, news, run);
        if (decided != Decided.Proceed)
            return decided == Decided.HistoryFull ? Continue(context, run) : decided == Decided.Refused ? "refused" : "taken back";

        for (var attempt = run.Attempt; ; attempt++)
        {
            if (news.HistoryFull)
                return Continue(context, run with { Attempt = attempt });
            var blocked = await context.CallActivityAsync<CaseGo>(nameof(LeaverActivities.LeaverBlock), run with { Attempt = attempt }, Patient);
            if (blocked == CaseGo.End)
                return "taken back before blocking";
            if (blocked == CaseGo.Proceed)
                break;
            await WaitAsync(context, news, Backoff(attempt));
        }

        var (planned, plan) = await PlanAsync(context, news, run);
        if (planned != Decided.Proceed)
            return planned == Decided.HistoryFull ? Continue(context, run) : "ended after blocking";
        for (var attempt = run.Attempt; ; attempt++)
        {
            var pass = run with { Attempt = attempt };
            var removed = await CarryOutAsync(context, news, nameof(LeaverActivities.LeaverRemove), pass, plan!);
            if (removed == CaseGo.End)
                return "taken back while removing";
            var progress = await context.CallActivityAsync<CaseProgress>(nameof(LeaverActivities.LeaverVerify), pass, Patient);
            if (progress.Outcome == CaseGo.End)
                return "taken back while removing";
            if (progress.Outcome == CaseGo.Proceed)
                break;
            if (progress.NewPlan || removed == CaseGo.Again)
            {
                (planned, plan) = await PlanAsync(context, news, pass);
                if (planned != Decided.Proceed)
                    return planned == Decided.HistoryFull ? Continue(context, pass) : "ended after blocking";
            }
            if (news.HistoryFull || attempt - run.Attempt >= MaxAttemptsPerHistory)
                return Continue(context, run with { Attempt = attempt + 1 });
            // What only a permission or a person can mend is certified as it stands, and tried again at length: granting it is enough.
            var stuck = progress.Left == 0 && !progress.NewPlan;
            if (stuck)
                await context.CallActivityAsync<string>(nameof(LeaverActivities.LeaverCertify), run, Patient);
            await WaitAsync(context, news, stuck ? LongestWait : Backoff(attempt));
        }

        return await context.CallActivityAsync<string>(nameof(LeaverActivities.LeaverCertify), run, Patient);
    }

    /// <summary>Gives access back after HR took a leaving back: always after two approvals.</summary>
    [Function(Undo)]
    public static async Task<string> RunUndo([OrchestrationTrigger] TaskOrchestrationContext context, CaseRun run)
    {
        ArgumentNullException.ThrowIfNull(context);
        var news = new News(context);
        for (var attempt = run.Attempt; ; attempt++)
        {
            if (news.HistoryFull || attempt - run.Attempt >= MaxAttemptsPerHistory)
                return Continue(context, run with { Attempt = attempt });
            var pass = run with { Attempt = attempt };
            var decision = await context.CallActivityAsync<CaseDecision>(nameof(LeaverActivities.LeaverPlanUndo), pass, Patient);
            switch (decision.Outcome)
            {
                case CaseGo.End:
                    return "nothing to give back";
                case CaseGo.AskApproval:
                    if (await ApprovedAsync(context, news, run, decision.ApprovalId!) == ApprovalStanding.Refused)
                        return "not given back";
                    // Approved, void, or still open in a full history: planned again on what holds now.
                    break;
                case CaseGo.Proceed:
                    var restored = await CarryOutAsync(context, news, nameof(LeaverActivities.LeaverRestore), pass, decision.PlanId!);
                    if (restored != CaseGo.Again)
                        return restored == CaseGo.Proceed ? "given back" : "not given back: HR changed it";
                    await WaitAsync(context, news, Backoff(attempt));
                    break;
                default:
                    await WaitAsync(context, news, Backoff(attempt));
                    break;
            }
        }
    }

    // A new history of the same case. Events that were raised and not yet read are kept; a lost one costs a wait, since every activity loads the case.
    private static string Continue(TaskOrchestrationContext context, CaseRun run)
    {
        context.ContinueAsNew(run);
        return Continued;
    }

    // Pass after pass, each when Graph's quota of writes has room again; Again also when the history is full.
    private static async Task<CaseGo> CarryOutAsync(TaskOrchestrationContext context, News news, string activity, CaseRun run, string planId)
    {
        var pass = 0;
        while (!news.HistoryFull)
        {
            var done = await context.CallActivityAsync<CasePass>(activity, new PlanRun(run with { Pass = pass }, planId), Patient);
            if (done.Outcome != CaseGo.Paced)
                return done.Outcome;
            if (done.Until is { } until)
                await WaitAsync(context, news, until - context.CurrentUtcDateTime);
            else
                pass++;
        }
        return CaseGo.Again;
    }

    // True when the case may go on, false when it was taken back, null when the history is full.
    private static async Task<bool?> WaitUntilDueAsync(TaskOrchestrationContext context, News news, CaseRun run)
    {
        while (!news.HistoryFull)
        {
            var due = await context.CallActivityAsync<DueAnswer>(nameof(LeaverActivities.LeaverDue), run, Patient);
            if (due.Go || due.Ended)
                return due.Go;
            await WaitAsync(context, news, due.Until!.Value - context.CurrentUtcDateTime);
        }
        return null;
    }

    private static async Task<Decided> DecideAsync(TaskOrchestrationContext context, News news, CaseRun run)
    {
        for (var attempt = 0; !news.HistoryFull; attempt++)
        {
            var decision = await context.CallActivityAsync<CaseDecision>(nameof(LeaverActivities.LeaverDecide), run with { Attempt = attempt }, Patient);
            switch (decision.Outcome)
            {
                case CaseGo.Proceed:
                    return Decided.Proceed;
                case CaseGo.End:
                    return Decided.Ended;
                case CaseGo.AskApproval:
                    if (await ApprovedAsync(context, news, run, decision.ApprovalId!) == ApprovalStanding.Refused)
                        return Decided.Refused;
                    // Approved, or void: decided again on what holds now.
                    break;
                default:
                    await WaitAsync(context, news, Backoff(attempt));
                    break;
            }
        }
        return Decided.HistoryFull;
    }

    // With Proceed, the id of a plan that may be carried out.
    private static async Task<(Decided Decided, string? PlanId)> PlanAsync(TaskOrchestrationContext context, News news, CaseRun run)
    {
        for (var pass = 0; !news.HistoryFull; pass++)
        {
            var decision = await context.CallActivityAsync<CaseDecision>(nameof(LeaverActivities.LeaverPlan), run with { Pass = pass }, Patient);
            switch (decision.Outcome)
            {
                case CaseGo.Proceed:
                    return (Decided.Proceed, decision.PlanId);
                case CaseGo.Paced:
                    await WaitAsync(context, news, WhileOthersAreBlocked);
                    break;
                case CaseGo.AskApproval:
                    if (await ApprovedAsync(context, news, run, decision.ApprovalId!) == ApprovalStanding.Refused)
                        return (Decided.Refused, null);
                    break;
                default:
                    return (Decided.Ended, null);
            }
        }
        return (Decided.HistoryFull, null);
    }

    // Open only when the history is full.
    private static async Task<ApprovalStanding> ApprovedAsync(TaskOrchestrationContext context, News news, CaseRun run, string approvalId)
    {
        for (var asked = 1; !news.HistoryFull; asked++)
        {
            var standing = await context.CallActivityAsync<ApprovalStanding>(nameof(LeaverActivities.LeaverApprovalStanding), new ApprovalRun(run, approvalId), Patient);
            if (standing != ApprovalStanding.Open)
                return standing;
            await WaitAsync(context, news, asked < 12 ? AskTheBoardEvery : AskTheBoardLater);
        }
        return ApprovalStanding.Open;
    }

    // Until the time has passed, HR sent something newer, or an approver answered.
    private static async Task WaitAsync(TaskOrchestrationContext context, News news, TimeSpan wait)
    {
        news.Waits++;
        if (wait <= TimeSpan.Zero)
            return;
        using var over = new CancellationTokenSource();
        await Task.WhenAny(context.CreateTimer(wait, over.Token), news.Arrived);
        news.Read();
        // Not CancelAsync: it goes on in another thread, which an orchestrator must not.
        over.Cancel();
    }

    private static TimeSpan Backoff(int attempt) => TimeSpan.FromSeconds(Math.Min(15 * Math.Pow(2, Math.Min(attempt, 10)), LongestWait.TotalSeconds));

    private enum Decided
    {
        Proceed,
        Ended,
        Refused,
        HistoryFull,
    }

    /// <summary>
    /// One waiter for each kind of event, kept until it was served: an event that comes while a step runs would be lost to a waiter that was given up, since the latest
    /// waiter of a name gets the event, given up or not.
    /// </summary>
    private sealed class News(TaskOrchestrationContext context)
    {
        private Task<string> _changed = context.WaitForExternalEvent<string>(HrChanged);
        private Task<string> _answered = context.WaitForExternalEvent<string>(Answered);

        /// <summary>Waits so far in this history.</summary>
        public int Waits { get; set; }

        /// <summary>Whether the history is long enough to begin a new one.</summary>
        public bool HistoryFull => Waits >= MaxWaitsPerHistory;

        /// <summary>Ends when something has arrived since it was last read.</summary>
        public Task Arrived => Task.WhenAny(_changed, _answered);

        public void Read()
        {
            if (_changed.IsCompleted)
                _changed = context.WaitForExternalEvent<string>(HrChanged);
            if (_answered.IsCompleted)
                _answered = context.WaitForExternalEvent<string>(Answered);
        }
    }
}
