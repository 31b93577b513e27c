using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Azure.Storage.Blobs;
using Compliance.Runs;
using Compliance.Text;

namespace Local;

/// <summary>Starts Azurite, the sandbox tenant and the app, watches them, and stops them in reverse.</summary>
/// <param name="programs">What to start.</param>
/// <param name="output">Gets the report, and in run mode the addresses and log lines.</param>
/// <param name="progress">Gets what it is doing.</param>
/// <param name="terminal">How the report is shown.</param>
/// <param name="time">Clock for waiting.</param>
internal sealed class Launcher(
    Programs programs,
    TextWriter output,
    TextWriter progress,
    (int Width, bool Colour) terminal,
    TimeProvider time
)
{
    // That of func start, too.
    private const int DefaultAppPort = 7071;

    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(60);

    private readonly TextWriter _lines = TextWriter.Synchronized(output);

    /// <summary>Runs until <paramref name="cancellationToken"/>, or with <see cref="RunOptions.Once"/> until the check is done.</summary>
    /// <param name="options">What to do.</param>
    /// <param name="cancellationToken">Asks for an orderly end.</param>
    /// <param name="hurry">Asks for an end by force.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    /// <exception cref="LaunchException">Something is missing, taken, or died; everything started was stopped.</exception>
    public async Task<int> RunAsync(RunOptions options, CancellationToken cancellationToken, CancellationToken hurry)
    {
        using var state = StateFolder.Take(
            Path.GetFullPath(options.State ?? Path.Combine(programs.RepositoryRoot, ".local")),
            options.Once
        );
        foreach (var leftover in await state.Pids.StopLeftoversAsync())
            Report($"stopped {leftover}, left over from an earlier start");
        if (options.Fresh && !await state.EmptyAsync())
            Report("--fresh: the other mode is running, so its state and the keys were kept");
        state.RotateLogs();
        var supervisor = new Supervisor(state.Pids, time);
        try
        {
            var keys = HostKeys.ReadOrMake(state.Keys);
            var services = await StartServicesAsync(options, state, supervisor, cancellationToken);
            if (services.Tenant is not null && NeedsData(options))
                await SeedAsync(options, state, services.Azurite, supervisor, cancellationToken);
            if (options.SettingsOnly)
                return await ForCoreToolsAsync(options, state, keys, services, supervisor, cancellationToken);
            using var client = await StartAppAsync(options, state, keys, services, supervisor, cancellationToken);
            if (options.Around is { } command)
                return await supervisor.WhileAllLiveAsync(ending => CommandAsync(command, state, ending), cancellationToken);
            if (options.Once)
                return await CheckAsync(options, state, services.Azurite, client, supervisor, cancellationToken);
            return await UntilStoppedAsync(
                [$"App      {client.AddressText}  (keys: {state.Keys})", .. services.Lines, $"Logs     {state.Log("")}"],
                supervisor,
                cancellationToken
            );
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            if (options.Once)
                throw new LaunchException($"interrupted before the {(options.Around is null ? "check" : "command")} was done");
            return ExitCode.Done;
        }
        finally
        {
            if (!options.Once && supervisor.Running.Count > 0)
                Report($"stopping: {string.Join(", ", supervisor.Running)}");
            await supervisor.StopAsync(hurry);
        }
    }

    // Azurite and the sandbox tenant; all ports that were given are checked before anything starts, the app's too.
    private async Task<Services> StartServicesAsync(
        RunOptions options,
        StateFolder state,
        Supervisor supervisor,
        CancellationToken cancellationToken
    )
    {
        if (options.Real)
            LocalSettingsFile.RequireNoSandbox(Path.GetDirectoryName(programs.App[^1])!);
        if (options.SettingsOnly)
            new LocalSettingsFile(programs.AppProject).RequireReplaceable();
        var firstAzurite = options.AzuritePort ?? (options.Once ? 0 : 10000);
        int AzuritePort(int offset) => firstAzurite == 0 ? 0 : firstAzurite + offset;
        var sandboxPort = options.SandboxPort ?? (options.Once ? 0 : 7072);
        Ports.Check(
            new(AppPort(options), "--port"),
            new(options.Real ? 0 : sandboxPort, "--sandbox-port"),
            new(AzuritePort(0), "--azurite-port"),
            new(AzuritePort(1), "--azurite-port"),
            new(AzuritePort(2), "--azurite-port")
        );

        Report("starting Azurite");
        var azurite = await Azurite.StartAsync(
            programs.RepositoryRoot,
            state.Azurite,
            (AzuritePort(0), AzuritePort(1), AzuritePort(2)),
            time,
            cancellationToken,
            state.Log("azurite.log"),
            supervisor.Add,
            Report
        );
        if (options.Real)
            return new Services(azurite, Tenant: null);

        Report($"starting the sandbox tenant ({(options.Tenant is null ? "demo" : options.Tenant)})");
        var tenant = await StartChildAsync(
            new ChildSpec("sandbox", [.. programs.Sandbox, .. SandboxArguments(options, state, sandboxPort)])
            {
                LogFile = state.Log("sandbox.log"),
            },
            async (child, ending) => SandboxReady.Parse(await child.FirstLine.WaitAsync(ending)),
            supervisor,
            cancellationToken
        );
        return new Services(azurite, tenant);
    }

    // A check of credentials, or a leaver's round, reads no data.
    private static bool NeedsData(RunOptions options) => options.Tenant is null && (!options.Once || options.Data);

    private async Task SeedAsync(
        RunOptions options,
        StateFolder state,
        Azurite azurite,
        Supervisor supervisor,
        CancellationToken cancellationToken
    )
    {
        var began = time.GetTimestamp();
        var count = await supervisor.WhileAllLiveAsync(
            ending => DemoData.SeedAsync(azurite.DataConnections, options.Now ?? time.GetUtcNow(), state.DemoData, ending),
            cancellationToken
        );
        if (count is { } blobs)
            Report(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"put the demo tenant's data into Azurite: {blobs} blobs in {time.GetElapsedTime(began).TotalSeconds:0.0} s"
                )
            );
    }

    private async Task<HostClient> StartAppAsync(
        RunOptions options,
        StateFolder state,
        HostKeys keys,
        Services services,
        Supervisor supervisor,
        CancellationToken cancellationToken
    )
    {
        Report("starting the app");
        var folder = Path.GetDirectoryName(programs.App[^1])!;
        new LocalSettingsFile(programs.AppProject).DeleteCopy(folder);
        var settings = AppSettings.ForLocalHost(
            AppSettings.ForApp(options, keys, services.Azurite, services.Tenant, state.SigningKey, state.Outbox),
            AppPort(options),
            keys,
            state.Journal
        );
        var client = await StartChildAsync(
            new ChildSpec("app", [.. programs.App, "--parent-stdin"])
            {
                Environment = settings,
                WorkingDirectory = folder,
                LogFile = state.Log("app.log"),
                OnLine = options.Once ? null : Show,
            },
            (child, ending) => HostClient.WhenRunningAsync(child, keys, time, ending),
            supervisor,
            cancellationToken
        );
        NoteConnection(client.AddressText, state, keys, services, settings);
        return client;
    }

    // The user starts the app, with the Core Tools; what it needs is here.
    private async Task<int> ForCoreToolsAsync(
        RunOptions options,
        StateFolder state,
        HostKeys keys,
        Services services,
        Supervisor supervisor,
        CancellationToken cancellationToken
    )
    {
        var settings = new Dictionary<string, string>(
            AppSettings.ForApp(options, keys, services.Azurite, services.Tenant, state.SigningKey, state.Outbox)
        )
        {
            ["FUNCTIONS_WORKER_RUNTIME"] = "dotnet-isolated",
        };
        var file = new LocalSettingsFile(programs.AppProject);
        try
        {
            file.Write(settings);
            Report("building the app with the extensions of the Functions host (the first time this takes a minute or two)");
            var began = time.GetTimestamp();
            await supervisor.WhileAllLiveAsync(ending => BuildForCoreToolsAsync(state, ending), cancellationToken);
            Report(string.Create(CultureInfo.InvariantCulture, $"built in {time.GetElapsedTime(began).TotalSeconds:0} s"));
            var port = AppPort(options);
            NoteConnection(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"), state, keys, services, settings);
            var next = string.Create(CultureInfo.InvariantCulture, $"func start{(port == DefaultAppPort ? "" : $" --port {port}")}");
            return await UntilStoppedAsync(
                [
                    .. services.Lines,
                    $"Settings {file.FilePath}  (deleted at the end)",
                    $"Next     cd {Path.GetRelativePath(Environment.CurrentDirectory, programs.AppProject)} && {next}  (in another "
                        + "terminal, with the Azure Functions Core Tools 4)",
                ],
                supervisor,
                cancellationToken
            );
        }
        finally
        {
            file.Delete();
        }
    }

    private async Task<bool> BuildForCoreToolsAsync(StateFolder state, CancellationToken cancellationToken)
    {
        await using var build = ChildProcess.Start(
            new ChildSpec("the build", programs.BuildForCoreTools) { LogFile = state.Log("build.log") }
        );
        return await build.Exited.WaitAsync(cancellationToken) == 0 ? true : throw new LaunchException(await build.FailureNoteAsync());
    }

    private async Task<int> UntilStoppedAsync(IReadOnlyList<string> lines, Supervisor supervisor, CancellationToken cancellationToken)
    {
        foreach (var line in lines)
            await _lines.WriteLineAsync(line);
        await _lines.WriteLineAsync("Ctrl-C stops it all.");
        await _lines.FlushAsync(cancellationToken);
        await supervisor.WhileAllLiveAsync(
            async ending =>
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, time, ending);
                return true;
            },
            cancellationToken
        );
        return ExitCode.Done;
    }

    private async Task<T> StartChildAsync<T>(
        ChildSpec spec,
        Func<ChildProcess, CancellationToken, Task<T>> ready,
        Supervisor supervisor,
        CancellationToken cancellationToken
    )
    {
        var child = ChildProcess.Start(spec);
        // Those already running are watched meanwhile; this one's own end has its own message.
        var isReady = supervisor.WhileAllLiveAsync(
            ending => child.WhenReadyAsync(ready: token => ready(child, token), ReadyWithin, time, ending),
            cancellationToken
        );
        supervisor.Add(child);
        return await isReady;
    }

    private static int AppPort(RunOptions options) => options.Port ?? (options.Once ? 0 : DefaultAppPort);

    private static void NoteConnection(
        string app,
        StateFolder state,
        HostKeys keys,
        Services services,
        Dictionary<string, string> settings
    ) =>
        new Connection(
            app,
            keys.Hr,
            services.Azurite.EvidenceConnection,
            settings["Approvals__Audience"],
            settings
                .Where(s => services.Tenant is not null && s.Key.StartsWith("Tenant__", StringComparison.Ordinal))
                .ToDictionary(s => s.Key.Replace("__", ":", StringComparison.Ordinal), s => s.Value),
            services.Azurite.StateConnection
        ).Write(state.Connection);

    // The command has this terminal; how it ends is how the launcher ends.
    private static async Task<int> CommandAsync(IReadOnlyList<string> command, StateFolder state, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { Environment = { [Connection.Variable] = state.Connection } };
        using var process = ProcessStart.Start(start, Path.GetFileName(command[0]), "build again");
        try
        {
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        return process.ExitCode;
    }

    private async Task<int> CheckAsync(
        RunOptions options,
        StateFolder state,
        Azurite azurite,
        HostClient client,
        Supervisor supervisor,
        CancellationToken cancellationToken
    )
    {
        Report("running the credential-rotation check");
        var runs = new BlobRunDocuments(new BlobContainerClient(azurite.StateConnection, BlobRunDocuments.Container));
        var report = await supervisor.WhileAllLiveAsync(
            ending => client.CheckAsync(runs, options.Now ?? time.GetUtcNow(), ending),
            cancellationToken
        );
        if (options.Json)
            await output.WriteLineAsync(JsonSerializer.Serialize(report, ComplianceJson.Readable));
        else
            ReportTable.Print(report, output, terminal.Width, terminal.Colour, state.Azurite);
        await output.FlushAsync(cancellationToken);
        return Verdict.From(report, options.FailOn);
    }

    private static List<string> SandboxArguments(RunOptions options, StateFolder state, int port)
    {
        List<string> arguments = ["serve", "--port", port.ToString(CultureInfo.InvariantCulture)];
        arguments.AddRange(options.Tenant is { } folder ? ["--tenant", Path.GetFullPath(folder)] : ["--demo"]);
        if (options.Now is { } now)
            arguments.AddRange(["--now", AppSettings.Iso(now)]);
        if (options.Faults is { } faults)
            arguments.AddRange(["--faults", faults]);
        arguments.AddRange(["--state", state.Sandbox(options.Tenant), "--request-log", state.Log("requests.jsonl"), "--parent-stdin"]);
        return arguments;
    }

    private void Show(string line)
    {
        if (HostAddress.TryParse(line) is not null)
            return; // For the launcher.
        var parsed = LogLine.Parse(line);
        if (parsed.IsForPeople)
            _lines.WriteLine(parsed.Short("app"));
    }

    private void Report(string text) => progress.WriteLine(text);

    /// <summary>What the app works with.</summary>
    /// <param name="Azurite">The storage.</param>
    /// <param name="Tenant">The sandbox; null for a real tenant.</param>
    private sealed record Services(Azurite Azurite, SandboxReady? Tenant)
    {
        /// <summary>Where they are.</summary>
        public IReadOnlyList<string> Lines =>
            [
                .. Tenant is null ? Array.Empty<string>() : [$"Sandbox  {Tenant.Url}  (tenant {Tenant.TenantId})"],
                $"Azurite  http://127.0.0.1:{Azurite.BlobPort} blobs, {Azurite.QueuePort} queues, {Azurite.TablePort} tables",
            ];
    }
}
