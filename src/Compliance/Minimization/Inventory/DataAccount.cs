using Azure.Storage.Blobs;
using Compliance.Minimization.Deletion;

namespace Compliance.Minimization.Inventory;

/// <summary>The blob service of one account, opened.</summary>
/// <param name="account">The account's name.</param>
/// <param name="blobs">Its blob service.</param>
/// <param name="prove">Makes what a sub-request of a batch shows.</param>
internal sealed class DataAccount(string account, BlobServiceClient blobs, Func<string, CancellationToken, ValueTask<BatchProof>> prove)
{
    /// <summary>The account's name.</summary>
    public string Account { get; } = account;

    /// <summary>Its blob service.</summary>
    public BlobServiceClient Blobs { get; } = blobs;

    /// <summary>
    /// What each sub-request of a container's batch shows to be let in, and the batch itself: valid for some minutes at least, so ask for
    /// it before every batch.
    /// </summary>
    /// <param name="container">The container. In an emulator the proof is good for it alone.</param>
    /// <param name="cancellationToken">Ends the sign-in.</param>
    /// <exception cref="Azure.Identity.AuthenticationFailedException">The identity was given no token.</exception>
    public ValueTask<BatchProof> ProofAsync(string container, CancellationToken cancellationToken) => prove(container, cancellationToken);

    /// <summary>Account and address.</summary>
    public override string ToString() => $"{Account} at {Blobs.Uri.Host}";
}
