using System.Runtime.CompilerServices;
using System.Text.Json;
using Azure.Storage.Blobs;
using Compliance.Ledger.Format;

namespace ComplianceCli;

/// <summary>Reads the records of a small ledger as they are, for the demos: whether they verify is for <c>evidence verify</c>.</summary>
internal static class LedgerRecords
{
    /// <summary>Every record of every tenant.</summary>
    public static async IAsyncEnumerable<JsonElement> ReadAsync(
        string evidenceStorage,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var container = new BlobContainerClient(evidenceStorage, LedgerLayout.Container);
        await foreach (var blob in container.GetBlobsAsync(cancellationToken: cancellationToken))
        {
            if (!LedgerLayout.TryParseLog(blob.Name[(blob.Name.IndexOf('/', StringComparison.Ordinal) + 1)..], out _))
                continue;
            var content = await container.GetBlobClient(blob.Name).DownloadContentAsync(cancellationToken);
            foreach (var line in content.Value.Content.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries))
                yield return JsonSerializer.Deserialize<JsonElement>(line);
        }
    }
}
