using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Compliance.Approvals;
using Compliance.Controls;
using Compliance.Evidence.Pack;
using Compliance.Findings;
using Compliance.Tests.Evidence.Verify;

namespace Compliance.Tests.Evidence.Pack;

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
        Assert.Equal(["records.jsonl", "proofs.jsonl", "checkpoint", $"keys/{ledger.Key.Id:x8}.pem", "keys/verifier-keys.txt", "findings.csv", "findings.json", "waivers.csv", "approvals.csv",
            "assessment-results.json", "poam.json", "index.html", "VERIFY.md", "SHA256SUMS"], names);
        Assert.Equal(names.Where(n => n != "SHA256SUMS").Order(StringComparer.Ordinal), _desk.Lines("SHA256SUMS").Select(l => l[66..]));
        Assert.Equal(ledger.Key.Format() + "\n", _desk.Read("keys/verifier-keys.txt"));
    }

    [Fact]
    public async Task From_a_ledger_alone_the_pack_says_that_findings_are_absent()
    {
        using var ledger = await LedgerFolder.OfAsync(9, 9);
        var made = await _desk.MakeAsync(ledger, PackDesk.Of(ledger, 0, 9));

        Assert.Null(made.Findings);
        Assert.DoesNotContain(_desk.Names(), n => n.EndsWith(".csv", StringComparison.Ordinal) || n is "findings.json" or "poam.json");
        Assert.Contains("Findings, waivers and approvals are not in this pack", _desk.Read("VERIFY.md"), StringComparison.Ordinal);
        Assert.Contains("Findings, waivers and approvals are not in this pack", _desk.Read("index.html"), StringComparison.Ordinal);
        Assert.Contains("<td>CRED-001</td><td>Credential is older than allowed</td><td>CC6.1</td><td>9</td><td>0</td><td>not known</td>", _desk.Read("index.html"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_control_without_a_record_is_told_as_without_evidence()
    {
        using var ledger = await LedgerFolder.OfAsync(9, 9);
        var made = await _desk.MakeAsync(ledger, PackDesk.Of(ledger, 0, 9), PackDesk.State());

        var others = PackDesk.Soc2.Controls.Select(c => c.Id).Where(id => id != "CRED-001").ToList();
        Assert.Equal(others, made.WithoutEvidence);
        var page = _desk.Read("index.html");
        Assert.Equal(others, Regex.Matches(page, "<tr class=\"not\"><td>([^<]*)</td>.*<td>no evidence in this period</td></tr>", RegexOptions.None, TimeSpan.FromSeconds(5)).Select(m => m.Groups[1].Value));
        Assert.Contains($"{others.Count} of {others.Count + 1} controls have no evidence in this period", page, StringComparison.Ordinal);
        Assert.Contains("There is no <code>poam.json</code>", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Findings_are_those_of_the_framework_and_the_time_as_they_stood_at_its_end()
    {
        using var ledger = await LedgerFolder.OfAsync(20, 20);
        var iso = Framework.TryFind("iso42001", out var found) ? found : throw new InvalidOperationException();
        Finding[] findings =
        [
            PackDesk.Finding("GAP-001", 4, FindingStatus.Resolved, resolved: 5),  // before
            PackDesk.Finding("GAP-001", 3, FindingStatus.Resolved, resolved: 10), // at its begin
            PackDesk.Finding("GAP-001", 2, FindingStatus.Resolved, resolved: 15), // after: open then
            PackDesk.Finding("GAP-001", 14),
            PackDesk.Finding("GAP-001", 15),                                      // after
            PackDesk.Finding("CRED-001", 12),                                     // of another framework
        ];

        await _desk.MakeAsync(ledger, PackDesk.Of(ledger, 10, 15, iso), PackDesk.State(findings));

        var told = JsonDocument.Parse(_desk.Read("findings.json")).RootElement.EnumerateArray()
            .Select(f => (f.GetProperty("subjectId").GetString(), f.GetProperty("status").GetString(), f.GetProperty("resolvedAt").ValueKind == JsonValueKind.Null)).Order();
        Assert.Equal([("app-14", "open", true), ("app-2", "open", true), ("app-3", "resolved", false)], told);
    }

    [Fact]
    public async Task People_appear_by_the_ledgers_pseudonyms_and_owners_not_at_all()
    {
        using var ledger = await LedgerFolder.OfAsync(20, 20);
        var held = PackDesk.Finding("", 6, detection: new()
        {
            ControlId = "LEAVE-011",
            Severity = Severity.High,
            Subject = new("leaverCase", "case-77", "case-77"),
            Source = "leaver/case-77",
            Reason = "a guard holds case-77",
            NextStep = "answer",
            Owner = new("x", "Ada Owner", "ada@example.com", "owner"),
        });
        var asked = PackDesk.Approval(7,
            new ApprovalAnswer("approver-1", true, PackDesk.Start.AddSeconds(8), "fine, says approver-1"),
            new ApprovalAnswer("approver-2", true, PackDesk.Start.AddSeconds(9), null),
            new ApprovalAnswer("approver-3", false, PackDesk.Start.AddSeconds(15), "too late for this pack"));

        await _desk.MakeAsync(ledger, PackDesk.Of(ledger, 5, 12), PackDesk.State([held], [asked], new() { ["case-77"] = "p-77", ["approver-1"] = "p-1" }));

        var all = string.Concat(_desk.Names().Select(_desk.Read));
        Assert.DoesNotContain("case-77", all, StringComparison.Ordinal);
        Assert.DoesNotContain("approver-", all, StringComparison.Ordinal);
        Assert.DoesNotContain("Ada Owner", all, StringComparison.Ordinal);
        Assert.DoesNotContain("ada@", all, StringComparison.Ordinal);
        Assert.Equal(
            [
                "request,plan,subject,controls,guards,reasons,askedAt,deadline,state,approver,answer,answeredAt,comment\r",
                "p-77-aabbcc,aabbcc,p-77,LEAVE-011,leavers-per-hour,more than 10 leavers in an hour,2026-11-01T06:00:07Z,2026-11-01T07:00:07Z,approved,p-1,yes,2026-11-01T06:00:08Z,\"fine, says p-1\"\r",
                "p-77-aabbcc,aabbcc,p-77,LEAVE-011,leavers-per-hour,more than 10 leavers in an hour,2026-11-01T06:00:07Z,2026-11-01T07:00:07Z,approved,(erased),yes,2026-11-01T06:00:09Z,\r",
            ],
            _desk.Lines("approvals.csv"));
    }

    [Fact]
    public async Task Waivers_are_told_with_reason_approver_and_end()
    {
        using var ledger = await LedgerFolder.OfAsync(9, 9);
        await _desk.MakeAsync(ledger, PackDesk.Of(ledger, 0, 9), PackDesk.State([Waived()]));

        Assert.Equal("W-1," + PackDesk.Finding("CRED-001", 3).Id + ",CRED-001,application,app-3,\"'=legacy, until replaced\",CISO,2027-01-01T00:00:00Z,waived\r", _desk.Lines("waivers.csv")[1]);
    }

    [Fact]
    public async Task The_page_escapes_whatever_others_wrote_and_runs_nothing()
    {
        using var ledger = await LedgerFolder.OfAsync(9, 9);
        var evil = PackDesk.Finding("CRED-001", 3) with
        {
            Detection = PackDesk.Finding("CRED-001", 3).Detection with { Subject = new("application", "x", "</td><script>alert(1)</script>\u202e\" onload='x'"), Reason = "<img src=x>" },
        };
        await _desk.MakeAsync(ledger, PackDesk.Of(ledger, 0, 9), PackDesk.State([evil]));

        var page = _desk.Read("index.html");
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<img", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("\u202e", page, StringComparison.Ordinal);
        Assert.Contains("&lt;/td&gt;&lt;script&gt;alert(1)", page, StringComparison.Ordinal);
        Assert.Matches("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-[^']+'\">", page);
        // Well formed but for the elements that HTML leaves open.
        _ = XDocument.Parse(Regex.Replace(page.Replace("<!DOCTYPE html>\n", "", StringComparison.Ordinal), "<meta[^>]*>|<br>", "", RegexOptions.None, TimeSpan.FromSeconds(5)));
    }

    internal static Finding Waived() => PackDesk.Finding("CRED-001", 3, FindingStatus.Waived) with
    {
        Detection = PackDesk.Finding("CRED-001", 3).Detection with { Waiver = new("W-1", "=legacy, until replaced", "CISO", new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero)) },
    };
}
