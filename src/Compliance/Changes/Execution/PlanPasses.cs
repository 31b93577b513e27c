using Compliance.Changes.Pauses;
using Compliance.Changes.Plans;
using Compliance.Storage;

namespace Compliance.Changes.Execution;

/// <summary>
/// Carries a plan out in passes. What a pass came to is kept once, before anything shows it: one that a crash cut off after that is
/// reported as it was, not done again.
/// </summary>
/// <param name="pause">Whether acts are paused.</param>
/// <param name="executor">Does the steps.</param>
/// <param name="documents">Keeps what passes came to.</param>
internal sealed class PlanPasses(IPause pause, IPlanExecutor executor, BlobDocumentStore documents)
{
    /// <summary>When to ask again whether acts are paused (UTC); null when they are not.</summary>
    public async Task<DateTime?> PausedUntilAsync(DateTimeOffset now, CancellationToken cancellationToken) =>
        await pause.HoldingAsync(isBlocking: false, cancellationToken) is { } holding ? (now + holding.Wait).UtcDateTime : null;

    /// <summary>
    /// One pass over a plan, unless acts are paused. A pass that was carried out before they were is reported all the same.
    /// </summary>
    /// <param name="document">Name of the document that keeps the last pass over this plan.</param>
    /// <param name="pass">Which pass of which attempt: the same name is the same pass, run again after a crash.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="settled">Ids of steps that are in effect.</param>
    /// <param name="tried">Ids of steps that earlier passes of this attempt tried.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    /// <returns>What the pass came to; null and the wait where a quota has no room before that, or acts are paused.</returns>
    public async Task<(DonePass? Done, TimeSpan Wait)> RunAsync(
        string document,
        string pass,
        ActionPlan plan,
        IReadOnlySet<string> settled,
        IReadOnlySet<string> tried,
        CancellationToken cancellationToken
    )
    {
        if (await documents.LoadAsync<KeptPass>(document, cancellationToken) is not { } kept || kept.Pass != pass)
        {
            if (await pause.HoldingAsync(isBlocking: false, cancellationToken) is { } holding)
                return (null, holding.Wait);
            var (outcomes, wait) = await executor.RunAsync(plan, settled, tried, cancellationToken);
            if (wait > TimeSpan.Zero)
                return (null, wait);
            // Of two at once, as after a killed host whose worker went on, the first to keep it is right, and both report the same.
            kept = await documents.ChangeAsync<KeptPass>(document, k => k?.Pass == pass ? k : new(pass, outcomes), cancellationToken);
        }
        var all = tried.Union(kept.Outcomes.Select(o => o.StepId), StringComparer.Ordinal).ToHashSet(StringComparer.Ordinal);
        var whole = plan.Steps.All(s => settled.Contains(s.Id) || all.Contains(s.Id));
        return (new(kept.Outcomes, whole ? [] : [.. all], whole), TimeSpan.Zero);
    }

    /// <summary>Outcomes of the last pass over a plan, as kept: a crash may have come before anything else knew them.</summary>
    /// <param name="document">Name of the document that keeps it.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    /// <returns>Null when there was no pass.</returns>
    public async Task<IReadOnlyList<StepOutcome>?> LoadLastAsync(string document, CancellationToken cancellationToken) =>
        (await documents.LoadAsync<KeptPass>(document, cancellationToken))?.Outcomes;

    /// <summary>What the last pass over a plan came to, as kept.</summary>
    /// <param name="Pass">Which pass of which attempt.</param>
    /// <param name="Outcomes">Of the steps it tried.</param>
    private sealed record KeptPass(string Pass, IReadOnlyList<StepOutcome> Outcomes);
}

/// <summary>What one pass over a plan came to.</summary>
/// <param name="Outcomes">Of the steps it tried.</param>
/// <param name="Tried">Ids of the steps that this and earlier passes tried; none once the whole plan was tried.</param>
/// <param name="Whole">Whether the whole plan was tried.</param>
internal sealed record DonePass(IReadOnlyList<StepOutcome> Outcomes, IReadOnlyList<string> Tried, bool Whole);
