using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Compliance.Ledger.Format;

/// <summary>
/// SHA-256 (FIPS 180-4) of eight messages at a time, one in each lane of a vector: the leaves and nodes of a tree are many, short and
/// independent of each other, and a call of the platform's digest costs about as much as the hashing of so few bytes. Allocates nothing;
/// any thread may call.
/// </summary>
internal static class HashLanes
{
    /// <summary>How many messages are hashed at a time.</summary>
    public const int Count = 8;

    private const int Rounds = 64;
    private const int BlockWords = 16;
    private const int BlockBytes = 64;
    private const int HashWords = 8;
    private const int Pair = 2 * MerkleHash.Size;

    // RFC 6962: a byte of 1 before the children. FIPS 180-4, 5.1.1: a bit of 1 after them, and how many bits were hashed.
    private const uint NodePrefix = 0x01000000;
    private const uint Padding = 0x00800000;
    private const uint NodeBits = 8 * (1 + Pair);

    // What follows the message: a bit of 1, then zeros, then its length in bits.
    private const byte End = 0x80;
    private const int LengthBytes = sizeof(ulong);

    /// <summary>Whether this machine has vectors of that many lanes; else this is slower than the platform's digest.</summary>
    public static bool IsFast => Avx2.IsSupported;

    private static ReadOnlySpan<uint> Initial =>
        [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

    private static ReadOnlySpan<uint> Constants =>
        [
            0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
            0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
            0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
            0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
            0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
            0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
            0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
            0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
        ];

    /// <summary>Hashes <see cref="Count"/> nodes.</summary>
    /// <param name="children">Their children's hashes, side by side: twice as many.</param>
    /// <param name="nodes">Where the nodes' hashes go, side by side. May be where the children are.</param>
    public static void Nodes(ReadOnlySpan<byte> children, Span<byte> nodes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(children.Length, Count * Pair);
        ArgumentOutOfRangeException.ThrowIfLessThan(nodes.Length, Count * MerkleHash.Size);
        Span<Vector256<uint>> state = stackalloc Vector256<uint>[HashWords];
        for (var i = 0; i < state.Length; i++)
            state[i] = Vector256.Create(Initial[i]);
        Span<Vector256<uint>> words = stackalloc Vector256<uint>[BlockWords];
        // 65 bytes: the prefix and all but the last byte of the children are the first block, that byte and the padding the second.
        var first = MemoryMarshal.Cast<Vector256<uint>, uint>(words);
        Span<uint> last = stackalloc uint[Count];
        for (var lane = 0; lane < Count; lane++)
        {
            var pair = children.Slice(lane * Pair, Pair);
            first[lane] = NodePrefix | (BinaryPrimitives.ReadUInt32BigEndian(pair) >> 8);
            for (var word = 1; word < BlockWords; word++)
                first[(word * Count) + lane] = BinaryPrimitives.ReadUInt32BigEndian(pair[((4 * word) - 1)..]);
            last[lane] = ((uint)pair[Pair - 1] << 24) | Padding;
        }
        Compress(ref state[0], ref words[0]);
        words[0] = Vector256.Create<uint>(last);
        words[1..(BlockWords - 1)].Clear();
        words[BlockWords - 1] = Vector256.Create(NodeBits);
        Compress(ref state[0], ref words[0]);
        for (var lane = 0; lane < Count; lane++)
            Result(state, lane, nodes[(lane * MerkleHash.Size)..]);
    }

    /// <summary>Hashes leaves of any number and length: a lane whose leaf is done takes the next.</summary>
    /// <param name="text">What their entries lie in.</param>
    /// <param name="entries">Where in it each begins, and its bytes.</param>
    /// <param name="leaves">Where their hashes go, side by side; not within the text.</param>
    public static void Leaves(ReadOnlySpan<byte> text, ReadOnlySpan<(int Start, int Length)> entries, Span<byte> leaves)
    {
        Span<Vector256<uint>> state = stackalloc Vector256<uint>[HashWords];
        Span<Vector256<uint>> words = stackalloc Vector256<uint>[BlockWords];
        Span<Vector256<uint>> rows = stackalloc Vector256<uint>[BlockWords];
        Span<byte> edges = stackalloc byte[Count * Lane.EdgeBytes];
        Span<Lane> lanes = stackalloc Lane[Count];
        var (next, busy) = (0, 0);
        for (; next < Math.Min(Count, entries.Length); next++, busy++)
        {
            lanes[next] = new(next, entries[next]);
            Begin(state, next, lanes[next], text, edges);
        }
        while (busy > 0)
        {
            for (var number = 0; number < Count; number++)
            {
                if (lanes[number].IsBusy)
                    Load(rows, number, lanes[number].Next(text, edges[(number * Lane.EdgeBytes)..]));
            }
            Transpose(rows[..Count], words);
            Transpose(rows[Count..], words[Count..]);
            Compress(ref state[0], ref words[0]);
            for (var number = 0; number < Count; number++)
            {
                ref var lane = ref lanes[number];
                if (!lane.IsDone)
                    continue;
                Result(state, number, leaves[(lane.Entry * MerkleHash.Size)..]);
                if (next == entries.Length)
                {
                    lane = default;
                    busy--;
                    continue;
                }
                lane = new(next, entries[next]);
                Begin(state, number, lane, text, edges);
                next++;
            }
        }
    }

    private static void Begin(Span<Vector256<uint>> state, int number, Lane lane, ReadOnlySpan<byte> text, Span<byte> edges)
    {
        lane.Edge(text, edges.Slice(number * Lane.EdgeBytes, Lane.EdgeBytes));
        var words = MemoryMarshal.Cast<Vector256<uint>, uint>(state);
        for (var word = 0; word < HashWords; word++)
            words[(word * Count) + number] = Initial[word];
    }

    private static void Result(Span<Vector256<uint>> state, int lane, Span<byte> hash)
    {
        var words = MemoryMarshal.Cast<Vector256<uint>, uint>(state);
        for (var word = 0; word < HashWords; word++)
            BinaryPrimitives.WriteUInt32BigEndian(hash[(4 * word)..], words[(word * Count) + lane]);
    }

    // A block as a row of words of the one lane: its first half in the first rows, its second in the others.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load(Span<Vector256<uint>> rows, int lane, ReadOnlySpan<byte> block)
    {
        var swapped = Vector256.Create(
            (byte)3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12
        );
        rows[lane] = Avx2.Shuffle(Vector256.Create(block), swapped).AsUInt32();
        rows[Count + lane] = Avx2.Shuffle(Vector256.Create(block[Vector256<byte>.Count..]), swapped).AsUInt32();
    }

    // Rows of words of one lane become rows of one word of each lane.
    private static void Transpose(Span<Vector256<uint>> rows, Span<Vector256<uint>> words)
    {
        for (var half = 0; half < 2; half++)
        {
            // Of four lanes each: pairs of words, then fours.
            var (a, b, c, d) = (rows[4 * half], rows[4 * half + 1], rows[4 * half + 2], rows[4 * half + 3]);
            var (low, high) = (Avx2.UnpackLow(a, b).AsUInt64(), Avx2.UnpackHigh(a, b).AsUInt64());
            var (low2, high2) = (Avx2.UnpackLow(c, d).AsUInt64(), Avx2.UnpackHigh(c, d).AsUInt64());
            rows[4 * half] = Avx2.UnpackLow(low, low2).AsUInt32();
            rows[4 * half + 1] = Avx2.UnpackHigh(low, low2).AsUInt32();
            rows[4 * half + 2] = Avx2.UnpackLow(high, high2).AsUInt32();
            rows[4 * half + 3] = Avx2.UnpackHigh(high, high2).AsUInt32();
        }
        for (var word = 0; word < Count / 2; word++)
        {
            words[word] = Avx2.Permute2x128(rows[word], rows[word + 4], 0x20);
            words[word + 4] = Avx2.Permute2x128(rows[word], rows[word + 4], 0x31);
        }
    }

    // FIPS 180-4, 6.2.2, in each lane: of 8 vectors of state and 16 of words. The words are replaced by those that are made of them.
    // By reference and not by index: the checks of so many indexes, all of them constants, would take half as long as the hashing.
    private static void Compress(ref Vector256<uint> state, ref Vector256<uint> words)
    {
        var (a, b, c, d) = (state, Unsafe.Add(ref state, 1), Unsafe.Add(ref state, 2), Unsafe.Add(ref state, 3));
        var (e, f, g, h) = (Unsafe.Add(ref state, 4), Unsafe.Add(ref state, 5), Unsafe.Add(ref state, 6), Unsafe.Add(ref state, 7));
        ref var constants = ref MemoryMarshal.GetReference(Constants);
        // Eight rounds bring each letter back to its place, so that nothing is moved.
        Round(a, b, c, ref d, e, f, g, ref h, Unsafe.Add(ref constants, 0), Unsafe.Add(ref words, 0));
        Round(h, a, b, ref c, d, e, f, ref g, Unsafe.Add(ref constants, 1), Unsafe.Add(ref words, 1));
        Round(g, h, a, ref b, c, d, e, ref f, Unsafe.Add(ref constants, 2), Unsafe.Add(ref words, 2));
        Round(f, g, h, ref a, b, c, d, ref e, Unsafe.Add(ref constants, 3), Unsafe.Add(ref words, 3));
        Round(e, f, g, ref h, a, b, c, ref d, Unsafe.Add(ref constants, 4), Unsafe.Add(ref words, 4));
        Round(d, e, f, ref g, h, a, b, ref c, Unsafe.Add(ref constants, 5), Unsafe.Add(ref words, 5));
        Round(c, d, e, ref f, g, h, a, ref b, Unsafe.Add(ref constants, 6), Unsafe.Add(ref words, 6));
        Round(b, c, d, ref e, f, g, h, ref a, Unsafe.Add(ref constants, 7), Unsafe.Add(ref words, 7));
        Round(a, b, c, ref d, e, f, g, ref h, Unsafe.Add(ref constants, 8), Unsafe.Add(ref words, 8));
        Round(h, a, b, ref c, d, e, f, ref g, Unsafe.Add(ref constants, 9), Unsafe.Add(ref words, 9));
        Round(g, h, a, ref b, c, d, e, ref f, Unsafe.Add(ref constants, 10), Unsafe.Add(ref words, 10));
        Round(f, g, h, ref a, b, c, d, ref e, Unsafe.Add(ref constants, 11), Unsafe.Add(ref words, 11));
        Round(e, f, g, ref h, a, b, c, ref d, Unsafe.Add(ref constants, 12), Unsafe.Add(ref words, 12));
        Round(d, e, f, ref g, h, a, b, ref c, Unsafe.Add(ref constants, 13), Unsafe.Add(ref words, 13));
        Round(c, d, e, ref f, g, h, a, ref b, Unsafe.Add(ref constants, 14), Unsafe.Add(ref words, 14));
        Round(b, c, d, ref e, f, g, h, ref a, Unsafe.Add(ref constants, 15), Unsafe.Add(ref words, 15));
        for (var i = BlockWords; i < Rounds; i += BlockWords)
        {
            Round(a, b, c, ref d, e, f, g, ref h, Unsafe.Add(ref constants, i + 0), Next(ref words, 0));
            Round(h, a, b, ref c, d, e, f, ref g, Unsafe.Add(ref constants, i + 1), Next(ref words, 1));
            Round(g, h, a, ref b, c, d, e, ref f, Unsafe.Add(ref constants, i + 2), Next(ref words, 2));
            Round(f, g, h, ref a, b, c, d, ref e, Unsafe.Add(ref constants, i + 3), Next(ref words, 3));
            Round(e, f, g, ref h, a, b, c, ref d, Unsafe.Add(ref constants, i + 4), Next(ref words, 4));
            Round(d, e, f, ref g, h, a, b, ref c, Unsafe.Add(ref constants, i + 5), Next(ref words, 5));
            Round(c, d, e, ref f, g, h, a, ref b, Unsafe.Add(ref constants, i + 6), Next(ref words, 6));
            Round(b, c, d, ref e, f, g, h, ref a, Unsafe.Add(ref constants, i + 7), Next(ref words, 7));
            Round(a, b, c, ref d, e, f, g, ref h, Unsafe.Add(ref constants, i + 8), Next(ref words, 8));
            Round(h, a, b, ref c, d, e, f, ref g, Unsafe.Add(ref constants, i + 9), Next(ref words, 9));
            Round(g, h, a, ref b, c, d, e, ref f, Unsafe.Add(ref constants, i + 10), Next(ref words, 10));
            Round(f, g, h, ref a, b, c, d, ref e, Unsafe.Add(ref constants, i + 11), Next(ref words, 11));
            Round(e, f, g, ref h, a, b, c, ref d, Unsafe.Add(ref constants, i + 12), Next(ref words, 12));
            Round(d, e, f, ref g, h, a, b, ref c, Unsafe.Add(ref constants, i + 13), Next(ref words, 13));
            Round(c, d, e, ref f, g, h, a, ref b, Unsafe.Add(ref constants, i + 14), Next(ref words, 14));
            Round(b, c, d, ref e, f, g, h, ref a, Unsafe.Add(ref constants, i + 15), Next(ref words, 15));
        }
        state += a;
        Unsafe.Add(ref state, 1) += b;
        Unsafe.Add(ref state, 2) += c;
        Unsafe.Add(ref state, 3) += d;
        Unsafe.Add(ref state, 4) += e;
        Unsafe.Add(ref state, 5) += f;
        Unsafe.Add(ref state, 6) += g;
        Unsafe.Add(ref state, 7) += h;
    }

    // The word of a round in place of the one of 16 rounds before.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Next(ref Vector256<uint> words, [ConstantExpected] int i)
    {
        var (w2, w15) = (Unsafe.Add(ref words, (i + 14) & 15), Unsafe.Add(ref words, (i + 1) & 15));
        var sigma0 = Rotate(w15, 7) ^ Rotate(w15, 18) ^ (w15 >>> 3);
        var sigma1 = Rotate(w2, 17) ^ Rotate(w2, 19) ^ (w2 >>> 10);
        return Unsafe.Add(ref words, i) += sigma0 + Unsafe.Add(ref words, (i + 9) & 15) + sigma1;
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

    /// <summary>A leaf on its way: a byte of 0 (RFC 6962), the entry, the padding.</summary>
    /// <param name="entry">Which entry.</param>
    /// <param name="place">Where it lies.</param>
    private struct Lane(int entry, (int Start, int Length) place)
    {
        // The first block, with the prefix, and the one or two with the padding: those do not lie in the text as they are hashed.
        public const int EdgeBytes = 3 * BlockBytes;

        private readonly int _length = place.Length + 1;
        private readonly int _start = place.Start;
        private int _block;

        public readonly int Entry => entry;

        public readonly bool IsBusy => _length > 0;

        public readonly bool IsDone => IsBusy && _block == Blocks;

        private readonly int Whole => _length / BlockBytes;

        private readonly int Blocks => ((_length + LengthBytes) / BlockBytes) + 1;

        public readonly void Edge(ReadOnlySpan<byte> text, Span<byte> edge)
        {
            var entry = text.Slice(_start, _length - 1);
            edge.Clear();
            // Beside each other when the first block is not a whole one.
            var tail = Whole > 0 ? edge[BlockBytes..] : edge;
            var first = Math.Min(entry.Length, BlockBytes - 1);
            entry[..first].CopyTo(edge[1..]);
            if (Whole > 0)
                entry[^(_length % BlockBytes)..].CopyTo(tail);
            tail[_length % BlockBytes] = End;
            BinaryPrimitives.WriteUInt64BigEndian(tail[(((Blocks - Whole) * BlockBytes) - LengthBytes)..], 8UL * (ulong)_length);
        }

        public ReadOnlySpan<byte> Next(ReadOnlySpan<byte> text, ReadOnlySpan<byte> edge)
        {
            var block = _block++;
            if (block > 0 && block < Whole)
                return text.Slice(_start + (block * BlockBytes) - 1, BlockBytes);
            var number = block == 0 ? 0 : block - Whole + Math.Min(Whole, 1);
            return edge.Slice(number * BlockBytes, BlockBytes);
        }
    }
}
