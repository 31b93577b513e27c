using System.Globalization;
using Compliance.Offboarding;

namespace Benchmarks;

/// <summary>Many leavers at once through the whole app: signed events in, blocked accounts and certificates out.</summary>
internal static class ManyLeavers
{
    private const double MaxSecondsToBlocked = 5;
    private const int GraphWrites = 3000;

    // Removals go out at 14 writes a second: so long do those of one leaver take, and more for what is tried again.
    private static readonly TimeSpan PatienceALeaver = TimeSpan.FromSeconds(30);

    public static async Task<List<Goal>> RunAsync(int latency, int leavers, bool quotas, bool counted, int? seconds)
    {
        var time = TimeProvider.System;
        var cost = await LeaverCost.MeasureAsync(latency);
        // One more, whom nobody measures: the app is warm then.
        await using var app = await LeaverApp.StartAsync(leavers + 1, quotas, counted, time);
        await app.SendAsync(leavers);
        await app.UntilAsync(cases => cases.Count == 1 && cases[0].CertificateSha256 is not null, TimeSpan.FromMinutes(2));
        var rate = await QueueRate.MeasureAsync(app.Azurite.StateConnection, time);
        await app.Sandbox.LatencyAsync(latency);
        await app.Sandbox.TrafficAsync();
        var load = MachineLoad();
        var (began, before) = (time.GetTimestamp(), app.ProcessorSeconds());
        var sent = time.GetUtcNow();
        await Task.WhenAll(Enumerable.Range(0, leavers).Select(app.SendAsync));
        var accepted = time.GetElapsedTime(began);
        var blocked = await app.UntilAsync(cases => cases.Count(c => c.BlockedAt is not null) == leavers + 1, TimeSpan.FromMinutes(5));
        var (took, after) = (time.GetElapsedTime(began), app.ProcessorSeconds());
        var toBlocked = Measured(blocked).Select(c => (c.BlockedAt!.Value - c.ReceivedAt).TotalSeconds).Order().ToList();
        double At(double share) => toBlocked[Math.Min(toBlocked.Count - 1, (int)(toBlocked.Count * share))];
        var overQuota = quotas ? "refused with 429" : "counted and let through";
        Console.WriteLine(
            $"{leavers} leavers at once, {latency} ms latency; what is over a quota is {overQuota}; "
                + $"{Environment.ProcessorCount} processors, load {load}"
        );
        Console.WriteLine();
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"events accepted after {accepted.TotalSeconds:0.00} s; received to blocked: p50 {At(0.5):0.00} s, p99 {At(0.99):0.00} "
                    + $"s, longest {toBlocked[^1]:0.00} s"
            )
        );
        var (azurite, host, tenant) = (after.Azurite - before.Azurite, after.App - before.App, after.Sandbox - before.Sandbox);
        (string What, double Seconds)[] least =
        [
            (
                $"{leavers} leavers x {cost.Messages} queue messages at {rate:0} a second, as Azurite takes them now",
                leavers * cost.Messages / rate
            ),
            ("Azurite's one thread", azurite),
            (
                $"{Environment.ProcessorCount} processors, for Azurite, app and tenant",
                (azurite + host + tenant) / Environment.ProcessorCount
            ),
        ];
        Console.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"Least seconds, of {took.TotalSeconds:0.0} until all were seen blocked:")
        );
        foreach (var (what, atLeast) in least)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"- {atLeast:0.0}: {what}"));
        Console.WriteLine(
            $"What binds: {least.MaxBy(l => l.Seconds).What}; "
                + "what is missing to the time it took, other work on the machine had, or was waited for."
        );
        if (app.Traffic is { } wire)
        {
            var calls = wire.Calls.Where(c => c.At >= sent && !c.IsPolling).ToList();
            Console.WriteLine(
                $"Counted meanwhile, all work of all cases: {calls.Count(c => c.IsMessage)} queue messages, "
                    + $"{calls.Count} requests to storage"
            );
        }
        if (seconds is { } some)
            await Task.Delay(TimeSpan.FromSeconds(some), time);
        var ended = await app.UntilAsync(
            cases => seconds is not null || cases.All(c => c.CertificateSha256 is not null),
            Patience(leavers)
        );
        var all = time.GetElapsedTime(began);
        var traffic = await app.Sandbox.TrafficAsync();
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{(seconds is null ? "last certificate" : "looked at")} after {all.TotalSeconds:0.0} s; "
                    + $"{Measured(ended).Count(c => c.ClearAt is not null)} of {leavers} clear; writes to Graph in 2.5 minutes: "
                    + $"{traffic.GraphWrites:0} of {GraphWrites}; deletes of a subscription: {traffic.AzureDeletes:P0} of its bucket; "
                    + $"reads: {traffic.AzureReads:P0}; refused with 429: {traffic.Throttled}"
            )
        );
        return
        [
            .. cost.Goals,
            new("p99 seconds from event to blocked", MaxSecondsToBlocked, At(0.99)),
            new("writes to Graph in 2.5 minutes", GraphWrites, traffic.GraphWrites),
            new("share of a subscription's bucket of deletes", 1, traffic.AzureDeletes),
            new("requests refused with 429", 0, traffic.Throttled),
            .. seconds is null ? [new Goal("leavers not clear", 0, Measured(ended).Count(c => c.ClearAt is null))] : Array.Empty<Goal>(),
        ];

        IEnumerable<LeaverCase> Measured(IReadOnlyList<LeaverCase> cases) => cases.Where(c => c.EmployeeId != LeaverApp.Employee(leavers));
    }

    private static TimeSpan Patience(int leavers) => TimeSpan.FromMinutes(5) + (leavers * PatienceALeaver);

    // Of the last minute; only Linux keeps it in a file.
    private static string MachineLoad() => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";
}
