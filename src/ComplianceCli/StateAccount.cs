using Azure;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Compliance.Text;

namespace ComplianceCli;

/// <summary>The state account: the one of the connection, or the one that an address names, opened as the Azure CLI's user.</summary>
/// <param name="Queues">Its queues.</param>
/// <param name="Blobs">Its blobs.</param>
internal sealed record StateAccount(QueueServiceClient Queues, BlobServiceClient Blobs)
{
    private const int Retries = 1;
    private static readonly TimeSpan NetworkTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Makes the clients; nothing is asked of the services yet.</summary>
    /// <param name="queueService">Address of the queue service, for example <c>https://ACCOUNT.queue.core.windows.net</c>; null for the
    /// connection's account.</param>
    /// <param name="connect">Gives the connection.</param>
    /// <exception cref="CliException">The address or the connection names no state account.</exception>
    public static StateAccount Open(Uri? queueService, Func<Connection> connect)
    {
        // Somebody waits: storage that is not there is named within seconds.
        var queues = new QueueClientOptions
        {
            MessageEncoding = JsonMessage.Encoding,
            Retry = { MaxRetries = Retries, NetworkTimeout = NetworkTimeout },
        };
        var blobs = new BlobClientOptions { Retry = { MaxRetries = Retries, NetworkTimeout = NetworkTimeout } };
        if (queueService is not null)
        {
            var host = queueService.Host.Replace(".queue.", ".blob.", StringComparison.Ordinal);
            var sibling = new UriBuilder(queueService) { Host = host }.Uri;
            var credential = new AzureCliCredential();
            return new(new(queueService, credential, queues), new(sibling, credential, blobs));
        }
        var state =
            connect().StateStorage
            ?? throw new CliException(
                "the connection names no state account: name the file that ./scripts/run wrote with --connection, without --app"
            );
        try
        {
            return new(new(state, queues), new(state, blobs));
        }
        catch (Exception e) when (e is FormatException or ArgumentException or InvalidOperationException)
        {
            // The parser's own text may quote the key: it is not passed on.
            throw new CliException("the connection's stateStorage is no connection string of a storage account");
        }
    }

    /// <summary>Whether storage, and not this program, failed.</summary>
    public static bool IsFailure(Exception e) => e is RequestFailedException or AggregateException or AuthenticationFailedException;

    /// <summary>That it failed and why, in words; nothing of a key.</summary>
    public static string Failed(Exception e) => $"the state account did not answer as it should ({Reason(e)})";

    private static string Reason(Exception e) =>
        e switch
        {
            RequestFailedException { Status: 403 } refused =>
                $"403 {refused.ErrorCode}: it takes Storage Queue Data Contributor, for dead letters also Storage Blob Data Contributor",
            RequestFailedException { Status: > 0 } refused => $"{refused.Status} {refused.ErrorCode}",
            AuthenticationFailedException => "no sign-in: run az login",
            _ => "no answer: is the address right, and is ./scripts/run running?",
        };
}
