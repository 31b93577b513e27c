using System.Net;
using Compliance.Changes.Approvals;
using Compliance.Changes.Flow;
using Compliance.Changes.Pauses;
using Compliance.Offboarding;
using Microsoft.Extensions.DependencyInjection;

namespace ComplianceFunctions.Tests.Histories;

/// <summary>Acts are paused in the midst of a leaver's life, and two people let them continue.</summary>
public sealed class PauseTests
{
    private const int Pauser = 0;
    private const int Asker = 1;
    private const int Third = 2;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static TimeSpan Hour(double hour) => TimeSpan.FromHours(hour);

    private static HrSends Terminated(double hour, double? leaves = null) =>
        new(Hour(hour), "terminated", 1, Hour(leaves ?? hour), ForCause: leaves is null);

    private static Happening[] Resumed(double hour) =>
        [
            new AsksToResume(Hour(hour), Asker),
            new AnswersResume(Hour(hour), Pauser),
            new AnswersResume(Hour(hour) + TimeSpan.FromMinutes(1), Third),
        ];

    private static Task<LeaverWorld> WorldAsync(Interruptions? interruptions = null) =>
        LeaverWorld.StartAsync(services: interruptions is null ? null : interruptions.Add, cancellationToken: Stop);

    private static async Task<LeaverCase> LiveAsync(LeaverWorld world, double hours, params IEnumerable<Happening> happenings)
    {
        var watch = new LeaverInvariants(world);
        await HistoryRun.LiveAsync(new(0, [.. happenings]), world, watch);
        await world.RunUntilAsync(LeaverWorld.Start + Hour(hours));
        return (await world.CaseAsync(Person.Lea, "1"))!;
    }

    // More of the same life.
    private static async Task ThenAsync(LeaverWorld world, double hours, params IEnumerable<Happening> happenings)
    {
        foreach (var happening in happenings)
        {
            await world.RunUntilAsync(LeaverWorld.Start + happening.At);
            await world.HappenAsync(happening);
        }
        await world.RunUntilAsync(LeaverWorld.Start + Hour(hours));
    }

    private static PersonAccess Lea(LeaverWorld world) => PersonAccess.Read(world.Sandbox.Tenant, Person.Lea);

    private static bool IsRefusedBlockFound(LeaverWorld world) => world.HasFinding(OffboardingControls.StepStuck);

    [Fact]
    public async Task A_leaver_is_blocked_while_acts_are_paused_and_loses_nothing_else()
    {
        await using var world = await WorldAsync();
        var known = await LiveAsync(world, 12, new Pauses(Hour(1), Pauser), Terminated(2));

        Assert.Equal((false, 4), (Lea(world).Enabled, Lea(world).Holds.Count));
        Assert.Equal((LeaverStage.Removing, LeaverWorld.Start + Hour(2)), (known.Stage, known.BlockedAt));
        Assert.Equal("paused since 2027-01-04 09:00Z: it continues once two people agreed to resume", known.Note);
        Assert.True(world.HasFinding(PauseControls.Paused));
        Assert.False(IsRefusedBlockFound(world));
    }

    [Fact]
    public async Task Once_two_people_agree_the_removal_continues_at_once()
    {
        await using var world = await WorldAsync();
        var known = await LiveAsync(world, 30.2, [new Pauses(Hour(1), Pauser), Terminated(2), .. Resumed(30)]);

        Assert.Equal((LeaverStage.Clear, 0, null), (known.Stage, Lea(world).Holds.Count, known.Note));
        Assert.False(world.HasFinding(PauseControls.Paused));
        Assert.Equal(
            ["changes.pause", "changes.resume", "changes.resume.asked"],
            world.EvidenceControls().Select(r => r.Action).Where(a => a.StartsWith("changes.", StringComparison.Ordinal)).Order()
        );
        Assert.All(
            world.EvidenceControls().Where(r => r.Action.StartsWith("changes.", StringComparison.Ordinal)),
            r => Assert.Equal([PauseControls.Paused], r.Controls)
        );
    }

    [Fact]
    public async Task A_leaver_whose_blocking_is_held_too_is_noted_as_paused_and_not_as_refused_and_is_blocked_after_the_resume()
    {
        await using var world = await WorldAsync();
        await LiveAsync(world, 3, new Pauses(Hour(1), Pauser, Blocking: true), Terminated(2));
        var held = (await world.CaseAsync(Person.Lea, "1"))!;
        Assert.Equal((true, LeaverStage.Scheduled, null, null), (Lea(world).Enabled, held.Stage, held.BegunAt, held.BlockedAt));
        Assert.Equal("paused since 2027-01-04 09:00Z, blocking included: it continues once two people agreed to resume", held.Note);
        Assert.False(IsRefusedBlockFound(world));
        // Whoever is due and can sign in is found all the same.
        await world.RunUntilAsync(LeaverWorld.Start + Hour(24));
        Assert.True(world.HasFinding(OffboardingControls.Stalled));

        Assert.Equal(HttpStatusCode.Accepted, await world.ResumeAsync(Asker));
        Assert.Equal(HttpStatusCode.OK, await world.AnswerResumeAsync(new(default, Pauser)));
        await world.RunUntilAsync(world.Now + Hour(20));
        Assert.True(Lea(world).Enabled);
        Assert.Equal(HttpStatusCode.OK, await world.AnswerResumeAsync(new(default, Third)));
        await world.Simulation.RunForAsync(TimeSpan.FromMinutes(1), Stop);

        Assert.False(Lea(world).Enabled);
        Assert.False(IsRefusedBlockFound(world));
    }

    [Fact]
    public async Task A_pause_survives_a_restart()
    {
        await using var world = await WorldAsync();
        await LiveAsync(world, 40, [new Pauses(Hour(1), Pauser), Terminated(2), new Restarts(Hour(5)), new Restarts(Hour(6))]);

        Assert.Equal((false, 4), (Lea(world).Enabled, Lea(world).Holds.Count));
        Assert.True((await world.Services.GetRequiredService<PauseDesk>().ShowAsync(Stop)).Paused);
    }

    [Fact]
    public async Task A_pause_that_comes_between_plan_and_removal_holds_the_removal()
    {
        await using var world = await WorldAsync();
        world.Simulation.AfterStep = step =>
            step.Name == nameof(LeaverActivities.LeaverPlan) ? PausedNowAsync(world.Services) : Task.CompletedTask;
        await world.HappenAsync(Terminated(0));
        await world.RunUntilAsync(LeaverWorld.Start + Hour(10));

        Assert.Equal((false, 4), (Lea(world).Enabled, Lea(world).Holds.Count));
    }

    // Before the plan is begun, before the pass, before each wave, each batch and each role in Azure.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public async Task Whenever_a_pause_comes_nothing_more_is_removed_until_the_resume_and_then_all_is(int ask)
    {
        await using var world = await LeaverWorld.StartAsync(
            services: services => services.AddSingleton<IPause>(p => new PausesOnAsk(p, ask)),
            cancellationToken: Stop
        );
        SmallTenant.AddApplication(world.Sandbox.Tenant, Person.Lea);
        await world.HappenAsync(Terminated(0));
        await world.RunUntilAsync(LeaverWorld.Start + Hour(0.1));
        Assert.True(world.StoredPause()!.Holds);
        var changes = Changes(world);
        await world.RunUntilAsync(LeaverWorld.Start + Hour(10));
        Assert.Equal(changes, Changes(world));
        Assert.Null((await world.CaseAsync(Person.Lea, "1"))!.CertificateSha256);

        await ThenAsync(world, 11, Resumed(10));

        Assert.Equal(LeaverStage.Clear, (await world.CaseAsync(Person.Lea, "1"))!.Stage);
        Assert.Empty(Lea(world).Holds);
    }

    // When it is decided, and right before the act.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Whenever_blocking_is_held_before_the_block_it_is_no_refused_block(int ask)
    {
        await using var world = await LeaverWorld.StartAsync(
            services: services => services.AddSingleton<IPause>(p => new PausesOnAsk(p, ask, blocking: true)),
            cancellationToken: Stop
        );
        await world.HappenAsync(Terminated(0));
        await world.RunUntilAsync(LeaverWorld.Start + Hour(1));
        Assert.True(Lea(world).Enabled);
        Assert.StartsWith("paused since ", (await world.CaseAsync(Person.Lea, "1"))!.Note, StringComparison.Ordinal);
        Assert.False(IsRefusedBlockFound(world));
        Assert.DoesNotContain(world.EvidenceControls(), r => r.Action == "offboarding.block");

        await ThenAsync(world, 2.1, Resumed(2));

        Assert.False(Lea(world).Enabled);
    }

    // Before it is planned, and right before the act.
    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Whenever_blocking_is_held_after_the_block_the_block_group_waits_for_the_resume(int ask)
    {
        await using var world = await LeaverWorld.StartAsync(
            services: services => services.AddSingleton<IPause>(p => new PausesOnAsk(p, ask, blocking: true)),
            cancellationToken: Stop
        );
        await world.HappenAsync(new EditsPolicy(TimeSpan.Zero, PolicyEdit.NameBlockGroup));
        await world.HappenAsync(Terminated(0));
        await world.RunUntilAsync(LeaverWorld.Start + Hour(8));
        Assert.Equal((false, false), (Lea(world).Enabled, Lea(world).Holds.Contains(SmallTenant.OtherGroup)));

        await ThenAsync(world, 20, Resumed(9));

        Assert.Contains(SmallTenant.OtherGroup, Lea(world).Holds);
    }

    [Fact]
    public async Task An_account_that_is_enabled_again_while_blocking_is_held_is_not_reported_as_blocked_again()
    {
        await using var desk = await StepDesk.StartAsync();
        var asked = await desk.FirstActAskedAsync();
        Assert.Equal(HttpStatusCode.OK, await desk.World.PauseAsync(Pauser, blocking: true));
        await desk.World.HappenAsync(new EditsDirectory(TimeSpan.Zero, DirectoryEdit.Enable));

        Assert.Equal(ApprovalStatus.Open, await desk.ApprovalStatusAsync(asked.ApprovalId!));

        Assert.True(desk.CanSignIn());
        Assert.False(desk.World.HasFinding(OffboardingControls.Relapsed));
        Assert.Null((await desk.CaseAsync()).Unrecorded);
    }

    private static int Changes(LeaverWorld world) => world.Sandbox.Requests.Count(r => r.Method is "PATCH" or "DELETE" or "PUT");

    private static Task<PauseView> PausedNowAsync(IServiceProvider services, bool blocking = false) =>
        services.GetRequiredService<PauseSwitch>().PauseAsync("a bad policy", blocking, SmallTenant.Approvers[Pauser], Stop);

    /// <summary>Acts, or blocking too, are paused at the moment that it is asked for the nth time whether they are.</summary>
    private sealed class PausesOnAsk(IServiceProvider services, int ask, bool blocking = false) : IPause
    {
        private readonly TablePause _pause = services.GetRequiredService<TablePause>();
        private int _asks;

        public async Task<PauseHold?> HoldingAsync(bool isBlocking, CancellationToken cancellationToken)
        {
            if (isBlocking == blocking && Interlocked.Increment(ref _asks) == ask)
                await PausedNowAsync(services, blocking);
            return await _pause.HoldingAsync(isBlocking, cancellationToken);
        }
    }

    [Fact]
    public async Task One_person_alone_resumes_nothing_whoever_asks()
    {
        await using var world = await WorldAsync();
        await LiveAsync(world, 3, new Pauses(Hour(1), Pauser), Terminated(2), new AsksToResume(Hour(3), Asker));
        Assert.Equal(HttpStatusCode.Conflict, await world.AnswerResumeAsync(new(default, Asker)));
        foreach (var _ in Enumerable.Range(0, 2))
            Assert.Equal(HttpStatusCode.OK, await world.AnswerResumeAsync(new(default, Third)));
        await world.RunUntilAsync(LeaverWorld.Start + Hour(20));

        Assert.Equal(4, Lea(world).Holds.Count);
        Assert.True(world.HasFinding(PauseControls.Paused));
    }

    [Fact]
    public async Task Paused_twice_it_is_the_latest_pause_that_two_people_have_to_end()
    {
        await using var world = await WorldAsync();
        await LiveAsync(
            world,
            4,
            new Pauses(Hour(1), Pauser),
            Terminated(2),
            new AsksToResume(Hour(3), Asker),
            new AnswersResume(Hour(3), Third),
            new Pauses(Hour(3.5), Third)
        );
        Assert.Equal(HttpStatusCode.NotFound, await world.AnswerAsync("resume-1-1", Requested(world, "resume-1-1").PlanId, Pauser));
        await world.RunUntilAsync(LeaverWorld.Start + Hour(20));
        Assert.Equal(4, Lea(world).Holds.Count);

        await ThenAsync(world, 22, Resumed(21));
        Assert.Empty(Lea(world).Holds);
    }

    [Fact]
    public async Task An_answer_to_an_earlier_pause_never_ends_a_later_one()
    {
        await using var world = await WorldAsync();
        await LiveAsync(world, 6, [new Pauses(Hour(1), Pauser), .. Resumed(2), new Pauses(Hour(4), Pauser), Terminated(5)]);
        var old = Requested(world, "resume-1-1");
        // The same answer again is taken as before.
        Assert.Equal(HttpStatusCode.OK, await world.AnswerAsync(old.Id, old.PlanId, Third));
        Assert.Equal(HttpStatusCode.Accepted, await world.ResumeAsync(Asker));
        Assert.Equal(HttpStatusCode.Conflict, await world.AnswerAsync("resume-2-1", old.PlanId, Third));
        await world.RunUntilAsync(LeaverWorld.Start + Hour(20));

        Assert.Equal((false, 4), (Lea(world).Enabled, Lea(world).Holds.Count));
    }

    [Fact]
    public async Task Two_accounts_of_one_person_are_one_answer_to_a_resume()
    {
        await using var world = await WorldAsync();
        foreach (var approver in new[] { Pauser, Third })
            world.Sandbox.Tenant.Change("users", SmallTenant.Approvers[approver], """{"employeeId":"E-7"}""");
        await LiveAsync(world, 6, [new Pauses(Hour(1), Pauser), Terminated(2), new AsksToResume(Hour(3), Asker)]);

        Assert.Equal(HttpStatusCode.OK, await world.AnswerResumeAsync(new AnswersResume(Hour(6), Pauser)));
        Assert.Equal(HttpStatusCode.Conflict, await world.AnswerResumeAsync(new AnswersResume(Hour(6), Third)));
        await world.RunUntilAsync(LeaverWorld.Start + Hour(12));

        Assert.Equal(4, Lea(world).Holds.Count);
    }

    [Fact]
    public async Task Resumed_twice_the_second_has_nothing_to_resume()
    {
        await using var world = await WorldAsync();
        await LiveAsync(world, 3, [new Pauses(Hour(1), Pauser), .. Resumed(2)]);

        Assert.Equal(HttpStatusCode.Conflict, await world.ResumeAsync(Asker));
    }

    [Fact]
    public async Task Who_has_no_token_or_gives_no_reason_pauses_nothing()
    {
        await using var world = await WorldAsync();

        Assert.Equal(HttpStatusCode.BadRequest, await world.PauseAsync(Pauser, reason: " "));
        Assert.Equal(HttpStatusCode.BadRequest, await world.PauseAsync(Pauser, reason: new string('x', 501)));
        Assert.Equal(HttpStatusCode.Unauthorized, await world.PauseAsync(null));
        Assert.Equal(HttpStatusCode.Unauthorized, await world.ResumeAsync(null));
        Assert.Null(world.StoredPause());
    }

    [Fact]
    public async Task Whose_own_access_has_ended_pauses_nothing_with_a_token_from_before()
    {
        await using var world = await WorldAsync();
        await world.TokenAsync(SmallTenant.Approvers[Third]);
        await world.StartForCauseAsync(Asker, SmallTenant.Approvers[Third]);
        await world.RunUntilAsync(world.Now + Hour(0.1));

        Assert.Equal(HttpStatusCode.Forbidden, await world.PauseAsync(Third));
        Assert.Null(world.StoredPause());
    }

    [Fact]
    public async Task While_the_ledger_is_down_a_pause_holds_and_a_resume_waits_until_it_is_on_record()
    {
        var isDown = true;
        await using var world = await WorldAsync(
            new Interruptions
            {
                BeforeRecord = _ =>
                {
                    if (isDown)
                        throw new Azure.RequestFailedException(503, "out of order");
                },
            }
        );
        Assert.Equal(HttpStatusCode.OK, await world.PauseAsync(Pauser));
        Assert.Equal(HttpStatusCode.Accepted, await world.ResumeAsync(Asker));
        // Kept, and not answered as taken: it is not on record.
        Assert.Null(await world.AnswerResumeAsync(new(default, Pauser)));
        Assert.Null(await world.AnswerResumeAsync(new(default, Third)));
        await world.RunUntilAsync(LeaverWorld.Start + Hour(9));
        Assert.True(world.StoredPause()!.Holds);
        Assert.True(world.HasFinding(PauseControls.Paused));

        isDown = false;
        await world.RunUntilAsync(LeaverWorld.Start + Hour(18));

        Assert.False(world.StoredPause()!.Holds);
        Assert.False(world.HasFinding(PauseControls.Paused));
        Assert.Equal(
            ["approval.answer", "approval.answer", "changes.pause", "changes.resume", "changes.resume.asked"],
            world.EvidenceControls().Select(r => r.Action).Where(a => !a.StartsWith("ledger", StringComparison.Ordinal)).Order()
        );
    }

    [Fact]
    public async Task A_removal_that_two_people_approved_is_not_marked_as_begun_while_it_is_held()
    {
        await using var desk = await StepDesk.StartAsync();
        var asked = await desk.FirstActAskedAsync();
        await desk.AnswerAsync(asked, true, true);
        Assert.Equal(ApprovalStatus.Approved, await desk.ApprovalStatusAsync(asked.ApprovalId!));
        Assert.Equal(HttpStatusCode.OK, await desk.World.PauseAsync(Pauser));

        var held = await desk.RemoveAsync(asked.PlanId!);

        Assert.Equal((NextAction.Throttled, desk.World.Now.AddMinutes(1).UtcDateTime), (held.Outcome, held.Until));
        Assert.False(await desk.IsBegunAsync(asked));
        Assert.Equal(4, desk.Holds());
    }

    [Fact]
    public async Task What_is_given_back_is_held_and_given_back_after_the_resume()
    {
        await using var world = await WorldAsync();
        await LiveAsync(
            world,
            20,
            Terminated(1),
            new HrSends(Hour(2), "termination.cancelled", 2),
            new Pauses(Hour(3), Pauser),
            new Answers(Hour(4), Asker),
            new Answers(Hour(5), Third)
        );
        Assert.Equal((false, 0), (Lea(world).Enabled, Lea(world).Holds.Count));
        var approved = Assert.Single(world.ApprovalRequests());
        Assert.Equal((2, null), (approved.Answers.Count, approved.BegunAt));

        await ThenAsync(world, 22, Resumed(21));

        Assert.Equal((true, LeaverStage.Restored), (Lea(world).Enabled, (await world.CaseAsync(Person.Lea, "1"))!.Stage));
    }

    [Fact]
    public async Task A_leaver_is_put_into_the_block_group_unless_blocking_is_held()
    {
        foreach (var blocking in (bool[])[false, true])
        {
            await using var world = await WorldAsync();
            await ThenAsync(
                world,
                1.5,
                new EditsPolicy(TimeSpan.Zero, PolicyEdit.NameBlockGroup),
                new Pauses(Hour(1), Pauser, blocking),
                Terminated(1.2)
            );
            Assert.Equal(!blocking, Lea(world).Holds.Contains(SmallTenant.OtherGroup));

            await ThenAsync(world, 26, Resumed(25));
            Assert.Contains(SmallTenant.OtherGroup, Lea(world).Holds);
        }
    }

    private static ApprovalRequest Requested(LeaverWorld world, string id) => world.ApprovalRequests().Single(r => r.Id == id);
}
