using System.Text.Json;
using Azure;
using Compliance.Controls;
using Compliance.Offboarding;
using Compliance.Offboarding.Intake;
using Compliance.Tests.State;
using Testing;
using static Compliance.Tests.Offboarding.Intake.Hr;

namespace Compliance.Tests.Offboarding.Intake;

public sealed class LeaverIntakeTests(AzuriteFixture azurite)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_event_starts_again_and_again_until_the_start_is_confirmed()
    {
        var desk = Desk.Of(azurite, "intake-start");
        var @event = Event(HrEventKind.Terminated, 1);

        var first = await desk.TakeAsync(@event);
        var again = await desk.TakeAsync(@event);
        var confirmed = await desk.Intake.ConfirmDispatchedAsync(first.Case.Id, first.Case.Round, Stop);
        var repeat = await desk.TakeAsync(@event);

        Assert.Equal((first, IntakeOutcome.Started), (again, first.Outcome));
        Assert.Equal(new(confirmed, IntakeOutcome.Repeat), repeat);
        Assert.Equal(new DateTimeOffset(2026, 11, 30, 16, 0, 0, TimeSpan.Zero), repeat.Case.DueAt);
        Assert.Equal([repeat.Case], await desk.Cases.AllAsync("intake-start", Stop));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Events_at_once_in_any_order_and_repeated_end_in_one_case(int seed)
    {
        var tenant = $"intake-order-{seed}";
        var desk = Desk.Of(azurite, tenant);
        HrEvent[] history = [Event(HrEventKind.Terminated, 1), Event(HrEventKind.Cancelled, 2), Event(HrEventKind.Terminated, 3), Event(HrEventKind.Rescheduled, 4, leaves: new(2026, 12, 24))];
        var disorder = history.Concat(history).ToArray();
        new Random(seed).Shuffle(disorder);

        await Task.WhenAll(disorder.Select(desk.TakeAsync));

        var expected = history.Aggregate((LeaverCase?)null, (known, e) => CaseRules.Take(known, e, tenant, Noon).Case)!;
        Assert.Equal([expected], await desk.Cases.AllAsync(tenant, Stop));
        Assert.Equal(4, desk.Evidence.Records.Select(r => JsonSerializer.Serialize(r)).Distinct().Count());
        Assert.Empty(await desk.OpenAsync());
    }

    [Fact]
    public async Task A_crash_between_any_two_writes_is_mended_by_the_redelivery()
    {
        var (storage, faults) = Faults.On(azurite);
        var @event = Event(HrEventKind.Terminated, 1);
        var crashes = 0;
        for (var allowed = 0; ; allowed++)
        {
            var desk = Desk.On(storage, $"intake-crash-{allowed}");
            var writes = 0;
            faults.After = (request, _, answer) => request.Method == HttpMethod.Get || Interlocked.Increment(ref writes) <= allowed ? answer : throw new HttpRequestException("the process is gone");
            var crashed = await Record.ExceptionAsync(() => desk.TakeAsync(@event)) is not null;
            faults.After = (_, _, answer) => answer;
            crashes += crashed ? 1 : 0;

            var mended = await desk.TakeAsync(@event);

            Assert.Equal((IntakeOutcome.Started, CaseRules.Take(null, @event, desk.Tenant.Value, Noon).Case), (mended.Outcome, mended.Case));
            Assert.Single(desk.Evidence.Records.Select(r => r.Id).Distinct());
            if (!crashed)
                break;
        }
        Assert.InRange(crashes, 3, 20);
    }

    [Fact]
    public async Task A_contradiction_is_a_high_finding_until_the_next_event_settles_it()
    {
        var desk = Desk.Of(azurite, "intake-contradiction");
        var first = await desk.TakeAsync(Event(HrEventKind.Terminated, 1));

        var second = await desk.TakeAsync(Event(HrEventKind.Cancelled, 1, id: "other"));
        var open = await desk.OpenShortAsync();
        await desk.TakeAsync(Event(HrEventKind.Cancelled, 2));

        Assert.Equal(first.Case, second.Case);
        Assert.Equal([("LEAVE-004", Severity.High, first.Case.Id)], open);
        Assert.Empty(await desk.OpenAsync());
    }

    [Fact]
    public async Task An_id_used_for_two_different_events_is_refused_with_a_finding_and_changes_no_case()
    {
        var desk = Desk.Of(azurite, "intake-same-id");
        await desk.TakeAsync(Event(HrEventKind.Terminated, 1, id: "x"));

        var refused = await Assert.ThrowsAsync<FormatException>(() => desk.TakeAsync(Event(HrEventKind.Terminated, 7, employee: "E-2", id: "x")));

        Assert.Contains("same source and id", refused.Message);
        Assert.Equal(["E-1"], (await desk.Cases.AllAsync("intake-same-id", Stop)).Select(c => c.EmployeeId));
        Assert.Equal([("LEAVE-004", Severity.High, HrEventLog.KeyOf("/hr", "x"))], await desk.OpenShortAsync());
    }

    [Fact]
    public async Task Someone_rehired_who_leaves_again_has_another_case_and_the_old_one_stays_as_it_was()
    {
        var desk = Desk.Of(azurite, "intake-rehired");
        var old = (await desk.TakeAsync(Event(HrEventKind.Terminated, 5))).Case;
        old = await desk.Cases.ChangeAsync("intake-rehired", old.Id, c => c with { Stage = LeaverStage.Closed, BlockedAt = Noon, CertificateSha256 = new string('c', 64), Dispatched = true }, Stop);

        var rehired = await desk.TakeAsync(Event(HrEventKind.Rehired, 1, employment: "2"));
        var leaves = await desk.TakeAsync(Event(HrEventKind.Terminated, 2, employment: "2"));

        Assert.Equal(((IntakeOutcome.Updated, LeaverStage.Cancelled), IntakeOutcome.Started), ((rehired.Outcome, rehired.Case.Stage), leaves.Outcome));
        Assert.Equal(old, await desk.Cases.FindAsync("intake-rehired", old.Id, Stop));
        Assert.NotEqual(old.Id, leaves.Case.Id);
    }

    [Fact]
    public async Task A_start_that_was_lost_is_swept_up_after_two_minutes()
    {
        var desk = Desk.Of(azurite, "intake-sweep");
        var lost = (await desk.TakeAsync(Event(HrEventKind.Terminated, 1, "lost"))).Case;
        await desk.TakeAsync(Event(HrEventKind.Cancelled, 1, "stays"));
        var started = (await desk.TakeAsync(Event(HrEventKind.Terminated, 1, "started"))).Case;
        await desk.Intake.ConfirmDispatchedAsync(started.Id, 1, Stop);

        desk.Time.Advance(TimeSpan.FromMinutes(2));
        var early = await desk.Intake.UndispatchedAsync(Stop);
        desk.Time.Advance(TimeSpan.FromTicks(1));

        Assert.Empty(early);
        Assert.Equal([lost], await desk.Intake.UndispatchedAsync(Stop));
    }

    [Fact]
    public async Task The_confirmation_of_an_earlier_round_does_not_count_for_the_next()
    {
        var desk = Desk.Of(azurite, "intake-round");
        var @case = (await desk.TakeAsync(Event(HrEventKind.Terminated, 1))).Case;
        await desk.Cases.ChangeAsync("intake-round", @case.Id, c => c with { Round = 2 }, Stop);

        Assert.True((await desk.Intake.ConfirmDispatchedAsync(@case.Id, 1, Stop)).NeedsStart);
        await Assert.ThrowsAsync<KeyNotFoundException>(() => desk.Intake.ConfirmDispatchedAsync("leaver-none", 1, Stop));
    }

    [Fact]
    public async Task Evidence_names_no_person()
    {
        var desk = Desk.Of(azurite, "intake-ids");

        var taken = await desk.TakeAsync(Event(HrEventKind.Terminated, 1, "E-77123") with { Mail = "ada@northwynd.example", PrincipalName = "ada.l@northwynd.example" });

        var record = Assert.Single(desk.Evidence.Records);
        Assert.Equal(("offboarding.hr-event", taken.Case.Id), (record.Action, record.Subject));
        Assert.DoesNotMatch("E-77123|northwynd", JsonSerializer.Serialize(record));
    }

    [Fact]
    public async Task Evidence_that_cannot_be_kept_fails_the_event_so_that_it_is_delivered_again()
    {
        var desk = Desk.Of(azurite, "intake-ledger");
        desk.Evidence.Fails = _ => new RequestFailedException(503, "busy");

        await Assert.ThrowsAsync<RequestFailedException>(() => desk.TakeAsync(Event(HrEventKind.Terminated, 1)));
    }

    [Fact]
    public async Task Events_are_forgotten_after_400_days_and_not_before()
    {
        var desk = Desk.Of(azurite, "intake-forget");
        await desk.TakeAsync(Event(HrEventKind.Terminated, 1));

        var early = await desk.Events.ForgetAsync("intake-forget", Noon.AddDays(400), Stop);
        var late = await desk.Events.ForgetAsync("intake-forget", Noon.AddDays(400).AddSeconds(1), Stop);

        Assert.Equal((0, 1), (early, late));
        Assert.Null(await desk.Events.LastArrivalAsync("intake-forget", Stop));
    }
}
