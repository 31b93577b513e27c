using System.Globalization;
using System.Net;
using System.Text;

namespace Compliance.Offboarding.Certificates;

/// <summary>A certificate as one self-contained page: no script, no request to anywhere, everything from outside escaped.</summary>
internal static class CertificatePage
{
    private const string Style = """
        :root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--back:#fff;--card:#f6f8fa;--good:#116329;--goodback:#dafbe1;--bad:#82071e;--badback:#ffebe9}
        @media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9198a1;--line:#3d444d;--back:#0d1117;--card:#151b23;--good:#7ee787;--goodback:#12261e;--bad:#ffa198;--badback:#2d1114}}
        *{box-sizing:border-box}body{margin:0;background:var(--back);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
        main{max-width:62rem;margin:0 auto;padding:2.5rem 1.25rem}h1{font-size:1.7rem;margin:0}h2{font-size:1.15rem;margin:2.2rem 0 .6rem}
        .sub{color:var(--soft);margin:.2rem 0 1.4rem;overflow-wrap:anywhere}.state{border-radius:.6rem;padding:1rem 1.2rem;font-size:1.15rem;font-weight:600}
        .good{background:var(--goodback);color:var(--good)}.bad{background:var(--badback);color:var(--bad)}
        dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1.2rem;margin:1.2rem 0}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
        .wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.92rem}th,td{text-align:left;vertical-align:top;padding:.45rem .6rem;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
        th{color:var(--soft);font-weight:600}caption{text-align:left;color:var(--soft);padding:.2rem 0 .5rem}code{font:0.88em ui-monospace,monospace;background:var(--card);padding:.05rem .3rem;border-radius:.25rem;overflow-wrap:anywhere}
        .tag{display:inline-block;border:1px solid var(--line);border-radius:1rem;padding:0 .5rem;font-size:.8rem;color:var(--soft)}
        @media print{main{max-width:none;padding:0}.state{border:1px solid}}
        """;

    /// <summary>The page. The same certificate gives the same bytes.</summary>
    public static string Html(RevocationCertificate certificate)
    {
        var page = new StringBuilder();
        page.Append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">")
            .Append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">")
            .Append("<title>Revocation certificate ").Append(Text(certificate.CaseId)).Append("</title><style>").Append(Style).Append("</style></head><body><main>\n");
        page.Append("<h1>Revocation certificate</h1><p class=\"sub\">").Append(Text(certificate.SubjectName)).Append(" · case <code>").Append(Text(certificate.CaseId)).Append("</code> · issued ")
            .Append(Time(certificate.IssuedAt)).Append("</p>\n");
        page.Append("<p class=\"state ").Append(certificate.Clear ? "good" : "bad").Append("\">").Append(Text(State(certificate))).Append("</p>\n<dl>");
        Row(page, "Event arrived", Time(certificate.EventReceivedAt));
        if (certificate.DueAt is { } due)
            Row(page, "Access ends", Time(due));
        Row(page, "Account blocked", certificate.BlockedAt is { } blocked ? $"{Time(blocked)} <span class=\"tag\">after {Span(certificate.SecondsToBlocked)}</span>" : "not blocked");
        Row(page, "Seen clear", certificate.ClearAt is { } clear ? $"{Time(clear)} <span class=\"tag\">after {Span(certificate.SecondsToClear)}</span>" : "not yet");
        Row(page, "Object id", $"<code>{Text(certificate.SubjectId)}</code>");
        Row(page, "Policy", $"<code>{Text(certificate.PolicySha256)}</code>");
        page.Append("</dl>\n");

        if (certificate.Remaining.Count > 0)
        {
            page.Append("<h2>What remains</h2><div class=\"wide\"><table><caption>").Append(Number(certificate.Remaining.Count)).Append(" not seen removed</caption><thead><tr><th scope=\"col\">Kind</th><th scope=\"col\">What</th><th scope=\"col\">Why</th><th scope=\"col\">What to do</th></tr></thead><tbody>");
            foreach (var access in certificate.Remaining)
                page.Append("<tr><td>").Append(Text(access.Kind)).Append("</td><td>").Append(Named(access.Name, access.Scope)).Append("</td><td>").Append(Text(access.Why)).Append("</td><td>")
                    .Append(access.WhatToDo is { } what ? Text(what) : "nothing: the case goes on trying").Append("</td></tr>\n");
            page.Append("</tbody></table></div>\n");
        }

        page.Append("<h2>What was removed</h2><div class=\"wide\"><table><caption>").Append(Number(certificate.Removed.Count)).Append(" seen removed by a fresh read</caption><thead><tr><th scope=\"col\">Kind</th><th scope=\"col\">What</th><th scope=\"col\">Removed</th><th scope=\"col\">Seen removed</th></tr></thead><tbody>");
        foreach (var access in certificate.Removed)
            page.Append("<tr><td>").Append(Text(access.Kind)).Append("</td><td>").Append(Named(access.Name, access.Scope))
                .Append(access.Asset == "other" ? "" : $" <span class=\"tag\">{(access.Asset == "productionModel" ? "production model" : "training data")}</span>")
                .Append("</td><td>").Append(access.RemovedAt is { } at ? Time(at) : "with another").Append("</td><td>").Append(Time(access.SeenRemovedAt)).Append("</td></tr>\n");
        page.Append("</tbody></table></div>\n");

        Section(page, "What outlives this", certificate.Residual);
        Section(page, "What could not be read", certificate.NotRead);
        Section(page, "What was not looked into", certificate.NotInspected);
        Section(page, "Approvals", [.. certificate.Approvals.Select(a => $"{a.ApproverId} {(a.Approved ? "approved" : "refused")} plan {a.PlanId[..Math.Min(12, a.PlanId.Length)]} at {Time(a.At)}")]);
        Section(page, "Plans", certificate.PlanIds);
        Section(page, "Evidence records", certificate.EvidenceIds);
        return page.Append("</main></body></html>\n").ToString();
    }

    private static string State(RevocationCertificate certificate) =>
        certificate.Clear
            ? $"Blocked in {Span(certificate.SecondsToBlocked)}, clear in {Span(certificate.SecondsToClear)}" + (certificate.Remaining.Count == 0 ? "." : $"; {Number(certificate.Remaining.Count)} need a person.")
            : $"{(certificate.BlockedAt is null ? "Not blocked" : $"Blocked in {Span(certificate.SecondsToBlocked)}")}, not clear: {Number(certificate.Remaining.Count)} not seen removed.";

    private static void Row(StringBuilder page, string name, string html) => page.Append("<dt>").Append(Text(name)).Append("</dt><dd>").Append(html).Append("</dd>\n");

    private static void Section(StringBuilder page, string title, IReadOnlyCollection<string> lines)
    {
        if (lines.Count == 0)
            return;
        page.Append("<h2>").Append(Text(title)).Append("</h2><ul>");
        foreach (var line in lines)
            page.Append("<li>").Append(Text(line)).Append("</li>\n");
        page.Append("</ul>\n");
    }

    private static string Named(string name, string scope) => scope.Length is 0 or 1 ? $"<bdi>{Text(name)}</bdi>" : $"<bdi>{Text(name)}</bdi><br><code>{Text(scope)}</code>";

    // Characters that turn the direction of text could make a name read as another; they are shown as what they are.
    private static string Text(string text)
    {
        var plain = new StringBuilder(text.Length);
        foreach (var c in text)
            _ = char.IsControl(c) || c is >= '\u202A' and <= '\u202E' or >= '\u2066' and <= '\u2069' or '\u200E' or '\u200F'
                ? plain.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}")
                : plain.Append(c);
        return WebUtility.HtmlEncode(plain.ToString());
    }

    private static string Number(int n) => n.ToString(CultureInfo.InvariantCulture);

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Span(double? seconds) => seconds switch
    {
        null => "an unknown time",
        < 120 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.#} s"),
        < 7200 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60:0.#} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:0.#} h"),
    };
}
