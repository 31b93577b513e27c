using System.Globalization;

namespace Benchmarks;

/// <summary>What one leaver costs until blocked: messages, storage transactions, round trips to Graph.</summary>
/// <param name="Messages">Messages put into queues.</param>
/// <param name="Transactions">Requests to storage but polling.</param>
/// <param name="Goals">What was wanted of it.</param>
internal sealed record LeaverCost(int Messages, double Transactions, IReadOnlyList<Goal> Goals)
{
    private const int MaxMessages = 2;
    private const int MaxRoundTrips = 2;

    private static readonly TimeSpan WithinAStage = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan ToSettle = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Counts it on an app that is warm and does nothing else, from the event until the case is stored as blocked, and prints it.
    /// </summary>
    public static async Task<LeaverCost> MeasureAsync(int latency)
    {
        var time = TimeProvider.System;
        await using var app = await LeaverApp.StartAsync(leavers: 2, quotas: false, counted: true, time);
        var traffic = app.Traffic!;
        // Another one first: connections, tables and compiled code are there then.
        var warm = traffic.NextInStageAsync("Clear");
        await app.SendAsync(0);
        await warm.WaitAsync(WithinAStage, time);
        await app.Sandbox.LatencyAsync(latency);
        await Task.Delay(ToSettle, time);

        var idleFrom = time.GetUtcNow();
        await Task.Delay(Idle, time);
        await app.Sandbox.TrafficAsync();
        var (blocking, clearing) = (traffic.NextInStageAsync("Blocked"), traffic.NextInStageAsync("Clear"));
        var began = time.GetUtcNow();
        var sending = app.SendAsync(1);
        var blocked = await blocking.WaitAsync(WithinAStage, time);
        var trips = (await app.Sandbox.TrafficAsync()).GraphTrips;
        await sending;
        var cleared = await clearing.WaitAsync(WithinAStage, time);

        var idle = Between(traffic, idleFrom, began);
        var until = Between(traffic, began, blocked);
        var seconds = (blocked - began).TotalSeconds;
        var share = seconds / (began - idleFrom).TotalSeconds;
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"One leaver alone on a warm app, {latency} ms latency: {seconds:0.00} s from the event until the case is stored as "
                    + $"blocked; "
                    + $"idle: the same time as a part of {Idle.TotalSeconds:0} s before it"
            )
        );
        Console.WriteLine();
        Console.WriteLine("| whose | what | requests to storage | idle | |");
        Console.WriteLine("| --- | --- | ---: | ---: | --- |");
        double transactions = 0;
        var groups = until.Where(c => !c.IsPolling).GroupBy(c => (c.Owner, c.Resource));
        foreach (var group in groups.OrderBy(g => g.Key.Owner != StorageTraffic.Engine).ThenBy(g => g.Key))
        {
            var alsoIdle = share * idle.Count(c => !c.IsPolling && (c.Owner, c.Resource) == group.Key);
            transactions += group.Count() - alsoIdle;
            var (owner, resource) = group.Key;
            Console.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"| {owner} | {resource} | {group.Count()} | {alsoIdle:0.0} | {Verbs(group)} |")
            );
        }
        var polls = until.Where(c => c.IsPolling).ToList();
        var idlePolls = share * idle.Count(c => c.IsPolling);
        Console.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"| all | polling | {polls.Count} | {idlePolls:0.0} | {Verbs(polls)} |")
        );
        Console.WriteLine();
        var messages = until.Count(c => c.IsMessage);
        var later = Between(traffic, blocked, cleared);
        var engines = until.Count(c => !c.IsPolling && c.Owner == StorageTraffic.Engine);
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{messages} queue messages and {transactions:0} requests to storage until blocked, {engines} of them the durable "
                    + $"engine's; "
                    + $"then {later.Count(c => c.IsMessage)} and {later.Count(c => !c.IsPolling)} more to the certificate"
            )
        );
        var (lookup, afterwards) = SplitTrips(trips);
        var blockTrips = string.Join(" | ", trips.Skip(lookup).Take(afterwards));
        Console.WriteLine($"Round trips to Graph until blocked: {lookup} to look up, then {afterwards}: {blockTrips}");
        Console.WriteLine();
        return new(
            messages,
            transactions,
            [
                new("queue messages from event to blocked", MaxMessages, messages),
                new("round trips to Graph after the lookup until blocked", MaxRoundTrips, afterwards),
            ]
        );
    }

    // The lookup reads alone; blocking begins with the first change and ends with the sessions' revocation.
    private static (int Lookup, int Afterwards) SplitTrips(IReadOnlyList<string> trips)
    {
        var first = trips.Index().First(t => t.Item.Contains("PATCH ", StringComparison.Ordinal)).Index;
        var last = trips.Index().Last(t => t.Item.Contains("/revokeSignInSessions", StringComparison.Ordinal)).Index;
        return (first, last - first + 1);
    }

    private static List<StorageCall> Between(StorageTraffic traffic, DateTimeOffset from, DateTimeOffset to) =>
        [.. traffic.Calls.Where(c => c.At >= from && c.At < to)];

    private static string Verbs(IEnumerable<StorageCall> calls) =>
        string.Join(", ", calls.GroupBy(c => c.Verb).OrderBy(g => g.Key).Select(g => $"{g.Count()} {g.Key}"));
}
