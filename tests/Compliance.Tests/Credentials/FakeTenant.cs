using Compliance.Credentials;
using Compliance.Findings;

namespace Compliance.Tests.Credentials;

/// <summary>A tenant in memory, behind the ports of the credential check.</summary>
internal sealed class FakeTenant : ICredentialInventory, IOwnerDirectory, IRotationPolicies, IResourceLookup, ITenantIdentity
{
    public const string Id = "11111111-2222-3333-4444-555555555555";

    public string TenantId { get; set; } = Id;

    public List<Credential> Credentials { get; } = [];

    public Dictionary<string, string> Subscriptions { get; } = [];

    public List<string> Resources { get; } = [];

    /// <summary>Sources that answer 403.</summary>
    public HashSet<string> Refused { get; } = [];

    /// <summary>Resource ids that answer 404; all others refuse to answer.</summary>
    public HashSet<string> Gone { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Resource ids that were asked for, in order.</summary>
    public List<string> Asked { get; } = [];

    public Dictionary<string, OwnerAnswer> Owners { get; } = [];

    /// <summary>Why what a user owns cannot be read; null when it can.</summary>
    public string? OwnedUnread { get; set; }

    /// <summary>Why rotation policies cannot be read; null when they can.</summary>
    public string? RotationUnread { get; set; }

    /// <summary>Runs while the tenant is being read, for races.</summary>
    public Func<Task>? WhileReading { get; set; }

    public async Task ReadAsync(IInventorySink sink, CancellationToken cancellationToken)
    {
        if (WhileReading is { } act)
            await act();
        foreach (var (id, name) in Subscriptions)
            sink.SeenSubscription(id, name);
        foreach (var resource in Resources)
            sink.SeenResource(resource);
        var sources = new HashSet<string>(Credentials.Select(c => c.Source))
        {
            Sources.Applications,
            Sources.ServicePrincipals,
            Sources.Subscriptions,
        };
        sources.UnionWith(Subscriptions.Keys.Select(Sources.Resources));
        foreach (var source in sources)
            Read(sink, source, Credentials.Where(c => c.Source == source).ToList());
    }

    public Task ReadVaultObjectAsync(
        string vaultName,
        string collection,
        string objectName,
        IInventorySink sink,
        CancellationToken cancellationToken
    )
    {
        var vault = Resources.SingleOrDefault(r => r.EndsWith($"/vaults/{vaultName}", StringComparison.OrdinalIgnoreCase));
        if (vault is null)
        {
            sink.Read(
                new(
                    $"keyvault/{vaultName}/{collection}/{objectName}",
                    Complete: false,
                    0,
                    new(SubjectTypes.Source, vaultName, $"vault {vaultName}"),
                    VaultObjectException.NotShown(vaultName),
                    "Reader",
                    "grant it"
                )
            );
            return Task.CompletedTask;
        }
        sink.SeenResource(vault);
        var source = Sources.Vault(vault, collection);
        var found = Credentials
            .Where(c => c.Source == source && c.Subject.Id.EndsWith($"/{collection}/{objectName}", StringComparison.Ordinal))
            .ToList();
        if (!Refused.Contains(source))
            found.ForEach(sink.Observed);
        sink.Read(Outcome($"{source}/{objectName}", source, found.Count, vault));
        return Task.CompletedTask;
    }

    public Task<IReadOnlyDictionary<string, OwnerAnswer>> OwnersAsync(
        IReadOnlyCollection<Subject> subjects,
        CancellationToken cancellationToken
    ) =>
        Task.FromResult<IReadOnlyDictionary<string, OwnerAnswer>>(
            subjects.ToDictionary(s => s.Id, s => Owners.GetValueOrDefault(s.Id) ?? new OwnerAnswer([], null))
        );

    public Task<IReadOnlyDictionary<string, OwnerAnswer>> PeopleAsync(
        IReadOnlyCollection<string> addresses,
        CancellationToken cancellationToken
    ) =>
        Task.FromResult<IReadOnlyDictionary<string, OwnerAnswer>>(
            addresses.ToDictionary(a => a, a => Owners.GetValueOrDefault(a) ?? new OwnerAnswer([], null))
        );

    public Task<OwnedAnswer> OwnedByAsync(string address, CancellationToken cancellationToken) =>
        Task.FromResult(new OwnedAnswer(new HashSet<string>(), OwnedUnread));

    public Task<IReadOnlyDictionary<string, RotationPolicyAnswer>> ReadAsync(
        IReadOnlyCollection<Credential> keys,
        CancellationToken cancellationToken
    ) =>
        Task.FromResult<IReadOnlyDictionary<string, RotationPolicyAnswer>>(
            keys.ToDictionary(k => k.Subject.Id, _ => new RotationPolicyAnswer(RotationUnread is null ? false : null, RotationUnread))
        );

    public Task<ResourceAnswer> FindAsync(string resourceId, CancellationToken cancellationToken)
    {
        Asked.Add(resourceId);
        return Task.FromResult(
            Gone.Contains(resourceId)
                ? ResourceAnswer.Gone
                : new(null, "whether it was deleted could not be asked: 403, refused", "Reader", "grant Reader")
        );
    }

    public Task<(string Id, string? Name)> WhoAsync(CancellationToken cancellationToken) =>
        Task.FromResult<(string, string?)>((TenantId, "Test tenant"));

    private void Read(IInventorySink sink, string source, List<Credential> credentials)
    {
        if (!Refused.Contains(source))
            credentials.ForEach(sink.Observed);
        sink.Read(Outcome(source, source, credentials.Count, credentials.FirstOrDefault()?.ResourceId));
    }

    private SourceOutcome Outcome(string name, string source, long objects, string? resource) =>
        Refused.Contains(source)
            ? new SourceOutcome(
                name,
                false,
                0,
                new Subject(SubjectTypes.Source, source, source),
                "403 Forbidden",
                "Application.Read.All",
                "grant it",
                resource
            )
            : new SourceOutcome(name, true, objects, ResourceId: resource);
}
