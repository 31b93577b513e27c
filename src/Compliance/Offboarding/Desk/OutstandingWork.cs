using Compliance.Changes.Pauses;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Intake;
using Compliance.Offboarding.Rounds;
using Compliance.Runs;

namespace Compliance.Offboarding.Desk;

/// <summary>What an outage left to be done, beside orchestrations.</summary>
internal sealed class OutstandingWork(
    WebhookRefusals refusals,
    ForCauseConfirmation confirmation,
    PauseSwitch pause,
    ErasureQuestions erasures,
    BlockGroups groups,
    LeaverIntake intake,
    CaseCourse course
)
{
    /// <summary>
    /// Each on its own, and what needs no ledger first. The group may take long when the directory does not answer: who confirms is asked
    /// before.
    /// </summary>
    public Task RunAsync(CancellationToken cancellationToken) =>
        Each.RunAsync<Func<Task>>(
            [
                () => refusals.FlushAsync(cancellationToken),
                () => confirmation.SettleAsync(cancellationToken),
                () => pause.SettleAsync(cancellationToken),
                () => groups.BlockGroupsAsync(cancellationToken),
                () => intake.RecordOutstandingAsync(cancellationToken),
                // What is on record of a case is so before its details are erased.
                () => course.RecordAsync(cancellationToken),
                () => erasures.SettleAsync(cancellationToken),
            ],
            act => act(),
            cancellationToken
        );
}
