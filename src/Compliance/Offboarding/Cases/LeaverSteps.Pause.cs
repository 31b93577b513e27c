using Compliance.Changes.Execution;
using Compliance.Changes.Flow;
using Compliance.Changes.Pauses;

namespace Compliance.Offboarding.Cases;

public sealed partial class LeaverSteps
{
    // What a leaver waits for who is due and not blocked; null when blocking is not held.
    private async Task<ChangeDecision?> BlockingPausedAsync(CaseRun run, CancellationToken cancellationToken)
    {
        if (await _parts.Pause.HoldingAsync(isBlocking: true, cancellationToken) is not { } holding)
            return null;
        await NotePauseAsync(run, holding.Pause, cancellationToken);
        return new(NextAction.NotDue, Until: (Now + holding.Wait).UtcDateTime);
    }

    // What a plan that was let begin waits for; null when nothing holds it. It is not marked as begun, so that an approval that lapses
    // meanwhile is asked for again.
    private async Task<ChangePass?> PausedAsync(CaseRun run, CancellationToken cancellationToken)
    {
        if (await _parts.Pause.HoldingAsync(isBlocking: false, cancellationToken) is not { } holding)
            return null;
        await NotePauseAsync(run, holding.Pause, cancellationToken);
        return new(NextAction.Throttled, (Now + holding.Wait).UtcDateTime);
    }

    private Task<LeaverCase> NotePauseAsync(CaseRun run, ActPause pause, CancellationToken cancellationToken)
    {
        var note =
            $"paused since {pause.At.UtcDateTime:yyyy-MM-dd HH:mm}Z"
            + (pause.Blocking ? ", blocking included" : "")
            + ": it continues once two people agreed to resume";
        return ChangeAsync(run, c => c.Round == run.Round && c.Note != note ? c with { Note = note } : c, cancellationToken);
    }

    private static bool IsHeld(PlanPass pass) => pass.Wait > TimeSpan.Zero && pass.Outcomes.Count == 0;
}
