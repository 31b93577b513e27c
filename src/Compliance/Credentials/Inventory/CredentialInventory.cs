using System.Collections.Concurrent;
using System.Text.Json;
using Compliance.Findings;
using Compliance.Tenants;

namespace Compliance.Credentials.Inventory;

/// <summary>All sources of credentials, read side by side.</summary>
internal sealed class CredentialInventory(TenantConnection tenant, GraphCredentials graph, AzureCredentials azure, VaultCredentials vaults)
    : ICredentialInventory
{
    /// <inheritdoc/>
    public Task ReadAsync(IInventorySink sink, CancellationToken cancellationToken) =>
        Task.WhenAll(graph.ReadAsync(sink, cancellationToken), azure.ReadAsync(sink, cancellationToken));

    /// <inheritdoc/>
    public async Task ReadVaultObjectAsync(
        string vaultName,
        string collection,
        string objectName,
        IInventorySink sink,
        CancellationToken cancellationToken
    )
    {
        var source = $"keyvault/{vaultName}/{collection}/{objectName}";
        var vault = new Subject(SubjectTypes.Source, vaultName, $"vault {vaultName}");
        ResourceRow? row;
        try
        {
            row = await azure.FindVaultAsync(vaultName, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            sink.Read(ReadFailure.From(e, DeclaredCall.ResourceGraph, null, tenant.Options.ClientId).Outcome(source, 0, vault, null));
            return;
        }
        if (row is null)
        {
            sink.Read(
                new SourceOutcome(
                    source,
                    Complete: false,
                    0,
                    vault,
                    VaultObjectException.NotShown(vaultName),
                    "Reader",
                    DeclaredCall.ResourceGraph.Grant(null, tenant.Options.ClientId)
                )
            );
            return;
        }
        sink.SeenResource(row.Id);
        await vaults.ReadObjectAsync(row, collection, objectName, sink, cancellationToken);
    }
}

/// <summary>Reads the rotation policies of keys that are due.</summary>
internal sealed class RotationPolicies(TenantConnection tenant) : IRotationPolicies
{
    private const int SideBySide = 8;

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<string, RotationPolicyAnswer>> ReadAsync(
        IReadOnlyCollection<Credential> keys,
        CancellationToken cancellationToken
    )
    {
        var answers = new ConcurrentDictionary<string, RotationPolicyAnswer>(StringComparer.Ordinal);
        await Parallel.ForEachAsync(
            keys.DistinctBy(k => k.Subject.Id),
            new ParallelOptions { MaxDegreeOfParallelism = SideBySide, CancellationToken = cancellationToken },
            async (key, token) =>
            {
                try
                {
                    var id = new Uri(key.Subject.Id);
                    var vault = tenant.KnownVault(id.Host) ?? tenant.VaultAt(id);
                    using var policy = await VaultCredentials.GetAsync(
                        vault,
                        new Uri(vault.Address, $"{id.AbsolutePath}/rotationpolicy?api-version=7.6"),
                        token
                    );
                    answers[key.Subject.Id] = new RotationPolicyAnswer(Rotates(policy.RootElement), null);
                }
                catch (Azure.RequestFailedException e) when (e.Status == 404)
                {
                    answers[key.Subject.Id] = new RotationPolicyAnswer(false, null);
                }
                catch (Exception e) when (!token.IsCancellationRequested)
                {
                    var failure = ReadFailure.From(e, DeclaredCall.RotationPolicy, key.ResourceId, tenant.Options.ClientId);
                    answers[key.Subject.Id] = new RotationPolicyAnswer(null, failure.Reason, failure.Permission, failure.Remedy);
                }
            }
        );
        return answers;
    }

    // {"lifetimeActions":[{"trigger":{"timeAfterCreate":"P90D"},"action":{"type":"rotate"}},{"trigger":{"timeBeforeExpiry":"P30D"},
    // "action":{"type":"notify"}}]}
    private static bool Rotates(JsonElement policy) =>
        policy.TryGetProperty("lifetimeActions", out var actions)
        && actions.ValueKind == JsonValueKind.Array
        && actions
            .EnumerateArray()
            .Any(a =>
                a.TryGetProperty("action", out var action)
                && action.TryGetProperty("type", out var type)
                && string.Equals(type.GetString(), "rotate", StringComparison.OrdinalIgnoreCase)
            );
}

/// <summary>Asks Resource Manager whether a resource exists; not knowing is not gone.</summary>
internal sealed class ResourceLookup(TenantConnection tenant, ResourceManagerReader reader) : IResourceLookup
{
    /// <inheritdoc/>
    public async Task<ResourceAnswer> FindAsync(string resourceId, CancellationToken cancellationToken)
    {
        try
        {
            if (!await reader.ExistsAsync(resourceId, cancellationToken))
                return ResourceAnswer.Gone;
            var grant = DeclaredCall.Resource.Grant(resourceId, tenant.Options.ClientId);
            return new(true, "it exists", null, $"run the check again in some minutes, since Resource Graph lags; if it stays, {grant}");
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            var failure = ReadFailure.From(e, DeclaredCall.Resource, resourceId, tenant.Options.ClientId);
            return new(null, $"whether it was deleted could not be asked: {failure.Reason}", failure.Permission, failure.Remedy);
        }
    }
}

/// <summary>Says which tenant this is, and refuses to work on another than the settings name.</summary>
internal sealed class TenantIdentity(TenantConnection tenant) : ITenantIdentity
{
    /// <inheritdoc/>
    /// <exception cref="TenantSettingException">The sign-in belongs to another tenant than <c>Tenant:Id</c>.</exception>
    public async Task<(string Id, string? Name)> WhoAsync(CancellationToken cancellationToken)
    {
        string? id = null,
            name = null;
        try
        {
            var page = await tenant.Graph.Organization.GetAsync(r => r.QueryParameters.Select = ["id", "displayName"], cancellationToken);
            if (page?.Value is [var organization, ..])
                (id, name) = (organization.Id, organization.DisplayName);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // The name is a courtesy: a run without it still reads, and says what else it could not read.
        }
        return id is null || id.Equals(tenant.Options.Id, StringComparison.OrdinalIgnoreCase)
            ? (tenant.Options.Id, name)
            : throw new TenantSettingException(
                "Tenant:Id",
                $"is {tenant.Options.Id}, but the sign-in belongs to tenant {id}: findings would be kept under the wrong tenant"
            );
    }
}
