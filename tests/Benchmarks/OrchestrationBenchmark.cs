using System.Diagnostics;
using System.Globalization;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using EmbeddedHost;
using EmbeddedHost.Durable;
using EmbeddedHost.Hosting;
using Local;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Benchmarks;

/// <summary>
/// Instances of a few activities each on Azurite, all started at once, beside a bare peer: as many table transactions of the same shape,
/// as many at once, with nothing behind them. Alternating, medians.
/// </summary>
internal static class OrchestrationBenchmark
{
    public static async Task<int> RunAsync(string[] args)
    {
        var instances = Number(args, "--instances", 1000);
        var activities = Number(args, "--activities", 5);
        var rounds = Number(args, "--rounds", 3);
        var data = Directory.CreateTempSubdirectory("bench-").FullName;
        await using var azurite = await Azurite.StartAsync(RepositoryRoot.Find(), data, (0, 0, 0), TimeProvider.System, CancellationToken.None);
        // A few first, so that neither the code nor Azurite is cold.
        await EngineAsync(azurite, "Warm", 50, activities);
        var engine = new List<Run>();
        var bare = new List<Run>();
        for (var round = 0; round < rounds; round++)
        {
            engine.Add(await EngineAsync(azurite, $"Bench{round}", instances, activities));
            bare.Add(await BareAsync(azurite, $"bare{round}", instances, activities));
        }

        Console.WriteLine($"{instances} instances x {activities} activities, all started at once; {rounds} rounds, alternating, medians; {Environment.ProcessorCount} processors");
        Console.WriteLine();
        Console.WriteLine("| what | wall s | instances/s | steps/s | storage calls | calls a step | p50 ms | p99 ms | wall / bare |");
        Console.WriteLine("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        var peer = Median(bare, r => r.Seconds);
        Row("bare transactions", bare, instances, activities, null);
        Row("orchestrations", engine, instances, activities, peer);
        Console.WriteLine();
        var steps = instances * activities / Median(engine, r => r.Seconds);
        var calls = Median(engine, r => r.Calls) / (instances * activities);
        var good = steps >= 100 && calls <= 2;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Goals: at least 100 steps/s ({steps:0}), at most 2 storage calls a step ({calls:0.00}): {(good ? "met" : "NOT MET")}"));
        return good ? 0 : 1;
    }

    private static async Task<Run> EngineAsync(Azurite azurite, string hub, int instances, int activities)
    {
        var folder = Directory.CreateTempSubdirectory("bench-host-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "host.json"), $$$"""{"version":"2.0","extensions":{"durableTask":{"hubName":"{{{hub}}}"} } }""");
        var counter = new Counter();
        var builder = new FunctionsApplicationBuilder([], new HostSetup
        {
            FunctionTypes = [typeof(Chain)],
            ContentRoot = folder,
            ConfigureStorage = o => o.AddPolicy(counter, HttpPipelinePosition.PerRetry),
        });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["AzureWebJobsStorage"] = azurite.StateConnection, ["EmbeddedHost:Port"] = "0" });
        builder.Logging.ClearProviders();
        using var host = builder.Build();
        await host.StartAsync();
        var client = host.Services.GetRequiredService<EmbeddedDurableTaskClient>();
        var workload = host.Services.GetRequiredService<Workload>();
        counter.Reset();
        var watch = Stopwatch.StartNew();
        var times = await Task.WhenAll(Enumerable.Range(0, instances).Select(async _ =>
        {
            var began = watch.Elapsed;
            var id = await client.ScheduleNewOrchestrationInstanceAsync("Chain", activities);
            var ended = await client.WaitForInstanceCompletionAsync(id);
            if (ended.RuntimeStatus != OrchestrationRuntimeStatus.Completed)
                throw new InvalidOperationException($"{id} is {ended.RuntimeStatus}: {ended.FailureDetails}");
            return watch.Elapsed - began;
        }));
        await workload.WhenQuietAsync(CancellationToken.None);
        var run = new Run(watch.Elapsed.TotalSeconds, counter.Count, [.. times.Select(t => t.TotalMilliseconds).Order()]);
        await host.StopAsync();
        return run;
    }

    // What the hub asks of storage and nothing else: announce, a transaction a step of a row more and the instance's own row, close.
    private static async Task<Run> BareAsync(Azurite azurite, string name, int instances, int activities)
    {
        var counter = new Counter();
        var options = new TableClientOptions();
        options.AddPolicy(counter, HttpPipelinePosition.PerRetry);
        var service = new TableServiceClient(azurite.StateConnection, options);
        var history = service.GetTableClient(name + "history");
        var index = service.GetTableClient(name + "index");
        await history.CreateIfNotExistsAsync();
        await index.CreateIfNotExistsAsync();
        counter.Reset();
        using var gate = new SemaphoreSlim(new DurableRules().MaxConcurrentOrchestrators);
        var watch = Stopwatch.StartNew();
        var times = await Task.WhenAll(Enumerable.Range(0, instances).Select(async number =>
        {
            var began = watch.Elapsed;
            var key = number.ToString(CultureInfo.InvariantCulture);
            await InTurnAsync(gate, () => index.UpsertEntityAsync(new TableEntity("instances", key) { ["Open"] = true }, TableUpdateMode.Replace));
            ETag? tag = null;
            for (var step = 0; step <= activities; step++)
            {
                var row = new TableEntity(key, step.ToString("D8", CultureInfo.InvariantCulture)) { ["Events00"] = new string('x', 200), ["Last"] = true };
                var own = new TableEntity(key, "instance") { ["Rows"] = step, ["Name"] = "Chain", ["Status"] = "Running" };
                var before = tag;
                await InTurnAsync(gate, async () =>
                {
                    var answer = await history.SubmitTransactionAsync(
                    [
                        new TableTransactionAction(TableTransactionActionType.UpsertReplace, row),
                        before is { } t ? new TableTransactionAction(TableTransactionActionType.UpdateReplace, own, t) : new TableTransactionAction(TableTransactionActionType.Add, own),
                    ]);
                    tag = answer.Value[1].Headers.ETag;
                });
            }

            await InTurnAsync(gate, () => index.UpsertEntityAsync(new TableEntity("instances", key) { ["Open"] = false }, TableUpdateMode.Replace));
            return watch.Elapsed - began;
        }));
        return new Run(watch.Elapsed.TotalSeconds, counter.Count, [.. times.Select(t => t.TotalMilliseconds).Order()]);
    }

    private static async Task InTurnAsync(SemaphoreSlim gate, Func<Task> call)
    {
        await gate.WaitAsync();
        try
        {
            await call();
        }
        finally
        {
            gate.Release();
        }
    }

    private static void Row(string what, List<Run> runs, int instances, int activities, double? bare)
    {
        var wall = Median(runs, r => r.Seconds);
        var calls = Median(runs, r => r.Calls);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {what} | {wall:0.00} | {instances / wall:0} | {instances * activities / wall:0} | {calls:0} | {calls / (instances * activities):0.00} | {Median(runs, r => r.Percentile(0.5)):0} | {Median(runs, r => r.Percentile(0.99)):0} | {(bare is { } b ? (wall / b).ToString("0.00", CultureInfo.InvariantCulture) : "")} |"));
    }

    private static double Median(List<Run> runs, Func<Run, double> of)
    {
        var sorted = runs.Select(of).Order().ToList();
        return sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[(sorted.Count / 2) - 1] + sorted[sorted.Count / 2]) / 2;
    }

    private static int Number(string[] args, string name, int otherwise)
    {
        var at = Array.IndexOf(args, name);
        return at >= 0 && at + 1 < args.Length ? int.Parse(args[at + 1], CultureInfo.InvariantCulture) : otherwise;
    }

    /// <summary>One measured run; times from start to end of each instance, sorted.</summary>
    private sealed record Run(double Seconds, int Calls, IReadOnlyList<double> Times)
    {
        public double Percentile(double share) => Times[Math.Min(Times.Count - 1, (int)(Times.Count * share))];
    }

    private sealed class Counter : HttpPipelineSynchronousPolicy
    {
        private int _count;

        public int Count => _count;

        public void Reset() => _count = 0;

        public override void OnSendingRequest(HttpMessage message) => Interlocked.Increment(ref _count);
    }

    private static class Chain
    {
        [Function("Chain")]
        public static async Task<int> Run([OrchestrationTrigger] TaskOrchestrationContext context, int activities)
        {
            var sum = 0;
            for (var n = 0; n < activities; n++)
                sum = await context.CallActivityAsync<int>("Add", sum);
            return sum;
        }

        [Function("Add")]
        public static int Add([ActivityTrigger] int number) => number + 1;
    }
}
