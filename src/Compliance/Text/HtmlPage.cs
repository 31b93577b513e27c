using System.Security.Cryptography;
using System.Text;

namespace Compliance.Text;

/// <summary>
/// One page that needs nothing else: no script, no fonts, no images from elsewhere. Its own policy lets a browser load nothing but its
/// style, which it names by its digest. Captions, columns and cells are markup already: whoever writes them escapes what others wrote.
/// </summary>
internal sealed class HtmlPage
{
    private readonly StringBuilder _page = new();

    /// <param name="title">The title, as text.</param>
    /// <param name="style">The style sheet.</param>
    public HtmlPage(string title, string style)
    {
        var sheet = style.ReplaceLineEndings("\n");
        var digest = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(sheet)));
        Line("<!DOCTYPE html>");
        Line("<html lang=\"en\">");
        Line("<head>");
        Line("<meta charset=\"utf-8\">");
        Line($"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{digest}'\">");
        Line("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        Line("<meta name=\"referrer\" content=\"no-referrer\">");
        Line($"<title>{Escape(title)}</title>");
        Line($"<style>{sheet}</style>");
        Line("</head>");
        Line("<body>");
        Line("<main>");
    }

    /// <summary>Text that cannot be markup and cannot end an attribute. What hides in it is for <see cref="Plain"/> to show.</summary>
    public static string Escape(string text)
    {
        var safe = new StringBuilder(text.Length + 16);
        foreach (var c in text)
            _ = c switch
            {
                '&' => safe.Append("&amp;"),
                '<' => safe.Append("&lt;"),
                '>' => safe.Append("&gt;"),
                '"' => safe.Append("&quot;"),
                '\'' => safe.Append("&#39;"),
                '`' => safe.Append("&#96;"),
                _ => safe.Append(c),
            };
        return safe.ToString();
    }

    /// <summary>Adds markup, as one line.</summary>
    public void Line(string html) => _page.Append(html).Append('\n');

    /// <summary>Adds a table. It may scroll, and can be reached by keyboard then.</summary>
    public void Table(string caption, IReadOnlyList<string> columns, IEnumerable<HtmlRow> rows)
    {
        Line($"<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"{caption}\"><table><caption>{caption}</caption>");
        Line($"<thead><tr>{string.Concat(columns.Select(c => $"<th scope=\"col\">{c}</th>"))}</tr></thead><tbody>");
        foreach (var row in rows)
        {
            var cells = row.Cells.Zip(columns, (cell, column) => $"<td{Class(cell.Style)} data-label=\"{column}\">{cell.Html}</td>");
            Line($"<tr{Class(row.Style)}>{string.Concat(cells)}</tr>");
        }
        Line("</tbody></table></div>");
    }

    /// <summary>The page, to its end.</summary>
    public override string ToString() => $"{_page}</main>\n</body>\n</html>\n";

    private static string Class(string? name) => string.IsNullOrEmpty(name) ? "" : $" class=\"{name}\"";
}

/// <summary>A row of a table.</summary>
/// <param name="Style">Its class; null for none.</param>
/// <param name="Cells">Its cells, one a column.</param>
internal sealed record HtmlRow(string? Style, IReadOnlyList<HtmlCell> Cells);

/// <summary>A cell of a table.</summary>
/// <param name="Style">Its class; empty for none.</param>
/// <param name="Html">What is in it, as markup.</param>
internal sealed record HtmlCell(string Style, string Html);
