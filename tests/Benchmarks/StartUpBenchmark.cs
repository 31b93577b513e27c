using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Local;

namespace Benchmarks;

/// <summary>
/// The start of the deployed app beside that of the least app of its kind: both published as azd does it, each under the same local host,
/// alternating, medians. From the host's process start to the first answer that the app's own code gave. A third app has no code of the
/// product and the same kinds of triggers: what the host needs for timers, queues and orchestrations is in its start too.
/// </summary>
internal static class StartUpBenchmark
{
    private const double Wanted = 1.3;

    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(5);

    /// <param name="args"><c>--rounds N</c>; <c>--publish "MORE ARGUMENTS"</c> for the app's publish, to try one.</param>
    public static async Task<int> RunAsync(string[] args)
    {
        var rounds = int.Parse(After(args, "--rounds") ?? "9", CultureInfo.InvariantCulture);
        var more = (After(args, "--publish") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var root = RepositoryRoot.Find();
        var data = Directory.CreateTempSubdirectory("start-up-").FullName;
        try
        {
            var app = await PublishAsync(root, Path.Combine("src", "ComplianceFunctions"), Path.Combine(data, "app"), more);
            var hello = await PublishAsync(root, Path.Combine("tests", "HelloWorldApp"), Path.Combine(data, "hello"), []);
            // As the app is published; its own build leaves out the host's extensions.
            string[] alike =
            [
                "-r",
                "linux-x64",
                "--self-contained",
                "false",
                "-p:PublishReadyToRun=true",
                "-p:_FunctionsBuildEnabled=true",
            ];
            var triggers = await PublishAsync(root, Path.Combine("tests", "LocalHost.TestApp"), Path.Combine(data, "triggers"), alike);
            PrintSize(Path.GetDirectoryName(app)!, Path.GetDirectoryName(hello)!);
            await using var azurite = await Azurite.StartAsync(
                root,
                Path.Combine(data, "azurite"),
                (0, 0, 0),
                TimeProvider.System,
                CancellationToken.None
            );
            Peer[] peers =
            [
                new("this app", app, "/api/findings", 401, AppSettings(azurite)),
                new("hello world", hello, "/api/hello", 200, HostSettings(azurite)),
                new("triggers alone", triggers, "/api/ProcessId", 200, HostBenchmark.TestAppSettings(azurite, "StartUp", extended: false)),
            ];
            // The first of each finds cold disks.
            for (var round = -1; round < rounds; round++)
                foreach (var peer in peers)
                {
                    var took = await StartAsync(peer, data);
                    if (round >= 0)
                        peer.Seconds.Add(took.TotalSeconds);
                }
            return Verdict(peers);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    private static int Verdict(IReadOnlyList<Peer> peers)
    {
        Console.WriteLine();
        Console.WriteLine("| start until the first answer, s | median | least | most |");
        Console.WriteLine("| --- | ---: | ---: | ---: |");
        foreach (var peer in peers)
            Console.WriteLine(
                Row($"| {peer.Name} | {HostBenchmark.Median(peer.Seconds):0.00} | {peer.Seconds.Min():0.00} | {peer.Seconds.Max():0.00} |")
            );
        var ratio = HostBenchmark.Median(peers[0].Seconds) / HostBenchmark.Median(peers[1].Seconds);
        Console.WriteLine();
        var verdict = ratio <= Wanted ? "met" : "NOT MET";
        Console.WriteLine(Row($"{ratio:0.00} x hello world, goal at most {Wanted:0.0}: {verdict} ({peers[0].Seconds.Count} rounds)"));
        Console.WriteLine(Row($"{HostBenchmark.Median(peers[0].Seconds) / HostBenchmark.Median(peers[2].Seconds):0.00} x triggers alone"));
        return ratio <= Wanted ? 0 : 1;
    }

    private static async Task<string> PublishAsync(string root, string project, string folder, string[] more)
    {
        string[] arguments = ["publish", Path.Combine(root, project), "-c", "Release", "-o", folder, "-v", "quiet", "--nologo", .. more];
        using var publish = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true })!;
        var output = await publish.StandardOutput.ReadToEndAsync();
        await publish.WaitForExitAsync();
        return publish.ExitCode == 0
            ? Path.Combine(folder, $"{Path.GetFileName(project)}.dll")
            : throw new InvalidOperationException($"{project} cannot be published: {output}");
    }

    private static void PrintSize(string app, string hello)
    {
        var files = Files(app);
        Console.WriteLine(Row($"Package: {Megabytes(files):0.0} MB in {files.Count} files; hello world: {Megabytes(Files(hello)):0.0} MB"));
        foreach (var file in Files(app).OrderByDescending(f => f.Length).Take(5))
            Console.WriteLine(Row($"  {Megabytes([file]):0.0} MB  {Path.GetRelativePath(app, file.FullName)}"));
    }

    private static List<FileInfo> Files(string folder) => [.. new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories)];

    private static double Megabytes(IEnumerable<FileInfo> files) => files.Sum(f => f.Length) / 1e6;

    private static async Task<TimeSpan> StartAsync(Peer peer, string data)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "LocalHost.dll"), peer.App])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = Path.GetDirectoryName(peer.App),
        };
        foreach (var (name, value) in peer.Settings)
            start.Environment[name] = value;
        start.Environment["LocalHost__Journal"] = Path.Combine(data, "journal");
        var began = Stopwatch.GetTimestamp();
        using var process = Process.Start(start)!;
        var first = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException($"{peer.Name} did not start");
        _ = process.StandardOutput.ReadToEndAsync();
        using var client = new HttpClient(new SocketsHttpHandler())
        {
            BaseAddress = new Uri(JsonElement.Parse(first).GetProperty("address").GetString()!),
        };
        client.DefaultRequestHeaders.Add("x-functions-key", HostBenchmark.Key);
        while (true)
        {
            using var answer = await client.GetAsync(new Uri(peer.Path, UriKind.Relative));
            if ((int)answer.StatusCode == peer.Expected)
                break;
            if (process.HasExited)
                throw new InvalidOperationException($"{peer.Name} ended at its start");
            await Task.Delay(Between, TimeProvider.System);
        }
        var took = Stopwatch.GetElapsedTime(began);
        using (var signal = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]))
            await signal.WaitForExitAsync();
        await process.WaitForExitAsync();
        return took;
    }

    private static Dictionary<string, string> HostSettings(Azurite azurite) =>
        new()
        {
            ["AzureWebJobsStorage"] = azurite.StateConnection,
            ["AzureFunctionsWebHost__hostid"] = "start-up",
            ["LocalHost__Port"] = "0",
            ["LocalHost__Keys__Master"] = HostBenchmark.Key,
            ["AzureFunctionsJobHost__logging__logLevel__default"] = "Warning",
        };

    private static Dictionary<string, string> AppSettings(Azurite azurite)
    {
        var settings = HostSettings(azurite);
        foreach (
            var (name, value) in Local.AppSettings.ForApp(
                new RunOptions { Once = true },
                new HostKeys(HostBenchmark.Key, HostBenchmark.Key),
                azurite,
                null
            )
        )
            settings[name] = value;
        settings["Tenant__Id"] = "11111111-2222-3333-4444-555555555555";
        return settings;
    }

    private static string? After(string[] args, string name) =>
        Array.IndexOf(args, name) is var at && at >= 0 && at + 1 < args.Length ? args[at + 1] : null;

    private static string Row(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>An app that is started.</summary>
    private sealed record Peer(string Name, string App, string Path, int Expected, IReadOnlyDictionary<string, string> Settings)
    {
        public List<double> Seconds { get; } = [];
    }
}
