using Compliance.Ledger.Append;
using Compliance.Ledger.Format;
using CsCheck;

namespace Compliance.Tests.Ledger.Append;

public sealed class IdIndexTests
{
    [Fact]
    public void It_finds_what_was_added_in_its_order_however_many_share_a_hash() =>
        // Few hashes that differ in their upper bits only, so that they meet in the table.
        Gen.Select(Gen.ULong[0, 7].Select(Gen.ULong[0, 3], (low, high) => low | (high << 60)), Gen.Int[1, EvidenceLine.MaxBytes])
            .List[0, 400]
            .Sample(added =>
            {
                var index = new IdIndex();
                var offset = 0L;
                var expected = new List<(ulong Hash, long Offset, int Length)>();
                foreach (var (hash, length) in added)
                {
                    index.Add(hash, offset, length);
                    expected.Add((hash, offset, length));
                    offset += length + (1L << 30);
                }
                for (var low = 0UL; low < 9; low++)
                    for (var high = 0UL; high < 4; high++)
                    {
                        var hash = low | (high << 60);
                        var wanted = expected.Where(e => e.Hash == hash).Select(e => (e.Offset, e.Length)).ToList();
                        Assert.Equal(wanted, index.Find(hash));
                        Assert.Equal(wanted.Count > 0, index.MayHold(hash));
                    }
                Assert.Equal(added.Count, index.Count);
            });

    [Fact]
    public void A_million_records_take_far_less_than_100_MB()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var index = new IdIndex();
        var hash = 1UL;
        for (var i = 0; i < 1_000_000; i++)
            index.Add(hash = unchecked((hash * 6364136223846793005) + 1442695040888963407), i * 450L, 449);

        // With what it had before it grew, all of it.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 16_000_000, 70_000_000);
        Assert.Equal([(999_999 * 450L, 449)], index.Find(hash));
    }
}
