using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Compliance.AuditPack;
using Compliance.Changes.Approvals;
using Compliance.Controls;
using Compliance.Findings;
using Compliance.Tests.Ledger.Verification;

namespace Compliance.Tests.AuditPack;

/// <summary>What a pack tells beside the records.</summary>
public sealed class PackContentsTests : IDisposable
{
    private readonly PackDesk _desk = new();

    public void Dispose() => _desk.Dispose();

    [Fact]
    public async Task All_files_are_there_in_one_order_and_the_digests_name_each()
    {
        using var ledger = await LedgerFolder.OfAsync(9, 9);
        await _desk.MakeAsync(ledger, PackDesk.Of(ledger, 0, 9), PackDesk.State([PackDesk.Finding("CRED-001", 3)]));

        var names = _desk.Names();
        Assert.Equal(
            [
                "records.jsonl",
                "proofs.jsonl",
                "checkpoint",
                $"keys/{ledger.Key.Id:x8}.pem",
                "keys/verifier-keys.txt",
                "findings.csv",
                "findings.json",
                "waivers.csv",
                "approvals.csv",
                "assessment-results.json",
                "poam.json",
                "index.html",
                "VERIFY.md",
                "SHA256SUMS",
            ],
            names
        );
        Assert.Equal(names.Where(n => n != "SHA256SUMS").Order(StringComparer.Ordinal), _desk.Lines("SHA256SUMS").Select(l => l[66..]));
        Assert.Equal(ledger.Key.Format() + "\n", _desk.Read("keys/verifier-keys.txt"));
        // No time of day, or the same pack would be another tomorrow.
        using var zip = System.IO.Compression.ZipFile.OpenRead(_desk.File);
        Assert.All(
            zip.Entries,
            e => Assert.Equal((new DateTime(1980, 1, 1), 0x81A4 << 16), (e.LastWriteTime.DateTime, e.ExternalAttributes))
        );
    }

    [Fact]
    public async Task From_a_ledger_alone_the_pack_says_that_findings_are_absent()
    {
        using var ledger = await LedgerFolder.OfAsync(9, 9);
        var made = await _desk.MakeAsync(ledger, PackDesk.Of(ledger, 0, 9));

        Assert.Null(made.Findings);
        Assert.DoesNotContain(_desk.Names(), n => n.EndsWith(".csv", StringComparison.Ordinal) || n is "findings.json" or "poam.json");
        Texts.AuditPack.Expect("the guide of a pack without findings", Steady(_desk.Read("VERIFY.md"), ledger));
        Texts.AuditPack.Expect("the page of a pack without findings", Paragraph("approvals are not in"));
        Assert.Contains(
            "<td>CRED-001</td><td>Credential is older than allowed</td><td>CC6.1</td><td>9</td><td>0</td><td>not known</td>",
            Bare(_desk.Read("index.html")),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_control_without_a_record_is_told_as_without_evidence()
    {
        using var ledger = await LedgerFolder.OfAsync(9, 9);
        var made = await _desk.MakeAsync(ledger, PackDesk.Of(ledger, 0, 9), PackDesk.State());

        var others = PackDesk.Soc2.Controls.Select(c => c.Id).Where(id => id != "CRED-001").ToList();
        Assert.Equal(others, made.WithoutEvidence);
        var page = Bare(_desk.Read("index.html"));
        Assert.Equal(
            others,
            Regex
                .Matches(
                    page,
                    "<tr class=\"not\"><td>([^<]*)</td>.*<td>no evidence in this period</td></tr>",
                    RegexOptions.None,
                    TimeSpan.FromSeconds(5)
                )
                .Select(m => m.Groups[1].Value)
        );
        var without = Regex.Match(page, @"(\d+ of \d+) controls[^<]*", RegexOptions.None, TimeSpan.FromSeconds(5));
        Assert.Equal($"{others.Count} of {others.Count + 1}", without.Groups[1].Value);
        Texts.AuditPack.Expect("the page on controls without evidence", without.Value.Replace(without.Groups[1].Value, "N of M"));
        Assert.Contains("There is no <code>poam.json</code>", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Findings_are_those_of_the_framework_and_the_time_as_they_stood_at_its_end()
    {
        using var ledger = await LedgerFolder.OfAsync(20, 20);
        var iso = Framework.TryFind("iso42001", out var found) ? found : throw new InvalidOperationException();
        Finding[] findings =
        [
            PackDesk.Finding("GAP-001", 4, FindingStatus.Resolved, resolved: 5), // before
            PackDesk.Finding("GAP-001", 3, FindingStatus.Resolved, resolved: 10), // at its begin
            PackDesk.Finding("GAP-001", 2, FindingStatus.Resolved, resolved: 15), // after: open then
            PackDesk.Finding("GAP-001", 14),
            PackDesk.Finding("GAP-001", 15), // after
            PackDesk.Finding("CRED-001", 12), // of another framework
        ];

        await _desk.MakeAsync(ledger, PackDesk.Of(ledger, 10, 15, iso), PackDesk.State(findings));

        var told = JsonDocument
            .Parse(_desk.Read("findings.json"))
            .RootElement.EnumerateArray()
            .Select(f =>
                (
                    f.GetProperty("subjectId").GetString(),
                    f.GetProperty("status").GetString(),
                    f.GetProperty("resolvedAt").ValueKind == JsonValueKind.Null
                )
            )
            .Order();
        Assert.Equal([("app-14", "open", true), ("app-2", "open", true), ("app-3", "resolved", false)], told);
    }

    [Fact]
    public async Task People_appear_by_the_ledgers_pseudonyms_and_owners_not_at_all()
    {
        using var ledger = await LedgerFolder.OfAsync(20, 20);
        var held = PackDesk.Finding(
            "",
            6,
            detection: new()
            {
                ControlId = "LEAVE-011",
                Severity = Severity.High,
                Subject = new("leaverCase", "case-77", "case-77"),
                Source = "leaver/case-77",
                Reason = "a guard holds case-77",
                NextStep = "answer",
                Owner = new("x", "Ada Owner", "ada@example.com", "owner"),
            }
        ) with
        {
            RunId = "case-77-20261101T060006Z",
        };
        var asked = PackDesk.Approval(
            7,
            new ApprovalAnswer("approver-1", true, PackDesk.Start.AddSeconds(8), "fine, says approver-1"),
            new ApprovalAnswer("approver-2", true, PackDesk.Start.AddSeconds(9), null),
            new ApprovalAnswer("approver-3", false, PackDesk.Start.AddSeconds(15), "too late for this pack")
        );

        await _desk.MakeAsync(
            ledger,
            PackDesk.Of(ledger, 5, 12) with
            {
                WithNames = true,
            },
            PackDesk.State([held], [asked], new() { ["case-77"] = "p-77", ["approver-1"] = "p-1" })
        );

        var all = _desk.Texts();
        Assert.DoesNotContain("case-77", all, StringComparison.Ordinal);
        Assert.DoesNotContain("approver-", all, StringComparison.Ordinal);
        Assert.DoesNotContain("Ada Owner", all, StringComparison.Ordinal);
        Assert.DoesNotContain("ada@", all, StringComparison.Ordinal);
        Assert.Equal(
            [
                "request,plan,subject,controls,guards,reasons,askedAt,deadline,state,approver,answer,answeredAt,comment\r",
                "p-77-aabbcc,aabbcc,p-77,LEAVE-011,leavers-per-hour,more than 10 leavers in an "
                    + "hour,2026-11-01T06:00:07Z,2026-11-01T07:00:07Z,approved,p-1,yes,2026-11-01T06:00:08Z,\"fine, says p-1\"\r",
                "p-77-aabbcc,aabbcc,p-77,LEAVE-011,leavers-per-hour,more than 10 leavers in an "
                    + "hour,2026-11-01T06:00:07Z,2026-11-01T07:00:07Z,approved,(erased),yes,2026-11-01T06:00:09Z,\r",
            ],
            _desk.Lines("approvals.csv")
        );
        var listed = JsonDocument.Parse(_desk.Read("findings.json")).RootElement.EnumerateArray();
        Assert.Equal(["p-77-20261101T060006Z"], listed.Select(f => f.GetProperty("runId").GetString()));
    }

    [Fact]
    public async Task A_person_whom_one_finding_is_about_is_kept_out_of_the_texts_of_another()
    {
        using var ledger = await LedgerFolder.OfAsync(20, 20);
        var about = PackDesk.Finding(
            "",
            6,
            detection: new()
            {
                ControlId = "LEAVE-001",
                Severity = Severity.High,
                Subject = new("user", "5a9f7c11-0000-4000-8000-000000000001", "Dana Whitlock"),
                Source = "graph/users",
                Reason = "has left",
                NextStep = "remove the account",
            }
        );
        var app = PackDesk.Finding("CRED-001", 7);
        app = app with { Detection = app.Detection with { Subject = new(SubjectTypes.Application, "app-7", "Dana Whitlock's sandbox") } };

        await _desk.MakeAsync(ledger, PackDesk.Of(ledger, 5, 12), PackDesk.State([about, app]));

        Assert.DoesNotContain("Whitlock", _desk.Texts(), StringComparison.OrdinalIgnoreCase);
        var listed = JsonDocument.Parse(_desk.Read("findings.json")).RootElement.EnumerateArray();
        Assert.Contains("(person)'s sandbox", listed.Select(f => f.GetProperty("subjectName").GetString()));
    }

    [Fact]
    public async Task Without_names_texts_keep_what_is_wrong_and_lose_who_it_is()
    {
        using var ledger = await LedgerFolder.OfAsync(20, 20);
        var due = PackDesk.Finding("CRED-001", 6) with
        {
            Detection = PackDesk.Finding("CRED-001", 6).Detection with
            {
                Subject = new(SubjectTypes.Application, "app-6", "ada owner's playground"),
                Reason = "In use since 2025-01-01. [Bob Other's laptop]",
                NextStep = "Ada Owner, add a secret with `az ad app credential reset --cert @new.pem` and tell bob@example.com.",
                Waiver = new("W-1", "Carol promised", "Carol Chief", new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero)),
            },
        };
        var other = PackDesk.Finding("CRED-001", 7) with
        {
            Detection = PackDesk.Finding("CRED-001", 7).Detection with
            {
                Owner = new("0f2d", "Bob Other", "bob@example.com", "owner"),
                NextStep = "Bob Other, rotate it.",
            },
        };
        var gone = PackDesk.Finding(
            "",
            6,
            detection: new()
            {
                ControlId = "LEAVE-001",
                Severity = Severity.High,
                Subject = new("user", "5a9f7c11-0000-4000-8000-000000000001", "dana@example.com"),
                Source = "graph/users",
                Reason = "Dana left",
                NextStep = "ask Erin",
            }
        );
        var step = PackDesk.Finding(
            "",
            6,
            detection: new()
            {
                ControlId = "LEAVE-013",
                Severity = Severity.High,
                Subject = new("leaverCase", "case-77", "case-77"),
                Source = "leaver/case-77",
                Part = "owner.add 5a9f7c11-0000-4000-8000-000000000002",
                Reason = "case-77 owns a thing",
                NextStep = "give it to Erin",
            }
        );
        var asked = PackDesk.Approval(7, new ApprovalAnswer("approver-1", true, PackDesk.Start.AddSeconds(8), "Dana asked me"));

        await _desk.MakeAsync(
            ledger,
            PackDesk.Of(ledger, 5, 12),
            PackDesk.State([due, other, gone, step], [asked], new() { ["case-77"] = "p-77", ["approver-1"] = "p-1" })
        );

        var all = _desk.Texts();
        Assert.All(
            (string[])["Ada Owner", "Bob", "Carol", "Dana", "Erin", "example.com", "case-77", "approver-1", "subject-9", "5a9f7c11"],
            name => Assert.DoesNotContain(name, all, StringComparison.OrdinalIgnoreCase)
        );
        var told = JsonDocument
            .Parse(_desk.Read("findings.json"))
            .RootElement.EnumerateArray()
            .ToDictionary(f => f.GetProperty("control").GetString() + f.GetProperty("subjectId").GetString());
        string Text(string finding, string property) => told[finding].GetProperty(property).GetString()!;
        Assert.Equal(
            [
                "(person)'s playground",
                "In use since 2025-01-01. [(person)'s laptop]",
                "(person), add a secret with `az ad app credential reset --cert @new.pem` and tell (person).",
                "(person), rotate it.",
            ],
            [
                Text("CRED-001app-6", "subjectName"),
                Text("CRED-001app-6", "reason"),
                Text("CRED-001app-6", "nextStep"),
                Text("CRED-001app-7", "nextStep"),
            ]
        );
        Assert.Equal((PackFacts.LeftOut, "owner.add (id)"), (Text("LEAVE-013p-77", "nextStep"), Text("LEAVE-013p-77", "part")));
        Assert.EndsWith(" " + PackFacts.LeftOut, Text("LEAVE-013p-77", "reason"), StringComparison.Ordinal);
        Assert.Contains("left out", _desk.Read("VERIFY.md"), StringComparison.Ordinal);
        Texts.AuditPack.Expect("the page of a pack without names", Paragraph("names a person"));
    }

    [Fact]
    public async Task Waivers_are_told_with_reason_approver_and_end()
    {
        using var ledger = await LedgerFolder.OfAsync(9, 9);
        await _desk.MakeAsync(ledger, PackDesk.Of(ledger, 0, 9) with { WithNames = true }, PackDesk.State([Waived()]));

        Assert.Equal(
            "W-1,"
                + PackDesk.Finding("CRED-001", 3).Id
                + ",CRED-001,application,app-3,\"'=legacy, until replaced\",CISO,2027-01-01T00:00:00Z,waived\r",
            _desk.Lines("waivers.csv")[1]
        );
    }

    [Fact]
    public async Task The_page_escapes_whatever_others_wrote_and_runs_nothing()
    {
        using var ledger = await LedgerFolder.OfAsync(9, 9);
        var evil = PackDesk.Finding("CRED-001", 3) with
        {
            Detection = PackDesk.Finding("CRED-001", 3).Detection with
            {
                Subject = new("application", "x", "</td><script>alert(1)</script>\u202e\" onload='x'"),
                Reason = "<img src=x>",
            },
        };
        await _desk.MakeAsync(ledger, PackDesk.Of(ledger, 0, 9), PackDesk.State([evil]));

        var page = _desk.Read("index.html");
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<img", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("\u202e", page, StringComparison.Ordinal);
        Assert.Contains("&lt;/td&gt;&lt;script&gt;alert(1)", page, StringComparison.Ordinal);
        Assert.Matches("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-[^']+'\">", page);
        // Well formed but for the elements that HTML leaves open.
        _ = XDocument.Parse(
            Regex.Replace(
                page.Replace("<!DOCTYPE html>\n", "", StringComparison.Ordinal),
                "<meta[^>]*>|<br>",
                "",
                RegexOptions.None,
                TimeSpan.FromSeconds(5)
            )
        );
    }

    [Fact]
    public async Task Findings_are_grouped_by_control_and_times_end_with_seconds()
    {
        using var ledger = await LedgerFolder.OfAsync(20, 20);
        var start = PackDesk.Start.AddTicks(1234567);
        Finding[] findings =
        [
            PackDesk.Finding("CRED-002", 4) with
            {
                OpenedAt = start,
            },
            PackDesk.Finding("CRED-001", 5, FindingStatus.Resolved, resolved: 9),
            PackDesk.Finding("CRED-001", 6),
            PackDesk.Finding("CRED-002", 7),
        ];

        await _desk.MakeAsync(ledger, PackDesk.Of(ledger, 0, 20), PackDesk.State(findings, [PackDesk.Approval(7)]));

        var page = _desk.Read("index.html");
        Assert.Equal(
            [
                $"CRED-001 {AllControls.Catalogue.Get("CRED-001").Title}: 1 open, 0 waived, 1 resolved",
                $"CRED-002 {AllControls.Catalogue.Get("CRED-002").Title}: 2 open, 0 waived, 0 resolved",
            ],
            Regex
                .Matches(page, "<h3 id=\"[^\"]*\">([^<]*)</h3>\n<p>([^<]*)</p>", RegexOptions.None, TimeSpan.FromSeconds(5))
                .Select(m => $"{m.Groups[1].Value}: {m.Groups[2].Value}")
        );
        Assert.Contains("2026-11-01 06:00:00 UTC", page, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"\d\d:\d\d:\d\d\.\d", page);
        Assert.DoesNotMatch(@"\d\d:\d\d:\d\dZ", page);
        Assert.DoesNotContain("<td>", page, StringComparison.Ordinal);
        Assert.Contains("<a href=\"#CRED-001\">CRED-001</a>", page, StringComparison.Ordinal);
        Assert.Contains("leavers-per-hour<br>", page, StringComparison.Ordinal);
    }

    // The one paragraph of the page that holds this.
    private string Paragraph(string part) =>
        Assert.Single(
            Regex.Matches(_desk.Read("index.html"), "<p[^>]*>.*?</p>", RegexOptions.Singleline, TimeSpan.FromSeconds(5)),
            paragraph => paragraph.Value.Contains(part, StringComparison.Ordinal)
        ).Value;

    // Without what a key of the run gives.
    private static string Steady(string guide, LedgerFolder ledger) =>
        guide.Replace($"{ledger.Key.Id:x8}", "KEY-ID", StringComparison.Ordinal);

    // Cells without looks and the names of their columns.
    private static string Bare(string page) => Regex.Replace(page, "<td[^>]*>", "<td>", RegexOptions.None, TimeSpan.FromSeconds(5));

    internal static Finding Waived() =>
        PackDesk.Finding("CRED-001", 3, FindingStatus.Waived) with
        {
            Detection = PackDesk.Finding("CRED-001", 3).Detection with
            {
                Waiver = new("W-1", "=legacy, until replaced", "CISO", new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero)),
            },
        };

    [Fact]
    public async Task Runs_that_did_not_read_everything_are_counted_beside_the_others()
    {
        using var ledger = await LedgerFolder.OfAsync(3);
        ledger.Append(LedgerFolder.Line(3).Replace("\"outcome\":\"complete\"", "\"outcome\":\"incomplete\"", StringComparison.Ordinal));
        ledger.Append();
        await ledger.CheckpointAsync();

        await _desk.MakeAsync(ledger, PackDesk.Of(ledger, 0, 9));

        Texts.AuditPack.Expect(
            "a control of which a run did not read everything",
            Regex.Match(_desk.Read("assessment-results.json"), "5 records [^\"]*", RegexOptions.None, TimeSpan.FromSeconds(5)).Value
        );
    }

    [Theory]
    [InlineData(9, "void")]
    [InlineData(12, "approved")] // voided after that time
    public async Task An_approval_that_was_voided_in_that_time_is_told_as_void(int voided, string state)
    {
        using var ledger = await LedgerFolder.OfAsync(20, 20);
        var at = PackDesk.Start.AddSeconds(8);
        var asked = PackDesk.Approval(7, new ApprovalAnswer("a1", true, at, null), new ApprovalAnswer("a2", true, at, null));
        asked = asked with { VoidedAt = PackDesk.Start.AddSeconds(voided) };

        await _desk.MakeAsync(ledger, PackDesk.Of(ledger, 5, 12), PackDesk.State(approvals: [asked]));

        Assert.All(_desk.Lines("approvals.csv")[1..], line => Assert.Contains($",{state},", line, StringComparison.Ordinal));
    }
}
