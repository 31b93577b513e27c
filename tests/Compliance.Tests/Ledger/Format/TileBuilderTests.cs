using Compliance.Ledger.Format;
using CsCheck;
using Testing;
using static Compliance.Tests.Ledger.Format.KnownTree;

namespace Compliance.Tests.Ledger.Format;

public sealed class TileBuilderTests
{
    private static readonly byte[][] Many = Leaves(66_000);

    private static readonly Gen<int> Sizes = Gen.OneOf(
        Gen.Int[0, 1_300],
        Gen.Int[65_200, Many.Length],
        Gen.Int[255, 257],
        Gen.Int[65_535, 65_537]
    );

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void The_tiles_made_while_appending_are_all_tiles_of_the_tree_as_defined() =>
        Sizes.Sample(
            size =>
            {
                var builder = new TileBuilder();
                var made = Append(builder, Many[..size]);
                made.AddRange(builder.Partial());
                var defined = new MemoryTiles(Many[..size]);
                Assert.Equal(TilePath.Create(size).ToHashSet(), made.Select(t => t.Ref).ToHashSet());
                Assert.Equal(TilePath.Create(size).Count(), made.Count);
                Assert.All(made, t => Assert.Equal(defined[t.Ref], t.Hashes));
                Assert.Equal((size, Hex(Frontier(size).Root())), (builder.Size, Hex(builder.Root())));
                Assert.Equal(Frontier(size).Save(), builder.Frontier().Save());
            },
            iter: TestSize.Times(25)
        );

    [Fact]
    public void Leaves_added_side_by_side_make_the_tiles_of_those_added_one_by_one()
    {
        var (one, many, random) = (new TileBuilder(), new TileBuilder(), new Random(4711));
        for (var at = 0; at < 3_000;)
        {
            var count = random.Next(0, TilePath.Width - (at % TilePath.Width) + 1);
            var leaves = Many[at..(at + count)];
            var (expected, made) = (Append(one, leaves), many.AppendAll(leaves.SelectMany(l => l).ToArray()));
            Assert.Equal(expected.Select(t => (t.Ref, Hex(t.Hashes))), made.Select(t => (t.Ref, Hex(t.Hashes))));
            Assert.Equal((one.Size, Hex(one.Root())), (many.Size, Hex(many.Root())));
            at += count;
        }
    }

    [Fact]
    public void Leaves_beyond_the_end_of_their_tile_are_refused_and_none_is_added()
    {
        var builder = new TileBuilder();
        builder.AppendAll(new byte[200 * MerkleHash.Size]);

        Assert.Throws<ArgumentException>(() => builder.AppendAll(new byte[57 * MerkleHash.Size]));
        Assert.Throws<ArgumentException>(() => builder.AppendAll(new byte[MerkleHash.Size - 1]));

        Assert.Equal(200, builder.Size);
    }

    [Fact]
    public async Task A_builder_resumed_from_stored_tiles_makes_the_tiles_that_the_growth_adds() =>
        await Gen.Select(Sizes, Gen.Int[0, 700])
            .SampleAsync(
                async (old, more) =>
                {
                    var size = Math.Min(old + more, Many.Length);
                    var builder = await TileBuilder.ResumeAsync(new MemoryTiles(Many[..old]), old, Stop);
                    Assert.Equal((old, Hex(Frontier(old).Root())), (builder.Size, Hex(builder.Root())));
                    var made = Append(builder, Many[old..size]);
                    var added = TilePath.NewBetween(old, size).ToHashSet();
                    Assert.Equal(added.Where(t => t.Full).ToHashSet(), made.Select(t => t.Ref).ToHashSet());
                    Assert.Superset(added.Where(t => !t.Full).ToHashSet(), builder.Partial().Select(t => t.Ref).ToHashSet());
                    var defined = new MemoryTiles(Many[..size]);
                    Assert.All([.. made, .. builder.Partial()], t => Assert.Equal(defined[t.Ref], t.Hashes));
                    Assert.Equal(Hex(Frontier(size).Root()), Hex(builder.Root()));
                },
                iter: TestSize.Times(25)
            );

    [Fact]
    public async Task Proofs_can_be_made_from_the_tiles_of_the_builder()
    {
        var builder = new TileBuilder();
        var stored = Append(builder, Many[..66_000]).Concat(builder.Partial()).ToDictionary(t => t.Ref, t => t.Hashes);
        var source = new Stored(stored);
        var root = await MerkleProof.RootAsync(source, 66_000, Stop);
        Assert.Equal(Hex(builder.Root()), Hex(root));
        var inclusion = await MerkleProof.InclusionAsync(source, 65_999, 66_000, Stop);
        var consistency = await MerkleProof.ConsistencyAsync(source, 300, 66_000, Stop);
        Assert.True(MerkleProof.Inclusion(65_999, 66_000, Many[65_999], inclusion, root));
        Assert.True(MerkleProof.Consistency(300, 66_000, Frontier(300).Root(), root, consistency));
    }

    [Fact]
    public void What_was_handed_out_does_not_change_when_the_tree_grows()
    {
        var builder = new TileBuilder();
        var full = Append(builder, Many[..300]).Single();
        var partial = builder.Partial();
        var before = Copies();
        Append(builder, Many[300..1_100]);
        Assert.Equal(before, Copies());

        List<byte[]> Copies() => [.. partial.Prepend(full).Select(t => t.Hashes.ToArray())];
    }

    [Fact]
    public void Appending_a_leaf_that_fills_no_tile_allocates_nothing()
    {
        var builder = new TileBuilder();
        Append(builder, Many[..257]);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 257; i < 500; i++)
            builder.Append(Many[i]);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public async Task A_stored_tile_of_the_wrong_length_is_refused_by_name()
    {
        var tiles = new MemoryTiles(Many[..300]) { Serve = (tile, hashes) => tile.Level == 1 ? hashes[1..] : hashes };
        var refused = await Assert.ThrowsAsync<LedgerFormatException>(() => TileBuilder.ResumeAsync(tiles, 300, Stop));
        Assert.Contains("tile/1/000.p/1", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_partial_tiles_are_read_to_resume()
    {
        var tiles = new MemoryTiles(Many[..65_600]);
        await TileBuilder.ResumeAsync(tiles, 65_600, Stop);
        Assert.Equal([new(0, 256, 64), new(2, 0, 1)], tiles.Reads);
    }

    [Fact]
    public void Only_a_hash_can_be_appended()
    {
        var builder = new TileBuilder();
        Assert.Throws<ArgumentException>(() => builder.Append(new byte[33]));
        Assert.Equal((0, Roots[0]), (builder.Size, Hex(builder.Root())));
    }

    private static List<Tile> Append(TileBuilder builder, byte[][] leaves)
    {
        var full = new List<Tile>();
        foreach (var leaf in leaves)
            full.AddRange(builder.Append(leaf));
        return full;
    }

    private static MerkleFrontier Frontier(int size) => FrontierOf(Many[..size]);

    private sealed class Stored(Dictionary<TileRef, byte[]> tiles) : ITileSource
    {
        public Task<byte[]> ReadAsync(TileRef tile, CancellationToken cancellationToken) => Task.FromResult(tiles[tile]);
    }
}
