using Compliance.Offboarding;
using Simulation;
using Testing;

namespace ComplianceFunctions.Tests.Histories;

/// <summary>Random lives of leavers, of four months each.</summary>
public sealed class HistoryTests
{
    private const string Name = nameof(A_random_life_harms_none);

    // Shrinking a history that broke an invariant lives it again and again.
    private const int MaxTries = 60;

    // Share of requests to storage that fail or whose answer is lost.
    private const double Trouble = 0.002;

    private static readonly FaultPlan EngineFaults = new()
    {
        Rates = new Dictionary<FaultKind, double>
        {
            [FaultKind.CrashBeforeCommit] = 0.003,
            [FaultKind.CrashAfterCommit] = 0.003,
            [FaultKind.TornCommit] = 0.003,
            [FaultKind.StaleCommit] = 0.003,
            [FaultKind.CrashInside] = 0.0005,
            [FaultKind.LostAnswer] = 0.005,
            [FaultKind.Redelivery] = 0.005,
            [FaultKind.ReportedFailed] = 0.005,
            [FaultKind.SlowActivity] = 0.005,
            [FaultKind.LateTimer] = 0.01,
            [FaultKind.EarlyTimer] = 0.1,
            [FaultKind.ConcurrentStart] = 0.02,
        },
        LongestDelay = TimeSpan.FromMinutes(20),
    };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<int> Seeds => [.. TestSize.Seeds(4)];

    public static TheoryData<int> MoreSeeds => [.. TestSize.Seeds(12)];

    public static TheoryData<int> FewerSeeds => [.. TestSize.Seeds(2)];

    [Fact]
    public async Task A_leaver_who_is_due_in_ten_days_is_blocked_then_and_clear_soon_after()
    {
        await using var world = await LeaverWorld.StartAsync(cancellationToken: Stop);
        var life = new LeaverHistory(12, [new HrSends(TimeSpan.FromHours(1), "terminated", 1, TimeSpan.FromDays(10))]);
        await HistoryRun.LiveAsync(life, world, new LeaverInvariants(world));

        var known = await world.CaseAsync(Person.Lea, "1");

        Assert.Equal((LeaverStage.Clear, LeaverWorld.Start + TimeSpan.FromDays(10)), (known!.Stage, known.BlockedAt));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task A_random_life_harms_none(int seed)
    {
        var history = LeaverHistory.Draw(seed);
        if (await LiveAsync(history, seed) is not { } broken)
            return;
        var smallest = await ShrinkAsync(history, seed, broken.Invariant);
        Assert.Fail(
            $"""
            seed {seed}: {broken.Message}
            replay: {TestSize.SeedVariable}={seed} dotnet run --project tests/ComplianceFunctions.Tests -- -method "*{Name}"
            smallest history found: {smallest}
            """
        );
    }

    [Theory]
    [MemberData(nameof(FewerSeeds))]
    public async Task A_random_life_with_more_in_it_harms_none(int seed)
    {
        if (await LiveAsync(LeaverHistory.DrawMore(seed), seed) is not { } broken)
            return;
        var smallest = await ShrinkAsync(LeaverHistory.DrawMore(seed), seed, broken.Invariant);
        Assert.Fail($"seed {seed}: {broken.Message}\nsmallest history found: {smallest}");
    }

    [Theory]
    [MemberData(nameof(MoreSeeds))]
    public async Task A_random_life_in_which_blocks_are_refused_harms_none(int seed)
    {
        if (await LiveAsync(LeaverHistory.DrawRefused(seed), seed) is not { } broken)
            return;
        var smallest = await ShrinkAsync(LeaverHistory.DrawRefused(seed), seed, broken.Invariant);
        Assert.Fail($"seed {seed}: {broken.Message}\nsmallest history found: {smallest}");
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_life()
    {
        var traces = new List<string>();
        for (var times = 0; times < 2; times++)
        {
            await using var world = await LeaverWorld.StartAsync(7, EngineFaults, Trouble, cancellationToken: Stop);
            await HistoryRun.LiveAsync(LeaverHistory.Draw(7, days: 30), world, new LeaverInvariants(world));
            traces.Add(world.Simulation.TraceHash);
        }

        Assert.Equal(traces[0], traces[1]);
    }

    // Odd seeds live in a world where services and hosts work, so that what breaks is the program's own doing; even ones in one where they
    // do not.
    private static async Task<BrokenInvariantException?> LiveAsync(LeaverHistory history, int seed)
    {
        await using var world =
            seed % 2 == 0
                ? await LeaverWorld.StartAsync((ulong)seed, EngineFaults, Trouble, cancellationToken: Stop)
                : await LeaverWorld.StartAsync((ulong)seed, replays: true, cancellationToken: Stop);
        try
        {
            await HistoryRun.LiveAsync(history, world, new LeaverInvariants(world));
            return null;
        }
        catch (BrokenInvariantException e)
        {
            return e;
        }
    }

    private static async Task<LeaverHistory> ShrinkAsync(LeaverHistory history, int seed, Invariant invariant)
    {
        var tries = 0;
        for (var i = history.Happenings.Count - 1; i >= 0 && tries < MaxTries; i--, tries++)
        {
            var without = history with { Happenings = [.. history.Happenings.Where((_, n) => n != i)] };
            if ((await LiveAsync(without, seed))?.Invariant == invariant)
                history = without;
        }
        return history;
    }
}
