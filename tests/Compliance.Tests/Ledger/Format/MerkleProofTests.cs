using Compliance.Ledger.Format;
using CsCheck;
using Testing;
using static Compliance.Tests.Ledger.Format.KnownTree;

namespace Compliance.Tests.Ledger.Format;

public sealed class MerkleProofTests
{
    // Enough for three levels of tiles; the naive tree would take too long for each sample, so its hashes are made once.
    private static readonly byte[][] Many = Leaves(66_100);
    private static readonly MemoryTiles ManyTiles = new(Many);

    private static readonly Gen<int> SmallSizes = Gen.OneOf(
        Gen.Int[1, 40],
        Gen.Int[1, 600],
        Gen.OneOf(Gen.Int[255, 257], Gen.Int[511, 513])
    );

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(
        0,
        8,
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
    )]
    [InlineData(
        5,
        8,
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
    )]
    [InlineData(2, 3, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125")]
    [InlineData(
        1,
        5,
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
    )]
    public async Task Inclusion_in_the_known_tree_is_proved_as_published(int index, int size, params string[] proof)
    {
        Assert.True(MerkleProof.Inclusion(index, size, Bytes(LeafHashes[index]), [.. proof.Select(Bytes)], Bytes(Roots[size])));
        Assert.Equal(proof, Hex(await MerkleProof.InclusionAsync(Known(size), index, size, Stop)));
    }

    [Theory]
    [InlineData(
        1,
        8,
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
    )]
    [InlineData(
        6,
        8,
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
    )]
    [InlineData(
        2,
        5,
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
    )]
    [InlineData(8, 8)]
    [InlineData(0, 8)]
    public async Task Consistency_of_the_known_tree_is_proved_as_published(int old, int size, params string[] proof)
    {
        Assert.True(MerkleProof.Consistency(old, size, Bytes(Roots[old]), Bytes(Roots[size]), [.. proof.Select(Bytes)]));
        Assert.Equal(proof, Hex(await MerkleProof.ConsistencyAsync(Known(size), old, size, Stop)));
    }

    [Fact]
    public async Task Proofs_from_tiles_are_those_of_the_definition_and_are_accepted() =>
        await SmallSizes
            .SelectMany(n => Gen.Select(Gen.Const(n), Gen.Int[0, n - 1], Gen.Int[1, n]))
            .SampleAsync(
                async (size, index, old) =>
                {
                    var leaves = Leaves(size);
                    var tiles = new MemoryTiles(leaves);
                    var root = await MerkleProof.RootAsync(tiles, size, Stop);
                    var inclusion = await MerkleProof.InclusionAsync(tiles, index, size, Stop);
                    var consistency = await MerkleProof.ConsistencyAsync(tiles, old, size, Stop);
                    Assert.Equal(Hex([Rfc6962Tree.Root(leaves)]), Hex([root]));
                    Assert.Equal(Hex(Rfc6962Tree.Inclusion(index, leaves)), Hex(inclusion));
                    Assert.Equal(Hex(Rfc6962Tree.Consistency(old, leaves)), Hex(consistency));
                    Assert.True(MerkleProof.Inclusion(index, size, leaves[index], inclusion, root));
                    Assert.True(MerkleProof.Consistency(old, size, Rfc6962Tree.Root(leaves[..old]), root, consistency));
                },
                iter: TestSize.Times(150)
            );

    [Fact]
    public async Task A_proof_from_a_high_tree_holds_and_reads_at_most_two_tiles_a_level_each_once() =>
        await Gen.OneOf(Gen.Int[60_000, Many.Length], Gen.Int[65_535, 65_537])
            .SelectMany(n => Gen.Select(Gen.Const(n), Gen.Int[0, n - 1], Gen.Int[1, n]))
            .SampleAsync(
                async (size, index, old) =>
                {
                    var root = Frontier(size).Root();
                    var (inclusion, reads) = await Reading(t => MerkleProof.InclusionAsync(t, index, size, Stop));
                    Assert.True(MerkleProof.Inclusion(index, size, Many[index], inclusion, root));
                    OnlyTilesOf(size, reads, most: 6);
                    (var consistency, reads) = await Reading(t => MerkleProof.ConsistencyAsync(t, old, size, Stop));
                    Assert.True(MerkleProof.Consistency(old, size, Frontier(old).Root(), root, consistency));
                    OnlyTilesOf(size, reads, most: 6);
                    (var read, reads) = await Reading(t => MerkleProof.RootAsync(t, size, Stop));
                    Assert.Equal(root, read);
                    OnlyTilesOf(size, reads, most: 3);
                },
                iter: TestSize.Times(25),
                threads: 1
            );

    [Fact]
    public void A_changed_inclusion_proof_is_refused() =>
        Inclusions.Sample(
            (size, index, random) =>
            {
                var leaves = Leaves(size);
                var (root, proof) = (Rfc6962Tree.Root(leaves), Rfc6962Tree.Inclusion(index, leaves));
                Assert.True(MerkleProof.Inclusion(index, size, leaves[index], proof, root));
                Assert.False(MerkleProof.Inclusion(index, size, Changed(leaves[index], random), proof, root));
                Assert.False(MerkleProof.Inclusion(index, size, leaves[index], proof, Changed(root, random)));
                Assert.All(Changed(proof, random), p => Assert.False(MerkleProof.Inclusion(index, size, leaves[index], p, root)));
                // Another place for the same leaf.
                Assert.All(
                    Enumerable.Range(-2, size + 4).Where(i => i != index),
                    i => Assert.False(MerkleProof.Inclusion(i, size, leaves[index], proof, root))
                );
            },
            iter: TestSize.Times(100)
        );

    [Fact]
    public void A_changed_consistency_proof_is_refused() =>
        Inclusions.Sample(
            (size, index, random) =>
            {
                var (leaves, old) = (Leaves(size), index + 1);
                var (oldRoot, root, proof) = (
                    Rfc6962Tree.Root(leaves[..old]),
                    Rfc6962Tree.Root(leaves),
                    Rfc6962Tree.Consistency(old, leaves)
                );
                Assert.True(MerkleProof.Consistency(old, size, oldRoot, root, proof));
                Assert.False(MerkleProof.Consistency(old, size, Changed(oldRoot, random), root, proof));
                Assert.False(MerkleProof.Consistency(old, size, oldRoot, Changed(root, random), proof));
                Assert.All(Changed(proof, random), p => Assert.False(MerkleProof.Consistency(old, size, oldRoot, root, p)));
                if (old < size)
                    Assert.False(MerkleProof.Consistency(old, size, root, oldRoot, proof));
                Assert.All(
                    Enumerable.Range(-2, size + 4).Where(o => o != old),
                    o => Assert.False(MerkleProof.Consistency(o, size, oldRoot, root, proof))
                );
            },
            iter: TestSize.Times(100)
        );

    // The root alone does not tell a tree's size: a proof holds for every place and size that it has the same way to the root in, and for
    // no other.
    [Fact]
    public void A_proof_is_refused_for_every_place_and_size_with_another_way_to_the_root()
    {
        const int Most = 17;
        var leaves = Leaves(Most);
        var pairs = Enumerable.Range(1, Most).SelectMany(n => Enumerable.Range(0, n).Select(i => (Index: i, Size: n))).ToList();
        foreach (var (index, size) in pairs)
        {
            var tree = leaves[..size];
            var (root, inclusion) = (Rfc6962Tree.Root(tree), Rfc6962Tree.Inclusion(index, tree));
            var shape = Rfc6962Tree.InclusionShape(index, size);
            Assert.Equal(
                pairs.Where(p => Rfc6962Tree.InclusionShape(p.Index, p.Size) == shape),
                pairs.Where(p => MerkleProof.Inclusion(p.Index, p.Size, leaves[index], inclusion, root))
            );
            var (oldRoot, consistency) = (Rfc6962Tree.Root(leaves[..(index + 1)]), Rfc6962Tree.Consistency(index + 1, tree));
            shape = Rfc6962Tree.ConsistencyShape(index + 1, size);
            Assert.Equal(
                pairs.Where(p => Rfc6962Tree.ConsistencyShape(p.Index + 1, p.Size) == shape),
                pairs.Where(p => MerkleProof.Consistency(p.Index + 1, p.Size, oldRoot, root, consistency))
            );
        }
    }

    [Fact]
    public void A_history_that_was_rewritten_has_no_consistency_proof() =>
        Inclusions.Sample(
            (size, index, random) =>
            {
                var leaves = Leaves(size);
                var forged = leaves.ToArray();
                forged[index] = Changed(leaves[index], random);
                foreach (var old in Enumerable.Range(index + 1, size - index))
                {
                    Assert.False(
                        MerkleProof.Consistency(
                            old,
                            size,
                            Rfc6962Tree.Root(leaves[..old]),
                            Rfc6962Tree.Root(forged),
                            Rfc6962Tree.Consistency(old, forged)
                        )
                    );
                    Assert.False(
                        MerkleProof.Consistency(
                            old,
                            size,
                            Rfc6962Tree.Root(leaves[..old]),
                            Rfc6962Tree.Root(forged),
                            Rfc6962Tree.Consistency(old, leaves)
                        )
                    );
                }
            },
            iter: TestSize.Times(30)
        );

    [Fact]
    public void Any_input_is_answered_with_no() =>
        Gen.Select(Gen.Long, Gen.Long, Gen.Byte.Array[0, 40], Gen.Byte.Array[0, 40].Array[0, 70], Gen.Byte.Array[32])
            .Sample(
                (a, b, hash, proof, root) =>
                {
                    Assert.False(MerkleProof.Inclusion(a, b, hash, proof, root));
                    Assert.False(MerkleProof.Consistency(a, b, hash, root, proof));
                    byte[][] hashes = [.. proof.Select(p => root)];
                    Assert.False(MerkleProof.Inclusion(a, b, root, hashes, root));
                    Assert.False(MerkleProof.Consistency(a, b, root, root, hashes) && (a != b || proof.Length > 0));
                    Assert.False(MerkleProof.Inclusion(0, 2, root, [null!], root));
                }
            );

    [Theory]
    [InlineData(0, 0, true)]
    [InlineData(0, 1, false)]
    [InlineData(1, 0, false)]
    [InlineData(1, 1, false)]
    public void Two_empty_trees_are_equal_when_both_have_the_root_of_one(int old, int now, bool expected) =>
        Assert.Equal(expected, MerkleProof.Consistency(0, 0, Bytes(Roots[old]), Bytes(Roots[now]), []));

    [Fact]
    public void Every_tree_begins_with_the_empty_one_and_with_no_other_of_no_leaves()
    {
        Assert.True(MerkleProof.Consistency(0, 3, Bytes(Roots[0]), Bytes(Roots[3]), []));
        Assert.False(MerkleProof.Consistency(0, 3, Bytes(Roots[1]), Bytes(Roots[3]), []));
        Assert.False(MerkleProof.Consistency(0, 3, Bytes(Roots[0]), Bytes(Roots[3]), [Bytes(Roots[3])]));
    }

    [Fact]
    public async Task The_empty_tree_needs_no_tiles()
    {
        var tiles = new MemoryTiles([]);
        Assert.Equal(Roots[0], KnownTree.Hex(await MerkleProof.RootAsync(tiles, 0, Stop)));
        Assert.Empty(await MerkleProof.ConsistencyAsync(tiles, 0, 0, Stop));
        Assert.Empty(tiles.Reads);
    }

    [Fact]
    public async Task What_is_not_in_the_tree_cannot_be_proved()
    {
        var tiles = Known(8);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => MerkleProof.InclusionAsync(tiles, 8, 8, Stop));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => MerkleProof.InclusionAsync(tiles, -1, 8, Stop));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => MerkleProof.ConsistencyAsync(tiles, 9, 8, Stop));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => MerkleProof.ConsistencyAsync(tiles, -1, 8, Stop));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => MerkleProof.RootAsync(tiles, -1, Stop));
    }

    [Theory]
    [InlineData(7 * 32, 7 * 32)]
    [InlineData(8 * 32 - 1, 8 * 32 - 1)]
    [InlineData(9 * 32, 8 * 32)]
    [InlineData(0, 0)]
    public async Task A_tile_of_the_wrong_length_is_refused_by_name(int length, int offset)
    {
        var tiles = Known(8);
        tiles.Serve = (_, _) => new byte[length];
        var refused = await Assert.ThrowsAsync<LedgerFormatException>(() => MerkleProof.RootAsync(tiles, 8, Stop));
        Assert.Equal(offset, refused.Offset);
        Assert.Contains("tile/0/000.p/8", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_forged_tile_makes_a_proof_that_is_refused()
    {
        var tiles = Known(8);
        tiles.Serve = (_, hashes) => Changed(hashes, 77);
        var proof = await MerkleProof.InclusionAsync(tiles, 0, 8, Stop);
        Assert.False(MerkleProof.Inclusion(0, 8, Bytes(LeafHashes[0]), proof, Bytes(Roots[8])));
    }

    private static Gen<(int Size, int Index, int Random)> Inclusions =>
        Gen.Int[1, 70].SelectMany(n => Gen.Select(Gen.Const(n), Gen.Int[0, n - 1], Gen.Int[0, int.MaxValue]));

    private static byte[] Bytes(string hex) => Convert.FromHexString(hex);

    private static IEnumerable<string> Hex(IEnumerable<byte[]> hashes) => hashes.Select(Convert.ToHexStringLower);

    private static MemoryTiles Known(int size) => new([.. LeafHashes[..size].Select(Bytes)]);

    private static byte[] Changed(byte[] bytes, int random)
    {
        var changed = (byte[])bytes.Clone();
        changed[random % bytes.Length] ^= (byte)(1 << (random / 7 % 8));
        return changed;
    }

    private static IEnumerable<byte[][]> Changed(byte[][] proof, int random)
    {
        yield return [.. proof, new byte[32]];
        yield return [new byte[32], .. proof];
        if (proof.Length == 0)
            yield break;
        var at = random % proof.Length;
        yield return [.. proof[..at], Changed(proof[at], random), .. proof[(at + 1)..]];
        yield return [.. proof[..at], .. proof[(at + 1)..]];
        yield return [.. proof[..at], proof[at], .. proof[at..]];
        yield return [.. proof[..at], proof[at][..31], .. proof[(at + 1)..]];
        yield return [.. proof[..at], [.. proof[at], 0], .. proof[(at + 1)..]];
        if (proof.Length > 1)
            yield return [.. Enumerable.Reverse(proof)];
    }

    private static MerkleFrontier Frontier(int size) => FrontierOf(Many[..size]);

    private static async Task<(T Result, List<TileRef> Reads)> Reading<T>(Func<ITileSource, Task<T>> read)
    {
        ManyTiles.Reads.Clear();
        return (await read(ManyTiles), [.. ManyTiles.Reads]);
    }

    private static void OnlyTilesOf(int size, List<TileRef> reads, int most)
    {
        Assert.Equal(reads.Count, reads.Distinct().Count());
        Assert.True(reads.Count <= most);
        Assert.Subset(TilePath.Create(size).ToHashSet(), reads.ToHashSet());
    }
}
