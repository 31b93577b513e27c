using Azure.Storage;
using Azure.Storage.Sas;

namespace Compliance.Minimization.Deletion;

/// <summary>
/// A proof for a batch to an emulator, which has keys and no Entra: a signature for one container, since Azurite takes no account's
/// signature for a container's batch.
/// </summary>
internal static class EmulatorProof
{
    // Half of all signatures have no plus sign.
    private const int MaxTries = 200;

    private static readonly TimeSpan ValidFor = TimeSpan.FromHours(1);
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(15);

    /// <summary>Makes one that is valid for an hour.</summary>
    /// <param name="key">The emulator's key.</param>
    /// <param name="container">The container.</param>
    /// <param name="now">When (UTC).</param>
    public static BatchProof Create(StorageSharedKeyCredential key, string container, DateTimeOffset now)
    {
        for (var i = 0; i < MaxTries; i++)
        {
            var builder = new BlobSasBuilder(BlobContainerSasPermissions.All, now + ValidFor + TimeSpan.FromSeconds(i))
            {
                BlobContainerName = container,
                Resource = "c",
                StartsOn = now - Skew,
            };
            var query = builder.ToSasQueryParameters(key).ToString();
            // Azurite decodes the outer request's query twice: of a plus sign it makes a space.
            if (!query.Contains("%2B", StringComparison.OrdinalIgnoreCase))
                return BatchProof.FromSignature(query);
        }
        throw new InvalidOperationException("no signature without a plus sign was found");
    }
}
