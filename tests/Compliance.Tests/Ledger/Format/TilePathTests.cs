using Compliance.Ledger.Format;
using CsCheck;
using Testing;

namespace Compliance.Tests.Ledger.Format;

public sealed class TilePathTests
{
    private static readonly Gen<TileRef> Tiles =
        from level in Gen.Int[-1, 63]
        from index in Gen.OneOf(Gen.Long[0, 2_000_000], Gen.Long[0, long.MaxValue])
        from width in Gen.Int[1, 256]
        select new TileRef(level, index, width);

    // The examples of C2SP tlog-tiles, then the limits.
    [Theory]
    [InlineData(0, 1_234_067, 256, "tile/0/x001/x234/067")]
    [InlineData(0, 1_234_067, 112, "tile/0/x001/x234/067.p/112")]
    [InlineData(-1, 1_234_067, 256, "tile/entries/x001/x234/067")]
    [InlineData(-1, 273, 112, "tile/entries/273.p/112")]
    [InlineData(0, 0, 256, "tile/0/000")]
    [InlineData(63, 999, 255, "tile/63/999.p/255")]
    [InlineData(1, 1_000, 1, "tile/1/x001/000.p/1")]
    [InlineData(2, long.MaxValue, 256, "tile/2/x009/x223/x372/x036/x854/x775/807")]
    public void A_tile_has_one_path(int level, long index, int width, string path)
    {
        Assert.Equal(path, TilePath.Create(level, index, width));
        Assert.True(TilePath.TryParse(path, out var tile));
        Assert.Equal(new TileRef(level, index, width), tile);
        if (level == TileRef.Entries)
            Assert.Equal(path, TilePath.Entries(index, width));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("tile")]
    [InlineData("tile/")]
    [InlineData("tile/0")]
    [InlineData("tile/0/")]
    [InlineData("/tile/0/000")]
    [InlineData("tile/0/000/")]
    [InlineData("tile//000")]
    [InlineData("TILE/0/000")]
    [InlineData("tile/Entries/000")]
    [InlineData("tile/-1/000")]
    [InlineData("tile/00/000")]
    [InlineData("tile/+1/000")]
    [InlineData("tile/64/000")]
    [InlineData("tile/0/00")]
    [InlineData("tile/0/0000")]
    [InlineData("tile/0/x000")]
    [InlineData("tile/0/x000/001")]
    [InlineData("tile/0/001/001")]
    [InlineData("tile/0/x01/001")]
    [InlineData("tile/0/x1/001")]
    [InlineData("tile/0/-01")]
    [InlineData("tile/0/ 01")]
    [InlineData("tile/0/01\0")]
    [InlineData("tile/0/٠٠١")]
    [InlineData("tile/0/000.p")]
    [InlineData("tile/0/000.p/")]
    [InlineData("tile/0/000.p/0")]
    [InlineData("tile/0/000.p/01")]
    [InlineData("tile/0/000.p/256")]
    [InlineData("tile/0/000.p/-1")]
    [InlineData("tile/0/000.p/1.p/1")]
    [InlineData("tile/0/x009/x223/x372/x036/x854/x775/808")]
    [InlineData("tile/0/x999/x999/x999/x999/x999/x999/999")]
    public void Any_other_spelling_is_no_tile(string? path) =>
        Assert.Equal((false, default), (TilePath.TryParse(path, out var tile), tile));

    [Fact]
    public void Every_tile_is_found_again_by_its_path() =>
        Tiles.Sample(t => Assert.Equal((true, t), (TilePath.TryParse(TilePath.Create(t), out var parsed), parsed)));

    [Fact]
    public void A_path_that_was_changed_names_no_tile_or_has_the_one_spelling_of_another() =>
        Gen.Select(Tiles, Gen.Int[0, 60], Gen.OneOf(Gen.Char["0123456789x/.p-"], Gen.Char))
            .Sample(
                (tile, at, c) =>
                {
                    var path = tile.ToString();
                    at %= path.Length;
                    foreach (var changed in new[] { path.Remove(at, 1), path.Insert(at, c.ToString()), path[..at] + c + path[(at + 1)..] })
                        Assert.True(!TilePath.TryParse(changed, out var parsed) || TilePath.Create(parsed) == changed);
                }
            );

    [Fact]
    public void Any_text_can_be_asked_about() =>
        Gen.String.Sample(text => Assert.True(!TilePath.TryParse("tile/" + text, out var tile) || TilePath.Create(tile) == "tile/" + text));

    [Theory]
    [InlineData(-2, 0, 1)]
    [InlineData(64, 0, 1)]
    [InlineData(0, -1, 1)]
    [InlineData(0, 0, 0)]
    [InlineData(0, 0, 257)]
    public void There_is_no_path_for_what_is_no_tile(int level, long index, int width) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => TilePath.Create(level, index, width));

    [Fact]
    public void A_tree_of_70_000_leaves_has_the_tiles_of_the_specifications_example()
    {
        var tiles = TilePath.Create(70_000).ToList();
        Assert.Equal(
            [
                .. Enumerable.Range(0, 273).Select(i => new TileRef(0, i, 256)),
                new(0, 273, 112),
                new(1, 0, 256),
                new(1, 1, 17),
                new(2, 0, 1),
            ],
            tiles
        );
        Assert.Equal(
            [.. tiles.Where(t => t.Level == 0).Select(t => t with { Level = TileRef.Entries }), .. tiles],
            TilePath.Create(70_000, entries: true)
        );
    }

    [Fact]
    public void A_tree_of_256_leaves_has_a_full_tile_and_a_partial_one_above() =>
        Assert.Equal([new TileRef(0, 0, 256), new(1, 0, 1)], TilePath.Create(256));

    [Fact]
    public void The_empty_tree_has_no_tiles() => Assert.Empty(TilePath.Create(0, entries: true));

    [Fact]
    public void The_largest_trees_have_eight_levels() =>
        Assert.Equal(
            [.. Enumerable.Range(0, 7).Select(level => new TileRef(level, (127L << (56 - level * 8 - 8)) - 1, 256)), new(7, 0, 127)],
            TilePath.NewBetween((127L << 56) - 1, 127L << 56)
        );

    [Fact]
    public void A_growth_adds_the_tiles_that_were_not_there_before() =>
        Gen.Select(Gen.Int[0, 140_000], Gen.Int[0, 70_000])
            .Sample(
                (old, more) => Assert.Equal(TilePath.Create(old + more).Except(TilePath.Create(old)), TilePath.NewBetween(old, old + more)),
                iter: TestSize.Times(100)
            );

    [Fact]
    public void Every_hash_stands_in_exactly_one_tile() =>
        Gen.Int[0, 200_000]
            .Sample(
                size =>
                {
                    var tiles = TilePath.Create(size).ToLookup(t => t.Level);
                    for (var (level, hashes) = (0, size); hashes > 0; (level, hashes) = (level + 1, hashes / 256))
                    {
                        Assert.Equal(Enumerable.Range(0, tiles[level].Count()), tiles[level].Select(t => (int)t.Index));
                        Assert.All(tiles[level].SkipLast(1), t => Assert.True(t.Full));
                        Assert.Equal(hashes, tiles[level].Sum(t => t.Width));
                    }
                },
                iter: TestSize.Times(100)
            );

    [Fact]
    public void A_tree_does_not_shrink()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => TilePath.NewBetween(2, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => TilePath.Create(-1L));
    }
}
