using System.Net;
using Compliance.Changes.Flow;
using Compliance.Changes.Plans;
using Compliance.Findings;
using Compliance.Offboarding;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Rounds;

namespace ComplianceFunctions.Tests.Histories;

/// <summary>What somebody keeps because people refused, or have not answered yet, is seen.</summary>
public sealed class RefusalTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static TimeSpan Hour(double hour) => TimeSpan.FromHours(hour);

    private static HrSends Terminated(double hour, string employment = "1", Person who = Person.Lea) =>
        new(Hour(hour), "terminated", 1, Hour(hour), who, employment, ForCause: true);

    private static async Task<LeaverWorld> LivedAsync(int days, params IEnumerable<Happening> happenings)
    {
        var world = await LeaverWorld.StartAsync(cancellationToken: Stop);
        await HistoryRun.LiveAsync(new(days, [.. happenings]), world, new NothingWatched());
        return world;
    }

    private static Task EnableAsync(LeaverWorld world) => world.HappenAsync(new EditsDirectory(TimeSpan.Zero, DirectoryEdit.Enable));

    private static bool IsEnabled(LeaverWorld world) => PersonAccess.Read(world.Sandbox.Tenant, Person.Lea).Enabled;

    [Theory]
    [InlineData(true, "the account was not seen blocked")]
    [InlineData(false, "the account is blocked, and what it had access to was left as it was")]
    public async Task What_a_refusal_leaves_is_a_finding_at_once_and_until_people_are_asked_again(bool ofTheBlock, string left)
    {
        var edit = ofTheBlock ? PolicyEdit.ProtectLea : PolicyEdit.ApproveFirstAct;
        await using var world = await LivedAsync(1, new EditsPolicy(TimeSpan.Zero, edit), Terminated(1));
        await world.HappenAsync(new Answers(TimeSpan.Zero, 0, Approve: false));
        await world.RunUntilAsync(world.Now.AddMinutes(5));
        Assert.Contains(left, Stalled(world), StringComparison.Ordinal);
        await world.RunUntilAsync(world.Now.AddDays(2));
        Assert.Contains(left, Stalled(world), StringComparison.Ordinal);

        await world.HappenAsync(new EditsPolicy(TimeSpan.Zero, PolicyEdit.UnprotectLea));
        await world.HappenAsync(new EditsPolicy(TimeSpan.Zero, PolicyEdit.ActAtOnce));
        await world.HappenAsync(Terminated(73) with { Sequence = 2 });
        await world.RunUntilAsync(world.Now.AddDays(2));
        Assert.Equal((LeaverStage.Clear, false), (world.Cases()[0].Stage, world.HasFinding("LEAVE-015")));
    }

    [Fact]
    public async Task Who_keeps_access_by_a_refusal_and_can_sign_in_again_is_a_finding_until_that_ends()
    {
        await using var world = await LivedAsync(
            1,
            new EditsPolicy(TimeSpan.Zero, PolicyEdit.ApproveFirstAct),
            Terminated(1),
            new Answers(Hour(2), 0, Approve: false)
        );
        await world.RunUntilAsync(world.Now.AddDays(1));
        Assert.False(world.HasFinding("LEAVE-014"));
        await EnableAsync(world);
        await world.RunUntilAsync(world.Now.AddDays(1));
        // Nothing is done: whoever refused may have had a reason.
        Assert.Equal((true, true, 1), (world.HasFinding("LEAVE-014"), IsEnabled(world), world.Cases()[0].Round));

        await world.HappenAsync(new EditsDirectory(TimeSpan.Zero, DirectoryEdit.Disable));
        await world.RunUntilAsync(world.Now.AddDays(1));
        Assert.False(world.HasFinding("LEAVE-014"));
    }

    [Fact]
    public async Task Who_is_enabled_while_people_are_asked_is_blocked_again_and_that_is_a_finding_and_on_record()
    {
        await using var world = await LivedAsync(1, new EditsPolicy(TimeSpan.Zero, PolicyEdit.ApproveFirstAct), Terminated(1));
        await EnableAsync(world);
        await world.RunUntilAsync(world.Now.AddHours(12));

        Assert.Equal(
            (LeaverStage.AwaitingApproval, false, true),
            (world.Cases()[0].Stage, IsEnabled(world), world.HasFinding("LEAVE-014"))
        );
        Assert.Single(world.EvidenceIds(), id => id.Contains("-blocked-again-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_one_employment_took_is_not_given_back_while_the_person_leaves_by_another()
    {
        await using var world = await LivedAsync(1, Terminated(1), new HrSends(Hour(20), "termination.cancelled", 2), Terminated(21, "2"));
        await world.HappenAsync(new Answers(TimeSpan.Zero, 0));
        await world.HappenAsync(new Answers(TimeSpan.Zero, 1));
        await world.RunUntilAsync(world.Now.AddHours(5));
        Assert.False(IsEnabled(world));

        // That employment goes on after all: now it is.
        await world.HappenAsync(new HrSends(Hour(29), "termination.cancelled", 2, Employment: "2"));
        await world.RunUntilAsync(world.Now.AddHours(24));
        foreach (var approver in new[] { 0, 1 })
            await world.HappenAsync(new Answers(TimeSpan.Zero, approver));
        await world.RunUntilAsync(world.Now.AddHours(5));
        Assert.True(IsEnabled(world));
    }

    [Fact]
    public async Task An_approver_whose_access_has_ended_decides_nothing_though_the_account_could_not_be_blocked()
    {
        await using var world = await LeaverWorld.StartAsync(cancellationToken: Stop);
        world.Sandbox.Tenant.Denied["User.EnableDisableAccount.All"] = true;
        Assert.Equal(HttpStatusCode.Accepted, await world.StartForCauseAsync(1, SmallTenant.Approvers[0]));
        await world.RunUntilAsync(world.Now.AddHours(2));

        Assert.Equal(HttpStatusCode.Forbidden, await world.StartForCauseAsync(0, SmallTenant.IdOf(Person.Mia)));
        Assert.Equal(HttpStatusCode.Accepted, await world.StartForCauseAsync(2, SmallTenant.IdOf(Person.Mia)));
    }

    [Fact]
    public async Task A_yes_of_an_approver_whose_access_has_ended_since_does_not_count()
    {
        await using var world = await LivedAsync(
            1,
            new EditsPolicy(TimeSpan.Zero, PolicyEdit.ProtectLea),
            Terminated(1),
            new Answers(Hour(2), 0)
        );
        Assert.Equal(HttpStatusCode.Accepted, await world.StartForCauseAsync(1, SmallTenant.Approvers[0]));
        await world.RunUntilAsync(world.Now.AddHours(40));
        await world.HappenAsync(new Answers(TimeSpan.Zero, 1));
        await world.RunUntilAsync(world.Now.AddHours(1));
        Assert.True(IsEnabled(world));

        await world.HappenAsync(new Answers(TimeSpan.Zero, 2));
        await world.RunUntilAsync(world.Now.AddHours(1));
        Assert.False(IsEnabled(world));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whoever_policy_names_as_owner_gets_nothing_once_they_leave_as_well(bool leaves)
    {
        await using var desk = await StepDesk.StartAsync();
        SmallTenant.AddApplication(desk.World.Sandbox.Tenant, Person.Lea);
        // The manager.
        desk.World.Sandbox.Tenant.Change("users", SmallTenant.Id, """{"accountEnabled":false}""");
        desk.Edit(PolicyEdit.NameNoaAsOwner);
        if (leaves)
        {
            await desk.SaysAsync(who: Person.Noa);
            await desk.BlockAsync();
        }
        await desk.SaysAsync();
        await desk.BlockAsync();

        var planned = await desk.PlanAsync();

        Assert.Equal(leaves ? NextAction.AskApproval : NextAction.Proceed, planned.Outcome);
        Assert.Equal(!leaves, await IsHandedOverAsync(desk, planned));
    }

    private static async Task<bool> IsHandedOverAsync(StepDesk desk, ChangeDecision planned) =>
        (await desk.Documents.LoadAsync<ActionPlan>(LeaverRounds.Name(desk.Run, $"plan-{planned.PlanId}.json"), Stop))!.Steps.Any(s =>
            s.Action == AddOwner.Id
        );

    // Why the case does not go on, as its open finding says.
    private static string Stalled(LeaverWorld world) =>
        world
            .Storage.State.Rows("findings")
            .Where(r => (string?)r["Status"] == "Open" && r.RowKey.StartsWith("LEAVE-015", StringComparison.Ordinal))
            .Select(r => FindingRow.Read(r.ToEntity()).Finding.Detection.Reason)
            .FirstOrDefault()
        ?? "";
}
