using System.Net;
using System.Text;
using Compliance.Changes.Approvals;
using Compliance.Offboarding;
using ComplianceFunctions.Tests.Histories;
using Simulation;
using Testing;

namespace ComplianceFunctions.Tests.Offboarding;

/// <summary>Access that an administrator ends for cause, with no event of HR, with what HR and others do meanwhile.</summary>
public sealed class ForCauseTests
{
    // Who starts, and two others.
    private const int Starter = 2;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static TimeSpan Hour(double hour) => TimeSpan.FromHours(hour);

    private static StartsForCause Start(double hour, int by = Starter, Person who = Person.Lea) => new(Hour(hour), by, who);

    private static Answers Confirm(double hour, int by = 0, bool approve = true) => new(Hour(hour), by, approve, ForCause: true);

    private static IEnumerable<Happening> Agreed(double hour) => [new Answers(Hour(hour), 0), new Answers(Hour(hour + 0.1), 1)];

    private static HrSends Terminated(double hour, double day, long sequence = 1) =>
        new(Hour(hour), "terminated", sequence, TimeSpan.FromDays(day));

    private static HrSends Cancelled(double hour, long sequence, double? sent = null) =>
        new(Hour(hour), "termination.cancelled", sequence, Sent: sent is { } at ? Hour(at) : null);

    private static Task<LeaverWorld> WorldAsync() => LeaverWorld.StartAsync(cancellationToken: Stop);

    private static async Task<LeaverCase> LiveAsync(LeaverWorld world, int days, params IEnumerable<Happening> happenings)
    {
        await HistoryRun.LiveAsync(new(days, [.. happenings]), world, new NothingWatched());
        return Assert.Single(world.Cases());
    }

    private static bool IsEnabled(LeaverWorld world) => PersonAccess.Read(world.Sandbox.Tenant, Person.Lea).Enabled;

    private static string[] Asked(LeaverWorld world) =>
        [
            .. world
                .ApprovalRequests()
                .Where(r => ApprovalRules.StateOf(r, world.Now) == ApprovalState.Open)
                .SelectMany(r => r.Guards)
                .Order(StringComparer.Ordinal),
        ];

    [Fact]
    public async Task Access_ends_at_once_with_no_event_of_HR_and_a_second_person_confirms_it()
    {
        await using var world = await WorldAsync();
        var known = await LiveAsync(world, 2, Start(1), Confirm(2));

        Assert.Equal(
            (LeaverStage.Clear, LeaverWorld.Start + Hour(1), ForCauseOutcome.Confirmed, false),
            (known.Stage, known.BlockedAt, known.Cause!.Outcome, IsEnabled(world))
        );
        Assert.True(known.Cause is { Settled: true, Escalated: false } && !world.HasFinding(OffboardingControls.Unconfirmed));
    }

    [Fact]
    public async Task HR_s_later_event_joins_the_case_and_its_later_date_puts_nothing_off()
    {
        await using var world = await WorldAsync();
        var known = await LiveAsync(world, 3, Start(1), Confirm(2), Terminated(3, day: 30), Terminated(4, day: 40, sequence: 2));

        Assert.Equal(
            (LeaverStage.Clear, "1", 2L, LeaverWorld.Start + Hour(1), 1),
            (known.Stage, known.Employment, known.Sequence, known.BlockedAt, known.Round)
        );
        Assert.Empty(Asked(world));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_case_that_HR_has_open_is_joined_and_due_now(bool isWatched)
    {
        await using var world = await WorldAsync();
        var known = await LiveAsync(world, 2, Terminated(1, isWatched ? 0 : 20), Start(5), Confirm(6));

        Assert.Equal(
            (LeaverStage.Clear, "1", 2, LeaverWorld.Start + Hour(5), false),
            (known.Stage, known.Employment, known.Round, known.BlockedAt ?? default, IsEnabled(world))
        );
    }

    [Fact]
    public async Task Started_twice_is_one_start_with_one_question()
    {
        await using var world = await WorldAsync();
        var known = await LiveAsync(world, 1, Start(1), Start(1), Start(1.1, by: 0));

        Assert.Equal((1, 1, SmallTenant.Approvers[Starter]), (known.Round, known.Cause!.Number, known.Cause.StartedBy));
        Assert.Equal([GuardNames.ForCause], Asked(world));
    }

    // Asked before it was started for cause: the starter has answered by then, or answers later.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_starts_a_case_does_not_count_among_those_who_agree_to_its_removals(bool byTwoOthers)
    {
        await using var world = await WorldAsync();
        var known = await LiveAsync(
            world,
            1,
            [
                new EditsPolicy(TimeSpan.Zero, PolicyEdit.ApproveFirstAct),
                Terminated(1, day: 0),
                new Answers(Hour(2), Starter),
                Start(3),
                Confirm(4),
                new Answers(Hour(5), Starter),
                new Answers(Hour(6), 0),
                .. byTwoOthers ? [new Answers(Hour(7), 1)] : (Answers[])[],
            ]
        );

        Assert.Equal(byTwoOthers ? LeaverStage.Clear : LeaverStage.AwaitingApproval, known.Stage);
    }

    [Fact]
    public async Task Who_is_unknown_or_oneself_or_without_a_right_to_start_changes_nothing()
    {
        await using var world = await WorldAsync();

        Assert.Equal(HttpStatusCode.NotFound, await world.StartForCauseAsync(Starter, "unknown@small.example"));
        Assert.Equal(HttpStatusCode.Conflict, await world.StartForCauseAsync(Starter, SmallTenant.Approvers[Starter]));
        Assert.Equal(HttpStatusCode.Unauthorized, await world.StartForCauseAsync(null, SmallTenant.IdOf(Person.Lea)));
        Assert.Equal(HttpStatusCode.BadRequest, await world.StartForCauseAsync(Starter, SmallTenant.IdOf(Person.Lea), reason: " "));
        Assert.Empty(world.Cases());
    }

    [Fact]
    public async Task A_body_that_is_longer_than_any_start_is_refused_unread()
    {
        await using var world = await WorldAsync();
        var fits = Encoding.UTF8.GetBytes("""{"user":"unknown@small.example","forCause":true,"reason":"r"}""".PadRight(JsonBody.MaxBytes));

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(fits));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync([.. fits, (byte)' ']));

        async Task<HttpStatusCode> StatusAsync(byte[] body)
        {
            var request = Requests.Post(body);
            return (
                await Requests.AnswerAsync(world.Services, request, (OffboardingFunctions f) =>
                    f.Start(request, world.Simulation.Client, Stop)
                )
            ).Status;
        }
    }

    [Fact]
    public async Task Who_started_it_neither_confirms_it_nor_agrees_to_what_a_guard_holds()
    {
        await using var world = await WorldAsync();
        var known = await LiveAsync(world, 1, new EditsPolicy(TimeSpan.Zero, PolicyEdit.ProtectLea), Start(1));

        Assert.Equal((LeaverStage.Held, true), (known.Stage, IsEnabled(world)));
        Assert.Equal(HttpStatusCode.Conflict, await world.AnswerAsync(new(TimeSpan.Zero, Starter, ForCause: true)));
        Assert.Equal(HttpStatusCode.Conflict, await world.AnswerAsync(new(TimeSpan.Zero, Starter)));
        Assert.Equal([GuardNames.ForCause, GuardNames.Protected], Asked(world));
        foreach (var by in new[] { 0, 1 })
            Assert.Equal(HttpStatusCode.OK, await world.AnswerAsync(new(TimeSpan.Zero, by)));
        await world.RunUntilAsync(world.Now + Hour(1));
        Assert.False(IsEnabled(world));
    }

    [Fact]
    public async Task A_confirmation_that_is_late_is_a_critical_finding_until_it_is_given_and_the_account_stays_blocked()
    {
        await using var world = await WorldAsync();
        var known = await LiveAsync(world, 1, Start(1));

        Assert.True(known.Cause!.Escalated && world.HasFinding(OffboardingControls.Unconfirmed) && !IsEnabled(world));
        Assert.Equal(HttpStatusCode.OK, await world.AnswerAsync(new(TimeSpan.Zero, 1, ForCause: true)));
        Assert.False(world.HasFinding(OffboardingControls.Unconfirmed));
        Assert.Equal(ForCauseOutcome.Confirmed, world.Cases().Single().Cause!.Outcome);
    }

    [Fact]
    public async Task A_confirmation_in_time_is_no_finding_even_at_its_last_minute()
    {
        await using var world = await WorldAsync();
        await LiveAsync(world, 1, Start(1.9), Confirm(5.85));

        Assert.False(world.HasFinding(OffboardingControls.Unconfirmed));
        Assert.DoesNotContain(world.EvidenceIds(), id => id.EndsWith("-unconfirmed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_refusal_gives_nothing_back_by_itself_and_asks_two_people()
    {
        await using var world = await WorldAsync();
        var known = await LiveAsync(world, 2, Start(1), Confirm(2, approve: false));

        Assert.Equal((LeaverStage.Restoring, false), (known.Stage, IsEnabled(world)));
        Assert.Equal([GuardNames.Restore], Asked(world));
        foreach (var by in new[] { 0, 1 })
            Assert.Equal(HttpStatusCode.OK, await world.AnswerAsync(new(TimeSpan.Zero, by)));
        await world.RunUntilAsync(world.Now + Hour(1));
        Assert.Equal((LeaverStage.Restored, true), (world.Cases().Single().Stage, IsEnabled(world)));
    }

    [Fact]
    public async Task A_refusal_before_anything_was_done_ends_the_case()
    {
        await using var world = await WorldAsync();
        var known = await LiveAsync(
            world,
            2,
            new EditsPolicy(TimeSpan.Zero, PolicyEdit.ProtectLea),
            Start(1),
            Confirm(2, approve: false),
            new Answers(Hour(3), 0),
            new Answers(Hour(4), 1)
        );

        Assert.Equal((LeaverStage.Cancelled, true), (known.Stage, IsEnabled(world)));
    }

    [Fact]
    public async Task Yes_to_giving_back_after_one_start_counts_for_no_other()
    {
        await using var world = await WorldAsync();
        var known = await LiveAsync(
            world,
            3,
            [Start(1), Confirm(2, approve: false), .. Agreed(10), Start(30), Confirm(31, approve: false)]
        );

        Assert.Equal((2, LeaverStage.Restoring, false), (known.Cause!.Number, known.Stage, IsEnabled(world)));
        Assert.Equal([GuardNames.Restore], Asked(world));
    }

    [Fact]
    public async Task A_refusal_leaves_what_HR_reported_in_force()
    {
        await using var world = await WorldAsync();
        var known = await LiveAsync(world, 2, Start(1), Terminated(1.5, day: 0), Confirm(2, approve: false));

        Assert.Equal((LeaverStage.Clear, false), (known.Stage, IsEnabled(world)));
        Assert.Empty(Asked(world));
    }

    [Fact]
    public async Task HR_takes_back_what_was_started_before_and_not_what_was_started_since()
    {
        await using var before = await WorldAsync();
        var outweighed = await LiveAsync(before, 2, Start(3), Confirm(4), Cancelled(5, 2, sent: 1));
        await using var after = await WorldAsync();
        var takenBack = await LiveAsync(after, 2, Start(3), Confirm(4), Cancelled(5, 2));

        Assert.Equal((LeaverStage.Clear, ForCauseOutcome.Confirmed), (outweighed.Stage, outweighed.Cause!.Outcome));
        Assert.Equal((LeaverStage.Restoring, ForCauseOutcome.TakenBack), (takenBack.Stage, takenBack.Cause!.Outcome));
        Assert.Equal([GuardNames.Restore], Asked(after));
        Assert.False(IsEnabled(before) || IsEnabled(after));
    }

    [Fact]
    public async Task A_refusal_holds_however_often_the_step_that_asks_is_run_and_the_ledger_names_nobody()
    {
        await using var world = await WorldAsync();
        await LiveAsync(world, 2, Start(1), new Restarts(Hour(1)), Confirm(2));

        Assert.Single(world.EvidenceIds(), id => id.EndsWith("-cause-1-started", StringComparison.Ordinal));
        Assert.Contains(world.EvidenceControls(), e => e is { Action: "offboarding.started", Controls: [OffboardingControls.Unconfirmed] });
        Assert.DoesNotContain(world.EvidenceIds(), id => id.Contains(SmallTenant.Approvers[Starter], StringComparison.Ordinal));
    }

    [Fact]
    public async Task Cut_off_at_any_request_to_storage_it_was_not_started_or_goes_on()
    {
        await using var unbroken = await WorldAsync();
        await LiveAsync(unbroken, 1, Start(1));
        var start = unbroken.Simulation.Trace.First(s => s is { Kind: StepKind.Function, Name: "StartLeaver" });
        var every = TestSize.IsLong ? 1 : 4;
        var crashed = 0;
        for (var point = 1; ; point += every)
        {
            var faults = new FaultPlan { Script = [new Fault(FaultKind.CrashInside, start.Instance, start.Name, 1, point)] };
            await using var world = await LeaverWorld.StartAsync(1, faults, cancellationToken: Stop);
            await HistoryRun.LiveAsync(new(1, [Start(1)]), world, new NothingWatched());
            if (world.Simulation.Injected.Count == 0)
                break;
            crashed++;
            var isKept = world.Cases().Count == 1;
            Assert.True(isKept == !IsEnabled(world), $"crashed at request {point}: {world.Cases().Count} cases");
            Assert.Equal(isKept ? [GuardNames.ForCause] : [], Asked(world));
            Assert.Equal(isKept ? 1 : 0, world.EvidenceIds().Count(id => id.EndsWith("-started", StringComparison.Ordinal)));
        }
        Assert.InRange(crashed, 3, 200);
    }

    public static TheoryData<int> Seeds => [.. TestSize.Seeds(4)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task In_random_lives_nothing_is_given_back_without_two_and_an_unanswered_start_is_a_finding(int seed)
    {
        var random = new Random(seed);
        var life = LeaverHistory.Draw(seed, days: 40);
        var starts = Enumerable
            .Range(0, 1 + random.Next(3))
            .SelectMany(_ =>
            {
                var at = Math.Floor(random.NextDouble() * 30 * 24 * 60) / 60;
                Happening[] answers = [Confirm(at + Math.Floor(random.NextDouble() * 600) / 60, random.Next(3), random.Next(3) > 0)];
                return (Happening[])[Start(at, random.Next(3), (Person)random.Next(3)), .. random.Next(3) == 0 ? [] : answers];
            });
        await using var world = await LeaverWorld.StartAsync((ulong)seed, replays: seed % 2 == 1, cancellationToken: Stop);
        await HistoryRun.LiveAsync(
            life with
            {
                Happenings = [.. life.Happenings.Concat(starts).OrderBy(h => h.At)],
            },
            world,
            new StartsWatched(world)
        );

        foreach (var known in world.Cases().Where(c => c.Cause is { Outcome: null, ConfirmBy: var by } && by < world.Now - Hour(6)))
            Assert.True(world.HasFinding(OffboardingControls.Unconfirmed), $"{known.Id} is not confirmed, and no finding is open");
        // One case an employment, and at most one that HR has not reported on.
        var employments = world.Cases().Select(c => (c.EmployeeId, c.Employment)).ToList();
        Assert.Equal(employments.Distinct(), employments);
    }

    // Who is enabled by a step of the program, was so by two others after the latest start of their case.
    private sealed class StartsWatched(LeaverWorld world) : IHistoryWatch
    {
        private Dictionary<Person, bool> _enabled = Enabled(world);

        public void BeforeHappening(Happening happening) { }

        public void AfterHappening(Happening happening) => _enabled = Enabled(world);

        public async Task AfterStepAsync(Step step)
        {
            var now = Enabled(world);
            foreach (var who in now.Keys.Where(w => now[w] && !_enabled[w]))
            {
                var latest = world.Cases().Where(c => c.Cause?.UserId == SmallTenant.IdOf(who)).Max(c => c.Cause?.At) ?? LeaverWorld.Start;
                var asked = world
                    .ApprovalRequests()
                    .Where(r => r.SubjectId == SmallTenant.IdOf(who) && r.Guards.Contains(GuardNames.Restore));
                Assert.True(
                    asked.Any(r => r.Answers.Where(a => a.Approve && a.At >= latest).DistinctBy(a => a.ApproverId).Count() >= 2),
                    $"{who} was enabled without two who agreed since {latest:O}"
                );
            }
            _enabled = now;
            await foreach (var instance in world.Simulation.Client.GetAllInstancesAsync())
                Assert.NotEqual(Microsoft.DurableTask.Client.OrchestrationRuntimeStatus.Failed, instance.RuntimeStatus);
        }

        private static Dictionary<Person, bool> Enabled(LeaverWorld world) =>
            Enum.GetValues<Person>().ToDictionary(p => p, p => PersonAccess.Read(world.Sandbox.Tenant, p).Enabled);
    }
}
