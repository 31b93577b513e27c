using System.Buffers.Binary;
using System.Security.Cryptography;
using Compliance.AuditPack;
using Compliance.Ledger.Format;
using Compliance.Tests.Ledger.Format;

namespace Compliance.Tests.AuditPack;

/// <summary>Proofs made one after the other are those that are made one by one.</summary>
public sealed class ProofMakerTests
{
    [Theory]
    [InlineData(1, 0, 1)]
    [InlineData(2, 0, 2)]
    [InlineData(257, 0, 257)]
    [InlineData(1000, 0, 1000)]
    [InlineData(65_536, 65_000, 65_536)]
    [InlineData(70_001, 65_300, 65_800)]
    [InlineData(70_001, 69_990, 70_001)]
    public async Task Proofs_are_those_of_RFC_6962(int size, int from, int to)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var tiles = new MemoryTiles([.. Enumerable.Range(0, size).Select(Leaf)]);
        var maker = new ProofMaker(tiles, size);
        for (var index = from; index < to; index++)
            Assert.Equal(
                await MerkleProof.InclusionAsync(tiles, index, size, cancellationToken),
                await maker.ProofAsync(index, cancellationToken)
            );
    }

    [Fact]
    public async Task Many_proofs_in_their_order_read_each_tile_about_once()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var tiles = new MemoryTiles([.. Enumerable.Range(0, 70_001).Select(Leaf)]);
        var maker = new ProofMaker(tiles, 70_001);
        for (var index = 0; index < 10_240; index++)
            await maker.ProofAsync(index, cancellationToken);

        // Forty tiles of leaves, those above them and at the right edge, and a few that were read again.
        Assert.InRange(tiles.Reads.Count, 40, 60);
    }

    private static byte[] Leaf(int index)
    {
        var bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, index);
        return SHA256.HashData(bytes);
    }
}
