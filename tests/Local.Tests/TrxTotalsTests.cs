namespace Local.Tests;

public sealed class TrxTotalsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("trx-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Passed_failed_and_skipped_are_summed_over_all_files()
    {
        var sample = Path.Combine(AppContext.BaseDirectory, "Samples", "one-failed-one-skipped.trx"); // as the platform wrote it: 3 passed, 1 failed, 1 skipped
        File.Copy(sample, Path.Combine(_folder, "a.trx"));
        File.Copy(sample, Path.Combine(_folder, "b.trx"));
        Assert.Equal("6 passed, 2 failed, 2 skipped", TrxTotals.Of(_folder).ToString());
    }

    [Fact]
    public void Nothing_skipped_is_not_mentioned() => Assert.Equal("7 passed, 0 failed", new TrxTotals(7, 0, 0).ToString());

    [Fact]
    public void A_file_that_is_cut_off_is_an_error_and_not_zero_tests()
    {
        File.WriteAllText(Path.Combine(_folder, "a.trx"), "<TestRun><Results>");
        Assert.Contains("a.trx cannot be read", Assert.Throws<LaunchException>(() => TrxTotals.Of(_folder)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 5, 0, 0)]
    [InlineData(0, 0, 0, 1)]
    [InlineData(0, 5, 1, 1)]
    [InlineData(1, 5, 0, 1)]
    public void A_run_is_good_when_dotnet_agrees_and_something_passed(int exit, int passed, int failed, int expected) =>
        Assert.Equal(expected, TestRun.Verdict(exit, new TrxTotals(passed, failed, 0)));
}
