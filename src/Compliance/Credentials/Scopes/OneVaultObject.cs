using Compliance.Findings;

namespace Compliance.Credentials;

/// <summary>One object in a vault, after an event or by hand: its own findings, and that of the event.</summary>
internal sealed class OneVaultObject(VaultObjectEvent changed) : ICheckScope
{
    private static readonly HashSet<string> NoResources = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public string Step => "recheck";

    /// <inheritdoc/>
    public string Actor => $"KeyVaultEvent ({changed.EventType})";

    /// <inheritdoc/>
    public string CorrelationId => Observability.CorrelationId.Current(changed.RunId);

    /// <summary>Why the object was not judged; null when it was.</summary>
    public VaultObjectException? Problem { get; private set; }

    private bool IsByHand => changed.EventType == VaultObjectEvent.ByHand;

    /// <inheritdoc/>
    public Task BeginAsync(string tenantId, RunStamp run, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    /// <exception cref="VaultObjectException">Somebody named a vault that is not shown to this app.</exception>
    public async Task ReadAsync(ICredentialInventory inventory, RunInventory into, CancellationToken cancellationToken)
    {
        await inventory.ReadVaultObjectAsync(changed.Vault, changed.Collection, changed.ObjectName, into, cancellationToken);
        // By hand a name may be mistyped: whoever asks gets the answer, and nothing is kept of it.
        if (IsByHand && IsVaultUnknown(into))
        {
            throw new VaultObjectException(
                $"{changed.Collection}/{changed.ObjectName} was not read: {VaultObjectException.NotShown(changed.Vault)}",
                isUnknown: true
            );
        }
    }

    /// <inheritdoc/>
    public Task<ScopeResult> JudgeAsync(
        CredentialObservation observed,
        IReadOnlyDictionary<string, StoredFinding> known,
        CancellationToken cancellationToken
    )
    {
        var read = observed.Inventory.Outcomes;
        // As in the check of everything: a question about the object that was refused is a source that was not read.
        IReadOnlyList<SourceOutcome> outcomes = [.. read, .. observed.Unanswered];
        var isComplete = read.Count > 0 && outcomes.All(o => o.Complete);
        var detections = observed.Found;
        if (!isComplete)
        {
            var unread = outcomes.FirstOrDefault(o => !o.Complete);
            var why = Why(read, unread);
            Problem = new(why, IsVaultUnknown(observed.Inventory));
            // The message may end in poison: a finding of its own keeps the event, until the object was read by a later attempt or by the
            // check of everything.
            detections =
            [
                .. detections,
                observed.Builder.VaultEvent(
                    changed.RunId,
                    $"After {changed.EventType}, {why}.",
                    unread?.Remedy ?? $"Check that this app's identity may see vault {changed.Vault}"
                ),
            ];
        }
        return Task.FromResult(
            new ScopeResult
            {
                Outcomes = outcomes,
                Detections = detections,
                Coverage = Covers(read, isComplete),
                IsComplete = isComplete,
                Concerns = Concerns(read.Select(o => o.ResourceId).FirstOrDefault(id => id is not null)),
            }
        );
    }

    /// <inheritdoc/>
    public Task<ResourceState> StateOfAsync(string resourceId, CredentialObservation observed, CancellationToken cancellationToken) =>
        Task.FromResult(new ResourceState(false, null));

    /// <summary>Whether somebody named an object that does not exist.</summary>
    public bool IsUnknown(CheckedScope done) =>
        IsByHand && done.Findings.Count == 0 && done.Observed.Inventory.Outcomes.All(o => o.Objects == 0);

    private bool IsVaultUnknown(RunInventory read) => read.Outcomes.Any(o => o.Reason == VaultObjectException.NotShown(changed.Vault));

    private string Why(IReadOnlyList<SourceOutcome> read, SourceOutcome? unread)
    {
        var isRead = read.Count > 0 && read.All(o => o.Complete);
        return $"{changed.Collection}/{changed.ObjectName} in vault {changed.Vault} "
            + (isRead ? $"was read, but not {unread?.Subject?.Name}" : "could not be read")
            + $": {unread?.Reason ?? "the vault was not found"}";
    }

    // The object's outcome speaks for its whole collection here, because only this object's findings are concerned.
    private Coverage Covers(IReadOnlyList<SourceOutcome> read, bool isComplete) =>
        new(
            [
                .. read.Select(o => o.ResourceId is { } vault ? o with { Source = Sources.Vault(vault, changed.Collection) } : o),
                new SourceOutcome(Sources.VaultEvents, isComplete, 1),
            ],
            read.Select(o => o.ResourceId?.ToLowerInvariant()).OfType<string>().ToHashSet(StringComparer.Ordinal),
            NoResources
        );

    private Func<Finding, bool> Concerns(string? vault) =>
        finding =>
            (finding.Detection.Source == Sources.VaultEvents && finding.Detection.Part == changed.RunId)
            || (
                vault is not null
                && string.Equals(finding.Detection.ResourceId, vault, StringComparison.OrdinalIgnoreCase)
                && VaultObjectAddress.Parse(finding.Detection.Subject.Id) is { } address
                && address.Collection.Equals(changed.Collection, StringComparison.OrdinalIgnoreCase)
                && address.Name.Equals(changed.ObjectName, StringComparison.OrdinalIgnoreCase)
            );
}
