using System.Globalization;

namespace Compliance.Ledger.Format;

/// <summary>
/// What a log was at a moment, C2SP tlog-checkpoint: the text of the note that the log signs. One line each, no line empty:
/// <code>
/// example.com/ledger
/// 42
/// XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=
/// </code>
/// Two checkpoints are equal when their texts are.
/// </summary>
/// <param name="Origin">Which log: a name of its own among all logs, not empty.</param>
/// <param name="Size">How many leaves its tree had.</param>
/// <param name="Root">The tree's root, <see cref="MerkleHash.Size"/> bytes.</param>
/// <param name="Extensions">Further lines, not empty; C2SP advises against any.</param>
internal sealed record Checkpoint(string Origin, long Size, byte[] Root, IReadOnlyList<string> Extensions)
{
    /// <summary>Reads a checkpoint's text, in its one spelling.</summary>
    /// <param name="text">The text of a note (<see cref="SignedNote.Text"/>), without the signatures; anything may stand here.</param>
    /// <exception cref="LedgerFormatException">It is no checkpoint.</exception>
    public static Checkpoint Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length > SignedNote.MaxBytes)
            throw new LedgerFormatException($"a checkpoint has {SignedNote.MaxBytes} bytes at most", SignedNote.MaxBytes);
        _ = NoteSyntax.Bytes(text);
        if (!text.EndsWith('\n'))
            throw new LedgerFormatException("a checkpoint ends with a newline", NoteSyntax.Offset(text, text.Length));
        var lines = text[..^1].Split('\n');
        if (Array.FindIndex(lines, l => l.Length == 0) is >= 0 and var empty)
            throw new LedgerFormatException("a checkpoint has no empty line", Begin(lines, empty));
        if (lines.Length < 3)
            throw new LedgerFormatException(
                $"a checkpoint has an origin, a size and a root, each on its line; here are {lines.Length}",
                NoteSyntax.Offset(text, text.Length)
            );
        if (!long.TryParse(lines[1], NumberStyles.None, CultureInfo.InvariantCulture, out var size) || SizeText(size) != lines[1])
            throw new LedgerFormatException(
                $"the size is a decimal number without leading zeros, {long.MaxValue} at most",
                Begin(lines, 1)
            );
        if (!NoteSyntax.TryBase64(lines[2], out var root) || root.Length != MerkleHash.Size)
            throw new LedgerFormatException($"the root is base64 of {MerkleHash.Size} bytes", Begin(lines, 2));
        return new(lines[0], size, root, lines[3..]);
    }

    /// <summary>The checkpoint's text: what <see cref="Parse"/> reads as this checkpoint.</summary>
    /// <exception cref="LedgerFormatException">No checkpoint can have such parts.</exception>
    public string Format()
    {
        var text = string.Concat(
            ((string[])[Origin, SizeText(Size), Convert.ToBase64String(Root), .. Extensions]).Select(line => line + '\n')
        );
        // One set of rules, for reading and for writing. A newline within a part would make two of it.
        if (!Same(Parse(text)))
            throw new LedgerFormatException("the checkpoint would be read with other parts", 0);
        return text;
    }

    /// <inheritdoc/>
    public bool Equals(Checkpoint? other) => other is not null && Same(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Origin, Size, Convert.ToBase64String(Root));

    private bool Same(Checkpoint other) =>
        Origin == other.Origin
        && Size == other.Size
        && Root.AsSpan().SequenceEqual(other.Root)
        && Extensions.SequenceEqual(other.Extensions);

    private static string SizeText(long size) => size.ToString(CultureInfo.InvariantCulture);

    private static long Begin(string[] lines, int line) => lines.Take(line).Sum(l => NoteSyntax.Offset(l, l.Length) + 1);
}
