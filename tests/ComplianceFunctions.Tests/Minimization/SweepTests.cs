using Compliance.Minimization.Sweeps;
using Compliance.Tenants;

namespace ComplianceFunctions.Tests.Minimization;

/// <summary>A sweep from its start to its report.</summary>
public sealed class SweepTests
{
    private static readonly string[] Names = [.. Enumerable.Range(0, 6).Select(i => SweepWorld.Prompt(100 + i, $"{i}"))];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_act_of_a_rule_waits_for_the_owner_and_an_approver_and_then_deletes_and_reports()
    {
        await using var world = await StartedAsync();

        var request = Assert.Single(await world.OpenAsync());
        Assert.Equal((SweepWorld.Owner, "first-act-of-rule"), (request.OwnerId, Assert.Single(request.Guards)));
        await world.AnswerAsync("one", true);
        await world.AnswerAsync("two", true);
        await world.RunAsync(TimeSpan.FromHours(1));
        Assert.Empty(world.Blobs.Deleted);
        await world.AnswerAsync(SweepWorld.Owner, true);
        await world.RunAsync(TimeSpan.FromHours(1));

        Assert.Equal(Names.Order(StringComparer.Ordinal), world.Blobs.Deleted.Select(d => d.Name).Order(StringComparer.Ordinal));
        Assert.Empty(world.Blobs.Harm);
        var report = (await world.Documents.ReportAsync("s1", Stop))!;
        var set = Assert.Single(report.DataSets);
        Assert.Equal((DataSetState.Done, 6L, true), (set.State, set.Deleted.Items, report.IsComplete));
        Assert.Equal(SweepStage.Complete, (await world.Sweeps.FindAsync(SweepWorld.Tenant, "s1", Stop))!.Stage);
        Assert.Empty(world.Evidence.Conflicts);
        Assert.Equal(
            [
                "approval.answer approved",
                "approval.answer approved",
                "approval.answer approved",
                "sweep.act complete",
                "sweep.begun begun",
                "sweep.certificate complete",
                "sweep.complete complete",
                "sweep.delete begun",
                "sweep.delete complete",
                "sweep.held held",
                "sweep.planned complete",
            ],
            world
                .Evidence.Records.Values.Where(r => r.Action != "findings.change")
                .Select(r => $"{r.Action} {r.Outcome}")
                .Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task An_owner_who_asked_for_it_or_left_is_replaced_by_a_second_approver()
    {
        foreach (var (by, isThere) in new[] { (SweepWorld.Owner, true), ("asker", false) })
        {
            await using var world = await StartedAsync(by, isThere);

            Assert.NotNull((await world.AnswerAsync("asker2", true, AppRole.Owner))!.Objection);
            await world.AnswerAsync("one", true);
            await world.AnswerAsync("two", true);
            await world.RunAsync(TimeSpan.FromHours(1));

            Assert.Equal(6, world.Blobs.Deleted.Count);
        }
    }

    [Fact]
    public async Task A_rule_that_acted_before_deletes_within_its_caps_without_asking_and_above_them_asks()
    {
        await using var world = await StartedAsync();
        await ApproveAsync(world);
        for (var i = 0; i < 6; i++)
            world.Blobs.Put(SweepWorld.Prompt(i < 2 ? 200 : 1, $"later-{i}"));
        await world.BeginAsync("s2");
        await world.RunAsync(TimeSpan.FromHours(1));
        Assert.Empty(await world.OpenAsync());
        Assert.Equal(8, world.Blobs.Deleted.Count);

        world.Blobs.Put(SweepWorld.Prompt(300, "many-1"));
        for (var i = 0; i < 20; i++)
            world.Blobs.Put(SweepWorld.Prompt(300, $"many-{i}"));
        await world.BeginAsync("s3");
        await world.RunAsync(TimeSpan.FromHours(1));

        Assert.Equal("data-set-share", Assert.Single(Assert.Single(await world.OpenAsync()).Guards));
        Assert.Equal(8, world.Blobs.Deleted.Count);
    }

    [Fact]
    public async Task A_refusal_or_a_cancelled_sweep_deletes_nothing_and_is_a_finding_or_none()
    {
        await using var refused = await StartedAsync();
        await refused.AnswerAsync(SweepWorld.Owner, false);
        await refused.RunAsync(TimeSpan.FromHours(1));
        Assert.Empty(refused.Blobs.Deleted);
        Assert.Equal(DataSetState.NotDone, Assert.Single((await refused.Documents.ReportAsync("s1", Stop))!.DataSets).State);

        await using var cancelled = await StartedAsync();
        await cancelled.CancelAsync("s1");
        await cancelled.AnswerAsync(SweepWorld.Owner, true);
        await cancelled.AnswerAsync("one", true);
        await cancelled.RunAsync(TimeSpan.FromDays(1));
        Assert.Empty(cancelled.Blobs.Deleted);
        Assert.Empty(await cancelled.OpenAsync());
        Assert.Equal(DataSetState.NotDone, Assert.Single((await cancelled.Documents.ReportAsync("s1", Stop))!.DataSets).State);
        Assert.Equal(SweepStage.Cancelled, (await cancelled.Sweeps.FindAsync(SweepWorld.Tenant, "s1", Stop))!.Stage);
    }

    [Fact]
    public async Task A_policy_that_changed_before_the_approval_voids_the_plan()
    {
        await using var world = await StartedAsync();
        world.KeepFor("P80D");
        await world.AnswerAsync(SweepWorld.Owner, true);
        await world.AnswerAsync("one", true);
        await world.RunAsync(TimeSpan.FromHours(1));

        Assert.Empty(world.Blobs.Deleted);
        Assert.Contains("policy", Assert.Single((await world.Documents.ReportAsync("s1", Stop))!.DataSets).Note!, StringComparison.Ordinal);
        Assert.Empty(await world.OpenAsync());
    }

    [Fact]
    public async Task A_policy_that_changes_before_anything_could_be_tried_ends_the_sweep_instead_of_trying_for_weeks()
    {
        await using var world = await StartedAsync();
        world.Blobs.IsReadable = false;
        await ApproveAsync(world);
        Assert.Null(await world.Documents.ReportAsync("s1", Stop));

        world.KeepFor("P80D");
        world.Blobs.IsReadable = true;
        await world.RunAsync(TimeSpan.FromDays(1));

        Assert.Empty(world.Blobs.Deleted);
        Assert.Equal(SweepStage.Complete, (await world.Sweeps.FindAsync(SweepWorld.Tenant, "s1", Stop))!.Stage);
        Assert.Contains("policy", Assert.Single((await world.Documents.ReportAsync("s1", Stop))!.DataSets).Note!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_that_was_cut_off_leaves_no_second_sweep_that_acts_beside_the_next()
    {
        await using var world = await SweepWorld.StartAsync();
        Put(world);
        await world.BeginAsync("s0", isDryRun: true);
        await world.RunAsync(TimeSpan.FromHours(1));
        world.WritesLeft = 1;
        await Assert.ThrowsAsync<Azure.RequestFailedException>(() => world.BeginAsync("lost"));
        world.WritesLeft = -1;
        await world.BeginAsync("s1");

        await world.EnsureAsync();
        await world.RunAsync(TimeSpan.FromHours(1));

        Assert.Null(await world.Sweeps.FindAsync(SweepWorld.Tenant, "lost", Stop));
        Assert.Equal("s1", Assert.Single(await world.Sweeps.ExpectedAsync(SweepWorld.Tenant, Stop)).Id);
        Assert.Single(await world.OpenAsync());
    }

    [Fact]
    public async Task A_dry_run_asks_no_one_and_deletes_nothing_and_another_sweep_waits_for_its_end()
    {
        await using var world = await SweepWorld.StartAsync();
        Put(world);
        await world.BeginAsync("s1", isDryRun: true);
        Assert.Equal("s1", (await world.BeginAsync("s2")).Id);
        await world.RunAsync(TimeSpan.FromHours(1));

        Assert.Empty(await world.OpenAsync());
        Assert.Equal((0, SweepStage.Complete), (world.Blobs.Batches, (await world.Sweeps.FindAsync(SweepWorld.Tenant, "s1", Stop))!.Stage));
        Assert.Equal("s2", (await world.BeginAsync("s2")).Id);
    }

    [Fact]
    public async Task What_happened_to_an_item_until_the_act_keeps_it_and_a_lost_answer_claims_nothing()
    {
        await using var world = await StartedAsync();
        world.Blobs.Put(Names[0]);
        world.Blobs.Edit(Names[1], b => b with { Tags = new Dictionary<string, string> { ["legalhold"] = "yes" } });
        world.Blobs.Edit(Names[2], b => b with { IsLeased = true });
        world.Blobs.Remove(Names[3]);
        world.Blobs.LosesAnswer = batch => batch == 1;
        await ApproveAsync(world);

        var results = (await world.OutcomesAsync("s1")).ToDictionary(o => o.Name, o => o.Result);
        Assert.Equal(
            [
                SweepResult.Changed,
                SweepResult.Held,
                SweepResult.Leased,
                SweepResult.AlreadyGone,
                SweepResult.GoneUnconfirmed,
                SweepResult.GoneUnconfirmed,
            ],
            Names.Select(n => results[n])
        );
        Assert.Equal(3, world.Blobs.All.Count(b => Names.Contains(b.Name)));
        Assert.Empty(world.Blobs.Harm);
    }

    private static async Task<SweepWorld> StartedAsync(string by = "asker", bool hasOwner = true)
    {
        var world = await SweepWorld.StartAsync();
        world.OwnerInDirectory = hasOwner ? SweepWorld.Owner : null;
        Put(world);
        await world.BeginAsync("s1", by);
        await world.RunAsync(TimeSpan.FromMinutes(5));
        return world;
    }

    // More than half of them stay, so that no cap holds.
    private static void Put(SweepWorld world)
    {
        foreach (var name in Names)
            world.Blobs.Put(name);
        for (var i = 0; i < 8; i++)
            world.Blobs.Put(SweepWorld.Prompt(10, $"young-{i}"));
    }

    private static async Task ApproveAsync(SweepWorld world)
    {
        await world.AnswerAsync(SweepWorld.Owner, true);
        await world.AnswerAsync("one", true);
        await world.RunAsync(TimeSpan.FromHours(1));
    }
}
