namespace Compliance.Ledger.Format;

/// <summary>A private key that signs notes, wherever it is kept.</summary>
internal interface INoteSigner
{
    /// <summary>What the key is called in the notes.</summary>
    string Name { get; }

    /// <summary>The key's id, see <see cref="NoteKey.Id"/>.</summary>
    uint KeyId { get; }

    /// <summary>Signs a note's text.</summary>
    /// <param name="text">The text in UTF-8, with its last newline.</param>
    /// <param name="cancellationToken">Stops the signing.</param>
    /// <returns>The signature as <see cref="NoteKey.Verify"/> takes it: ECDSA over SHA-256 of the text, ASN.1 DER, without the key's
    /// id.</returns>
    Task<byte[]> SignAsync(byte[] text, CancellationToken cancellationToken);
}
