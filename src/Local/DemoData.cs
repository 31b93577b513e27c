using System.Globalization;
using System.Text;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using SandboxTenant.Demo;

namespace Local;

/// <summary>Puts the demo tenant's data into its storage accounts, once for a state folder.</summary>
internal static class DemoData
{
    private const int SideBySide = 8;
    private const string Lease = "0e0c5b6e-3d1c-4b0e-8a53-0b6f0c2d3e17";

    /// <summary>Does it, unless it was done before: what was deleted since then does not come back.</summary>
    /// <param name="connections">Connection strings of the accounts, by name.</param>
    /// <param name="now">What the data's dates are counted back from.</param>
    /// <param name="done">The file that is there once it was done.</param>
    /// <param name="cancellationToken">Ends it; the next start goes on.</param>
    /// <returns>How many blobs there are; null when it was done before.</returns>
    public static async Task<int?> SeedAsync(
        IReadOnlyDictionary<string, string> connections,
        DateTimeOffset now,
        string done,
        CancellationToken cancellationToken
    )
    {
        if (File.Exists(done))
            return null;
        var clients = DemoStorage.Accounts.ToDictionary(a => a.Name, a => new BlobServiceClient(connections[a.Name]));
        foreach (var account in DemoStorage.Accounts)
            foreach (var container in account.Containers)
                await clients[account.Name].GetBlobContainerClient(container).CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        var blobs = DemoBlobs.All(now).ToList();
        await Parallel.ForEachAsync(
            blobs,
            new ParallelOptions { MaxDegreeOfParallelism = SideBySide, CancellationToken = cancellationToken },
            async (blob, token) => await UploadAsync(clients[blob.Account].GetBlobContainerClient(blob.Container), blob, token)
        );
        await File.WriteAllTextAsync(done, now.ToString("O", CultureInfo.InvariantCulture), cancellationToken);
        return blobs.Count;
    }

    private static async ValueTask UploadAsync(BlobContainerClient container, DemoBlob blob, CancellationToken cancellationToken)
    {
        var client = container.GetBlobClient(blob.Name);
        try
        {
            await client.UploadAsync(
                new BinaryData(Content(blob)),
                new BlobUploadOptions
                {
                    Metadata = new Dictionary<string, string>(blob.Metadata),
                    Tags = blob.Tags.Count > 0 ? new Dictionary<string, string>(blob.Tags) : null,
                    Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
                },
                cancellationToken
            );
        }
        catch (RequestFailedException e) when (e.Status == 409)
        {
            // An earlier start was interrupted.
            return;
        }
        for (var i = 0; i < blob.Snapshots; i++)
            await client.CreateSnapshotAsync(cancellationToken: cancellationToken);
        if (blob.IsLeased)
            await client
                .GetBlobLeaseClient(Lease)
                .AcquireAsync(BlobLeaseClient.InfiniteLeaseDuration, cancellationToken: cancellationToken);
    }

    // Some lines, more for some than for others, so that sizes differ.
    private static byte[] Content(DemoBlob blob)
    {
        var text = new StringBuilder();
        for (var line = 0; line <= blob.Name.Length % 7; line++)
            text.Append(CultureInfo.InvariantCulture, $"{{\"blob\":\"{blob.Name}\",\"line\":{line},\"text\":\"made up for the demo\"}}\n");
        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
