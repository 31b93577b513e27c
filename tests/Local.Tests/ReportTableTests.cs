using Compliance.Controls;
using Compliance.Credentials;
using Compliance.Findings;
using Testing;

namespace Local.Tests;

public sealed class ReportTableTests
{
    private static readonly GoldenTexts Texts = GoldenTexts.In(Path.Combine("Local.Tests", "texts.md"));

    [Fact]
    public void Every_text_that_is_kept_is_one_that_a_test_names() => Texts.ExpectNoOther();

    private static string Print(CredentialReport report, int width = 120, bool colour = false)
    {
        using var text = new StringWriter { NewLine = "\n" };
        ReportTable.Print(report, text, width, colour, ".local/once/azurite");
        return string.Join('\n', text.ToString().Split('\n').Select(line => line.TrimEnd()));
    }

    [Fact]
    public void A_report_reads_as_documented()
    {
        var report = Reports.With(
            Reports.Finding(Severity.Low, "wiki") with
            {
                Owner = null,
                AgeDays = null,
                Expires = null,
            },
            Reports.Finding(Severity.Critical, "billing"),
            Reports.Finding(Severity.High, "shop", FindingStatus.Waived),
            Reports.Finding(Severity.High, "gone", FindingStatus.Resolved)
        );
        report = report with { Run = report.Run with { Warnings = ["credentials.yaml:12: the waiver of shop ends in 3 days"] } };
        Texts.Expect("a report", Print(report));
    }

    [Fact]
    public void A_gap_names_its_permission_and_its_remedy() =>
        Texts.Expect("a report with a gap", Print(Reports.Incomplete(Reports.With())));

    [Theory]
    [InlineData(80)]
    [InlineData(120)]
    [InlineData(200)]
    public void No_row_is_wider_than_the_terminal(int width)
    {
        var finding = Reports.Finding(Severity.High, "a-rather-long-name-of-an-app-registration-that-somebody-typed") with
        {
            Owner = "a.very.long.name@subsidiary.contoso.example",
            Reason = "its secret is 412 days old and policy allows no more than 90; it also never expires",
        };
        var rows = Print(Reports.With(finding), width).Split('\n');
        Assert.True(rows.Where(row => row.StartsWith(' ') || row.StartsWith('─')).Max(row => row.Length) <= width);
        Assert.Contains(
            rows,
            row =>
                row.Contains("CRED-001", StringComparison.Ordinal)
                && row.Contains("2026-11-30", StringComparison.Ordinal)
                && row.Contains("412 d", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Names_can_neither_style_the_terminal_nor_break_the_table()
    {
        var text = Print(Reports.With(Reports.Finding(Severity.High, "[red]x[/]\u001b[31m\n\u202Egnp") with { Reason = "[bold" }), 200);
        Assert.Contains("[red]x[/]\\u001b[31m \\u202egnp", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', text);
    }

    [Fact]
    public void Colours_come_only_when_asked_for()
    {
        var report = Reports.With(Reports.Finding(Severity.High, "billing"));
        Assert.Equal((true, false), (Print(report, colour: true).Contains('\u001b'), Print(report).Contains('\u001b')));
    }
}
