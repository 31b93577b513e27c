using Compliance.Changes.Flow;
using Compliance.Changes.Plans;
using Compliance.Offboarding;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Certificates;
using Compliance.Offboarding.Rounds;
using Microsoft.Extensions.DependencyInjection;
using Simulation.Storage;

namespace ComplianceFunctions.Tests.Histories;

/// <summary>An undo gives back all that the case took, whichever of its rounds and plans took it.</summary>
public sealed class GivingBackTests
{
    private static string MembershipsUnread => $"GET graph/users/{SmallTenant.IdOf(Person.Lea)}/memberOf => status=403";

    [Fact]
    public async Task An_account_that_only_a_later_round_found_enabled_is_enabled_again()
    {
        await using var desk = await StepDesk.StartAsync();
        await EditAsync(desk, DirectoryEdit.Disable);
        await desk.SaysAsync();
        await desk.RemoveAsync(await desk.PlannedAsync());
        Assert.Equal(NextAction.Proceed, (await desk.VerifyAsync()).Outcome);
        await EditAsync(desk, DirectoryEdit.Enable);
        var watch = desk.World.Services.GetRequiredService<FormerLeavers>();
        Assert.Equal(2, Assert.Single(await watch.RunAsync(TestContext.Current.CancellationToken)).Round);
        await desk.SelectAsync(Person.Lea, "1");
        await desk.PlannedAsync();
        Assert.False(desk.CanSignIn());

        await GiveBackAsync(desk);

        Assert.Equal((LeaverStage.Restored, true), ((await desk.CaseAsync()).Stage, desk.CanSignIn()));
    }

    [Fact]
    public async Task An_account_that_was_enabled_and_blocked_again_while_people_were_asked_is_enabled_again()
    {
        await using var desk = await StepDesk.StartAsync();
        await EditAsync(desk, DirectoryEdit.Disable);
        var asked = await desk.FirstActAskedAsync();
        await EditAsync(desk, DirectoryEdit.Enable);
        await desk.ApprovalStatusAsync(asked.ApprovalId!);
        Assert.False(desk.CanSignIn());

        await GiveBackAsync(desk);

        Assert.Equal((LeaverStage.Restored, true), ((await desk.CaseAsync()).Stage, desk.CanSignIn()));
    }

    [Fact]
    public async Task An_account_that_was_enabled_before_it_could_be_blocked_at_last_is_enabled_again()
    {
        await using var desk = await StepDesk.StartAsync();
        await EditAsync(desk, DirectoryEdit.Disable);
        desk.World.Sandbox.Tenant.Denied["User.EnableDisableAccount.All"] = true;
        await desk.SaysAsync();
        await desk.BlockAsync();
        await EditAsync(desk, DirectoryEdit.Enable);
        desk.World.Sandbox.Tenant.Denied.Clear();
        await desk.PlanAsync();
        Assert.False(desk.CanSignIn());

        await GiveBackAsync(desk);

        Assert.Equal((LeaverStage.Restored, true), ((await desk.CaseAsync()).Stage, desk.CanSignIn()));
    }

    [Fact]
    public async Task An_account_that_nobody_enabled_stays_disabled_as_it_was_found()
    {
        await using var desk = await StepDesk.StartAsync();
        await EditAsync(desk, DirectoryEdit.Disable);
        var asked = await desk.FirstActAskedAsync();
        await desk.ApprovalStatusAsync(asked.ApprovalId!);
        await desk.SaysAsync(HrEventKind.Cancelled, 2);
        Assert.Equal(NextAction.Stop, (await desk.PlanAsync()).Outcome);

        var undo = await PlanAsync(desk, await desk.PlanUndoAsync());

        Assert.DoesNotContain(undo.Steps, s => s.Action == EnableAccount.Id);
    }

    [Fact]
    public async Task What_a_later_plan_of_the_round_took_is_certified_and_given_back_too()
    {
        await using var desk = await StepDesk.StartAsync();
        var holds = desk.Holds();
        await desk.SaysAsync();
        await desk.BlockAsync();
        desk.World.Sandbox.SetFaults(MembershipsUnread);
        await desk.RemoveAsync((await desk.PlanAsync()).PlanId!);
        Assert.Equal(3, desk.Holds());
        desk.World.Sandbox.SetFaults(null);
        Assert.True((await desk.VerifyAsync()).NewPlan);
        await desk.RemoveAsync((await desk.PlanAsync()).PlanId!, attempt: 1);
        Assert.Equal((0, NextAction.Proceed), (desk.Holds(), (await desk.VerifyAsync()).Outcome));
        var certified = (await desk.StateAsync())!.Verified!.Accesses.Where(a => a.Access.Kind == AccessKind.GroupMember);
        Assert.Equal(3, certified.Count(a => a.State == AccessState.Removed));

        await GiveBackAsync(desk);

        Assert.Equal((LeaverStage.Restored, holds), ((await desk.CaseAsync()).Stage, desk.Holds()));
        Assert.False(desk.World.HasFinding(OffboardingControls.StepStuck));
    }

    [Fact]
    public async Task What_was_taken_and_is_in_no_snapshot_is_left_to_a_person_and_is_a_finding()
    {
        await using var desk = await WithoutSnapshotOfGroupsAsync();

        var undo = await GiveBackAsync(desk);

        var byHand = undo.Manual.Where(m => m.Target.Type == "group").Select(m => m.Target.Name);
        Assert.Equal(SmallTenant.GroupNames.Take(3).Order(), byHand.Order());
        Assert.Equal((LeaverStage.Restored, 1), ((await desk.CaseAsync()).Stage, desk.Holds()));
        Assert.True(desk.World.HasFinding(OffboardingControls.StepStuck));
        Assert.Equal(NextAction.Stop, (await desk.PlanUndoAsync()).Outcome);
        Assert.True(desk.World.HasFinding(OffboardingControls.StepStuck));
    }

    [Fact]
    public async Task What_is_in_no_snapshot_is_a_finding_wherever_the_giving_back_was_cut_off()
    {
        var (kept, isCutOff) = (0, true);
        for (; isCutOff; kept++)
        {
            await using var desk = await WithoutSnapshotOfGroupsAsync();
            var asked = await UndoAskedAsync(desk);
            await desk.AnswerAsync(asked, true, true);
            var writes = 0;
            desk.World.Storage.Faults = request =>
                request.Writes && writes++ >= kept ? StorageFault.FailBefore(400, "CutOff") : StorageFault.None;
            isCutOff = await Record.ExceptionAsync(() => desk.RestoreAsync(asked.PlanId!)) is not null;
            desk.World.Storage.Faults = _ => StorageFault.None;

            // As the orchestration goes on, and the sweep after it.
            await desk.RestoreAsync(asked.PlanId!);
            Assert.Equal(NextAction.Stop, (await desk.PlanUndoAsync()).Outcome);

            Assert.Equal(LeaverStage.Restored, (await desk.CaseAsync()).Stage);
            Assert.True(desk.World.HasFinding(OffboardingControls.StepStuck), $"cut off after {kept} writes");
        }
        Assert.True(kept > 5, $"{kept} writes only");
    }

    [Fact]
    public async Task A_plan_without_steps_is_followed_by_one_from_a_fresh_read_where_nothing_could_be_read_before()
    {
        await using var desk = await StepDesk.StartAsync();
        await EditAsync(desk, DirectoryEdit.Disable);
        await desk.SaysAsync();
        await desk.BlockAsync();
        desk.World.Sandbox.SetFaults("graph/* => status=403\narm/* => status=403");
        var empty = await desk.PlanAsync();
        Assert.Empty((await PlanAsync(desk, empty)).Steps);
        await desk.RemoveAsync(empty.PlanId!);
        desk.World.Sandbox.SetFaults(null);
        Assert.True((await desk.VerifyAsync()).NewPlan);

        await desk.RemoveAsync((await desk.PlanAsync()).PlanId!, attempt: 1);

        Assert.Equal((0, NextAction.Proceed), (desk.Holds(), (await desk.VerifyAsync()).Outcome));
    }

    [Fact]
    public async Task A_plan_without_steps_is_followed_by_one_from_a_fresh_read_where_something_was_given_since()
    {
        await using var desk = await StepDesk.StartAsync();
        desk.TakeAll();
        await EditAsync(desk, DirectoryEdit.Disable);
        await desk.SaysAsync();
        var empty = await desk.PlannedAsync();
        await desk.RemoveAsync(empty);
        await EditAsync(desk, DirectoryEdit.AddToGroup);
        Assert.True((await desk.VerifyAsync()).NewPlan);

        await desk.RemoveAsync((await desk.PlanAsync()).PlanId!, attempt: 1);

        Assert.Equal((0, NextAction.Proceed), (desk.Holds(), (await desk.VerifyAsync()).Outcome));
    }

    [Fact]
    public async Task A_plan_that_is_made_again_before_anything_was_taken_has_what_either_read_showed()
    {
        await using var desk = await StepDesk.StartAsync();
        desk.Edit(PolicyEdit.ApproveFirstAct);
        await desk.SaysAsync();
        await desk.BlockAsync();
        desk.World.Sandbox.SetFaults("arm/* => status=403");
        var first = await PlanAsync(desk, await desk.PlanAsync());
        desk.World.Sandbox.SetFaults(MembershipsUnread);

        var second = await PlanAsync(desk, await desk.PlanAsync());

        Assert.Equal((3, 0), (Count(first, AccessKind.GroupMember), Count(first, AccessKind.AzureRole)));
        Assert.Equal((3, 1), (Count(second, AccessKind.GroupMember), Count(second, AccessKind.AzureRole)));
    }

    private static int Count(ActionPlan plan, AccessKind kind)
    {
        var action = StepRegistry.Default.FindRemoval(kind)!.Action;
        return plan.Steps.Count(s => s.Action == action);
    }

    private static Task EditAsync(StepDesk desk, DirectoryEdit edit) =>
        desk.World.HappenAsync(new EditsDirectory(TimeSpan.Zero, edit, Person.Lea));

    private static async Task<ActionPlan> PlanAsync(StepDesk desk, ChangeDecision decided) =>
        (
            await desk.Documents.LoadAsync<ActionPlan>(
                LeaverRounds.Name(desk.Run, $"plan-{decided.PlanId}.json"),
                TestContext.Current.CancellationToken
            )
        )!;

    // As an earlier version left it, which kept the first snapshot alone.
    private static async Task<StepDesk> WithoutSnapshotOfGroupsAsync()
    {
        var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        await desk.RemoveAsync(await desk.PlannedAsync());
        await desk.VerifyAsync();
        await desk.Documents.ChangeAsync<AccessSnapshot>(
            LeaverRounds.Name(desk.Run, "snapshot.json"),
            s => s! with { Accesses = [.. s.Accesses.Where(a => a.Kind != AccessKind.GroupMember)] },
            TestContext.Current.CancellationToken
        );
        return desk;
    }

    // HR takes the leaving back, and two people are asked.
    private static async Task<ChangeDecision> UndoAskedAsync(StepDesk desk)
    {
        await desk.SaysAsync(HrEventKind.Cancelled, 2);
        Assert.Equal(NextAction.Stop, (await desk.PlanAsync()).Outcome);
        var asked = await desk.PlanUndoAsync();
        Assert.Equal(NextAction.AskApproval, asked.Outcome);
        return asked;
    }

    // HR takes the leaving back, and two people agree to what is given back.
    private static async Task<ActionPlan> GiveBackAsync(StepDesk desk)
    {
        var asked = await UndoAskedAsync(desk);
        await desk.AnswerAsync(asked, true, true);
        Assert.Equal(NextAction.Proceed, (await desk.RestoreAsync(asked.PlanId!)).Outcome);
        return await PlanAsync(desk, asked);
    }
}
