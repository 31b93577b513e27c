using Compliance.Changes.Approvals;
using Compliance.Findings;
using Compliance.Text;

namespace Compliance.AuditPack;

/// <summary>
/// <c>index.html</c>: the pack for people. One page without scripts, links out or images; whatever others wrote is escaped.
/// </summary>
internal static class PackIndex
{
    // On a phone each row is a block of its own with the names of its columns; on paper the page lies on its side.
    // Where words may break, the column has a least width.
    private const string Style = """
        body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:80rem;padding:0 1rem;color:#1a1a1a;background:#fff}
        h1{line-height:1.25}h1,h2,h3,p{overflow-wrap:break-word}h3{margin:1.5rem 0 0}
        .wide{overflow-x:auto}
        table{border-collapse:collapse;width:100%;margin:1rem 0}
        caption{text-align:left;font-weight:600;padding:.5rem 0}
        th,td{border:1px solid #767676;padding:.35rem .5rem;text-align:left;vertical-align:top;overflow-wrap:break-word}
        th{background:#f0f0f0}
        td.text{min-width:14rem;overflow-wrap:anywhere}td.name{min-width:9rem;overflow-wrap:anywhere}
        td.time{min-width:6.5rem}td.id{white-space:nowrap}
        code{overflow-wrap:anywhere}
        .not{background:#fff3cd;font-weight:600}.open{background:#fde2e1}
        @media screen and (max-width:48rem){
        table,caption,tbody,tr,td{display:block}thead{display:none}
        tr{border:1px solid #767676;margin:0 0 .75rem;padding:.35rem .5rem}
        td,td.text,td.name,td.time{border:0;padding:.15rem 0;min-width:0;overflow-wrap:anywhere}td:empty{display:none}
        td.num{display:inline-block;margin-right:1.25rem}
        td::before{content:attr(data-label);display:block;font-size:.8rem;font-weight:400;color:#4a4a4a}}
        @page{size:A4 landscape;margin:12mm}
        @media print{
        body{font-size:9pt;margin:0;max-width:none;padding:0}.wide{overflow:visible}h2,h3,caption{break-after:avoid}
        tr{break-inside:avoid}tbody tr:first-child{break-before:avoid}td.text{min-width:11rem}td.name{min-width:7rem}}
        """;

    /// <summary>The page.</summary>
    /// <param name="content">What the pack shows.</param>
    /// <param name="files">The files that are in it by now.</param>
    public static string Render(PackContent content, IReadOnlyList<(string Name, string Sha256)> files)
    {
        var request = content.Request;
        var title = PackText.Line(
            $"Evidence for {request.Framework.Title}, {PackText.Shown(request.From)} until {PackText.Shown(request.To)}"
        );
        var page = new HtmlPage(title, Style);
        page.Line($"<h1>{PackText.Html(title)}</h1>");
        Introduction(page, content);
        Controls(page, content);
        if (content.Facts is { } facts)
        {
            Findings(page, facts);
            Approvals(page, facts);
        }
        page.Table(
            "Files",
            ["File", "SHA-256"],
            files.Select(f => new HtmlRow(null, [new("", PackText.Html(f.Name)), new("", $"<code>{f.Sha256}</code>")]))
        );
        if (content.Facts is not null && files.All(f => f.Name != PackOscal.Poam))
            page.Line(
                $"<p>There is no <code>{PackOscal.Poam}</code>: no finding was open at the end of that time, and OSCAL has no plan of "
                    + "action without an item.</p>"
            );
        return page.ToString();
    }

    private static void Introduction(HtmlPage page, PackContent content)
    {
        var (scan, checkpoint) = (content.Scan, content.Checkpoint);
        page.Line($"<p>{PackText.Number(scan.Records)} records of the log <code>{PackText.Html(content.Origin)}</code>,");
        page.Line(
            $"places {PackText.Runs(scan.Runs)}, the first logged at {PackText.Shown(scan.First)}, the latest at "
                + $"{PackText.Shown(scan.Latest)}."
        );
        page.Line(
            $"Each is proven to the checkpoint of {PackText.Number(checkpoint.Value.Size)} records, signed by "
                + $"{string.Join(" and ", checkpoint.Keys.Select(k => $"<code>{PackText.Html(k.ToString())}</code>"))}."
        );
        page.Line(
            "How to check that by hand is in <code>VERIFY.md</code>. The records are all of that time, whichever framework they serve; "
                + "the tables are about the framework's controls.</p>"
        );
        if (scan.Timeless.Count > 0)
            page.Line(
                $"<p class=\"not\">Places {PackText.Runs(scan.Timeless)} of the log hold lines without a time, which a crash cut off. "
                    + "They are not in this pack; the log has them.</p>"
            );
        if (content.Facts is null)
            page.Line(
                "<p class=\"not\">Findings, waivers and approvals are not in this pack: it was made from the ledger alone. Their absence "
                    + "says nothing about whether there are any.</p>"
            );
        else if (!content.Request.WithNames)
        {
            page.Line("<p>Nothing here names a person: names, addresses and ids of people, what people wrote, and the wording of findings");
            page.Line("about leavers are left out. <code>--with-names</code> makes a pack that has them. Names of apps, resources and");
            page.Line(
                "credentials stay: one that is called after somebody whom no finding, approval or case names still shows that name.</p>"
            );
        }
    }

    private static void Controls(HtmlPage page, PackContent content)
    {
        var framework = content.Request.Framework;
        var unseen = framework.Controls.Count(c => !content.Scan.Controls.ContainsKey(c.Id));
        if (unseen > 0)
            page.Line(
                $"<p class=\"not\">{PackText.Number(unseen)} of {PackText.Number(framework.Controls.Count)} controls have no evidence in "
                    + "this period. That is not a pass: nothing shows that they ran.</p>"
            );
        page.Table(
            $"Controls that serve {PackText.Html(framework.Title)}",
            [
                "Control",
                "What is wrong when it fails",
                "Clauses",
                "Records",
                "Of these incomplete",
                "Open",
                "Waived",
                "Resolved",
                "Evidence",
            ],
            framework.Controls.Select(control =>
            {
                var seen = content.Scan.Controls.GetValueOrDefault(control.Id);
                var findings = content.Facts?.Findings.Where(f => f.Control == control.Id).ToList();
                var id = PackText.Html(control.Id);
                HtmlCell Count(FindingStatus status) =>
                    new("num", findings is null ? "not known" : PackText.Number(findings.Count(f => f.Status == status)));
                return new HtmlRow(
                    seen is null ? "not" : null,
                    [
                        new("id", findings is { Count: > 0 } ? $"<a href=\"#{id}\">{id}</a>" : id),
                        new("", PackText.Html(control.Title)),
                        new("", PackText.Html(string.Join(", ", framework.Clauses(control)))),
                        new("num", PackText.Number(seen?.Records ?? 0)),
                        new("num", PackText.Number(seen?.Incomplete ?? 0)),
                        Count(FindingStatus.Open),
                        Count(FindingStatus.Waived),
                        Count(FindingStatus.Resolved),
                        new("time", seen is null ? "no evidence in this period" : $"last at {PackText.Shown(seen.Last)}"),
                    ]
                );
            })
        );
    }

    private static void Findings(HtmlPage page, PackFacts facts)
    {
        page.Line("<h2>Findings, as they stood at the end of that time</h2>");
        if (facts.Findings.Count == 0)
            page.Line("<p>There was none.</p>");
        foreach (var group in facts.Findings.GroupBy(f => f.Control).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            // Columns that nothing stands in are left out: a page is narrow.
            var (resolved, waived) = (group.Any(f => f.ResolvedAt is not null), group.Any(f => f.Waiver is not null));
            page.Line($"<h3 id=\"{group.Key}\">{PackText.Html($"{group.Key} {AllControls.Catalogue.Get(group.Key).Title}")}</h3>");
            var counts = Enum.GetValues<FindingStatus>().Select(s => $"{PackText.Number(group.Count(f => f.Status == s))} {Lower(s)}");
            page.Line($"<p>{string.Join(", ", counts)}</p>");
            string[] columns =
            [
                "Finding",
                "Status",
                "Severity",
                "About",
                "Why",
                "Opened",
                .. resolved ? ["Resolved"] : Array.Empty<string>(),
                .. waived ? ["Waiver"] : Array.Empty<string>(),
            ];
            var ordered = group
                .OrderBy(f => f.Status)
                .ThenByDescending(f => f.Severity)
                .ThenBy(f => f.SubjectName, StringComparer.Ordinal)
                .ThenBy(f => f.Id, StringComparer.Ordinal);
            page.Table(
                $"Findings of {group.Key}",
                columns,
                ordered.Select(f => new HtmlRow(
                    f.Status == FindingStatus.Open ? "open" : null,
                    [
                        new("name", PackText.Html(f.Id)),
                        new("num", Lower(f.Status) + (f.Unknown ? " (could not decide)" : "")),
                        new("num", Lower(f.Severity)),
                        new(
                            "name",
                            PackText.Html(string.Join(' ', new[] { f.SubjectType, f.SubjectName, f.Part }.Where(t => t.Length > 0)))
                        ),
                        new("text", PackText.Html(f.Reason)),
                        new("time", PackText.Shown(f.OpenedAt)),
                        .. resolved ? [new HtmlCell("time", f.ResolvedAt is { } at ? PackText.Shown(at) : "")] : Array.Empty<HtmlCell>(),
                        .. waived
                            ? [new HtmlCell("text", f.Waiver is { } waiver ? PackText.Html(Text(waiver)) : "")]
                            : Array.Empty<HtmlCell>(),
                    ]
                ))
            );
        }
        page.Line(
            "<p>The program keeps the present state of a finding. One that came back counts from its first opening, and one that was "
                + "resolved after that time is shown as open.</p>"
        );
    }

    private static void Approvals(HtmlPage page, PackFacts facts)
    {
        page.Line("<h2>Approvals</h2>");
        if (facts.Approvals.Count == 0)
        {
            page.Line("<p>Nothing was asked.</p>");
            return;
        }
        string[] columns = ["Request", "Plan", "Why", "Asked", "State", "Answers"];
        page.Table(
            "Requests for approval",
            columns,
            facts.Approvals.Select(a => new HtmlRow(
                null,
                [
                    new("name", PackText.Html(a.Id)),
                    new("name", $"<code>{PackText.Html(a.PlanId)}</code>"),
                    new("text", Items([.. a.Guards, .. a.Reasons])),
                    new("time", PackText.Shown(a.AskedAt)),
                    new("num", PackText.Html(a.State)),
                    new("text", Items(a.Answers.Select(Text))),
                ]
            ))
        );
    }

    private static string Text(Waiver waiver) =>
        $"{waiver.Id}: {waiver.Reason} (by {waiver.ApprovedBy}, until {PackText.Shown(waiver.Expires)})";

    private static string Text(ApprovalAnswer answer) =>
        $"{answer.ApproverId}: {(answer.Approve ? "yes" : "no")} at {PackText.Shown(answer.At)}"
        + (answer.Comment is { } comment ? $" ({comment})" : "");

    // One below the other: reasons that run together read as one.
    private static string Items(IEnumerable<string> texts) =>
        string.Join("<br>", texts.Distinct(StringComparer.Ordinal).Select(PackText.Html));

    private static string Lower(Enum value) => value.ToString().ToLowerInvariant();
}
