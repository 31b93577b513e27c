using Compliance.Offboarding.Intake;
using Compliance.Offboarding.Rounds;

namespace Compliance.Offboarding.Desk;

/// <summary>Settles what was dispatched: whatever was not is dispatched again by the sweep.</summary>
public sealed class DispatchSettling
{
    private readonly LeaverIntake _intake;
    private readonly ForCauseConfirmation _confirmation;

    internal DispatchSettling(LeaverIntake intake, ForCauseConfirmation confirmation) => (_intake, _confirmation) = (intake, confirmation);

    /// <summary>The orchestration was started, or notified: settles the event, or the start for cause.</summary>
    public async Task SettleAsync(LeaverDispatch dispatch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(dispatch);
        if (dispatch.Taken is { } taken)
        {
            await _intake.SettleAsync(taken, cancellationToken);
            return;
        }
        await _intake.ConfirmDispatchedAsync(dispatch.Case.Id, dispatch.Case.Round, cancellationToken);
        await _confirmation.TrySettleAsync(dispatch.Case.Id, cancellationToken);
    }
}
