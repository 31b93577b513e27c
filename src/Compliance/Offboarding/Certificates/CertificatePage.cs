using System.Globalization;
using System.Text;
using Compliance.Text;

namespace Compliance.Offboarding.Certificates;

/// <summary>
/// The certificate as one page that needs nothing else: no script, no fonts, no images from elsewhere; light and dark, and fit to be
/// printed. Everything that comes from a tenant is escaped, and characters that would hide or turn text around are shown as what they are.
/// Pure.
/// </summary>
internal static class CertificatePage
{
    private const string Style = """
        :root{color-scheme:light dark;--ink:#1c2430;--soft:#566173;--line:#dfe4ea;--paper:#fff;--ground:#f4f6f8;--good:#11693f;
        --goodbg:#e4f4ea;--warn:#8a4b00;--warnbg:#fdf1dc;--bad:#a3211d;--badbg:#fce8e6}
        @media (prefers-color-scheme:dark){:root{--ink:#e7ebf0;--soft:#a3afbf;--line:#343d49;--paper:#1b212a;--ground:#12161c;
        --good:#7fd6a4;--goodbg:#163324;--warn:#f0bd6d;--warnbg:#3a2a10;--bad:#ff9c94;--badbg:#421a18}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--ground);color:var(--ink);
        font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif}
        main{max-width:60rem;margin:2.5rem auto;padding:2.5rem;background:var(--paper);border:1px solid var(--line);border-radius:14px}
        h1{font-size:1.75rem;line-height:1.25;margin:0 0 .35rem;letter-spacing:-.01em}
        h2{font-size:1.15rem;margin:2.4rem 0 .7rem}
        p{margin:.4rem 0;max-width:48rem}
        .soft{color:var(--soft)}
        .state{margin:1.6rem 0;padding:1.1rem 1.3rem;border-radius:10px;border-left:6px solid}
        .state strong{display:block;font-size:1.3rem;line-height:1.35}
        .good{background:var(--goodbg);border-color:var(--good)}.good strong{color:var(--good)}
        .warn{background:var(--warnbg);border-color:var(--warn)}.warn strong{color:var(--warn)}
        .bad{background:var(--badbg);border-color:var(--bad)}.bad strong{color:var(--bad)}
        ol.line{list-style:none;margin:0;padding:0 0 0 1.2rem;border-left:2px solid var(--line)}
        ol.line li{position:relative;padding:.15rem 0 .75rem}
        ol.line li::before{content:"";position:absolute;left:-1.62rem;top:.6rem;width:.75rem;height:.75rem;border-radius:50%;
        background:var(--paper);border:2px solid var(--soft)}
        ol.line time{display:block;color:var(--soft);font-size:.9rem}
        .wide{overflow-x:auto}
        table{width:100%;border-collapse:collapse;font-size:.93rem}
        caption{text-align:left;font-weight:600;padding:1.1rem 0 .3rem}
        th,td{text-align:left;vertical-align:top;padding:.5rem .8rem .5rem 0;border-bottom:1px solid var(--line);overflow-wrap:break-word}
        td{min-width:7rem;max-width:26rem}
        th{color:var(--soft);font-weight:600;white-space:nowrap}
        td small{display:block;color:var(--soft)}
        .tag{font-weight:600;white-space:nowrap}.tag.g{color:var(--good)}.tag.w{color:var(--warn)}.tag.b{color:var(--bad)}
        td code{display:inline-block;min-width:12rem}
        code{font:.86rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
        bdi,small{overflow-wrap:anywhere}
        li{margin:.3rem 0}
        bdi{unicode-bidi:isolate}
        @media screen and (max-width:46rem){
        main{margin:0;padding:1.2rem;border:0;border-radius:0}
        table,caption,tbody,tr,td{display:block}thead{display:none}
        tr{padding:.5rem 0;border-bottom:1px solid var(--line)}
        td,td code{min-width:0;max-width:none}td{padding:.15rem 0;border:0}td:empty{display:none}
        td::before{content:attr(data-label);display:block;color:var(--soft);font-size:.8rem}}
        @page{margin:14mm}
        @media print{
        body{background:#fff;font-size:10pt}main{margin:0;padding:0;border:0;max-width:none}.wide{overflow:visible}td code{min-width:9rem}
        h2,caption{break-after:avoid}tr,li,.state{break-inside:avoid}tbody tr:first-child{break-before:avoid}ol.line{margin-left:.5rem}}
        """;

    private static readonly (AccessKind Kind, string Title)[] Kinds =
    [
        (AccessKind.Account, "Account"),
        (AccessKind.DirectoryRole, "Directory roles"),
        (AccessKind.EligibleDirectoryRole, "Directory roles that could be activated"),
        (AccessKind.GroupMember, "Groups"),
        (AccessKind.AppRole, "App roles"),
        (AccessKind.DelegatedGrant, "What apps could do in the person's name"),
        (AccessKind.AzureRole, "Azure roles"),
        (AccessKind.EligibleAzureRole, "Azure roles that could be activated"),
        (AccessKind.VaultAccessPolicy, "Key Vault access policies"),
        (AccessKind.SignInMethod, "Sign-in methods"),
        (AccessKind.OwnedApplication, "Owned app registrations"),
        (AccessKind.OwnedServicePrincipal, "Owned service principals"),
        (AccessKind.OwnedGroup, "Owned groups"),
        (AccessKind.OwnedResource, "Owned resources"),
        (AccessKind.Licence, "Licences"),
        (AccessKind.Device, "Devices"),
        (AccessKind.ManagedDevice, "Managed devices"),
        (AccessKind.SharedSecret, "Shared secrets"),
    ];

    /// <summary>The page.</summary>
    public static string Html(RevocationCertificate certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        var page = new StringBuilder();
        page.Append(
                "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
                    + "content=\"width=device-width, initial-scale=1\">\n"
            )
            .Append(
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<meta "
                    + "name=\"referrer\" content=\"no-referrer\">\n<title>Revocation certificate "
            )
            .Append(Text(certificate.CaseId))
            .Append("</title>\n<style>\n")
            .Append(Style)
            .Append("\n</style>\n</head>\n<body>\n<main>\n");
        Head(page, certificate);
        Timeline(page, certificate);
        Left(page, certificate);
        Accesses(page, certificate);
        Proof(page, certificate);
        return page.Append("</main>\n</body>\n</html>\n").ToString();
    }

    private static void Head(StringBuilder page, RevocationCertificate certificate)
    {
        page.Append("<header>\n<h1>Revocation certificate");
        if (certificate.SubjectName is { } name)
            page.Append(" for <bdi>").Append(Text(name)).Append("</bdi>");
        page.Append("</h1>\n<p class=\"soft\">Case <code>").Append(Text(certificate.CaseId)).Append("</code>");
        if (certificate.SubjectName is null)
            page.Append(" · person <code>").Append(Text(certificate.SubjectId)).Append("</code>");
        if (certificate.Pseudonym is { } pseudonym)
            page.Append(" · in the evidence <code>").Append(Text(pseudonym)).Append("</code>");
        page.Append(" · tenant <code>").Append(Text(certificate.TenantId)).Append("</code></p>\n");
        var removed = certificate.Accesses.Count(a => a.State == AccessState.Removed);
        var headline = CertificateHeadline.From(certificate);
        var look = headline.Look switch
        {
            CertificateLook.Good => "good",
            CertificateLook.Warning => "warn",
            _ => "bad",
        };
        page.Append("<div class=\"state ")
            .Append(look)
            .Append("\" role=\"status\"><strong>")
            .Append(Text(headline.Text))
            .Append("</strong>\n<span>")
            .Append(CultureInfo.InvariantCulture, $"{removed} of {certificate.Accesses.Count} accesses were seen removed");
        Count(page, certificate.Accesses.Count(a => a.State == AccessState.StillThere), "still there");
        Count(page, certificate.Accesses.Count(a => a.State == AccessState.LeftToPerson), "left to a person");
        Count(page, certificate.Accesses.Count(a => a.State == AccessState.Unknown), "unknown");
        page.Append('.');
        if (CertificateHeadline.Removed(certificate) is { } all)
            page.Append(' ').Append(Text(all));
        page.Append("</span></div>\n</header>\n");
    }

    private static void Count(StringBuilder page, int count, string what)
    {
        if (count > 0)
            page.Append(CultureInfo.InvariantCulture, $", {count} {what}");
    }

    private static void Timeline(StringBuilder page, RevocationCertificate certificate)
    {
        var moments = new List<(DateTimeOffset At, string What)> { (certificate.Event.ReceivedAt, "The event arrived") };
        if (certificate.Event.DueAt is { } due)
            moments.Add((due, "Access was to end"));
        moments.AddRange(certificate.Approvals.Select(a => (a.At, a.Approved ? "An approver said yes" : "An approver said no")));
        if (certificate.BlockedAt is { } blocked)
            moments.Add((blocked, "The account was disabled and its sessions revoked"));
        if (certificate.Accesses.Where(a => a.RemovedAt is not null).Select(a => a.RemovedAt).Max() is { } last)
            moments.Add((last, "The last access was removed"));
        moments.Add(
            certificate.ClearAt is { } clear
                ? (clear, "Everything removable was seen removed")
                : (certificate.IssuedAt, "The tenant was last read")
        );
        page.Append("<section aria-labelledby=\"when\">\n<h2 id=\"when\">What happened</h2>\n<ol class=\"line\">\n");
        foreach (var (at, what) in moments.OrderBy(m => m.At))
            page.Append("<li>").Append(Time(at)).Append(what).Append("</li>\n");
        page.Append("</ol>\n</section>\n");
    }

    private static void Left(StringBuilder page, RevocationCertificate certificate)
    {
        page.Append("<section aria-labelledby=\"left\">\n<h2 id=\"left\">What remains</h2>\n");
        if (certificate.NotDone.Count > 0)
            Table(
                page,
                "Steps that are not in effect",
                ["What", "Why", "What corrects it"],
                certificate.NotDone.Select(f =>
                    (IReadOnlyList<string>)
                        [
                            $"<bdi>{Text(f.Name)}</bdi><small>{Text(f.Action)}</small>",
                            Text(f.Reason) + (f.Permission is null ? "" : $"<small>missing: {Text(f.Permission)}</small>"),
                            Code(f.Remedy),
                        ]
                )
            );
        if (certificate.Remaining.Count > 0)
            Table(
                page,
                "For a person to do",
                ["What", "Why", "What to do"],
                certificate.Remaining.Select(t =>
                    (IReadOnlyList<string>)[$"<bdi>{Text(t.Name)}</bdi><small>{Text(t.Type)}</small>", Text(t.Why), Code(t.WhatToDo)]
                )
            );
        if (certificate.Unread.Count > 0)
            Table(
                page,
                "Could not be read: what is there is unknown",
                ["Source", "Why", "What corrects it"],
                certificate.Unread.Select(g => (IReadOnlyList<string>)[Text(g.Source), Text(g.Reason), Code(g.Remedy)])
            );
        page.Append("<h3>What may live on</h3>\n");
        Items(page, certificate.Residual);
        page.Append("<h3>Not looked into</h3>\n");
        if (certificate.NotInspected.Count > 0)
            Items(page, certificate.NotInspected);
        else
            page.Append(
                "<p class=\"soft\">Policy names no other systems; whatever does not take its sign-in from this tenant was not looked "
                    + "into.</p>\n"
            );
        page.Append("</section>\n");
    }

    private static void Accesses(StringBuilder page, RevocationCertificate certificate)
    {
        page.Append("<section aria-labelledby=\"access\">\n<h2 id=\"access\">Every access</h2>\n");
        foreach (var (kind, title) in Kinds)
            if (certificate.Accesses.Where(a => a.Kind == kind).ToList() is { Count: > 0 } some)
                Table(
                    page,
                    string.Create(CultureInfo.InvariantCulture, $"{title} ({some.Count})"),
                    ["Name", "State", "Removed", "Seen removed"],
                    some.Select(a =>
                        (IReadOnlyList<string>)
                            [
                                $"<bdi>{Text(a.Name)}</bdi>" + (a.Scope is null ? "" : $"<small>{Text(a.Scope)}</small>") + Asset(a.Asset),
                                State(a.State) + (a.Why is null ? "" : $"<small>{Text(a.Why)}</small>"),
                                Moment(a.RemovedAt),
                                Moment(a.SeenRemovedAt),
                            ]
                    )
                );
        if (certificate.Accesses.Count == 0)
            page.Append("<p class=\"soft\">The person had no access that could be seen.</p>\n");
        page.Append("</section>\n");
    }

    private static void Proof(StringBuilder page, RevocationCertificate certificate)
    {
        page.Append(
                "<section aria-labelledby=\"proof\">\n<h2 id=\"proof\">How to check this</h2>\n<p>This page shows the certificate whose "
                    + "canonical JSON has the digest below. The evidence record of the case names the same "
                    + "digest.</p>\n<ul>\n<li>SHA-256: <code>"
            )
            .Append(certificate.Sha256())
            .Append("</code></li>\n<li>Policy: <code>")
            .Append(Text(certificate.PolicySha256))
            .Append("</code></li>\n<li>Event: <code>")
            .Append(Text(certificate.Event.Id))
            .Append("</code> of ")
            .Append(Text(certificate.Event.Source))
            .Append("</li>\n<li>Person: <code>")
            .Append(Text(certificate.SubjectId))
            .Append("</code></li>\n");
        foreach (var id in certificate.PlanIds)
            page.Append("<li>Plan: <code>").Append(Text(id)).Append("</code></li>\n");
        foreach (var approval in certificate.Approvals)
            page.Append("<li>")
                .Append(approval.Approved ? "Approved" : "Refused")
                .Append(" by <code>")
                .Append(Text(approval.ApproverId))
                .Append("</code> at ")
                .Append(Moment(approval.At))
                .Append("</li>\n");
        foreach (var id in certificate.EvidenceRecordIds)
            page.Append("<li>Evidence: <code>").Append(Text(id)).Append("</code></li>\n");
        page.Append("</ul>\n</section>\n");
    }

    private static void Table(StringBuilder page, string caption, IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        // A region that scrolls must be reachable by keyboard and have a name.
        page.Append("<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"")
            .Append(Text(caption))
            .Append("\">\n<table>\n<caption>")
            .Append(Text(caption))
            .Append("</caption>\n<thead><tr>");
        foreach (var column in columns)
            page.Append("<th scope=\"col\">").Append(column).Append("</th>");
        page.Append("</tr></thead>\n<tbody>\n");
        foreach (var row in rows)
        {
            page.Append("<tr>");
            foreach (var (column, cell) in columns.Zip(row))
                page.Append("<td data-label=\"").Append(column).Append("\">").Append(cell).Append("</td>");
            page.Append("</tr>\n");
        }
        page.Append("</tbody>\n</table>\n</div>\n");
    }

    private static void Items(StringBuilder page, IReadOnlyList<string> items)
    {
        page.Append("<ul>\n");
        foreach (var item in items)
            page.Append("<li>").Append(Text(item)).Append("</li>\n");
        page.Append("</ul>\n");
    }

    private static string Asset(AssetClass asset) =>
        asset switch
        {
            AssetClass.ProductionModel => "<small>production model</small>",
            AssetClass.TrainingData => "<small>training data</small>",
            _ => "",
        };

    private static string State(AccessState state) =>
        state switch
        {
            AccessState.Removed => "<span class=\"tag g\">removed</span>",
            AccessState.LeftToPerson => "<span class=\"tag w\">left to a person</span>",
            AccessState.Unknown => "<span class=\"tag w\">unknown</span>",
            _ => "<span class=\"tag b\">still there</span>",
        };

    private static string Code(string? text) => text is null ? "" : $"<code>{Text(text)}</code>";

    private static string Moment(DateTimeOffset? at) =>
        at is { } moment ? string.Create(CultureInfo.InvariantCulture, $"{moment.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC") : "–";

    private static string Time(DateTimeOffset at) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"<time datetime=\"{at.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}\">{at.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC</time>"
        );

    /// <summary>
    /// Text that cannot be markup, cannot end an attribute, and shows what would hide in it: control characters and those that turn the
    /// direction of text.
    /// </summary>
    internal static string Text(string text)
    {
        var safe = new StringBuilder(text.Length + 16);
        foreach (var c in Plain.Page(text))
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
}
