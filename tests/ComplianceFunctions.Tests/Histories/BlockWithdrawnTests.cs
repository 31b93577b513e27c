using Azure;
using Compliance.Changes.Approvals;
using Compliance.Changes.Flow;
using Compliance.Offboarding;
using Simulation.Storage;

namespace ComplianceFunctions.Tests.Histories;

/// <summary>A block that was let begin and was not done: what happens before it is tried again.</summary>
public sealed class BlockWithdrawnTests
{
    [Fact]
    public async Task While_people_are_asked_about_a_block_that_was_cut_off_it_is_not_done()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        await CutOffAsync(desk);
        desk.Edit(PolicyEdit.ProtectLea);
        var asked = await desk.BlockAsync();
        Assert.Equal(NextAction.AskApproval, asked.Outcome);

        Assert.Equal(ApprovalStatus.Open, await desk.ApprovalStatusAsync(asked.ApprovalId!));
        Assert.True(desk.CanSignIn());

        await desk.AnswerAsync(asked, true, true);
        Assert.Equal(ApprovalStatus.Approved, await desk.ApprovalStatusAsync(asked.ApprovalId!));
        Assert.Equal(NextAction.Proceed, (await desk.BlockAsync()).Outcome);
        Assert.False(desk.CanSignIn());
    }

    [Fact]
    public async Task A_block_that_Graph_refused_is_decided_again_once_a_guard_holds_it()
    {
        await using var desk = await RefusedAsync();
        desk.Edit(PolicyEdit.ProtectLea);

        Assert.Equal(NextAction.Retry, (await desk.PlanAsync()).Outcome);
        Assert.True(desk.CanSignIn());
        Assert.Equal(NextAction.AskApproval, (await desk.BlockAsync()).Outcome);
        Assert.True(desk.CanSignIn());
    }

    [Fact]
    public async Task A_block_that_Graph_refused_is_tried_again_under_a_policy_that_changed_in_a_comment()
    {
        await using var desk = await RefusedAsync();
        desk.Edit(PolicyEdit.Comment);

        await desk.PlanAsync();

        Assert.False(desk.CanSignIn());
    }

    [Fact]
    public async Task A_removal_that_is_under_way_stops_where_the_block_must_be_decided_again()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        desk.World.Sandbox.SetFaults("PATCH graph/users/* => status=403");
        var plan = await desk.PlannedAsync();
        desk.World.Sandbox.SetFaults(null);
        desk.Edit(PolicyEdit.ProtectLea);
        var held = desk.Holds();

        Assert.Equal(NextAction.Retry, (await desk.RemoveAsync(plan)).Outcome);

        Assert.Equal((true, held), (desk.CanSignIn(), desk.Holds()));
    }

    [Fact]
    public async Task What_was_approved_for_a_day_that_HR_moved_is_asked_again_on_the_new_day()
    {
        await using var desk = await StepDesk.StartAsync();
        desk.Edit(PolicyEdit.ProtectLea);
        await desk.SaysAsync();
        var asked = await desk.BlockAsync();
        await desk.AnswerAsync(asked, true, true);
        Assert.Equal(ApprovalStatus.Approved, await desk.ApprovalStatusAsync(asked.ApprovalId!));
        // The program ends once the request is marked as begun, and before the case is.
        var ended = false;
        desk.World.Storage.Faults = request =>
        {
            if (ended)
                return StorageFault.FailBefore(400, "CutOff");
            ended = request.Writes && request.Resource.Contains(ApprovalBoard.Table, StringComparison.OrdinalIgnoreCase);
            return StorageFault.None;
        };
        await Assert.ThrowsAsync<RequestFailedException>(() => desk.BlockAsync());
        desk.World.Storage.Faults = _ => StorageFault.None;
        Assert.True(await desk.IsBegunAsync(asked));

        await desk.SaysAsync(HrEventKind.Rescheduled, 2, TimeSpan.FromDays(60));
        Assert.Equal(NextAction.NotDue, (await desk.BlockAsync()).Outcome);
        await desk.WaitAsync(TimeSpan.FromDays(61));

        Assert.Equal(NextAction.AskApproval, (await desk.BlockAsync()).Outcome);
        Assert.True(desk.CanSignIn());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_block_that_was_done_and_then_withdrawn_is_given_back(bool isCancelled)
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        await DoneAndCutOffAsync(desk);
        if (isCancelled)
        {
            desk.Edit(PolicyEdit.ProtectLea);
            Assert.Equal(NextAction.AskApproval, (await desk.BlockAsync()).Outcome);
            await desk.SaysAsync(HrEventKind.Cancelled, 2);
            Assert.Equal(NextAction.Stop, (await desk.BlockAsync()).Outcome);
        }
        else
        {
            await desk.SaysAsync(HrEventKind.Rescheduled, 2, TimeSpan.FromDays(60));
            await desk.BlockAsync();
        }

        var asked = await desk.PlanUndoAsync();
        Assert.Equal(NextAction.AskApproval, asked.Outcome);
        await desk.AnswerAsync(asked, true, true);
        Assert.Equal(NextAction.Proceed, (await desk.PlanUndoAsync()).Outcome);
        await desk.RestoreAsync(asked.PlanId!);

        Assert.True(desk.CanSignIn());
    }

    [Fact]
    public async Task Who_was_blocked_for_another_and_whose_block_was_cut_off_gets_the_account_back()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.World.HappenAsync(new EditsDirectory(TimeSpan.Zero, DirectoryEdit.TakeLeasEmployeeId, Person.Mia));
        await desk.SaysAsync();
        await DoneAndCutOffAsync(desk, Person.Mia);
        await desk.World.HappenAsync(new EditsDirectory(TimeSpan.Zero, DirectoryEdit.SetEmployeeId, Person.Mia));
        await desk.World.HappenAsync(new EditsDirectory(TimeSpan.Zero, DirectoryEdit.SetEmployeeId, Person.Lea));
        await ApprovedAsync(desk, await desk.BlockAsync());
        Assert.Equal(NextAction.Stop, (await desk.BlockAsync()).Outcome);
        await desk.SelectAsync(Person.Lea, "1");
        Assert.Equal(NextAction.Proceed, (await desk.BlockAsync()).Outcome);
        Assert.Equal((false, false), (desk.CanSignIn(), desk.CanSignIn(Person.Mia)));

        var asked = await desk.PlanUndoAsync();
        Assert.Equal(NextAction.AskApproval, asked.Outcome);
        await desk.AnswerAsync(asked, true, true);
        Assert.Equal(NextAction.Proceed, (await desk.PlanUndoAsync()).Outcome);
        await desk.RestoreAsync(asked.PlanId!);

        Assert.Equal((false, true), (desk.CanSignIn(), desk.CanSignIn(Person.Mia)));
    }

    private static async Task ApprovedAsync(StepDesk desk, ChangeDecision asked)
    {
        Assert.Equal(NextAction.AskApproval, asked.Outcome);
        await desk.AnswerAsync(asked, true, true);
        Assert.Equal(ApprovalStatus.Approved, await desk.ApprovalStatusAsync(asked.ApprovalId!));
    }

    // The account was disabled, and the answer never came.
    private static async Task DoneAndCutOffAsync(StepDesk desk, Person who = Person.Lea)
    {
        await CutOffAsync(desk);
        await desk.World.HappenAsync(new EditsDirectory(TimeSpan.Zero, DirectoryEdit.Disable, who));
    }

    private static async Task CutOffAsync(StepDesk desk)
    {
        desk.Interruptions.AfterChange = after =>
            after.BegunAt is null ? Task.CompletedTask : throw new RequestFailedException(503, "out of order");
        await Assert.ThrowsAsync<RequestFailedException>(() => desk.BlockAsync());
        desk.Interruptions.AfterChange = null;
        Assert.True(desk.CanSignIn());
    }

    private static async Task<StepDesk> RefusedAsync()
    {
        var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        desk.World.Sandbox.SetFaults("PATCH graph/users/* => status=403");
        Assert.Equal(NextAction.Proceed, (await desk.BlockAsync()).Outcome);
        desk.World.Sandbox.SetFaults(null);
        Assert.True(desk.CanSignIn());
        return desk;
    }
}
