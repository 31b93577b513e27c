using Compliance.Ledger.Format;

namespace Compliance.Tests.Ledger.Format;

public sealed class HashLanesTests
{
    [Fact]
    public void Eight_nodes_at_a_time_have_the_hashes_that_the_platform_gives_each()
    {
        var random = new Random(4711);
        for (var round = 0; round < 500; round++)
        {
            var children = new byte[HashLanes.Count * 2 * MerkleHash.Size];
            random.NextBytes(children);
            Assert.Equal(OneByOne(children), Lanes(children));
        }
    }

    [Theory]
    [InlineData(0x00)]
    [InlineData(0x7f)]
    [InlineData(0x80)]
    [InlineData(0xff)]
    public void Every_bit_of_a_byte_counts(byte value)
    {
        var children = new byte[HashLanes.Count * 2 * MerkleHash.Size];
        Array.Fill(children, value);
        Assert.Equal(OneByOne(children), Lanes(children));
    }

    [Fact]
    public void The_nodes_may_take_the_place_of_their_children()
    {
        var children = new byte[HashLanes.Count * 2 * MerkleHash.Size];
        new Random(1).NextBytes(children);
        var expected = OneByOne(children);
        HashLanes.Nodes(children, children);
        Assert.Equal(expected, children[..expected.Length]);
    }

    [Fact]
    public void Fewer_children_or_too_little_room_is_refused()
    {
        var children = new byte[HashLanes.Count * 2 * MerkleHash.Size];
        Assert.Throws<ArgumentOutOfRangeException>(() => HashLanes.Nodes(children.AsSpan(1), new byte[HashLanes.Count * MerkleHash.Size]));
        Assert.Throws<ArgumentOutOfRangeException>(() => HashLanes.Nodes(children, new byte[(HashLanes.Count * MerkleHash.Size) - 1]));
    }

    // Around each bound there is: the first block, the last one's padding, and the copies of the platform's way.
    [Fact]
    public void A_leaf_of_any_length_has_the_hash_that_the_platform_gives()
    {
        for (var length = 0; length < 1100; length++)
            Compare([.. Enumerable.Repeat(length, HashLanes.Count)]);
        Compare([70_000, 3, 65_535, 0, 65_536]);
    }

    [Fact]
    public void Leaves_of_any_number_and_mixed_lengths_have_the_hashes_that_the_platform_gives()
    {
        var random = new Random(4711);
        for (var count = 0; count < 300; count++)
            Compare([.. Enumerable.Range(0, count).Select(_ => random.Next(random.Next(1, 900)))]);
    }

    private static void Compare(int[] lengths)
    {
        var (starts, at) = (new List<(int, int)>(), 0);
        foreach (var length in lengths)
        {
            starts.Add((at, length));
            at += length + 1;
        }
        var text = new byte[at];
        new Random(at).NextBytes(text);
        var (lanes, platform) = (new byte[lengths.Length * MerkleHash.Size], new byte[lengths.Length * MerkleHash.Size]);
        HashLanes.Leaves(text, starts.ToArray(), lanes);
        for (var i = 0; i < lengths.Length; i++)
            MerkleHash.Leaf(text.AsSpan(starts[i].Item1, lengths[i]), platform.AsSpan(i * MerkleHash.Size));
        Assert.Equal(platform, lanes);
    }

    private static byte[] Lanes(byte[] children)
    {
        var nodes = new byte[HashLanes.Count * MerkleHash.Size];
        HashLanes.Nodes(children, nodes);
        return nodes;
    }

    private static byte[] OneByOne(byte[] children)
    {
        var nodes = new byte[HashLanes.Count * MerkleHash.Size];
        for (var i = 0; i < HashLanes.Count; i++)
        {
            var pair = children.AsSpan(2 * i * MerkleHash.Size, 2 * MerkleHash.Size);
            MerkleHash.Node(pair[..MerkleHash.Size], pair[MerkleHash.Size..], nodes.AsSpan(i * MerkleHash.Size));
        }
        return nodes;
    }
}
