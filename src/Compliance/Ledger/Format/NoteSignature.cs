namespace Compliance.Ledger.Format;

/// <summary>One signature line of a note, not verified by itself.</summary>
/// <param name="Name">What the key is said to be called.</param>
/// <param name="KeyId">The id it is said to have, see <see cref="NoteKey.Id"/>.</param>
/// <param name="Signature">The signature without the id, at least one byte.</param>
internal sealed record NoteSignature(string Name, uint KeyId, byte[] Signature);
