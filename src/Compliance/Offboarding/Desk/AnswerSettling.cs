using Compliance.Changes.Approvals;
using Compliance.Changes.Pauses;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Rounds;

namespace Compliance.Offboarding.Desk;

/// <summary>Has an answer take effect at once where no orchestration waits for it.</summary>
internal sealed class AnswerSettling(ForCauseConfirmation confirmation, PauseSwitch pause, ErasureQuestions erasures)
{
    /// <summary>What cannot be written now is written by the sweep, and holds nothing up.</summary>
    public async Task TrySettleAsync(ApprovalRequest answered, CancellationToken cancellationToken)
    {
        if (ForCauseStarts.Asks(answered))
            await confirmation.TrySettleAsync(answered.CaseId, cancellationToken);
        if (PauseSwitch.Asks(answered))
            await pause.TrySettleAsync(cancellationToken);
        if (ErasureQuestions.Asks(answered))
            await erasures.TrySettleAsync(answered, cancellationToken);
    }
}
