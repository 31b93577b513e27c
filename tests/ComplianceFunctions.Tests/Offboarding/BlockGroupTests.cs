using System.Text.Json;
using Compliance.Offboarding;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Certificates;
using Compliance.Offboarding.Desk;
using Compliance.Text;
using ComplianceFunctions.Tests.Histories;
using Microsoft.Extensions.DependencyInjection;
using Simulation;
using Testing;
using Person = ComplianceFunctions.Tests.Histories.Person;

namespace ComplianceFunctions.Tests.Offboarding;

/// <summary>The group that Conditional Access blocks: beside the disable, after it, and in the way of nothing.</summary>
public sealed class BlockGroupTests
{
    private static readonly string Group = SmallTenant.OtherGroup;
    private static readonly string Lea = SmallTenant.IdOf(Person.Lea);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static TimeSpan Hour(double hour) => TimeSpan.FromHours(hour);

    private static EditsPolicy Named => new(TimeSpan.Zero, PolicyEdit.NameBlockGroup);

    private static HrSends Terminated => new(Hour(1), "terminated", 1, Hour(1), ForCause: true);

    private static IEnumerable<Happening> TakenBack(double hour) =>
        [new HrSends(Hour(hour), "termination.cancelled", 2), new Answers(Hour(hour + 0.5), 0), new Answers(Hour(hour + 0.6), 1)];

    private static EditsDirectory Joins(double hour) => new(Hour(hour), DirectoryEdit.AddToGroup);

    private static Task<LeaverWorld> WorldAsync(params Fault[] crashes) =>
        LeaverWorld.StartAsync(1, new FaultPlan { Script = crashes }, cancellationToken: Stop);

    private static async Task<LeaverCase> LiveAsync(LeaverWorld world, int days, params IEnumerable<Happening> happenings)
    {
        await HistoryRun.LiveAsync(new(days, [Named, .. happenings]), world, new NothingWatched());
        return Assert.Single(world.Cases());
    }

    private static bool IsMember(LeaverWorld world) => world.Sandbox.Tenant.GroupMembers.Of(Group).Find(Lea) is not null;

    private static bool IsEnabled(LeaverWorld world) => PersonAccess.Read(world.Sandbox.Tenant, Person.Lea).Enabled;

    private static List<string> Changes(LeaverWorld world) =>
        [
            .. world
                .Sandbox.Requests.Where(r =>
                    r.Host == "graph" && r.Method is "PATCH" or "DELETE" or "POST" && !r.Path.EndsWith("/$batch", StringComparison.Ordinal)
                )
                .Select(r => $"{r.Method} {r.Path["/v1.0".Length..]}")
                .Where(c => c.Contains(Lea, StringComparison.Ordinal) || c.Contains(Group, StringComparison.Ordinal)),
        ];

    private static async Task<RevocationCertificate> CertificateAsync(LeaverWorld world)
    {
        var desk = world.Services.GetRequiredService<CaseDesk>();
        var bytes = await desk.DocumentAsync(world.Cases().Single().Id, "certificate.json", Stop);
        return JsonSerializer.Deserialize<RevocationCertificate>(bytes!, ComplianceJson.Compact)!;
    }

    [Fact]
    public async Task A_leaver_is_put_into_the_group_right_after_the_disable_and_nothing_of_it_remains_or_reopens_the_case()
    {
        await using var world = await WorldAsync();
        var known = await LiveAsync(world, 4, Terminated);

        Assert.Equal((LeaverStage.Clear, 1, false, true), (known.Stage, known.Round, known.IsGroupDue, IsMember(world)));
        Assert.Equal(
            [$"PATCH /users/{Lea}", $"POST /users/{Lea}/revokeSignInSessions", $"POST /groups/{Group}/members/$ref"],
            Changes(world).Take(3)
        );
        Assert.False(world.HasFinding(OffboardingControls.StepStuck));
        Assert.Contains(world.EvidenceControls(), e => e.Action == "offboarding.block-group");
        var certificate = await CertificateAsync(world);
        Assert.Equal(("clear", 3, 0), (certificate.State, certificate.PlanIds.Count, certificate.NotDone.Count));
        Assert.DoesNotContain(certificate.Accesses, a => a.Id == Group);
    }

    [Fact]
    public async Task A_group_that_cannot_be_changed_for_hours_holds_nothing_up_is_a_finding_and_is_tried_again()
    {
        await using var world = await WorldAsync();
        var known = await LiveAsync(world, 1, new ServiceFails(Hour(0.5), "POST graph/groups/* => status=503", Hour(200)), Terminated);

        Assert.Equal(
            (LeaverStage.Clear, LeaverWorld.Start + Hour(1), true, false),
            (known.Stage, known.BlockedAt, known.IsGroupDue, IsMember(world))
        );
        Assert.True(known.ClearAt < LeaverWorld.Start + Hour(1.2), $"clear at {known.ClearAt:O}");
        Assert.True(world.HasFinding(OffboardingControls.StepStuck));
        Assert.Equal(["blockGroup.member.add"], (await CertificateAsync(world)).NotDone.Select(n => n.Action));
        world.ServicesRecover();
        await world.RunUntilAsync(world.Now + Hour(7));
        Assert.True(IsMember(world) && !world.HasFinding(OffboardingControls.StepStuck));
        Assert.Empty((await CertificateAsync(world)).NotDone);
        Assert.Equal(2, world.EvidenceControls().Count(e => e.Action == "offboarding.block-group"));
    }

    [Fact]
    public async Task While_the_account_cannot_be_disabled_the_group_is_left_alone()
    {
        await using var world = await WorldAsync();
        var known = await LiveAsync(world, 1, new Permits(Hour(0.5), "User.EnableDisableAccount.All", Granted: false), Terminated);

        Assert.Equal((null, false), (known.BlockedAt, IsMember(world)));
        await world.HappenAsync(new Permits(TimeSpan.Zero, "User.EnableDisableAccount.All", Granted: true));
        await world.RunUntilAsync(world.Now + Hour(30));
        Assert.True(IsMember(world) && !IsEnabled(world));
    }

    [Theory]
    [InlineData("""{"isAssignableToRole":true}""")]
    [InlineData("""{"onPremisesSyncEnabled":true}""")]
    [InlineData("""{"groupTypes":["DynamicMembership"]}""")]
    [InlineData("""{"mailEnabled":true}""")]
    [InlineData(null)]
    public async Task A_group_that_is_not_this_program_s_to_change_is_refused_with_a_finding(string? change)
    {
        await using var world = await WorldAsync();
        if (change is null)
            world.Sandbox.Tenant.Remove("groups", Group);
        else
            world.Sandbox.Tenant.Change("groups", Group, change);
        var known = await LiveAsync(world, 1, Terminated);

        Assert.Equal((LeaverStage.Clear, true), (known.Stage, world.HasFinding(OffboardingControls.StepStuck)));
        Assert.DoesNotContain(Changes(world), c => c.StartsWith($"POST /groups/{Group}/", StringComparison.Ordinal));
        Assert.Single((await CertificateAsync(world)).Remaining, t => t.Id == Group);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Giving_back_takes_the_person_out_unless_they_were_a_member_before(bool wasMember)
    {
        await using var world = await WorldAsync();
        var known = await LiveAsync(world, 3, [.. wasMember ? [Joins(0.5)] : (Happening[])[], Terminated, .. TakenBack(3)]);

        Assert.Equal((LeaverStage.Restored, true, wasMember), (known.Stage, IsEnabled(world), IsMember(world)));
    }

    [Fact]
    public async Task A_member_from_before_stays_one_while_all_access_is_removed()
    {
        await using var world = await WorldAsync();
        var known = await LiveAsync(world, 3, Joins(0.5), Terminated);

        Assert.Equal((LeaverStage.Clear, 1, true), (known.Stage, known.Round, IsMember(world)));
        Assert.DoesNotContain(Changes(world), c => c.Contains(Group, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_dry_run_shows_it_and_changes_nothing()
    {
        await using var world = await WorldAsync();
        await world.HappenAsync(Named);
        var dry = await world.Services.GetRequiredService<DryRuns>().PlanAsync(Lea, Stop);

        Assert.Equal((AddToBlockGroup.Id, Group), (dry.Group!.Steps.Single().Action, dry.Group.Steps.Single().Target.Id));
        Assert.False(IsMember(world));
    }

    [Fact]
    public async Task Cut_off_at_any_request_while_blocking_the_person_ends_in_the_group_and_giving_back_takes_them_out()
    {
        await using var unbroken = await WorldAsync();
        await LiveAsync(unbroken, 1, Terminated);
        var block = unbroken.Simulation.Trace.First(s => s is { Kind: StepKind.Activity, Name: nameof(LeaverActivities.LeaverBlock) });
        var every = TestSize.IsLong ? 1 : 5;
        var crashed = 0;
        for (var point = 1; ; point += every, crashed++)
        {
            await using var world = await WorldAsync(new Fault(FaultKind.CrashInside, block.Instance, block.Name, 1, point));
            await LiveAsync(world, 1, Terminated);
            if (world.Simulation.Injected.Count == 0)
                break;
            Assert.True(IsMember(world) && !IsEnabled(world), $"crashed at request {point}");
            foreach (var happening in TakenBack(0))
            {
                await world.HappenAsync(happening);
                await world.RunUntilAsync(world.Now + Hour(1));
            }
            Assert.True(
                !IsMember(world) && IsEnabled(world),
                $"crashed at request {point}: not given back: member {IsMember(world)}, enabled {IsEnabled(world)}"
            );
        }
        Assert.InRange(crashed, 3, 200);
    }
}
