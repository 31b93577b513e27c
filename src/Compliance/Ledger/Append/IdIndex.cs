using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text;
using Compliance.Ledger.Format;

namespace Compliance.Ledger.Append;

/// <summary>
/// Where the records of one blob are, by a hash of their ids: 16 bytes a slot, so that a month of a million records takes some 34 MB. A
/// hash may be that of another id; whoever asks looks at the line itself.
/// </summary>
internal sealed class IdIndex
{
    // No one can prepare ids that share a hash.
    private static readonly long Seed = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long)));

    // A place is never 0: no record is 0 bytes long.
    private ulong[] _hashes = new ulong[64];
    private ulong[] _places = new ulong[64];

    /// <summary>How many records it knows.</summary>
    public int Count { get; private set; }

    /// <summary>The hash by which an id is remembered; another process has another.</summary>
    public static ulong HashOf(ReadOnlySpan<byte> utf8) => XxHash3.HashToUInt64(utf8, Seed);

    /// <inheritdoc cref="HashOf(ReadOnlySpan{byte})"/>
    public static ulong HashOf(string id) => HashOf(Encoding.UTF8.GetBytes(id));

    /// <summary>Remembers a record.</summary>
    /// <param name="hash">Hash of its id.</param>
    /// <param name="offset">Where it begins in the blob.</param>
    /// <param name="length">Its bytes without the line feed, 1 to <see cref="EvidenceLine.MaxBytes"/>.</param>
    public void Add(ulong hash, long offset, int length)
    {
        if (Count >= _hashes.Length / 4 * 3)
            Grow();
        Put(hash, ((ulong)offset << 16) | (uint)length);
        Count++;
    }

    /// <summary>The records whose id may be the one with this hash, in the order they were added.</summary>
    public IEnumerable<(long Offset, int Length)> Find(ulong hash)
    {
        for (var at = Slot(hash); _places[at] != 0; at = (at + 1) & (_hashes.Length - 1))
            if (_hashes[at] == hash)
                yield return ((long)(_places[at] >> 16), (int)(_places[at] & 0xFFFF));
    }

    /// <summary>Whether <see cref="Find"/> gives any.</summary>
    public bool MayHold(ulong hash)
    {
        for (var at = Slot(hash); _places[at] != 0; at = (at + 1) & (_hashes.Length - 1))
            if (_hashes[at] == hash)
                return true;
        return false;
    }

    private int Slot(ulong hash) => (int)(hash & (ulong)(_hashes.Length - 1));

    private void Put(ulong hash, ulong place)
    {
        var at = Slot(hash);
        while (_places[at] != 0)
            at = (at + 1) & (_hashes.Length - 1);
        (_hashes[at], _places[at]) = (hash, place);
    }

    private void Grow()
    {
        var (hashes, places) = (_hashes, _places);
        (_hashes, _places) = (new ulong[hashes.Length * 2], new ulong[hashes.Length * 2]);
        // From behind an empty slot on, so that records of one hash keep their order.
        var start = Array.IndexOf(places, 0UL);
        for (var i = 0; i < places.Length; i++)
        {
            var at = (start + i) & (places.Length - 1);
            if (places[at] != 0)
                Put(hashes[at], places[at]);
        }
    }
}
