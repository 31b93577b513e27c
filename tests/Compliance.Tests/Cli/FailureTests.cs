using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Compliance.Tests.Ledger.Verification;
using ComplianceCli;

namespace Compliance.Tests.Cli;

/// <summary>What a command does that cannot do its work: one line, the right exit code, and what is there already stays.</summary>
public sealed class FailureTests : IDisposable
{
    // The key is "key", and nothing listens on this port.
    private const string Nowhere =
        "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:1/a;TableEndpoint=http://127.0.0.1:1/a;";

    private readonly string _folder = Directory.CreateTempSubdirectory("failure-").FullName;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("download", "OUT")]
    [InlineData("verify")]
    [InlineData("show")]
    [InlineData("prove", "#1")]
    [InlineData("consistency", "1", "2")]
    [InlineData("pack", "--from", "2026-11-01", "--to", "2026-11-02", "--framework", "soc2", "--out", "OUT")]
    public async Task Without_a_running_app_one_line_names_the_script_that_starts_it(params string[] command)
    {
        var (code, output, errors) = await RunAsync(["evidence", .. command, "--connection", Connect(Nowhere)]);

        Assert.Equal((2, ""), (code, output));
        Texts.Cli.Expect("a local ledger without a running app", errors);
        Assert.False(Directory.Exists(At("OUT")) || File.Exists(At("OUT")));
    }

    [Fact]
    public async Task An_app_that_does_not_answer_is_named_with_the_script_that_starts_it()
    {
        var (code, _, errors) = await RunAsync("offboard", "list", "--app", "http://127.0.0.1:1", "--client-id", SignedIn.ClientId);

        Assert.Equal(1, code);
        Assert.StartsWith("the app at http://127.0.0.1:1 does not answer: ", errors, StringComparison.Ordinal);
        Assert.EndsWith(". Is ./scripts/run running?\n", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("http://127.0.0.1:99999")]
    [InlineData("ftp://127.0.0.1")]
    [InlineData("http://app.example")]
    [InlineData("/tmp")]
    public async Task An_address_that_is_none_is_wrong_usage_and_named(string app)
    {
        var (code, output, errors) = await RunAsync("offboard", "list", "--app", app, "--client-id", SignedIn.ClientId);

        Assert.Equal((64, ""), (code, output));
        Texts.Cli.Expect("an address of the app that is none", app, errors);
    }

    [Theory]
    [InlineData("USER", "offboard", "plan", "")]
    [InlineData("USER", "offboard", "plan", " ")]
    [InlineData("CASE", "offboard", "show", "")]
    [InlineData("REQUEST", "approvals", "answer", "", "--plan", "p")]
    public async Task An_empty_name_is_wrong_usage(string argument, params string[] command)
    {
        var (code, output, errors) = await RunAsync([.. command, "--app", "http://127.0.0.1:1", "--client-id", SignedIn.ClientId]);

        Assert.Equal((64, "", $"{argument} is empty\n"), (code, output, errors));
    }

    [Theory]
    [InlineData("a\nb")]
    [InlineData("ключ")]
    [InlineData("a b")]
    [InlineData(" ")]
    public async Task A_token_that_cannot_be_sent_is_wrong_usage_and_not_shown(string token)
    {
        using var errors = new StringWriter { NewLine = "\n" };
        string[] typed = ["offboard", "list", "--app", "http://127.0.0.1:1"];

        var code = await OneLine.RunAsync(
            () => Commands.InvokeAsync(typed, errors, errors, Stop, azure: SignedIn.Outside(given: token)),
            errors,
            Stop
        );

        Assert.Equal(64, code);
        Texts.Cli.Expect("a token that cannot be sent", errors.ToString());
    }

    [Fact]
    public async Task A_connection_that_names_no_account_is_no_tampering_and_its_key_is_not_repeated()
    {
        var (code, output, errors) = await RunAsync("evidence", "verify", "--connection", Connect("AccountKey=hunter2"));

        Assert.Equal((2, ""), (code, output));
        Texts.Cli.Expect("a connection whose evidence account is none", errors);
    }

    [Theory]
    [InlineData("evidence pack --from 2026-11-01 --to 2026-11-02 --framework soc2 --out FILE")]
    [InlineData("evidence prove #1 --out FILE")]
    [InlineData("offboard demo --certificate FILE --app http://127.0.0.1:1")]
    public async Task A_file_that_is_there_already_stays(string command)
    {
        using var ledger = await LedgerFolder.OfAsync(9, 9);
        await File.WriteAllTextAsync(At("FILE"), "mine", Stop);
        Directory.CreateDirectory(At("FOLDER"));
        var typed = command.Split(' ').Concat(command.StartsWith("evidence", StringComparison.Ordinal) ? Of(ledger) : []).ToArray();

        await WrongUsageAsync("a file that is there already", typed);
        Assert.Equal("mine", await File.ReadAllTextAsync(At("FILE"), Stop));
        await WrongUsageAsync("a folder in the place of a file", [.. typed.Select(a => a == "FILE" ? "FOLDER" : a), "--force"]);
        var nowhere = await RunAsync([.. typed.Select(a => a == "FILE" ? Path.Combine(_folder, "none", "FILE") : a)]);
        Texts.Cli.Expect("a file in a folder that is not there", command, Plain(nowhere.Errors));
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("0")]
    [InlineData("99999999999999999999")]
    [InlineData("many")]
    public async Task A_limit_that_would_show_nothing_or_is_no_number_is_wrong_usage(string limit)
    {
        var (code, output, errors) = await RunAsync("evidence", "show", "--limit", limit);

        Assert.Equal((64, ""), (code, output));
        Texts.Cli.Expect("a limit that is no number from 1", limit, errors.Split('\n')[0]);
    }

    [Fact]
    public async Task With_force_a_file_that_is_there_is_replaced()
    {
        using var ledger = await LedgerFolder.OfAsync(9, 9);
        foreach (var file in (string[])["pack", "proof"])
            await File.WriteAllTextAsync(At(file), "old", Stop);

        string[] pack = ["evidence", "pack", "--from", "2026-11-01", "--to", "2026-11-02", "--framework", "soc2", "--out", "pack"];
        Assert.Equal((0, ""), Short(await RunAsync([.. pack, "--force", .. Of(ledger)])));
        Assert.Equal((0, ""), Short(await RunAsync(["evidence", "prove", "#1", "--out", "proof", "--force", .. Of(ledger)])));

        Assert.All((string[])["pack", "proof"], file => Assert.NotEqual("old", File.ReadAllText(At(file))));
    }

    [Fact]
    public async Task A_ledger_is_downloaded_into_an_empty_folder_unless_asked_otherwise()
    {
        Directory.CreateDirectory(At("OUT"));
        await File.WriteAllTextAsync(At("OUT/checkpoint"), "kept", Stop);
        await File.WriteAllTextAsync(At("file"), "mine", Stop);
        string[] rest = ["--connection", Connect(Nowhere)];

        await WrongUsageAsync("a folder that is not empty", ["evidence", "download", "OUT", .. rest]);
        await WrongUsageAsync("a file in the place of a folder", ["evidence", "download", "file", "--force", .. rest]);
        // It goes on to the storage, which does not answer.
        Assert.Equal(2, (await RunAsync(["evidence", "download", "OUT", "--force", .. rest])).Code);
    }

    [Fact]
    public async Task What_was_not_expected_is_one_line_with_its_type()
    {
        using var errors = new StringWriter { NewLine = "\n" };

        var code = await OneLine.RunAsync(() => throw new NotSupportedException("first\nsecond"), errors, Stop);

        Assert.Equal((1, "it failed (NotSupportedException): first\\u000asecond\n"), (code, errors.ToString()));
    }

    [Fact]
    public async Task Whatever_fails_after_an_interruption_is_the_interruption()
    {
        using var errors = new StringWriter { NewLine = "\n" };
        using var cancellation = new CancellationTokenSource();

        var code = await OneLine.RunAsync(
            async () =>
            {
                await cancellation.CancelAsync();
                throw new HttpRequestException("the connection broke");
            },
            errors,
            cancellation.Token
        );

        Assert.Equal((1, "interrupted\n"), (code, errors.ToString()));
    }

    [Theory]
    [InlineData("-INT")]
    [InlineData("-TERM")]
    public async Task A_signal_in_the_middle_of_a_request_ends_it_with_one_line(string signal)
    {
        if (OperatingSystem.IsWindows())
            return;
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var app = $"http://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}";
        // Heeding Ctrl-C, also where the test run itself was started in the background.
        var cli = Path.Combine(AppContext.BaseDirectory, "ComplianceCli.dll");
        using var process = Process.Start(
            new ProcessStartInfo("env", ["--default-signal=INT", "dotnet", cli, "offboard", "list", "--app", app])
            {
                Environment = { ["COMPLIANCE_TOKEN"] = "t" },
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        using var asked = await silent.AcceptTcpClientAsync(Stop);
        using (var kill = Process.Start("kill", [signal, process.Id.ToString(CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync(Stop);
        var output = process.StandardOutput.ReadToEndAsync(Stop);
        var errors = await process.StandardError.ReadToEndAsync(Stop);
        await process.WaitForExitAsync(Stop);

        Assert.Equal((1, "", "interrupted\n"), (process.ExitCode, await output, errors));
    }

    [Fact]
    public async Task Waiting_for_an_event_to_be_typed_can_be_interrupted()
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        using var output = new StringWriter();

        var waiting = Commands.InvokeAsync(
            ["event", "send", "-", "--connection", Connect(Nowhere)],
            output,
            output,
            cancellation.Token,
            () => new Typed(cancellation)
        );

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    private string At(string name) => Path.Combine(_folder, name);

    private string[] Of(LedgerFolder ledger)
    {
        File.WriteAllText(At("key"), ledger.Key.Format());
        return ["--folder", ledger.Root, "--key-file", At("key")];
    }

    private string Connect(string evidence)
    {
        var tenant = new Dictionary<string, string> { ["Tenant:Id"] = "t" };
        var connection = new Connection("http://127.0.0.1:1", null, evidence, null, tenant);
        File.WriteAllText(At("connection.json"), JsonSerializer.Serialize(connection, JsonSerializerOptions.Web));
        return At("connection.json");
    }

    private static (int Code, string Errors) Short((int Code, string Output, string Errors) ran) => (ran.Code, ran.Errors);

    // As the program runs it; names in capitals and of files are those of this test's folder.
    private async Task WrongUsageAsync(string situation, string[] typed)
    {
        var (code, output, errors) = await RunAsync(typed);

        Assert.Equal((64, ""), (code, output));
        Texts.Cli.Expect(situation, Plain(errors));
    }

    private string Plain(string errors) => errors.Replace(_folder + Path.DirectorySeparatorChar, "", StringComparison.Ordinal);

    private async Task<(int Code, string Output, string Errors)> RunAsync(params string[] typed)
    {
        string[] own = ["FILE", "FOLDER", "OUT", "pack", "proof", "file"];
        string[] arguments = [.. typed.Select((a, i) => i > 1 && own.Contains(a) ? At(a) : a)];
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        var code = await OneLine.RunAsync(
            () => Commands.InvokeAsync(arguments, output, errors, Stop, azure: SignedIn.Outside()),
            errors,
            Stop
        );
        return (code, output.ToString(), errors.ToString());
    }

    /// <summary>A terminal at which nothing is typed, and Ctrl-C is pressed.</summary>
    private sealed class Typed(CancellationTokenSource cancellation) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            cancellation.CancelAfter(0);
            return await new TaskCompletionSource<int>().Task;
        }

        public override void Flush() => throw new NotSupportedException();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
