using Azure;
using Azure.Core;
using Azure.Storage;
using Azure.Storage.Blobs;
using Compliance.Minimization.Deletion;
using Compliance.Storage;
using Compliance.Tenants;
using Microsoft.Extensions.Configuration;

namespace Compliance.Minimization.Inventory;

/// <summary>How the blobs of an account are reached.</summary>
/// <param name="Blobs">Its blob service.</param>
/// <param name="IsHierarchical">Whether it has directories: then it has no tags and no versions.</param>
/// <param name="ProofAsync">What a batch shows to be let in to a container.</param>
internal sealed record AccountBlobs(
    BlobServiceClient Blobs,
    bool IsHierarchical,
    Func<string, CancellationToken, ValueTask<BatchProof>> ProofAsync
);

/// <summary>Reaches accounts by their names.</summary>
internal interface IAccountBlobs
{
    /// <summary>The account.</summary>
    /// <exception cref="RequestFailedException">404: no account of this name is among those that this app watches.</exception>
    Task<AccountBlobs> OpenAsync(string account, CancellationToken cancellationToken);
}

/// <summary>
/// Opens the accounts of the inventory with the app's own identity. On a laptop, accounts whose data is on an emulator are opened with the
/// connection string of setting <c>Minimization:Accounts:{name}</c>, which only a loopback address may have.
/// </summary>
internal sealed class AccountDirectory : IAccountBlobs, IDisposable
{
    /// <summary>Section of the settings with an emulator's connection string for each account.</summary>
    public const string Section = "Minimization:Accounts";

    /// <summary>
    /// Error code of an account that has no blob service, or is one of a sandbox tenant without data: nothing is asked of the real service
    /// about those.
    /// </summary>
    public const string NoBlobs = "NoBlobService";

    private const string Scope = "https://storage.azure.com/.default";

    private static readonly TimeSpan KnownFor = TimeSpan.FromMinutes(30);

    private readonly StorageInventory _inventory;
    private readonly TenantConnection _tenant;
    private readonly TimeProvider _time;
    private readonly Dictionary<string, string> _emulated;
    private readonly SemaphoreSlim _oneAtATime = new(1);
    private (StorageRead Read, DateTimeOffset At)? _known;

    public AccountDirectory(StorageInventory inventory, TenantConnection tenant, IConfiguration configuration, TimeProvider time)
    {
        (_inventory, _tenant, _time) = (inventory, tenant, time);
        _emulated = Emulated(configuration);
    }

    /// <summary>The accounts, read afresh.</summary>
    public async Task<StorageRead> ReadAsync(CancellationToken cancellationToken)
    {
        var read = await _inventory.ReadAsync(cancellationToken);
        _known = (read, _time.GetUtcNow());
        return read;
    }

    /// <inheritdoc/>
    public async Task<AccountBlobs> OpenAsync(string account, CancellationToken cancellationToken)
    {
        var read = await KnownAsync(cancellationToken);
        if (read.Accounts.GetValueOrDefault(account) is not { } facts)
            throw new RequestFailedException(404, $"no storage account {account} is shown to this app", "ResourceNotFound", null);
        if (_emulated.TryGetValue(account, out var connection))
            return Emulator(connection, facts);
        if (facts.BlobEndpoint is null || _tenant.Options.PinnedThumbprint is not null)
            throw new RequestFailedException(404, $"storage account {account} has no blob service", NoBlobs, null);
        return new(new(facts.BlobEndpoint, _tenant.Credential, Options()), facts.IsHierarchical, (_, stop) => TokenAsync(stop));
    }

    /// <inheritdoc/>
    public void Dispose() => _oneAtATime.Dispose();

    private async Task<StorageRead> KnownAsync(CancellationToken cancellationToken)
    {
        if (_known is var (known, at) && _time.GetUtcNow() - at < KnownFor)
            return known;
        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            return _known is var (read, since) && _time.GetUtcNow() - since < KnownFor ? read : await ReadAsync(cancellationToken);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    private async ValueTask<BatchProof> TokenAsync(CancellationToken cancellationToken) =>
        BatchProof.FromToken((await _tenant.Credential.GetTokenAsync(new TokenRequestContext([Scope]), cancellationToken)).Token);

    private static AccountBlobs Emulator(string connection, StorageAccountFacts facts)
    {
        var values = Values(connection);
        var key = new StorageSharedKeyCredential(values["AccountName"], values["AccountKey"]);
        return new(
            new(connection, Options()),
            facts.IsHierarchical,
            (container, _) => ValueTask.FromResult(EmulatorProof.Create(key, container, TimeProvider.System.GetUtcNow()))
        );
    }

    private static BlobClientOptions Options() =>
        new() { RetryPolicy = new BoundedRetry(retries: 4, TimeSpan.FromMilliseconds(200), longest: TimeSpan.FromSeconds(10)) };

    private static Dictionary<string, string> Emulated(IConfiguration configuration)
    {
        var accounts = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var setting in configuration.GetSection(Section).GetChildren())
        {
            var values = Values(setting.Value ?? "");
            if (
                !values.TryGetValue("BlobEndpoint", out var endpoint)
                || !Uri.TryCreate(endpoint, UriKind.Absolute, out var uri)
                || !uri.IsLoopback
                || !values.ContainsKey("AccountKey")
                || !values.ContainsKey("AccountName")
            )
                throw new StateSettingException(
                    $"{Section}:{setting.Key}",
                    "is for the data of an emulator alone: give a connection string whose BlobEndpoint is a loopback address, or leave it "
                        + "out, and the app's own identity is used"
                );
            accounts[setting.Key] = setting.Value!;
        }
        return accounts;
    }

    private static Dictionary<string, string> Values(string connection) =>
        connection
            .Split(';', StringSplitOptions.RemoveEmptyEntries)
            .Select(p => p.Split('=', 2))
            .Where(p => p.Length == 2)
            .GroupBy(p => p[0].Trim(), StringComparer.OrdinalIgnoreCase)
            .ToDictionary(g => g.Key, g => g.First()[1].Trim(), StringComparer.OrdinalIgnoreCase);
}
