using Compliance.Findings;
using Microsoft.Extensions.Logging;

namespace Compliance.Credentials;

/// <summary>Brings the kept findings in line with what a run found, also where other runs write at the same time.</summary>
internal sealed partial class RunFindings(IFindingStore store, ILogger<CredentialRotationCheck> log)
{
    private const int MaxAttempts = 5;

    private static readonly Dictionary<string, StoredFinding> NothingKnown = [];

    /// <summary>The kept findings of every control of this capability, by id.</summary>
    public Task<IReadOnlyDictionary<string, StoredFinding>> LoadAsync(string tenantId, CancellationToken cancellationToken) =>
        store.LoadAsync(tenantId, CredentialControls.All, cancellationToken);

    /// <summary>What a run found, where a newer run's findings are kept already: nothing is stored.</summary>
    public static SavedFindings Show(CredentialObservation observed, ScopeResult found) =>
        new(
            Reconciler.Reconcile(
                observed.TenantId,
                NothingKnown,
                found.Detections,
                found.Coverage,
                observed.Run,
                observed.Run.StartedAt
            ),
            [],
            found.Coverage.GoneResources
        );

    /// <summary>Reconciles and saves; decides again where another run has changed a finding since it was loaded.</summary>
    /// <param name="scope">Knows what became of resources that were not listed.</param>
    /// <param name="observed">What was read.</param>
    /// <param name="found">What is wrong.</param>
    /// <param name="known">The kept findings.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    /// <exception cref="InvalidOperationException">Other runs changed the findings in each attempt.</exception>
    public async Task<SavedFindings> SaveAsync(
        ICheckScope scope,
        CredentialObservation observed,
        ScopeResult found,
        IReadOnlyDictionary<string, StoredFinding> known,
        CancellationToken cancellationToken
    )
    {
        var (tenantId, run) = (observed.TenantId, observed.Run);
        var unlisted = new UnlistedResources(scope, observed, found.Coverage.GoneResources);
        for (var attempt = 1; ; attempt++)
        {
            if (attempt > 1)
                known = await LoadAsync(tenantId, cancellationToken);
            if (found.Concerns is { } concerns)
                known = known.Where(k => concerns(k.Value.Finding)).ToDictionary(k => k.Key, k => k.Value);
            var toConfirm = Reconciler.ResourcesToConfirm(tenantId, known, found.Detections, found.Coverage).Concat(found.Unlisted);
            await unlisted.ConfirmAsync(toConfirm, cancellationToken);

            Detection[] detections = [.. found.Detections, .. unlisted.Hidden.Select(h => h.Detection)];
            var result = Reconciler.Reconcile(tenantId, known, detections, unlisted.Covers(found.Coverage), run, run.StartedAt);
            var lost = await store.SaveAsync(tenantId, [.. result.Changes.Select(c => c.Finding)], cancellationToken);
            if (lost.Count == 0)
                return new(result, [.. unlisted.Hidden.Select(h => h.Outcome)], unlisted.Gone);
            if (attempt == MaxAttempts)
                throw new InvalidOperationException(
                    $"{lost.Count} findings were changed by another run {MaxAttempts} times over; run the check again"
                );
            LostRace(log, run.Id, lost.Count, attempt);
        }
    }

    [LoggerMessage(
        2003,
        LogLevel.Warning,
        "Credential check {RunId}: {Count} findings were changed by another run meanwhile (attempt {Attempt}), deciding again"
    )]
    private static partial void LostRace(ILogger logger, string runId, int count, int attempt);

    // The resources that no list shows any more, each asked about once a run.
    private sealed class UnlistedResources(ICheckScope scope, CredentialObservation observed, IEnumerable<string> gone)
    {
        private readonly HashSet<string> _asked = new(StringComparer.Ordinal);
        private readonly HashSet<string> _gone = new(gone, StringComparer.Ordinal);
        private readonly List<(SourceOutcome Outcome, Detection Detection)> _hidden = [];

        public IReadOnlySet<string> Gone => _gone;

        public IReadOnlyList<(SourceOutcome Outcome, Detection Detection)> Hidden => _hidden;

        public async Task ConfirmAsync(IEnumerable<string> resources, CancellationToken cancellationToken)
        {
            foreach (var resource in resources.Where(_asked.Add))
            {
                var state = await scope.StateOfAsync(resource, observed, cancellationToken);
                if (state.Gone)
                    _gone.Add(resource.ToLowerInvariant());
                if (state.Gap is { } gap)
                    _hidden.Add(gap);
            }
        }

        // An event that was not taken in may have been about what is hidden now.
        public Coverage Covers(Coverage coverage) =>
            coverage with
            {
                Outcomes =
                    _hidden.Count == 0 ? coverage.Outcomes : [.. coverage.Outcomes.Where(o => o.Source != Sources.VaultEvents)],
                GoneResources = _gone,
            };
    }
}

/// <summary>What a run made of the kept findings.</summary>
/// <param name="Result">The changes, and the findings after them.</param>
/// <param name="Hidden">Resources that no list shows and that are not known to be gone: sources that are not complete.</param>
/// <param name="GoneResources">Lower-case ids of resources that do not exist any more.</param>
internal sealed record SavedFindings(
    Reconciliation Result,
    IReadOnlyList<SourceOutcome> Hidden,
    IReadOnlySet<string> GoneResources
);
