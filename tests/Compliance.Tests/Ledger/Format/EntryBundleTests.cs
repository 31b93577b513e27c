using System.Buffers;
using Compliance.Ledger.Format;
using CsCheck;
using static Compliance.Tests.Ledger.Format.KnownTree;

namespace Compliance.Tests.Ledger.Format;

public sealed class EntryBundleTests
{
    private static readonly Gen<byte[][]> Bundles = Gen.Byte.Array[0, 300].Array[1, 256];

    [Fact]
    public void A_bundle_is_each_entrys_length_in_two_bytes_and_its_bytes() =>
        Assert.Equal("0001610002626300000100" + new string('0', 512), Hex(Of("a"u8.ToArray(), "bc"u8.ToArray(), [], new byte[256])));

    [Fact]
    public void What_was_written_is_read() =>
        Bundles.Sample(entries =>
        {
            var bundle = Of(entries);
            Assert.Equal(entries, EntryBundle.Parse(bundle, entries.Length).Select(e => e.ToArray()));
            var reader = EntryBundle.Read(bundle);
            foreach (var entry in entries)
                Assert.True(reader.TryRead(out var read) && read.SequenceEqual(entry));
            Assert.False(reader.TryRead(out _));
            Assert.Equal(bundle.Length, reader.Offset);
        });

    [Fact]
    public void The_longest_entry_fits_and_one_byte_more_is_refused_without_a_trace()
    {
        var longest = new byte[65_535];
        new Random(1).NextBytes(longest);
        Assert.Equal(longest, EntryBundle.Parse(Of(longest), 1).Single().ToArray());
        var bundle = new ArrayBufferWriter<byte>();
        Assert.Throws<ArgumentException>(() => EntryBundle.Write(bundle, new byte[65_536]));
        Assert.Equal(0, bundle.WrittenCount);
    }

    [Fact]
    public void A_bundle_cut_off_anywhere_is_refused_where_the_entry_begins() =>
        Gen.Select(Bundles, Gen.Int[0, int.MaxValue])
            .Sample(
                (entries, random) =>
                {
                    var bundle = Of(entries);
                    var cut = random % bundle.Length;
                    var (offset, whole) = (0, 0);
                    while (offset + 2 + entries[whole].Length <= cut)
                        offset += 2 + entries[whole++].Length;
                    Assert.Equal(
                        offset,
                        Assert.Throws<LedgerFormatException>(() => EntryBundle.Parse(bundle.AsMemory(0, cut), entries.Length)).Offset
                    );
                    // Read without a number of entries, one that ends between two entries cannot be told from a shorter one.
                    if (offset == cut)
                        Assert.Equal(entries[..whole], EntriesOf(bundle[..cut]));
                    else
                        Assert.Equal(offset, Assert.Throws<LedgerFormatException>(() => EntriesOf(bundle[..cut])).Offset);
                }
            );

    [Fact]
    public void A_bundle_with_an_entry_too_many_is_refused_there() =>
        Assert.Equal(5, Assert.Throws<LedgerFormatException>(() => EntryBundle.Parse(Of([1, 2, 3], [4]), 1)).Offset);

    [Fact]
    public void Any_bytes_are_a_bundle_that_is_written_the_same_or_are_refused_within_them() =>
        Gen.Select(Gen.OneOf(Gen.Byte.Array[0, 60], Gen.Byte[0, 3].Array[0, 60]), Gen.Int[1, 256])
            .Sample(
                (bytes, width) =>
                {
                    try
                    {
                        Assert.Equal(bytes, Of([.. EntriesOf(bytes)]));
                    }
                    catch (LedgerFormatException e)
                    {
                        Assert.InRange(e.Offset, 0, bytes.Length);
                    }
                    try
                    {
                        Assert.Equal(width, EntryBundle.Parse(bytes, width).Count);
                    }
                    catch (LedgerFormatException e)
                    {
                        Assert.InRange(e.Offset, 0, bytes.Length);
                    }
                }
            );

    [Theory]
    [InlineData(0)]
    [InlineData(257)]
    public void No_bundle_has_so_many_entries(int width) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => EntryBundle.Parse(new byte[4], width));

    private static byte[] Of(params byte[][] entries)
    {
        var bundle = new ArrayBufferWriter<byte>();
        foreach (var entry in entries)
            EntryBundle.Write(bundle, entry);
        return bundle.WrittenSpan.ToArray();
    }

    private static List<byte[]> EntriesOf(byte[] bundle)
    {
        var entries = new List<byte[]>();
        var reader = EntryBundle.Read(bundle);
        while (reader.TryRead(out var entry))
            entries.Add(entry.ToArray());
        return entries;
    }
}
