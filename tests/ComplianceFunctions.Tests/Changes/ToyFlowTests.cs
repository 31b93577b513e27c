using Compliance.Changes.Flow;
using Compliance.Changes.Plans;

namespace ComplianceFunctions.Tests.Changes;

/// <summary>The flow itself, one phase after the other: what each answers, and what it leaves for the next.</summary>
public sealed class ToyFlowTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_approval_does_not_cover_a_guard_that_holds_only_since()
    {
        await using var world = await ToyWorld.StartAsync();
        world.Put("c", new("p", true, 1));
        var run = world.Open("c");
        Assert.Equal(NextAction.AskApproval, (await world.Flow.DecideAsync(run, Stop)).Outcome);
        await ApproveAsync(world, "c");
        world.IsReadable = false;
        await world.Simulation.RunForAsync(TimeSpan.FromMinutes(1), Stop);

        Assert.Equal(NextAction.AskApproval, (await world.Flow.DecideAsync(run, Stop)).Outcome);

        await ApproveAsync(world, "c");
        Assert.Equal(NextAction.Proceed, (await world.Flow.DecideAsync(run, Stop)).Outcome);
    }

    [Fact]
    public async Task The_place_of_a_round_that_ended_before_it_did_anything_is_free_again()
    {
        await using var world = await ToyWorld.StartAsync();
        foreach (var name in (string[])["c", "d", "e"])
            world.Put(name, new($"{name}-box", true, 1));
        var run = world.Open("c");
        var begun = await world.Flow.DecideAsync(run, Stop);
        world.IsReadable = false;
        Assert.Equal(NextAction.Retry, (await world.Flow.ActAsync(run, begun.PlanId!, Stop)).Outcome);
        world.IsReadable = true;
        world.Cancel("c");
        Assert.Equal(NextAction.Stop, (await world.Flow.DecideAsync(run, Stop)).Outcome);

        Assert.Equal(NextAction.Proceed, (await world.Flow.DecideAsync(world.Open("d"), Stop)).Outcome);
        Assert.Equal(NextAction.Proceed, (await world.Flow.DecideAsync(world.Open("e"), Stop)).Outcome);
    }

    [Fact]
    public async Task The_place_of_a_round_that_ended_after_it_did_something_stays_taken()
    {
        await using var world = await ToyWorld.StartAsync();
        foreach (var name in (string[])["c", "d", "e"])
            world.Put(name, new($"{name}-box", true, 1));
        var run = world.Open("c");
        var begun = await world.Flow.DecideAsync(run, Stop);
        Assert.Equal(NextAction.Proceed, (await world.Flow.ActAsync(run, begun.PlanId!, Stop)).Outcome);
        world.Cancel("c");
        Assert.Equal(NextAction.Stop, (await world.Flow.DecideAsync(run, Stop)).Outcome);

        Assert.Equal(NextAction.Proceed, (await world.Flow.DecideAsync(world.Open("d"), Stop)).Outcome);
        Assert.Equal(NextAction.AskApproval, (await world.Flow.DecideAsync(world.Open("e"), Stop)).Outcome);
    }

    [Fact]
    public async Task What_two_people_let_past_a_guard_takes_room_under_the_cap_from_those_who_come_after()
    {
        await using var world = await ToyWorld.StartAsync();
        world.Put("c", new("p", true, 1));
        world.Put("d", new("d-box", true, 1));
        world.Put("e", new("e-box", true, 1));
        var run = world.Open("c");
        await world.Flow.DecideAsync(run, Stop);
        await ApproveAsync(world, "c");
        Assert.Equal(NextAction.Proceed, (await world.Flow.DecideAsync(run, Stop)).Outcome);

        Assert.Equal(NextAction.Proceed, (await world.Flow.DecideAsync(world.Open("d"), Stop)).Outcome);
        Assert.Equal(NextAction.AskApproval, (await world.Flow.DecideAsync(world.Open("e"), Stop)).Outcome);
    }

    [Fact]
    public async Task A_plan_all_of_whose_steps_were_refused_is_not_the_first_act_under_a_policy()
    {
        await using var world = await ToyWorld.StartAsync();
        world.Policy = world.Policy with { ApproveFirstAct = true };
        world.IsPermitted = false;
        world.Put("c", new("a", true, 1));
        world.Put("d", new("b", true, 1));
        var run = world.Open("c");
        await world.Flow.DecideAsync(run, Stop);
        await ApproveAsync(world, "c");
        var begun = await world.Flow.DecideAsync(run, Stop);
        await world.Flow.ActAsync(run, begun.PlanId!, Stop);

        Assert.Equal(NextAction.AskApproval, (await world.Flow.DecideAsync(world.Open("d"), Stop)).Outcome);

        world.IsPermitted = true;
        await world.Flow.ActAsync(run with { Attempt = 1 }, begun.PlanId!, Stop);
        Assert.Equal(NextAction.Proceed, (await world.Flow.DecideAsync(world.Open("d"), Stop)).Outcome);
    }

    [Fact]
    public async Task A_pass_of_a_round_that_was_put_off_is_tried_again_on_its_day_and_of_a_cancelled_one_never()
    {
        await using var world = await ToyWorld.StartAsync();
        world.Put("c", new("a", true, 1));
        var run = world.Open("c");
        var begun = await world.Flow.DecideAsync(run, Stop);

        world.PutOff("c", ToyWorld.Start.AddDays(2));
        var late = await world.Flow.ActAsync(run, begun.PlanId!, Stop);
        world.Cancel("c");
        var never = await world.Flow.ActAsync(run, begun.PlanId!, Stop);

        Assert.Equal((NextAction.Retry, ToyWorld.Start.AddDays(2).UtcDateTime), (late.Outcome, late.Until));
        Assert.Equal(NextAction.Stop, never.Outcome);
        Assert.Empty(world.Removed);
    }

    [Fact]
    public async Task What_was_refused_is_verified_again_while_something_else_could_not_be_read()
    {
        await using var world = await ToyWorld.StartAsync();
        world.IsPermitted = false;
        world.Put("c", new("a", true, 1));
        var run = world.Open("c");
        await world.Flow.ActAsync(run, (await world.Flow.DecideAsync(run, Stop)).PlanId!, Stop);
        world.UnreadBeside = ["shelf"];

        Assert.Equal(NextAction.Retry, (await world.Flow.VerifyAsync(run, Stop)).Outcome);
        world.UnreadBeside = [];
        Assert.Equal(NextAction.Proceed, (await world.Flow.VerifyAsync(run, Stop)).Outcome);
    }

    [Fact]
    public async Task A_step_that_is_not_called_for_any_more_keeps_the_time_at_which_that_was_seen_first()
    {
        await using var world = await ToyWorld.StartAsync();
        world.Lies = true;
        world.Put("c", new("a", true, 1));
        world.Put("c", new("b", true, 1));
        var run = world.Open("c");
        var begun = await world.Flow.DecideAsync(run, Stop);
        world.Put("c", new("b", false, 1));
        await world.Flow.ActAsync(run, begun.PlanId!, Stop);
        await world.Flow.VerifyAsync(run, Stop);
        await world.Simulation.RunForAsync(TimeSpan.FromHours(1), Stop);
        world.Lies = false;

        await world.Flow.ActAsync(run with { Attempt = 1 }, begun.PlanId!, Stop);
        await world.Flow.VerifyAsync(run, Stop);
        await world.Flow.CertifyAsync(run, Stop);

        var outcomes = (await world.CertificateAsync("c"))!.Outcomes;
        Assert.Equal(ToyWorld.Start, outcomes.Single(o => o.Result == StepResult.Refused).At);
        Assert.Equal(ToyWorld.Start.AddHours(1), outcomes.Single(o => o.Result == StepResult.Done).At);
    }

    [Fact]
    public async Task What_was_approved_is_known_to_be_under_way_once_it_was_let_begin()
    {
        await using var world = await ToyWorld.StartAsync();
        world.Put("c", new("p", true, 1));
        var run = world.Open("c");
        var asked = await world.Flow.DecideAsync(run, Stop);
        await ApproveAsync(world, "c");
        await world.Simulation.RunForAsync(TimeSpan.FromMinutes(3), Stop);

        await world.Flow.DecideAsync(run, Stop);

        Assert.Equal(
            ToyWorld.Start.AddMinutes(3),
            (await world.Board.FindAsync(ToyWorld.Tenant, asked.ApprovalId!, Stop))!.BegunAt
        );
    }

    [Fact]
    public async Task A_round_that_was_refused_is_over_whatever_changes_in_what_it_is_about()
    {
        await using var world = await ToyWorld.StartAsync();
        world.Put("c", new("p", true, 1));
        var run = world.Open("c");
        await world.Flow.DecideAsync(run, Stop);
        Assert.Null((await world.AnswerAsync("c", "one", false, raises: false))!.Objection);
        Assert.Equal(NextAction.Stop, (await world.Flow.DecideAsync(run, Stop)).Outcome);
        world.Put("c", new("a", true, 1));

        Assert.Equal(NextAction.Stop, (await world.Flow.DecideAsync(run, Stop)).Outcome);

        Assert.Empty(await world.OpenAsync());
    }

    [Fact]
    public async Task Of_two_that_decide_at_once_the_plan_that_was_let_begin_first_is_the_plan()
    {
        await using var world = await ToyWorld.StartAsync();
        world.Put("c", new("a", true, 1));
        var run = world.Open("c");
        ChangeDecision? first = null;
        world.BeforeObservation = async () =>
        {
            world.BeforeObservation = null;
            first = await world.Flow.DecideAsync(run, Stop);
            world.Put("c", new("b", true, 1));
        };

        var second = await world.Flow.DecideAsync(run, Stop);

        Assert.Equal((NextAction.Proceed, first!.PlanId), (second.Outcome, second.PlanId));
        Assert.Equal(NextAction.Proceed, (await world.Flow.ActAsync(run, first.PlanId!, Stop)).Outcome);
        Assert.Equal(["a"], world.Removed.Select(r => r.Box));
    }

    [Fact]
    public async Task A_round_that_ends_while_another_decides_is_not_let_begin()
    {
        await using var world = await ToyWorld.StartAsync();
        world.Put("c", new("a", true, 1));
        var run = world.Open("c");
        world.BeforeObservation = async () =>
        {
            world.BeforeObservation = null;
            world.Cancel("c");
            await world.Flow.DecideAsync(run, Stop);
        };

        var decided = await world.Flow.DecideAsync(run, Stop);

        Assert.Equal((NextAction.Stop, null), (decided.Outcome, decided.PlanId));
    }

    [Fact]
    public async Task What_a_guard_holds_half_way_is_certified_as_refused_with_the_guards_reason()
    {
        await using var world = await ToyWorld.StartAsync();
        world.Lies = true;
        world.Put("c", new("a", true, 1));
        var run = world.Open("c");
        var begun = await world.Flow.DecideAsync(run, Stop);
        await world.Flow.ActAsync(run, begun.PlanId!, Stop);
        await world.Flow.VerifyAsync(run, Stop);
        (world.Lies, world.IsReadable) = (false, false);

        var held = await world.Flow.ActAsync(run with { Attempt = 1 }, begun.PlanId!, Stop);
        await world.Flow.CertifyAsync(run, Stop);

        Assert.Equal(NextAction.Proceed, held.Outcome);
        var outcome = Assert.Single((await world.CertificateAsync("c"))!.Outcomes);
        Assert.Equal((StepResult.Refused, "not all boxes could be read"), (outcome.Result, outcome.Reason));
    }

    [Fact]
    public async Task A_step_that_was_tried_is_left_out_by_the_next_pass_and_tried_again_by_the_next_attempt()
    {
        await using var world = await ToyWorld.StartAsync();
        var tries = 0;
        world.IsPermitted = false;
        world.Put("c", new("a", true, 1));
        world.Put("c", new("b", true, 1));
        var run = world.Open("c");
        var begun = await world.Flow.DecideAsync(run, Stop);
        world.AfterRemoval = () => ++tries == 1 ? world.PauseAsync(true) : Task.CompletedTask;
        Assert.Equal(NextAction.Throttled, (await world.Flow.ActAsync(run, begun.PlanId!, Stop)).Outcome);
        await world.PauseAsync(false);

        Assert.Equal(NextAction.Proceed, (await world.Flow.ActAsync(run with { Pass = 1 }, begun.PlanId!, Stop)).Outcome);
        Assert.Equal(2, tries);

        await world.Flow.ActAsync(run with { Attempt = 1 }, begun.PlanId!, Stop);
        Assert.Equal(4, tries);
    }

    [Fact]
    public async Task What_was_done_is_not_clear_while_something_else_could_not_be_read()
    {
        await using var world = await ToyWorld.StartAsync();
        world.Put("c", new("a", true, 1));
        var run = world.Open("c");
        await world.Flow.ActAsync(run, (await world.Flow.DecideAsync(run, Stop)).PlanId!, Stop);
        world.UnreadBeside = ["shelf"];

        Assert.Equal(NextAction.Retry, (await world.Flow.VerifyAsync(run, Stop)).Outcome);
        await world.Flow.CertifyAsync(run, Stop);

        Assert.False((await world.CertificateAsync("c"))!.Clear);
        Assert.Equal("incomplete", world.Evidence.Records.Values.Single(r => r.Action == "toy.certificate").Outcome);
    }

    [Fact]
    public async Task A_refusal_whose_record_was_lost_is_on_record_when_the_round_is_over()
    {
        await using var world = await ToyWorld.StartAsync();
        world.Put("c", new("p", true, 1));
        var run = world.Open("c");
        await world.Flow.DecideAsync(run, Stop);
        world.Evidence.Fails = true;
        await Assert.ThrowsAsync<Azure.RequestFailedException>(() => world.AnswerAsync("c", "one", false, raises: false));
        world.Evidence.Fails = false;

        Assert.Equal(NextAction.Stop, (await world.Flow.DecideAsync(run, Stop)).Outcome);

        Assert.Contains(world.Evidence.Records.Values, r => r.Action == "approval.answer");
    }

    [Fact]
    public async Task Who_approved_a_round_that_was_cancelled_half_way_is_on_its_certificate()
    {
        await using var world = await ToyWorld.StartAsync();
        world.Put("c", new("p", true, 1));
        var run = world.Open("c");
        await world.Flow.DecideAsync(run, Stop);
        await ApproveAsync(world, "c");
        var begun = await world.Flow.DecideAsync(run, Stop);
        await world.Flow.ActAsync(run, begun.PlanId!, Stop);
        world.Cancel("c");
        Assert.Equal(NextAction.Stop, (await world.Flow.DecideAsync(run, Stop)).Outcome);

        await world.Flow.VerifyAsync(run, Stop);
        await world.Flow.CertifyAsync(run, Stop);

        Assert.Equal(2, (await world.CertificateAsync("c"))!.Approvals.Count);
    }

    private static async Task ApproveAsync(ToyWorld world, string caseId)
    {
        foreach (var who in (string[])["one", "two"])
            Assert.Null((await world.AnswerAsync(caseId, who, true, raises: false))!.Objection);
    }
}
