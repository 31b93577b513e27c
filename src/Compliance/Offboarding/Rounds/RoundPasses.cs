using System.Globalization;
using Compliance.Changes.Execution;
using Compliance.Changes.Flow;
using Compliance.Changes.Pauses;
using Compliance.Changes.Plans;
using Compliance.Offboarding.Cases;

namespace Compliance.Offboarding.Rounds;

/// <summary>Carries plans of a round out, unless acts are paused: the case notes that it waits.</summary>
internal sealed class RoundPasses(LeaverRounds rounds, PlanPasses passes, IPause pause, IPlanExecutor executor)
{
    private static readonly HashSet<string> None = [];

    /// <summary>What a leaver waits for who is due and not blocked; null when blocking is not held.</summary>
    public async Task<ChangeDecision?> BlockingPausedAsync(CaseRun run, CancellationToken cancellationToken)
    {
        if (await pause.HoldingAsync(isBlocking: true, cancellationToken) is not { } holding)
            return null;
        await NotePauseAsync(run, holding.Pause, cancellationToken);
        return new(NextAction.NotDue, Until: (rounds.Now + holding.Wait).UtcDateTime);
    }

    /// <summary>
    /// What a plan that was let begin waits for; null when nothing holds it. It is not marked as begun, so that an approval that lapses
    /// meanwhile is asked for again.
    /// </summary>
    public async Task<ChangePass?> PausedAsync(CaseRun run, CancellationToken cancellationToken)
    {
        if (await pause.HoldingAsync(isBlocking: false, cancellationToken) is not { } holding)
            return null;
        await NotePauseAsync(run, holding.Pause, cancellationToken);
        return new(NextAction.Throttled, (rounds.Now + holding.Wait).UtcDateTime);
    }

    /// <summary>Whether even acts that block somebody are held. The case is not changed.</summary>
    public async Task<bool> IsBlockingHeldAsync(CancellationToken cancellationToken) =>
        await pause.HoldingAsync(isBlocking: true, cancellationToken) is not null;

    /// <summary>Carries a plan that blocks out, at once and whole.</summary>
    /// <returns>Outcomes of the steps that were not settled; null when acts are paused, blocking included.</returns>
    public async Task<IReadOnlyList<StepOutcome>?> BlockAsync(
        ActionPlan plan,
        IReadOnlySet<string>? settled,
        CancellationToken cancellationToken
    )
    {
        var pass = await executor.RunAsync(plan, settled ?? None, None, cancellationToken);
        return pass.Wait > TimeSpan.Zero && pass.Outcomes.Count == 0 ? null : pass.Outcomes;
    }

    /// <summary>
    /// One pass over a removal or undo plan. What it came to is kept before anything shows it, so that it is never done twice for a crash.
    /// </summary>
    /// <param name="run">The round; its attempt and pass name this pass.</param>
    /// <param name="kind">What the pass's document begins with, see <see cref="RoundOutcomes"/>.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="settled">Ids of steps that are in effect.</param>
    /// <param name="before">Ids of steps that earlier passes of this attempt tried.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    /// <returns>What it came to; null and the time to try again (UTC) where a quota has no room, or acts are paused.</returns>
    public async Task<(DonePass? Done, DateTime? Until)> RunAsync(
        CaseRun run,
        string kind,
        ActionPlan plan,
        IReadOnlySet<string> settled,
        IReadOnlyList<string> before,
        CancellationToken cancellationToken
    )
    {
        var (done, wait) = await passes.RunAsync(
            RoundOutcomes.PassName(run, kind, plan.Id()),
            PassOf(run),
            plan,
            settled,
            run.Pass == 0 ? None : before.ToHashSet(StringComparer.Ordinal),
            cancellationToken
        );
        return (done, done is null ? (rounds.Now + wait).UtcDateTime : null);
    }

    private static string PassOf(CaseRun run) =>
        run.Pass == 0
            ? run.Attempt.ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{run.Attempt}-{run.Pass}");

    private Task<LeaverCase> NotePauseAsync(CaseRun run, ActPause held, CancellationToken cancellationToken)
    {
        var note =
            $"paused since {held.At.UtcDateTime:yyyy-MM-dd HH:mm}Z"
            + (held.Blocking ? ", blocking included" : "")
            + ": it continues once two people agreed to resume";
        return rounds.ChangeAsync(run, c => c.Round == run.Round && c.Note != note ? c with { Note = note } : c, cancellationToken);
    }
}
