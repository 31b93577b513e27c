using System.Globalization;
using Compliance.Text;

namespace Compliance.AuditPack;

/// <summary>How a pack writes things.</summary>
internal static class PackText
{
    private const int MaxRuns = 50;

    /// <summary>A time in UTC, in the form that OSCAL and the ledger take.</summary>
    public static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);

    /// <summary>A time in UTC as people read it, to the second.</summary>
    public static string Shown(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    /// <summary>A number.</summary>
    public static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Places in the log, the first few.</summary>
    public static string Runs(IReadOnlyList<LeafRun> runs) =>
        string.Join(", ", runs.Take(MaxRuns)) + (runs.Count > MaxRuns ? $" and {Number(runs.Count - MaxRuns)} more stretches" : "");

    /// <summary>A text within a page: nothing in it is markup, moves the cursor or reorders what is seen.</summary>
    public static string Html(string text) => HtmlPage.Escape(Line(text));

    /// <summary>A text as code within Markdown.</summary>
    public static string Code(string text) => $"`{Plain.Text(text, 200).Replace('`', '\'')}`";

    /// <summary>A text as one line of Markdown that shows what it says.</summary>
    public static string Markdown(string text)
    {
        var line = Line(text);
        return line.Length == 0
            ? "-"
            : string.Concat(line.Select(c => @"\`*[]<>&".Contains(c, StringComparison.Ordinal) ? $"\\{c}" : c.ToString()));
    }

    /// <summary>
    /// A text on one line: line breaks and tabs are spaces like any other here, and need not be shown as codes.
    /// </summary>
    public static string Line(string text) =>
        Plain.Text(string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));
}
