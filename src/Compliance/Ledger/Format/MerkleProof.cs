using System.Numerics;

namespace Compliance.Ledger.Format;

/// <summary>
/// Proofs that a leaf is in a tree (inclusion) and that a tree is the beginning of a larger one (consistency): made as RFC 6962 sections
/// 2.1.1 and 2.1.2 define them, checked as in RFC 9162 sections 2.1.3.2 and 2.1.4.2. Checking takes anything and never throws for it.
/// </summary>
internal static class MerkleProof
{
    /// <summary>Whether the proof shows that a leaf is in a tree.</summary>
    /// <param name="index">The leaf's place, from 0.</param>
    /// <param name="size">How many leaves the tree has: from the checkpoint that the root is from, since a root alone does not state its
    /// tree's size.</param>
    /// <param name="leafHash">The leaf's hash.</param>
    /// <param name="proof">The hashes beside the way from the leaf to the root.</param>
    /// <param name="root">The tree's root, from a source that is trusted.</param>
    public static bool Inclusion(long index, long size, ReadOnlySpan<byte> leafHash, IReadOnlyList<byte[]> proof, ReadOnlySpan<byte> root)
    {
        ArgumentNullException.ThrowIfNull(proof);
        if (index < 0 || index >= size || !AreHashes(leafHash, root, proof))
            return false;
        var (node, last) = (index, size - 1);
        Span<byte> hash = stackalloc byte[MerkleHash.Size];
        leafHash.CopyTo(hash);
        foreach (var sibling in proof)
        {
            if (last == 0)
                return false;
            if (IsRight(node) || node == last)
            {
                MerkleHash.Node(sibling, hash, hash);
                SkipLevelsWithoutSibling(ref node, ref last);
            }
            else
            {
                MerkleHash.Node(hash, sibling, hash);
            }
            (node, last) = (node >> 1, last >> 1);
        }
        return last == 0 && hash.SequenceEqual(root);
    }

    /// <summary>
    /// Whether the proof shows that the newer tree begins with all leaves of the older one, in their order. Every tree begins with the
    /// empty one: for an older size of 0 the older root has to be <see cref="MerkleHash.Empty"/> and the proof empty, and nothing is said
    /// of the newer root (RFC 9162 leaves this case out).
    /// </summary>
    /// <param name="oldSize">How many leaves the older tree has, from the checkpoint that its root is from.</param>
    /// <param name="newSize">How many leaves the newer tree has, likewise.</param>
    /// <param name="oldRoot">The older tree's root.</param>
    /// <param name="newRoot">The newer tree's root.</param>
    /// <param name="proof">The hashes from which both roots can be made; none when the sizes are equal.</param>
    public static bool Consistency(
        long oldSize,
        long newSize,
        ReadOnlySpan<byte> oldRoot,
        ReadOnlySpan<byte> newRoot,
        IReadOnlyList<byte[]> proof
    )
    {
        ArgumentNullException.ThrowIfNull(proof);
        if (oldSize < 0 || oldSize > newSize || !AreHashes(oldRoot, newRoot, proof))
            return false;
        if (oldSize == newSize)
            return proof.Count == 0 && oldRoot.SequenceEqual(newRoot) && (oldSize > 0 || oldRoot.SequenceEqual(MerkleHash.Empty));
        if (oldSize == 0)
            return proof.Count == 0 && oldRoot.SequenceEqual(MerkleHash.Empty);
        if (proof.Count == 0)
            return false;
        // A perfect older tree is a node of the newer one. The proof leaves that node out, since its hash is the older root.
        var perfect = BitOperations.IsPow2(oldSize);
        var (node, last) = (oldSize - 1, newSize - 1);
        var fullLevels = BitOperations.TrailingZeroCount(oldSize);
        (node, last) = (node >> fullLevels, last >> fullLevels);
        Span<byte> oldHash = stackalloc byte[MerkleHash.Size];
        Span<byte> newHash = stackalloc byte[MerkleHash.Size];
        (perfect ? oldRoot : proof[0]).CopyTo(oldHash);
        oldHash.CopyTo(newHash);
        for (var i = perfect ? 0 : 1; i < proof.Count; i++)
        {
            if (last == 0)
                return false;
            if (IsRight(node) || node == last)
            {
                MerkleHash.Node(proof[i], oldHash, oldHash);
                MerkleHash.Node(proof[i], newHash, newHash);
                SkipLevelsWithoutSibling(ref node, ref last);
            }
            else
            {
                MerkleHash.Node(newHash, proof[i], newHash);
            }
            (node, last) = (node >> 1, last >> 1);
        }
        return last == 0 && oldHash.SequenceEqual(oldRoot) && newHash.SequenceEqual(newRoot);
    }

    /// <summary>Makes the proof that a leaf is in a tree. Reads at most two tiles for every eight levels of the tree, each once.</summary>
    /// <param name="source">The tree's tiles. What is wrong there makes a proof that <see cref="Inclusion"/> refuses.</param>
    /// <param name="index">The leaf's place, from 0.</param>
    /// <param name="size">How many leaves the tree has, more than the index.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="ArgumentOutOfRangeException">The tree has no such leaf.</exception>
    /// <exception cref="LedgerFormatException">A tile has not the length it must have.</exception>
    public static Task<IReadOnlyList<byte[]>> InclusionAsync(ITileSource source, long index, long size, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, size);
        var proof = new List<LeafRange>();
        // PATH of RFC 6962 2.1.1, from the root down.
        for (var tree = new LeafRange(0, size); tree.Count > 1;)
        {
            var (left, right) = tree.Halves();
            proof.Add(index < right.Start ? right : left);
            tree = index < right.Start ? left : right;
        }
        proof.Reverse();
        return HashesAsync(source, size, proof, cancellationToken);
    }

    /// <summary>
    /// Makes the proof that a tree begins with an older one. Reads at most two tiles for every eight levels of the tree, each once.
    /// </summary>
    /// <param name="source">The newer tree's tiles. What is wrong there makes a proof that <see cref="Consistency"/> refuses.</param>
    /// <param name="old">How many leaves the older tree has. For 0 the proof is empty.</param>
    /// <param name="size">How many leaves the newer tree has, not fewer.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="ArgumentOutOfRangeException">The older tree is the larger one, or has a negative size.</exception>
    /// <exception cref="LedgerFormatException">A tile has not the length it must have.</exception>
    public static Task<IReadOnlyList<byte[]>> ConsistencyAsync(ITileSource source, long old, long size, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(old);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(old, size);
        var proof = new List<LeafRange>();
        // SUBPROOF of RFC 6962 2.1.2, from the root down to where the older tree ends.
        var tree = new LeafRange(0, size);
        while (old > 0 && tree.End != old)
        {
            var (left, right) = tree.Halves();
            proof.Add(old <= right.Start ? right : left);
            tree = old <= right.Start ? left : right;
        }
        // What remains is the whole older tree, which the verifier knows, or its last subtree, which he doesn't.
        if (old > 0 && tree.Start > 0)
            proof.Add(tree);
        proof.Reverse();
        return HashesAsync(source, size, proof, cancellationToken);
    }

    /// <summary>The root of a tree, from the tiles at its right edge: one for every eight levels.</summary>
    /// <param name="source">The tree's tiles.</param>
    /// <param name="size">How many leaves the tree has.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="LedgerFormatException">A tile has not the length it must have.</exception>
    public static async Task<byte[]> RootAsync(ITileSource source, long size, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        return size == 0 ? MerkleHash.Empty.ToArray() : (await HashesAsync(source, size, [new(0, size)], cancellationToken))[0];
    }

    private static bool IsRight(long node) => (node & 1) == 1;

    // A node at the right edge that is a left child has no sibling: it stands for its parent as well. (It is not the first of its level:
    // that one is the root.)
    private static void SkipLevelsWithoutSibling(ref long node, ref long last)
    {
        var levels = BitOperations.TrailingZeroCount(node);
        (node, last) = (node >> levels, last >> levels);
    }

    private static bool AreHashes(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, IReadOnlyList<byte[]> proof)
    {
        // No tree that a long can count is higher, so no proof is longer.
        const int MaxHashes = 64;
        if (first.Length != MerkleHash.Size || second.Length != MerkleHash.Size || proof.Count > MaxHashes)
            return false;
        foreach (var hash in proof)
        {
            if (hash is not { Length: MerkleHash.Size })
                return false;
        }
        return true;
    }

    private static async Task<IReadOnlyList<byte[]>> HashesAsync(
        ITileSource source,
        long size,
        List<LeafRange> wanted,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(source);
        var tiles = new Dictionary<TileRef, byte[]>();
        foreach (var (level, index) in wanted.SelectMany(w => w.PerfectSubtrees()))
        {
            var (tile, _, _) = Place(size, level, index);
            if (!tiles.ContainsKey(tile))
                tiles.Add(tile, await source.ReadHashesAsync(tile, cancellationToken));
        }
        return [.. wanted.Select(w => Hash(w, size, tiles))];
    }

    private static byte[] Hash(LeafRange range, long size, Dictionary<TileRef, byte[]> tiles)
    {
        var frontier = new List<byte[]>();
        foreach (var (level, index) in range.PerfectSubtrees())
        {
            var (tile, first, count) = Place(size, level, index);
            var root = new byte[MerkleHash.Size];
            MerkleHash.Subtree(tiles[tile].AsSpan(first * MerkleHash.Size, count * MerkleHash.Size), root);
            frontier.Add(root);
        }
        return MerkleFrontier.Restore(range.Count, frontier).Root();
    }

    // Where the hash of a perfect subtree comes from: it is one of a tile's, or the root over 2, 4, ... 128 of them side by side.
    private static (TileRef Tile, int First, int Count) Place(long size, int level, long index)
    {
        var (tileLevel, within) = Math.DivRem(level, TilePath.Height);
        var first = index << within;
        return (TilePath.Holding(size, tileLevel, first), (int)(first % TilePath.Width), 1 << within);
    }

    /// <summary>
    /// The leaves from a place to another: a node of the tree as RFC 6962 defines it, perfect or cut off by the tree's end.
    /// </summary>
    private readonly record struct LeafRange(long Start, long End)
    {
        public long Count => End - Start;

        // At the largest power of two smaller than the count.
        public (LeafRange Left, LeafRange Right) Halves()
        {
            var middle = Start + (1L << BitOperations.Log2((ulong)(Count - 1)));
            return (new(Start, middle), new(middle, End));
        }

        // From the left: one for each bit of the count. A node begins at a multiple of its largest subtree, so all of them are nodes of the
        // whole tree too.
        public IEnumerable<(int Level, long Index)> PerfectSubtrees()
        {
            for (var (start, level) = (Start, 62); level >= 0; level--)
            {
                if ((Count >> level & 1) == 0)
                    continue;
                yield return (level, start >> level);
                start += 1L << level;
            }
        }
    }
}
