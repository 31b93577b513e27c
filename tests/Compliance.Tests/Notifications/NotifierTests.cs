using Compliance.Controls;
using Compliance.Notifications;
using Compliance.Notifications.Channels;
using Compliance.Notifications.Messages;
using Compliance.Policies;
using Simulation.Storage;
using static Compliance.Tests.Notifications.Some;

namespace Compliance.Tests.Notifications;

public sealed class NotifierTests : IDisposable
{
    private static readonly TimeSpan Sweep = TimeSpan.FromMinutes(5);

    private readonly NotificationWorld _world = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static NotificationItem Request => Item("request", role: NotificationRole.Approver);

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task A_request_reaches_every_approver_at_once_and_once()
    {
        _world.Open.Add(Request);
        await SweepAsync(3);

        Assert.Equal(
            ["teams:teams", "mail:ada@b.example", "mail:bo@b.example"],
            _world.Arrived.Where(a => !a.IsDigest).Select(a => a.To.Key)
        );
        // It is 19 h in Tokyo.
        Assert.Equal(["teams:teams", "mail:ada@b.example"], _world.Arrived.Where(a => a.IsDigest).Select(a => a.To.Key));
        Assert.Empty(await _world.FindingsAsync(Stop));
    }

    [Fact]
    public async Task A_process_that_dies_after_sending_sends_again_once_its_claim_is_over()
    {
        _world.Channels = [ChannelKind.Teams];
        _world.Open.Add(Request);
        _world.Trouble = (_, after) => after ? new NotificationWorld.Killed() : null;
        Assert.False(await _world.SweepAsync(Stop));
        _world.Trouble = (_, _) => null;

        Assert.True(await _world.SweepAsync(Stop));
        Assert.Single(_world.Arrived);
        _world.Time.Advance(Sweep);
        await SweepAsync(1);
        Assert.Equal(["Title of request", "Title of request"], _world.Arrived.Where(a => !a.IsDigest).Select(a => a.Message.Subject));
    }

    [Fact]
    public async Task Two_sweeps_at_once_send_a_message_once()
    {
        _world.Open.Add(Request);
        var isFirst = true;
        _world.Trouble = (_, _) =>
        {
            if (!isFirst)
                return null;
            isFirst = false;
            // Storage in memory answers at once: this ends before the first sweep goes on.
            _world.SweepBesideAsync(Stop).GetAwaiter().GetResult();
            return null;
        };
        await SweepAsync(1);

        Assert.Equal(
            ["mail:ada@b.example", "mail:bo@b.example", "teams:teams"],
            _world.Arrived.Where(a => !a.IsDigest).Select(a => a.To.Key).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task A_digest_is_sent_once_by_two_sweeps_where_something_urgent_went_before_it()
    {
        _world.Channels = [ChannelKind.Teams];
        _world.Open.Add(Request);
        var messages = 0;
        _world.Trouble = (_, after) =>
        {
            if (after || ++messages != 2)
                return null;
            _world.SweepBesideAsync(Stop).GetAwaiter().GetResult();
            return null;
        };
        await SweepAsync(1);

        Assert.Equal([false, true], _world.Arrived.Select(a => a.IsDigest));
    }

    [Fact]
    public async Task A_test_message_takes_no_claim_from_a_sweep_that_is_sending()
    {
        _world.Channels = [ChannelKind.Teams];
        _world.Open.Add(Request);
        var isFirst = true;
        _world.Trouble = (_, _) =>
        {
            if (!isFirst)
                return null;
            isFirst = false;
            _world.TestAsync(Stop).GetAwaiter().GetResult();
            _world.SweepBesideAsync(Stop).GetAwaiter().GetResult();
            return null;
        };
        await SweepAsync(1);

        Assert.Equal(
            ["Compliance test message", "Title of request", "Compliance digest of 2027-01-04: 1 open"],
            _world.Arrived.Select(a => a.Message.Subject)
        );
    }

    [Fact]
    public async Task What_was_over_for_a_time_is_notified_again_though_nothing_else_was_due()
    {
        _world.Time.Advance(TimeSpan.FromHours(12));
        _world.Open.Add(Request);
        await SweepAsync(1);
        // A waiver, and its end, which makes no other occasion of a finding.
        _world.Open.Clear();
        await SweepAsync(1);
        _world.Open.Add(Request);
        await SweepAsync(1);

        Assert.Equal(2, _world.Arrived.Count(a => a.To.Key == "teams:teams"));
    }

    [Fact]
    public async Task What_opened_after_a_sweep_had_read_is_not_forgotten_by_it()
    {
        _world.Time.Advance(TimeSpan.FromHours(12));
        _world.Channels = [ChannelKind.Teams];
        _world.Open.Add(Item("earlier"));
        await SweepAsync(1);
        var isFirst = true;
        _world.Memory.Faults = request =>
        {
            // The first read of what is kept: this sweep has read what is open.
            if (!isFirst || !request.Resource.Contains("notifications/", StringComparison.Ordinal))
                return StorageFault.None;
            isFirst = false;
            return StorageFault.RaceBefore(() =>
            {
                _world.Open.Add(Request);
                _world.Time.Advance(TimeSpan.FromSeconds(1));
                _world.SweepBesideAsync(Stop).GetAwaiter().GetResult();
            });
        };
        await SweepAsync(3);

        Assert.Equal(["Title of earlier", "Title of request"], _world.Arrived.Select(a => a.Message.Subject));
    }

    [Fact]
    public async Task A_channel_that_fails_in_an_unknown_way_keeps_no_other_from_its_messages()
    {
        _world.Open.Add(Request);
        _world.Trouble = (to, _) => to.Channel == ChannelKind.Teams ? new InvalidOperationException("https://hooks.example/secret") : null;
        await SweepAsync(2);

        Assert.Equal(["mail:ada@b.example", "mail:bo@b.example"], _world.Arrived.Where(a => !a.IsDigest).Select(a => a.To.Key));
        var reason = Assert.Single(await _world.FindingsAsync(Stop)).Reason;
        Assert.Contains("InvalidOperationException", reason, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sweep_ends_though_a_mailbox_answers_no_one_and_the_next_ones_come_to_everybody()
    {
        _world.Channels = [ChannelKind.Mail];
        _world.AddApprovers(20);
        _world.Open.Add(Request);
        var tried = new HashSet<string>();
        using var sending = new SemaphoreSlim(0);
        _world.Hangs = to =>
        {
            tried.Add(to.Key);
            sending.Release();
            return true;
        };
        var next = sending.WaitAsync(Stop);
        for (var sweeps = 0; sweeps < 5; sweeps++)
        {
            var sweep = _world.SweepAsync(Stop);
            var began = _world.Time.GetUtcNow();
            for (; await Task.WhenAny(sweep, next) != sweep; next = sending.WaitAsync(Stop))
                _world.Time.Advance(TimeSpan.FromMinutes(2));
            Assert.True(await sweep);
            Assert.InRange((_world.Time.GetUtcNow() - began).TotalMinutes, 2, 12);
        }

        Assert.Equal(22, tried.Count);
    }

    [Fact]
    public async Task Whose_access_has_ended_gets_nothing_and_does_not_count_and_their_findings_are_the_admins()
    {
        _world.Channels = [ChannelKind.Mail];
        _world.Open.Add(Request with { Audience = new(NotificationRole.Approver, null, NoOne, PeopleNeeded: 2) });
        _world.Open.Add(Item("theirs", role: null, address: "bo@b.example"));
        _world.Open.Add(Item("others") with { Audience = new(null, "cy@b.example", NoOne) { ObjectId = "cy" } });
        _world.Ended.UnionWith(["3f0c0b0e-0000-4000-8000-00000000000b", "cy"]);
        await SweepAsync(1);

        var message = Assert.Single(_world.Arrived, a => !a.IsDigest);
        Assert.Equal("mail:ada@b.example", message.To.Key);
        Assert.Equal(["Title of request", "Title of others", "Title of theirs"], message.Message.Entries.Select(e => e.Title));
        Assert.Equal(["ended", ""], (await _world.FindingsAsync(Stop)).Select(f => f.Part));
        Texts.Notifications.Expect("ended", (await _world.FindingsAsync(Stop)).SelectMany(f => new[] { f.Reason, f.NextStep }));
        Assert.Equal(["mail:bo@b.example"], (await TestAsync()).Where(t => t.Item2 is not null).Select(t => t.Item1));

        // Given back, they are asked.
        _world.Ended.Clear();
        await SweepAsync(1);
        Assert.Contains(_world.Arrived, a => a.To.Key == "mail:bo@b.example" && a.Message.Entries.Any(e => e.Title == "Title of request"));
        Assert.Empty(await _world.FindingsAsync(Stop));
    }

    [Fact]
    public async Task The_ledger_has_who_was_notified_of_what_and_when_without_naming_them()
    {
        _world.Channels = [ChannelKind.Mail, ChannelKind.Teams];
        _world.Open.Add(Request with { Id = "leaver-1-abc", CaseId = "leaver-1" });
        await SweepAsync(2);

        var records = _world.Records(DeliveryRecords.Action);
        Assert.Equal(["digest", "digest", "urgent", "urgent", "urgent"], records.Select(Kind).Order(StringComparer.Ordinal));
        var urgent = records.Where(r => Kind(r) == "urgent").ToList();
        Assert.All(urgent, r => Assert.Matches("^p-[0-9a-f]+-abc$", r["reason"]!.GetValue<string>()));
        Assert.All(urgent, r => Assert.Matches("^[0-9a-f]{64}$", r["detailsSha256"]!["message"]!.GetValue<string>()));
        Assert.Single(urgent, r => r["subject"]!.GetValue<string>() == "teams");
        Assert.Equal(2, urgent.Count(r => r["subject"]!.GetValue<string>().StartsWith("p-", StringComparison.Ordinal)));
        Assert.All(records, r => Assert.DoesNotMatch("leaver-1|b\\.example|3f0c0b0e|Title", r.ToJsonString()));
    }

    [Fact]
    public async Task What_arrived_is_recorded_once_though_the_process_died_before_it_was()
    {
        _world.Channels = [ChannelKind.Teams];
        _world.Open.Add(Request with { Id = "leaver-1-abc" });
        var isFirst = true;
        _world.Memory.Faults = request =>
        {
            if (!isFirst || !request.Resource.Contains("ledger/", StringComparison.Ordinal))
                return StorageFault.None;
            isFirst = false;
            return StorageFault.CrashBefore;
        };
        var at = _world.Time.GetUtcNow();
        Assert.False(await _world.SweepAsync(Stop));
        Assert.Empty(_world.Records(DeliveryRecords.Action));
        _world.Time.Advance(Sweep);
        await SweepAsync(3);

        Assert.Equal([true, false], _world.Arrived.Select(a => !a.IsDigest));
        var records = _world.Records(DeliveryRecords.Action);
        Assert.Equal(2, records.Count);
        Assert.All(records, r => Assert.Equal(at, r["time"]!.GetValue<DateTimeOffset>()));
    }

    private static string Kind(System.Text.Json.Nodes.JsonNode record) => record["counts"]!.AsObject().Single().Key;

    [Fact]
    public async Task Whoever_cannot_be_reached_does_not_count_as_notified()
    {
        _world.Open.Add(Request with { Audience = new(NotificationRole.Approver, null, NoOne, PeopleNeeded: 2) });
        _world.Trouble = (_, _) => new NotDeliveredException("gone", isPermanent: true);
        await SweepAsync(1);

        Assert.Equal(
            ["NOTIFY-001", "NOTIFY-001", "NOTIFY-001", "NOTIFY-002"],
            (await _world.FindingsAsync(Stop)).Select(f => f.ControlId)
        );
    }

    [Fact]
    public async Task Without_any_admin_there_is_a_finding_before_something_is_urgent()
    {
        _world.Channels = [ChannelKind.Mail];
        _world.NameNoOne();
        await SweepAsync(1);

        Assert.Equal([("admin", Severity.Medium)], (await _world.FindingsAsync(Stop)).Select(f => (f.Part, f.Severity)));
        _world.Channels = [ChannelKind.Mail, ChannelKind.Teams];
        await SweepAsync(1);
        Assert.Empty(await _world.FindingsAsync(Stop));
    }

    [Fact]
    public async Task What_another_sweep_claimed_between_read_and_claim_is_left_to_it()
    {
        _world.Open.Add(Request);
        var isFirst = true;
        _world.Memory.Faults = request =>
        {
            if (
                !isFirst
                || !request.Resource.Contains("notifications/", StringComparison.Ordinal)
                || request.Operation != StorageOperation.PutBlob
            )
                return StorageFault.None;
            isFirst = false;
            return StorageFault.RaceBefore(ClaimAndDie);
        };
        await SweepAsync(1);
        Assert.Equal(["mail:ada@b.example", "mail:bo@b.example"], _world.Arrived.Where(a => !a.IsDigest).Select(a => a.To.Key));
        await SweepAsync(1);
        Assert.Equal(3, _world.Arrived.Count(a => !a.IsDigest));

        void ClaimAndDie()
        {
            _world.Trouble = (_, _) => new NotificationWorld.Killed();
            Assert.ThrowsAny<Exception>(() => _world.SweepBesideAsync(Stop).GetAwaiter().GetResult());
            _world.Trouble = (_, _) => null;
        }
    }

    [Fact]
    public async Task A_failing_channel_keeps_no_other_from_its_messages_and_is_a_finding_until_one_arrives()
    {
        _world.Open.Add(Request);
        _world.Trouble = (to, _) => to.Channel == ChannelKind.Teams ? new NotDeliveredException("no answer", isPermanent: false) : null;
        await SweepAsync(1);
        Assert.Empty(await _world.FindingsAsync(Stop));
        await SweepAsync(2);

        Assert.Equal(["mail:ada@b.example", "mail:bo@b.example"], _world.Arrived.Where(a => !a.IsDigest).Select(a => a.To.Key));
        var finding = Assert.Single(await _world.FindingsAsync(Stop));
        Texts.Notifications.Expect("not delivered", [finding.ControlId, finding.Subject.Id, finding.Reason, finding.NextStep]);

        _world.Trouble = (_, _) => null;
        await SweepAsync(12);
        Assert.Empty(await _world.FindingsAsync(Stop));
        Assert.Contains(_world.Arrived, a => a.To.Key == "teams:teams");
    }

    [Fact]
    public async Task A_channel_that_does_not_answer_is_given_up_within_the_claim_and_the_others_are_served()
    {
        _world.Open.Add(Request);
        _world.Hangs = to => to.Channel == ChannelKind.Teams;
        var sweep = _world.SweepAsync(Stop);
        Assert.False(sweep.IsCompleted);
        _world.Time.Advance(TimeSpan.FromMinutes(2));

        Assert.True(await sweep);
        Assert.Equal(["mail:ada@b.example", "mail:bo@b.example"], _world.Arrived.Where(a => !a.IsDigest).Select(a => a.To.Key));
        _world.Time.Advance(TimeSpan.FromMinutes(5));
        sweep = _world.SweepAsync(Stop);
        _world.Time.Advance(TimeSpan.FromMinutes(2));
        await sweep;
        Assert.Contains("within 2 minutes", Assert.Single(await _world.FindingsAsync(Stop)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_test_message_reaches_everybody_of_the_policy_and_shows_a_channel_that_works_again()
    {
        _world.Trouble = (to, _) => to.Channel == ChannelKind.Teams ? new NotDeliveredException("gone", isPermanent: true) : null;
        Assert.Equal([("teams:teams", "gone"), ("mail:ada@b.example", null), ("mail:bo@b.example", null)], await TestAsync());
        await SweepAsync(1);
        Assert.Equal("NOTIFY-001", Assert.Single(await _world.FindingsAsync(Stop)).ControlId);

        _world.Trouble = (_, _) => null;
        await TestAsync();
        await SweepAsync(1);
        Assert.Empty(await _world.FindingsAsync(Stop));
    }

    [Fact]
    public async Task Too_few_approvers_no_admin_and_no_mailbox_are_findings()
    {
        var one = new HashSet<string> { NotificationWorld.Ada };
        _world.Channels = [ChannelKind.Mail];
        _world.Open.Add(Request with { Audience = new(NotificationRole.Approver, null, one, PeopleNeeded: 2) });
        _world.Open.Add(Item("late") with { Audience = new(NotificationRole.Admin, null, one) });
        await SweepAsync(1);
        var withMail = await _world.FindingsAsync(Stop);
        _world.Channels = [];
        await SweepAsync(1);
        var without = await _world.FindingsAsync(Stop);

        Assert.Equal(["admin", ""], withMail.Select(f => f.Part));
        Texts.Notifications.Expect("no recipient", without.SelectMany(f => new[] { $"{f.Severity} {f.Part}", f.Reason, f.NextStep }));
        _world.Channels = [ChannelKind.Teams];
        await SweepAsync(1);
        Assert.Equal([("mail", Severity.Low)], (await _world.FindingsAsync(Stop)).Select(f => (f.Part, f.Severity)));
    }

    [Fact]
    public async Task A_signal_that_cannot_be_followed_is_left_to_the_timer()
    {
        _world.Open.Add(Request);
        _world.BreakPolicy();

        await _world.SignalAsync(Stop);

        Assert.Empty(_world.Arrived);
        await Assert.ThrowsAsync<PolicyException>(() => _world.SweepBesideAsync(Stop));
    }

    [Fact]
    public async Task A_sweep_with_nothing_to_do_writes_no_evidence()
    {
        await SweepAsync(3);
        var before = _world.Memory.Evidence.Size();
        await SweepAsync(100);

        Assert.Equal(before, _world.Memory.Evidence.Size());
        Assert.Empty(_world.Arrived);
    }

    private async Task<IEnumerable<(string, string?)>> TestAsync() => (await _world.TestAsync(Stop)).Select(t => (t.Recipient, t.Failure));

    private async Task SweepAsync(int times)
    {
        for (var i = 0; i < times; i++)
        {
            await _world.SweepAsync(Stop);
            _world.Time.Advance(Sweep);
        }
    }
}
