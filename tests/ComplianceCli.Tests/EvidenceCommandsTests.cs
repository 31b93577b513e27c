using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Azure.Storage.Blobs;
using Compliance.Evidence.Ledger;
using Compliance.Evidence.Verify;
using Compliance.Tests.Evidence.Verify;
using Testing;

namespace ComplianceCli.Tests;

public sealed class EvidenceCommandsTests(AzuriteFixture azurite) : IDisposable
{
    private readonly string _mine = Directory.CreateTempSubdirectory("auditor-").FullName;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_mine, recursive: true);

    private static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        var (output, errors) = (new StringWriter(), new StringWriter());
        // No connection of whoever runs the tests.
        var code = await Commands.InvokeAsync(["evidence", .. arguments, .. arguments.Contains("--connection") ? (string[])[] : ["--connection", "/nonexistent/connection.json"]], output, errors, Stop);
        return (code, output.ToString(), errors.ToString());
    }

    private string Mine(string name, string content) => Mine(name, Encoding.UTF8.GetBytes(content));

    private string Mine(string name, byte[] content)
    {
        var path = Path.Combine(_mine, name);
        File.WriteAllBytes(path, content);
        return path;
    }

    private string KeyOf(LedgerFolder ledger) => Mine("key.vkey", $"# the log's key\n\n{ledger.Key.Format()}\n");

    [Fact]
    public async Task Verify_says_intact_with_0_tampered_with_1_and_cannot_tell_with_2()
    {
        using var ledger = await LedgerFolder.OfAsync(30, 10, 20);
        var key = KeyOf(ledger);
        var intact = await RunAsync("verify", "--folder", ledger.Root, "--key", key);
        Assert.Equal((0, ""), (intact.Code, intact.Errors));
        Assert.StartsWith($"INTACT: {LedgerFolder.Origin}, 30 records, 20 covered by 3 checkpoints, signed by {ledger.Key}", intact.Output, StringComparison.Ordinal);
        Assert.Contains("10 records after the last checkpoint are not yet covered", intact.Output, StringComparison.Ordinal);

        ledger.Edit(l => l.RemoveAt(3));
        var tampered = await RunAsync("verify", "--folder", ledger.Root, "--key", key);
        Assert.Equal(1, tampered.Code);
        Assert.StartsWith("TAMPERED: ", tampered.Output, StringComparison.Ordinal);
        Assert.Contains("DroppedRecord: record 3 (run-4/check) at byte ", tampered.Output, StringComparison.Ordinal);

        using var stranger = LedgerFolder.Stranger();
        ledger.Edit(l => l.Insert(3, LedgerFolder.Line(3)));
        var unknown = await RunAsync("verify", "--folder", ledger.Root, "--key", Mine("other.vkey", stranger.Key.Format()));
        Assert.Equal(2, unknown.Code);
        Assert.StartsWith("CANNOT TELL: ", unknown.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_as_json_tells_the_first_wrong_record()
    {
        using var ledger = await LedgerFolder.OfAsync(30, 30);
        ledger.Edit(l => l[7] = l[7].Replace("timer", "Timer", StringComparison.Ordinal));
        var (code, output, _) = await RunAsync("verify", "--folder", ledger.Root, "--key", KeyOf(ledger), "--json");
        var result = JsonNode.Parse(output)!;
        Assert.Equal((1, "tampered", "changedRecord", 7, ledger.Log, "run-7/check"), (code, (string?)result["verdict"], (string?)result["problems"]![0]!["kind"],
            (int?)result["problems"]![0]!["index"], (string?)result["problems"]![0]!["path"], (string?)result["problems"]![0]!["recordId"]));
    }

    [Fact]
    public async Task Verify_takes_pem_several_keys_and_the_auditors_own_checkpoint()
    {
        using var ledger = await LedgerFolder.OfAsync(20, 10, 20);
        using var next = LedgerFolder.Stranger();
        ledger.Append();
        await ledger.CheckpointAsync(next);
        var (pem, own) = (Mine("old.pem", ledger.Key.ToPem()), Mine("kept", ledger.Read("checkpoints/20")));
        Assert.Equal(0, (await RunAsync("verify", "--folder", ledger.Root, "--key", pem, "--key", Mine("new.pem", next.Key.ToPem()), "--checkpoint", own)).Code);
        Assert.Equal(0, (await RunAsync("verify", "--folder", ledger.Root, "--key", Mine("both.pem", ledger.Key.ToPem() + "\n" + next.Key.ToPem()))).Code);
        using var older = await LedgerFolder.OfAsync(10, 10);
        var rolledBack = await RunAsync("verify", "--folder", older.Root, "--key", pem, "--checkpoint", own);
        Assert.Equal(1, rolledBack.Code);
        Assert.Contains("RolledBackLog: the log was rolled back", rolledBack.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_download_of_both_containers_and_of_several_tenants_is_found()
    {
        using var ledger = await LedgerFolder.OfAsync(300, 300);
        foreach (var tenant in (string[])["test", "other"])
        {
            foreach (var file in Directory.EnumerateFiles(ledger.Root, "*", SearchOption.AllDirectories))
            {
                var path = Path.GetRelativePath(ledger.Root, file);
                var copy = Path.Combine(_mine, "download", LedgerLayout.IsHead(path) ? "ledger-head" : "ledger", tenant, path);
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                File.Copy(file, copy);
            }
        }
        var (download, key) = (Path.Combine(_mine, "download"), KeyOf(ledger));
        Assert.Equal(0, (await RunAsync("verify", "--folder", download, "--key", key, "--tenant", "test")).Code);
        var which = await RunAsync("verify", "--folder", download, "--key", key);
        Assert.Equal(2, which.Code);
        Assert.Contains("choose one with --tenant: other, test", which.Errors, StringComparison.Ordinal);
        var wrong = await RunAsync("verify", "--folder", download, "--key", key, "--tenant", "other");
        Assert.Equal(1, wrong.Code);
        Assert.Contains("is of another log", wrong.Output, StringComparison.Ordinal);
        Assert.Equal(2, (await RunAsync("verify", "--folder", download, "--key", key, "--tenant", "../test")).Code);
        Assert.Equal(2, (await RunAsync("verify", "--folder", _mine + "/nothing", "--key", key)).Code);
        Assert.Equal(2, (await RunAsync("verify", "--folder", Path.Combine(ledger.Root, "tile"), "--key", key)).Code);
    }

    [Fact]
    public async Task The_evidence_account_of_the_connection_file_is_read_with_the_key_beside_it()
    {
        using var ledger = await LedgerFolder.OfAsync(300, 300);
        var tenant = "cli-evidence";
        foreach (var file in Directory.EnumerateFiles(ledger.Root, "*", SearchOption.AllDirectories))
        {
            var path = Path.GetRelativePath(ledger.Root, file).Replace('\\', '/');
            var container = azurite.EvidenceBlobs.GetBlobContainerClient(LedgerLayout.IsHead(path) ? "ledger-head" : "ledger");
            await container.CreateIfNotExistsAsync(cancellationToken: Stop);
            await container.GetBlobClient($"{tenant}/{path}").UploadAsync(file, overwrite: true, Stop);
        }
        var connection = Mine("connection.json", JsonSerializer.Serialize(new { app = "", key = "", evidenceStorage = azurite.EvidenceConnection, tenantSettings = new Dictionary<string, string>() }));
        Mine("evidence-key.vkey", ledger.Key.Format());
        // The log was signed under another tenant's name, so its own is not given away by the path.
        var moved = await RunAsync("verify", "--connection", connection, "--tenant", tenant);
        Assert.Equal(1, moved.Code);
        Assert.Contains($"is of another log: {LedgerFolder.Origin}, not compliancefunctions/{tenant}", moved.Output, StringComparison.Ordinal);
        var shown = await RunAsync("show", "--connection", connection, "--json", "--limit", "2");
        Assert.Equal((0, $"{LedgerFolder.Line(0)}\n{LedgerFolder.Line(1)}\n"), (shown.Code, shown.Output));
        var direct = await new LedgerVerifier(new BlobLedgerSource(new BlobServiceClient(azurite.EvidenceConnection), tenant), new() { Keys = [ledger.Key] }).VerifyAsync(Stop);
        Assert.Equal(LedgerVerdict.Intact, direct.Verdict);
    }

    [Fact]
    public async Task A_storage_that_lets_nobody_read_and_one_that_is_none_are_told_with_2()
    {
        using var ledger = await LedgerFolder.OfAsync(3, 3);
        string Connect(string storage) => Mine("connection.json", JsonSerializer.Serialize(
            new { app = "", key = "", evidenceStorage = storage, tenantSettings = new Dictionary<string, string> { ["Tenant:Id"] = "test" } }));
        var key = KeyOf(ledger);
        var refused = await RunAsync("verify", "--key", key, "--connection", Connect(System.Text.RegularExpressions.Regex.Replace(azurite.EvidenceConnection, "AccountKey=[^;]*", "AccountKey=AAAA")));
        Assert.Equal(2, refused.Code);
        Assert.Contains("CANNOT TELL", refused.Output, StringComparison.Ordinal);
        Assert.Contains("Unreadable: checkpoint cannot be read", refused.Output, StringComparison.Ordinal);
        var none = await RunAsync("show", "--connection", Connect("AccountKey=secret"));
        Assert.Equal((2, "", "the connection file's evidence account is no connection string of a storage account\n"), (none.Code, none.Output, none.Errors.ReplaceLineEndings("\n")));
        Assert.Equal(2, (await RunAsync("show")).Code);
    }

    [Theory]
    [InlineData("run-17/check")]
    [InlineData("17")]
    public async Task A_record_is_proven_in_a_file_that_stands_on_its_own(string record)
    {
        using var ledger = await LedgerFolder.OfAsync(700, 300, 700);
        var (key, file) = (KeyOf(ledger), Path.Combine(_mine, "proof.json"));
        var made = await RunAsync("prove", record, "--folder", ledger.Root, "--key", key, "--out", file);
        Assert.Equal((0, ""), (made.Code, made.Output));
        // Leaves 0 to 255, those of level 1, and the partial tile at the right edge.
        Assert.Contains($"record 17 is in the log {LedgerFolder.Origin} of 700 records, signed by {ledger.Key} (3 tiles read)", made.Errors, StringComparison.Ordinal);
        var holds = await RunAsync("prove", "--check", file, "--key", key);
        Assert.Equal(0, holds.Code);
        Assert.Contains(LedgerFolder.Line(17), holds.Output, StringComparison.Ordinal);

        var proof = RecordProof.Parse(await File.ReadAllBytesAsync(file, Stop));
        RecordProof[] forgeries = [proof with { Index = 18 }, proof with { Size = 701 }, proof with { Record = [.. proof.Record, 32] }, proof with { Inclusion = [.. proof.Inclusion.Skip(1)] },
            proof with { Checkpoint = proof.Checkpoint.Replace("\n700\n", "\n701\n", StringComparison.Ordinal) }, proof with { Checkpoint = "" }];
        foreach (var forged in forgeries)
            Assert.Equal(1, (await RunAsync("prove", "--check", Mine("forged.json", forged.ToBytes()), "--key", key)).Code);
        using var stranger = LedgerFolder.Stranger();
        Assert.Equal(2, (await RunAsync("prove", "--check", file, "--key", Mine("other.vkey", stranger.Key.Format()))).Code);
        Assert.Equal(1, (await RunAsync("prove", "--check", file, "--key", key, "--tenant", "other")).Code);
        Assert.Equal(2, (await RunAsync("prove", "--check", Mine("rubbish.json", "{\"format\":"), "--key", key)).Code);
    }

    [Fact]
    public async Task What_cannot_be_proven_says_why()
    {
        using var ledger = await LedgerFolder.OfAsync(30, 20);
        var key = KeyOf(ledger);
        var late = await RunAsync("prove", "run-25/check", "--folder", ledger.Root, "--key", key);
        Assert.Equal(2, late.Code);
        Assert.Contains("record 25 is not covered by a checkpoint yet: the latest covers 20 records", late.Errors, StringComparison.Ordinal);
        Assert.Contains("there is no record nobody in the log", (await RunAsync("prove", "nobody", "--folder", ledger.Root, "--key", key)).Errors, StringComparison.Ordinal);
        ledger.Edit(l => l[3] = l[3].Replace("timer", "Timer", StringComparison.Ordinal));
        var changed = await RunAsync("prove", "run-3/check", "--folder", ledger.Root, "--key", key);
        Assert.Equal((1, ""), (changed.Code, changed.Output));
        ledger.Delete("tile/0/000.p/20");
        Assert.Equal(2, (await RunAsync("prove", "run-4/check", "--folder", ledger.Root, "--key", key)).Code);
    }

    [Fact]
    public async Task Consistency_is_proven_from_sizes_or_files_and_a_split_view_is_not()
    {
        using var ledger = await LedgerFolder.OfAsync(700, 300, 700);
        using var other = await LedgerFolder.OfAsync(299);
        other.Append(LedgerFolder.Line(299, id: "for your eyes only"));
        await other.CheckpointAsync();
        var key = KeyOf(ledger);
        Task<(int Code, string Output, string Errors)> Ask(string older, string newer) => RunAsync("consistency", older, newer, "--folder", ledger.Root, "--key", key);
        var holds = await Ask("300", "700");
        Assert.Equal(0, holds.Code);
        Assert.StartsWith("INTACT: the log of 700 records begins with all 300 of the older checkpoint", holds.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await Ask(Mine("kept", ledger.Read("checkpoints/300")), ledger.PathOf("checkpoint"))).Code);
        Assert.Equal(0, (await Ask("300", "300")).Code);
        foreach (var newer in (string[])["300", "700"])
        {
            var split = await Ask(Mine("split", other.Read("checkpoint")), newer);
            Assert.Equal(1, split.Code);
            Assert.Contains("split view", split.Output, StringComparison.Ordinal);
        }
        Assert.Equal(2, (await Ask("700", "300")).Code);
        Assert.Equal(2, (await Ask("301", "700")).Code);
        Assert.Equal(2, (await Ask(Mine("rubbish", "rubbish"), "700")).Code);
        var forged = SignedNote.Parse(ledger.Read("checkpoint")) with { Text = new Checkpoint(LedgerFolder.Origin, 700, new byte[32], []).Format() };
        Assert.Equal(1, (await Ask("300", Mine("forged", forged.Format()))).Code);
        ledger.Delete("tile/0/001");
        Assert.Equal(2, (await Ask("300", "700")).Code);
    }

    [Theory]
    [InlineData("0 1 2 3 4", new string[0])]
    [InlineData("1 2", new[] { "--limit", "2", "--from", "2026-11-02" })]
    [InlineData("0 1", new[] { "--to", "2026-11-02" })]
    [InlineData("0", new[] { "--to", "2026-11-02T06:00:00Z" })]
    [InlineData("2", new[] { "--action", "offboarding." })]
    [InlineData("2", new[] { "--subject", "person-1" })]
    [InlineData("3", new[] { "--actor", "someone else" })]
    [InlineData("4", new[] { "--plan", "p1" })]
    [InlineData("3", new[] { "--outcome", "incomplete" })]
    [InlineData("1", new[] { "--id", "r1" })]
    [InlineData("", new[] { "--id", "r1", "--outcome", "incomplete" })]
    public async Task Show_gives_the_records_that_are_asked_for(string expected, string[] filter)
    {
        using var ledger = new LedgerFolder();
        string[] lines =
        [
            """{"action":"a","actor":"x","id":"r0","outcome":"complete","time":"2026-11-01T06:00:00Z","version":1}""",
            """{"action":"a","actor":"x","id":"r1","outcome":"complete","time":"2026-11-02T06:00:00Z","version":1}""",
            """{"action":"offboarding.step","actor":"x","id":"r2","outcome":"complete","subject":"person-1","time":"2026-11-03T06:00:00Z","version":1}""",
            """{"action":"a","actor":"someone else","id":"r3","outcome":"incomplete","time":"2026-11-04T06:00:00Z","version":1}""",
            """{"action":"a","actor":"x","id":"r4","outcome":"complete","planId":"p1","time":"2026-11-05T06:00:00Z","version":9}""",
        ];
        foreach (var line in lines)
            ledger.Append(line);
        var json = await RunAsync(["show", "--folder", ledger.Root, "--json", .. filter]);
        Assert.Equal((0, string.Concat(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(i => lines[int.Parse(i, System.Globalization.CultureInfo.InvariantCulture)] + "\n")), ""), json);
        var text = await RunAsync(["show", "--folder", ledger.Root, .. filter]);
        Assert.Equal(expected, string.Join(' ', text.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l[1..l.IndexOf(' ', StringComparison.Ordinal)])));
    }

    [Fact]
    public async Task Show_neutralises_what_could_steer_a_terminal_and_shows_unknown_versions_and_torn_lines_raw()
    {
        using var ledger = new LedgerFolder();
        ledger.Append("""{"action":"a","actor":"\u001b[2J\u202egnp","id":"r0","time":"2026-11-01T06:00:00Z","version":1}""");
        ledger.Append("{\"id\":\"r1\",\"later\":{\"x\":[1,2]},\"version\":2,\"z\":\"\u009b2J\"}");
        ledger.Append("{\"id\":\"r");
        ledger.Tear("\u001b]0;x\u0007");
        var (code, output, _) = await RunAsync("show", "--folder", ledger.Root);
        Assert.Equal((0, """
            #0  2026-11-01T06:00:00Z  a  actor=\u001b[2J\u202egnp id=r0
            #1  (a version that is unknown here) {"id":"r1","later":{"x":[1,2]},"version":2,"z":"\u009b2J"}
            #2  (cut off by a crash, 8 bytes) {"id":"r
            (not yet a record: 6 bytes without a line feed) \u001b]0;x\u0007

            """), (code, output.ReplaceLineEndings("\n")));
    }

    [Theory]
    [InlineData("verify")]
    [InlineData("verify", "--folder", ".")]
    [InlineData("verify", "--folder", ".", "--account", "https://a.blob.core.windows.net", "--key", "k")]
    [InlineData("verify", "--account", "http://a.blob.core.windows.net", "--key", "k")]
    [InlineData("verify", "--nonsense")]
    [InlineData("prove", "--folder", ".", "--key", "k")]
    [InlineData("prove", "r", "--check", "f", "--folder", ".", "--key", "k")]
    [InlineData("consistency", "1", "--folder", ".", "--key", "k")]
    [InlineData("show", "--folder", ".", "--from", "soon")]
    [InlineData("show", "--folder", ".", "--limit", "0")]
    [InlineData("show", "--folder", ".", "--limit", "many")]
    public async Task Wrong_usage_ends_with_64(params string[] arguments)
    {
        var (code, output, errors) = await RunAsync(arguments);
        Assert.Equal((64, ""), (code, output));
        Assert.NotEqual("", errors);
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing\n")]
    [InlineData("rubbish")]
    [InlineData("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")]
    public async Task A_key_file_without_a_key_is_told_with_2(string content)
    {
        using var ledger = await LedgerFolder.OfAsync(3, 3);
        var (code, output, errors) = await RunAsync("verify", "--folder", ledger.Root, "--key", Mine("bad", content));
        Assert.Equal((2, ""), (code, output));
        Assert.Contains("holds no public key", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void The_progress_bar_is_drawn_at_most_ten_times_a_second_and_taken_away()
    {
        var (terminal, time) = (new StringWriter(), new Microsoft.Extensions.Time.Testing.FakeTimeProvider());
        var bar = new EvidenceProgress(terminal, time);
        bar.Report(new(0, 200, 0));
        bar.Report(new(50, 200, 10));
        time.Advance(TimeSpan.FromSeconds(1));
        bar.Report(new(100, 200, 1000));
        bar.Clear();
        Assert.Equal($"\r[{new string(' ', 30)}]   0 %  0 records  0/s\u001b[K\r[{new string('#', 15)}{new string(' ', 15)}]  50 %  1000 records  1000/s\u001b[K\r\u001b[K", terminal.ToString());
    }
}
