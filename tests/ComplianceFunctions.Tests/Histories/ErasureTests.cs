using System.Net;
using Azure;
using Compliance.Ledger;
using Compliance.Offboarding;
using Compliance.Offboarding.Erasure;
using Compliance.Offboarding.Rounds;
using Microsoft.Extensions.DependencyInjection;

namespace ComplianceFunctions.Tests.Histories;

/// <summary>What an erasure takes, and what comes of it afterwards.</summary>
public sealed class ErasureTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_a_start_for_cause_neither_whom_nor_by_whom_nor_why_is_left()
    {
        await using var world = await LeaverWorld.StartAsync(cancellationToken: Stop);

        await EraseStartAsync(world);

        var cause = Assert.Single(world.Cases()).Cause!;
        Assert.Equal(
            Enumerable.Repeat(LeaverCase.Erased, 4),
            [cause.UserId, cause.PrincipalName, cause.StartedBy, cause.Reason]
        );
    }

    [Fact]
    public async Task That_nobody_confirmed_a_start_for_cause_is_no_finding_once_it_was_erased()
    {
        await using var world = await LeaverWorld.StartAsync(cancellationToken: Stop);
        await EraseStartAsync(world);
        await world.Simulation.RunForAsync(TimeSpan.FromDays(3), Stop);

        await world.Services.GetRequiredService<ForCauseConfirmation>().SettleAsync(Stop);

        Assert.False(world.HasFinding(OffboardingControls.Unconfirmed));
    }

    [Fact]
    public async Task What_was_kept_about_a_case_after_its_erasure_is_erased_by_the_next_one()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        await desk.SaysAsync(HrEventKind.Cancelled, 2);
        await desk.EraseAsync(desk.Run.CaseId);
        await desk.Documents.SaveAsync($"{desk.Run.CaseId}/late.json", "whoever it is about", Stop);
        var erasure = desk.World.Services.GetRequiredService<DetailErasure>();
        Assert.Equal(1, (await erasure.PreviewAsync(desk.Run.CaseId, Stop)).Documents);

        await desk.EraseAsync(desk.Run.CaseId);

        Assert.Equal(new KeptDetails(null, 0, 0, 0), await erasure.PreviewAsync(desk.Run.CaseId, Stop));
    }

    [Fact]
    public async Task What_would_be_erased_is_not_shown_of_a_case_that_has_not_ended_or_is_not_there()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        var erasure = desk.World.Services.GetRequiredService<DetailErasure>();

        await Assert.ThrowsAsync<ErasureRefusedException>(() => erasure.PreviewAsync(desk.Run.CaseId, Stop));
        await Assert.ThrowsAsync<KeyNotFoundException>(() => erasure.PreviewAsync("leaver-unknown", Stop));
    }

    [Fact]
    public async Task A_case_that_is_in_no_evidence_and_has_no_documents_is_erased_as_any_other()
    {
        await using var desk = await StepDesk.StartAsync();
        desk.Interruptions.BeforeRecord = _ => throw new RequestFailedException(503, "out of order");
        await desk.SaysAsync(HrEventKind.Cancelled);
        desk.Interruptions.BeforeRecord = null;
        var (id, erasure) = (desk.Run.CaseId, desk.World.Services.GetRequiredService<DetailErasure>());
        Assert.Equal(new KeptDetails(null, 0, 0, 0), await erasure.PreviewAsync(id, Stop));

        await desk.EraseAsync(id);

        var erased = await desk.CaseAsync();
        Assert.Equal((LeaverCase.Erased, LeaverCase.Erased), (erased.EmployeeId, erased.Latest.EmployeeId));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    public async Task A_case_is_kept_to_the_last_instant_of_its_time_and_no_longer(int ticks, int erased)
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        await desk.SaysAsync(HrEventKind.Cancelled, 2);
        var policy = new EvidencePolicy(TimeSpan.FromDays(10), new Dictionary<string, TimeSpan>(), desk.World.Policy.Sha256);
        var end = DetailErasure.EndedAt(await desk.CaseAsync()) + policy.Default;
        await desk.WaitAsync(end.AddTicks(ticks) - desk.World.Now);

        Assert.Equal(erased, await desk.World.Services.GetRequiredService<DetailErasure>().EraseExpiredAsync(policy, Stop));
        Assert.Equal(erased == 1, (await desk.CaseAsync()).EmployeeId == LeaverCase.Erased);
    }

    // Nobody answered; the case has ended all the same.
    private static async Task EraseStartAsync(LeaverWorld world)
    {
        Assert.Equal(HttpStatusCode.Accepted, await world.StartForCauseAsync(2, SmallTenant.IdOf(Person.Lea)));
        var id = Assert.Single(world.Cases()).Id;
        await world
            .Services.GetRequiredService<ILeaverCases>()
            .ChangeAsync(SmallTenant.Id, id, c => c with { Stage = LeaverStage.Closed }, Stop);
        await world.Services.GetRequiredService<DetailErasure>().EraseAsync(id, "test", [], world.Policy.Sha256, Stop);
    }
}
