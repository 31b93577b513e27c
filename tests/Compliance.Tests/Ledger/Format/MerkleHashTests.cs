using System.Security.Cryptography;
using Compliance.Ledger.Format;
using static Compliance.Tests.Ledger.Format.KnownTree;

namespace Compliance.Tests.Ledger.Format;

public sealed class MerkleHashTests
{
    [Fact]
    public void Leaves_of_the_known_tree_have_their_published_hashes() => Assert.Equal(LeafHashes, Entries.Select(e => Hex(Leaf(e))));

    [Fact]
    public void Nodes_of_the_known_tree_have_their_published_hashes()
    {
        byte[] Node(int a, int b)
        {
            var hash = new byte[MerkleHash.Size];
            MerkleHash.Node(Leaf(Entries[a]), Leaf(Entries[b]), hash);
            return hash;
        }
        var whole = new byte[MerkleHash.Size];
        MerkleHash.Node(Node(0, 1), Node(2, 3), whole);
        Assert.Equal([Roots[2], Roots[4]], [Hex(Node(0, 1)), Hex(whole)]);
    }

    [Fact]
    public void The_empty_tree_is_the_hash_of_nothing() => Assert.Equal(SHA256.HashData([]), MerkleHash.Empty);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(400)]
    [InlineData(1023)]
    [InlineData(1024)]
    [InlineData(1025)]
    [InlineData(65_535)]
    [InlineData(100_000)]
    public void A_leaf_of_any_length_is_hashed_whole(int length)
    {
        var entry = new byte[length];
        new Random(length).NextBytes(entry);
        Assert.Equal(Rfc6962Tree.LeafHash(entry), Leaf(entry));
    }

    [Fact]
    public void The_destination_may_be_one_of_the_children()
    {
        var expected = new byte[MerkleHash.Size];
        var (left, right) = (Leaf([1]), Leaf([2]));
        MerkleHash.Node(left, right, expected);
        MerkleHash.Node(left, right, right);
        Assert.Equal(expected, right);
    }

    [Fact]
    public void Nothing_but_hashes_has_a_parent_and_a_short_destination_is_refused()
    {
        var hash = new byte[MerkleHash.Size];
        Assert.Throws<ArgumentException>(() => MerkleHash.Node(hash.AsSpan(1), hash, hash));
        Assert.Throws<ArgumentException>(() => MerkleHash.Node(hash, new byte[33], hash));
        Assert.Throws<ArgumentException>(() => MerkleHash.Node(hash, hash, hash.AsSpan(1)));
        Assert.Throws<ArgumentException>(() => MerkleHash.Leaf([], hash.AsSpan(1)));
        // A refused call left nothing behind that the next would hash as well.
        Assert.Equal(LeafHashes[0], Hex(Leaf([])));
    }

    [Fact]
    public void Hashing_allocates_nothing()
    {
        var (entry, hash) = (new byte[400], new byte[MerkleHash.Size]);
        var large = new byte[65_535];
        void Hash()
        {
            MerkleHash.Leaf(entry, hash);
            MerkleHash.Leaf(large, hash);
            MerkleHash.Node(hash, hash, hash);
        }
        Hash();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
            Hash();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Threads_do_not_mix_their_hashes() =>
        Parallel.For(
            0,
            8,
            i =>
                Assert.All(
                    Enumerable.Range(i * 500, 500),
                    n => Assert.Equal(Rfc6962Tree.LeafHash(BitConverter.GetBytes(n)), Leaf(BitConverter.GetBytes(n)))
                )
        );
}
