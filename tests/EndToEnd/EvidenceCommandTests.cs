using System.Text;
using System.Text.Json.Nodes;
using Compliance.Ledger.Format;
using Compliance.Tests.Ledger.Verification;
using ComplianceCli;

namespace EndToEnd;

/// <summary>The auditor's commands on a downloaded ledger, with nothing but the public key.</summary>
public sealed class EvidenceCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("evidence-").FullName;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task An_intact_ledger_is_told_by_exit_code_0_with_a_key_of_either_form()
    {
        using var ledger = await LedgerFolder.OfAsync(600, 300, 600);
        var pem = Path.Combine(_folder, "key.pem");
        await File.WriteAllTextAsync(pem, ledger.Key.ToPem(), Stop);

        foreach (var key in new[] { KeyOf(ledger), pem })
        {
            var (code, output, errors) = await RunAsync("evidence", "verify", "--folder", ledger.Root, "--key-file", key);
            Assert.True(code == 0, $"{code}: {output}{errors}");
            Assert.Contains("600 records", output, StringComparison.Ordinal);
            Assert.StartsWith("Intact", output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_changed_byte_is_told_by_exit_code_1_and_its_place()
    {
        using var ledger = await LedgerFolder.OfAsync(600, 300, 600);
        var bytes = ledger.Read(ledger.Log);
        var at = Encoding.UTF8.GetString(bytes).IndexOf("\"objects\":417", StringComparison.Ordinal) + "\"objects\":41".Length;
        bytes[at] = (byte)'8';
        ledger.Write(ledger.Log, bytes);

        var (code, output, _) = await RunAsync("evidence", "verify", "--folder", ledger.Root, "--key-file", KeyOf(ledger));

        Assert.Equal(1, code);
        Assert.StartsWith("TAMPERED", output, StringComparison.Ordinal);
        Assert.Contains("record 417 (run-417/check)", output, StringComparison.Ordinal);
        Assert.Contains($"byte {at} of {ledger.Log}", output, StringComparison.Ordinal);
        var (told, json, _) = await RunAsync("evidence", "verify", "--folder", ledger.Root, "--key-file", KeyOf(ledger), "--json");
        Assert.Equal((1, 417), (told, JsonNode.Parse(json)!["problems"]![0]!["index"]!.GetValue<long>()));
    }

    [Fact]
    public async Task What_cannot_be_told_is_exit_code_2()
    {
        using var ledger = await LedgerFolder.OfAsync(10, 10);
        using var unsigned = await LedgerFolder.OfAsync(10);
        var stranger = Path.Combine(_folder, "stranger.vkey");
        using var other = LedgerFolder.Stranger();
        await File.WriteAllTextAsync(stranger, other.Key.Format(), Stop);
        var empty = Directory.CreateDirectory(Path.Combine(_folder, "empty")).FullName;

        Assert.Equal(2, (await RunAsync("evidence", "verify", "--folder", ledger.Root, "--key-file", stranger)).Code);
        Assert.Equal(2, (await RunAsync("evidence", "verify", "--folder", ledger.Root)).Code);
        Assert.Equal(2, (await RunAsync("evidence", "verify", "--folder", unsigned.Root, "--key-file", KeyOf(ledger))).Code);
        Assert.Equal(2, (await RunAsync("evidence", "verify", "--folder", empty, "--key-file", KeyOf(ledger))).Code);
        Assert.Equal(2, (await RunAsync("evidence", "verify", "--folder", ledger.Root, "--key-file", Path.Combine(_folder, "none"))).Code);
        Assert.Equal(64, (await RunAsync("evidence", "verify", "--no-such-option")).Code);
    }

    [Fact]
    public async Task A_ledger_put_back_to_an_earlier_day_contradicts_the_checkpoint_that_the_auditor_kept()
    {
        using var ledger = await LedgerFolder.OfAsync(20, 10, 20);
        using var earlier = await LedgerFolder.OfAsync(10, 10);

        var (code, output, _) = await RunAsync(
            "evidence",
            "verify",
            "--folder",
            earlier.Root,
            "--key-file",
            KeyOf(ledger),
            "--checkpoint",
            ledger.PathOf(LedgerLayout.Checkpoint(20))
        );

        Assert.Equal(1, code);
        Assert.Contains("RolledBackLog", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("#417")]
    [InlineData("run-417/check")]
    public async Task A_record_is_proved_and_the_proof_holds_by_itself_until_a_byte_of_it_is_changed(string record)
    {
        using var ledger = await LedgerFolder.OfAsync(600, 600);
        var file = Path.Combine(_folder, "proof.json");

        var (made, output, errors) = await RunAsync(
            "evidence",
            "prove",
            record,
            "--folder",
            ledger.Root,
            "--key-file",
            KeyOf(ledger),
            "--out",
            file
        );
        Assert.True(made == 0, $"{made}: {output}{errors}");
        // Leaves 256 to 511, their neighbours at the right edge, and the hash over the first 256.
        Assert.Contains(
            "record 417 is among the 600 that the checkpoint covers (10 hashes from 3 tiles)",
            output,
            StringComparison.Ordinal
        );
        Assert.Contains("run-417/check", output, StringComparison.Ordinal);
        Directory.Move(ledger.Root, ledger.Root + "-away");
        Assert.Equal(0, (await RunAsync("evidence", "prove", file, "--check", "--key-file", KeyOf(ledger))).Code);

        var proof = JsonNode.Parse(await File.ReadAllTextAsync(file, Stop))!;
        var changed = Convert.FromBase64String(proof["record"]!.GetValue<string>());
        changed[40] ^= 1;
        proof["record"] = Convert.ToBase64String(changed);
        await File.WriteAllTextAsync(file, proof.ToJsonString(), Stop);
        Assert.Equal(1, (await RunAsync("evidence", "prove", file, "--check", "--key-file", KeyOf(ledger))).Code);
        Directory.Move(ledger.Root + "-away", ledger.Root);
    }

    [Fact]
    public async Task A_later_checkpoint_goes_on_from_an_earlier_one_or_not()
    {
        using var ledger = await LedgerFolder.OfAsync(600, 300, 600);
        using var other = new LedgerFolder();
        other.Append(LedgerFolder.Line(0, id: "another"));
        for (var i = 1; i < 300; i++)
            other.Append();
        await other.CheckpointAsync();

        Assert.Equal(
            0,
            (await RunAsync("evidence", "consistency", "300", "600", "--folder", ledger.Root, "--key-file", KeyOf(ledger))).Code
        );
        Assert.Equal(
            1,
            (
                await RunAsync(
                    "evidence",
                    "consistency",
                    other.PathOf(LedgerLayout.Checkpoint(300)),
                    "600",
                    "--folder",
                    ledger.Root,
                    "--key-file",
                    KeyOf(ledger)
                )
            ).Code
        );
        Assert.Equal(
            2,
            (await RunAsync("evidence", "consistency", "600", "300", "--folder", ledger.Root, "--key-file", KeyOf(ledger))).Code
        );
        Assert.Equal(
            2,
            (await RunAsync("evidence", "consistency", "299", "600", "--folder", ledger.Root, "--key-file", KeyOf(ledger))).Code
        );
    }

    [Fact]
    public async Task A_stranger_to_the_keys_is_no_proof_of_tampering()
    {
        using var ledger = await LedgerFolder.OfAsync(600, 300, 600);
        using var other = LedgerFolder.Stranger();
        var (stranger, file) = (Path.Combine(_folder, "stranger.vkey"), Path.Combine(_folder, "proof.json"));
        await File.WriteAllTextAsync(stranger, other.Key.Format(), Stop);
        Assert.Equal(
            0,
            (await RunAsync("evidence", "prove", "#1", "--folder", ledger.Root, "--key-file", KeyOf(ledger), "--out", file)).Code
        );

        Assert.Equal(2, (await RunAsync("evidence", "prove", file, "--check", "--key-file", stranger)).Code);
        Assert.Equal(2, (await RunAsync("evidence", "consistency", "300", "600", "--folder", ledger.Root, "--key-file", stranger)).Code);
        var forged = SignedNote.Parse(ledger.Read("checkpoint")) with
        {
            Text = new Checkpoint(LedgerFolder.Origin, 600, new byte[32], []).Format(),
        };
        ledger.Write("checkpoint", forged.Format());
        Assert.Equal(
            1,
            (
                await RunAsync(
                    "evidence",
                    "consistency",
                    "300",
                    ledger.PathOf("checkpoint"),
                    "--folder",
                    ledger.Root,
                    "--key-file",
                    KeyOf(ledger)
                )
            ).Code
        );
    }

    [Fact]
    public async Task A_ledger_of_another_tenant_in_the_place_of_the_one_that_is_asked_for_is_told()
    {
        using var ledger = await LedgerFolder.OfAsync(600, 300, 600);
        var file = Path.Combine(_folder, "proof.json");
        string[] all = ["--folder", ledger.Root, "--key-file", KeyOf(ledger)];
        Assert.Equal(0, (await RunAsync(["evidence", "verify", .. all, "--tenant", "test"])).Code);

        var (code, output, _) = await RunAsync(["evidence", "verify", .. all, "--tenant", "other"]);

        Assert.Equal(1, code);
        Assert.Contains($"is of another log: {LedgerFolder.Origin}, not compliancefunctions/other", output, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync(["evidence", "prove", "#1", .. all, "--out", file])).Code);
        Assert.Equal(1, (await RunAsync("evidence", "prove", file, "--check", "--key-file", KeyOf(ledger), "--tenant", "other")).Code);
        Assert.Equal(2, (await RunAsync(["evidence", "consistency", "300", "600", .. all, "--tenant", "other"])).Code);
    }

    [Fact]
    public async Task A_download_of_both_containers_as_they_are_is_one_ledger_a_tenant()
    {
        using var ledger = await LedgerFolder.OfAsync(300, 300);
        foreach (var tenant in (string[])["test", "second"])
        {
            foreach (var file in Directory.EnumerateFiles(ledger.Root, "*", SearchOption.AllDirectories))
            {
                var path = Path.GetRelativePath(ledger.Root, file).Replace('\\', '/');
                var copy = Path.Combine(
                    _folder,
                    "both",
                    LedgerLayout.IsHead(path) ? LedgerLayout.HeadContainer : LedgerLayout.Container,
                    tenant,
                    path
                );
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                File.Copy(file, copy);
            }
        }
        string[] all = ["evidence", "verify", "--folder", Path.Combine(_folder, "both"), "--key-file", KeyOf(ledger)];

        Assert.Equal(0, (await RunAsync([.. all, "--tenant", "test"])).Code);
        var which = await RunAsync(all);
        Assert.Equal(2, which.Code);
        Assert.Contains("choose one with --tenant: second, test", which.Errors, StringComparison.Ordinal);
        Assert.Equal(2, (await RunAsync([.. all, "--tenant", "third"])).Code);
        Assert.Equal(2, (await RunAsync([.. all, "--tenant", "../test"])).Code);
    }

    [Fact]
    public async Task A_spoilt_latest_checkpoint_is_tampering_with_a_key_of_either_form()
    {
        using var ledger = await LedgerFolder.OfAsync(30, 10, 30);
        var pem = Path.Combine(_folder, "key.pem");
        await File.WriteAllTextAsync(pem, ledger.Key.ToPem(), Stop);
        foreach (var spoilt in (byte[][])["rubbish"u8.ToArray(), new byte[2_000_000]])
        {
            ledger.Write("checkpoint", spoilt);
            foreach (var key in new[] { KeyOf(ledger), pem })
            {
                var (code, output, _) = await RunAsync("evidence", "verify", "--folder", ledger.Root, "--key-file", key);
                Assert.Equal(1, code);
                Assert.Contains("DamagedCheckpoint: checkpoint ", output, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task What_was_interrupted_tells_nothing()
    {
        using var ledger = await LedgerFolder.OfAsync(3, 3);
        using var interrupted = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        await interrupted.CancelAsync();
        using var errors = new StringWriter();
        Assert.Equal(
            (2, "cannot decide: interrupted"),
            (
                await Commands.InvokeAsync(
                    ["evidence", "verify", "--folder", ledger.Root, "--key-file", KeyOf(ledger)],
                    TextWriter.Null,
                    errors,
                    interrupted.Token
                ),
                errors.ToString().Trim()
            )
        );
    }

    [Fact]
    public async Task Records_are_shown_by_what_is_asked_for_and_cannot_play_with_the_terminal()
    {
        using var ledger = await LedgerFolder.OfAsync(10, 10);
        ledger.Append(LedgerFolder.Line(10, action: "offboarding.block", subject: "p-1"));
        ledger.Append(LedgerFolder.Line(11, id: "\\u001b[31mred", version: "9"));
        ledger.Append(LedgerFolder.Line(12, id: "\\u001b[2J"));
        async Task<string[]> ShowAsync(params string[] filters) =>
            (await RunAsync(["evidence", "show", "--folder", ledger.Root, .. filters])).Output.Split(
                '\n',
                StringSplitOptions.RemoveEmptyEntries
            );

        Assert.Equal(13, (await ShowAsync("--json")).Length);
        Assert.Contains("run-10/check", Assert.Single(await ShowAsync("--action", "offboarding")), StringComparison.Ordinal);
        Assert.Single(await ShowAsync("--subject", "p-1"));
        Assert.Single(await ShowAsync("--id", "run-3/check"));
        Assert.Equal(2, (await ShowAsync("--from", "2026-11-01T06:00:03Z", "--to", "2026-11-01T06:00:05Z")).Length);
        Assert.Equal(4, (await ShowAsync("--limit", "4")).Length);
        Assert.Equal(
            Encoding.UTF8.GetString(ledger.Read(ledger.Log)).Split('\n')[3],
            Assert.Single(await ShowAsync("--id", "run-3/check", "--json"))
        );
        var all = await ShowAsync();
        Assert.Contains(all, l => l.StartsWith("unknown version", StringComparison.Ordinal));
        Assert.DoesNotContain(all, l => l.Contains('\u001b'));
        Assert.Equal(64, (await RunAsync("evidence", "show", "--folder", ledger.Root, "--from", "yesterday")).Code);
        ledger.Append("{\"id\":\"cut o");
        var (_, lines, aside) = await RunAsync("evidence", "show", "--folder", ledger.Root, "--json");
        Assert.All(lines.Split('\n', StringSplitOptions.RemoveEmptyEntries), l => Assert.NotNull(JsonNode.Parse(l)));
        Assert.StartsWith("no record  {\"id\":\"cut o", aside, StringComparison.Ordinal);
    }

    private string KeyOf(LedgerFolder ledger)
    {
        var path = Path.Combine(_folder, "key.vkey");
        File.WriteAllText(path, $"# the auditor's\n{ledger.Key.Format()}\n");
        return path;
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var code = await Commands.InvokeAsync(arguments, output, errors, Stop);
        return (code, output.ToString(), errors.ToString());
    }
}
