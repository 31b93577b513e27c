using Azure;
using Compliance.Offboarding;

namespace ComplianceFunctions.Tests.Histories;

/// <summary>An outage of the ledger delays evidence, and nothing that ends somebody's access.</summary>
public sealed class LedgerOutageTests
{
    private static readonly Happening Terminated = new HrSends(
        TimeSpan.FromHours(1),
        "terminated",
        1,
        TimeSpan.FromHours(1),
        ForCause: true
    );

    private bool _isDown;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private Task<LeaverWorld> WorldAsync() =>
        LeaverWorld.StartAsync(
            services: new Interruptions
            {
                BeforeRecord = _ =>
                {
                    if (_isDown)
                        throw new RequestFailedException(503, "out of order");
                },
            }.Add,
            cancellationToken: Stop
        );

    private static Task LiveAsync(LeaverWorld world, int days, params IEnumerable<Happening> happenings) =>
        HistoryRun.LiveAsync(new(days, [.. happenings]), world, new NothingWatched());

    private static PersonAccess Lea(LeaverWorld world) => PersonAccess.Read(world.Sandbox.Tenant, Person.Lea);

    [Fact]
    public async Task A_lost_orchestration_is_started_again_meanwhile_and_on_record_afterwards()
    {
        await using var world = await WorldAsync();
        await LiveAsync(world, 2, new HrSends(TimeSpan.FromHours(1), "terminated", 1, TimeSpan.FromDays(10)));
        await world.Simulation.Client.TerminateInstanceAsync((await world.CaseAsync(Person.Lea, "1"))!.InstanceId, cancellation: Stop);
        _isDown = true;
        await world.RunUntilAsync(LeaverWorld.Start + TimeSpan.FromDays(11));
        Assert.False(Lea(world).Enabled);
        var policy = world.Policy.Sha256;
        await world.HappenAsync(new EditsPolicy(TimeSpan.Zero, PolicyEdit.Comment));

        _isDown = false;
        await world.RunUntilAsync(LeaverWorld.Start + TimeSpan.FromDays(12));
        Assert.Equal([policy], world.EvidencePolicies("offboarding.restarted"));
        Assert.Single(world.EvidenceIds(), id => id.Contains("-restarted-", StringComparison.Ordinal));
        Assert.Null((await world.CaseAsync(Person.Lea, "1"))!.Unrecorded);
    }

    [Fact]
    public async Task A_former_leaver_who_can_sign_in_again_is_blocked_meanwhile_and_on_record_afterwards()
    {
        await using var world = await WorldAsync();
        await LiveAsync(world, 2, Terminated);
        _isDown = true;
        await world.HappenAsync(new EditsDirectory(TimeSpan.Zero, DirectoryEdit.Enable));
        await world.RunUntilAsync(LeaverWorld.Start + TimeSpan.FromDays(4));
        Assert.False(Lea(world).Enabled);
        var policy = world.Policy.Sha256;
        await world.HappenAsync(new EditsPolicy(TimeSpan.Zero, PolicyEdit.Comment));

        _isDown = false;
        await world.RunUntilAsync(LeaverWorld.Start + TimeSpan.FromDays(5));
        Assert.Equal([policy], world.EvidencePolicies("offboarding.reopened"));
        Assert.Single(world.EvidenceIds(), id => id.EndsWith("-1-reopened", StringComparison.Ordinal));
        Assert.Equal((LeaverStage.Clear, null), ((await world.CaseAsync(Person.Lea, "1"))!.Stage, world.Cases()[0].Unrecorded));
    }

    [Fact]
    public async Task A_leaver_is_put_into_the_block_group_all_the_same()
    {
        _isDown = true;
        await using var world = await WorldAsync();
        await LiveAsync(world, 1, new EditsPolicy(TimeSpan.Zero, PolicyEdit.NameBlockGroup), Terminated);

        Assert.False(Lea(world).Enabled);
        Assert.Contains(SmallTenant.OtherGroup, Lea(world).Holds);
    }
}
