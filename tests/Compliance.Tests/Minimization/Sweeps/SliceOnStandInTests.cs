using Azure.Storage.Blobs.Models;
using Compliance.Ledger.Privacy;
using Compliance.Minimization.Sweeps;
using Compliance.Storage;
using Compliance.Tests.Minimization.StandIn;
using Compliance.Tests.Storage;
using Testing;

namespace Compliance.Tests.Minimization.Sweeps;

/// <summary>What Azurite lacks: versions, soft delete, snapshots in a batch, conditions that hold together, lost answers.</summary>
public sealed class SliceOnStandInTests(MemoryStorageFixture state)
{
    private static readonly string[] Names = [.. Enumerable.Range(0, 600).Select(i => SweepBench.Prompt(100, $"{i:D4}"))];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Where_versions_are_kept_the_version_that_a_deleted_blob_becomes_is_deleted_too()
    {
        await using var host = await StandInHost.StartAsync(time => new("acme", time) { IsVersioned = true });
        host.Add(SweepBench.Prompt(100, "a"), SweepBench.Prompt(100, "b"), SweepBench.Prompt(10, "young"));
        host.Raw.Rewrite(SweepBench.Prompt(100, "b"));
        var bench = SweepBench.On(host, state);

        var slice = Assert.Single((await bench.PlanAsync()).Slices);
        Assert.True(await bench.ActAsync(slice));

        Assert.Equal((3L, 4L), (slice.Totals.Due.Items, slice.Totals.All.Items));
        Assert.All(await bench.OutcomesAsync(slice), o => Assert.Equal(SweepResult.Deleted, o.Result));
        Assert.Equal([SweepBench.Prompt(10, "young")], (await host.ListAsync(BlobStates.Version)).Select(b => b.Name));
        Assert.Equal(new SliceLeft(0, 0, 0, 0), await bench.VerifyAsync(slice));
    }

    [Fact]
    public async Task A_blob_that_was_rewritten_after_the_plan_stays_with_its_versions_but_for_those_of_the_plan()
    {
        await using var host = await StandInHost.StartAsync(time => new("acme", time) { IsVersioned = true });
        host.Add(SweepBench.Prompt(100, "a"));
        var bench = SweepBench.On(host, state);
        var slice = Assert.Single((await bench.PlanAsync()).Slices);
        host.Raw.Rewrite(SweepBench.Prompt(100, "a"));

        Assert.True(await bench.ActAsync(slice));

        Assert.Equal(SweepResult.Changed, Assert.Single(await bench.OutcomesAsync(slice)).Result);
        Assert.Equal(2, (await host.ListAsync(BlobStates.Version)).Count);
    }

    [Fact]
    public async Task A_blob_goes_after_its_snapshots()
    {
        await using var host = await StandInHost.StartAsync();
        host.Add(SweepBench.Prompt(100, "a"));
        await host.Client.GetBlobClient(SweepBench.Prompt(100, "a")).CreateSnapshotAsync(cancellationToken: Stop);
        var bench = SweepBench.On(host, state);

        var slice = Assert.Single((await bench.PlanAsync()).Slices);
        Assert.True(await bench.ActAsync(slice));

        Assert.Equal(2, (await bench.OutcomesAsync(slice)).Count);
        Assert.All(await bench.OutcomesAsync(slice), o => Assert.Equal(SweepResult.Deleted, o.Result));
        Assert.Empty(await host.ListAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_gone_by_another_hand_before_its_delete_is_already_gone_whatever_the_service_calls_it(bool unmet)
    {
        await using var host = await StandInHost.StartAsync(time => new("acme", time) { AnswersMissingAsUnmet = unmet });
        host.Add(Names[..2]);
        var bench = SweepBench.On(host, state);
        var slice = Assert.Single((await bench.PlanAsync()).Slices);
        host.Faults.BeforeDelete = (_, name) =>
        {
            if (name == Names[0])
                host.Raw.Delete(name, default);
        };

        Assert.True(await bench.ActAsync(slice));

        var results = (await bench.OutcomesAsync(slice)).ToDictionary(o => o.Name, o => o.Result);
        Assert.Equal([SweepResult.AlreadyGone, SweepResult.Deleted], Names[..2].Select(n => results[n]));
    }

    [Fact]
    public async Task A_part_with_nothing_to_delete_is_neither_begun_nor_on_record()
    {
        await using var host = await StandInHost.StartAsync();
        host.Add([.. Enumerable.Range(0, 5000).Select(i => SweepBench.Prompt(10, $"{i:D4}")), SweepBench.Prompt(100, "old")]);
        var bench = SweepBench.On(host, state);

        var slice = Assert.Single((await bench.PlanAsync()).Slices);
        Assert.True(await bench.ActAsync(slice));

        Assert.Equal((3, 2), (slice.Parts.Count, bench.Evidence.Records.Count));
        Assert.Equal(5000, host.Raw.Count);
        host.Server.Log.Clear();
        Assert.True(await bench.ActAsync(slice));
        Assert.Equal(0, host.Server.Log.Reads + host.Server.Log.Writes);
    }

    [Fact]
    public async Task A_dry_run_sends_only_reads()
    {
        await using var host = await StandInHost.StartAsync();
        host.Add(Names);
        host.Server.Log.Clear();

        await SweepBench.On(host, state).PlanAsync();

        Assert.Equal(0, host.Server.Log.Writes);
        Assert.True(host.Server.Log.Reads > 0);
    }

    [Fact]
    public async Task What_is_tagged_leased_or_held_in_the_instant_before_its_delete_stays()
    {
        await using var host = await StandInHost.StartAsync();
        host.Add(Names[..4]);
        foreach (var name in Names[..4])
            host.Raw.ChangeExtras(name, e => e with { Tags = new Dictionary<string, string> { ["of"] = "prompts" } });
        var bench = SweepBench.On(host, state);
        var slice = Assert.Single((await bench.PlanAsync()).Slices);
        host.Faults.BeforeDelete = (_, name) =>
        {
            if (name == Names[0])
                host.Raw.ChangeExtras(name, e => e with { Tags = new Dictionary<string, string> { ["of"] = "litigation" } });
            if (name == Names[1])
                host.Raw.ChangeExtras(name, e => e with { HasLegalHold = true });
            if (name == Names[2])
                host.Raw.Rewrite(name);
        };

        Assert.True(await bench.ActAsync(slice));

        var results = (await bench.OutcomesAsync(slice)).ToDictionary(o => o.Name, o => o.Result);
        Assert.Equal([SweepResult.Changed, SweepResult.Held, SweepResult.Changed, SweepResult.Deleted], Names[..4].Select(n => results[n]));
        Assert.Equal(new SliceLeft(0, 0, 3, 0), await bench.VerifyAsync(slice));
    }

    [Fact]
    public async Task Lost_throttled_shuffled_and_missing_answers_report_each_item_once_and_claim_nothing_that_was_not_done()
    {
        await using var host = await StandInHost.StartAsync();
        host.Add(Names);
        host.Faults.ShufflesParts = true;
        host.Faults.BusyItems.Share = 0.2;
        host.Faults.MissingParts.Share = 0.05;
        host.Faults.DoubledParts.Share = 0.05;
        host.Faults.LoseNextAnswers(1);
        var bench = SweepBench.On(host, state);

        var slice = Assert.Single((await bench.PlanAsync()).Slices);
        Assert.True(await bench.ActAsync(slice));

        var outcomes = await bench.OutcomesAsync(slice);
        Assert.Equal(Names.Order(StringComparer.Ordinal), outcomes.Select(o => o.Name).Order(StringComparer.Ordinal));
        Assert.Empty(await host.ListAsync());
        Assert.All(outcomes, o => Assert.True(o.Result is SweepResult.Deleted or SweepResult.GoneUnconfirmed, $"{o.Result}"));
        Assert.Contains(outcomes, o => o.Result == SweepResult.GoneUnconfirmed);
        Assert.Equal(new SliceLeft(0, 0, 0, 0), await bench.VerifyAsync(slice));
    }

    [Fact]
    public async Task What_was_answered_as_deleted_and_is_there_again_is_found()
    {
        await using var host = await StandInHost.StartAsync(time => new("acme", time) { SoftDelete = TimeSpan.FromDays(7) });
        host.Add(Names[..3]);
        var bench = SweepBench.On(host, state);
        var slice = Assert.Single((await bench.PlanAsync()).Slices);
        Assert.True(await bench.ActAsync(slice));
        Assert.Equal(0, (await bench.VerifyAsync(slice)).StillThere);

        await host.Client.GetBlobClient(Names[1]).UndeleteAsync(Stop);

        Assert.Equal(1, (await bench.VerifyAsync(slice)).StillThere);
    }

    [Fact]
    public async Task An_erased_pseudonym_goes_with_its_versions_and_until_when_soft_delete_keeps_it_is_known()
    {
        await using var host = await StandInHost.StartAsync(time =>
            new("acme", time) { IsVersioned = true, SoftDelete = TimeSpan.FromDays(7) }
        );
        var storage = new StateStorage(
            StorageOptions.Read(
                Settings.Of(("AzureWebJobsStorage", state.StateConnection), ("EvidenceStorage", host.Server.ConnectionString(host.Account)))
            )
        );
        var pseudonyms = new BlobPseudonyms(storage, host.Time);
        await pseudonyms.GetOrCreateAsync("t", "leaver-1", Stop);

        var until = await pseudonyms.EraseAsync("t", "leaver-1", Stop);

        Assert.InRange(until!.Value, host.Time.GetUtcNow().AddDays(7), host.Time.GetUtcNow().AddDays(8));
        var details = host.Service.GetBlobContainerClient(BlobPseudonyms.Container);
        Assert.Empty(await details.GetBlobsAsync(BlobTraits.None, BlobStates.Version, null, Stop).ToListAsync(Stop));
        host.Time.Advance(TimeSpan.FromDays(9));
        Assert.Null(await pseudonyms.RetainedUntilAsync("t", "leaver-1", Stop));
    }
}
