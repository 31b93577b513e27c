using System.Buffers;
using System.Buffers.Binary;

namespace Compliance.Ledger.Format;

/// <summary>
/// A bundle of entries as C2SP tlog-tiles, "Log entries", lays it out: each entry's length as two bytes, the higher first, then its bytes.
/// Entries follow each other with nothing between, before or after. For example the entries <c>a</c> and <c>bc</c> are <c>00 01 61 00 02 62
/// 63</c>.
/// </summary>
internal static class EntryBundle
{
    /// <summary>The most bytes one entry can have, since two bytes show its length.</summary>
    public const int MaxEntry = ushort.MaxValue;

    /// <summary>The bytes before an entry that show its length.</summary>
    public const int PrefixSize = sizeof(ushort);

    /// <summary>Adds an entry to a bundle.</summary>
    /// <param name="bundle">What it is added to.</param>
    /// <param name="entry">Its bytes, <see cref="MaxEntry"/> at most; may be none.</param>
    /// <exception cref="ArgumentException">The entry is too long. Nothing was added.</exception>
    public static void Write(IBufferWriter<byte> bundle, ReadOnlySpan<byte> entry)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        if (entry.Length > MaxEntry)
            throw new ArgumentException($"an entry has {MaxEntry} bytes at most, this one has {entry.Length}", nameof(entry));
        var room = bundle.GetSpan(PrefixSize + entry.Length);
        BinaryPrimitives.WriteUInt16BigEndian(room, (ushort)entry.Length);
        entry.CopyTo(room[PrefixSize..]);
        bundle.Advance(PrefixSize + entry.Length);
    }

    /// <summary>Reads a bundle from its begin; nothing is copied.</summary>
    /// <param name="bundle">The bundle's bytes.</param>
    public static EntryBundleReader Read(ReadOnlySpan<byte> bundle) => new(bundle);

    /// <summary>Takes a whole bundle apart.</summary>
    /// <param name="bundle">The bundle's bytes; the entries are parts of them, not copies.</param>
    /// <param name="width">How many entries it has to have: the width of its tile.</param>
    /// <exception cref="LedgerFormatException">It is cut off, or has another number of entries.</exception>
    public static IReadOnlyList<ReadOnlyMemory<byte>> Parse(ReadOnlyMemory<byte> bundle, int width)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(width, TilePath.Width);
        var entries = new List<ReadOnlyMemory<byte>>(width);
        var reader = Read(bundle.Span);
        while (entries.Count < width && reader.TryRead(out var entry))
            entries.Add(bundle.Slice(reader.Offset - entry.Length, entry.Length));
        if (entries.Count < width)
            throw new LedgerFormatException($"the bundle ends after {entries.Count} of {width} entries", reader.Offset);
        if (reader.Offset < bundle.Length)
            throw new LedgerFormatException($"the bundle continues after its {width} entries", reader.Offset);
        return entries;
    }
}

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
