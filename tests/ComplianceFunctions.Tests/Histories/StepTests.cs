using System.Security.Cryptography;
using Azure;
using Compliance.Changes.Flow;
using Compliance.Changes.Plans;
using Compliance.Ledger.Format;
using Compliance.Offboarding;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Rounds;
using Compliance.Text;
using Microsoft.Extensions.DependencyInjection;
using Simulation.Storage;

namespace ComplianceFunctions.Tests.Histories;

/// <summary>What holds for each step of a case by itself, whatever came between it and the one before.</summary>
public sealed class StepTests
{
    [Fact]
    public async Task Of_two_at_once_that_read_all_access_the_first_snapshot_is_kept_and_on_record()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        await desk.BlockAsync();
        var recorded = new List<string>();
        desk.Interruptions.BeforeRecord = record =>
        {
            if (record.DetailsSha256?.GetValueOrDefault("snapshot.json") is { } digest)
                recorded.Add(digest);
        };
        // A worker that went on after its host was killed, and the next one.
        desk.Interruptions.AfterReadAccess = async () =>
        {
            desk.Interruptions.AfterReadAccess = null;
            await desk.WaitAsync(TimeSpan.FromSeconds(5));
            Assert.Equal(NextAction.Proceed, (await desk.PlanAsync()).Outcome);
        };

        var planned = await desk.PlanAsync();

        Assert.Equal(NextAction.Proceed, planned.Outcome);
        var name = LeaverRounds.Name(desk.Run, "snapshot.json");
        var kept = await desk.Documents.LoadAsync<AccessSnapshot>(name, TestContext.Current.CancellationToken);
        Assert.Equal([CanonicalJson.Sha256Of(kept)], recorded.Distinct());
    }

    [Fact]
    public async Task A_plan_made_under_another_policy_takes_nothing_away()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        var (plan, holds) = (await desk.PlannedAsync(), desk.Holds());
        desk.Edit(PolicyEdit.Comment);

        Assert.Equal((NextAction.Retry, holds), ((await desk.RemoveAsync(plan)).Outcome, desk.Holds()));
        // Under the policy that holds now there is another plan.
        Assert.NotEqual(plan, (await desk.PlanAsync()).PlanId);
    }

    [Fact]
    public async Task A_plan_made_under_another_policy_gives_nothing_back()
    {
        await using var desk = await StepDesk.StartAsync();
        var asked = await UndoAskedAsync(desk);
        await desk.AnswerAsync(asked, true, true);
        desk.Edit(PolicyEdit.Comment);

        Assert.Equal((NextAction.Retry, false), ((await desk.RestoreAsync(asked.PlanId!)).Outcome, desk.CanSignIn()));
    }

    [Fact]
    public async Task Nothing_is_taken_away_before_two_agreed()
    {
        await using var desk = await StepDesk.StartAsync();
        desk.Edit(PolicyEdit.ApproveFirstAct);
        await desk.SaysAsync();
        await desk.BlockAsync();
        var holds = desk.Holds();
        var asked = await desk.PlanAsync();
        Assert.Equal(NextAction.AskApproval, asked.Outcome);

        await desk.AnswerAsync(asked, true);
        Assert.Equal(ApprovalStatus.Open, await desk.ApprovalStatusAsync(asked.ApprovalId!));
        Assert.Equal((NextAction.Retry, holds), ((await desk.RemoveAsync(asked.PlanId!)).Outcome, desk.Holds()));

        await desk.AnswerAsync(asked, true, true);
        Assert.Equal(ApprovalStatus.Approved, await desk.ApprovalStatusAsync(asked.ApprovalId!));
        Assert.Equal((NextAction.Proceed, 0), ((await desk.RemoveAsync(asked.PlanId!)).Outcome, desk.Holds()));
        Assert.True(await desk.IsBegunAsync(asked));
    }

    [Fact]
    public async Task A_yes_that_was_not_used_in_time_takes_nothing_away()
    {
        await using var desk = await StepDesk.StartAsync();
        desk.Edit(PolicyEdit.ApproveFirstAct);
        await desk.SaysAsync();
        await desk.BlockAsync();
        var (asked, holds) = (await desk.PlanAsync(), desk.Holds());
        await desk.AnswerAsync(asked, true, true);
        Assert.Equal(ApprovalStatus.Approved, await desk.ApprovalStatusAsync(asked.ApprovalId!));
        Assert.Equal(NextAction.Proceed, (await desk.PlanAsync()).Outcome);

        await desk.WaitAsync(desk.World.Policy.ApprovalValidFor + TimeSpan.FromMinutes(1));

        Assert.Equal((NextAction.Retry, holds), ((await desk.RemoveAsync(asked.PlanId!)).Outcome, desk.Holds()));
        Assert.Equal(NextAction.AskApproval, (await desk.PlanAsync()).Outcome);
    }

    [Fact]
    public async Task An_approved_block_is_known_to_be_under_way_and_does_not_lapse()
    {
        await using var desk = await StepDesk.StartAsync();
        desk.Edit(PolicyEdit.ProtectLea);
        await desk.SaysAsync();
        var asked = await desk.BlockAsync();
        await desk.AnswerAsync(asked, true, true);
        await desk.ApprovalStatusAsync(asked.ApprovalId!);

        Assert.Equal((NextAction.Proceed, false), ((await desk.BlockAsync()).Outcome, desk.CanSignIn()));
        Assert.True(await desk.IsBegunAsync(asked));
    }

    [Fact]
    public async Task What_the_person_was_before_is_not_forgotten_when_blocking_is_repeated()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        await desk.BlockAsync();
        await desk.BlockAsync();
        await desk.BlockAsync(attempt: 1);

        Assert.True((await desk.StateAsync())!.Facts!.AccountEnabled);
    }

    [Fact]
    public async Task What_a_moment_may_mend_is_waited_for_before_the_rest_goes_on()
    {
        await using var desk = await StepDesk.StartAsync();
        desk.World.Sandbox.SetFaults("PATCH graph/users/* => status=503");
        await desk.SaysAsync();

        Assert.Equal(NextAction.Retry, (await desk.MeanwhileAsync(desk.BlockAsync())).Outcome);
        Assert.Equal(NextAction.Proceed, (await desk.MeanwhileAsync(desk.BlockAsync(attempt: 3))).Outcome);
        Assert.Equal((LeaverStage.Blocking, true), ((await desk.CaseAsync()).Stage, desk.CanSignIn()));
    }

    [Fact]
    public async Task Somebody_who_could_not_be_blocked_is_never_clear()
    {
        await using var desk = await StepDesk.StartAsync();
        desk.World.Sandbox.Tenant.Denied["User.EnableDisableAccount.All"] = true;
        await desk.SaysAsync();
        await desk.RemoveAsync(await desk.PlannedAsync());

        Assert.Equal((NextAction.Retry, 0), ((await desk.VerifyAsync()).Outcome, desk.Holds()));
        Assert.Equal(LeaverStage.Blocking, (await desk.CaseAsync()).Stage);
    }

    [Fact]
    public async Task What_somebody_gives_the_leaver_meanwhile_is_planned_from_a_fresh_read()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        await desk.RemoveAsync(await desk.PlannedAsync());
        SmallTenant.AddToGroup(desk.World.Sandbox.Tenant, SmallTenant.OtherGroup, Person.Lea);
        Assert.True((await desk.VerifyAsync()).NewPlan);

        var planned = await desk.PlanAsync();

        Assert.Equal((NextAction.Proceed, 0), ((await desk.RemoveAsync(planned.PlanId!, attempt: 1)).Outcome, desk.Holds()));
        Assert.Equal(NextAction.Proceed, (await desk.VerifyAsync()).Outcome);
    }

    [Fact]
    public async Task A_pass_that_was_cut_off_before_it_was_on_record_is_recorded_as_it_was_and_not_done_again()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        var plan = await desk.PlannedAsync();
        await CutOffAsync(desk, "offboarding.remove", () => desk.RemoveAsync(plan));
        var changes = desk.Changes;

        Assert.Equal(NextAction.Proceed, (await desk.RemoveAsync(plan)).Outcome);
        await desk.RemoveAsync(plan, attempt: 1);

        Assert.Equal((changes, 1), (desk.Changes, desk.Recorded("offboarding.remove")));
        Assert.All((await desk.StateAsync())!.Outcomes, o => Assert.Equal(StepResult.Done, o.Result));
    }

    [Fact]
    public async Task Nothing_is_given_back_before_two_agreed()
    {
        await using var desk = await StepDesk.StartAsync();
        var asked = await UndoAskedAsync(desk);

        await desk.AnswerAsync(asked, true);
        Assert.Equal((NextAction.Retry, false), ((await desk.RestoreAsync(asked.PlanId!)).Outcome, desk.CanSignIn()));

        await desk.AnswerAsync(asked, true, true);
        Assert.Equal((NextAction.Proceed, true), ((await desk.RestoreAsync(asked.PlanId!)).Outcome, desk.CanSignIn()));
        Assert.True(await desk.IsBegunAsync(asked));
    }

    [Fact]
    public async Task A_plan_whose_document_was_changed_is_not_carried_out()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        var (plan, holds) = (await desk.PlannedAsync(), desk.Holds());
        await desk.TamperAsync($"plan-{plan}.json", SmallTenant.IdOf(Person.Lea), SmallTenant.IdOf(Person.Mia));

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => desk.RemoveAsync(plan));

        Assert.Contains("was changed", refused.Message, StringComparison.Ordinal);
        Assert.Equal((holds, holds), (desk.Holds(), desk.Holds(Person.Mia)));
    }

    [Theory]
    [InlineData("rescheduled")]
    [InlineData("cancelled")]
    [InlineData("policy")]
    public async Task A_question_that_the_news_answers_counts_no_more(string news)
    {
        await using var desk = await StepDesk.StartAsync();
        desk.Edit(PolicyEdit.ProtectLea);
        await desk.SaysAsync();
        var asked = await desk.BlockAsync();
        Assert.Equal((NextAction.AskApproval, true), (asked.Outcome, await desk.IsOpenAsync(asked)));
        await desk.AnswerAsync(asked, true, true);

        if (news == "policy")
            desk.Edit(PolicyEdit.Comment);
        else if (news == "cancelled")
            await desk.SaysAsync(HrEventKind.Cancelled, 2);
        else
            await desk.SaysAsync(HrEventKind.Rescheduled, 2, TimeSpan.FromDays(90));

        Assert.Equal(ApprovalStatus.Void, await desk.ApprovalStatusAsync(asked.ApprovalId!));
        Assert.False(await desk.IsOpenAsync(asked));
        var again = await desk.BlockAsync();
        Assert.Equal(
            news switch
            {
                "policy" => NextAction.AskApproval,
                "cancelled" => NextAction.Stop,
                _ => NextAction.NotDue,
            },
            again.Outcome
        );
        Assert.True(desk.CanSignIn());
    }

    [Fact]
    public async Task One_question_at_a_time_is_open_in_a_case()
    {
        await using var desk = await StepDesk.StartAsync();
        desk.Edit(PolicyEdit.ProtectLea);
        await desk.SaysAsync();
        var first = await desk.BlockAsync();
        desk.Edit(PolicyEdit.Comment);
        var second = await desk.BlockAsync();

        Assert.NotEqual(first.ApprovalId, second.ApprovalId);
        Assert.Equal((false, true), (await desk.IsOpenAsync(first), await desk.IsOpenAsync(second)));
    }

    [Theory]
    [InlineData(HrEventKind.Cancelled)]
    [InlineData(HrEventKind.Rescheduled)]
    public async Task Who_stays_after_all_takes_no_room_under_the_caps_when_HR_says_so_while_it_is_decided(HrEventKind kind)
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        desk.Interruptions.BeforeLookUp = async () =>
        {
            desk.Interruptions.BeforeLookUp = null;
            await desk.SaysAsync(kind, 2, TimeSpan.FromDays(30));
        };

        var decided = await desk.BlockAsync();

        Assert.Equal(kind == HrEventKind.Cancelled ? NextAction.Stop : NextAction.NotDue, decided.Outcome);
        Assert.Equal((0, true), (desk.PlacesTaken, desk.CanSignIn()));
    }

    [Theory]
    [InlineData(HrEventKind.Cancelled)]
    [InlineData(HrEventKind.Rescheduled)]
    public async Task Who_stays_after_all_is_not_blocked_when_HR_says_so_right_before_the_act(HrEventKind kind)
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        desk.Interruptions.AfterChange = async after =>
        {
            if (after.BegunAt is null)
                return;
            desk.Interruptions.AfterChange = null;
            await desk.SaysAsync(kind, 2, TimeSpan.FromDays(30));
        };

        var decided = await desk.BlockAsync();

        Assert.Equal(NextAction.Stop, decided.Outcome);
        Assert.Equal((0, true), (desk.PlacesTaken, desk.CanSignIn()));
    }

    [Fact]
    public async Task Who_stays_after_all_leaves_room_under_the_caps_to_others_unless_something_was_done()
    {
        await using var desk = await StepDesk.StartAsync();
        desk.World.Sandbox.Tenant.Denied["User.EnableDisableAccount.All"] = true;
        desk.World.Sandbox.Tenant.Denied["User.RevokeSessions.All"] = true;
        await desk.SaysAsync();
        await desk.BlockAsync();
        Assert.Equal((1, true), (desk.PlacesTaken, desk.CanSignIn()));
        await desk.SaysAsync(HrEventKind.Cancelled, 2);
        Assert.Equal(NextAction.Stop, (await desk.PlanAsync()).Outcome);
        Assert.Equal(0, desk.PlacesTaken);

        desk.World.Sandbox.Tenant.Denied.Clear();
        await desk.SaysAsync(who: Person.Noa);
        await desk.BlockAsync();
        await desk.SaysAsync(HrEventKind.Cancelled, 2, who: Person.Noa);
        Assert.Equal(NextAction.Stop, (await desk.PlanAsync()).Outcome);
        Assert.Equal((1, false), (desk.PlacesTaken, desk.CanSignIn(Person.Noa)));
    }

    [Fact]
    public async Task A_case_holds_one_place_under_the_caps_however_often_it_is_decided()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        await desk.BlockAsync();
        await desk.BlockAsync();

        Assert.Equal(1, desk.PlacesTaken);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_answer_whose_evidence_was_cut_off_is_on_record_before_it_is_acted_on(bool approve)
    {
        await using var desk = await StepDesk.StartAsync();
        desk.Edit(PolicyEdit.ProtectLea);
        await desk.SaysAsync();
        var asked = await desk.BlockAsync();
        bool[] answers = approve ? [true, true] : [false];
        desk.Interruptions.BeforeRecord = record =>
        {
            if (record.Action == "approval.answer")
                throw new RequestFailedException(503, "out of order");
        };
        for (var n = 0; n < answers.Length; n++)
            await Assert.ThrowsAsync<RequestFailedException>(() => desk.AnswerAsync(asked, n, approve));
        Assert.Equal(0, desk.Recorded("approval.answer"));
        await Assert.ThrowsAsync<RequestFailedException>(() => desk.ApprovalStatusAsync(asked.ApprovalId!));
        Assert.Empty((await desk.StateAsync())!.Released);

        desk.Interruptions.BeforeRecord = null;
        Assert.Equal(approve ? ApprovalStatus.Approved : ApprovalStatus.Refused, await desk.ApprovalStatusAsync(asked.ApprovalId!));

        Assert.Equal(answers.Length, desk.Recorded("approval.answer"));
    }

    [Fact]
    public async Task That_an_answer_is_overdue_is_on_record_once_also_after_a_cut()
    {
        await using var desk = await StepDesk.StartAsync();
        desk.Edit(PolicyEdit.ProtectLea);
        await desk.SaysAsync();
        var asked = await desk.BlockAsync();
        await desk.WaitAsync(desk.World.Policy.ApprovalWithin - TimeSpan.FromSeconds(1));
        Assert.Equal(ApprovalStatus.Open, await desk.ApprovalStatusAsync(asked.ApprovalId!));
        Assert.Equal((0, false), (desk.Recorded("offboarding.approval-overdue"), desk.World.HasFinding("LEAVE-010")));

        await desk.WaitAsync(TimeSpan.FromSeconds(1));
        await CutOffAsync(desk, "offboarding.approval-overdue", () => desk.ApprovalStatusAsync(asked.ApprovalId!));
        await desk.ApprovalStatusAsync(asked.ApprovalId!);
        await desk.ApprovalStatusAsync(asked.ApprovalId!);

        Assert.Equal((1, true), (desk.Recorded("offboarding.approval-overdue"), desk.World.HasFinding("LEAVE-010")));
    }

    [Fact]
    public async Task That_a_case_is_not_clear_in_time_is_on_record_once_also_after_a_cut()
    {
        await using var desk = await StepDesk.StartAsync();
        desk.World.Sandbox.Tenant.Denied["GroupMember.ReadWrite.All"] = true;
        await desk.SaysAsync();
        var plan = await desk.PlannedAsync();
        await desk.RemoveAsync(plan);
        await desk.WaitAsync(desk.World.Policy.ClearWithin - TimeSpan.FromMinutes(1));
        await desk.VerifyAsync();
        Assert.Equal((0, false), (desk.Recorded("offboarding.escalated"), desk.World.HasFinding("LEAVE-012")));

        await desk.WaitAsync(TimeSpan.FromMinutes(2));
        await CutOffAsync(desk, "offboarding.escalated", desk.VerifyAsync);
        await desk.VerifyAsync();
        await desk.VerifyAsync();

        Assert.Equal((1, true), (desk.Recorded("offboarding.escalated"), desk.World.HasFinding("LEAVE-012")));
    }

    [Fact]
    public async Task The_first_act_under_a_policy_needs_two_people_and_the_next_does_not()
    {
        await using var desk = await StepDesk.StartAsync();
        var asked = await desk.FirstActAskedAsync();
        await desk.AnswerAsync(asked, true, true);
        await desk.ApprovalStatusAsync(asked.ApprovalId!);
        await desk.RemoveAsync(asked.PlanId!);

        await desk.SaysAsync(who: Person.Noa);
        await desk.PlannedAsync();

        // Another policy is another first.
        desk.Edit(PolicyEdit.Comment);
        Assert.Equal(NextAction.AskApproval, (await desk.PlanAsync()).Outcome);
    }

    [Fact]
    public async Task What_a_plan_took_away_is_signed_at_once()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        var plan = await desk.PlannedAsync();
        var before = Checkpoints(desk);

        await desk.RemoveAsync(plan);

        Assert.Equal(before + 1, Checkpoints(desk));
        // Nothing new, nothing to sign.
        await desk.RemoveAsync(plan, attempt: 1);
        Assert.Equal(before + 1, Checkpoints(desk));
    }

    [Fact]
    public async Task Whoever_leaves_as_well_takes_nothing_over_and_whoever_stays_may()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync(who: Person.Noa);
        await desk.BlockAsync();
        var undo = await UndoAskedAsync(desk, Person.Mia);
        await desk.AnswerAsync(undo, true, true);
        await desk.RestoreAsync(undo.PlanId!);

        await desk.SaysAsync();
        await desk.PlannedAsync();

        Assert.Contains(SmallTenant.IdOf(Person.Noa), desk.Interruptions.SaidLeaving);
        Assert.DoesNotContain(SmallTenant.IdOf(Person.Mia), desk.Interruptions.SaidLeaving);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Whoever_left_since_the_plan_was_made_takes_nothing_over(bool hasCase)
    {
        await using var desk = await StepDesk.StartAsync();
        var tenant = desk.World.Sandbox.Tenant;
        SmallTenant.AddApplication(tenant, Person.Lea);
        // The manager.
        tenant.Change("users", SmallTenant.Id, """{"accountEnabled":false}""");
        desk.Edit(PolicyEdit.NameNoaAsOwner);
        await desk.SaysAsync();
        var (plan, run) = (await desk.PlannedAsync(), desk.Run);
        if (hasCase)
        {
            await desk.SaysAsync(who: Person.Noa);
            await desk.BlockAsync();
        }
        else
        {
            await EditAsync(desk, DirectoryEdit.Disable, Person.Noa);
        }

        var removed = await desk.Steps.RemoveAsync(run, plan, TestContext.Current.CancellationToken);
        var again = await desk.Steps.PlanAsync(run, TestContext.Current.CancellationToken);

        // There is no other owner: people are asked.
        Assert.Equal((NextAction.Retry, NextAction.AskApproval, true), (removed.Outcome, again.Outcome, plan != again.PlanId));
        Assert.DoesNotContain(
            desk.World.Sandbox.Requests,
            r => r.Method == "POST" && r.Path.EndsWith("/owners/$ref", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Whoever_stays_takes_over_what_was_planned()
    {
        await using var desk = await StepDesk.StartAsync();
        SmallTenant.AddApplication(desk.World.Sandbox.Tenant, Person.Lea);
        await desk.SaysAsync();

        await desk.RemoveAsync(await desk.PlannedAsync());

        Assert.Contains(desk.World.Sandbox.Requests, r => r.Method == "POST" && r.Path.EndsWith("/owners/$ref", StringComparison.Ordinal));
    }

    // Its record comes late: the ledger was out of order, and the policy was edited meanwhile.
    [Theory]
    [InlineData("offboarding.block")]
    [InlineData("offboarding.remove")]
    public async Task What_is_recorded_late_names_the_policy_that_was_in_force_when_it_was_done(string action)
    {
        await using var desk = await StepDesk.StartAsync();
        var policy = desk.World.Policy.Sha256;
        await desk.SaysAsync();
        if (action == "offboarding.block")
        {
            await CutOffAsync(desk, action, () => desk.BlockAsync());
            desk.Edit(PolicyEdit.Comment);
            await desk.BlockAsync();
        }
        else
        {
            var plan = await desk.PlannedAsync();
            await CutOffAsync(desk, action, () => desk.RemoveAsync(plan));
            desk.Edit(PolicyEdit.Comment);
            await desk.RemoveAsync(plan);
        }

        Assert.Equal([policy], desk.World.EvidencePolicies(action));
    }

    [Fact]
    public async Task A_round_that_another_one_followed_is_certified_no_more()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        await desk.RemoveAsync(await desk.PlannedAsync());
        Assert.Equal(NextAction.Proceed, (await desk.VerifyAsync()).Outcome);
        var first = desk.Run;
        await desk.SaysAsync(HrEventKind.Rescheduled, 2, leavesIn: TimeSpan.FromDays(20));

        Assert.Equal((2, ""), (desk.Run.Round, await desk.Steps.CertifyAsync(first, TestContext.Current.CancellationToken)));
        Assert.Equal(0, desk.Recorded("offboarding.certificate"));
    }

    [Fact]
    public async Task Nothing_can_be_given_back_to_a_user_who_was_deleted_and_that_is_a_finding()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        // Cut off before it is known whether the account was disabled.
        Assert.Equal(NextAction.Proceed, (await desk.Steps.DecideAsync(desk.Run, TestContext.Current.CancellationToken)).Outcome);
        await desk.SaysAsync(HrEventKind.Cancelled, 2);
        Assert.Equal(NextAction.Stop, (await desk.BlockAsync()).Outcome);
        await EditAsync(desk, DirectoryEdit.Delete);

        Assert.Equal(NextAction.Stop, (await desk.PlanUndoAsync()).Outcome);

        Assert.Equal((LeaverStage.Cancelled, false), ((await desk.CaseAsync()).Stage, (await desk.CaseAsync()).IsTaken));
        Assert.True(desk.World.HasFinding(OffboardingControls.StepStuck));
        Assert.Equal(NextAction.Stop, (await desk.PlanUndoAsync()).Outcome);
        Assert.True(desk.World.HasFinding(OffboardingControls.StepStuck));
    }

    [Fact]
    public async Task What_was_asked_because_something_could_not_be_read_is_decided_without_people_once_it_can_be()
    {
        await using var desk = await StepDesk.StartAsync();
        desk.World.Sandbox.Tenant.Denied["RoleManagement.Read.Directory"] = true;
        await desk.SaysAsync();
        var asked = await desk.BlockAsync();
        Assert.Equal(NextAction.AskApproval, asked.Outcome);
        // While it cannot be read, a first answer and the deadline stay.
        await desk.AnswerAsync(asked, true);
        Assert.Equal((ApprovalStatus.Open, true), (await desk.ApprovalStatusAsync(asked.ApprovalId!), await desk.IsOpenAsync(asked)));

        desk.World.Sandbox.Tenant.Denied.Clear();
        Assert.Equal((ApprovalStatus.Void, false), (await desk.ApprovalStatusAsync(asked.ApprovalId!), await desk.IsOpenAsync(asked)));
        Assert.Equal((NextAction.Proceed, false), ((await desk.BlockAsync()).Outcome, desk.CanSignIn()));
    }

    [Fact]
    public async Task Whoever_takes_over_is_found_without_people_once_the_manager_can_be_read()
    {
        await using var desk = await StepDesk.StartAsync();
        SmallTenant.AddApplication(desk.World.Sandbox.Tenant, Person.Lea);
        await desk.SaysAsync();
        await desk.BlockAsync();
        desk.World.Sandbox.SetFaults($"GET graph/users/{SmallTenant.IdOf(Person.Lea)} => status=403");
        var asked = await desk.PlanAsync();
        Assert.Equal(NextAction.AskApproval, asked.Outcome);
        Assert.Equal(ApprovalStatus.Open, await desk.ApprovalStatusAsync(asked.ApprovalId!));

        desk.World.Sandbox.SetFaults(null);
        Assert.Equal(ApprovalStatus.Void, await desk.ApprovalStatusAsync(asked.ApprovalId!));
        var planned = await desk.PlanAsync();
        Assert.Equal(NextAction.Proceed, planned.Outcome);
        var plan = await desk.Documents.LoadAsync<ActionPlan>(
            LeaverRounds.Name(desk.Run, $"plan-{planned.PlanId}.json"),
            TestContext.Current.CancellationToken
        );
        Assert.Contains(plan!.Steps, s => s.Action == AddOwner.Id);
    }

    [Fact]
    public async Task A_case_at_rest_whose_person_was_erased_never_wakes()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        await desk.BlockAsync();
        var old = desk.Run;
        await desk.WaitAsync(TimeSpan.FromHours(1));
        await desk.SaysAsync(HrEventKind.Rehired, employment: "2");
        Assert.Equal(NextAction.Stop, (await desk.Steps.PlanAsync(old, TestContext.Current.CancellationToken)).Outcome);
        await desk.EraseAsync(old.CaseId);
        await desk.WaitAsync(TimeSpan.FromHours(1));

        Assert.DoesNotContain(old.CaseId, await desk.ExpectedAsync());
        Assert.Equal(1, desk.World.Cases().Single(c => c.Id == old.CaseId).Round);
    }

    [Fact]
    public async Task A_start_for_cause_that_cannot_be_recorded_keeps_no_other_from_being_asked_about()
    {
        await using var desk = await StepDesk.StartAsync();
        desk.Interruptions.BeforeRecord = record =>
        {
            if (record.Action == "offboarding.started")
                throw new RequestFailedException(503, "out of order");
        };
        foreach (var who in new[] { Person.Lea, Person.Noa })
            await desk.World.StartForCauseAsync(0, SmallTenant.IdOf(who));
        var failing = desk.World.Cases()[0].Id;
        desk.Interruptions.BeforeRecord = record =>
        {
            if (record.Action == "offboarding.started" && record.Subject == failing)
                throw new RequestFailedException(503, "out of order");
        };
        await desk.WaitAsync(TimeSpan.FromMinutes(5));
        var starts = desk.World.Services.GetRequiredService<ForCauseConfirmation>();
        await Assert.ThrowsAsync<RequestFailedException>(() => starts.SettleAsync(TestContext.Current.CancellationToken));

        Assert.All(desk.World.Cases(), c => Assert.Equal(c.Id != failing, c.Cause!.Asked));
    }

    [Fact]
    public async Task What_may_be_done_no_more_when_it_is_about_to_be_is_not_done()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        // Another run of the same step found a guard that holds now.
        desk.Interruptions.AfterChange = async after =>
        {
            if (after.BegunAt is not null)
                await desk.Documents.ChangeAsync<CaseState>(
                    LeaverRounds.Name(desk.Run, "state.json"),
                    s => s! with { Released = [] },
                    TestContext.Current.CancellationToken
                );
        };

        Assert.Equal((NextAction.Retry, true), ((await desk.BlockAsync()).Outcome, desk.CanSignIn()));
    }

    [Fact]
    public async Task A_guard_that_holds_no_more_is_no_finding()
    {
        await using var desk = await StepDesk.StartAsync();
        desk.Edit(PolicyEdit.ProtectLea);
        await desk.SaysAsync();
        await desk.BlockAsync();
        Assert.True(desk.World.HasFinding("LEAVE-011"));

        desk.Edit(PolicyEdit.UnprotectLea);

        Assert.Equal((NextAction.Proceed, false), ((await desk.BlockAsync()).Outcome, desk.World.HasFinding("LEAVE-011")));
    }

    [Fact]
    public async Task A_leaver_whom_nobody_fitted_is_no_finding_once_one_does()
    {
        await using var desk = await StepDesk.StartAsync();
        await EditAsync(desk, DirectoryEdit.ClearEmployeeId);
        await desk.SaysAsync();
        Assert.Equal((NextAction.Unmatched, true), ((await desk.BlockAsync()).Outcome, desk.World.HasFinding("LEAVE-003")));

        await EditAsync(desk, DirectoryEdit.SetEmployeeId);

        Assert.Equal((NextAction.Proceed, false), ((await desk.BlockAsync()).Outcome, desk.World.HasFinding("LEAVE-003")));
    }

    [Fact]
    public async Task A_refused_removal_is_at_rest_and_what_was_done_before_can_be_given_back_at_once()
    {
        await using var desk = await StepDesk.StartAsync();
        var asked = await desk.FirstActAskedAsync();
        await desk.AnswerAsync(asked, false);
        Assert.Equal(ApprovalStatus.Refused, await desk.ApprovalStatusAsync(asked.ApprovalId!));

        Assert.Equal(desk.World.Now, (await desk.CaseAsync()).RestedAt);
        await desk.SaysAsync(HrEventKind.Cancelled, 2);
        Assert.Equal(NextAction.AskApproval, (await desk.PlanUndoAsync()).Outcome);
    }

    [Theory]
    [InlineData(HrEventKind.Cancelled)]
    [InlineData(HrEventKind.Rescheduled)]
    public async Task Who_stays_after_all_is_not_shown_as_held_when_HR_reports_it_while_it_is_decided(HrEventKind kind)
    {
        await using var desk = await StepDesk.StartAsync();
        desk.Edit(PolicyEdit.ProtectLea);
        await desk.SaysAsync();
        LeaverCase? reported = null;
        desk.Interruptions.BeforeLookUp = async () =>
        {
            desk.Interruptions.BeforeLookUp = null;
            await desk.SaysAsync(kind, 2, TimeSpan.FromDays(30));
            reported = await desk.CaseAsync();
        };

        await desk.BlockAsync();

        Assert.Equal(reported, await desk.CaseAsync());
    }

    [Fact]
    public async Task That_the_account_is_not_blocked_comes_before_the_question_about_the_rest()
    {
        await using var desk = await StepDesk.StartAsync();
        desk.Edit(PolicyEdit.ApproveFirstAct);
        desk.World.Sandbox.Tenant.Denied["User.EnableDisableAccount.All"] = true;
        await desk.SaysAsync();
        await desk.BlockAsync();
        var blocking = await desk.CaseAsync();

        var asked = await desk.PlanAsync();

        var known = await desk.CaseAsync();
        Assert.Equal((LeaverStage.Blocking, asked.PlanId, blocking.Note), (known.Stage, known.PlanId, known.Note));
    }

    [Fact]
    public async Task Who_can_be_blocked_at_last_is_blocked_while_the_rest_waits_and_is_shown_so()
    {
        await using var desk = await StepDesk.StartAsync();
        desk.Edit(PolicyEdit.ApproveFirstAct);
        desk.World.Sandbox.Tenant.Denied["User.EnableDisableAccount.All"] = true;
        await desk.SaysAsync();
        await desk.BlockAsync();
        var asked = await desk.PlanAsync();
        Assert.True(desk.World.HasFinding("LEAVE-013"));

        desk.World.Sandbox.Tenant.Denied.Clear();
        Assert.Equal(ApprovalStatus.Open, await desk.ApprovalStatusAsync(asked.ApprovalId!));

        var known = await desk.CaseAsync();
        Assert.Equal((LeaverStage.Blocked, null, false), (known.Stage, known.Note, desk.CanSignIn()));
        Assert.False(desk.World.HasFinding("LEAVE-013"));
    }

    [Fact]
    public async Task A_case_that_a_guard_holds_takes_no_room_under_the_caps()
    {
        await using var desk = await StepDesk.StartAsync();
        desk.Edit(PolicyEdit.ProtectLea);
        await desk.SaysAsync();

        Assert.Equal((NextAction.AskApproval, 0), ((await desk.BlockAsync()).Outcome, desk.PlacesTaken));
    }

    [Fact]
    public async Task An_administrator_who_leaves_later_counts_until_then()
    {
        await using var desk = await StepDesk.StartAsync();
        SmallTenant.MakeAdministrator(desk.World.Sandbox.Tenant, Person.Lea);
        SmallTenant.MakeAdministrator(desk.World.Sandbox.Tenant, Person.Noa);
        await desk.SaysAsync(who: Person.Noa);
        desk.Interruptions.BeforeLookUp = async () =>
        {
            desk.Interruptions.BeforeLookUp = null;
            await desk.SaysAsync(HrEventKind.Rescheduled, 2, TimeSpan.FromDays(30), Person.Noa);
        };
        Assert.Equal(NextAction.NotDue, (await desk.BlockAsync()).Outcome);
        // She is known to be the one who leaves.
        Assert.Equal(SmallTenant.IdOf(Person.Noa), (await desk.CaseAsync()).UserId);

        await desk.SaysAsync();

        Assert.Equal((NextAction.Proceed, false), ((await desk.BlockAsync()).Outcome, desk.CanSignIn()));
    }

    [Fact]
    public async Task Who_stays_after_all_is_not_clear_when_HR_reports_it_during_the_last_read()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        await desk.RemoveAsync(await desk.PlannedAsync());
        LeaverCase? reported = null;
        desk.Interruptions.AfterReadAccess = async () =>
        {
            desk.Interruptions.AfterReadAccess = null;
            await desk.SaysAsync(HrEventKind.Cancelled, 2);
            reported = await desk.CaseAsync();
        };

        await desk.VerifyAsync();

        Assert.Equal(reported, await desk.CaseAsync());
    }

    [Fact]
    public async Task Who_was_seen_clear_is_clear_and_at_rest_since_then()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        await desk.RemoveAsync(await desk.PlannedAsync());
        await desk.VerifyAsync();
        var since = await desk.CaseAsync();
        Assert.Equal((LeaverStage.Clear, since.ClearAt), (since.Stage, since.RestedAt));

        await desk.WaitAsync(TimeSpan.FromHours(1));
        await desk.VerifyAsync();

        Assert.NotNull(since.ClearAt);
        Assert.Equal(since, await desk.CaseAsync());
    }

    [Fact]
    public async Task A_certificate_that_would_show_the_same_is_issued_once_a_day()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        await desk.RemoveAsync(await desk.PlannedAsync());
        var issued = new List<int>();
        foreach (var hours in new[] { 0, 1, 22, 1 })
        {
            await desk.WaitAsync(TimeSpan.FromHours(hours));
            await desk.VerifyAsync();
            await desk.Steps.CertifyAsync(desk.Run, TestContext.Current.CancellationToken);
            issued.Add(desk.Recorded("offboarding.certificate"));
        }

        Assert.Equal([1, 1, 1, 2], issued);
    }

    [Fact]
    public async Task A_secret_that_the_leaver_could_read_is_a_finding_once_the_account_is_blocked()
    {
        await using var desk = await StepDesk.StartAsync();
        SmallTenant.AddApplication(desk.World.Sandbox.Tenant, Person.Lea, hasSecret: true);
        await desk.SaysAsync();
        await desk.RemoveAsync(await desk.PlannedAsync());
        Assert.False(desk.World.HasFinding("LEAVE-020"));

        await desk.VerifyAsync();

        Assert.True(desk.World.HasFinding("LEAVE-020"));
    }

    [Fact]
    public async Task What_is_given_back_waits_for_the_round_to_rest_but_not_for_ever()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        await desk.BlockAsync();
        await desk.SaysAsync(HrEventKind.Cancelled, 2);

        Assert.Equal((NextAction.Retry, NextAction.AskApproval), (await UndoAsync(29), await UndoAsync(30)));

        async Task<NextAction> UndoAsync(int attempt) =>
            (await desk.Undo.PlanUndoAsync(desk.Run with { Attempt = attempt }, TestContext.Current.CancellationToken)).Outcome;
    }

    [Fact]
    public async Task What_the_person_was_before_is_not_forgotten_when_a_block_that_was_cut_off_is_asked_about()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        desk.Interruptions.AfterChange = after =>
            after.BegunAt is null ? Task.CompletedTask : throw new RequestFailedException(503, "out of order");
        await Assert.ThrowsAsync<RequestFailedException>(() => desk.BlockAsync());
        desk.Interruptions.AfterChange = null;
        // Done, and its answer lost.
        await EditAsync(desk, DirectoryEdit.Disable);
        desk.Edit(PolicyEdit.ProtectLea);

        Assert.Equal(NextAction.AskApproval, (await desk.BlockAsync()).Outcome);

        Assert.True((await desk.StateAsync())!.Facts!.AccountEnabled);
    }

    [Fact]
    public async Task A_round_at_rest_has_rested_since_it_came_to_rest()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        await desk.BlockAsync();
        await desk.SaysAsync(HrEventKind.Cancelled, 2);
        await desk.PlanAsync();
        var rested = await desk.CaseAsync();
        Assert.Equal(desk.World.Now, rested.RestedAt);

        await desk.WaitAsync(TimeSpan.FromHours(1));
        await desk.PlanAsync();

        Assert.Equal(rested, await desk.CaseAsync());
    }

    [Fact]
    public async Task A_plan_that_takes_nothing_is_not_the_first_act_under_a_policy()
    {
        await using var desk = await StepDesk.StartAsync();
        desk.TakeAll();
        await EditAsync(desk, DirectoryEdit.Disable);
        desk.Edit(PolicyEdit.ApproveFirstAct);
        await desk.SaysAsync();
        await desk.RemoveAsync(await desk.PlannedAsync());

        await desk.SaysAsync(who: Person.Noa);
        await desk.BlockAsync();

        Assert.Equal(NextAction.AskApproval, (await desk.PlanAsync()).Outcome);
    }

    [Fact]
    public async Task What_a_pass_came_to_is_on_record_although_the_one_before_was_cut_off_once_it_was_recorded()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        var plan = await desk.PlannedAsync();
        desk.World.Sandbox.SetFaults("DELETE graph/groups/* => status=403");
        List<(string Id, string Digest)> recorded = [];
        desk.Interruptions.BeforeRecord = record =>
        {
            if (record.Action == "offboarding.remove")
                recorded.Add((record.Id, record.DetailsSha256!.Single().Value));
        };
        desk.World.Storage.Faults = request =>
            recorded.Count > 0 && request.Writes && request.Resource.Contains("state.json", StringComparison.Ordinal)
                ? StorageFault.FailBefore(400, "CutOff")
                : StorageFault.None;
        await Assert.ThrowsAsync<RequestFailedException>(() => desk.RemoveAsync(plan));
        desk.World.Storage.Faults = _ => StorageFault.None;
        desk.World.Sandbox.SetFaults(null);
        await desk.WaitAsync(TimeSpan.FromMinutes(1));

        Assert.Equal(NextAction.Proceed, (await desk.RemoveAsync(plan, attempt: 1)).Outcome);

        Assert.Equal(2, desk.Recorded("offboarding.remove"));
        foreach (var (id, digest) in recorded)
        {
            var name = LeaverRounds.Name(desk.Run, $"outcomes-{id.Split("-remove-")[1]}.json");
            var kept = await desk.Documents.LoadBytesAsync(name, TestContext.Current.CancellationToken);
            Assert.Equal(digest, Convert.ToHexStringLower(SHA256.HashData(kept!.ToMemory().Span)));
        }
    }

    private static Task EditAsync(StepDesk desk, DirectoryEdit edit, Person who = Person.Lea) =>
        desk.World.HappenAsync(new EditsDirectory(TimeSpan.Zero, edit, who));

    private static int Checkpoints(StepDesk desk) =>
        desk
            .World.Storage.Evidence.Blobs(LedgerLayout.Container)
            .Count(b => b.Name.Contains($"/{LedgerLayout.CheckpointFolder}", StringComparison.Ordinal));

    // The person is blocked, HR takes the leaving back, and two people are asked.
    private static async Task<ChangeDecision> UndoAskedAsync(StepDesk desk, Person who = Person.Lea)
    {
        await desk.SaysAsync(who: who);
        await desk.BlockAsync();
        await desk.SaysAsync(HrEventKind.Cancelled, 2, who: who);
        // The round comes to rest, and only then is it planned what is given back.
        Assert.Equal(NextAction.Stop, (await desk.PlanAsync()).Outcome);
        var asked = await desk.PlanUndoAsync();
        Assert.Equal((NextAction.AskApproval, false), (asked.Outcome, desk.CanSignIn(who)));
        return asked;
    }

    private static async Task CutOffAsync(StepDesk desk, string action, Func<Task> step)
    {
        desk.Interruptions.BeforeRecord = record =>
        {
            if (record.Action == action)
                throw new RequestFailedException(503, "out of order");
        };
        await Assert.ThrowsAsync<RequestFailedException>(step);
        desk.Interruptions.BeforeRecord = null;
    }
}
