using Azure.Storage.Blobs.Specialized;
using Compliance.Minimization.Sweeps;
using Testing;

namespace Compliance.Tests.Minimization.Sweeps;

/// <summary>One container of a sweep, planned and carried out on Azurite.</summary>
public sealed class SliceTests(AzuriteFixture azurite)
{
    private static CancellationToken Stop => SweepBench.Stop;

    [Fact]
    public async Task What_is_due_is_deleted_and_nothing_else()
    {
        var bench = await new SweepBench(azurite).WithAsync(
            SweepBench.Prompt(200, "a.json"),
            SweepBench.Prompt(91, "b.json"),
            SweepBench.Prompt(80, "c.json"),
            "features/one.parquet",
            "readme.txt"
        );

        var plan = await bench.PlanAsync();
        var prompts = Assert.Single(plan.Slices, s => s.DataSet == "prompts");
        Assert.True(await bench.ActAsync(prompts));

        Assert.Equal((2L, 3L), (prompts.Totals.Due.Items, prompts.Totals.All.Items));
        Assert.Equal([null, "features", "prompts"], plan.Slices.Select(s => s.DataSet).Order(StringComparer.Ordinal));
        Assert.Equal(
            new[] { SweepBench.Prompt(80, "c.json"), "features/one.parquet", "readme.txt" }.Order(StringComparer.Ordinal),
            await bench.NamesAsync()
        );
        Assert.All(await bench.OutcomesAsync(prompts), o => Assert.Equal((SweepResult.Deleted, 202, null), (o.Result, o.Status, o.Code)));
        Assert.Equal(2, (await bench.OutcomesAsync(prompts)).Count);
        Assert.Empty(bench.Evidence.Conflicts);
        Assert.Equal(
            ["begun", "complete"],
            bench.Evidence.Records.Values.OrderBy(r => r.Id, StringComparer.Ordinal).Select(r => r.Outcome)
        );
    }

    [Fact]
    public async Task What_is_not_any_more_what_was_planned_stays_with_its_reason()
    {
        var names = Enumerable.Range(0, 6).Select(i => SweepBench.Prompt(100, $"{i}.json")).ToArray();
        var bench = await new SweepBench(azurite).WithAsync(names);
        var slice = Assert.Single((await bench.PlanAsync()).Slices);
        await bench.PutAsync(names[0], "newer", stop: Stop);
        await bench
            .Client.GetBlobClient(names[1])
            .SetTagsAsync(new Dictionary<string, string> { ["legalhold"] = "yes" }, cancellationToken: Stop);
        await bench.Client.GetBlobClient(names[2]).GetBlobLeaseClient().AcquireAsync(TimeSpan.FromSeconds(-1), cancellationToken: Stop);
        await bench.Client.GetBlobClient(names[3]).DeleteAsync(cancellationToken: Stop);
        await bench
            .Client.GetBlobClient(names[4])
            .SetMetadataAsync(new Dictionary<string, string> { ["LegalHold"] = "yes" }, cancellationToken: Stop);

        Assert.True(await bench.ActAsync(slice));

        var results = (await bench.OutcomesAsync(slice)).ToDictionary(o => o.Name, o => o.Result);
        Assert.Equal(
            [SweepResult.Changed, SweepResult.Held, SweepResult.Leased, SweepResult.AlreadyGone, SweepResult.Changed, SweepResult.Deleted],
            names.Select(n => results[n])
        );
        Assert.Equal(new[] { names[0], names[1], names[2], names[4] }, await bench.NamesAsync());
    }

    [Fact]
    public async Task An_act_that_was_cut_off_goes_on_and_reports_each_item_once()
    {
        var names = Enumerable.Range(0, 600).Select(i => SweepBench.Prompt(100 + i % 50, $"{i:D4}.json")).ToArray();
        var bench = await new SweepBench(azurite).WithAsync(names);
        var slice = Assert.Single((await bench.PlanAsync()).Slices);
        var cut = new CutOff(bench.Data, afterBatches: 1);
        bench.Blobs = cut;
        await Assert.ThrowsAsync<OperationCanceledException>(() => bench.ActAsync(slice));

        bench.Blobs = bench.Data;
        Assert.True(await bench.ActAsync(slice));
        Assert.True(await bench.ActAsync(slice));

        Assert.Empty(await bench.NamesAsync());
        var outcomes = await bench.OutcomesAsync(slice);
        Assert.Equal(names.Order(StringComparer.Ordinal), outcomes.Select(o => o.Name).Order(StringComparer.Ordinal));
        Assert.Equal(600, outcomes.Count);
        // Of the batch whose answer was lost it is not known who deleted it; the others are this app's.
        Assert.Equal(cut.Lost, outcomes.Count(o => o.Result is SweepResult.AlreadyGone));
        Assert.True(cut.Lost > 0);
        Assert.Empty(bench.Evidence.Conflicts);
    }

    [Fact]
    public async Task Hostile_names_are_planned_and_deleted_as_they_are()
    {
        string[] hostile = ["a+b", "a b", "a?b", "a%2Fb", "a%b", "b/../c", "/lead", "trail.", "ünï/漢字", "x#y", "q&r=s", "'\"<>"];
        string[] names = [.. hostile.Append(new string('n', 900)).Select(n => SweepBench.Prompt(100, n))];
        var bench = await new SweepBench(azurite).WithAsync(names);

        var slice = Assert.Single((await bench.PlanAsync()).Slices);
        Assert.True(await bench.ActAsync(slice));

        Assert.Empty(await bench.NamesAsync());
        Assert.All(await bench.OutcomesAsync(slice), o => Assert.Equal(SweepResult.Deleted, o.Result));
        Assert.Equal(names.Length, (await bench.OutcomesAsync(slice)).Count);
    }

    [Fact]
    public async Task A_manifest_that_was_altered_deletes_nothing()
    {
        var bench = await new SweepBench(azurite).WithAsync(SweepBench.Prompt(100, "a"), SweepBench.Prompt(100, "b"));
        var slice = Assert.Single((await bench.PlanAsync()).Slices);
        var content = (await bench.Files.LoadAsync(slice.Manifest, Stop))!.Value.ToArray();
        var file = await bench.Files.CreateAsync(slice.Manifest, Stop);
        await file.AppendAsync(content.AsMemory(0, content.Length - 2), Stop);

        await Assert.ThrowsAnyAsync<Exception>(() => bench.ActAsync(slice));

        Assert.Equal(2, (await bench.NamesAsync()).Count);
        Assert.Empty(bench.Evidence.Records);
    }

    [Fact]
    public async Task A_pause_holds_the_next_part_and_what_came_before_it_stays_on_record()
    {
        var bench = await new SweepBench(azurite).WithAsync(SweepBench.Prompt(100, "a"));
        var slice = Assert.Single((await bench.PlanAsync()).Slices);
        bench.IsPaused = true;

        Assert.False(await bench.ActAsync(slice));
        Assert.Single(await bench.NamesAsync());

        bench.IsPaused = false;
        Assert.True(await bench.ActAsync(slice));
        Assert.Empty(await bench.NamesAsync());
    }

    [Fact]
    public async Task A_container_that_is_gone_is_planned_as_unread_and_one_that_goes_midway_deletes_nothing_more()
    {
        var bench = await new SweepBench(azurite).WithAsync(SweepBench.Prompt(100, "a"));
        var slice = Assert.Single((await bench.PlanAsync()).Slices);
        await bench.Client.DeleteAsync(cancellationToken: Stop);

        await Assert.ThrowsAsync<Azure.RequestFailedException>(() => bench.ActAsync(slice));
        var other = await new SweepBench(azurite).PlanAsync();

        Assert.Empty(other.Slices);
        Assert.Contains("is not there any more", other.Unread, StringComparison.Ordinal);
    }
}
