using Compliance.Ledger.Format;

namespace Compliance.Tests.Ledger.Format;

public sealed class LedgerLayoutTests
{
    [Theory]
    [InlineData(2026, 11, 1, "log/2026-11-0001.jsonl")]
    [InlineData(1, 1, 9999, "log/0001-01-9999.jsonl")]
    [InlineData(9999, 12, 42, "log/9999-12-0042.jsonl")]
    public void A_path_of_a_blob_is_taken_apart_as_it_was_put_together(int year, int month, int number, string path)
    {
        Assert.Equal(path, LedgerLayout.Log(year, month, number));
        Assert.True(LedgerLayout.TryParseLog(path, out var log));
        Assert.Equal((year, month, number), log);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("log/2026-11-0001.json")]
    [InlineData("log/2026-11-00001.jsonl")]
    [InlineData("log/2026-11-0000.jsonl")]
    [InlineData("log/2026-13-0001.jsonl")]
    [InlineData("log/2026-00-0001.jsonl")]
    [InlineData("log/2026/11-0001.jsonl")]
    [InlineData("log/ 026-11-0001.jsonl")]
    [InlineData("Log/2026-11-0001.jsonl")]
    [InlineData("log/2026-11-0001.jsonx")]
    public void Any_other_path_is_none(string? path) => Assert.False(LedgerLayout.TryParseLog(path, out _));
}
