using System.Buffers.Binary;

namespace Compliance.Ledger.Format;

/// <summary>Goes through a bundle entry by entry, see <see cref="EntryBundle"/>. Never looks beyond the bytes it was given.</summary>
/// <param name="bundle">The bundle's bytes.</param>
internal ref struct EntryBundleReader(ReadOnlySpan<byte> bundle)
{
    private readonly ReadOnlySpan<byte> _bundle = bundle;

    /// <summary>Where the next entry's length begins: the bytes read so far.</summary>
    public int Offset { get; private set; }

    /// <summary>Reads the next entry.</summary>
    /// <param name="entry">Its bytes: a part of the bundle, not a copy.</param>
    /// <returns>Whether there was one; <c>false</c> exactly at the bundle's end.</returns>
    /// <exception cref="LedgerFormatException">The bundle is cut off within the entry or its length. The reader stays before
    /// it.</exception>
    public bool TryRead(out ReadOnlySpan<byte> entry)
    {
        entry = default;
        var rest = _bundle[Offset..];
        if (rest.IsEmpty)
            return false;
        if (rest.Length < EntryBundle.PrefixSize)
            throw new LedgerFormatException("the bundle ends within the length of an entry", Offset);
        var length = BinaryPrimitives.ReadUInt16BigEndian(rest);
        rest = rest[EntryBundle.PrefixSize..];
        if (rest.Length < length)
            throw new LedgerFormatException($"the bundle ends after {rest.Length} bytes of an entry of {length}", Offset);
        entry = rest[..length];
        Offset += EntryBundle.PrefixSize + length;
        return true;
    }
}
