using System.Numerics;
using System.Security.Cryptography;

namespace Compliance.Ledger.Format;

/// <summary>
/// The hashes of RFC 6962 section 2.1 (RFC 9162 section 2.1.1 says the same): SHA-256 with one byte before a leaf and another before an
/// inner node, so that no record can pass for a node. Nothing is allocated, any thread may call.
/// </summary>
internal static class MerkleHash
{
    /// <summary>The length of a hash in bytes.</summary>
    public const int Size = SHA256.HashSizeInBytes;

    private const byte LeafPrefix = 0x00;
    private const byte NodePrefix = 0x01;

    // Up to here it is quicker to put prefix and entry side by side and hash them in one call than to make two calls.
    private const int MaxCopied = 1024;

    // A fresh digest for each hash would cost about as much as the hashing itself.
    [ThreadStatic]
    private static IncrementalHash? _digest;

    /// <summary>The root of a tree without leaves: SHA-256 of nothing.</summary>
    public static ReadOnlySpan<byte> Empty =>
        [
            0xe3,
            0xb0,
            0xc4,
            0x42,
            0x98,
            0xfc,
            0x1c,
            0x14,
            0x9a,
            0xfb,
            0xf4,
            0xc8,
            0x99,
            0x6f,
            0xb9,
            0x24,
            0x27,
            0xae,
            0x41,
            0xe4,
            0x64,
            0x9b,
            0x93,
            0x4c,
            0xa4,
            0x95,
            0x99,
            0x1b,
            0x78,
            0x52,
            0xb8,
            0x55,
        ];

    /// <summary>The hash of a leaf: SHA-256(0x00 || entry).</summary>
    /// <param name="entry">The entry's bytes; may be empty and of any length.</param>
    /// <param name="destination">Where the hash goes: the first <see cref="Size"/> bytes are written. May overlap the entry.</param>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    public static void Leaf(ReadOnlySpan<byte> entry, Span<byte> destination)
    {
        NeedRoom(destination);
        var digest = _digest ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> input = stackalloc byte[1 + MaxCopied];
        input[0] = LeafPrefix;
        if (entry.Length <= MaxCopied)
        {
            entry.CopyTo(input[1..]);
            digest.AppendData(input[..(1 + entry.Length)]);
        }
        else
        {
            digest.AppendData(input[..1]);
            digest.AppendData(entry);
        }
        digest.GetHashAndReset(destination);
    }

    /// <summary>
    /// The hashes of leaves that lie in one text, as <see cref="Leaf"/> makes them. For whoever verifies: what is signed is made by
    /// <see cref="Leaf"/>, so that a wrong hash here could only show as a difference.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="entries">Where in it each entry begins, and its bytes.</param>
    /// <param name="destination">Where the hashes go, side by side.</param>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    public static void Leaves(ReadOnlySpan<byte> text, ReadOnlySpan<(int Start, int Length)> entries, Span<byte> destination)
    {
        if (destination.Length < entries.Length * Size)
            throw new ArgumentException($"{entries.Length} hashes need more than {destination.Length} bytes", nameof(destination));
        if (HashLanes.IsFast)
        {
            HashLanes.Leaves(text, entries, destination);
            return;
        }
        for (var i = 0; i < entries.Length; i++)
            Leaf(text.Slice(entries[i].Start, entries[i].Length), destination[(i * Size)..]);
    }

    /// <summary>The hash of an inner node: SHA-256(0x01 || left || right).</summary>
    /// <param name="left">The hash of the left subtree, <see cref="Size"/> bytes.</param>
    /// <param name="right">The hash of the right subtree, <see cref="Size"/> bytes.</param>
    /// <param name="destination">Where the hash goes: the first <see cref="Size"/> bytes are written. May overlap either child.</param>
    /// <exception cref="ArgumentException">A child is not a hash, or the destination is too short.</exception>
    public static void Node(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, Span<byte> destination)
    {
        if (left.Length != Size || right.Length != Size)
            throw new ArgumentException($"the children of a node are hashes of {Size} bytes, not {left.Length} and {right.Length}");
        NeedRoom(destination);
        var digest = _digest ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> input = stackalloc byte[1 + 2 * Size];
        input[0] = NodePrefix;
        left.CopyTo(input[1..]);
        right.CopyTo(input[(1 + Size)..]);
        digest.AppendData(input);
        digest.GetHashAndReset(destination);
    }

    /// <summary>The hash of a perfect subtree no higher than a tile.</summary>
    /// <param name="hashes">The hashes of its nodes on one level, side by side: 1, 2, 4, ... or <see cref="TilePath.Width"/> of
    /// them.</param>
    /// <param name="destination">Where the hash goes: the first <see cref="Size"/> bytes are written. May overlap the hashes.</param>
    /// <exception cref="ArgumentException">So many bytes are no perfect subtree's, or the destination is too short.</exception>
    public static void Subtree(ReadOnlySpan<byte> hashes, Span<byte> destination)
    {
        var (count, rest) = Math.DivRem(hashes.Length, Size);
        if (rest != 0 || count > TilePath.Width || !BitOperations.IsPow2(count))
            throw new ArgumentException($"{hashes.Length} bytes are not 1, 2, 4, ... {TilePath.Width} hashes", nameof(hashes));
        NeedRoom(destination);
        Span<byte> level = stackalloc byte[hashes.Length];
        hashes.CopyTo(level);
        for (; count > 1; count /= 2)
            Parents(level[..(count * Size)]);
        level[..Size].CopyTo(destination);
    }

    // Puts the hashes of the next level in place of the first half of a level's.
    private static void Parents(Span<byte> level)
    {
        var (count, at) = (level.Length / Size / 2, 0);
        if (HashLanes.IsFast)
        {
            for (; at + HashLanes.Count <= count; at += HashLanes.Count)
                HashLanes.Nodes(level.Slice(2 * at * Size, 2 * HashLanes.Count * Size), level[(at * Size)..]);
        }
        for (; at < count; at++)
            Node(level.Slice(2 * at * Size, Size), level.Slice((2 * at + 1) * Size, Size), level[(at * Size)..]);
    }

    private static void NeedRoom(Span<byte> destination)
    {
        if (destination.Length < Size)
            throw new ArgumentException($"a hash needs {Size} bytes, the destination has {destination.Length}", nameof(destination));
    }
}
