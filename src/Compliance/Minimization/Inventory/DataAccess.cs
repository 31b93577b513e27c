using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Azure.Storage.Sas;
using Compliance.Minimization.Deletion;
using Compliance.Storage;
using Compliance.Tenants;

namespace Compliance.Minimization.Inventory;

/// <summary>Opens the data of storage accounts: in Azure with the app's own identity, in an emulator with its key.</summary>
/// <param name="tenant">The app's identity.</param>
/// <param name="options">Accounts that are in an emulator.</param>
/// <param name="time">Null for the real clock: the emulator judges signatures by it, whatever clock the app was given.</param>
/// <param name="transport">How requests travel; null for the SDK's own way.</param>
/// <param name="retryDelay">First delay between retries; null for 200 ms.</param>
internal sealed class DataAccess(
    TenantConnection tenant,
    DataAccountOptions options,
    TimeProvider? time = null,
    HttpPipelineTransport? transport = null,
    TimeSpan? retryDelay = null
)
{
    /// <summary>What a token has to be for.</summary>
    public const string Scope = "https://storage.azure.com/.default";

    /// <summary>How long a signature is good.</summary>
    public static readonly TimeSpan SignatureLife = TimeSpan.FromHours(1);

    /// <summary>By how much clocks may differ.</summary>
    public static readonly TimeSpan Skew = TimeSpan.FromMinutes(15);

    // The public cloud, its accounts in a DNS zone, China and the United States' government.
    private static readonly string[] Suffixes =
    [
        ".blob.core.windows.net",
        ".blob.storage.azure.net",
        ".blob.core.chinacloudapi.cn",
        ".blob.core.usgovcloudapi.net",
    ];

    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>Opens an account; nothing is sent.</summary>
    /// <param name="account">What Resource Manager shows of it.</param>
    /// <param name="unread">Why its data cannot be read; null when it can.</param>
    /// <returns>Null when its data cannot be read.</returns>
    public DataAccount? Open(StorageAccountFacts account, out Unread? unread)
    {
        unread = null;
        if (options.ConnectionOf(account.Name) is { } connection)
            return InEmulator(account.Name, new BlobServiceClient(connection, Bounded()));
        if (tenant.Options.PinnedThumbprint is not null)
            unread = Closed(
                account,
                "the tenant is a sandbox, which has no data of its own, and no emulator is named for this account",
                $"give the setting {DataAccountOptions.Section}:{account.Name} the connection string of an emulator (Azurite)"
            );
        else if (account.BlobEndpoint is not { } endpoint || !IsOf(account.Name, endpoint))
            // The app's token is sent there.
            unread = Closed(
                account,
                account.BlobEndpoint is { Host: var host } ? $"{host} is not the address of its blob service" : "it has no blob service",
                "nothing was sent; report the address to whoever runs the account"
            );
        else
            return new DataAccount(account.Name, new BlobServiceClient(endpoint, tenant.Credential, Bounded()), TokenAsync);
        return null;
    }

    private static Unread Closed(StorageAccountFacts account, string reason, string remedy) =>
        new($"blob/{account.Name}", account.Id, reason, null, remedy);

    private static bool IsOf(string account, Uri endpoint) =>
        endpoint.Scheme == Uri.UriSchemeHttps
        && endpoint.IsDefaultPort
        && endpoint.Host.StartsWith(account + ".", StringComparison.OrdinalIgnoreCase)
        && Array.Exists(Suffixes, s => endpoint.Host.EndsWith(s, StringComparison.OrdinalIgnoreCase));

    // Of a container: Azurite lets no signature of an account into a container's batch. Nothing in it writes content.
    private DataAccount InEmulator(string account, BlobServiceClient blobs) =>
        new(
            account,
            blobs,
            (container, _) =>
            {
                const BlobContainerSasPermissions Sweep =
                    BlobContainerSasPermissions.Read
                    | BlobContainerSasPermissions.List
                    | BlobContainerSasPermissions.Delete
                    | BlobContainerSasPermissions.DeleteBlobVersion
                    | BlobContainerSasPermissions.Tag;
                var now = _time.GetUtcNow();
                var builder = new BlobSasBuilder(Sweep, now + SignatureLife) { BlobContainerName = container, StartsOn = now - Skew };
                var signed = blobs.GetBlobContainerClient(container).GenerateSasUri(builder);
                return ValueTask.FromResult(BatchProof.FromSignature(signed.Query));
            }
        );

    private async ValueTask<BatchProof> TokenAsync(string container, CancellationToken cancellationToken) =>
        BatchProof.FromToken((await tenant.Credential.GetTokenAsync(new TokenRequestContext([Scope]), cancellationToken)).Token);

    private BlobClientOptions Bounded()
    {
        var bounded = new BlobClientOptions
        {
            RetryPolicy = new BoundedRetry(retries: 5, retryDelay ?? TimeSpan.FromMilliseconds(200), longest: TimeSpan.FromSeconds(30)),
        };
        bounded.Retry.NetworkTimeout = TimeSpan.FromSeconds(100);
        if (transport is not null)
            bounded.Transport = transport;
        return bounded;
    }
}
