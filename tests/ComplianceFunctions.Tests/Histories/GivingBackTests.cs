using Compliance.Changes.Flow;
using Compliance.Changes.Plans;
using Compliance.Offboarding;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Rounds;
using Microsoft.Extensions.DependencyInjection;

namespace ComplianceFunctions.Tests.Histories;

/// <summary>An undo gives back all that the case took, whichever of its rounds and plans took it.</summary>
public sealed class GivingBackTests
{
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

    private static Task EditAsync(StepDesk desk, DirectoryEdit edit) =>
        desk.World.HappenAsync(new EditsDirectory(TimeSpan.Zero, edit, Person.Lea));

    private static async Task<ActionPlan> PlanAsync(StepDesk desk, ChangeDecision decided) =>
        (
            await desk.Documents.LoadAsync<ActionPlan>(
                LeaverRounds.Name(desk.Run, $"plan-{decided.PlanId}.json"),
                TestContext.Current.CancellationToken
            )
        )!;

    // HR takes the leaving back, and two people agree to what is given back.
    private static async Task<ActionPlan> GiveBackAsync(StepDesk desk)
    {
        await desk.SaysAsync(HrEventKind.Cancelled, 2);
        Assert.Equal(NextAction.Stop, (await desk.PlanAsync()).Outcome);
        var asked = await desk.PlanUndoAsync();
        Assert.Equal(NextAction.AskApproval, asked.Outcome);
        await desk.AnswerAsync(asked, true, true);
        Assert.Equal(NextAction.Proceed, (await desk.RestoreAsync(asked.PlanId!)).Outcome);
        return await PlanAsync(desk, asked);
    }
}
