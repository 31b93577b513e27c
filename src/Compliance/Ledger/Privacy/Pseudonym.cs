using System.Security.Cryptography;

namespace Compliance.Ledger.Privacy;

/// <summary>
/// A person's pseudonym in the ledger. Random, so that without the blob that holds it the person cannot be known.
/// </summary>
/// <param name="Name"><c>p-</c> and 32 hex digits.</param>
/// <param name="Salt">16 random bytes that digests of the person's documents are made with.</param>
/// <param name="Id">Whom it stands for: the id of a case, or an object id.</param>
internal sealed record Pseudonym(string Name, byte[] Salt, string Id)
{
    /// <summary>Bytes of a salt.</summary>
    public const int SaltSize = 16;

    /// <summary>A new one.</summary>
    public static Pseudonym New(string id) =>
        new($"p-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16))}", RandomNumberGenerator.GetBytes(SaltSize), id);

    /// <summary>
    /// The digest of a document as a record shows it: SHA-256 over the salt and the document's own SHA-256. Whoever has document and salt
    /// can make it again; without the salt, guessing the document does not help.
    /// </summary>
    /// <param name="sha256">SHA-256 of the document, hex.</param>
    public string Digest(string sha256) => Convert.ToHexStringLower(SHA256.HashData([.. Salt, .. Convert.FromHexString(sha256)]));
}
