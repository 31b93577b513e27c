using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Compliance.Ledger.Format;

/// <summary>
/// SHA-256 (FIPS 180-4) of eight inner nodes at a time, one in each lane of a vector: the nodes of a tile are many, short and independent
/// of each other, and a call of the platform's digest costs several times the hashing of so few bytes. Leaves, which are what a record's
/// evidence rests on, are hashed by the platform. Allocates nothing; any thread may call.
/// </summary>
internal static class NodeLanes
{
    /// <summary>How many nodes are hashed at a time.</summary>
    public const int Count = 8;

    private const int Rounds = 64;
    private const int BlockWords = 16;
    private const int HashWords = 8;
    private const int Pair = 2 * MerkleHash.Size;

    // RFC 6962: a byte of 1 before the children. FIPS 180-4, 5.1.1: a bit of 1 after them, and how many bits were hashed.
    private const uint Prefix = 0x01000000;
    private const uint Padding = 0x00800000;
    private const uint Bits = 8 * (1 + Pair);

    /// <summary>Whether this machine has vectors of that many lanes; else this is slower than the platform's digest.</summary>
    public static bool IsFast => Vector256.IsHardwareAccelerated;

    private static ReadOnlySpan<uint> Initial =>
        [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

    private static ReadOnlySpan<uint> Constants =>
        [
            0x428a2f98,
            0x71374491,
            0xb5c0fbcf,
            0xe9b5dba5,
            0x3956c25b,
            0x59f111f1,
            0x923f82a4,
            0xab1c5ed5,
            0xd807aa98,
            0x12835b01,
            0x243185be,
            0x550c7dc3,
            0x72be5d74,
            0x80deb1fe,
            0x9bdc06a7,
            0xc19bf174,
            0xe49b69c1,
            0xefbe4786,
            0x0fc19dc6,
            0x240ca1cc,
            0x2de92c6f,
            0x4a7484aa,
            0x5cb0a9dc,
            0x76f988da,
            0x983e5152,
            0xa831c66d,
            0xb00327c8,
            0xbf597fc7,
            0xc6e00bf3,
            0xd5a79147,
            0x06ca6351,
            0x14292967,
            0x27b70a85,
            0x2e1b2138,
            0x4d2c6dfc,
            0x53380d13,
            0x650a7354,
            0x766a0abb,
            0x81c2c92e,
            0x92722c85,
            0xa2bfe8a1,
            0xa81a664b,
            0xc24b8b70,
            0xc76c51a3,
            0xd192e819,
            0xd6990624,
            0xf40e3585,
            0x106aa070,
            0x19a4c116,
            0x1e376c08,
            0x2748774c,
            0x34b0bcb5,
            0x391c0cb3,
            0x4ed8aa4a,
            0x5b9cca4f,
            0x682e6ff3,
            0x748f82ee,
            0x78a5636f,
            0x84c87814,
            0x8cc70208,
            0x90befffa,
            0xa4506ceb,
            0xbef9a3f7,
            0xc67178f2,
        ];

    /// <summary>Hashes <see cref="Count"/> nodes.</summary>
    /// <param name="children">Their children's hashes, side by side: twice as many.</param>
    /// <param name="nodes">Where the nodes' hashes go, side by side. May be where the children are.</param>
    public static void Hash(ReadOnlySpan<byte> children, Span<byte> nodes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(children.Length, Count * Pair);
        ArgumentOutOfRangeException.ThrowIfLessThan(nodes.Length, Count * MerkleHash.Size);
        Span<Vector256<uint>> state = stackalloc Vector256<uint>[HashWords];
        for (var i = 0; i < state.Length; i++)
            state[i] = Vector256.Create(Initial[i]);
        Span<Vector256<uint>> words = stackalloc Vector256<uint>[Rounds];
        // 65 bytes: the prefix and all but the last byte of the children are the first block, that byte and the padding the second.
        var first = MemoryMarshal.Cast<Vector256<uint>, uint>(words[..BlockWords]);
        Span<uint> last = stackalloc uint[Count];
        for (var lane = 0; lane < Count; lane++)
        {
            var pair = children.Slice(lane * Pair, Pair);
            first[lane] = Prefix | (BinaryPrimitives.ReadUInt32BigEndian(pair) >> 8);
            for (var word = 1; word < BlockWords; word++)
                first[(word * Count) + lane] = BinaryPrimitives.ReadUInt32BigEndian(pair[((4 * word) - 1)..]);
            last[lane] = ((uint)pair[Pair - 1] << 24) | Padding;
        }
        Compress(state, words);
        words[0] = Vector256.Create<uint>(last);
        words[1..(BlockWords - 1)].Clear();
        words[BlockWords - 1] = Vector256.Create(Bits);
        Compress(state, words);
        var hashes = MemoryMarshal.Cast<Vector256<uint>, uint>(state);
        for (var lane = 0; lane < Count; lane++)
        {
            var node = nodes.Slice(lane * MerkleHash.Size, MerkleHash.Size);
            for (var word = 0; word < HashWords; word++)
                BinaryPrimitives.WriteUInt32BigEndian(node[(4 * word)..], hashes[(word * Count) + lane]);
        }
    }

    // FIPS 180-4, 6.2.2, in each lane.
    private static void Compress(Span<Vector256<uint>> state, Span<Vector256<uint>> words)
    {
        for (var i = BlockWords; i < Rounds; i++)
        {
            var (w2, w15) = (words[i - 2], words[i - 15]);
            var sigma0 = Rotate(w15, 7) ^ Rotate(w15, 18) ^ (w15 >>> 3);
            var sigma1 = Rotate(w2, 17) ^ Rotate(w2, 19) ^ (w2 >>> 10);
            words[i] = words[i - 16] + sigma0 + words[i - 7] + sigma1;
        }
        var (a, b, c, d) = (state[0], state[1], state[2], state[3]);
        var (e, f, g, h) = (state[4], state[5], state[6], state[7]);
        // Eight rounds bring each letter back to its place, so that nothing is moved.
        for (var i = 0; i < Rounds; i += 8)
        {
            Round(a, b, c, ref d, e, f, g, ref h, Constants[i], words[i]);
            Round(h, a, b, ref c, d, e, f, ref g, Constants[i + 1], words[i + 1]);
            Round(g, h, a, ref b, c, d, e, ref f, Constants[i + 2], words[i + 2]);
            Round(f, g, h, ref a, b, c, d, ref e, Constants[i + 3], words[i + 3]);
            Round(e, f, g, ref h, a, b, c, ref d, Constants[i + 4], words[i + 4]);
            Round(d, e, f, ref g, h, a, b, ref c, Constants[i + 5], words[i + 5]);
            Round(c, d, e, ref f, g, h, a, ref b, Constants[i + 6], words[i + 6]);
            Round(b, c, d, ref e, f, g, h, ref a, Constants[i + 7], words[i + 7]);
        }
        state[0] += a;
        state[1] += b;
        state[2] += c;
        state[3] += d;
        state[4] += e;
        state[5] += f;
        state[6] += g;
        state[7] += h;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(
        Vector256<uint> a,
        Vector256<uint> b,
        Vector256<uint> c,
        ref Vector256<uint> d,
        Vector256<uint> e,
        Vector256<uint> f,
        Vector256<uint> g,
        ref Vector256<uint> h,
        uint constant,
        Vector256<uint> word
    )
    {
        // What is known first is added first: the next round waits for e and a.
        var first = h + (Vector256.Create(constant) + word) + (((f ^ g) & e) ^ g) + (Rotate(e, 6) ^ Rotate(e, 11) ^ Rotate(e, 25));
        var second = ((a & b) | ((a | b) & c)) + (Rotate(a, 2) ^ Rotate(a, 13) ^ Rotate(a, 22));
        d += first;
        h = first + second;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Rotate(Vector256<uint> word, [ConstantExpected] byte bits) =>
        Avx512F.VL.IsSupported ? Avx512F.VL.RotateRight(word, bits) : (word >>> bits) | (word << (32 - bits));
}
