using System.Collections.Concurrent;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Compliance.Text;

namespace Compliance.Storage;

/// <summary>
/// The clients of both storage accounts. Least roles on the state account: Storage Blob Data Owner (the Functions host's own need), Storage
/// Queue Data Contributor, Storage Table Data Contributor; on the evidence account: Storage Blob Data Contributor.
/// </summary>
internal sealed class StateStorage
{
    private readonly ConcurrentDictionary<string, bool> _made = new(StringComparer.Ordinal);
    private readonly StorageOptions _options;

    /// <summary>Makes the clients; nothing is asked of the services yet.</summary>
    /// <param name="options">The accounts.</param>
    /// <param name="transport">How requests travel; null for the SDK's own way.</param>
    /// <param name="retryDelay">First delay between retries; null for 200 ms.</param>
    public StateStorage(StorageOptions options, HttpPipelineTransport? transport = null, TimeSpan? retryDelay = null)
    {
        _options = options;
        Transport = transport;
        var (state, evidence) = (options.State, options.Evidence);
        var delay = retryDelay ?? TimeSpan.FromMilliseconds(200);
        var queues = Bounded(new QueueClientOptions { MessageEncoding = JsonMessage.Encoding }, transport, delay);
        var tables = Bounded(new TableClientOptions(), transport, delay);
        Blobs = BlobsOf(state, transport, delay);
        Evidence = BlobsOf(evidence, transport, delay);
        Queues = state.ConnectionString is { } c1
            ? new(c1, queues)
            : new(state.Addresses[StorageAccount.QueueUri], CredentialOf(state), queues);
        Tables = state.ConnectionString is { } c2
            ? new(c2, tables)
            : new(state.Addresses[StorageAccount.TableUri], CredentialOf(state), tables);
    }

    /// <summary>How requests travel; null for the SDK's own way.</summary>
    public HttpPipelineTransport? Transport { get; }

    /// <summary>Documents.</summary>
    public BlobServiceClient Blobs { get; }

    /// <summary>Work.</summary>
    public QueueServiceClient Queues { get; }

    /// <summary>State.</summary>
    public TableServiceClient Tables { get; }

    /// <summary>The evidence account.</summary>
    public BlobServiceClient Evidence { get; }

    /// <summary>The table, made when it is missing; asked once in this process.</summary>
    /// <exception cref="RequestFailedException">Storage cannot be reached or refuses us; the text names the setting and what to
    /// do.</exception>
    public async Task<TableClient> TableAsync(string name, CancellationToken cancellationToken)
    {
        var table = Tables.GetTableClient(name);
        await OnceAsync(
            _options.State,
            "table service",
            "Storage Table Data Contributor",
            Tables.Uri,
            name,
            () => table.CreateIfNotExistsAsync(cancellationToken)
        );
        return table;
    }

    /// <summary>The container of the evidence account, made when it is missing; asked once in this process.</summary>
    /// <inheritdoc cref="TableAsync" path="/exception"/>
    public async Task<BlobContainerClient> EvidenceContainerAsync(string name, CancellationToken cancellationToken)
    {
        var container = Evidence.GetBlobContainerClient(name);
        await OnceAsync(
            _options.Evidence,
            "blob service",
            "Storage Blob Data Contributor",
            Evidence.Uri,
            name,
            () => container.CreateIfNotExistsAsync(cancellationToken: cancellationToken)
        );
        return container;
    }

    /// <summary>The kind of credential an account is opened with; null with a connection string.</summary>
    internal static TokenCredential? CredentialOf(StorageAccount account) =>
        account switch
        {
            { ConnectionString: not null } => null,
            { ManagedIdentity: false } => new AzureCliCredential(),
            { ClientId: { } id } => new ManagedIdentityCredential(ManagedIdentityId.FromUserAssignedClientId(id)),
            _ => new ManagedIdentityCredential(ManagedIdentityId.SystemAssigned),
        };

    private async Task OnceAsync(StorageAccount account, string service, string role, Uri endpoint, string name, Func<Task> make)
    {
        var key = $"{endpoint}|{name}";
        if (_made.ContainsKey(key))
            return;
        try
        {
            await make();
        }
        catch (Exception e) when (e is RequestFailedException or AuthenticationFailedException or AggregateException)
        {
            throw Explained(account, service, role, endpoint, e);
        }
        _made[key] = true;
    }

    private static RequestFailedException Explained(StorageAccount account, string service, string role, Uri endpoint, Exception e)
    {
        // Several tries that got no answer come as one AggregateException.
        var failure =
            e as RequestFailedException ?? (e as AggregateException)?.InnerExceptions.OfType<RequestFailedException>().LastOrDefault();
        var where = $"{account.Key}: the {service} at {endpoint.Host}:{endpoint.Port}";
        var text = (e, failure?.Status) switch
        {
            (AuthenticationFailedException, _) when account.ManagedIdentity =>
                $"{where} needs a sign-in, and the managed identity gave none",
            (AuthenticationFailedException, _) => $"{where} needs a sign-in: run `az login`",
            (_, 401) => $"{where} does not accept this sign-in or key (401 {failure!.ErrorCode})",
            (_, 403) =>
                $"{where} refuses us (403 {failure!.ErrorCode}): grant the identity the role {role} on the account, and let this network "
                    + "through its firewall",
            (_, > 0) => $"{where} failed ({failure!.Status} {failure.ErrorCode})",
            _ => $"{where} did not answer: is it running, and is the address right?",
        };
        return new(failure?.Status ?? 0, text, failure?.ErrorCode, e);
    }

    private static BlobServiceClient BlobsOf(StorageAccount account, HttpPipelineTransport? transport, TimeSpan delay)
    {
        var options = Bounded(new BlobClientOptions(), transport, delay);
        return account.ConnectionString is { } connection
            ? new(connection, options)
            : new(account.Addresses[StorageAccount.BlobUri], CredentialOf(account), options);
    }

    private static T Bounded<T>(T options, HttpPipelineTransport? transport, TimeSpan delay)
        where T : ClientOptions
    {
        options.RetryPolicy = new BoundedRetry(retries: 3, delay, longest: TimeSpan.FromSeconds(5));
        options.Retry.NetworkTimeout = TimeSpan.FromSeconds(30);
        if (transport is not null)
            options.Transport = transport;
        return options;
    }
}
