using System.IO.Hashing;
using System.Numerics;
using System.Security.Cryptography;

namespace Compliance.Ledger.Verification;

/// <summary>
/// Ids seen so far, as 63-bit hashes with a seed of their own: 11 to 21 bytes an id (32 while it grows), so that a million take 16 MB. Two
/// ids may share a hash (one chance in 18 million for a million ids): what it reports has to be looked at again.
/// </summary>
internal sealed class IdSet
{
    private const int FirstSlots = 1024;

    // Nobody can prepare ids that share a hash.
    private readonly long _seed = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long)));
    private ulong[] _slots = new ulong[FirstSlots];
    private int _count;

    /// <summary>The hash by which this set remembers an id; another set has another.</summary>
    public ulong HashOf(ReadOnlySpan<byte> id) => XxHash3.HashToUInt64(id, _seed) | 1; // 0 means empty.

    /// <summary>Remembers an id.</summary>
    /// <param name="hash">Its hash, as <see cref="HashOf"/> makes it.</param>
    /// <returns>False when it, or another with its hash, was there already.</returns>
    public bool Add(ulong hash)
    {
        if (_count >= _slots.Length / 4 * 3)
            Grow();
        if (!Put(_slots, hash))
            return false;
        _count++;
        return true;
    }

    private static bool Put(ulong[] slots, ulong hash)
    {
        var mask = slots.Length - 1;
        // The lowest bit is always set, so the place is taken from the highest.
        for (var at = (int)(hash >> (64 - BitOperations.Log2((uint)slots.Length))); ; at = (at + 1) & mask)
        {
            if (slots[at] == hash)
                return false;
            if (slots[at] != 0)
                continue;
            slots[at] = hash;
            return true;
        }
    }

    private void Grow()
    {
        var larger = new ulong[checked(_slots.Length * 2)];
        foreach (var hash in _slots)
        {
            if (hash != 0)
                Put(larger, hash);
        }
        _slots = larger;
    }
}
