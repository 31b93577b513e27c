using Compliance.Callers;
using Compliance.Changes.Approvals;
using Compliance.Changes.Flow;
using Compliance.Offboarding;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Erasure;
using Compliance.Offboarding.Guards;
using Compliance.Offboarding.Intake;
using Compliance.Offboarding.Rounds;
using Compliance.Storage;
using Compliance.Tenants;
using Microsoft.Extensions.DependencyInjection;

namespace ComplianceFunctions.Tests.Histories;

/// <summary>The steps of a case, called one by one without an orchestration: what holds whoever calls them, in whatever order.</summary>
internal sealed class StepDesk : IAsyncDisposable
{
    private readonly CancellationToken _stop;
    private IntakeResult? _taken;

    private StepDesk(LeaverWorld world, Interruptions interruptions, CancellationToken cancellationToken) =>
        (World, Interruptions, _stop) = (world, interruptions, cancellationToken);

    public LeaverWorld World { get; }

    public LeaverSteps Steps => World.Services.GetRequiredService<LeaverSteps>();

    public UndoSteps Undo => World.Services.GetRequiredService<UndoSteps>();

    public ApprovalBoard Approvals => World.Services.GetRequiredService<ApprovalBoard>();

    public BlobDocumentStore Documents => World.Services.GetRequiredService<BlobDocumentStore>();

    /// <summary>The case's present round, in its first attempt.</summary>
    public CaseRun Run { get; private set; } = null!;

    /// <summary>What happens first when a step asks the directory, storage or the evidence log for something.</summary>
    public Interruptions Interruptions { get; }

    public static async Task<StepDesk> StartAsync()
    {
        var (cancellationToken, interruptions) = (TestContext.Current.CancellationToken, new Interruptions());
        return new(
            await LeaverWorld.StartAsync(services: interruptions.Add, cancellationToken: cancellationToken),
            interruptions,
            cancellationToken
        );
    }

    /// <summary>Takes HR's event in, and starts nothing: Lea leaves at once, unless she leaves later or stays.</summary>
    public async Task SaysAsync(
        HrEventKind kind = HrEventKind.Terminated,
        long sequence = 1,
        TimeSpan? leavesIn = null,
        Person who = Person.Lea,
        string employment = "1"
    )
    {
        var ends = kind is HrEventKind.Terminated or HrEventKind.Rescheduled;
        var hrEvent = new HrEvent(
            "hr",
            $"{who}-{employment}-{sequence}",
            kind,
            World.Now,
            SmallTenant.EmployeeIdOf(who),
            employment,
            sequence,
            ends ? new Leaving((World.Now + (leavesIn ?? TimeSpan.Zero)).DateTime, "UTC") : null,
            ForCause: ends && leavesIn is null,
            PrincipalName: null,
            Mail: null
        );
        _taken = await World.Services.GetRequiredService<LeaverIntake>().AcceptAsync(hrEvent, "webhook", "steps", _stop);
        Run = new(_taken.Case.Id, _taken.Case.Round, "steps");
    }

    /// <summary>What follows once the event's orchestration was started: as when the event comes again after a crash.</summary>
    public Task SettleAgainAsync() => World.Services.GetRequiredService<LeaverIntake>().SettleAsync(_taken!, _stop);

    /// <summary>From here on the present round of this case is meant.</summary>
    public async Task SelectAsync(Person who, string employment)
    {
        var known = await World.CaseAsync(who, employment);
        Run = new(known!.Id, known.Round, "steps");
    }

    public async Task<LeaverCase> CaseAsync() =>
        (await World.Services.GetRequiredService<ILeaverCases>().FindAsync(SmallTenant.Id, Run.CaseId, _stop))!;

    public Task<ChangeDecision> BlockAsync(int attempt = 0) => Steps.BlockAsync(Run with { Attempt = attempt }, _stop);

    /// <summary>A step that waits between its tries, with time going by meanwhile.</summary>
    public async Task<T> MeanwhileAsync<T>(Task<T> step)
    {
        while (!step.IsCompleted)
        {
            await WaitAsync(TimeSpan.FromSeconds(5));
            await Task.WhenAny(step, Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, _stop));
        }
        return await step;
    }

    /// <summary>Blocks and plans, neither of which anything may hold.</summary>
    /// <returns>The removal plan's id.</returns>
    public async Task<string> PlannedAsync()
    {
        Assert.Equal(NextAction.Proceed, (await BlockAsync()).Outcome);
        var planned = await PlanAsync();
        Assert.Equal(NextAction.Proceed, planned.Outcome);
        return planned.PlanId!;
    }

    /// <summary>Blocks and plans under a policy whose first plan two people have to approve.</summary>
    public async Task<ChangeDecision> FirstActAskedAsync()
    {
        Edit(PolicyEdit.ApproveFirstAct);
        await SaysAsync();
        await BlockAsync();
        return await PlanAsync();
    }

    public Task<ChangeDecision> PlanAsync() => Steps.PlanAsync(Run, _stop);

    public Task<ChangePass> RemoveAsync(string planId, int attempt = 0) => Steps.RemoveAsync(Run with { Attempt = attempt }, planId, _stop);

    public Task<CaseProgress> VerifyAsync() => Steps.VerifyAsync(Run, _stop);

    public Task<ChangeDecision> PlanUndoAsync() => Undo.PlanUndoAsync(Run, _stop);

    public Task<ChangePass> RestoreAsync(string planId, int attempt = 0) =>
        Undo.RestoreAsync(Run with { Attempt = attempt }, planId, _stop);

    public Task<ApprovalStatus> ApprovalStatusAsync(string requestId) => Steps.ApprovalStatusAsync(Run, requestId, _stop);

    /// <summary>The first approvers answer, as many as are given an answer.</summary>
    public async Task AnswerAsync(ChangeDecision asked, params bool[] answers)
    {
        for (var n = 0; n < answers.Length; n++)
            await AnswerAsync(asked, n, answers[n]);
    }

    /// <summary>One approver answers.</summary>
    public async Task AnswerAsync(ChangeDecision asked, int approver, bool approve)
    {
        var person = new CallerIdentity(SmallTenant.Approvers[approver], SmallTenant.Id, null, true, [AppRole.Approver]);
        var outcome = await Approvals.AnswerAsync(
            SmallTenant.Id,
            asked.ApprovalId!,
            asked.PlanId!,
            person,
            approve,
            null,
            World.Now,
            _stop
        );
        Assert.Null(outcome.Objection);
    }

    /// <summary>Whether a request counts still.</summary>
    public async Task<bool> IsOpenAsync(ChangeDecision asked) =>
        await Approvals.FindAsync(SmallTenant.Id, asked.ApprovalId!, _stop) is not null;

    /// <summary>Whether what was approved is known to be under way.</summary>
    public async Task<bool> IsBegunAsync(ChangeDecision asked) =>
        (await Approvals.FindAsync(SmallTenant.Id, asked.ApprovalId!, _stop))!.BegunAt is not null;

    /// <summary>How often something was changed in the tenant.</summary>
    public int Changes =>
        World.Sandbox.Requests.Count(r =>
            r.Method is "PATCH" or "DELETE" or "PUT"
            || (
                r.Method == "POST"
                && (r.Path.EndsWith("$ref", StringComparison.Ordinal) || r.Path.EndsWith("/revokeSignInSessions", StringComparison.Ordinal))
            )
        );

    public Task<CaseState?> StateAsync() => Documents.LoadAsync<CaseState>(LeaverRounds.Name(Run, "state.json"), _stop);

    /// <summary>Somebody who can write to storage changes a document of the case.</summary>
    public async Task TamperAsync(string document, string from, string to)
    {
        var blob = World
            .Services.GetRequiredService<StateStorage>()
            .Blobs.GetBlobContainerClient(CaseDocuments.Container)
            .GetBlobClient(LeaverRounds.Name(Run, document));
        var text = (await blob.DownloadContentAsync(_stop)).Value.Content.ToString();
        Assert.Contains(from, text, StringComparison.Ordinal);
        await blob.UploadAsync(new BinaryData(text.Replace(from, to, StringComparison.Ordinal)), overwrite: true, _stop);
    }

    public bool CanSignIn(Person who = Person.Lea) => PersonAccess.Read(World.Sandbox.Tenant, who).Enabled;

    /// <summary>How many groups and Azure roles the person has.</summary>
    public int Holds(Person who = Person.Lea) => PersonAccess.Read(World.Sandbox.Tenant, who).Holds.Count;

    /// <summary>Somebody else takes Lea out of all her groups, and her Azure role away.</summary>
    public void TakeAll()
    {
        var tenant = World.Sandbox.Tenant;
        foreach (var group in tenant.GroupsOf(SmallTenant.IdOf(Person.Lea)).ToList())
            tenant.Remove($"groups/{group}/members", SmallTenant.IdOf(Person.Lea));
        tenant.Remove("roleAssignments", Assert.Single(PersonAccess.Read(tenant, Person.Lea).Holds));
    }

    public void Edit(PolicyEdit edit) => World.HappenAsync(new EditsPolicy(TimeSpan.Zero, edit)).GetAwaiter().GetResult();

    /// <summary>How many places under the caps are taken by cases.</summary>
    public int PlacesTaken => World.Storage.State.Rows(LeaverCaps.Table).Count(r => r.RowKey.StartsWith("case-", StringComparison.Ordinal));

    /// <summary>How many records the evidence log has of an action.</summary>
    public int Recorded(string action) => World.EvidenceControls().Count(r => r.Action == action);

    /// <summary>What the sweep would start.</summary>
    public async Task<IEnumerable<string>> ExpectedAsync() =>
        (await World.Services.GetRequiredService<CaseCourse>().ExpectedAsync(_stop)).Select(e => e.InstanceId);

    /// <summary>What names a person in a case that has ended is erased.</summary>
    public Task EraseAsync(string caseId) =>
        World.Services.GetRequiredService<DetailErasure>().EraseAsync(caseId, "test", [], World.Policy.Sha256, _stop);

    /// <summary>Time goes by, and nothing else.</summary>
    public Task WaitAsync(TimeSpan time) => World.Simulation.RunForAsync(time, _stop);

    public ValueTask DisposeAsync() => World.DisposeAsync();
}
