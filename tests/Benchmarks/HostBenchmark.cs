using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using DurableTask.AzureStorage;
using DurableTask.Core;
using Local;

namespace Benchmarks;

/// <summary>
/// The local host (its own process and the app's) beside a bare TaskHubWorker of DurableTask.Core on the same Azurite: activities one after
/// the other and fanned out, with and without extended sessions; alternating, medians. And how long the host takes from its start to its
/// first HTTP answer.
/// </summary>
internal static class HostBenchmark
{
    private const double WantedShare = 0.7;
    private const double WantedStart = 3;
    private const int MaxActivities = 64;
    private const int WarmUps = 2;
    internal const string Key = "bench";

    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(20);

    /// <summary>The test app, as it was built with this.</summary>
    internal static string TestApp
    {
        get
        {
            var tests = Path.Combine(RepositoryRoot.Find(), "tests");
            var build = Path.GetRelativePath(Path.Combine(tests, "Benchmarks"), AppContext.BaseDirectory);
            return Path.Combine(tests, "LocalHost.TestApp", build, "LocalHost.TestApp.dll");
        }
    }

    public static async Task<int> RunAsync(string[] args)
    {
        var line = Number(args, "--line", 100);
        var fan = Number(args, "--fan", 200);
        var rounds = Number(args, "--rounds", 5);
        var data = Directory.CreateTempSubdirectory("bench-").FullName;
        var root = RepositoryRoot.Find();
        await using var azurite = await Azurite.StartAsync(root, data, (0, 0, 0), TimeProvider.System, CancellationToken.None);
        Console.WriteLine(
            $"{line} activities one after the other, {fan} fanned out; {rounds} rounds, alternating, medians; "
                + $"{Environment.ProcessorCount} processors"
        );
        Console.WriteLine();
        Console.WriteLine("| sessions | what | local host, activities/s | bare TaskHubWorker, activities/s | share |");
        Console.WriteLine("| --- | --- | ---: | ---: | ---: |");
        var shares = new List<double>();
        foreach (var extended in new[] { false, true })
        {
            await using var host = await RunningHost.StartAsync(azurite, "Host" + (extended ? "Extended" : "Plain"), extended);
            await using var bare = await BareHub.StartAsync(azurite, "Bare" + (extended ? "Extended" : "Plain"), extended);
            // Some first, so that neither code nor Azurite is cold.
            for (var run = 0; run < WarmUps; run++)
            {
                foreach (var peer in new IPeer[] { host, bare })
                {
                    await peer.RateAsync("Line", line);
                    await peer.RateAsync("Fan", fan);
                }
            }

            foreach (var (name, what, count) in new[] { ("Line", "one after the other", line), ("Fan", "fanned out", fan) })
            {
                var (ours, theirs) = (new List<double>(), new List<double>());
                for (var round = 0; round < rounds; round++)
                {
                    ours.Add(await host.RateAsync(name, count));
                    theirs.Add(await bare.RateAsync(name, count));
                }

                var share = Median(ours) / Median(theirs);
                shares.Add(share);
                var sessions = extended ? "extended" : "plain";
                Console.WriteLine(Row($"| {sessions} | {what} | {Median(ours):0.0} | {Median(theirs):0.0} | {share:0.00} |"));
            }
        }

        var starts = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            await using var host = await RunningHost.StartAsync(azurite, "HostPlain", extended: false);
            starts.Add(host.StartTime.TotalSeconds);
        }

        Console.WriteLine();
        var each = string.Join(", ", starts.Select(s => Row($"{s:0.00}")));
        Console.WriteLine(Row($"Start until the first HTTP answer, on a hub that exists: {Median(starts):0.00} s ({each})"));
        var good = shares.TrueForAll(s => s >= WantedShare) && Median(starts) <= WantedStart;
        var verdict = good ? "met" : "NOT MET";
        Console.WriteLine(Row($"Goals: each share at least {WantedShare:0.0}, start at most {WantedStart:0} s: {verdict}"));
        return good ? 0 : 1;
    }

    private static string Row(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    internal static double Median(List<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[(sorted.Count / 2) - 1] + sorted[sorted.Count / 2]) / 2;
    }

    private static int Number(string[] args, string name, int otherwise)
    {
        var at = Array.IndexOf(args, name);
        return at >= 0 && at + 1 < args.Length ? int.Parse(args[at + 1], CultureInfo.InvariantCulture) : otherwise;
    }

    // The same for both; what host.json leaves open is the extension's default.
    private static AzureStorageOrchestrationService Store(Azurite azurite, string hub, bool extended) =>
        new(
            new()
            {
                StorageAccountClientProvider = new StorageAccountClientProvider(azurite.StateConnection),
                TaskHubName = hub,
                PartitionCount = 4,
                UseTablePartitionManagement = true,
                MaxQueuePollingInterval = TimeSpan.FromSeconds(1),
                MaxConcurrentTaskActivityWorkItems = MaxActivities,
                MaxConcurrentTaskOrchestrationWorkItems = 10 * Environment.ProcessorCount,
                ExtendedSessionsEnabled = extended,
                ExtendedSessionIdleTimeout = TimeSpan.FromSeconds(30),
                FetchLargeMessageDataEnabled = true,
            }
        );

    // From the instance's own row, so that asking for it costs neither of the two.
    private static async Task<double> RateAsync(AzureStorageOrchestrationService store, string id, int count)
    {
        while (true)
        {
            await Task.Delay(Between, TimeProvider.System);
            var state = await store.GetOrchestrationStateAsync(id, null);
            if (state is null || state.OrchestrationStatus is OrchestrationStatus.Pending or OrchestrationStatus.Running)
                continue;
            return state.OrchestrationStatus == OrchestrationStatus.Completed
                ? count / (state.CompletedTime - state.CreatedTime).TotalSeconds
                : throw new InvalidOperationException($"{id} is {state.OrchestrationStatus}: {state.Output}");
        }
    }

    private interface IPeer : IAsyncDisposable
    {
        /// <summary>Activities a second of one orchestration.</summary>
        Task<double> RateAsync(string name, int count);
    }

    /// <summary>LocalHost over the test app.</summary>
    private sealed class RunningHost : IPeer
    {
        private readonly Process _process;
        private readonly HttpClient _client;
        private readonly AzureStorageOrchestrationService _store;
        private int _number;

        private RunningHost(Process process, HttpClient client, AzureStorageOrchestrationService store, TimeSpan startTime) =>
            (_process, _client, _store, StartTime) = (process, client, store, startTime);

        public TimeSpan StartTime { get; }

        public static async Task<RunningHost> StartAsync(Azurite azurite, string hub, bool extended)
        {
            var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "LocalHost.dll"));
            start.ArgumentList.Add(TestApp);
            foreach (var (name, value) in TestAppSettings(azurite, hub, extended))
                start.Environment[name] = value;
            var began = Stopwatch.GetTimestamp();
            var process = Process.Start(start)!;
            var first = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("the local host did not start");
            _ = process.StandardOutput.ReadToEndAsync();
            var address = new Uri(JsonElement.Parse(first).GetProperty("address").GetString()!);
            var client = new HttpClient(new SocketsHttpHandler()) { BaseAddress = address };
            client.DefaultRequestHeaders.Add("x-functions-key", Key);
            while (true)
            {
                using var answer = await client.GetAsync(new Uri("/api/ProcessId", UriKind.Relative));
                if (answer.IsSuccessStatusCode)
                    break;
                if (process.HasExited)
                    throw new InvalidOperationException("the local host ended at its start");
                await Task.Delay(Between, TimeProvider.System);
            }

            return new RunningHost(process, client, Store(azurite, hub, extended), Stopwatch.GetElapsedTime(began));
        }

        public async Task<double> RateAsync(string name, int count)
        {
            var id = string.Create(CultureInfo.InvariantCulture, $"{name}-{++_number}");
            using var body = new StringContent(Row($"{count}"), MediaTypeHeaderValue.Parse("application/json"));
            var start = new Uri($"/runtime/webhooks/durabletask/orchestrators/{name}/{id}", UriKind.Relative);
            using var answer = await _client.PostAsync(start, body);
            answer.EnsureSuccessStatusCode();
            return await HostBenchmark.RateAsync(_store, id, count);
        }

        public async ValueTask DisposeAsync()
        {
            using (var signal = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]))
                await signal.WaitForExitAsync();
            await _process.WaitForExitAsync();
            _process.Dispose();
            _client.Dispose();
        }
    }

    /// <summary>The settings of the test app and its host.</summary>
    internal static Dictionary<string, string> TestAppSettings(Azurite azurite, string hub, bool extended)
    {
        const string durable = "AzureFunctionsJobHost__extensions__durableTask__";
        var settings = new Dictionary<string, string>
        {
            ["AzureWebJobsStorage"] = azurite.StateConnection,
            ["AzureFunctionsWebHost__hostid"] = "bench",
            ["LocalHost__Port"] = "0",
            ["LocalHost__Keys__Master"] = Key,
            ["LocalHost__Journal"] = Directory.CreateTempSubdirectory("bench-journal-").FullName,
            ["AzureWebJobs__Nightly__Disabled"] = "true",
            ["Nightly"] = "0 0 3 * * *",
            [durable + "hubName"] = hub,
            [durable + "maxConcurrentActivityFunctions"] = MaxActivities.ToString(CultureInfo.InvariantCulture),
            [durable + "extendedSessionsEnabled"] = extended.ToString(),
            [durable + "storageProvider__maxQueuePollingInterval"] = "00:00:01",
            ["AzureFunctionsJobHost__extensions__queues__maxPollingInterval"] = "00:00:02",
            ["AzureFunctionsJobHost__logging__logLevel__default"] = "Warning",
        };
        foreach (var queue in new[] { "Take", "Refuse", "Hold", "Read", "First", "Second", "ForwardElsewhere" })
            settings[queue] = $"bench-{queue}".ToLowerInvariant();
        settings["Elsewhere"] = azurite.StateConnection;
        return settings;
    }

    /// <summary>The engine alone, in this process.</summary>
    private sealed class BareHub : IPeer
    {
        private readonly AzureStorageOrchestrationService _store;
        private readonly TaskHubWorker _worker;
        private readonly TaskHubClient _client;

        private BareHub(AzureStorageOrchestrationService store)
        {
            _store = store;
            _worker = new TaskHubWorker(store);
            _worker.AddTaskOrchestrations(typeof(Line), typeof(Fan)).AddTaskActivities(typeof(Echo));
            _client = new TaskHubClient(store);
        }

        public static async Task<BareHub> StartAsync(Azurite azurite, string hub, bool extended)
        {
            var store = Store(azurite, hub, extended);
            await store.CreateIfNotExistsAsync();
            var bare = new BareHub(store);
            await bare._worker.StartAsync();
            return bare;
        }

        public async Task<double> RateAsync(string name, int count)
        {
            var instance = await _client.CreateOrchestrationInstanceAsync(name == "Line" ? typeof(Line) : typeof(Fan), count);
            return await HostBenchmark.RateAsync(_store, instance.InstanceId, count);
        }

        public async ValueTask DisposeAsync()
        {
            await _worker.StopAsync(isForced: true);
            _worker.Dispose();
        }

        private sealed class Line : TaskOrchestration<int, int>
        {
            public override async Task<int> RunTask(OrchestrationContext context, int input)
            {
                for (var n = 0; n < input; n++)
                    await context.ScheduleTask<string>(typeof(Echo), n.ToString(CultureInfo.InvariantCulture));
                return input;
            }
        }

        private sealed class Fan : TaskOrchestration<int, int>
        {
            public override async Task<int> RunTask(OrchestrationContext context, int input)
            {
                await Task.WhenAll(Enumerable.Range(0, input).Select(n => context.ScheduleTask<string>(typeof(Echo), Row($"{n}"))));
                return input;
            }
        }

        private sealed class Echo : TaskActivity<string, string>
        {
            protected override string Execute(TaskContext context, string input) => input;
        }
    }
}
