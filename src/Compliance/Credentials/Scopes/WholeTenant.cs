using Compliance.Findings;
using Compliance.Runs;

namespace Compliance.Credentials;

/// <summary>Every credential of the tenant, and what earlier runs listed and this one does not.</summary>
internal sealed class WholeTenant(RunRequest request, EarlierListings listings, IRunLog runs) : ICheckScope
{
    private KnownListings _known = KnownListings.None;
    private UnlistedSubscriptions _unlisted = UnlistedSubscriptions.None;

    /// <inheritdoc/>
    public string Step => "check";

    /// <inheritdoc/>
    public string Actor => $"{CredentialRotationCheck.Name} ({request.Trigger})";

    /// <inheritdoc/>
    public string CorrelationId => request.CorrelationId;

    /// <inheritdoc/>
    public async Task BeginAsync(string tenantId, RunStamp run, CancellationToken cancellationToken)
    {
        await runs.ExpectAsync(tenantId, CredentialRotationCheck.Name, run.StartedAt, cancellationToken);
        _known = listings.Load(tenantId, cancellationToken);
    }

    /// <inheritdoc/>
    public Task ReadAsync(ICredentialInventory inventory, RunInventory into, CancellationToken cancellationToken) =>
        inventory.ReadAsync(into, cancellationToken);

    /// <inheritdoc/>
    public async Task<ScopeResult> JudgeAsync(
        CredentialObservation observed,
        IReadOnlyDictionary<string, StoredFinding> known,
        CancellationToken cancellationToken
    )
    {
        var (inventory, builder, answers) = (observed.Inventory, observed.Builder, observed.Answers);
        // What was asked about single objects is no list of objects: it is counted as a source where it could not be read.
        IReadOnlyList<SourceOutcome> outcomes =
        [
            .. inventory.Outcomes.Concat(observed.Unanswered).OrderBy(o => o.Source, StringComparer.Ordinal),
        ];
        _unlisted = await listings.UnlistedAsync(observed, await _known.Subscriptions, cancellationToken);
        var newer = await NewerAsync(observed, cancellationToken);
        return new()
        {
            Outcomes = outcomes,
            Detections =
            [
                .. observed.Found,
                .. outcomes.Where(o => !o.Complete).Select(o => builder.Gap(o, answers)),
                .. _unlisted.Missing.Select(m => builder.MissingSubscription(m.Id, m.Name, answers)),
            ],
            Coverage = Covers(observed, outcomes, known),
            IsComplete = outcomes.All(o => o.Complete) && _unlisted.Missing.Count == 0,
            Unlisted = EarlierListings.Unlisted(await _known.Resources, inventory, outcomes),
            Newer = newer,
        };
    }

    /// <inheritdoc/>
    public Task<ResourceState> StateOfAsync(string resourceId, CredentialObservation observed, CancellationToken cancellationToken) =>
        listings.StateOfAsync(resourceId, observed, _unlisted, cancellationToken);

    /// <summary>Remembers what was listed, and that the run ended.</summary>
    public async Task RememberAsync(CheckedScope done, CancellationToken cancellationToken)
    {
        var observed = done.Observed;
        await listings.UpdateAsync(observed, await _known.Resources, done.GoneResources, _unlisted.Gone, cancellationToken);
        await runs.CompletedAsync(observed.TenantId, CredentialRotationCheck.Name, observed.Run, done.IsComplete, cancellationToken);
    }

    private async Task<RunStamp?> NewerAsync(CredentialObservation observed, CancellationToken cancellationToken)
    {
        var known = await runs.LoadAsync(observed.TenantId, cancellationToken);
        var last = known.GetValueOrDefault(CredentialRotationCheck.Name)?.LastRun;
        return last?.StartedAt > observed.Run.StartedAt ? last : null;
    }

    private Coverage Covers(
        CredentialObservation observed,
        IReadOnlyList<SourceOutcome> outcomes,
        IReadOnlyDictionary<string, StoredFinding> known
    )
    {
        // Every object was read: whatever an event that was not taken in was about, it has been seen now.
        var isEveryObjectRead = observed.Inventory.Outcomes.All(o => o.Complete) && _unlisted.Missing.Count == 0;
        return new(
            [
                .. outcomes,
                .. observed.Questions.Where(o => o.Complete),
                .. NoLongerRead(known, observed.Questions),
                new SourceOutcome(Sources.VaultEvents, isEveryObjectRead, 0),
            ],
            observed
                .Inventory.Resources.Concat(observed.Inventory.Subscriptions.Keys.Select(EarlierListings.SubscriptionId))
                .ToHashSet(StringComparer.Ordinal),
            _unlisted.Gone.Select(EarlierListings.SubscriptionId).ToHashSet(StringComparer.Ordinal)
        );
    }

    // What is not to be read any more leaves no gap: what a user owns whom no override names now, and the lists of a subscription that is
    // gone. No later run would read them, and their findings would stay open for ever.
    private IEnumerable<SourceOutcome> NoLongerRead(
        IReadOnlyDictionary<string, StoredFinding> known,
        IReadOnlyList<SourceOutcome> questions
    )
    {
        var now = questions.Select(o => o.Source).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return known
            .Values.Select(k => k.Finding.Detection.Source)
            .Where(s => Sources.IsOwned(s) && !now.Contains(s))
            .Concat(_unlisted.Gone.SelectMany(id => new[] { Sources.Resources(id), Sources.Permissions(id) }))
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .Select(s => new SourceOutcome(s, Complete: true, 0));
    }
}
