using Compliance.Changes.Approvals;
using Compliance.Minimization.Sweeps;
using ComplianceFunctions.Tests.Changes;
using Testing;

namespace ComplianceFunctions.Tests.Minimization;

/// <summary>
/// Random lives of sweeps: blobs change, people answer, policies and owners change, sweeps are cancelled, acts are paused, processes die.
/// Invariants: nothing is deleted that is not old enough, on hold, of a sweep that is over, while acts are paused, or at a rule's first act
/// without its owner and another; no item is reported twice, and none as deleted that the service did not delete; every record is written
/// once; in the end everything that is due is gone or kept with a reason.
/// </summary>
public sealed class SweepHistoryTests
{
    public static TheoryData<int> Seeds => [.. TestSize.Seeds(12)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task A_random_life_deletes_nothing_that_it_may_not_and_ends_with_nothing_due(int seed)
    {
        var draw = new Random(seed);
        await using var world = await SweepWorld.StartAsync((ulong)seed, seed % 2 == 0 ? ChangeFaults.All : null, replays: seed % 2 == 1);
        world.Blobs.LosesAnswer = _ => draw.Next(6) == 0;
        for (var i = 0; i < 20; i++)
            world.Blobs.Put(SweepWorld.Prompt(draw.Next(1, 200), $"{i}"));
        for (var happening = 0; happening < 50; happening++)
        {
            await HappenAsync(world, draw, happening);
            await world.RunAsync(TimeSpan.FromMinutes(draw.Next(240)));
            await world.EnsureAsync();
            Assert.Empty(world.Blobs.Harm);
        }
        await EndAsync(world);

        Assert.Empty(world.Blobs.Harm);
        Assert.Empty(world.Evidence.Conflicts);
        var report = (await world.Documents.ReportAsync("last", TestContext.Current.CancellationToken))!;
        Assert.All(report.DataSets, d => Assert.True(d.State is DataSetState.Done or DataSetState.NothingDue, $"{d.State}: {d.Note}"));
        foreach (var sweep in await world.Sweeps.AllAsync(SweepWorld.Tenant, TestContext.Current.CancellationToken))
            await ReportsWhatHappenedAsync(world, sweep.Id);
        Assert.DoesNotContain(world.Blobs.All, b => SweepWorld.AgeInDays(b) > 92 && !b.IsLeased && !b.Tags!.ContainsKey("legalhold"));
    }

    private static async Task HappenAsync(SweepWorld world, Random draw, int happening)
    {
        switch (draw.Next(12))
        {
            case 0 or 1 or 2:
                Edit(world, draw, happening);
                break;
            case 3 or 4 or 5 or 6:
                await SweepAsync(world, draw, happening);
                break;
            case 7 when world.Running is { } running:
                await world.CancelAsync(running);
                break;
            case 8:
                world.KeepFor($"P{new[] { 80, 90, 100 }[draw.Next(3)]}D");
                break;
            case 9:
                await world.PauseAsync(draw.Next(2) == 0);
                break;
            case 10:
                world.OwnerInDirectory = draw.Next(3) == 0 ? null : SweepWorld.Owner;
                break;
            default:
                await AnswerAsync(world, draw);
                break;
        }
    }

    // Between the plan and the answers the world goes on.
    private static async Task SweepAsync(SweepWorld world, Random draw, int happening)
    {
        await world.BeginAsync($"s{happening}");
        await world.RunAsync(TimeSpan.FromMinutes(10));
        for (var i = draw.Next(8); i > 0; i--)
            Edit(world, draw, happening + (1000 * i));
        for (var i = draw.Next(5); i > 0; i--)
        {
            await AnswerAsync(world, draw);
            await world.RunAsync(TimeSpan.FromMinutes(draw.Next(3)));
        }
    }

    private static Task<AnswerOutcome?> AnswerAsync(SweepWorld world, Random draw) =>
        world.AnswerAsync(new[] { SweepWorld.Owner, SweepWorld.Owner, "one", "two", "asker" }[draw.Next(5)], draw.Next(12) > 0);

    private static void Edit(SweepWorld world, Random draw, int number)
    {
        var blobs = world.Blobs.All.ToList();
        var some = blobs.Count == 0 ? "" : blobs[draw.Next(blobs.Count)].Name;
        switch (draw.Next(some.Length == 0 ? 2 : 7))
        {
            case 0 or 1:
                world.Blobs.Put(SweepWorld.Prompt(draw.Next(60, 200), $"n{number}"));
                break;
            case 2 or 3:
                world.Blobs.Put(some);
                break;
            case 4:
                world.Blobs.Edit(some, b => b with { Tags = new Dictionary<string, string> { ["legalhold"] = "yes" } });
                break;
            case 5:
                world.Blobs.Edit(some, b => b with { IsLeased = !b.IsLeased });
                break;
            default:
                world.Blobs.Remove(some);
                break;
        }
    }

    private static async Task EndAsync(SweepWorld world)
    {
        await world.PauseAsync(false);
        world.OwnerInDirectory = SweepWorld.Owner;
        world.Blobs.LosesAnswer = null;
        world.KeepFor("P90D");
        if (world.Running is { } running)
            await world.CancelAsync(running);
        await world.RunAsync(TimeSpan.FromDays(1));
        Assert.Equal("last", (await world.BeginAsync("last")).Id);
        for (var day = 0; day < 6; day++)
        {
            await world.RunAsync(TimeSpan.FromHours(12));
            await world.AnswerAsync(SweepWorld.Owner, true);
            await world.AnswerAsync("one", true);
            await world.EnsureAsync();
        }
        await world.RunAsync(TimeSpan.FromDays(2));
    }

    // What is reported as deleted was deleted, and each item has one outcome.
    private static async Task ReportsWhatHappenedAsync(SweepWorld world, string sweep)
    {
        var rows = await world.OutcomesAsync(sweep);
        Assert.Equal(rows.Count, rows.Select(r => (r.Name, r.ETag)).Distinct().Count());
        var deleted = world.Blobs.Deleted.ToHashSet();
        Assert.All(rows.Where(r => r.Result == SweepResult.Deleted), r => Assert.Contains((r.Name, r.ETag!), deleted));
        Assert.All(
            rows.Where(r => r.Result is SweepResult.Changed or SweepResult.Held or SweepResult.Leased),
            r => Assert.NotNull(r.Reason)
        );
    }
}
