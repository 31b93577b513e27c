using Compliance.Changes.Plans;
using Testing;

namespace ComplianceFunctions.Tests.Changes;

/// <summary>A capability of a hundred lines gets the seven phases, crash safety and approvals from the flow.</summary>
public sealed class ToyTests
{
    public static TheoryData<int> Seeds => [.. TestSize.Seeds(12)];

    [Fact]
    public async Task What_no_guard_holds_is_removed_verified_and_certified_and_nobody_is_asked()
    {
        await using var world = await ToyWorld.StartAsync();
        world.Put("c", new("a", true, 1));
        world.Put("c", new("b", false, 1));

        await world.BeginAsync("c");
        await world.Simulation.RunForAsync(TimeSpan.FromMinutes(5), TestContext.Current.CancellationToken);

        Assert.Equal(["a"], world.Removed.Select(r => r.Box));
        Assert.True((await world.CertificateAsync("c"))!.Clear);
        Assert.Equal(
            ["toy.act complete", "toy.begun begun", "toy.certificate complete"],
            world.Evidence.Records.Values.Select(r => $"{r.Action} {r.Outcome}").Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task A_certificate_that_is_issued_again_is_the_same_one_and_recorded_once()
    {
        await using var world = await ToyWorld.StartAsync();
        world.Put("c", new("a", true, 1));
        await world.BeginAsync("c");
        await RunAsync(world, TimeSpan.FromMinutes(5));
        var records = world.Evidence.Records.Count;

        await world.Flow.CertifyAsync(world.Run("c"), TestContext.Current.CancellationToken);

        Assert.Equal(records, world.Evidence.Records.Count);
        Assert.Empty(world.Evidence.Conflicts);
    }

    [Fact]
    public async Task A_dry_run_shows_the_plan_and_what_holds_it_and_changes_nothing()
    {
        await using var world = await ToyWorld.StartAsync();
        world.Put("c", new("p", true, 1));
        await world.BeginAsync("c");

        var (plan, holds) = await world.Flow.PlanAsync(world.Run("c"), TestContext.Current.CancellationToken);

        Assert.Equal(["p"], plan.Steps.Select(s => s.Target.Id));
        Assert.Equal(["precious"], holds.Select(h => h.Guard));
        Assert.Empty(world.Removed);
        Assert.Empty(world.Evidence.Records);
    }

    [Fact]
    public async Task A_held_plan_waits_for_two_people_who_are_neither_subject_nor_asker()
    {
        await using var world = await ToyWorld.StartAsync();
        world.Put("c", new("p", true, 1));
        await world.BeginAsync("c");
        await RunAsync(world, TimeSpan.FromMinutes(1));

        Assert.NotNull((await world.AnswerAsync("c", "subject", true))!.Objection);
        Assert.NotNull((await world.AnswerAsync("c", "asker", true))!.Objection);
        await world.AnswerAsync("c", "one", true);
        await RunAsync(world, TimeSpan.FromHours(5));
        Assert.Empty(world.Removed);
        await world.AnswerAsync("c", "two", true);
        await RunAsync(world, TimeSpan.FromMinutes(1));

        Assert.Equal(["p"], world.Removed.Select(r => r.Box));
        Assert.Equal(2, (await world.CertificateAsync("c"))!.Approvals.Count);
    }

    [Fact]
    public async Task An_answer_whose_record_was_lost_is_on_record_before_anything_is_removed()
    {
        await using var world = await ToyWorld.StartAsync();
        world.Put("c", new("p", true, 1));
        await world.BeginAsync("c");
        await RunAsync(world, TimeSpan.FromMinutes(1));
        await world.AnswerAsync("c", "one", true);
        world.Evidence.Fails = true;
        await Assert.ThrowsAsync<Azure.RequestFailedException>(() => world.AnswerAsync("c", "two", true));
        var (before, atRemoval) = (Answers(), -1);
        world.Evidence.Fails = false;
        world.AfterRemoval = () => Task.FromResult(atRemoval = Answers());

        await RunAsync(world, TimeSpan.FromHours(5));

        Assert.Equal((1, 2), (before, atRemoval));

        int Answers() => world.Evidence.Records.Values.Count(r => r.Action == "approval.answer");
    }

    [Fact]
    public async Task One_refusal_ends_the_round_and_not_the_next_one()
    {
        await using var world = await ToyWorld.StartAsync();
        world.Put("c", new("p", true, 1));
        await world.BeginAsync("c");
        await RunAsync(world, TimeSpan.FromMinutes(1));
        await world.AnswerAsync("c", "one", false);
        await RunAsync(world, TimeSpan.FromMinutes(1));
        Assert.Equal("over before anything was done", await world.OutputAsync("c-1"));

        await world.BeginAsync("c");
        await RunAsync(world, TimeSpan.FromMinutes(1));
        await world.AnswerAsync("c", "one", true);
        await world.AnswerAsync("c", "two", true);
        await RunAsync(world, TimeSpan.FromMinutes(1));

        Assert.Equal([2], world.Removed.Select(r => r.Round));
    }

    [Fact]
    public async Task An_approval_of_one_round_counts_in_no_other()
    {
        await using var world = await ToyWorld.StartAsync();
        world.Put("c", new("p", true, 1));
        await world.BeginAsync("c");
        await RunAsync(world, TimeSpan.FromMinutes(1));
        await world.AnswerAsync("c", "one", true);
        await world.BeginAsync("c");
        await RunAsync(world, TimeSpan.FromMinutes(1));
        Assert.Contains(await world.OpenAsync(), r => r.InstanceId == "c-2" && r.Answers.Count == 0);
        await world.AnswerAsync("c", "two", true);
        await RunAsync(world, TimeSpan.FromHours(3));

        Assert.Empty(world.Removed);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_round_that_is_cancelled_or_put_off_right_before_the_act_does_nothing(bool isCancelled)
    {
        await using var world = await ToyWorld.StartAsync();
        world.Put("c", new("a", true, 1));
        world.Simulation.AfterStep = step =>
        {
            if (step.Name == nameof(ToyFunctions.ToyDecide) && isCancelled)
                world.Cancel("c");
            else if (step.Name == nameof(ToyFunctions.ToyDecide))
                world.PutOff("c", ToyWorld.Start.AddDays(2));
            return Task.CompletedTask;
        };
        await world.BeginAsync("c");
        await RunAsync(world, TimeSpan.FromDays(1));
        Assert.Empty(world.Removed);

        world.Simulation.AfterStep = null;
        await RunAsync(world, TimeSpan.FromDays(3));

        Assert.Equal(isCancelled ? 0 : 1, world.Removed.Count);
        Assert.Equal(!isCancelled, (await world.CertificateAsync("c"))?.Clear);
        Assert.Empty(world.Harm);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_was_asked_about_a_round_that_is_cancelled_or_put_off_is_void(bool isCancelled)
    {
        await using var world = await ToyWorld.StartAsync();
        world.Put("c", new("p", true, 1));
        await world.BeginAsync("c");
        await RunAsync(world, TimeSpan.FromMinutes(1));
        await world.AnswerAsync("c", "one", true);
        Assert.Single(await world.OpenAsync());

        if (isCancelled)
            world.Cancel("c");
        else
            world.PutOff("c", ToyWorld.Start.AddDays(20));
        await RunAsync(world, TimeSpan.FromHours(5));

        Assert.Empty(await world.OpenAsync());
    }

    [Fact]
    public async Task A_round_that_is_cancelled_half_way_is_certified_as_it_is()
    {
        await using var world = await ToyWorld.StartAsync();
        world.Put("c", new("a", true, 1));
        world.Lies = true;
        await world.BeginAsync("c");
        await RunAsync(world, TimeSpan.FromMinutes(2));
        Assert.Null(await world.CertificateAsync("c"));

        world.Lies = false;
        world.Cancel("c");
        await RunAsync(world, TimeSpan.FromHours(5));

        Assert.Empty(world.Removed);
        var certificate = (await world.CertificateAsync("c"))!;
        Assert.False(certificate.Clear);
        Assert.Equal("incomplete", world.Evidence.Records.Values.Single(r => r.Action == "toy.certificate").Outcome);
    }

    [Fact]
    public async Task A_step_that_is_not_called_for_any_more_right_before_the_act_is_not_done()
    {
        await using var world = await ToyWorld.StartAsync();
        world.Put("c", new("a", true, 1));
        world.Put("c", new("b", true, 1));
        world.Simulation.AfterStep = step =>
        {
            // As it was, but for its age.
            if (step.Name == nameof(ToyFunctions.ToyDecide))
                world.Put("c", new("b", false, 1));
            return Task.CompletedTask;
        };
        await world.BeginAsync("c");
        await RunAsync(world, TimeSpan.FromHours(1));

        Assert.Equal(["a"], world.Removed.Select(r => r.Box));
        Assert.False((await world.CertificateAsync("c"))!.Clear);
    }

    [Fact]
    public async Task What_changed_after_the_approval_is_kept_and_asked_about_again()
    {
        await using var world = await ToyWorld.StartAsync();
        world.Put("c", new("p1", true, 1));
        world.Put("c", new("p2", true, 1));
        await world.BeginAsync("c");
        await RunAsync(world, TimeSpan.FromMinutes(1));
        var first = Assert.Single(await world.OpenAsync());
        await world.AnswerAsync("c", "one", true);
        world.Put("c", new("p2", false, 2));
        await world.AnswerAsync("c", "two", true);
        await RunAsync(world, TimeSpan.FromHours(1));
        Assert.Empty(world.Removed);
        Assert.Null(await world.Board.FindAsync(ToyWorld.Tenant, first.Id, TestContext.Current.CancellationToken));

        await world.AnswerAsync("c", "one", true);
        await world.AnswerAsync("c", "two", true);
        await RunAsync(world, TimeSpan.FromHours(1));

        Assert.Equal(["p1"], world.Removed.Select(r => r.Box));
    }

    [Fact]
    public async Task Another_policy_voids_what_was_approved_under_the_one_before()
    {
        await using var world = await ToyWorld.StartAsync();
        world.Put("c", new("p", true, 1));
        await world.BeginAsync("c");
        await RunAsync(world, TimeSpan.FromMinutes(1));
        await world.AnswerAsync("c", "one", true);
        world.Policy = world.Policy with { Sha256 = new string('b', 64) };
        await world.AnswerAsync("c", "two", true);
        await RunAsync(world, TimeSpan.FromHours(1));

        Assert.Empty(world.Removed);
    }

    [Fact]
    public async Task The_first_plan_under_a_policy_is_asked_about_where_the_policy_wants_it()
    {
        await using var world = await ToyWorld.StartAsync();
        world.Policy = world.Policy with { ApproveFirstAct = true };
        world.Put("c", new("a", true, 1));
        world.Put("d", new("b", true, 1));
        await world.BeginAsync("c");
        await RunAsync(world, TimeSpan.FromMinutes(1));
        Assert.Empty(world.Removed);
        await world.AnswerAsync("c", "one", true);
        await world.AnswerAsync("c", "two", true);
        await RunAsync(world, TimeSpan.FromMinutes(1));

        await world.BeginAsync("d");
        await RunAsync(world, TimeSpan.FromMinutes(1));

        Assert.Equal(["a", "b"], world.Removed.Select(r => r.Box));
    }

    [Fact]
    public async Task What_is_refused_is_certified_as_it_is_and_never_as_clear()
    {
        await using var world = await ToyWorld.StartAsync();
        world.IsPermitted = false;
        world.Put("c", new("a", true, 1));
        await world.BeginAsync("c");
        await RunAsync(world, TimeSpan.FromHours(1));

        var certificate = (await world.CertificateAsync("c"))!;
        Assert.False(certificate.Clear);
        Assert.Equal([StepResult.NotPermitted], certificate.Outcomes.Select(o => o.Result));
        Assert.Equal("incomplete", world.Evidence.Records.Values.Single(r => r.Action == "toy.certificate").Outcome);
    }

    [Fact]
    public async Task What_can_not_be_read_is_not_called_done()
    {
        await using var world = await ToyWorld.StartAsync();
        world.Put("c", new("a", true, 1));
        world.Simulation.AfterStep = step =>
        {
            if (step.Name == nameof(ToyFunctions.ToyAct))
                world.IsReadable = false;
            return Task.CompletedTask;
        };
        await world.BeginAsync("c");
        await RunAsync(world, TimeSpan.FromHours(1));
        Assert.Null(await world.CertificateAsync("c"));

        world.Simulation.AfterStep = null;
        world.IsReadable = true;
        await RunAsync(world, TimeSpan.FromHours(6));

        Assert.True((await world.CertificateAsync("c"))!.Clear);
    }

    [Fact]
    public async Task What_a_guard_holds_only_after_the_decision_is_asked_about_first()
    {
        await using var world = await ToyWorld.StartAsync();
        world.Put("c", new("a", true, 1));
        world.Simulation.AfterStep = step =>
        {
            world.IsReadable &= step.Name != nameof(ToyFunctions.ToyDecide);
            return Task.CompletedTask;
        };
        await world.BeginAsync("c");
        await RunAsync(world, TimeSpan.FromHours(1));
        Assert.Empty(world.Removed);
        Assert.DoesNotContain(world.Evidence.Records.Values, r => r.Action == "toy.begun");

        await world.AnswerAsync("c", "one", true);
        await world.AnswerAsync("c", "two", true);
        await RunAsync(world, TimeSpan.FromHours(1));

        Assert.Equal(["a"], world.Removed.Select(r => r.Box));
    }

    [Fact]
    public async Task What_a_guard_holds_half_way_is_not_done_while_it_holds()
    {
        await using var world = await ToyWorld.StartAsync();
        world.Put("c", new("a", true, 1));
        world.Lies = true;
        world.Simulation.AfterStep = step =>
        {
            // Before the second pass.
            if (step.Name == nameof(ToyFunctions.ToyVerify))
                (world.IsReadable, world.Lies) = (false, false);
            return Task.CompletedTask;
        };
        await world.BeginAsync("c");
        await RunAsync(world, TimeSpan.FromHours(6));
        Assert.Empty(world.Removed);

        world.Simulation.AfterStep = null;
        world.IsReadable = true;
        await RunAsync(world, TimeSpan.FromHours(6));

        Assert.Equal(["a"], world.Removed.Select(r => r.Box));
        Assert.True((await world.CertificateAsync("c"))!.Clear);
    }

    [Fact]
    public async Task What_was_answered_as_done_and_is_still_there_is_done_again()
    {
        await using var world = await ToyWorld.StartAsync();
        world.Lies = true;
        world.Put("c", new("a", true, 1));
        await world.BeginAsync("c");
        await RunAsync(world, TimeSpan.FromMinutes(10));
        Assert.Null(await world.CertificateAsync("c"));

        world.Lies = false;
        await RunAsync(world, TimeSpan.FromHours(1));

        Assert.Equal(["a"], world.Removed.Select(r => r.Box));
        Assert.True((await world.CertificateAsync("c"))!.Clear);
    }

    [Fact]
    public async Task A_third_plan_in_an_hour_waits_for_two_people_and_a_refused_one_keeps_its_place()
    {
        await using var world = await ToyWorld.StartAsync();
        foreach (var name in new[] { "c", "d", "e" })
            world.Put(name, new($"{name}-box", true, 1));
        world.IsPermitted = false;
        await world.BeginAsync("c");
        await RunAsync(world, TimeSpan.FromMinutes(1));
        world.IsPermitted = true;
        await world.BeginAsync("d");
        await RunAsync(world, TimeSpan.FromMinutes(1));
        await world.BeginAsync("e");
        await RunAsync(world, TimeSpan.FromMinutes(1));
        Assert.Equal(["d-box"], world.Removed.Select(r => r.Box));

        await RunAsync(world, TimeSpan.FromHours(2));
        Assert.Equal(["d-box"], world.Removed.Select(r => r.Box));
        await world.AnswerAsync("e", "one", true);
        await world.AnswerAsync("e", "two", true);
        await RunAsync(world, TimeSpan.FromMinutes(1));

        Assert.Equal(["d-box", "e-box"], world.Removed.Select(r => r.Box));
    }

    [Fact]
    public async Task While_acts_are_paused_nothing_is_let_begin_and_people_may_be_asked()
    {
        await using var world = await ToyWorld.StartAsync();
        await world.PauseAsync(true);
        world.Put("c", new("a", true, 1));
        world.Put("d", new("p", true, 1));
        await world.BeginAsync("c");
        await world.BeginAsync("d");
        await RunAsync(world, TimeSpan.FromHours(5));
        await world.AnswerAsync("d", "one", true);
        var approved = (await world.AnswerAsync("d", "two", true))!.Request!;
        await RunAsync(world, TimeSpan.FromHours(5));
        Assert.Empty(world.Removed);
        Assert.Null((await world.Board.FindAsync(ToyWorld.Tenant, approved.Id, TestContext.Current.CancellationToken))!.BegunAt);

        await world.PauseAsync(false);
        await RunAsync(world, TimeSpan.FromMinutes(16));

        Assert.Equal(["a", "p"], world.Removed.Select(r => r.Box).Order());
    }

    [Fact]
    public async Task A_pause_between_the_decision_and_the_act_leaves_nothing_on_record_as_begun()
    {
        await using var world = await ToyWorld.StartAsync();
        world.Put("c", new("a", true, 1));
        world.Simulation.AfterStep = step => step.Name == nameof(ToyFunctions.ToyDecide) ? world.PauseAsync(true) : Task.CompletedTask;
        await world.BeginAsync("c");
        await RunAsync(world, TimeSpan.FromHours(5));
        Assert.Empty(world.Evidence.Records);
        Assert.Empty(world.Removed);

        world.Simulation.AfterStep = null;
        await world.PauseAsync(false);
        await RunAsync(world, TimeSpan.FromMinutes(16));

        Assert.Equal(["a"], world.Removed.Select(r => r.Box));
    }

    [Fact]
    public async Task A_pause_in_the_midst_of_a_plan_holds_its_next_step_and_what_was_done_is_on_record()
    {
        await using var world = await ToyWorld.StartAsync();
        foreach (var box in (string[])["a", "b", "c"])
            world.Put("c", new(box, true, 1));
        world.AfterRemoval = () => world.PauseAsync(true);
        await world.BeginAsync("c");
        await RunAsync(world, TimeSpan.FromHours(30));
        Assert.Equal(["a"], world.Removed.Select(r => r.Box));
        Assert.Equal(
            ["toy.act incomplete", "toy.begun begun"],
            world.Evidence.Records.Values.Select(r => $"{r.Action} {r.Outcome}").Order(StringComparer.Ordinal)
        );

        world.AfterRemoval = null;
        await world.PauseAsync(false);
        await RunAsync(world, TimeSpan.FromMinutes(16));

        Assert.Equal(["a", "b", "c"], world.Removed.Select(r => r.Box));
        Assert.True((await world.CertificateAsync("c"))!.Clear);
    }

    [Fact]
    public async Task What_was_done_before_a_pause_and_not_yet_recorded_is_recorded_while_acts_are_paused()
    {
        await using var world = await ToyWorld.StartAsync();
        world.Put("c", new("a", true, 1));
        world.AfterRemoval = () =>
        {
            world.Evidence.Fails = true;
            return Task.CompletedTask;
        };
        await world.BeginAsync("c");
        await RunAsync(world, TimeSpan.FromMinutes(1));
        Assert.Equal(["a"], world.Removed.Select(r => r.Box));
        Assert.DoesNotContain(world.Evidence.Records.Values, r => r.Action == "toy.act");

        await world.PauseAsync(true);
        world.Evidence.Fails = false;
        await RunAsync(world, TimeSpan.FromHours(5));

        Assert.Contains(world.Evidence.Records.Values, r => r is { Action: "toy.act", Outcome: "complete" });
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task A_random_life_removes_nothing_that_it_may_not_and_ends_in_a_certificate(int seed)
    {
        var draw = new Random(seed);
        await using var world = await ToyWorld.StartAsync((ulong)seed, seed % 2 == 0 ? ChangeFaults.All : null, replays: seed % 2 == 1);
        string[] cases = ["c", "d", "e"];
        string[] people = ["one", "two", "three", "asker", "subject"];
        foreach (var name in cases)
            await world.BeginAsync(name);
        for (var happening = 0; happening < 60; happening++)
        {
            var name = cases[draw.Next(cases.Length)];
            if (draw.Next(8) == 0)
                await world.PauseAsync(draw.Next(2) == 0);
            switch (draw.Next(12))
            {
                case 0 or 1 or 2:
                    world.Put(name, new($"{(draw.Next(2) == 0 ? "p" : "a")}{draw.Next(4)}", draw.Next(3) > 0, happening));
                    break;
                case 3:
                    world.Cancel(name);
                    break;
                case 4:
                    await world.BeginAsync(name);
                    break;
                case 5:
                    world.PutOff(name, world.Now + TimeSpan.FromHours(draw.Next(48)));
                    break;
                case 6:
                    world.Policy = world.Policy with
                    {
                        Sha256 = new string((char)('a' + draw.Next(3)), 64),
                        ApproveFirstAct = draw.Next(2) == 0,
                    };
                    break;
                case 7:
                    world.IsReadable = draw.Next(3) > 0;
                    break;
                case 8:
                    world.IsPermitted = draw.Next(3) > 0;
                    break;
                default:
                    await world.AnswerAsync(name, people[draw.Next(people.Length)], draw.Next(8) > 0, raises: draw.Next(3) > 0);
                    break;
            }
            await RunAsync(world, TimeSpan.FromMinutes(draw.Next(180)));
            Assert.Empty(world.Harm);
        }
        (world.IsReadable, world.IsPermitted) = (true, true);
        await world.PauseAsync(false);
        foreach (var name in cases)
        {
            await world.BeginAsync(name);
            await RunAsync(world, TimeSpan.FromHours(2));
            await world.AnswerAsync(name, "one", true);
            await world.AnswerAsync(name, "two", true);
        }
        await RunAsync(world, TimeSpan.FromDays(3));

        Assert.Empty(world.Harm);
        Assert.Empty(world.Evidence.Conflicts);
        foreach (var name in cases)
        {
            var ended = await world.OutputAsync(world.Run(name).InstanceId);
            Assert.True((await world.CertificateAsync(name))?.Clear, $"case {name} ended as {ended}");
            Assert.DoesNotContain(world.Observe(name).All, b => b.IsOld);
        }
        Assert.InRange(world.Evidence.Records.Count, 3, 300);
    }

    private static Task RunAsync(ToyWorld world, TimeSpan time) =>
        world.Simulation.RunForAsync(time, TestContext.Current.CancellationToken);
}
