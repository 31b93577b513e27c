using System.Globalization;
using Compliance.Text;

namespace Compliance.Offboarding.Certificates;

/// <summary>
/// The certificate as one page that needs nothing else: no script, no fonts, no images from elsewhere; light and dark, and fit to be
/// printed. Everything that comes from a tenant is escaped, and characters that would hide or turn text around are shown as what they are.
/// Pure.
/// </summary>
internal static class CertificatePage
{
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
        var page = new HtmlPage($"Revocation certificate {Plain.Page(certificate.CaseId)}", DocumentStyle.Sheet);
        Head(page, certificate);
        Timeline(page, certificate);
        Left(page, certificate);
        Accesses(page, certificate);
        Proof(page, certificate);
        return page.ToString();
    }

    private static void Head(HtmlPage page, RevocationCertificate certificate)
    {
        var headline = CertificateHeadline.From(certificate);
        var tone = headline.Tone switch
        {
            CertificateTone.Good => "good",
            CertificateTone.Warning => "warn",
            _ => "bad",
        };
        page.Line("<header>");
        page.Line($"<h1>Revocation certificate{(certificate.SubjectName is { } name ? $" for <bdi>{Text(name)}</bdi>" : "")}</h1>");
        page.Line($"<p class=\"soft\">{string.Join(" · ", Names(certificate))}</p>");
        page.Line($"<div class=\"state {tone}\" role=\"status\"><strong>{Text(headline.Text)}</strong>");
        page.Line($"<span>{Counts(certificate)}</span></div>");
        page.Line("</header>");
    }

    private static IEnumerable<string> Names(RevocationCertificate certificate)
    {
        yield return $"Case <code>{Text(certificate.CaseId)}</code>";
        if (certificate.SubjectName is null)
            yield return $"person <code>{Text(certificate.SubjectId)}</code>";
        if (certificate.Pseudonym is { } pseudonym)
            yield return $"in the evidence <code>{Text(pseudonym)}</code>";
        yield return $"tenant <code>{Text(certificate.TenantId)}</code>";
    }

    private static string Counts(RevocationCertificate certificate)
    {
        int Count(AccessState state) => certificate.Accesses.Count(a => a.State == state);
        (int Count, string What)[] others =
        [
            (Count(AccessState.StillThere), "still there"),
            (Count(AccessState.LeftToPerson), "left to a person"),
            (Count(AccessState.Unknown), "unknown"),
        ];
        var all = CertificateHeadline.Removed(certificate) is { } removed ? $" {Text(removed)}" : "";
        return string.Create(
                CultureInfo.InvariantCulture,
                $"{Count(AccessState.Removed)} of {certificate.Accesses.Count} accesses were seen removed"
            )
            + string.Concat(
                others.Where(o => o.Count > 0).Select(o => string.Create(CultureInfo.InvariantCulture, $", {o.Count} {o.What}"))
            )
            + $".{all}";
    }

    private static void Timeline(HtmlPage page, RevocationCertificate certificate)
    {
        var moments = new List<(DateTimeOffset At, string What)> { (certificate.Event.ReceivedAt, "The event arrived") };
        if (certificate.Event.DueAt is { } due)
            moments.Add((due, "Access was to end"));
        moments.AddRange(certificate.Approvals.Select(a => (a.At, a.Approved ? "An approver agreed" : "An approver refused")));
        if (certificate.BlockedAt is { } blocked)
            moments.Add((blocked, "The account was disabled and its sessions revoked"));
        if (certificate.Accesses.Where(a => a.RemovedAt is not null).Select(a => a.RemovedAt).Max() is { } last)
            moments.Add((last, "The last access was removed"));
        moments.Add(
            certificate.ClearAt is { } clear
                ? (clear, "Everything removable was seen removed")
                : (certificate.IssuedAt, "The tenant was last read")
        );
        Section(page, "when", "What happened");
        page.Line("<ol class=\"line\">");
        foreach (var (at, what) in moments.OrderBy(m => m.At))
            page.Line($"<li>{Time(at)}{what}</li>");
        page.Line("</ol>");
        page.Line("</section>");
    }

    private static void Left(HtmlPage page, RevocationCertificate certificate)
    {
        Section(page, "left", "What remains");
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
        page.Line("<h3>What may live on</h3>");
        Items(page, certificate.Residual);
        page.Line("<h3>Not checked</h3>");
        if (certificate.NotInspected.Count > 0)
            Items(page, certificate.NotInspected);
        else
            page.Line(
                "<p class=\"soft\">Policy names no other systems; whatever does not take its sign-in from this tenant was not "
                    + "checked.</p>"
            );
        page.Line("</section>");
    }

    private static void Accesses(HtmlPage page, RevocationCertificate certificate)
    {
        Section(page, "access", "Every access");
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
            page.Line("<p class=\"soft\">The person had no access that could be seen.</p>");
        page.Line("</section>");
    }

    private static void Proof(HtmlPage page, RevocationCertificate certificate)
    {
        Section(page, "proof", "How to check this");
        page.Line(
            "<p>This page shows the certificate whose canonical JSON has the digest below. The evidence record of the case names the same "
                + "digest.</p>"
        );
        page.Line("<ul>");
        page.Line($"<li>SHA-256: <code>{certificate.Sha256()}</code></li>");
        page.Line($"<li>Policy: <code>{Text(certificate.PolicySha256)}</code></li>");
        page.Line($"<li>Event: <code>{Text(certificate.Event.Id)}</code> of {Text(certificate.Event.Source)}</li>");
        page.Line($"<li>Person: <code>{Text(certificate.SubjectId)}</code></li>");
        foreach (var id in certificate.PlanIds)
            page.Line($"<li>Plan: <code>{Text(id)}</code></li>");
        foreach (var approval in certificate.Approvals)
        {
            var answer = approval.Approved ? "Approved" : "Refused";
            page.Line($"<li>{answer} by <code>{Text(approval.ApproverId)}</code> at {Moment(approval.At)}</li>");
        }
        foreach (var id in certificate.EvidenceRecordIds)
            page.Line($"<li>Evidence: <code>{Text(id)}</code></li>");
        page.Line("</ul>");
        page.Line("</section>");
    }

    private static void Section(HtmlPage page, string id, string title)
    {
        page.Line($"<section aria-labelledby=\"{id}\">");
        page.Line($"<h2 id=\"{id}\">{title}</h2>");
    }

    private static void Table(HtmlPage page, string caption, IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows) =>
        page.Table(Text(caption), columns, rows.Select(r => new HtmlRow(null, [.. r.Select(c => new HtmlCell("", c))])));

    private static void Items(HtmlPage page, IReadOnlyList<string> items)
    {
        page.Line("<ul>");
        foreach (var item in items)
            page.Line($"<li>{Text(item)}</li>");
        page.Line("</ul>");
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

    /// <summary>Text within the page: it is no markup, and what would hide in it is shown.</summary>
    internal static string Text(string text) => HtmlPage.Escape(Plain.Page(text));
}
