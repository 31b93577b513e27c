using System.Security.Cryptography;
using System.Text;
using Compliance.Findings;

namespace Compliance.Evidence.Pack;

/// <summary><c>index.html</c>: the pack for people. One page without scripts, links out or images; whatever others wrote is escaped.</summary>
internal static class PackIndex
{
    private const string Style =
        "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1a1a1a;background:#fff}table{border-collapse:collapse;width:100%;margin:1rem 0}"
        + "caption{text-align:left;font-weight:600;padding:.5rem 0}th,td{border:1px solid #767676;padding:.35rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}th{background:#f0f0f0}"
        + ".not{background:#fff3cd;font-weight:600}.open{background:#fde2e1}code{overflow-wrap:anywhere}";

    /// <summary>The page.</summary>
    /// <param name="content">What the pack tells.</param>
    /// <param name="files">The files that are in it by now.</param>
    public static string Of(PackContent content, IReadOnlyList<(string Name, string Sha256)> files)
    {
        var (request, scan, checkpoint) = (content.Request, content.Scan, content.Checkpoint);
        var title = PackText.Html($"Evidence for {request.Framework.Title}, {PackText.Time(request.From)} until {PackText.Time(request.To)}");
        var policy = $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)))}'";
        var page = new StringBuilder();
        void Line(string html) => page.Append(html).Append('\n');
        Line("<!DOCTYPE html>");
        Line("<html lang=\"en\">");
        Line("<head>");
        Line("<meta charset=\"utf-8\">");
        Line($"<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">");
        Line("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        Line($"<title>{title}</title>");
        Line($"<style>{Style}</style>");
        Line("</head>");
        Line("<body>");
        Line("<main>");
        Line($"<h1>{title}</h1>");
        Line($"<p>{PackText.Number(scan.Records)} records of the log <code>{PackText.Html(content.Origin)}</code>, places {PackText.Runs(scan.Runs)}, the first logged at {PackText.Time(scan.First)}, the latest at {PackText.Time(scan.Latest)}.");
        Line($"Each is proven to the checkpoint of {PackText.Number(checkpoint.Value.Size)} records, signed by {string.Join(" and ", checkpoint.Keys.Select(k => $"<code>{PackText.Html(k.ToString())}</code>"))}.");
        Line("How to check that by hand is in <code>VERIFY.md</code>. The records are all of that time, whichever framework they serve; the tables are about the framework's controls.</p>");
        if (scan.Timeless.Count > 0)
            Line($"<p class=\"not\">Places {PackText.Runs(scan.Timeless)} of the log hold lines without a time, which a crash cut off. They are not in this pack; the log has them.</p>");
        if (content.Facts is null)
            Line("<p class=\"not\">Findings, waivers and approvals are not in this pack: it was made from the ledger alone. Their absence says nothing about whether there are any.</p>");
        Controls(Line, content);
        if (content.Facts is { } facts)
        {
            Findings(Line, facts);
            Approvals(Line, facts);
        }
        Line("<table><caption>Files</caption><thead><tr><th scope=\"col\">File</th><th scope=\"col\">SHA-256</th></tr></thead><tbody>");
        foreach (var (name, sha256) in files)
            Line($"<tr><td>{PackText.Html(name)}</td><td><code>{sha256}</code></td></tr>");
        Line("</tbody></table>");
        if (content.Facts is not null && files.All(f => f.Name != PackOscal.Poam))
            Line($"<p>There is no <code>{PackOscal.Poam}</code>: no finding was open at the end of that time, and OSCAL has no plan of action without an item.</p>");
        Line("</main>");
        Line("</body>");
        Line("</html>");
        return page.ToString();
    }

    private static void Controls(Action<string> line, PackContent content)
    {
        var framework = content.Request.Framework;
        var unseen = framework.Controls.Count(c => !content.Scan.Controls.ContainsKey(c.Id));
        if (unseen > 0)
            line($"<p class=\"not\">{PackText.Number(unseen)} of {PackText.Number(framework.Controls.Count)} controls have no evidence in this period. That is not a pass: nothing shows that they ran.</p>");
        line($"<table><caption>Controls that serve {PackText.Html(framework.Title)}</caption><thead><tr><th scope=\"col\">Control</th><th scope=\"col\">What is wrong when it fails</th><th scope=\"col\">Clauses</th><th scope=\"col\">Records</th><th scope=\"col\">Of these incomplete</th>"
            + "<th scope=\"col\">Open</th><th scope=\"col\">Waived</th><th scope=\"col\">Resolved</th><th scope=\"col\">Evidence</th></tr></thead><tbody>");
        foreach (var control in framework.Controls)
        {
            var seen = content.Scan.Controls.GetValueOrDefault(control.Id);
            string Count(FindingStatus status) => content.Facts is { } facts ? PackText.Number(facts.Findings.Count(f => f.Control == control.Id && f.Status == status)) : "not known";
            line($"<tr{(seen is null ? " class=\"not\"" : "")}><td>{PackText.Html(control.Id)}</td><td>{PackText.Html(control.Title)}</td><td>{PackText.Html(string.Join(", ", framework.Clauses(control)))}</td>"
                + $"<td>{PackText.Number(seen?.Records ?? 0)}</td><td>{PackText.Number(seen?.Incomplete ?? 0)}</td><td>{Count(FindingStatus.Open)}</td><td>{Count(FindingStatus.Waived)}</td><td>{Count(FindingStatus.Resolved)}</td>"
                + $"<td>{(seen is null ? "no evidence in this period" : $"last at {PackText.Time(seen.Last)}")}</td></tr>");
        }
        line("</tbody></table>");
    }

    private static void Findings(Action<string> line, PackFacts facts)
    {
        line("<table><caption>Findings, as they stood at the end of that time</caption><thead><tr><th scope=\"col\">Finding</th><th scope=\"col\">Status</th><th scope=\"col\">Severity</th><th scope=\"col\">About</th><th scope=\"col\">Why</th>"
            + "<th scope=\"col\">Opened</th><th scope=\"col\">Resolved</th><th scope=\"col\">Waiver</th></tr></thead><tbody>");
        foreach (var f in facts.Findings)
        {
            line($"<tr{(f.Status == FindingStatus.Open ? " class=\"open\"" : "")}><td>{PackText.Html(f.Id)}</td><td>{Lower(f.Status)}{(f.Unknown ? " (could not tell)" : "")}</td><td>{Lower(f.Severity)}</td>"
                + $"<td>{PackText.Html(f.SubjectType)} {PackText.Html(f.SubjectName)} {PackText.Html(f.Part)}</td><td>{PackText.Html(f.Reason)}</td><td>{PackText.Time(f.OpenedAt)}</td><td>{(f.ResolvedAt is { } at ? PackText.Time(at) : "")}</td>"
                + $"<td>{(f.Waiver is { } w ? PackText.Html($"{w.Id}: {w.Reason} (by {w.ApprovedBy}, until {PackText.Time(w.Expires)})") : "")}</td></tr>");
        }
        line("</tbody></table>");
        line("<p>The program keeps how a finding stands now. One that came back counts from its first opening, and one that was resolved after that time is told as open.</p>");
    }

    private static void Approvals(Action<string> line, PackFacts facts)
    {
        line("<table><caption>Approvals</caption><thead><tr><th scope=\"col\">Request</th><th scope=\"col\">Plan</th><th scope=\"col\">Why</th><th scope=\"col\">Asked</th><th scope=\"col\">State</th><th scope=\"col\">Answers</th></tr></thead><tbody>");
        foreach (var a in facts.Approvals)
        {
            line($"<tr><td>{PackText.Html(a.Id)}</td><td><code>{PackText.Html(a.PlanId)}</code></td><td>{PackText.Html(string.Join("; ", a.Reasons))}</td><td>{PackText.Time(a.AskedAt)}</td><td>{PackText.Html(a.State)}</td>"
                + $"<td>{string.Join("<br>", a.Answers.Select(x => PackText.Html($"{x.ApproverId}: {(x.Approve ? "yes" : "no")} at {PackText.Time(x.At)}{(x.Comment is { } c ? $" ({c})" : "")}")))}</td></tr>");
        }
        line("</tbody></table>");
    }

    private static string Lower(Enum value) => value.ToString().ToLowerInvariant();
}
