using System.Net;
using Azure;
using Compliance.Changes.Approvals;
using Compliance.Changes.Flow;
using Compliance.Changes.Plans;
using Compliance.Offboarding;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Desk;
using Compliance.Offboarding.Erasure;
using Compliance.Offboarding.Rounds;
using ComplianceFunctions.Tests.Histories;
using Microsoft.Extensions.DependencyInjection;
using Person = ComplianceFunctions.Tests.Histories.Person;

namespace ComplianceFunctions.Tests.Offboarding;

/// <summary>What one start for cause, one round or one account of a person must not take from another.</summary>
public sealed class BetweenStartsTests
{
    private const int Starter = 2;

    private string? _undo;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static TimeSpan Hour(double hour) => TimeSpan.FromHours(hour);

    private static StartsForCause Start(double hour) => new(Hour(hour), Starter);

    private static Task<LeaverWorld> WorldAsync() => LeaverWorld.StartAsync(cancellationToken: Stop);

    private static Task LiveAsync(LeaverWorld world, int days, params IEnumerable<Happening> happenings) =>
        HistoryRun.LiveAsync(new(days, [.. happenings]), world, new NothingWatched());

    private static bool IsEnabled(LeaverWorld world, Person who = Person.Lea) => PersonAccess.Read(world.Sandbox.Tenant, who).Enabled;

    private static bool IsMember(LeaverWorld world) =>
        world.Sandbox.Tenant.GroupMembers.Of(SmallTenant.OtherGroup).Find(SmallTenant.IdOf(Person.Lea)) is not null;

    private static string[] Asked(LeaverWorld world) =>
        [
            .. world
                .ApprovalRequests()
                .Where(r => ApprovalRules.StateOf(r, world.Now) == ApprovalState.Open)
                .SelectMany(r => r.Guards)
                .Order(StringComparer.Ordinal),
        ];

    [Theory]
    [InlineData("E-100")]
    [InlineData("   ")]
    public async Task Two_accounts_with_one_employee_id_are_both_blocked_when_both_are_named(string employeeId)
    {
        await using var world = await WorldAsync();
        foreach (var who in new[] { Person.Lea, Person.Mia })
            world.Sandbox.Tenant.Change("users", SmallTenant.IdOf(who), $$"""{"employeeId":"{{employeeId}}"}""");
        foreach (var who in new[] { Person.Lea, Person.Mia, Person.Mia })
            Assert.Equal(HttpStatusCode.Accepted, await world.StartForCauseAsync(Starter, SmallTenant.IdOf(who)));
        await world.RunUntilAsync(world.Now + Hour(7));

        Assert.Equal((false, false, 2), (IsEnabled(world), IsEnabled(world, Person.Mia), world.Cases().Count));
        Assert.Equal([GuardNames.ForCause, GuardNames.ForCause], Asked(world));
    }

    // Once blocked for cause, and hired again: notice given for a day ahead is no end for cause.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_was_hired_again_after_an_end_for_cause_and_gives_notice_works_until_that_day(bool isCleared)
    {
        await using var world = await WorldAsync();
        await LiveAsync(
            world,
            59,
            new EditsPolicy(TimeSpan.Zero, isCleared ? PolicyEdit.Comment : PolicyEdit.ApproveFirstAct),
            new HrSends(Hour(0.5), "terminated", 1, TimeSpan.FromDays(30)),
            Start(1),
            new HrSends(Hour(24 * 5), "rehired", 1, Employment: "2"),
            new EditsDirectory(Hour(24 * 5 + 1), DirectoryEdit.Enable),
            new HrSends(Hour(24 * 10), "terminated", 2, TimeSpan.FromDays(60), Employment: "2")
        );
        Assert.True(IsEnabled(world));

        await world.RunUntilAsync(LeaverWorld.Start + TimeSpan.FromDays(60.5));
        Assert.False(IsEnabled(world));
    }

    [Fact]
    public async Task A_start_after_a_guard_s_question_was_refused_is_decided_again()
    {
        await using var world = await WorldAsync();
        await LiveAsync(
            world,
            1,
            new EditsPolicy(TimeSpan.Zero, PolicyEdit.ProtectLea),
            Start(1),
            new Answers(Hour(2), 0, Approve: false),
            new EditsPolicy(Hour(3), PolicyEdit.UnprotectLea),
            Start(4)
        );

        Assert.False(IsEnabled(world));
        Assert.Equal(
            [GuardNames.ForCause],
            world
                .ApprovalRequests()
                .Where(r => ApprovalRules.StateOf(r, world.Now) == ApprovalState.Open)
                .SelectMany(r => r.Guards)
                .Distinct()
        );
    }

    [Fact]
    public async Task A_start_joins_the_employment_that_goes_on_and_not_one_whose_case_was_erased()
    {
        await using var world = await WorldAsync();
        await LiveAsync(
            world,
            3,
            new HrSends(Hour(1), "terminated", 1, Hour(1), ForCause: true),
            new HrSends(Hour(30), "rehired", 1, Employment: "2"),
            new EditsDirectory(Hour(31), DirectoryEdit.Enable)
        );
        var old = (await world.CaseAsync(Person.Lea, "1"))!;
        await world.Services.GetRequiredService<DetailErasure>().EraseAsync(old.Id, "test", [], world.Policy.Sha256, Stop);
        Assert.Equal(HttpStatusCode.Accepted, await world.StartForCauseAsync(Starter, SmallTenant.IdOf(Person.Lea)));
        await world.RunUntilAsync(world.Now + Hour(1));
        Assert.False(IsEnabled(world));
        Assert.Equal(HttpStatusCode.OK, await world.AnswerAsync(new(TimeSpan.Zero, 0, Approve: false, ForCause: true)));
        await world.RunUntilAsync(world.Now + Hour(7));

        Assert.Equal([GuardNames.Restore], Asked(world));
    }

    [Fact]
    public async Task Who_was_blocked_neither_starts_nor_answers_with_a_token_from_before()
    {
        await using var world = await WorldAsync();
        Assert.Equal(HttpStatusCode.NotFound, await world.StartForCauseAsync(1, "unknown@small.example"));
        Assert.Equal(HttpStatusCode.Accepted, await world.StartForCauseAsync(Starter, SmallTenant.Approvers[1]));
        await world.RunUntilAsync(world.Now + Hour(0.1));
        Assert.Equal(HttpStatusCode.Forbidden, await world.StartForCauseAsync(1, SmallTenant.IdOf(Person.Lea)));
        // However long it was held before.
        await world
            .Services.GetRequiredService<ILeaverCases>()
            .ChangeAsync(SmallTenant.Id, Assert.Single(world.Cases()).Id, c => c with { DueAt = c.DueAt!.Value.AddDays(-40) }, Stop);
        Assert.Equal(HttpStatusCode.Forbidden, await world.StartForCauseAsync(1, SmallTenant.IdOf(Person.Lea)));
        await world.RunUntilAsync(world.Now + Hour(0.1));
        Assert.True(IsEnabled(world));
        Assert.Equal(HttpStatusCode.Accepted, await world.StartForCauseAsync(Starter, SmallTenant.IdOf(Person.Lea)));
        Assert.Equal(HttpStatusCode.Forbidden, await world.AnswerAsync(new(TimeSpan.Zero, 1, ForCause: true)));
    }

    [Fact]
    public async Task Who_stays_after_all_is_in_no_block_group_that_policy_named_before()
    {
        await using var world = await WorldAsync();
        await LiveAsync(
            world,
            5,
            new EditsPolicy(TimeSpan.Zero, PolicyEdit.NameBlockGroup),
            new HrSends(Hour(1), "terminated", 1, Hour(1), ForCause: true),
            new EditsPolicy(Hour(5), PolicyEdit.NameNoBlockGroup),
            new EditsDirectory(Hour(6), DirectoryEdit.Enable),
            new HrSends(Hour(60), "termination.cancelled", 2),
            new Answers(Hour(62), 0),
            new Answers(Hour(63), 1)
        );

        Assert.Equal(
            (LeaverStage.Restored, 2, true, false),
            (world.Cases()[0].Stage, world.Cases()[0].Round, IsEnabled(world), IsMember(world))
        );
    }

    [Theory]
    [InlineData(null)]
    [InlineData(StepResult.Failed)]
    public async Task Who_stays_after_all_is_taken_out_of_the_block_group_also_when_putting_in_was_cut_off(StepResult? result)
    {
        await using var desk = await StepDesk.StartAsync();
        desk.Edit(PolicyEdit.NameBlockGroup);
        await desk.SaysAsync();
        await desk.BlockAsync();
        Assert.True(IsMember(desk.World));
        // The directory has it, and its answer was lost.
        await desk.Documents.ChangeAsync<CaseState>(
            LeaverRounds.Name(desk.Run, "state.json"),
            s =>
                s! with
                {
                    Group = s.Group! with { Outcome = result is { } lost ? s.Group.Outcome! with { Result = lost } : null },
                    Begun = result is null ? [.. s.Begun.Where(b => b != s.Group!.PlanId)] : s.Begun,
                },
            Stop
        );
        await desk.SaysAsync(HrEventKind.Cancelled, 2);
        Assert.Equal(NextAction.Stop, (await desk.PlanAsync()).Outcome);
        var asked = await desk.PlanUndoAsync();
        await desk.AnswerAsync(asked, true, true);
        Assert.Equal(NextAction.Proceed, (await desk.RestoreAsync(asked.PlanId!)).Outcome);

        Assert.Equal((true, false), (desk.CanSignIn(), IsMember(desk.World)));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(StepResult.Failed)]
    public async Task Who_was_blocked_keeps_the_place_under_the_caps_also_when_the_answer_was_cut_off(StepResult? result)
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        await desk.BlockAsync();
        await desk.Documents.ChangeAsync<CaseState>(
            LeaverRounds.Name(desk.Run, "state.json"),
            s => s! with { Begun = [], Blocked = result is { } lost ? [.. s.Blocked.Select(o => o with { Result = lost })] : [] },
            Stop
        );
        await desk
            .World.Services.GetRequiredService<ILeaverCases>()
            .ChangeAsync(SmallTenant.Id, desk.Run.CaseId, c => c with { BlockedAt = null, Stage = LeaverStage.Scheduled }, Stop);
        await desk.SaysAsync(HrEventKind.Cancelled, 2);
        Assert.Equal(NextAction.Stop, (await desk.PlanAsync()).Outcome);

        Assert.Equal((1, false), (desk.PlacesTaken, desk.CanSignIn()));
    }

    [Fact]
    public async Task A_case_that_ended_before_its_start_was_noted_goes_on_when_HR_ends_the_employment_again()
    {
        await using var desk = await StepDesk.StartAsync();
        desk.Edit(PolicyEdit.ProtectLea);
        await desk.SaysAsync();
        Assert.Equal(NextAction.AskApproval, (await desk.BlockAsync()).Outcome);
        await desk.SaysAsync(HrEventKind.Cancelled, 2);
        Assert.Equal(NextAction.Stop, (await desk.BlockAsync()).Outcome);
        await desk.SaysAsync(sequence: 3);
        await desk.WaitAsync(TimeSpan.FromHours(1));

        Assert.Equal([(await desk.CaseAsync()).InstanceId], await desk.ExpectedAsync());
    }

    [Fact]
    public async Task A_question_that_another_guard_asks_too_keeps_its_answers_when_everything_can_be_read_again()
    {
        await using var desk = await StepDesk.StartAsync();
        desk.Edit(PolicyEdit.ProtectLea);
        desk.World.Sandbox.Tenant.Denied["RoleManagement.Read.Directory"] = true;
        await desk.SaysAsync();
        var asked = await desk.BlockAsync();
        await desk.AnswerAsync(asked, true);
        desk.World.Sandbox.Tenant.Denied.Clear();

        Assert.Equal(ApprovalStatus.Open, await desk.ApprovalStatusAsync(asked.ApprovalId!));
        await desk.AnswerAsync(asked, 1, true);
        Assert.Equal(ApprovalStatus.Approved, await desk.ApprovalStatusAsync(asked.ApprovalId!));
        Assert.Equal((NextAction.Proceed, false), ((await desk.BlockAsync()).Outcome, desk.CanSignIn()));
    }

    [Fact]
    public async Task The_end_of_the_watch_closes_no_case_that_was_started_meanwhile()
    {
        await using var desk = await StepDesk.StartAsync();
        foreach (var who in new[] { Person.Lea, Person.Noa })
        {
            await desk.SaysAsync(who: who);
            await desk.RemoveAsync(await desk.PlannedAsync());
            Assert.Equal(NextAction.Proceed, (await desk.VerifyAsync()).Outcome);
        }
        await desk.WaitAsync(desk.World.Policy.WatchFor + TimeSpan.FromDays(1));
        string? other = null;
        desk.Interruptions.AfterChange = async closed =>
        {
            desk.Interruptions.AfterChange = null;
            Assert.Equal(LeaverStage.Closed, closed.Stage);
            other = SmallTenant.IdOf(closed.UserId == SmallTenant.IdOf(Person.Lea) ? Person.Noa : Person.Lea);
            await desk.World.Services.GetRequiredService<ForCauseStarts>().StartAsync(other, "why", SmallTenant.Approvers[0], Stop);
        };
        await desk.World.Services.GetRequiredService<FormerLeavers>().RunAsync(Stop);

        Assert.Equal(LeaverStage.Scheduled, desk.World.Cases().Single(c => c.Cause?.UserId == other).Stage);
    }

    [Fact]
    public async Task Who_is_enabled_again_after_the_last_day_of_the_watch_is_seen()
    {
        await using var desk = await StepDesk.StartAsync();
        await ClearAsync(desk);
        await desk.WaitAsync(desk.World.Policy.WatchFor + TimeSpan.FromDays(1));
        desk.World.Sandbox.Tenant.Change("users", SmallTenant.IdOf(Person.Lea), """{"accountEnabled":true}""");

        await WatchFormerAsync(desk);

        Assert.Equal((LeaverStage.Scheduled, 2), ((await desk.CaseAsync()).Stage, (await desk.CaseAsync()).Round));
    }

    [Fact]
    public async Task A_watch_ends_once_the_person_was_read_after_its_last_day()
    {
        await using var desk = await StepDesk.StartAsync();
        await ClearAsync(desk);
        await desk.WaitAsync(desk.World.Policy.WatchFor + TimeSpan.FromDays(1));
        desk.World.Sandbox.Tenant.Denied["User.Read.All"] = true;
        await WatchFormerAsync(desk);
        Assert.Equal(LeaverStage.Clear, (await desk.CaseAsync()).Stage);

        desk.World.Sandbox.Tenant.Denied.Clear();
        await WatchFormerAsync(desk);
        Assert.Equal(LeaverStage.Closed, (await desk.CaseAsync()).Stage);
    }

    [Fact]
    public async Task Whose_leaving_HR_takes_back_while_former_leavers_are_read_is_not_reopened()
    {
        await using var desk = await StepDesk.StartAsync();
        foreach (var who in new[] { Person.Lea, Person.Noa })
            await ClearAsync(desk, who);
        foreach (var who in new[] { Person.Lea, Person.Noa })
            desk.World.Sandbox.Tenant.Change("users", SmallTenant.IdOf(who), """{"accountEnabled":true}""");
        Person? stays = null;
        desk.Interruptions.AfterChange = async reopened =>
        {
            desk.Interruptions.AfterChange = null;
            stays = reopened.UserId == SmallTenant.IdOf(Person.Lea) ? Person.Noa : Person.Lea;
            await desk.SaysAsync(HrEventKind.Cancelled, 2, who: stays.Value);
        };

        await WatchFormerAsync(desk);
        await desk.World.Services.GetRequiredService<CaseCourse>().RecordAsync(Stop);

        var taken = desk.World.Cases().Single(c => c.UserId == SmallTenant.IdOf(stays!.Value));
        Assert.Equal((LeaverStage.Clear, 1, 1), (taken.Stage, taken.Round, desk.Recorded("offboarding.reopened")));
    }

    // The watch after a start for cause ends on day 90 or 91; HR reports on the day before.
    [Fact]
    public async Task Whom_HR_lets_leave_after_the_watch_of_a_start_is_watched_after_that_day_as_well()
    {
        const int LastDay = 24 * 89;
        await using var world = await WorldAsync();
        await LiveAsync(
            world,
            110,
            Start(1),
            new Answers(Hour(2), 0, ForCause: true),
            new HrSends(Hour(LastDay), "terminated", 1, Hour(24 * 100)),
            new EditsDirectory(Hour(24 * 101), DirectoryEdit.Enable)
        );

        Assert.Equal((2, false), (Assert.Single(world.Cases()).Round, IsEnabled(world)));
    }

    [Fact]
    public async Task After_the_watch_of_a_start_HR_s_next_notice_is_judged_by_its_own_date()
    {
        const int WatchOver = 24 * 93;
        await using var world = await WorldAsync();
        await LiveAsync(
            world,
            110,
            Start(1),
            new Answers(Hour(2), 0, ForCause: true),
            new EditsDirectory(Hour(WatchOver), DirectoryEdit.Enable),
            new HrSends(Hour(WatchOver + 24), "terminated", 1, Hour(24 * 200))
        );

        Assert.Equal(
            (LeaverStage.Scheduled, LeaverWorld.Start + Hour(24 * 200), true),
            (Assert.Single(world.Cases()).Stage, world.Cases()[0].DueAt, IsEnabled(world))
        );
        Assert.Equal((ForCauseOutcome.Ended, true), (world.Cases()[0].Cause!.Outcome!.Value, world.Cases()[0].Cause!.Settled));
    }

    [Fact]
    public async Task After_the_watch_of_a_start_that_nobody_confirmed_another_start_blocks_again()
    {
        const int WatchOver = 24 * 93;
        await using var world = await WorldAsync();
        await LiveAsync(world, 100, Start(1), new EditsDirectory(Hour(WatchOver), DirectoryEdit.Enable), Start(WatchOver + 24));

        Assert.Equal((2, 2, false), (Assert.Single(world.Cases()).Round, world.Cases()[0].Cause!.Number, IsEnabled(world)));
    }

    [Fact]
    public async Task What_an_undo_could_not_give_back_is_given_back_by_the_next_one()
    {
        await using var desk = await StepDesk.StartAsync();
        desk.Edit(PolicyEdit.NameBlockGroup);
        await desk.SaysAsync();
        await desk.BlockAsync();
        await GiveUpUndoAsync(desk, 2, "User.EnableDisableAccount.All", "GroupMember.ReadWrite.All");
        Assert.Equal((false, true), (desk.CanSignIn(), IsMember(desk.World)));

        // The second round finds the account disabled and in the group.
        await desk.SaysAsync(sequence: 3);
        await desk.RemoveAsync(await desk.PlannedAsync());
        await desk.SaysAsync(HrEventKind.Cancelled, 4);
        Assert.Equal(NextAction.Stop, (await desk.PlanAsync()).Outcome);
        await desk.World.Services.GetRequiredService<NotGivenBackCheck>().RunAsync(Stop);
        Assert.True(HasUndoFinding(desk));
        var asked = await desk.PlanUndoAsync();
        await desk.AnswerAsync(asked, true, true);
        Assert.Equal(NextAction.Proceed, (await desk.RestoreAsync(asked.PlanId!)).Outcome);

        Assert.Equal((true, false, false), (desk.CanSignIn(), IsMember(desk.World), HasUndoFinding(desk)));
        // And it is given back once.
        Assert.Empty((await desk.StateAsync())!.NotGivenBack);
    }

    [Fact]
    public async Task What_an_undo_could_not_give_back_stays_a_finding_when_the_next_round_took_nothing()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        await desk.BlockAsync();
        await GiveUpUndoAsync(desk, 2, "User.EnableDisableAccount.All");
        Assert.True(HasUndoFinding(desk));

        await desk.SaysAsync(sequence: 3);
        desk.Interruptions.BeforeRecord = _ => throw new RequestFailedException(503, "out of order");
        await Assert.ThrowsAsync<RequestFailedException>(() => desk.BlockAsync());
        desk.Interruptions.BeforeRecord = null;
        await desk.SaysAsync(HrEventKind.Cancelled, 4);
        await desk.BlockAsync();
        await desk.PlanUndoAsync();
        await desk.World.Services.GetRequiredService<NotGivenBackCheck>().RunAsync(Stop);

        Assert.Equal((false, true), (desk.CanSignIn(), HasUndoFinding(desk)));
    }

    [Fact]
    public async Task What_was_given_back_by_hand_is_seen_the_next_day_and_no_later_undo_does_it_again()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        await desk.BlockAsync();
        await GiveUpUndoAsync(desk, 2, "User.EnableDisableAccount.All");
        await desk.World.Services.GetRequiredService<NotGivenBackCheck>().RunAsync(Stop);
        Assert.True(HasUndoFinding(desk) && (await desk.CaseAsync()).IsNotGivenBack);
        var lea = SmallTenant.IdOf(Person.Lea);

        desk.World.Sandbox.Tenant.Change("users", lea, """{"accountEnabled":true}""");
        await desk.World.Services.GetRequiredService<NotGivenBackCheck>().RunAsync(Stop);
        Assert.False(HasUndoFinding(desk) || (await desk.CaseAsync()).IsNotGivenBack);

        // Somebody else disables the account, for a reason of their own.
        desk.World.Sandbox.Tenant.Change("users", lea, """{"accountEnabled":false}""");
        await desk.SaysAsync(sequence: 3);
        await desk.RemoveAsync(await desk.PlannedAsync());
        await GiveUpUndoAsync(desk, 4);
        Assert.False(desk.CanSignIn());
    }

    [Fact]
    public async Task A_plan_to_give_back_is_tried_twenty_times_whatever_was_tried_before_it()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        await desk.BlockAsync();
        await desk.SaysAsync(HrEventKind.Cancelled, 2);
        Assert.Equal(NextAction.Stop, (await desk.PlanAsync()).Outcome);
        var asked = await desk.PlanUndoAsync();
        await desk.AnswerAsync(asked, true, true);
        desk.World.Sandbox.SetFaults("PATCH graph/users/* => status=503");

        // As many attempts went to another plan.
        for (var attempt = 40; attempt < 59; attempt++)
            Assert.Equal(NextAction.Retry, (await desk.MeanwhileAsync(desk.RestoreAsync(asked.PlanId!, attempt))).Outcome);
        Assert.Equal(NextAction.Proceed, (await desk.MeanwhileAsync(desk.RestoreAsync(asked.PlanId!, 59))).Outcome);

        Assert.Equal((false, true), (desk.CanSignIn(), HasUndoFinding(desk)));
    }

    [Fact]
    public async Task A_case_that_could_not_give_back_everything_is_not_erased_by_hand()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        await desk.BlockAsync();
        await GiveUpUndoAsync(desk, 2, "User.EnableDisableAccount.All");
        var erasure = desk.World.Services.GetRequiredService<ErasureDesk>();
        var token = "Bearer " + await desk.World.TokenAsync(SmallTenant.Approvers[0]);

        var refused = await erasure.EraseAsync(token, desk.Run.CaseId, confirmed: true, Stop);
        Assert.Equal((409, true), (refused.Status, refused.Reason!.Contains("could not give back everything", StringComparison.Ordinal)));

        desk.World.Sandbox.Tenant.Change("users", SmallTenant.IdOf(Person.Lea), """{"accountEnabled":true}""");
        await desk.World.Services.GetRequiredService<NotGivenBackCheck>().RunAsync(Stop);
        Assert.Equal(202, (await erasure.EraseAsync(token, desk.Run.CaseId, confirmed: true, Stop)).Status);
    }

    [Fact]
    public async Task While_the_person_leaves_no_finding_says_to_give_back()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        await desk.BlockAsync();
        await GiveUpUndoAsync(desk, 2, "User.EnableDisableAccount.All");

        await desk.SaysAsync(sequence: 3);
        await desk.BlockAsync();
        Assert.False(HasUndoFinding(desk));
        await desk.World.Services.GetRequiredService<NotGivenBackCheck>().RunAsync(Stop);
        Assert.False(HasUndoFinding(desk));
        Assert.True((await desk.CaseAsync()).IsNotGivenBack);
    }

    [Fact]
    public async Task Who_was_taken_for_the_leaver_and_is_locked_out_still_is_a_finding_whatever_is_given_back_to_another()
    {
        await using var desk = await StepDesk.StartAsync();
        var leas = $$"""{"employeeId":"{{SmallTenant.EmployeeIdOf(Person.Lea)}}"}""";
        desk.World.Sandbox.Tenant.Change("users", SmallTenant.IdOf(Person.Mia), leas);
        desk.World.Sandbox.Tenant.Change("users", SmallTenant.IdOf(Person.Lea), """{"employeeId":null}""");
        await desk.SaysAsync();
        await desk.BlockAsync();
        Assert.False(desk.CanSignIn(Person.Mia));
        await GiveUpUndoAsync(desk, 2, "User.EnableDisableAccount.All");
        desk.World.Sandbox.Tenant.Change("users", SmallTenant.IdOf(Person.Lea), leas);
        desk.World.Sandbox.Tenant.Change("users", SmallTenant.IdOf(Person.Mia), """{"employeeId":"E-200"}""");

        await desk.SaysAsync(sequence: 3);
        var asked = await desk.BlockAsync();
        await desk.AnswerAsync(asked, true, true);
        Assert.Equal(ApprovalStatus.Approved, await desk.ApprovalStatusAsync(asked.ApprovalId!));
        Assert.Equal(NextAction.Proceed, (await desk.BlockAsync()).Outcome);
        Assert.True(HasUndoFinding(desk));
        await GiveUpUndoAsync(desk, 4);

        Assert.Equal((true, false, true), (desk.CanSignIn(), desk.CanSignIn(Person.Mia), HasUndoFinding(desk)));
    }

    [Fact]
    public async Task A_group_that_an_undo_could_not_give_back_is_for_a_person_and_stays_a_finding()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        await desk.RemoveAsync(await desk.PlannedAsync());
        await GiveUpUndoAsync(desk, 2, "GroupMember.ReadWrite.All");
        var left = (await desk.StateAsync())!.NotGivenBack;
        Assert.NotEmpty(left);
        Assert.All(left, l => Assert.Equal(AddGroupMember.Id, l.Step.Action));

        await desk.SaysAsync(sequence: 3);
        await desk.BlockAsync();
        await GiveUpUndoAsync(desk, 4);

        Assert.Equal((true, true), (desk.CanSignIn(), HasUndoFinding(desk)));
        var plan = await desk.Documents.LoadAsync<ActionPlan>(LeaverRounds.Name(desk.Run, $"plan-{_undo}.json"), Stop);
        Assert.DoesNotContain(plan!.Steps, s => s.Action == AddGroupMember.Id);
        Assert.Equal(
            left.Select(l => l.Step.Target),
            plan.Manual.Where(m => m.Why == "an earlier undo could not give it back").Select(m => m.Target)
        );
        Assert.Equal(left, (await desk.StateAsync())!.NotGivenBack, (a, b) => (a.Step.Id, a.Reason) == (b.Step.Id, b.Reason));
    }

    [Fact]
    public async Task Whoever_stays_in_one_employment_with_the_account_that_the_end_of_another_disabled_is_a_finding_until_it_is_enabled()
    {
        await using var desk = await StepDesk.StartAsync();
        await ClearAsync(desk);
        await desk.WaitAsync(TimeSpan.FromHours(1));
        await desk.SaysAsync(employment: "2");
        await desk.RemoveAsync(await desk.PlannedAsync());
        await desk.WaitAsync(TimeSpan.FromHours(1));
        await desk.SaysAsync(HrEventKind.Cancelled, 2, employment: "2");
        Assert.Equal(NextAction.Stop, (await desk.PlanAsync()).Outcome);
        var asked = await desk.PlanUndoAsync();
        await desk.AnswerAsync(asked, true, true);
        Assert.Equal(NextAction.Proceed, (await desk.RestoreAsync(asked.PlanId!)).Outcome);
        Assert.False(desk.CanSignIn());

        await desk.World.Services.GetRequiredService<LockedOutCheck>().RunAsync(Stop);
        Assert.True(HasUndoFinding(desk));
        desk.World.Sandbox.Tenant.Denied["User.Read.All"] = true;
        await desk.World.Services.GetRequiredService<LockedOutCheck>().RunAsync(Stop);
        Assert.True(HasUndoFinding(desk));
        desk.World.Sandbox.Tenant.Denied.Clear();
        desk.World.Sandbox.Tenant.Change("users", SmallTenant.IdOf(Person.Lea), """{"accountEnabled":true}""");
        await desk.World.Services.GetRequiredService<LockedOutCheck>().RunAsync(Stop);
        Assert.False(HasUndoFinding(desk));
    }

    [Fact]
    public async Task An_account_that_was_disabled_before_the_case_is_no_finding_for_whoever_is_employed_again()
    {
        await using var desk = await StepDesk.StartAsync();
        desk.World.Sandbox.Tenant.Change("users", SmallTenant.IdOf(Person.Lea), """{"accountEnabled":false}""");
        await ClearAsync(desk);
        await desk.WaitAsync(TimeSpan.FromHours(1));
        await desk.SaysAsync(HrEventKind.Rehired, employment: "2");

        await desk.World.Services.GetRequiredService<LockedOutCheck>().RunAsync(Stop);

        Assert.False(HasUndoFinding(desk));
    }

    private static async Task ClearAsync(StepDesk desk, Person who = Person.Lea)
    {
        await desk.SaysAsync(who: who);
        await desk.RemoveAsync(await desk.PlannedAsync());
        Assert.Equal(NextAction.Proceed, (await desk.VerifyAsync()).Outcome);
    }

    private static async Task WatchFormerAsync(StepDesk desk) =>
        await desk.World.Services.GetRequiredService<FormerLeavers>().RunAsync(Stop);

    private static bool HasUndoFinding(StepDesk desk) => desk.World.HasFinding(OffboardingControls.StepStuck);

    private async Task GiveUpUndoAsync(StepDesk desk, long sequence, params IEnumerable<string> denied)
    {
        await desk.SaysAsync(HrEventKind.Cancelled, sequence);
        Assert.Equal(NextAction.Stop, (await desk.PlanAsync()).Outcome);
        var asked = await desk.PlanUndoAsync();
        await desk.AnswerAsync(asked, true, true);
        foreach (var permission in denied)
            desk.World.Sandbox.Tenant.Denied[permission] = true;
        Assert.Equal(NextAction.Proceed, (await desk.RestoreAsync(asked.PlanId!)).Outcome);
        _undo = asked.PlanId;
        desk.World.Sandbox.Tenant.Denied.Clear();
    }
}
