using System.Text;
using Azure.Storage.Blobs.Specialized;
using BlobStandIn.Faults;
using BlobStandIn.State;
using Compliance.Minimization.Deletion;

namespace Compliance.Tests.Minimization.StandIn;

public sealed class StandInBatchTests
{
    private static readonly DeletionOutcome[] AllDeleted = [.. Enumerable.Repeat(DeletionOutcome.Deleted, 20)];

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_item_of_a_batch_has_its_own_outcome()
    {
        await using var host = await StandInHost.StartAsync(time => new("acme", time) { IsVersioned = true });
        host.Add("changed", "current", "deleted", "gone", "held", "leased", "tagged");
        host.Raw.Rewrite("deleted");
        var blobs = (await host.ListAsync()).ToDictionary(b => (b.Name, b.IsLatestVersion == true), StandInHost.Facts);
        var current = blobs[("current", true)] with { IsCurrent = false };
        string[] names = ["deleted", "gone", "changed", "held", "leased"];
        var targets = names.Select(n => StandInHost.Target(blobs[(n, true)])).ToList();
        targets.AddRange(
            StandInHost.Target(current),
            StandInHost.Target(blobs[("tagged", true)], "\"hold\" <> 'yes'"),
            StandInHost.Target(blobs[("deleted", false)])
        );
        host.Raw.Rewrite("changed");
        host.Raw.Delete("gone", default);
        host.Raw.ChangeExtras("held", e => e with { HasLegalHold = true });
        host.Raw.ChangeExtras("tagged", e => e with { Tags = new Dictionary<string, string> { ["hold"] = "yes" } });
        await host.Client.GetBlobClient("leased").GetBlobLeaseClient().AcquireAsync(TimeSpan.FromSeconds(-1), null, CancellationToken);

        var answer = await host.SendAsync(targets);

        Assert.Equal((AnswerFault.None, 0), (answer.Fault, answer.Strays));
        Assert.Equal(
            [
                (DeletionOutcome.Deleted, null),
                (DeletionOutcome.AlreadyGone, "BlobNotFound"),
                (DeletionOutcome.Changed, "ConditionNotMet"),
                (DeletionOutcome.Held, "BlobImmutableDueToLegalHold"),
                (DeletionOutcome.Leased, "LeaseIdMissing"),
                (DeletionOutcome.RefusedAsCurrent, "OperationNotAllowedOnRootBlob"),
                (DeletionOutcome.Changed, "ConditionNotMet"),
                (DeletionOutcome.Deleted, null),
            ],
            answer.Items.Select(i => (i.Outcome, i.Code))
        );
        Assert.Equal(["changed", "current", "held", "leased", "tagged"], host.Raw.Names);
        Assert.Equal((2, 1, 2), (host.Server.Log.Deleted, host.Server.Log.Refusals["BlobNotFound"], host.Server.Log.Writes));
    }

    [Fact]
    public async Task Names_that_are_hard_to_write_are_deleted_and_no_others()
    {
        await using var host = await StandInHost.StartAsync();
        host.Add(HostileNames.All);
        var targets = await host.TargetsAsync();
        host.Add("a b/c", "a/../c", "a", "c");

        var answer = await host.SendAsync(targets);

        Assert.All(answer.Items, i => Assert.Equal(DeletionOutcome.Deleted, i.Outcome));
        Assert.Equal(["a", "a b/c", "a/../c", "c"], host.Raw.Names);
    }

    [Theory]
    [InlineData(257, 0)]
    [InlineData(2, 4 * 1024 * 1024)]
    public async Task A_batch_over_a_limit_is_answered_with_one_part_and_does_nothing(int count, int padding)
    {
        await using var host = await StandInHost.StartAsync();
        host.Add([.. Enumerable.Range(0, count).Select(i => $"{i:d3}")]);
        var targets = await host.TargetsAsync();
        var body = new StringBuilder();
        for (var i = 0; i < count; i++)
            body.Append($"--b\r\nContent-Type: application/http\r\nContent-ID: {i}\r\n\r\nDELETE /acme{targets[i].Path} HTTP/1.1\r\n")
                .Append($"Authorization: Bearer a\r\nx-padding: {new string('x', padding)}\r\n\r\n");
        var batch = BatchRequest.Create(host.Server.Endpoint(host.Account), [targets[0]], StandInHost.Proof) with
        {
            Body = Encoding.ASCII.GetBytes(body.Append("--b--\r\n").ToString()),
            ContentType = "multipart/mixed; boundary=b",
        };

        var answer = await StandInHost.SendAsync(batch, count);

        Assert.Equal(AnswerFault.NothingDone, answer.Fault);
        Assert.All(answer.Items, i => Assert.Equal((DeletionOutcome.Failed, 400), (i.Outcome, i.Status)));
        Assert.Equal(count, host.Raw.Count);
    }

    [Fact]
    public async Task Each_item_shows_who_it_is_from()
    {
        await using var host = await StandInHost.StartAsync();
        host.Add("a", "b");
        var targets = await host.TargetsAsync();
        var batch = BatchRequest.Create(host.Server.Endpoint(host.Account), targets, StandInHost.Proof);
        var body = Encoding.ASCII.GetString(batch.Body.Span);
        var first = body.IndexOf("Authorization", StringComparison.Ordinal);

        var answer = await StandInHost.SendAsync(batch with { Body = Encoding.ASCII.GetBytes(body.Remove(first, 2)) }, 2);

        Assert.Equal([DeletionOutcome.Refused, DeletionOutcome.Deleted], answer.Items.Select(i => i.Outcome));
        var signed = BatchRequest.Create(host.Server.Endpoint(host.Account), targets, BatchProof.FromSignature("sv=2021-12-02&sig=a%2Bb"));
        Assert.Equal(
            [DeletionOutcome.Deleted, DeletionOutcome.AlreadyGone],
            (await StandInHost.SendAsync(signed, 2, "&sig=a")).Items.Select(i => i.Outcome)
        );
        Assert.All((await StandInHost.SendAsync(signed, 2, "")).Items, i => Assert.Equal(403, i.Status));
    }

    [Fact]
    public async Task Parts_in_another_order_are_still_each_items_own()
    {
        await using var host = await StandInHost.StartAsync();
        var targets = await TwentyAsync(host);
        host.Raw.Rewrite("07");
        host.Faults.ShufflesParts = true;

        var answer = await host.SendAsync(targets);

        Assert.Equal((AnswerFault.None, 0), (answer.Fault, answer.Strays));
        Assert.Equal([7], Where(answer, DeletionOutcome.Changed));
        Assert.Equal(19, Where(answer, DeletionOutcome.Deleted).Count);
    }

    [Fact]
    public async Task Parts_that_are_missing_or_there_twice_leave_open_what_was_done()
    {
        await using var host = await StandInHost.StartAsync();
        var targets = await TwentyAsync(host);
        host.Faults.MissingParts.Share = 0.3;
        host.Faults.DoubledParts.Share = 0.3;

        var answer = await host.SendAsync(targets);

        var unknown = Where(answer, DeletionOutcome.Unknown).Count;
        Assert.InRange(answer.Strays, 1, 19);
        Assert.InRange(unknown, answer.Strays + 1, 19);
        Assert.Equal(20 - unknown, Where(answer, DeletionOutcome.Deleted).Count);
        Assert.Equal(0, host.Raw.Count);
    }

    [Fact]
    public async Task A_lost_answer_comes_after_the_work_was_done()
    {
        await using var host = await StandInHost.StartAsync();
        var targets = await TwentyAsync(host);
        host.Faults.LoseNextAnswers(1);

        await Assert.ThrowsAsync<HttpRequestException>(() => host.SendAsync(targets));
        var again = await host.SendAsync(targets);

        Assert.Equal(20, Where(again, DeletionOutcome.AlreadyGone).Count);
        Assert.Equal(20, host.Server.Log.Deleted);
    }

    [Fact]
    public async Task An_answer_that_breaks_off_shows_some_of_what_was_done()
    {
        await using var host = await StandInHost.StartAsync();
        var targets = await TwentyAsync(host);
        host.Faults.CutAnswers.Share = 1;

        var answer = await host.SendAsync(targets);

        Assert.Equal(AnswerFault.CutOff, answer.Fault);
        Assert.InRange(Where(answer, DeletionOutcome.Deleted).Count, 1, 19);
        Assert.Equal(20, Where(answer, DeletionOutcome.Deleted).Count + Where(answer, DeletionOutcome.Unknown).Count);
        Assert.Equal(0, host.Raw.Count);
    }

    [Fact]
    public async Task What_happens_right_before_a_delete_keeps_the_blob()
    {
        await using var host = await StandInHost.StartAsync();
        host.Add("leased", "rewritten", "tagged", "untouched");
        var targets = await host.TargetsAsync("\"hold\" <> 'yes'");
        var raw = host.Raw;
        host.Faults.BeforeDelete = (_, name) =>
        {
            if (name == "rewritten")
                raw.Rewrite(name);
            else if (name == "tagged")
                raw.ChangeExtras(name, e => e with { Tags = new Dictionary<string, string> { ["hold"] = "yes" } });
            else if (name == "leased")
                raw.ChangeExtras(name, e => e with { Lease = new("1", DateTime.MaxValue) });
        };

        var answer = await host.SendAsync(targets);

        Assert.Equal(
            [DeletionOutcome.Leased, DeletionOutcome.Changed, DeletionOutcome.Changed, DeletionOutcome.Deleted],
            answer.Items.Select(i => i.Outcome)
        );
        Assert.Equal(["leased", "rewritten", "tagged"], raw.Names);
    }

    [Fact]
    public async Task A_container_that_is_deleted_midway_has_nothing_left_to_delete()
    {
        await using var host = await StandInHost.StartAsync();
        var targets = await TwentyAsync(host);
        host.Faults.BeforeDelete = (container, name) => _ = name == "03" && host.Account.DeleteContainer(container);

        var answer = await host.SendAsync(targets);

        Assert.Equal([0, 1, 2], Where(answer, DeletionOutcome.Deleted));
        Assert.All(answer.Items.Skip(3), i => Assert.Equal((404, "ContainerNotFound"), (i.Status, i.Code)));
        Assert.Equal((404, "ContainerNotFound"), Of((await host.SendAsync(targets)).Items[0]));
    }

    [Fact]
    public async Task A_quota_lets_through_so_many_a_second()
    {
        await using var host = await StandInHost.StartAsync();
        var targets = await TwentyAsync(host);
        host.Faults.Quota = new(perSecond: 8, burst: 8, host.Time);

        var first = await host.SendAsync(targets);
        host.Time.Advance(TimeSpan.FromSeconds(1));
        var second = await host.SendAsync([.. Where(first, DeletionOutcome.Throttled).Select(i => targets[i])]);

        Assert.Equal((8, 12), (Where(first, DeletionOutcome.Deleted).Count, Where(first, DeletionOutcome.Throttled).Count));
        Assert.All(first.Items.Skip(8), i => Assert.Equal((503, TimeSpan.FromSeconds(1)), (i.Status, i.RetryAfter)));
        Assert.Equal(8, Where(second, DeletionOutcome.Deleted).Count);
        Assert.Equal((16, 16), (host.Faults.Quota.Granted, host.Faults.Quota.Refused));
    }

    [Fact]
    public async Task The_same_seed_refuses_the_same_items()
    {
        await using var one = await StandInHost.StartAsync();
        await using var other = await StandInHost.StartAsync();
        one.Faults.BusyItems.Share = other.Faults.BusyItems.Share = 0.2;

        var refused = Where(await one.SendAsync(await TwentyAsync(one)), DeletionOutcome.Throttled);

        Assert.InRange(refused.Count, 1, 10);
        Assert.Equal(refused, Where(await other.SendAsync(await TwentyAsync(other)), DeletionOutcome.Throttled));
    }

    [Fact]
    public async Task A_busy_service_does_nothing_and_asks_to_wait()
    {
        await using var host = await StandInHost.StartAsync();
        var targets = await TwentyAsync(host);
        host.Faults.Busy.Share = 1;
        host.Faults.RetryAfter = TimeSpan.FromSeconds(3);

        var answer = await host.SendAsync(targets);

        Assert.Equal(AnswerFault.NothingDone, answer.Fault);
        Assert.All(answer.Items, i => Assert.Equal((503, "ServerBusy", TimeSpan.FromSeconds(3)), (i.Status, i.Code, i.RetryAfter)));
        Assert.Equal(20, host.Raw.Count);
    }

    [Fact]
    public async Task A_blob_can_be_refused_by_its_name()
    {
        await using var host = await StandInHost.StartAsync();
        var targets = await TwentyAsync(host);
        host.Faults.Refuse = (_, name) => name == "05" ? new StandInError(500, "InternalError", "The server broke.") : null;

        var answer = await host.SendAsync(targets);

        Assert.Equal([5], Where(answer, DeletionOutcome.Unknown));
        Assert.Equal(["05"], host.Raw.Names);
    }

    [Fact]
    public async Task Without_a_fault_all_is_deleted()
    {
        await using var host = await StandInHost.StartAsync();

        var answer = await host.SendAsync(await TwentyAsync(host));

        Assert.Equal(AllDeleted, answer.Items.Select(i => i.Outcome));
        Assert.Equal(1, host.Server.Log.Count(StandInOperation.Batch));
    }

    private static async Task<List<DeletionTarget>> TwentyAsync(StandInHost host)
    {
        host.Add([.. Enumerable.Range(0, 20).Select(i => $"{i:d2}")]);
        return await host.TargetsAsync();
    }

    private static List<int> Where(BatchAnswer answer, DeletionOutcome outcome) =>
        [.. Enumerable.Range(0, answer.Items.Count).Where(i => answer.Items[i].Outcome == outcome)];

    private static (int?, string?) Of(ItemAnswer item) => (item.Status, item.Code);
}
