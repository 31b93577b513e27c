using System.Text.Json;
using System.Text.Json.Nodes;
using Compliance.Controls;
using Compliance.Credentials;
using Compliance.Text;

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

    public LauncherTests() => Directory.CreateDirectory(At("app"));

    private RunOptions CoreTools =>
        new()
        {
            SettingsOnly = true,
            State = At("state"),
            Port = 7099,
            SandboxPort = 0,
            AzuritePort = 0,
        };

    private RunOptions Once => new() { Once = true, State = Path.Combine(_folder, "state") };

    [Fact]
    public async Task The_check_is_run_printed_as_one_document_and_everything_is_stopped()
    {
        var report = Reports.With(Reports.Finding(Severity.High, "billing"));
        Answer(report);
        var exit = await RunAsync(Once with { Json = true, FailOn = Severity.High, Now = Reports.Now, Policy = "p.yaml" });

        Assert.Equal(
            (ExitCode.FoundSomething, JsonSerializer.Serialize(report, ComplianceJson.Readable) + "\n", true, false),
            (exit, _output.ToString(), File.Exists(At("drained")), File.Exists(At("state/once/pids.json")))
        );
        var environment = JsonNode.Parse(await File.ReadAllTextAsync(At("environment.json"), Stop))!;
        var keys = HostKeys.ReadOrMake(At("state/keys.json"));
        var arguments = JsonSerializer.Deserialize<string[]>(
            await File.ReadAllTextAsync(At("state/once/logs/sandbox-arguments.json"), Stop)
        )!;
        var url = environment["Tenant__AuthorityHost"]!.GetValue<string>();
        string[] names =
        [
            "Tenant__Id",
            "Tenant__GraphEndpoint",
            "Tenant__ResourceManagerEndpoint",
            "Tenant__ClientId",
            "Tenant__ClientSecret",
            "Tenant__PinnedThumbprint",
            "Clock__Now",
            "LocalHost__Now",
            "LocalHost__Port",
            "LocalHost__Keys__Master",
            "LocalHost__Journal",
            "Logs__Console",
            "CredentialRotationSchedule",
            "Policy__Credentials",
            "AzureWebJobs.CredentialRotationCheck.Disabled",
            "AzureWebJobs.ControlWatch.Disabled",
        ];
        Assert.Equal(
            [
                "t",
                url + "/v1.0",
                url,
                "c",
                "s",
                "AB",
                "2026-11-23T05:00:00Z",
                "2026-11-23T05:00:00Z",
                "0",
                keys.Master,
                At("state/once/journal"),
                "json",
                "0 0 5 * * *",
                Path.GetFullPath("p.yaml"),
                "true",
                "true",
            ],
            names.Select(name => environment[name]?.GetValue<string>())
        );
        // A check of credentials reads no data.
        Assert.False(File.Exists(At("state/once/azurite/demo-data.txt")));
        // The port that the sandbox bound and reported.
        Assert.Matches("^https://localhost:[1-9][0-9]+$", url);
        Assert.Equal(
            [
                "serve",
                "--port",
                "0",
                "--demo",
                "--now",
                "2026-11-23T05:00:00Z",
                "--state",
                At("state/once/sandbox/demo"),
                "--request-log",
                At("state/once/logs/requests.jsonl"),
                "--parent-stdin",
            ],
            arguments
        );
    }

    [Theory]
    [InlineData("bad settings", "app ended while starting (exit 1): LocalHost: The app cannot start: Tenant:Id is missing (log: {0})")]
    [InlineData(
        "another program",
        "the host's first line is not the address that the launcher expects: build again, both come from one checkout"
    )]
    [InlineData("fail", "the check failed: storage is down")]
    [InlineData("refuse", "the check could not be started: not this input")]
    [InlineData("die in the check", "app ended by itself (exit 9): out of memory (log: {0})")]
    public async Task What_goes_wrong_is_one_line_and_nothing_stays_behind(string behaviour, string expected)
    {
        Answer(Reports.With());
        await File.WriteAllTextAsync(At("behaviour.txt"), behaviour, Stop);
        var error = await Assert.ThrowsAsync<LaunchException>(() => RunAsync(Once));
        Assert.Equal(
            (string.Format(null, expected, At("state/once/logs/app.log")), false, ""),
            (error.Message, File.Exists(At("state/once/pids.json")), _output.ToString())
        );
    }

    [Fact]
    public async Task A_sandbox_that_refuses_its_input_is_quoted()
    {
        var error = await Assert.ThrowsAsync<LaunchException>(() => RunAsync(Once with { Faults = "nonsense" }));
        Assert.Equal(
            $"sandbox ended while starting (exit 1): unknown fault \"nonsense\" (log: {At("state/once/logs/sandbox.log")})",
            error.Message
        );
    }

    [Fact]
    public async Task It_keeps_running_until_asked_to_end_and_then_drains_the_app()
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        using var output = new StopsWhenRunning(cancellation);
        var exit = await LauncherTo(output)
            .RunAsync(
                new RunOptions
                {
                    State = At("state"),
                    Port = 0,
                    SandboxPort = 0,
                    AzuritePort = 0,
                },
                cancellation.Token,
                CancellationToken.None
            );
        var shown = output.ToString();
        Assert.Equal(
            (ExitCode.Done, true, true),
            (exit, File.Exists(At("drained")), shown.Contains("https://localhost:", StringComparison.Ordinal))
        );
        // The address that the host bound and reported, for people and for the command line; the report itself is not shown.
        using var connection = JsonDocument.Parse(await File.ReadAllTextAsync(At("state/run/connection.json"), Stop));
        var address = connection.RootElement.GetProperty("app").GetString()!;
        Assert.Matches("^http://127\\.0\\.0\\.1:[1-9][0-9]+$", address);
        Assert.Contains($"App      {address}  (keys: ", shown, StringComparison.Ordinal);
        Assert.Contains("app      warning: hello from the app", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("{\"address\"", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task For_the_Core_Tools_everything_but_the_app_runs_and_its_settings_and_build_are_there_until_the_end()
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        JsonDocument? settings = null;
        UnixFileMode? mode = null;
        using var output = new StopsWhenRunning(cancellation)
        {
            WhenRunning = () =>
            {
                settings = JsonDocument.Parse(File.ReadAllText(At("app/bin/output/local.settings.json")));
                mode = OperatingSystem.IsWindows() ? null : File.GetUnixFileMode(At("app/local.settings.json"));
            },
        };
        var exit = await LauncherTo(output).RunAsync(CoreTools with { Now = Reports.Now }, cancellation.Token, CancellationToken.None);

        using (settings)
        {
            var values = settings!.RootElement.GetProperty("Values").EnumerateObject().ToDictionary(v => v.Name, v => v.Value.GetString()!);
            var keys = HostKeys.ReadOrMake(At("state/keys.json"));
            string[] names =
            [
                "FUNCTIONS_WORKER_RUNTIME",
                "Tenant__Id",
                "Tenant__ClientSecret",
                "CredentialRotationSchedule",
                "LedgerSelfCheckSchedule",
                "Hr__WebhookKeys",
                "Clock__Now",
                "Evidence__SigningKey",
            ];
            Assert.Equal(
                [
                    "dotnet-isolated",
                    "t",
                    "s",
                    "0 0 5 * * *",
                    "0 45 5 * * *",
                    keys.Hr,
                    "2026-11-23T05:00:00Z",
                    At("state/run/evidence-key.pem"),
                ],
                names.Select(name => values.GetValueOrDefault(name))
            );
            Assert.Contains("AccountName=devstoreaccount1;", values["AzureWebJobsStorage"], StringComparison.Ordinal);
            Assert.Contains("AccountName=devstoreevidence;", values["EvidenceStorage"], StringComparison.Ordinal);
            Assert.Contains("AccountName=ctsraw;", values["Minimization__Accounts__ctsraw"], StringComparison.Ordinal);
            Assert.Contains("/ctsraw;", values["Minimization__Accounts__ctsraw"], StringComparison.Ordinal);
            Assert.DoesNotContain(
                values.Keys,
                name =>
                    name.StartsWith("LocalHost", StringComparison.Ordinal)
                    || name.StartsWith("Logs", StringComparison.Ordinal)
                    || name.EndsWith(".Disabled", StringComparison.Ordinal)
            );
            Assert.False(settings.RootElement.GetProperty("IsEncrypted").GetBoolean());
        }
        Assert.True(mode is null or (UnixFileMode.UserRead | UnixFileMode.UserWrite), $"{mode}");
        Assert.Equal(
            (ExitCode.Done, false, false, false, true),
            (
                exit,
                File.Exists(At("environment.json")),
                File.Exists(At("app/local.settings.json")),
                File.Exists(At("app/bin/output/local.settings.json")),
                File.Exists(At("state/run/connection.json"))
            )
        );
        Assert.True(File.Exists(At("state/run/azurite/demo-data.txt")));
        Assert.Contains("put the demo tenant's data into Azurite: 620 blobs in ", _progress.ToString(), StringComparison.Ordinal);
        var next = output.ToString().Split('\n').Single(line => line.StartsWith("Next ", StringComparison.Ordinal));
        Assert.Contains(" && func start --port 7099 ", next, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_start_takes_no_settings_that_were_written_for_the_Core_Tools()
    {
        Answer(Reports.With());
        // As a start that was killed leaves it, and the next build copies it: with a clock that is not asked for now.
        new LocalSettingsFile(At("app")).Write(new Dictionary<string, string> { ["Clock__Now"] = "2020-01-01T00:00:00Z" });
        File.Copy(At("app/local.settings.json"), At("local.settings.json"));
        await RunAsync(Once);
        Assert.False(File.Exists(At("local.settings.json")));

        await File.WriteAllTextAsync(At("local.settings.json"), """{"Values":{}}""", Stop);
        new LocalSettingsFile(At("app")).DeleteCopy(_folder);
        Assert.True(File.Exists(At("local.settings.json")), "that of a person stays");
    }

    [Fact]
    public async Task Settings_of_a_person_are_not_replaced_and_nothing_is_started()
    {
        var file = At("app/local.settings.json");
        await File.WriteAllTextAsync(file, "{}", Stop);
        var error = await Assert.ThrowsAsync<LaunchException>(() => RunAsync(CoreTools with { Fresh = true }));
        Assert.Equal(
            (
                $"{file} was not written by ./scripts/run --settings-only, or was changed since, and is left as it is: move it away, or "
                    + "set in the environment what it sets, and start again",
                "{}",
                ""
            ),
            (error.Message, await File.ReadAllTextAsync(file, Stop), _progress.ToString())
        );
    }

    [Fact]
    public async Task A_build_for_the_Core_Tools_that_fails_is_one_line_and_its_settings_do_not_stay()
    {
        await File.WriteAllTextAsync(At("app/broken.cs"), "", Stop);
        var error = await Assert.ThrowsAsync<LaunchException>(() => RunAsync(CoreTools));
        Assert.Equal(
            ($"the build failed (exit 1): broken.cs(1,1): error CS1002: ; expected (log: {At("state/run/logs/build.log")})", false),
            (error.Message, File.Exists(At("app/local.settings.json")))
        );
    }

    [Fact]
    public async Task A_real_tenant_is_not_read_with_a_sandbox_s_settings_beside_the_app()
    {
        Directory.CreateDirectory(At("built"));
        await File.WriteAllTextAsync(At("built/local.settings.json"), """{"Values":{"Tenant__PinnedThumbprint":"AB"}}""", Stop);
        var error = Assert.Throws<LaunchException>(() => LocalSettingsFile.RequireNoSandbox(At("built")));
        Assert.Equal(
            $"{At("built/local.settings.json")} names a sandbox tenant, not a real one: stop ./scripts/run --settings-only, delete the "
                + "file there and in src/ComplianceFunctions, and start again",
            error.Message
        );
        await File.WriteAllTextAsync(At("built/local.settings.json"), """{"Values":{"Tenant__Id":"mine"}}""", Stop);
        LocalSettingsFile.RequireNoSandbox(At("built"));
        LocalSettingsFile.RequireNoSandbox(At("app"));
    }

    [Fact]
    public async Task Without_a_sandbox_the_tenant_s_settings_are_left_to_the_user()
    {
        Answer(Reports.With());
        Assert.Equal(ExitCode.Done, await RunAsync(Once with { Real = true }));
        var environment = JsonNode.Parse(await File.ReadAllTextAsync(At("environment.json"), Stop))!.AsObject();
        Assert.DoesNotContain(environment, variable => variable.Key.StartsWith("Tenant__", StringComparison.Ordinal));
        Assert.DoesNotContain(environment, variable => variable.Key.StartsWith("Minimization__", StringComparison.Ordinal));
        Assert.False(File.Exists(At("state/once/logs/sandbox.log")));
        Assert.Contains("Every source was read to its end.", _output.ToString(), StringComparison.Ordinal);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string At(string name) => Path.Combine(_folder, name);

    private void Answer(CredentialReport report) =>
        File.WriteAllText(At("report.json"), JsonSerializer.Serialize(report, ComplianceJson.Readable));

    private Task<int> RunAsync(RunOptions options) => LauncherTo(_output).RunAsync(options, Stop, CancellationToken.None);

    private Launcher LauncherTo(TextWriter output)
    {
        var node = Tool.Find("node", "install it");
        string Fake(string name) => Path.Combine(AppContext.BaseDirectory, "Fakes", name);
        var programs = new Programs(
            RepositoryRoot.Find(),
            [node, Fake("sandbox.js")],
            [node, Fake("app.js"), _folder + Path.DirectorySeparatorChar],
            At("app"),
            [node, Fake("build.js"), At("app")]
        );
        return new Launcher(programs, output, _progress, (120, false), TimeProvider.System);
    }

    private sealed class StopsWhenRunning(CancellationTokenSource cancellation) : StringWriter
    {
        public Action WhenRunning { get; init; } = () => { };

        public override async Task WriteLineAsync(string? value)
        {
            await base.WriteLineAsync(value);
            if (value?.StartsWith("Ctrl-C", StringComparison.Ordinal) != true)
                return;
            WhenRunning();
            await cancellation.CancelAsync();
        }

        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            if (value?.StartsWith("Ctrl-C", StringComparison.Ordinal) != true)
                return;
            WhenRunning();
            cancellation.Cancel();
        }
    }
}
