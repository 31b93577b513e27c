using System.Text.Json;
using Compliance.Approvals;
using Compliance.Evidence.Ledger;
using Compliance.Evidence.People;
using Compliance.Findings;
using Compliance.Tests.Evidence.Verify;
using Compliance.Tests.State;
using ComplianceCli;
using Testing;

namespace Compliance.Tests.Evidence.Pack;

/// <summary>The command as an auditor types it.</summary>
public sealed class PackCommandTests(AzuriteFixture azurite) : IDisposable
{
    private readonly PackDesk _desk = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _desk.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_pack_of_a_downloaded_ledger_is_made_and_told(bool pem)
    {
        using var ledger = await LedgerFolder.OfAsync(9, 9);

        var (code, output, errors) = await RunAsync("--from", "2026-11-01", "--to", "2026-11-01T06:00:05Z", "--framework", "SOC2", "--folder", ledger.Root, "--key", Key(ledger, pem), "--out", _desk.File);

        Assert.Equal((0, ""), (code, errors));
        Assert.StartsWith($"{_desk.File}\n  5 records, each proven to the checkpoint of 9 records\n  SHA-256 ", output, StringComparison.Ordinal);
        Assert.Contains("findings, waivers and approvals are not in it", output, StringComparison.Ordinal);
        Assert.Contains("no evidence in this period for", output, StringComparison.Ordinal);
        Assert.Equal(5, _desk.Lines("records.jsonl").Length);
    }

    [Theory]
    [InlineData(64, "there are hipaa, iso27001, iso42001, pci, soc2", "--framework", "sox")]
    [InlineData(64, "--from yesterday is no date (2026-04-01)", "--from", "yesterday")]
    [InlineData(64, "before it begins", "--to", "2026-11-01")]
    [InlineData(64, "'--nonsense'", "--nonsense", "1")]
    [InlineData(64, "neither --storage nor --state", "--state", "UseDevelopmentStorage=true")]
    [InlineData(2, "no record was logged", "--from", "2026-11-01T07:00Z")]
    [InlineData(2, "there is no folder", "--folder", "/nonexistent/ledger")]
    [InlineData(2, "cannot be used as a key", "--key", "/nonexistent/key")]
    [InlineData(2, "there is no folder /nonexistent", "--out", "/nonexistent/pack.zip")]
    public async Task What_is_wrong_is_told_with_an_exit_code(int code, string saying, string option, string value)
    {
        using var ledger = await LedgerFolder.OfAsync(9, 9);
        Dictionary<string, string> options = new()
        {
            ["--from"] = "2026-11-01",
            ["--to"] = "2026-11-02",
            ["--framework"] = "soc2",
            ["--folder"] = ledger.Root,
            ["--key"] = Key(ledger, pem: false),
            ["--out"] = _desk.File,
            [option] = value,
        };

        var (exit, output, errors) = await RunAsync([.. options.SelectMany(o => (string[])[o.Key, o.Value])]);

        Assert.Equal((code, ""), (exit, output));
        Assert.Contains(saying, errors, StringComparison.Ordinal);
        Assert.False(File.Exists(_desk.File));
    }

    [Fact]
    public async Task A_tampered_ledger_ends_with_exit_code_1()
    {
        using var ledger = await LedgerFolder.OfAsync(9, 9);
        ledger.Edit(lines => lines.RemoveAt(2));

        var (code, _, errors) = await RunAsync("--from", "2026-11-01", "--to", "2026-11-02", "--framework", "soc2", "--folder", ledger.Root, "--key", Key(ledger, pem: false), "--out", _desk.File);

        Assert.Equal(1, code);
        Assert.Contains("does not verify", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Findings_and_approvals_come_from_the_state_account()
    {
        const string tenant = "pack-tenant";
        using var ledger = await LedgerOfAsync(tenant);
        var storage = Faults.Storage(azurite);
        await UploadAsync(ledger, tenant);
        var people = new BlobPseudonyms(storage);
        var pseudonym = await people.OfAsync(tenant, "case-77", Stop);
        await new TableFindingStore(storage).SaveAsync(tenant, [new(PackDesk.Finding("CRED-001", 3) with { TenantId = tenant }, null), new(PackDesk.Finding("CRED-002", 3, FindingStatus.Resolved, 5) with { TenantId = tenant }, null)], Stop);
        await new ApprovalBoard(storage, Moq.Mock.Of<Compliance.Evidence.IEvidenceLog>()).AskAsync(PackDesk.Approval(4).Request with { TenantId = tenant }, Stop);

        string[] options = ["--from", "2026-11-01", "--to", "2026-11-02", "--framework", "soc2", "--tenant", tenant, "--key", Key(ledger, pem: false), "--out", _desk.File, "--storage", azurite.EvidenceConnection];
        var (code, output, errors) = await RunAsync([.. options, "--state", azurite.StateConnection, "--json"]);

        Assert.Equal((0, ""), (code, errors));
        Assert.Equal((9, 2), (JsonDocument.Parse(output).RootElement.GetProperty("records").GetInt32(), JsonDocument.Parse(output).RootElement.GetProperty("findings").GetInt32()));
        Assert.Equal(["CRED-001 open", "CRED-002 resolved"], JsonDocument.Parse(_desk.Read("findings.json")).RootElement.EnumerateArray().Select(f => $"{f.GetProperty("control")} {f.GetProperty("status")}"));
        Assert.StartsWith($"{pseudonym.Name}-aabbcc,aabbcc,{pseudonym.Name},LEAVE-011,", _desk.Lines("approvals.csv")[1], StringComparison.Ordinal);
        var byHand = await Shell.VerifyAsync(_desk.Unpack());
        Assert.True(byHand.Code == 0, byHand.Said);
    }

    [Fact]
    public async Task A_ledger_of_another_tenant_under_this_ones_name_is_refused()
    {
        const string tenant = "pack-moved";
        using var ledger = await LedgerFolder.OfAsync(9, 9);
        await UploadAsync(ledger, tenant);

        var (code, output, errors) = await RunAsync("--from", "2026-11-01", "--to", "2026-11-02", "--framework", "soc2", "--tenant", tenant, "--key", Key(ledger, pem: false), "--out", _desk.File, "--storage", azurite.EvidenceConnection);

        Assert.Equal((1, ""), (code, output));
        Assert.Contains("is of another log: compliancefunctions/test, not compliancefunctions/pack-moved", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_state_account_that_is_none_is_told_and_its_key_is_not()
    {
        var (code, _, errors) = await RunAsync("--from", "2026-11-01", "--to", "2026-11-02", "--framework", "soc2", "--tenant", "t", "--key", "k", "--storage", "AccountKey=c2VjcmV0;nonsense");

        Assert.Equal(64, code);
        Assert.Equal("--storage is neither an https:// address nor a connection string\n", errors);
    }

    private static async Task<LedgerFolder> LedgerOfAsync(string tenant)
    {
        var ledger = await LedgerFolder.OfAsync(9, 9);
        var root = Checkpoint.Parse(SignedNote.Parse(ledger.Read(LedgerLayout.Head)).Text).Root;
        var note = await ledger.SignAsync(9, root, origin: $"compliancefunctions/{tenant}");
        ledger.Write(LedgerLayout.Checkpoint(9), note);
        ledger.Write(LedgerLayout.Head, note);
        return ledger;
    }

    private async Task UploadAsync(LedgerFolder ledger, string tenant)
    {
        foreach (var file in Directory.EnumerateFiles(ledger.Root, "*", SearchOption.AllDirectories))
        {
            var path = Path.GetRelativePath(ledger.Root, file).Replace('\\', '/');
            var container = azurite.EvidenceBlobs.GetBlobContainerClient(LedgerLayout.IsHead(path) ? LedgerLayout.HeadContainer : LedgerLayout.Container);
            await container.CreateIfNotExistsAsync(cancellationToken: Stop);
            await container.GetBlobClient($"{tenant}/{path}").UploadAsync(file, overwrite: true, Stop);
        }
    }

    private string Key(LedgerFolder ledger, bool pem)
    {
        var path = Path.Combine(_desk.Folder, "key");
        File.WriteAllText(path, pem ? ledger.Key.ToPem() : $"# the log's key\n\n{ledger.Key.Format()}\n");
        return path;
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] options)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        var code = await Commands.InvokeAsync(["evidence", "pack", .. options], output, errors, Stop);
        return (code, output.ToString(), errors.ToString());
    }
}
