using System.Diagnostics;
using System.Globalization;
using ComplianceFunctions.Tests.Histories;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.Extensions.DependencyInjection;
using Simulation;

namespace Benchmarks;

/// <summary>
/// Steps of the simulation a second, with activities that do nothing: so many cases over a year, each with a wait until it is due, daily
/// rounds with a retry now and then, and new histories.
/// </summary>
internal static class SimulationBenchmark
{
    private const double Goal = 5000;
    private const double RealGoal = 2000;
    private const int Lives = 6;

    public static async Task<int> RunAsync(string[] args)
    {
        var cases = Option(args, "--cases", 100);
        var rounds = Option(args, "--rounds", 3);
        Console.WriteLine($"{cases} cases over a year of virtual time, activities that do nothing; {rounds} rounds, medians");
        Console.WriteLine();
        Console.WriteLine("| orchestrators | steps | wall s | steps/s | processor µs a step |");
        Console.WriteLine("| --- | ---: | ---: | ---: | ---: |");
        var kept = await MeasureAsync("kept between episodes", cases, rounds, keeps: true, replays: false);
        await MeasureAsync("kept, and each episode replayed too", cases, rounds, keeps: true, replays: true);
        await MeasureAsync("replayed each time", cases, rounds, keeps: false, replays: false);
        Console.WriteLine();
        Console.WriteLine(
            "The app's own leaver cases, a random life each, storage and tenant in memory; "
                + $"{Lives} lives of four months, {rounds} rounds, medians"
        );
        Console.WriteLine();
        Console.WriteLine("| lives | steps | wall s | steps/s |");
        Console.WriteLine("| --- | ---: | ---: | ---: |");
        var real = await MeasureLivesAsync(rounds);
        Console.WriteLine();
        var met = kept >= Goal;
        var realMet = real >= RealGoal;
        Console.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"Goal {Goal:N0} steps/s with kept orchestrators: {(met ? "met" : "MISSED")}")
        );
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Goal {RealGoal:N0} steps/s with the app's own cases: {(realMet ? "met" : "MISSED")}"
            )
        );
        return met && realMet ? 0 : 1;
    }

    private static async Task<double> MeasureAsync(string what, int cases, int rounds, bool keeps, bool replays)
    {
        // Once for the compiler.
        await RunAsync(cases, keeps, replays);
        var runs = new List<(int Steps, double Seconds, double Processor, string Hash)>();
        for (var round = 0; round < rounds; round++)
            runs.Add(await RunAsync(cases, keeps, replays));
        if (runs.DistinctBy(r => r.Hash).Count() != 1)
            throw new InvalidOperationException("the same seed gave different runs");
        var (steps, seconds, processor, _) = runs.OrderBy(r => r.Seconds).ElementAt(rounds / 2);
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"| {what} | {steps:N0} | {seconds:N2} | {steps / seconds:N0} | {processor / steps * 1e6:N0} |"
            )
        );
        return steps / seconds;
    }

    private static async Task<(int Steps, double Seconds, double Processor, string Hash)> RunAsync(int cases, bool keeps, bool replays)
    {
        await using var services = new ServiceCollection().AddSingleton<Calls>().BuildServiceProvider();
        await using var simulation = new DurableSimulation(
            new SimulationOptions
            {
                Seed = 1,
                Hosts = [new HostOptions { Functions = [typeof(Functions), typeof(Activities)] }],
                KeepsOrchestrators = keeps,
                ReplaysEveryEpisode = replays,
            }
        );
        await simulation.StartAsync(services);
        using var self = Process.GetCurrentProcess();
        var (watch, used) = (Stopwatch.StartNew(), self.TotalProcessorTime);
        for (var i = 0; i < cases; i++)
        {
            var options = new StartOrchestrationOptions($"case-{i}", simulation.Options.Start.AddDays(350.0 * i / cases));
            await simulation.Client.ScheduleNewOrchestrationInstanceAsync(nameof(Functions.Case), new Run(i, 0), options);
        }
        await simulation.RunForAsync(TimeSpan.FromDays(365), CancellationToken.None);
        var seconds = watch.Elapsed.TotalSeconds;
        self.Refresh();
        return (simulation.Trace.Count, seconds, (self.TotalProcessorTime - used).TotalSeconds, simulation.TraceHash);
    }

    private static async Task<double> MeasureLivesAsync(int rounds)
    {
        var runs = new List<(int Steps, double Seconds)>();
        for (var round = 0; round < rounds; round++)
        {
            var (steps, seconds) = (0, 0.0);
            for (var seed = 1; seed <= Lives; seed++)
            {
                await using var world = await LeaverWorld.StartAsync((ulong)seed);
                var watch = Stopwatch.StartNew();
                await HistoryRun.LiveAsync(LeaverHistory.Draw(seed), world, new NothingWatched());
                steps += world.Simulation.Trace.Count;
                seconds += watch.Elapsed.TotalSeconds;
            }
            runs.Add((steps, seconds));
        }
        var (count, took) = runs.OrderBy(r => r.Seconds).ElementAt(rounds / 2);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {Lives} | {count:N0} | {took:N2} | {count / took:N0} |"));
        return count / took;
    }

    private static int Option(string[] args, string name, int otherwise) =>
        Array.IndexOf(args, name) is >= 0 and var at ? int.Parse(args[at + 1], CultureInfo.InvariantCulture) : otherwise;

    internal sealed record Run(int Case, int Round);

    internal static class Functions
    {
        private const int Rounds = 90;
        private const int RoundsPerHistory = 30;

        private static readonly TaskOptions Patient = TaskOptions.FromRetryPolicy(
            new RetryPolicy(20, TimeSpan.FromSeconds(1), 2, TimeSpan.FromMinutes(15))
        );

        [Function(nameof(Case))]
        public static async Task<int> Case([OrchestrationTrigger] TaskOrchestrationContext context, Run run)
        {
            for (var round = run.Round; round < Rounds; round++)
            {
                if (round - run.Round == RoundsPerHistory)
                {
                    context.ContinueAsNew(run with { Round = round });
                    return round;
                }
                await context.CallActivityAsync<int>(nameof(Activities.Act), run with { Round = round }, Patient);
                await context.CreateTimer(TimeSpan.FromHours(1 + ((run.Case + round) % 5)), CancellationToken.None);
            }
            return Rounds;
        }
    }

    internal sealed class Activities(Calls calls)
    {
        [Function(nameof(Act))]
        public int Act([ActivityTrigger] Run run) =>
            (run.Case + run.Round) % 20 == 0 && calls.IsOdd() ? throw new InvalidOperationException("away for a moment") : run.Round;
    }

    internal sealed class Calls
    {
        private int _count;

        public bool IsOdd() => ++_count % 2 == 1;
    }
}
