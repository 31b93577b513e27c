using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Azure.Data.Tables;
using EmbeddedHost.Durable;
using Microsoft.Extensions.DependencyInjection;

namespace EmbeddedHost.Tests.Durable;

/// <summary>
/// A process with many hosts, each with a hub of its own, all running the script. To be killed: each host stands still before or after its n-th
/// commit, n another one for each; once all do, the process ends itself with SIGKILL. To go on: all hubs are run to their end.
/// </summary>
internal static class KillRole
{
    public const string Name = "role-kill";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static async Task<int> RunAsync(string[] args)
    {
        var (what, connection, effects, prefix) = (args[0], args[1], args[2], args[3]);
        var positions = int.Parse(args[4], CultureInfo.InvariantCulture);
        var hubs = Enumerable.Range(0, positions * 2).Select(h => new Hub($"{prefix}h{h}", (h / 2) + 1, (CommitPoint)(h % 2))).ToList();
        var runs = new List<Task<HubResult>>();
        foreach (var hub in hubs)
            runs.Add(RunAsync(connection, effects, hub, kill: what == "kill"));
        if (what == "kill")
        {
            var reached = new List<string>();
            foreach (var hub in hubs)
            {
                // A run that failed is to be told, not waited for.
                var run = runs[hubs.IndexOf(hub)];
                if (await Task.WhenAny(hub.Stands.Task, run).WaitAsync(Limit) == run)
                    await run;
                if (await hub.Stands.Task)
                    reached.Add($"{hub.Position}{hub.Point}");
            }

            Console.WriteLine(JsonSerializer.Serialize(reached));
            await Console.Out.FlushAsync();
            using var self = Process.GetCurrentProcess();
            self.Kill();
            await Task.Delay(Limit, TimeProvider.System);
            return 1;
        }

        var results = await Task.WhenAll(runs);
        Console.WriteLine(JsonSerializer.Serialize(results));
        return 0;
    }

    private static async Task<HubResult> RunAsync(string connection, string effects, Hub hub, bool kill)
    {
        var commits = 0;
        var host = new TestHost
        {
            HostJson = DurableHost.Json(hub.Name),
            Configure = b => b.Services.AddSingleton(new TableServiceClient(connection)).AddSingleton(new ScriptSettings(effects, hub.Name)),
            OnCommit = point =>
            {
                var number = point == CommitPoint.Before ? Interlocked.Increment(ref commits) : Volatile.Read(ref commits);
                if (!kill || number < hub.Position || (number == hub.Position && point < hub.Point))
                    return Task.CompletedTask;
                hub.Stands.TrySetResult(true);
                return Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System);
            },
        };
        host.Settings["AzureWebJobsStorage"] = connection;
        await host.StartAsync(typeof(Script));
        var instance = await host.Durable.GetInstanceAsync(Script.Id);
        if (instance is null)
            await host.Durable.ScheduleNewOrchestrationInstanceAsync("Script", new Script.Round(0, ""), new StartOrchestrationOptions(Script.Id));
        await GoAsync(host);
        var ended = await host.Durable.WaitForInstanceCompletionAsync(Script.Id, true).WaitAsync(Limit);
        await host.QuietAsync();
        hub.Stands.TrySetResult(false);
        if (!kill)
            await host.StopAsync();
        return new HubResult(hub.Name, ended.SerializedOutput ?? ended.FailureDetails?.ToString() ?? "", commits);
    }

    // Whether the event was on record before the kill is not known, so it is sent again; one too many does no harm.
    private static async Task GoAsync(TestHost host)
    {
        try
        {
            await host.Durable.RaiseEventAsync(Script.Id, Script.Go, "go");
        }
        catch (InvalidOperationException)
        {
            // It has ended.
        }
    }

    private sealed record Hub(string Name, int Position, CommitPoint Point)
    {
        public TaskCompletionSource<bool> Stands { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>How one hub's script ended.</summary>
internal sealed record HubResult(string Hub, string Output, int Commits);
