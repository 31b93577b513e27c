using System.Text.Json.Nodes;
using Azure;
using Compliance.Changes.Flow;
using Compliance.Ledger;
using Compliance.Ledger.Privacy;
using Compliance.Offboarding;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Erasure;
using Microsoft.Extensions.DependencyInjection;
using Simulation.Storage;

namespace ComplianceFunctions.Tests.Histories;

/// <summary>What a crash leaves half done, and what happens before it is done again.</summary>
public sealed class CutOffTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    // HR's event of one employment is stored, and whoever took it in ended before the person's other case heard of it.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Whoever_works_on_in_another_employment_is_not_blocked_until_the_event_comes_again(bool endsLast)
    {
        await using var desk = await StepDesk.StartAsync();
        Func<Task>[] events = [() => desk.SaysAsync(leavesIn: TimeSpan.Zero), () => desk.SaysAsync(HrEventKind.Rehired, employment: "2")];
        await events[endsLast ? 1 : 0]();
        await desk.WaitAsync(TimeSpan.FromHours(1));
        await CutOffAfterAsync(desk, IsCase, events[endsLast ? 0 : 1]);
        await desk.SelectAsync(Person.Lea, "1");

        Assert.Equal((NextAction.Stop, true), ((await desk.BlockAsync()).Outcome, desk.CanSignIn()));
        var known = await desk.CaseAsync();
        Assert.Equal((LeaverStage.Closed, "2", 0), (known.Stage, known.EmployedIn, desk.PlacesTaken));
        Assert.True(desk.World.HasFinding("LEAVE-015"));

        await events[endsLast ? 0 : 1]();
        await desk.SelectAsync(Person.Lea, "1");
        Assert.Equal(known, await desk.CaseAsync());
    }

    [Fact]
    public async Task Whoever_works_on_in_another_employment_is_not_blocked_when_that_is_stored_right_before_the_act()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync(leavesIn: TimeSpan.Zero);
        await desk.WaitAsync(TimeSpan.FromHours(1));
        desk.Interruptions.AfterChange = async after =>
        {
            if (after.BegunAt is null)
                return;
            desk.Interruptions.AfterChange = null;
            await CutOffAfterAsync(desk, IsCase, () => desk.SaysAsync(HrEventKind.Rehired, employment: "2"));
        };

        Assert.Equal((NextAction.Stop, true), ((await desk.BlockAsync()).Outcome, desk.CanSignIn()));
        Assert.Equal((LeaverStage.Closed, "2", 0), ((await desk.CaseAsync()).Stage, (await desk.CaseAsync()).EmployedIn, desk.PlacesTaken));
    }

    [Fact]
    public async Task Nothing_more_is_taken_from_whoever_is_employed_again_until_the_event_comes_again()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        var (plan, holds) = (await desk.PlannedAsync(), desk.Holds());
        await desk.WaitAsync(TimeSpan.FromHours(1));
        await CutOffAfterAsync(desk, IsCase, () => desk.SaysAsync(HrEventKind.Rehired, employment: "2"));

        Assert.Equal((NextAction.Stop, holds), ((await desk.RemoveAsync(plan)).Outcome, desk.Holds()));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task That_the_person_works_on_is_a_finding_also_where_it_was_cut_off_before_it(bool comesAgain)
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync(HrEventKind.Rehired, employment: "2");
        await desk.WaitAsync(TimeSpan.FromHours(1));
        var writes = 0;
        // The case, that the other one goes on beside it, and that it rests.
        await CutOffAfterAsync(desk, r => IsCase(r) && ++writes == 3, () => desk.SaysAsync(leavesIn: TimeSpan.FromDays(3)));
        Assert.False(desk.World.HasFinding("LEAVE-015"));

        if (comesAgain)
            await desk.SaysAsync(leavesIn: TimeSpan.FromDays(3));
        else
            await desk.World.Services.GetRequiredService<CaseCourse>().CheckAsync(CancellationToken);

        Assert.True(desk.World.HasFinding("LEAVE-015"));
    }

    [Fact]
    public async Task While_the_policy_cannot_be_used_an_employment_that_outlasts_another_is_taken_in_and_is_a_finding_afterwards()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync(HrEventKind.Rehired, employment: "2");
        desk.Edit(PolicyEdit.Break);
        await desk.SaysAsync(leavesIn: TimeSpan.FromDays(3));
        Assert.Equal("2", (await desk.CaseAsync()).EmployedIn);

        desk.Edit(PolicyEdit.Correct);
        await desk.World.Services.GetRequiredService<CaseCourse>().CheckAsync(CancellationToken);

        Assert.True(desk.World.HasFinding("LEAVE-015"));
    }

    // What names a person in the case of an employment that goes on may be erased long before that ends.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_employment_that_goes_on_counts_also_when_its_details_are_erased(bool erasedBefore)
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync(HrEventKind.Rehired, employment: "2");
        var other = desk.Run.CaseId;
        if (erasedBefore)
            await desk.EraseAsync(other);
        await desk.WaitAsync(TimeSpan.FromHours(1));
        await desk.SaysAsync(leavesIn: TimeSpan.Zero);
        if (!erasedBefore)
            await desk.EraseAsync(other);
        await desk.WaitAsync(TimeSpan.FromHours(1));

        Assert.Empty(await desk.ExpectedAsync());
        await desk.SelectAsync(Person.Lea, "1");
        Assert.Equal((NextAction.Stop, true), ((await desk.BlockAsync()).Outcome, desk.CanSignIn()));
    }

    [Fact]
    public async Task An_event_that_comes_again_after_an_erasure_brings_nothing_back_and_is_no_conflict()
    {
        await using var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        await desk.SaysAsync(HrEventKind.Cancelled, 2);
        await desk.EraseAsync(desk.Run.CaseId);
        var erased = await desk.CaseAsync();

        await desk.SaysAsync(HrEventKind.Cancelled, 2);
        await desk.SaysAsync();

        Assert.Equal((erased, false), (await desk.CaseAsync(), desk.World.HasFinding("LEAVE-004")));
    }

    [Fact]
    public async Task An_erasure_that_was_cut_off_before_any_of_its_writes_is_finished_by_the_next_one()
    {
        var (kept, isCutOff) = (0, true);
        for (; isCutOff; kept++)
        {
            await using var desk = await StepDesk.StartAsync();
            await desk.SaysAsync();
            await desk.PlannedAsync();
            var (id, writes) = (desk.Run.CaseId, 0);
            var (cases, tenant) = (desk.World.Services.GetRequiredService<ILeaverCases>(), (await desk.CaseAsync()).TenantId);
            await cases.ChangeAsync(tenant, id, c => c with { Stage = LeaverStage.Closed }, CancellationToken);
            desk.World.Storage.Faults = request =>
                request.Writes && writes++ >= kept ? StorageFault.FailBefore(400, "CutOff") : StorageFault.None;
            isCutOff = await Record.ExceptionAsync(() => desk.EraseAsync(id)) is not null;
            desk.World.Storage.Faults = _ => StorageFault.None;

            await desk.EraseAsync(id);

            Assert.Equal(LeaverCase.Erased, (await desk.CaseAsync()).EmployeeId);
            Assert.Equal(
                new KeptDetails(null, 0, 0, 0),
                await desk.World.Services.GetRequiredService<DetailErasure>().PreviewAsync(id, CancellationToken)
            );
            Assert.Equal(2, desk.Recorded(DetailErasure.Action));
        }
        Assert.True(kept > 3, $"{kept} writes only");
    }

    [Fact]
    public async Task An_erasure_by_age_that_was_cut_off_before_any_of_its_writes_is_finished_on_the_next_day()
    {
        var (kept, isCutOff) = (0, true);
        for (; isCutOff; kept++)
        {
            await using var desk = await StepDesk.StartAsync();
            await desk.SaysAsync();
            await desk.SaysAsync(HrEventKind.Cancelled, 2);
            var (id, tenant, writes) = (desk.Run.CaseId, (await desk.CaseAsync()).TenantId, 0);
            var erasure = desk.World.Services.GetRequiredService<DetailErasure>();
            var policy = new EvidencePolicy(TimeSpan.FromDays(1), new Dictionary<string, TimeSpan>(), desk.World.Policy.Sha256);
            await desk.WaitAsync(TimeSpan.FromDays(30));
            desk.World.Storage.Faults = request =>
                request.Writes && writes++ >= kept ? StorageFault.FailBefore(400, "CutOff") : StorageFault.None;
            isCutOff = await Record.ExceptionAsync(() => erasure.EraseExpiredAsync(policy, CancellationToken)) is not null;
            desk.World.Storage.Faults = _ => StorageFault.None;

            await erasure.EraseExpiredAsync(policy, CancellationToken);

            var pseudonyms = desk.World.Services.GetRequiredService<BlobPseudonyms>();
            Assert.Null(await pseudonyms.FindAsync(tenant, id, CancellationToken));
            Assert.Equal((LeaverCase.Erased, null), ((await desk.CaseAsync()).EmployeeId, (await desk.CaseAsync()).ErasingAs));
            Assert.Equal(2, desk.Recorded(DetailErasure.Action));
        }
        Assert.True(kept > 3, $"{kept} writes only");
    }

    [Fact]
    public async Task That_nothing_could_be_given_back_to_a_deleted_user_is_a_finding_wherever_it_was_cut_off()
    {
        var (kept, isCutOff) = (0, true);
        for (; isCutOff; kept++)
        {
            await using var desk = await StepDesk.StartAsync();
            await desk.SaysAsync();
            Assert.Equal(NextAction.Proceed, (await desk.Steps.DecideAsync(desk.Run, CancellationToken)).Outcome);
            await desk.SaysAsync(HrEventKind.Cancelled, 2);
            Assert.Equal(NextAction.Stop, (await desk.BlockAsync()).Outcome);
            await desk.World.HappenAsync(new EditsDirectory(TimeSpan.Zero, DirectoryEdit.Delete, Person.Lea));
            var writes = 0;
            desk.World.Storage.Faults = request =>
                request.Writes && writes++ >= kept ? StorageFault.FailBefore(400, "CutOff") : StorageFault.None;
            isCutOff = await Record.ExceptionAsync(desk.PlanUndoAsync) is not null;
            desk.World.Storage.Faults = _ => StorageFault.None;

            Assert.Equal(NextAction.Stop, (await desk.PlanUndoAsync()).Outcome);

            var known = await desk.CaseAsync();
            Assert.Equal((LeaverStage.Cancelled, false), (known.Stage, known.IsTaken));
            Assert.True(desk.World.HasFinding(OffboardingControls.StepStuck), $"cut off after {kept} writes");
            Assert.Contains("was deleted", known.Note, StringComparison.Ordinal);
        }
        Assert.True(kept > 3, $"{kept} writes only");
    }

    [Fact]
    public async Task Advice_to_restore_a_deleted_user_ends_when_the_user_is_there_again_and_leaves_after_all()
    {
        await using var desk = await StepDesk.StartAsync();
        var (tenant, id) = (desk.World.Sandbox.Tenant, SmallTenant.IdOf(Person.Lea));
        await desk.SaysAsync();
        await desk.Steps.DecideAsync(desk.Run, CancellationToken);
        await desk.SaysAsync(HrEventKind.Cancelled, 2);
        await desk.BlockAsync();
        var user = JsonNode.Parse(tenant.Users.Find(id)!.Json)!.AsObject();
        await desk.World.HappenAsync(new EditsDirectory(TimeSpan.Zero, DirectoryEdit.Delete, Person.Lea));
        await desk.PlanUndoAsync();
        Assert.True(desk.World.HasFinding(OffboardingControls.StepStuck));

        tenant.DeletedUsers.Remove(id, out _);
        tenant.Add("users", user);
        await desk.SaysAsync(sequence: 3);
        Assert.Equal((NextAction.Proceed, 2), ((await desk.Steps.DecideAsync(desk.Run, CancellationToken)).Outcome, desk.Run.Round));

        Assert.False(desk.World.HasFinding(OffboardingControls.StepStuck));
    }

    // Between what a pass came to and the case's state; or between that and the record.
    public static TheoryData<bool, string> PassesCutOff =>
        [.. new[] { true, false }.SelectMany(_ => News, (early, news) => new TheoryDataRow<bool, string>(early, news))];

    private static readonly string[] News = ["policy", "policy and a new run", "HR", "HR and a new run"];

    [Theory]
    [MemberData(nameof(PassesCutOff))]
    public async Task What_was_taken_is_on_record_before_anything_else_goes_on(bool early, string news)
    {
        await using var desk = await StepDesk.StartAsync();
        var policy = desk.World.Policy.Sha256;
        await desk.SaysAsync();
        var plan = await desk.PlannedAsync();
        await CutOffAsync(desk, early, "offboarding.remove", () => desk.RemoveAsync(plan));
        Assert.Equal(0, desk.Recorded("offboarding.remove"));

        if (news.StartsWith("policy", StringComparison.Ordinal))
            desk.Edit(PolicyEdit.Comment);
        else
            await desk.SaysAsync(HrEventKind.Cancelled, 2);
        if (!news.EndsWith("new run", StringComparison.Ordinal))
            await desk.RemoveAsync(plan);
        else if (news.StartsWith("policy", StringComparison.Ordinal))
            await desk.PlanAsync();
        else
            await desk.BlockAsync();

        Assert.Equal([policy], desk.World.EvidencePolicies("offboarding.remove"));
        Assert.Contains((await desk.StateAsync())!.Outcomes, o => o.InEffect);
        await desk.RemoveAsync(plan);
        Assert.Equal(1, desk.Recorded("offboarding.remove"));
    }

    [Theory]
    [MemberData(nameof(PassesCutOff))]
    public async Task What_was_given_back_is_on_record_before_anything_else_goes_on(bool early, string news)
    {
        await using var desk = await StepDesk.StartAsync();
        var policy = desk.World.Policy.Sha256;
        await desk.SaysAsync();
        await desk.BlockAsync();
        await desk.SaysAsync(HrEventKind.Cancelled, 2);
        await desk.PlanAsync();
        var asked = await desk.PlanUndoAsync();
        await desk.AnswerAsync(asked, true, true);
        await CutOffAsync(desk, early, "offboarding.restore", () => desk.RestoreAsync(asked.PlanId!));
        Assert.Equal((true, 0), (desk.CanSignIn(), desk.Recorded("offboarding.restore")));
        var restoring = desk.Run;

        if (news.StartsWith("policy", StringComparison.Ordinal))
            desk.Edit(PolicyEdit.Comment);
        else
            await desk.SaysAsync(sequence: 3);
        if (!news.EndsWith("new run", StringComparison.Ordinal))
            await desk.Undo.RestoreAsync(restoring, asked.PlanId!, CancellationToken);
        else if (news.StartsWith("policy", StringComparison.Ordinal))
            await desk.PlanUndoAsync();
        else
            await desk.PlannedAsync();

        Assert.Equal([policy], desk.World.EvidencePolicies("offboarding.restore"));
        await desk.Undo.RestoreAsync(restoring, asked.PlanId!, CancellationToken);
        Assert.Equal(1, desk.Recorded("offboarding.restore"));
    }

    private static bool IsCase(StorageRequest request) =>
        request.Operation is StorageOperation.InsertEntity or StorageOperation.UpdateEntity
        && request.Resource.Contains(TableLeaverCases.Table, StringComparison.OrdinalIgnoreCase);

    private static bool IsPass(StorageRequest request) =>
        request.Writes && request.Resource.Contains("-last.json", StringComparison.Ordinal);

    private static async Task CutOffAsync(StepDesk desk, bool early, string action, Func<Task> step)
    {
        if (early)
        {
            await CutOffAfterAsync(desk, IsPass, step);
            return;
        }
        desk.Interruptions.BeforeRecord = record =>
        {
            if (record.Action == action)
                throw new RequestFailedException(503, "out of order");
        };
        await Assert.ThrowsAsync<RequestFailedException>(step);
        desk.Interruptions.BeforeRecord = null;
    }

    // The program ends after a request to storage: nothing that it asks for later is done.
    private static async Task CutOffAfterAsync(StepDesk desk, Func<StorageRequest, bool> isLast, Func<Task> step)
    {
        var ended = false;
        desk.World.Storage.Faults = request =>
        {
            if (ended)
                return StorageFault.FailBefore(400, "CutOff");
            ended = isLast(request);
            return StorageFault.None;
        };
        await Assert.ThrowsAsync<RequestFailedException>(step);
        desk.World.Storage.Faults = _ => StorageFault.None;
    }
}
