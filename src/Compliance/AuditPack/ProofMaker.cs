using System.Numerics;
using Compliance.Ledger.Format;

namespace Compliance.AuditPack;

/// <summary>
/// Makes inclusion proofs for many leaves of one tree, best in their order: the inner nodes of the last few tiles are kept, so that each
/// proof costs a few look-ups, where <see cref="MerkleProof.InclusionAsync"/> reads and hashes whole tiles. What is wrong in the tiles
/// makes proofs that <see cref="MerkleProof.Inclusion"/> refuses. Memory is <see cref="MaxTiles"/> tiles of 16 KiB. Not safe for use by
/// several threads at once.
/// </summary>
/// <param name="source">The tree's tiles.</param>
/// <param name="size">How many leaves the tree has.</param>
internal sealed class ProofMaker(ITileSource source, long size)
{
    /// <summary>Tiles that are kept at once: two for each of the eight levels there can be.</summary>
    public const int MaxTiles = 16;

    private readonly Dictionary<TileRef, byte[][]> _tiles = [];

    // The nodes at the right edge that are no perfect subtrees, by their first leaf: at most one for each level of the tree.
    private readonly Dictionary<long, byte[]> _edge = [];

    /// <summary>The hashes beside the way from a leaf to the root, from the leaf on.</summary>
    /// <param name="index">The leaf's place, from 0; the tree has it.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="LedgerFormatException">A tile is missing or has not the length it must have.</exception>
    public async ValueTask<IReadOnlyList<byte[]>> ProofAsync(long index, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, size);
        var proof = new List<byte[]>();
        // PATH of RFC 6962 2.1.1, from the root down.
        for (var (start, end) = (0L, size); end - start > 1;)
        {
            var middle = Middle(start, end);
            var right = index >= middle;
            proof.Add(right ? await NodeAsync(start, middle, cancellationToken) : await NodeAsync(middle, end, cancellationToken));
            (start, end) = right ? (middle, end) : (start, middle);
        }
        proof.Reverse();
        return proof;
    }

    // At the largest power of two smaller than the count.
    private static long Middle(long start, long end) => start + (1L << BitOperations.Log2((ulong)(end - start - 1)));

    private async ValueTask<byte[]> NodeAsync(long start, long end, CancellationToken cancellationToken)
    {
        if (BitOperations.IsPow2(end - start))
            return await PerfectAsync(BitOperations.Log2((ulong)(end - start)), start, cancellationToken);
        if (_edge.TryGetValue(start, out var known))
            return known;
        var middle = Middle(start, end);
        var hash = new byte[MerkleHash.Size];
        var (left, right) = (await NodeAsync(start, middle, cancellationToken), await NodeAsync(middle, end, cancellationToken));
        MerkleHash.Node(left, right, hash);
        return _edge[start] = hash;
    }

    private async ValueTask<byte[]> PerfectAsync(int level, long start, CancellationToken cancellationToken)
    {
        var (tileLevel, within) = Math.DivRem(level, TilePath.Height);
        var tile = TilePath.Holding(size, tileLevel, start >> (tileLevel * TilePath.Height));
        if (!_tiles.TryGetValue(tile, out var nodes))
        {
            // All at once rather than the oldest: in their order the leaves need few tiles.
            if (_tiles.Count >= MaxTiles)
                _tiles.Clear();
            _tiles[tile] = nodes = Nodes(await source.ReadHashesAsync(tile, cancellationToken));
        }
        var first = (start >> (tileLevel * TilePath.Height)) % TilePath.Width;
        return nodes[within].AsSpan((int)(first >> within) * MerkleHash.Size, MerkleHash.Size).ToArray();
    }

    // The tile's hashes, and level by level above them the perfect nodes.
    private static byte[][] Nodes(byte[] hashes)
    {
        var levels = new byte[TilePath.Height][];
        levels[0] = hashes;
        for (var level = 1; level < levels.Length; level++)
        {
            var below = levels[level - 1];
            var count = below.Length / MerkleHash.Size / 2;
            var nodes = levels[level] = new byte[count * MerkleHash.Size];
            for (var i = 0; i < count; i++)
                MerkleHash.Node(
                    below.AsSpan(2 * i * MerkleHash.Size, MerkleHash.Size),
                    below.AsSpan((2 * i + 1) * MerkleHash.Size, MerkleHash.Size),
                    nodes.AsSpan(i * MerkleHash.Size)
                );
        }
        return levels;
    }
}
