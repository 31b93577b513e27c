using Compliance.Changes.Flow;
using Compliance.Offboarding.Cases;

namespace ComplianceFunctions;

/// <summary>
/// The leaver case as an orchestration: block when it is due, plan, remove, verify, certify. Every wait is durable; every step is an
/// activity that is safe to repeat.
/// Nothing here reads a clock, a service or a setting.
/// </summary>
public sealed class LeaverOrchestrations
{
    /// <summary>Name of the orchestration of a case.</summary>
    public const string Case = "LeaverCase";

    /// <summary>Name of the orchestration that gives access back.</summary>
    public const string Undo = "LeaverUndo";

    /// <summary>Raised when HR sent a newer event of the case.</summary>
    public const string HrChanged = "hr-changed";

    // Blocking comes first: a case that only removes waits meanwhile.
    private static readonly TimeSpan WhileOthersAreBlocked = TimeSpan.FromSeconds(2);

    /// <summary>Runs one round of a case to its end.</summary>
    [Function(Case)]
    public static Task<string> RunCase([OrchestrationTrigger] TaskOrchestrationContext context, CaseRun run) =>
        ChangeHistory<CaseRun>.RunAsync(context, run, HrChanged, CaseAsync);

    /// <summary>Gives access back after HR took a leaving back: always after two approvals.</summary>
    [Function(Undo)]
    public static Task<string> RunUndo([OrchestrationTrigger] TaskOrchestrationContext context, CaseRun run) =>
        ChangeHistory<CaseRun>.RunAsync(context, run, HrChanged, UndoAsync);

    private static async Task<string> CaseAsync(ChangeHistory<CaseRun> history)
    {
        if (!history.Run.IsBlocked)
        {
            if (await BlockAsync(history) is { } ended)
                return ended;
            history.Run = history.Run with { IsBlocked = true, Attempt = 0 };
        }

        var plan = await PlanAsync(history);
        while (plan is not null)
        {
            var removed = await CarryOutAsync(history, nameof(LeaverActivities.LeaverRemove), plan);
            if (removed == NextAction.Stop)
                return "taken back while removing";
            var progress = await history.CallAsync<CaseProgress>(nameof(LeaverActivities.LeaverVerify), history.Run);
            if (progress.Outcome == NextAction.Stop)
                return "taken back while removing";
            if (progress.Outcome == NextAction.Proceed)
                return await history.CallAsync<string>(nameof(LeaverActivities.LeaverCertify), history.Run);
            if (progress.NewPlan || removed == NextAction.Retry)
            {
                plan = await PlanAsync(history);
                if (plan is null)
                    break;
            }
            // What only a permission or a person can put right is certified as it is, and tried again at length: granting it is enough.
            var stuck = progress.Left == 0 && !progress.NewPlan;
            if (stuck)
                await history.CallAsync<string>(nameof(LeaverActivities.LeaverCertify), history.Run);
            await history.BackOffAsync(atLength: stuck);
        }
        return "ended after blocking";
    }

    private static async Task<string> UndoAsync(ChangeHistory<CaseRun> history)
    {
        while (true)
        {
            var decision = await history.CallAsync<ChangeDecision>(nameof(LeaverActivities.LeaverPlanUndo), history.Run);
            switch (decision.Outcome)
            {
                case NextAction.Stop:
                    return "nothing to give back";
                case NextAction.AskApproval:
                    // Approved or void: planned again on what holds now.
                    if (await AnsweredAsync(history, decision.ApprovalId!) == ApprovalStatus.Refused)
                        return "not given back";
                    break;
                case NextAction.Proceed:
                    var restored = await CarryOutAsync(history, nameof(LeaverActivities.LeaverRestore), decision.PlanId!);
                    if (restored != NextAction.Retry)
                        return restored == NextAction.Proceed ? "given back" : "not given back: HR changed it";
                    await history.BackOffAsync();
                    break;
                default:
                    await history.BackOffAsync();
                    break;
            }
        }
    }

    // Null once the account is blocked; else how the round ended before that.
    private static async Task<string?> BlockAsync(ChangeHistory<CaseRun> history)
    {
        while (true)
        {
            var decision = await history.CallAsync<ChangeDecision>(nameof(LeaverActivities.LeaverBlock), history.Run);
            switch (decision.Outcome)
            {
                case NextAction.Proceed:
                    return null;
                case NextAction.Stop:
                    return "taken back before blocking";
                case NextAction.NotDue:
                    await history.WaitUntilAsync(decision.Until!.Value);
                    break;
                case NextAction.AskApproval:
                    // Approved or void: decided again on what holds now.
                    if (await AnsweredAsync(history, decision.ApprovalId!) == ApprovalStatus.Refused)
                        return "refused";
                    break;
                default:
                    await history.BackOffAsync();
                    break;
            }
        }
    }

    // The id of a plan that may be carried out; null when there is none any more.
    private static async Task<string?> PlanAsync(ChangeHistory<CaseRun> history)
    {
        for (var pass = 0; ; pass++)
        {
            var decision = await history.CallAsync<ChangeDecision>(nameof(LeaverActivities.LeaverPlan), history.Run with { Pass = pass });
            switch (decision.Outcome)
            {
                case NextAction.Proceed:
                    return decision.PlanId;
                case NextAction.Throttled:
                    await history.WaitAsync(WhileOthersAreBlocked);
                    break;
                case NextAction.AskApproval:
                    if (await AnsweredAsync(history, decision.ApprovalId!) == ApprovalStatus.Refused)
                        return null;
                    break;
                default:
                    return null;
            }
        }
    }

    private static Task<NextAction> CarryOutAsync(ChangeHistory<CaseRun> history, string activity, string planId) =>
        history.CarryOutAsync(activity, pass => new PlanRun(history.Run with { Pass = pass }, planId));

    private static Task<ApprovalStatus> AnsweredAsync(ChangeHistory<CaseRun> history, string approvalId) =>
        history.AnsweredAsync(nameof(LeaverActivities.LeaverApprovalStanding), new ApprovalRun(history.Run, approvalId));
}
