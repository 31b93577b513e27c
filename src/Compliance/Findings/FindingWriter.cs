using Azure;

namespace Compliance.Findings;

/// <summary>Keeps what runs find, also where others write at the same time.</summary>
internal sealed class FindingWriter(IFindingStore store)
{
    // Each time someone else changed a finding between reading and writing.
    private const int MaxRounds = 10;

    private static readonly Coverage Nothing = new([], new HashSet<string>(), new HashSet<string>());

    /// <summary>Opens one finding, or brings it up to date; resolves none.</summary>
    public Task<Reconciliation> RaiseAsync(string tenantId, Detection detection, RunStamp run, CancellationToken cancellationToken) =>
        ReconcileAsync(tenantId, [detection.ControlId], _ => [detection], Nothing, run, cancellationToken);

    /// <summary>Brings the findings of some controls in line with what a run found.</summary>
    /// <param name="tenantId">Entra tenant id.</param>
    /// <param name="controls">The controls.</param>
    /// <param name="detect">What the run found, given what is kept; called again when others wrote meanwhile.</param>
    /// <param name="coverage">What the run has read to its end.</param>
    /// <param name="run">The run.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    /// <param name="only">Which of the kept findings it is about; null for all of the controls.</param>
    /// <exception cref="RequestFailedException">Storage failed, or others changed the findings in every attempt.</exception>
    public async Task<Reconciliation> ReconcileAsync(
        string tenantId,
        IReadOnlyCollection<string> controls,
        Func<IReadOnlyDictionary<string, StoredFinding>, IReadOnlyCollection<Detection>> detect,
        Coverage coverage,
        RunStamp run,
        CancellationToken cancellationToken,
        Func<Finding, bool>? only = null
    )
    {
        var saved = new List<FindingChange>();
        for (var round = 1; ; round++)
        {
            var known = await store.LoadAsync(tenantId, controls, cancellationToken);
            if (only is not null)
                known = known.Where(k => only(k.Value.Finding)).ToDictionary(k => k.Key, k => k.Value, StringComparer.Ordinal);
            var result = Reconciler.Reconcile(tenantId, known, detect(known), coverage, run, run.StartedAt);
            if (result.Changes.Count == 0)
                return result with { Changes = saved };
            var lost = (await store.SaveAsync(tenantId, [.. result.Changes.Select(c => c.Finding)], cancellationToken)).ToHashSet(
                StringComparer.Ordinal
            );
            var won = result.Changes.Where(c => !lost.Contains(c.Finding.Finding.Id)).ToList();
            saved.AddRange(won);
            FindingTelemetry.Saved(won);
            if (lost.Count == 0)
                return result with { Changes = saved };
            if (round == MaxRounds)
                throw new RequestFailedException(
                    412,
                    $"{lost.Count} findings of {string.Join(", ", controls)} were changed by others in each of {MaxRounds} attempts"
                );
        }
    }
}
