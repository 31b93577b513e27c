using Compliance.Changes.Flow;

namespace ComplianceFunctions;

/// <summary>The activities of a capability's change, by the names they are registered under.</summary>
/// <param name="Decide">Calls <see cref="ChangeFlow{TObservation}.DecideAsync"/>.</param>
/// <param name="Status">Calls <see cref="ChangeFlow{TObservation}.ApprovalStatusAsync"/>.</param>
/// <param name="Act">Calls <see cref="ChangeFlow{TObservation}.ActAsync"/>.</param>
/// <param name="Verify">Calls <see cref="ChangeFlow{TObservation}.VerifyAsync"/>.</param>
/// <param name="Certify">Calls <see cref="ChangeFlow{TObservation}.CertifyAsync"/>.</param>
internal sealed record ChangeActivities(string Decide, string Status, string Act, string Verify, string Certify);

/// <summary>A step of a change that names a plan.</summary>
/// <param name="Run">The round.</param>
/// <param name="PlanId">The plan.</param>
public sealed record ChangePlanRun(ChangeRun Run, string PlanId);

/// <summary>A step of a change that names a request for approval.</summary>
/// <param name="Run">The round.</param>
/// <param name="RequestId">The request.</param>
public sealed record ChangeApprovalRun(ChangeRun Run, string RequestId);

/// <summary>
/// The seven phases as an orchestration: decide, wait for approval, act, verify, certify. Every wait is durable; every step is an activity
/// that is safe to repeat. Nothing here reads a clock, a service or a setting.
/// </summary>
internal static class ChangeOrchestration
{
    /// <summary>Raised when a change was cancelled, put off or begun again.</summary>
    public const string Changed = "change-changed";

    /// <summary>Runs one round to its end.</summary>
    /// <returns>The certificate's SHA-256, lower-case hex; else how the round ended before anything was let begin.</returns>
    public static Task<string> RunAsync(TaskOrchestrationContext context, ChangeRun run, ChangeActivities activities) =>
        ChangeHistory<ChangeRun>.RunAsync(context, run, Changed, history => RoundAsync(history, activities));

    private static async Task<string> RoundAsync(ChangeHistory<ChangeRun> history, ChangeActivities activities)
    {
        while (true)
        {
            var decision = await history.CallAsync<ChangeDecision>(activities.Decide, history.Run);
            switch (decision.Outcome)
            {
                case NextAction.Stop when decision.PlanId is null:
                    return "over before anything was done";
                case NextAction.Stop:
                    return await EndedAsync(history, activities);
                case NextAction.NotDue:
                    await history.WaitUntilAsync(decision.Until!.Value);
                    break;
                case NextAction.AskApproval:
                    // Whatever came of it, it is decided again on what holds now.
                    await history.AnsweredAsync(activities.Status, new ChangeApprovalRun(history.Run, decision.ApprovalId!));
                    break;
                case NextAction.Proceed:
                    var acted = await history.CarryOutAsync(
                        activities.Act,
                        pass => new ChangePlanRun(history.Run with { Pass = pass }, decision.PlanId!)
                    );
                    if (acted == NextAction.Stop)
                        return await EndedAsync(history, activities);
                    if (
                        acted == NextAction.Proceed
                        && await history.CallAsync<ChangePass>(activities.Verify, history.Run) is { Outcome: NextAction.Proceed }
                    )
                        return await history.CallAsync<string>(activities.Certify, history.Run);
                    await history.BackOffAsync();
                    break;
                default:
                    await history.BackOffAsync();
                    break;
            }
        }
    }

    // What was stopped half-way is verified and certified as it is.
    private static async Task<string> EndedAsync(ChangeHistory<ChangeRun> history, ChangeActivities activities)
    {
        await history.CallAsync<ChangePass>(activities.Verify, history.Run);
        return await history.CallAsync<string>(activities.Certify, history.Run);
    }
}
