namespace Compliance.Ledger.Format;

/// <summary>
/// Bytes or text of the ledger (a bundle, a tile, a note, a checkpoint, a key) do not have the form they must have. Nothing of them was
/// taken.
/// </summary>
/// <param name="problem">What is wrong and what was expected; the byte offset is added to it.</param>
/// <param name="offset">Where: a byte offset from the start of what was read (of text: of its UTF-8).</param>
/// <param name="inner">What found it, if another part did.</param>
internal sealed class LedgerFormatException(string problem, long offset, Exception? inner = null)
    : Exception($"{problem} (at byte {offset})", inner)
{
    /// <summary>The byte offset from the start of what was read.</summary>
    public long Offset { get; } = offset;
}
