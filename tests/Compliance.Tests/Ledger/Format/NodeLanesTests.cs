using Compliance.Ledger.Format;

namespace Compliance.Tests.Ledger.Format;

public sealed class NodeLanesTests
{
    [Fact]
    public void Eight_nodes_at_a_time_have_the_hashes_that_the_platform_gives_each()
    {
        var random = new Random(4711);
        for (var round = 0; round < 500; round++)
        {
            var children = new byte[NodeLanes.Count * 2 * MerkleHash.Size];
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
        var children = new byte[NodeLanes.Count * 2 * MerkleHash.Size];
        Array.Fill(children, value);
        Assert.Equal(OneByOne(children), Lanes(children));
    }

    [Fact]
    public void The_nodes_may_take_the_place_of_their_children()
    {
        var children = new byte[NodeLanes.Count * 2 * MerkleHash.Size];
        new Random(1).NextBytes(children);
        var expected = OneByOne(children);
        NodeLanes.Hash(children, children);
        Assert.Equal(expected, children[..expected.Length]);
    }

    [Fact]
    public void Fewer_children_or_too_little_room_is_refused()
    {
        var children = new byte[NodeLanes.Count * 2 * MerkleHash.Size];
        Assert.Throws<ArgumentOutOfRangeException>(() => NodeLanes.Hash(children.AsSpan(1), new byte[NodeLanes.Count * MerkleHash.Size]));
        Assert.Throws<ArgumentOutOfRangeException>(() => NodeLanes.Hash(children, new byte[(NodeLanes.Count * MerkleHash.Size) - 1]));
    }

    private static byte[] Lanes(byte[] children)
    {
        var nodes = new byte[NodeLanes.Count * MerkleHash.Size];
        NodeLanes.Hash(children, nodes);
        return nodes;
    }

    private static byte[] OneByOne(byte[] children)
    {
        var nodes = new byte[NodeLanes.Count * MerkleHash.Size];
        for (var i = 0; i < NodeLanes.Count; i++)
        {
            var pair = children.AsSpan(2 * i * MerkleHash.Size, 2 * MerkleHash.Size);
            MerkleHash.Node(pair[..MerkleHash.Size], pair[MerkleHash.Size..], nodes.AsSpan(i * MerkleHash.Size));
        }
        return nodes;
    }
}
