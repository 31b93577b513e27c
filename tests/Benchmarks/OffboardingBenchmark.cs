using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Benchmarks;

/// <summary>
/// One leaver with 200 memberships, 30 app roles and 40 Azure roles in 10 subscriptions, beside a sequential script; then many leavers at
/// once through the whole app, Azurite, sandbox and app each in a process of its own.
/// </summary>
internal static class OffboardingBenchmark
{
    public static async Task<int> RunAsync(string[] args)
    {
        var latency = Number(args, "--latency", 100);
        var leavers = Number(args, "--leavers", 100);
        var rounds = Number(args, "--rounds", 3);
        var goals = new List<Goal>();
        if (rounds > 0)
            goals.AddRange(await OneAsync(latency, rounds));
        if (leavers > 0)
            goals.AddRange(
                await ManyLeavers.RunAsync(
                    latency,
                    leavers,
                    args.Contains("--quotas"),
                    args.Contains("--counted"),
                    args.Contains("--seconds") ? Number(args, "--seconds", 0) : null
                )
            );
        Console.WriteLine();
        Console.WriteLine("| goal | at most | measured | |");
        Console.WriteLine("| --- | ---: | ---: | --- |");
        foreach (var goal in goals)
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {goal.Name} | {goal.AtMost:0.##} | {goal.Figure:0.00} | {(goal.Met ? "met" : "MISSED")} |"
                )
            );
        return goals.TrueForAll(g => g.Met) ? 0 : 1;
    }

    private static async Task<List<Goal>> OneAsync(int latency, int rounds)
    {
        await using var sandbox = await LeaverSandbox.StartAsync(2 * (rounds + 1), quotas: false);
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(
                CredentialBenchmark
                    .TenantSettings(sandbox.Ready)
                    .Select(s => KeyValuePair.Create(s.Key.Replace("__", ":", StringComparison.Ordinal), (string?)s.Value))
            )
            .Build();
        var one = new OneLeaver(sandbox, configuration);
        // The first pair warms both up, without latency.
        await one.ProductAsync(0);
        await one.SequentialAsync(1);
        await sandbox.LatencyAsync(latency);
        var product = new List<OneLeaver.Case>();
        var script = new List<OneLeaver.Case>();
        for (var round = 1; round <= rounds; round++)
        {
            product.Add(await one.ProductAsync(2 * round));
            script.Add(await one.SequentialAsync((2 * round) + 1));
        }
        var ratio = Median(product, c => (double)c.RoundTrips / c.Least);
        Console.WriteLine(
            $"One leaver, 200 memberships, 30 app roles, 40 Azure roles in 10 subscriptions; {latency} ms latency, {rounds} rounds, "
                + $"alternating, medians; {Environment.ProcessorCount} processors"
        );
        Console.WriteLine();
        Console.WriteLine("| what | round trips | least possible | ratio | blocked s | whole case s | wall / sequential |");
        Console.WriteLine("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
        var peer = Median(script, c => c.Seconds);
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"| sequential script | {Median(script, c => c.RoundTrips):0} | | | {Median(script, c => c.BlockedSeconds):0.00} | "
                    + $"{peer:0.00} | |"
            )
        );
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"| product | {Median(product, c => c.RoundTrips):0} | {Median(product, c => c.Least):0} | {ratio:0.00} | "
                    + $"{Median(product, c => c.BlockedSeconds):0.00} | {Median(product, c => c.Seconds):0.00} | "
                    + $"{Median(product, c => c.Seconds) / peer:0.00} |"
            )
        );
        Console.WriteLine();
        Console.WriteLine($"Round trips to Graph + Resource Manager: {product[^1].Detail}");
        Console.WriteLine();
        return [new("round trips / least possible", 1.5, ratio)];
    }

    public static double Median<T>(IReadOnlyList<T> of, Func<T, double> value)
    {
        var sorted = of.Select(value).Order().ToList();
        return sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[(sorted.Count / 2) - 1] + sorted[sorted.Count / 2]) / 2;
    }

    private static int Number(string[] args, string name, int otherwise) =>
        int.Parse(CredentialBenchmark.Option(args, name, otherwise.ToString(CultureInfo.InvariantCulture)), CultureInfo.InvariantCulture);
}

/// <summary>What is wanted and what was measured.</summary>
/// <param name="Name">Of what.</param>
/// <param name="AtMost">The goal.</param>
/// <param name="Figure">What was measured.</param>
internal sealed record Goal(string Name, double AtMost, double Figure)
{
    public bool Met => Figure <= AtMost;
}
