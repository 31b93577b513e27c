using System.Numerics;

namespace Compliance.Ledger.Format;

/// <summary>
/// The right edge of an RFC 6962 tree that grows: the roots of its perfect subtrees, one for each bit set in its size, which is all that is
/// needed to append to it and to know its root. Constant memory for any size. Not safe for use by several threads at once.
/// </summary>
internal sealed class MerkleFrontier
{
    // One for each bit of a positive long, and room for the leaf that the last append may merge.
    private const int MaxSubtrees = 64;

    // From the left, the largest subtree, to the right.
    private readonly byte[] _roots = new byte[MaxSubtrees * MerkleHash.Size];
    private int _count;

    /// <summary>How many leaves the tree has.</summary>
    public long Size { get; private set; }

    /// <summary>Takes up a tree where <see cref="Save"/> left it.</summary>
    /// <param name="size">How many leaves it had, 0 or more.</param>
    /// <param name="roots">The roots of its perfect subtrees from the left: as many as bits are set in the size.</param>
    /// <exception cref="LedgerFormatException">The roots cannot be those of a tree of this size. (Whether they are is for its root to
    /// show.)</exception>
    public static MerkleFrontier Restore(long size, IReadOnlyList<byte[]> roots)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        ArgumentNullException.ThrowIfNull(roots);
        if (roots.Count != BitOperations.PopCount((ulong)size))
            throw new LedgerFormatException(
                $"the frontier of a tree of {size} leaves has {BitOperations.PopCount((ulong)size)} hashes, not {roots.Count}",
                0
            );
        var frontier = new MerkleFrontier { Size = size };
        foreach (var root in roots)
        {
            if (root is not { Length: MerkleHash.Size })
                throw new LedgerFormatException(
                    $"hash {frontier._count} of the frontier has {root?.Length ?? 0} bytes, not {MerkleHash.Size}",
                    (long)frontier._count * MerkleHash.Size
                );
            root.CopyTo(frontier.At(frontier._count++));
        }
        return frontier;
    }

    /// <summary>Adds a leaf at the end.</summary>
    /// <param name="leafHash">Its hash, as <see cref="MerkleHash.Leaf"/> makes it.</param>
    /// <exception cref="ArgumentException">It is not a hash.</exception>
    /// <exception cref="OverflowException">The tree has as many leaves as can be counted.</exception>
    public void Append(ReadOnlySpan<byte> leafHash)
    {
        if (leafHash.Length != MerkleHash.Size)
            throw new ArgumentException($"a leaf's hash has {MerkleHash.Size} bytes, not {leafHash.Length}", nameof(leafHash));
        var size = checked(Size + 1);
        leafHash.CopyTo(At(_count++));
        // As in counting: each carry joins two subtrees of one size.
        for (var carries = BitOperations.TrailingZeroCount(size); carries > 0; carries--)
        {
            MerkleHash.Node(At(_count - 2), At(_count - 1), At(_count - 2));
            _count--;
        }
        Size = size;
    }

    /// <summary>The root of the tree as it is now; <see cref="MerkleHash.Empty"/> of one without leaves. The caller's own copy.</summary>
    public byte[] Root()
    {
        if (_count == 0)
            return MerkleHash.Empty.ToArray();
        var root = At(_count - 1).ToArray();
        for (var i = _count - 2; i >= 0; i--)
            MerkleHash.Node(At(i), root, root);
        return root;
    }

    /// <summary>A frontier of its own, at the same place.</summary>
    public MerkleFrontier Clone()
    {
        var clone = new MerkleFrontier { Size = Size, _count = _count };
        _roots.AsSpan(0, _count * MerkleHash.Size).CopyTo(clone._roots);
        return clone;
    }

    /// <summary>
    /// What <see cref="Restore"/> needs beside <see cref="Size"/>: the roots of the perfect subtrees from the left, as copies.
    /// </summary>
    public IReadOnlyList<byte[]> Save() => [.. Enumerable.Range(0, _count).Select(i => At(i).ToArray())];

    private Span<byte> At(int subtree) => _roots.AsSpan(subtree * MerkleHash.Size, MerkleHash.Size);
}
