using System.Text.Json;
using System.Text.Json.Nodes;
using Compliance.Controls;
using Compliance.Credentials;
using Compliance.Findings;

namespace Local.Tests;

/// <summary>The launcher with a real Azurite and small stand-ins for the sandbox and the app.</summary>
public sealed class LauncherTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("launcher-").FullName;
    private readonly StringWriter _output = new() { NewLine = "\n" };
    private readonly StringWriter _progress = new() { NewLine = "\n" };

    public void Dispose()
    {
        _output.Dispose();
        _progress.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private RunOptions Once => new() { Once = true, State = Path.Combine(_folder, "state") };

    [Fact]
    public async Task The_check_is_run_printed_as_one_document_and_everything_is_stopped()
    {
        var report = Reports.With(Reports.Finding(Severity.High, "billing"));
        Answer(report);
        var exit = await RunAsync(Once with { Json = true, FailOn = Severity.High, Now = Reports.Now, Policy = "p.yaml" });

        Assert.Equal(
            (ExitCode.FoundSomething, JsonSerializer.Serialize(report, ComplianceJson.Readable) + "\n", true, false),
            (exit, _output.ToString(), File.Exists(At("drained")), File.Exists(At("state/once/pids.json"))));
        var environment = JsonNode.Parse(await File.ReadAllTextAsync(At("environment.json"), Stop))!;
        var keys = HostKeys.ReadOrMake(At("state/keys.json"));
        var arguments = JsonSerializer.Deserialize<string[]>(await File.ReadAllTextAsync(At("state/once/logs/sandbox-arguments.json"), Stop))!;
        var url = environment["Tenant__AuthorityHost"]!.GetValue<string>();
        string[] names =
        [
            "Tenant__Id", "Tenant__GraphEndpoint", "Tenant__ResourceManagerEndpoint", "Tenant__ClientId", "Tenant__ClientSecret", "Tenant__PinnedThumbprint",
            "Clock__Now", "EmbeddedHost__Keys__Master", "EmbeddedHost__Keys__Default", "CredentialRotationSchedule", "Policy__Credentials",
            "AzureWebJobs.CredentialRotationCheck.Disabled", "AzureWebJobs.ControlWatch.Disabled",
        ];
        Assert.Equal(
            ["t", url + "/v1.0", url, "c", "s", "AB", "2026-11-23T05:00:00Z", keys.Master, keys.Default, "0 0 5 * * *", Path.GetFullPath("p.yaml"), "true", "true"],
            names.Select(name => environment[name]?.GetValue<string>()));
        // The port that the sandbox bound and reported.
        Assert.Matches("^https://localhost:[1-9][0-9]+$", url);
        Assert.Equal(
            ["serve", "--port", "0", "--demo", "--now", "2026-11-23T05:00:00Z", "--state", At("state/once/sandbox/demo"), "--request-log", At("state/once/logs/requests.jsonl"), "--parent-stdin"],
            arguments);
    }

    [Theory]
    [InlineData("bad settings", "app ended while starting (exit 134): Unhandled exception. Tenant:Id is missing (log: {0})")]
    [InlineData("fail", "the check failed: storage is down")]
    [InlineData("die in the check", "app ended by itself (exit 9): hello from the app | out of memory (log: {0})")]
    public async Task What_goes_wrong_is_one_line_and_nothing_stays_behind(string behaviour, string expected)
    {
        Answer(Reports.With());
        await File.WriteAllTextAsync(At("behaviour.txt"), behaviour, Stop);
        var error = await Assert.ThrowsAsync<LaunchException>(() => RunAsync(Once));
        Assert.Equal((string.Format(null, expected, At("state/once/logs/app.log")), false, ""), (error.Message, File.Exists(At("state/once/pids.json")), _output.ToString()));
    }

    [Fact]
    public async Task A_sandbox_that_refuses_its_input_is_quoted()
    {
        var error = await Assert.ThrowsAsync<LaunchException>(() => RunAsync(Once with { Faults = "nonsense" }));
        Assert.Equal($"sandbox ended while starting (exit 1): unknown fault \"nonsense\" (log: {At("state/once/logs/sandbox.log")})", error.Message);
    }

    [Fact]
    public async Task It_keeps_running_until_asked_to_end_and_then_drains_the_app()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        using var output = new StopsWhenRunning(stop);
        var exit = await LauncherTo(output).RunAsync(new RunOptions { State = At("state"), Port = 0, SandboxPort = 0, AzuritePort = 0 }, stop.Token, CancellationToken.None);
        Assert.Equal((ExitCode.Done, true, true), (exit, File.Exists(At("drained")), output.ToString().Contains("https://localhost:", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Without_a_sandbox_the_tenant_s_settings_are_left_to_the_user()
    {
        Answer(Reports.With());
        Assert.Equal(ExitCode.Done, await RunAsync(Once with { Real = true }));
        var environment = JsonNode.Parse(await File.ReadAllTextAsync(At("environment.json"), Stop))!.AsObject();
        Assert.DoesNotContain(environment, variable => variable.Key.StartsWith("Tenant__", StringComparison.Ordinal));
        Assert.False(File.Exists(At("state/once/logs/sandbox.log")));
        Assert.Contains("Everything was read.", _output.ToString(), StringComparison.Ordinal);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string At(string name) => Path.Combine(_folder, name);

    private void Answer(CredentialReport report) => File.WriteAllText(At("report.json"), JsonSerializer.Serialize(report, ComplianceJson.Readable));

    private Task<int> RunAsync(RunOptions options) => LauncherTo(_output).RunAsync(options, Stop, CancellationToken.None);

    private Launcher LauncherTo(TextWriter output)
    {
        var node = Tool.Find("node", "install it");
        string Fake(string name) => Path.Combine(AppContext.BaseDirectory, "Fakes", name);
        var programs = new Programs(RepositoryRoot.Find(), [node, Fake("sandbox.js")], [node, Fake("app.js"), _folder]);
        return new Launcher(programs, output, _progress, (120, false), TimeProvider.System);
    }

    private sealed class StopsWhenRunning(CancellationTokenSource stop) : StringWriter
    {
        public override async Task WriteLineAsync(string? value)
        {
            await base.WriteLineAsync(value);
            if (value?.StartsWith("Ctrl-C", StringComparison.Ordinal) == true)
                await stop.CancelAsync();
        }

        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            if (value?.StartsWith("Ctrl-C", StringComparison.Ordinal) == true)
                stop.Cancel();
        }
    }
}
