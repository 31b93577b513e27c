namespace Local.Tests;

public sealed class TrxTotalsTests
{
    // As the platform wrote it: 3 passed, 1 failed, 1 skipped.
    private static readonly string Sample = Path.Combine(AppContext.BaseDirectory, "Samples", "one-failed-one-skipped.trx");

    [Fact]
    public void Passed_failed_and_skipped_are_read_from_a_file_and_added() =>
        Assert.Equal("6 passed, 2 failed, 2 skipped", (TrxTotals.Read(Sample) + TrxTotals.Read(Sample)).ToString());

    [Fact]
    public void Nothing_skipped_is_not_mentioned() => Assert.Equal("7 passed, 0 failed", new TrxTotals(7, 0, 0).ToString());
}
