using System.Text.RegularExpressions;
using Compliance.Changes.Approvals;
using Compliance.Findings;
using Compliance.Ledger.Format;
using Compliance.Ledger.Privacy;
using Compliance.Tests.Ledger.Verification;
using Compliance.Tests.Storage;
using ComplianceCli;
using Testing;

namespace Compliance.Tests.AuditPack;

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

        var (code, output, errors) = await RunAsync(
            "--from",
            "2026-11-01",
            "--to",
            "2026-11-01T06:00:05Z",
            "--framework",
            "SOC2",
            "--folder",
            ledger.Root,
            "--key-file",
            Key(ledger, pem),
            "--out",
            _desk.File
        );

        Assert.Equal((0, ""), (code, errors));
        Texts.AuditPack.Expect(
            "a pack is made",
            Regex.Replace(
                Regex.Replace(output.Replace(_desk.File, "FILE", StringComparison.Ordinal), "[0-9a-f]{64}", "DIGEST"),
                @"for \d+ of \d+ controls: .*",
                "for N of M controls: THEIR IDS"
            )
        );
        Assert.Equal(5, _desk.Lines("records.jsonl").Length);
    }

    [Theory]
    [InlineData(64, "there are gdpr, hipaa, iso27001, iso42001, pci, soc2", "--framework", "sox")]
    [InlineData(64, "--from yesterday is no date", "--from", "yesterday")]
    [InlineData(64, "before it begins", "--to", "2026-11-01")]
    [InlineData(64, "'--nonsense'", "--nonsense", "1")]
    [InlineData(64, "--state ", "--state", "UseDevelopmentStorage=true")]
    [InlineData(2, "no record was logged", "--from", "2026-11-01T07:00Z")]
    [InlineData(2, "there is no folder", "--folder", "/nonexistent/ledger")]
    [InlineData(2, "cannot be read", "--key-file", "/nonexistent/key")]
    [InlineData(2, " /nonexistent", "--out", "/nonexistent/pack.zip")]
    public async Task What_is_wrong_is_told_with_an_exit_code(int code, string saying, string option, string value)
    {
        using var ledger = await LedgerFolder.OfAsync(9, 9);
        Dictionary<string, string> options = new()
        {
            ["--from"] = "2026-11-01",
            ["--to"] = "2026-11-02",
            ["--framework"] = "soc2",
            ["--folder"] = ledger.Root,
            ["--key-file"] = Key(ledger, pem: false),
            ["--out"] = _desk.File,
            [option] = value,
        };

        var (exit, output, errors) = await RunAsync([.. options.SelectMany(o => (string[])[o.Key, o.Value])]);

        Assert.Equal((code, ""), (exit, output));
        Assert.Contains(saying, errors, StringComparison.Ordinal);
        Texts.AuditPack.Expect("a pack that is not made", [option, value], errors.Split('\n')[0]);
        Assert.False(File.Exists(_desk.File));
    }

    [Fact]
    public async Task A_tampered_ledger_ends_with_exit_code_1()
    {
        using var ledger = await LedgerFolder.OfAsync(9, 9);
        ledger.Edit(lines => lines.RemoveAt(2));

        var (code, _, errors) = await RunAsync(
            "--from",
            "2026-11-01",
            "--to",
            "2026-11-02",
            "--framework",
            "soc2",
            "--folder",
            ledger.Root,
            "--key-file",
            Key(ledger, pem: false),
            "--out",
            _desk.File
        );

        Assert.Equal(1, code);
        Assert.Contains("does not verify", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Findings_and_approvals_come_from_the_state_account_of_the_tenant_whose_ledger_it_is()
    {
        var tenant = LedgerFolder.Origin.Split('/')[1];
        using var ledger = await LedgerFolder.OfAsync(9, 9);
        var storage = Faults.Storage(azurite);
        foreach (var where in new[] { tenant, "another" })
            await UploadAsync(ledger, where);
        var pseudonym = await new BlobPseudonyms(storage, TimeProvider.System).GetOrCreateAsync(tenant, "case-77", Stop);
        await new TableFindingStore(storage).SaveAsync(
            tenant,
            [
                new(PackDesk.Finding("CRED-001", 3) with { TenantId = tenant }, null),
                new(PackDesk.Finding("CRED-002", 3, FindingStatus.Resolved, 5) with { TenantId = tenant }, null),
            ],
            Stop
        );
        await new ApprovalBoard(storage, Moq.Mock.Of<Compliance.Ledger.IEvidenceLog>()).AskAsync(
            PackDesk.Approval(4).Request with
            {
                TenantId = tenant,
            },
            PackDesk.Approval(4).Request.AskedAt,
            Stop
        );
        var connection = Path.Combine(_desk.Folder, "connection.json");
        Task<(int Code, string Output, string Errors)> RunOfAsync(string id, params string[] more)
        {
            File.WriteAllText(
                connection,
                System.Text.Json.JsonSerializer.Serialize(
                    new ComplianceCli.Connection(
                        "http://127.0.0.1:1",
                        null,
                        azurite.EvidenceConnection,
                        null,
                        new Dictionary<string, string> { ["Tenant:Id"] = id },
                        azurite.StateConnection
                    ),
                    System.Text.Json.JsonSerializerOptions.Web
                )
            );
            return RunAsync([
                "--from",
                "2026-11-01",
                "--to",
                "2026-11-02",
                "--framework",
                "soc2",
                "--key-file",
                Key(ledger, pem: false),
                "--out",
                _desk.File,
                "--connection",
                connection,
                .. more,
            ]);
        }

        var (code, output, errors) = await RunOfAsync(tenant);

        Assert.Equal((0, ""), (code, errors));
        Assert.Contains("  2 findings", output, StringComparison.Ordinal);
        Assert.Contains(pseudonym.Name, _desk.Read("approvals.csv"), StringComparison.Ordinal);
        Assert.DoesNotContain("more than 10 leavers", _desk.Read("approvals.csv"), StringComparison.Ordinal);
        // What people may have written is there for whoever asks.
        Assert.Equal(0, (await RunOfAsync(tenant, "--with-names", "--force")).Code);
        Assert.Contains("more than 10 leavers", _desk.Read("approvals.csv"), StringComparison.Ordinal);
        // The same bytes under another tenant's name are not its ledger.
        Assert.NotEqual(0, (await RunOfAsync("another", "--force")).Code);
    }

    private async Task UploadAsync(LedgerFolder ledger, string tenant)
    {
        foreach (var file in Directory.EnumerateFiles(ledger.Root, "*", SearchOption.AllDirectories))
        {
            var path = Path.GetRelativePath(ledger.Root, file).Replace('\\', '/');
            var container = azurite.EvidenceBlobs.GetBlobContainerClient(
                LedgerLayout.IsHead(path) ? LedgerLayout.HeadContainer : LedgerLayout.Container
            );
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
