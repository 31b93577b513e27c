using System.Globalization;
using Compliance.Text;

namespace Compliance.Minimization.Sweeps;

/// <summary>
/// A sweep's report as one page that needs nothing else. Everything that comes from a tenant is escaped, and characters that would hide or
/// turn text around are shown as what they are. Pure.
/// </summary>
internal static class SweepReportPage
{
    /// <summary>The page.</summary>
    public static string Html(SweepReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var page = new HtmlPage($"Data-minimization report {report.SweepId}", DocumentStyle.Sheet);
        Head(page, report);
        DataSets(page, report);
        Coverage(page, report);
        if (report.Unread.Count > 0)
        {
            page.Line("<h2>What could not be read</h2><ul>");
            foreach (var unread in report.Unread)
                page.Line($"<li>{Shown(unread)}</li>");
            page.Line("</ul>");
        }
        page.Line("<h2>How to check this</h2>");
        page.Line(
            $"<p>Each deletion is in a file of outcomes whose digest is in the evidence ledger under {Shown(report.SweepId)}, "
                + "beside the digest of this report. <code>compliance evidence verify</code> shows that the ledger is whole.</p>"
        );
        page.Line($"<p class=\"soft\">Policy <code>{Shown(report.PolicySha256)}</code></p>");
        return page.ToString();
    }

    private static void Head(HtmlPage page, SweepReport report)
    {
        var deleted = report.DataSets.Aggregate(SliceTotal.None, (sum, d) => sum + d.Deleted);
        var (tone, headline) = report.IsComplete
            ? ("good", "Everything that was due is gone or kept with a reason")
            : ("bad", "Not everything that was due is gone");
        page.Line($"<h1>Data-minimization report</h1><p class=\"soft\">{Shown(report.SweepId)}</p>");
        page.Line($"<div class=\"state {tone}\"><strong>{headline}</strong>");
        page.Line(
            $"{Number(deleted.Items)} items of {Size(deleted.Bytes)} were deleted in {Number(report.Containers)} containers, by the rules "
                + $"as of {Time(report.At)}; it was done on {Time(report.EndedAt)}.</div>"
        );
        page.Line(
            report.RetainedUntil is { } until
                ? $"<p>Storage keeps what was deleted until {Time(until)} at the latest. Until then it can be restored; after that it is "
                    + "listed once more.</p>"
                : "<p>Storage keeps nothing of what was deleted: it cannot be restored.</p>"
        );
    }

    private static void DataSets(HtmlPage page, SweepReport report)
    {
        page.Line("<h2>Data sets</h2>");
        page.Table(
            "What was there, was due and became of it",
            ["Data set", "State", "There", "Due", "Deleted", "Kept with a reason", "Not deleted", "Left"],
            report.DataSets.Select(Row)
        );
    }

    private static HtmlRow Row(DataSetReport set)
    {
        long Of(params SweepResult[] results) => results.Sum(r => set.Results.GetValueOrDefault(r, SliceTotal.None).Items);
        var note = set.Note is { } reason ? $"<small>{Shown(reason)}</small>" : "";
        return new(
            null,
            [
                new("", $"<bdi>{Shown(set.DataSet)}</bdi><small>{Shown(set.Classification)}, {Shown(set.Purpose)}</small>"),
                new("", $"<span class=\"tag {Tone(set.State)}\">{Name(set.State)}</span>{note}"),
                new("", $"{Number(set.Totals.All.Items)}<small>{Size(set.Totals.All.Bytes)}</small>"),
                new("", $"{Number(set.Totals.Due.Items)}<small>{Size(set.Totals.Due.Bytes)}</small>"),
                new("", $"{Number(set.Deleted.Items)}<small>{Size(set.Deleted.Bytes)}</small>"),
                new("", Number(Of(SweepResult.Changed, SweepResult.Held, SweepResult.Leased) + set.Totals.Held.Items)),
                new("", Number(Of(SweepResult.Refused, SweepResult.Failed))),
                new("", $"{Number(set.Left.Items)}<small>{Size(set.Left.Bytes)}</small>"),
            ]
        );
    }

    private static void Coverage(HtmlPage page, SweepReport report)
    {
        page.Line("<h2>Coverage</h2>");
        page.Table(
            "All data by classification",
            ["Classification", "Items", "Size"],
            report.Coverage.Select(c => new HtmlRow(
                null,
                [new("", Shown(c.Key)), new("", Number(c.Value.Items)), new("", Size(c.Value.Bytes))]
            ))
        );
    }

    private static string Tone(DataSetState state) =>
        state switch
        {
            DataSetState.Done or DataSetState.NothingDue => "g",
            DataSetState.NotDone => "w",
            _ => "b",
        };

    private static string Name(DataSetState state) =>
        state switch
        {
            DataSetState.NothingDue => "nothing due",
            DataSetState.Done => "done",
            DataSetState.NotDone => "not done",
            _ => "incomplete",
        };

    private static string Shown(string text) => HtmlPage.Escape(Plain.Page(text));

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    // Decimal units, as Azure's meters have them.
    private static string Size(long bytes)
    {
        string[] units = ["B", "kB", "MB", "GB", "TB", "PB"];
        var (size, unit) = ((decimal)bytes, 0);
        for (; size >= 1000 && unit < units.Length - 1; unit++)
            size /= 1000;
        return string.Create(CultureInfo.InvariantCulture, $"{size:0.#} {units[unit]}");
    }

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
}
