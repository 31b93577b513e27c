using Compliance.Ledger.Format;

namespace Compliance.Tests.Ledger.Format;

/// <summary>Lines lie across blocks, and are longer than blocks: each has to come whole, with its place and hash.</summary>
public sealed class LogReaderTests
{
    private static readonly string Name = LedgerLayout.Log(2026, 11, 1);

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(3, true)]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, false)]
    public async Task Every_line_comes_whole_with_its_place_and_hash(int seed, bool near)
    {
        var random = new Random(seed);
        var (bytes, expected) = (new MemoryStream(), new List<Seen>());
        for (var i = 0; bytes.Length < 3_000_000; i++)
        {
            var line = new byte[Length(random)];
            Array.Fill(line, (byte)('a' + (i % 26)));
            expected.Add(Seen.Of(LogLineKind.Line, bytes.Length, line));
            bytes.Write(line);
            bytes.WriteByte((byte)'\n');
        }
        var tail = new byte[Length(random)];
        if (tail.Length > 0)
            expected.Add(Seen.Of(LogLineKind.Tail, bytes.Length, tail));
        bytes.Write(tail);
        Assert.Equal(expected, await ReadAsync(bytes.ToArray(), near));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_blob_that_ends_with_a_block_has_no_tail(bool near)
    {
        foreach (var blocks in (int[])[192 * 1024, 448 * 1024, 3 * 448 * 192 * 1024 / 64])
        {
            var bytes = new byte[blocks];
            bytes[^1] = (byte)'\n';
            Assert.Equal([Seen.Of(LogLineKind.Line, 0, bytes[..^1])], await ReadAsync(bytes, near));
        }
    }

    // Short ones mostly, and around every bound there is.
    private static int Length(Random random) =>
        random.Next(12) switch
        {
            0 => 0,
            1 => EntryBundle.MaxEntry + random.Next(-2, 3),
            2 => random.Next(60_000, 140_000),
            3 => random.Next(300_000, 1_200_000),
            _ => random.Next(1, 2_000),
        };

    private static async Task<List<Seen>> ReadAsync(byte[] bytes, bool near)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var source = new OneBlob(bytes, near);
        var reader = new LogReader(source, await source.LogsAsync(cancellationToken));
        var seen = new List<Seen>();
        await foreach (var line in reader.ReadAsync(null, 0, cancellationToken))
        {
            if (line.Kind is LogLineKind.Line or LogLineKind.Tail)
                seen.Add(Seen.Of(line));
        }
        return seen;
    }

    private sealed record Seen(LogLineKind Kind, long Offset, long Length, string Leaf, int Kept)
    {
        public static Seen Of(LogLineKind kind, long offset, byte[] bytes)
        {
            var leaf = new byte[MerkleHash.Size];
            MerkleHash.Leaf(bytes, leaf);
            return new(kind, offset, bytes.Length, Convert.ToHexString(leaf), Math.Min(bytes.Length, EntryBundle.MaxEntry));
        }

        public static Seen Of(in LogLine line)
        {
            var leaf = new byte[MerkleHash.Size];
            line.Leaf(leaf);
            return new(line.Kind, line.Offset, line.Length, Convert.ToHexString(leaf), line.Bytes.Length);
        }
    }

    private sealed class OneBlob(byte[] bytes, bool near) : LedgerSource
    {
        public override bool IsNear => near;

        public override Task<IReadOnlyList<LedgerFile>> LogsAsync(CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<LedgerFile>>([new(Name, bytes.Length)]);

        public override Task<IReadOnlyList<long>> CheckpointsAsync(CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<long>>([]);

        public override Task<Stream> OpenAsync(string path, long offset, CancellationToken cancellationToken) =>
            Task.FromResult<Stream>(new MemoryStream(bytes[(int)offset..]));
    }
}
