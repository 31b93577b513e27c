using Azure;
using Compliance.Changes.Approvals;
using Compliance.Changes.Guards;
using Compliance.Changes.Pauses;
using Compliance.Changes.Plans;
using Compliance.Findings;
using Compliance.Ledger;
using Compliance.Observability;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Erasure;
using Compliance.Offboarding.Guards;
using Compliance.Offboarding.Intake;
using Compliance.Offboarding.Planning;
using Compliance.Offboarding.Policy;
using Compliance.Runs;
using Compliance.Storage;
using Compliance.Tenants;

namespace Compliance.Offboarding.Desk;

/// <summary>What an HR event asks of whoever runs the orchestrations.</summary>
/// <param name="Case">The case as it is now.</param>
/// <param name="Start">The orchestration of this round has to be started.</param>
/// <param name="Undo">
/// Something that was taken is to be given back: that has to be started, or the orchestration notified where it runs.
/// </param>
/// <param name="Notify">Running orchestrations have to be notified.</param>
/// <param name="CorrelationId">Joins event, logs and evidence.</param>
public sealed record LeaverDispatch(LeaverCase Case, bool Start, bool Undo, bool Notify, string CorrelationId)
{
    internal IntakeResult? Taken { get; init; }

    /// <summary>What the orchestration is started with.</summary>
    public CaseRun Run => new(Case.Id, Case.Round, CorrelationId);
}

/// <summary>An orchestration that should be running.</summary>
public sealed record LeaverRun
{
    internal LeaverRun(ExpectedRun expected, CaseRun input) => (Expected, Input) = (expected, input);

    internal ExpectedRun Expected { get; }

    /// <summary>What it is started with.</summary>
    public CaseRun Input { get; }

    /// <summary>Its instance id.</summary>
    public string InstanceId => Expected.InstanceId;

    /// <summary>Whether it gives access back.</summary>
    public bool IsUndo => Expected.IsUndo;

    /// <summary>Whether it was started before: one that is not there any more was lost then.</summary>
    public bool IsKnownStarted => Expected.IsKnownStarted;
}

/// <summary>How a request to the webhook was received.</summary>
/// <param name="Status">HTTP status to answer with.</param>
/// <param name="Reason">Why it is refused; null when it is not.</param>
/// <param name="Dispatch">What to do; null when refused.</param>
public sealed record WebhookReception(int Status, string? Reason, LeaverDispatch? Dispatch);

/// <summary>A dry run: what would be done, and what stands against it. Nothing was changed, nothing was reserved.</summary>
/// <param name="UserId">The person; null when nobody or several fit.</param>
/// <param name="Problem">Why there is no plan; null when there is one.</param>
/// <param name="Holds">What would wait for approvals, in words.</param>
/// <param name="Block">The plan to block; null when there is none.</param>
/// <param name="Remove">The plan to remove; null when there is none.</param>
/// <param name="Unread">Sources that could not be read, with the reason.</param>
/// <param name="Group">The plan to put the person into the block group; null when there is none, or the person is in it.</param>
public sealed record DryRun(
    string? UserId,
    string? Problem,
    IReadOnlyList<string> Holds,
    ActionPlan? Block,
    ActionPlan? Remove,
    IReadOnlyList<string> Unread,
    ActionPlan? Group = null
);

/// <summary>Where offboarding meets the outside: HR's events, people who look, approvers who answer.</summary>
public sealed class LeaverDesk
{
    /// <summary>The queue of HR events: Event Grid delivers to it, or HR itself writes to it.</summary>
    public const string Queue = "hr-events";

    internal static readonly ScheduledControl CaseCheck = DailyCheck.Expected("LeaverCaseCheck");

    internal static readonly ScheduledControl NotGivenBackCheck = DailyCheck.Expected("LeaverNotGivenBackCheck");

    internal static readonly ScheduledControl LockedOutCheck = DailyCheck.Expected("LeaverLockedOutCheck");

    internal static readonly ScheduledControl ExpiryErasure = DailyCheck.Expected("LeaverExpiryErasure");

    private readonly LeaverDeskParts _parts;

    internal LeaverDesk(LeaverDeskParts parts) => _parts = parts;

    private string Tenant => _parts.Tenant.Value;

    /// <summary>Takes a signed request to the webhook.</summary>
    /// <param name="contentType">Header Content-Type.</param>
    /// <param name="timestamp">Header X-Compliance-Timestamp.</param>
    /// <param name="signature">Header X-Compliance-Signature.</param>
    /// <param name="body">The body; no more of it is read than may be sent.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<WebhookReception> ReceiveAsync(
        string? contentType,
        string? timestamp,
        string? signature,
        Stream body,
        CancellationToken cancellationToken
    )
    {
        var outcome = await _parts.Webhook.ReceiveAsync(new WebhookRequest(contentType, timestamp, signature, body), cancellationToken);
        if (outcome is WebhookOutcome.Refused refused)
            return new(refused.Status, refused.Reason, null);
        try
        {
            var hrEvent = HrEventReader.Read(((WebhookOutcome.Accepted)outcome).Body, _parts.Time.GetUtcNow());
            var dispatch = await AcceptAsync(hrEvent, "webhook", cancellationToken);
            return dispatch.Taken!.Outcome == IntakeOutcome.Stale
                ? new(409, "a later event of this employment is in force", dispatch)
                : new(202, null, dispatch);
        }
        catch (HrEventException e)
        {
            await _parts.Intake.RefusedAsync(e, "webhook", cancellationToken);
            return new(e.TooLarge ? 413 : 400, string.Join("; ", e.Problems), null);
        }
    }

    /// <summary>Takes an event from the queue.</summary>
    /// <exception cref="HrEventException">It cannot be taken in; a finding says so.</exception>
    public Task<LeaverDispatch> AcceptMessageAsync(string message, CancellationToken cancellationToken) =>
        ReadAsync(() => HrEventReader.Read(message, _parts.Time.GetUtcNow()), "queue", cancellationToken);

    /// <summary>Ends a person's access now and for cause, with no event of HR.</summary>
    /// <param name="authorization">Header Authorization with the token of an approver, who answers for it.</param>
    /// <param name="user">Entra object id or user principal name.</param>
    /// <param name="reason">Why.</param>
    /// <param name="cancellationToken">Stops between requests; call again.</param>
    /// <returns>HTTP status and, when refused, why; else what to start.</returns>
    public async Task<(int Status, string? Reason, LeaverDispatch? Dispatch)> StartAsync(
        string? authorization,
        string user,
        string reason,
        CancellationToken cancellationToken
    )
    {
        var signIn = await _parts.Approvers.SignInAsync(authorization, cancellationToken);
        if (signIn.Identity is not { } person)
            return (signIn.Status, signIn.Reason, null);
        var (status, refused, known) = await _parts.Causes.StartAsync(user, reason, person.ObjectId, cancellationToken);
        if (known is null)
            return (status, refused, null);
        _parts.Urgent.Begin(known.Id);
        var dispatch = Dispatch(known, CaseRules.IsUndispatched(known), CorrelationId.Current(ForCauseStarts.RequestId(known)), null);
        return (status, null, dispatch with { Notify = true });
    }

    /// <summary>The orchestration was started, or has heard of it: settles the event, or the start for cause.</summary>
    public async Task SettleAsync(LeaverDispatch dispatch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(dispatch);
        if (dispatch.Taken is { } taken)
        {
            await _parts.Intake.SettleAsync(taken, cancellationToken);
            return;
        }
        await _parts.Intake.ConfirmDispatchedAsync(dispatch.Case.Id, dispatch.Case.Round, cancellationToken);
        await SettleCauseAsync(dispatch.Case.Id, cancellationToken);
    }

    // What cannot be written now is written by the sweep, and holds nothing up.
    private async Task SettleCauseAsync(string caseId, CancellationToken cancellationToken)
    {
        try
        {
            await _parts.Causes.SettleAsync(caseId, cancellationToken);
        }
        catch (RequestFailedException) { }
    }

    /// <summary>What should be running by now. Whoever runs orchestrations starts what is not.</summary>
    public async Task<IReadOnlyList<LeaverRun>> ExpectedAsync(CancellationToken cancellationToken)
    {
        await _parts.Runs.ExpectAsync(Tenant, CaseCourse.Sweep, _parts.Time.GetUtcNow(), cancellationToken);
        return
        [
            .. (await _parts.Course.ExpectedAsync(cancellationToken)).Select(e => new LeaverRun(
                e,
                new CaseRun(e.Case.Id, e.Case.Round, CorrelationId.Current(e.InstanceId))
            )),
        ];
    }

    /// <summary>An orchestration that was started is not there any more: keeps that, before it is started again.</summary>
    /// <param name="run">The orchestration.</param>
    /// <param name="found">What was found of it: <c>failed</c>, <c>terminated</c>, <c>completed</c>, <c>purged</c>.</param>
    /// <param name="cancellationToken">Stops between writes.</param>
    /// <returns>False when the case has come to rest meanwhile, so that there is nothing to start.</returns>
    public Task<bool> LostAsync(LeaverRun run, string found, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(run);
        return _parts.Course.LostAsync(run.Expected, found, cancellationToken);
    }

    /// <summary>An orchestration was started.</summary>
    public Task StartedAsync(LeaverRun run, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(run);
        return run.IsUndo
            ? Task.CompletedTask
            : _parts.Intake.ConfirmDispatchedAsync(run.Expected.Case.Id, run.Expected.Case.Round, cancellationToken);
    }

    /// <summary>The end of a sweep: evidence and refusals that are outstanding are written, after all that had to be started was.</summary>
    /// <param name="began">When it began (UTC).</param>
    /// <param name="complete">Whether all that had to be started was.</param>
    /// <param name="cancellationToken">Stops between writes.</param>
    public async Task SweptAsync(DateTimeOffset began, bool complete, CancellationToken cancellationToken)
    {
        // Each on its own, and what needs no ledger first. The group may take long when the directory does not answer: who confirms is
        // asked before.
        await Each.RunAsync<Func<Task>>(
            [
                () => _parts.Refusals.FlushAsync(cancellationToken),
                () => _parts.Causes.SettleAsync(cancellationToken),
                () => _parts.Pause.SettleAsync(cancellationToken),
                () => _parts.Steps.BlockGroupsAsync(cancellationToken),
                () => _parts.Intake.RecordOwedAsync(cancellationToken),
                () => RecordActsAsync(cancellationToken),
            ],
            act => act(),
            cancellationToken
        );
        await _parts.Runs.CompletedAsync(
            Tenant,
            CaseCourse.Sweep,
            new RunStamp(RunIds.Create(CaseCourse.Sweep, began, CorrelationId.Current($"{Tenant} {began:O}")), began),
            complete,
            cancellationToken
        );
    }

    /// <summary>Writes the evidence of what was done to cases while the ledger may have been out of order.</summary>
    public Task RecordActsAsync(CancellationToken cancellationToken) => _parts.Course.RecordAsync(cancellationToken);

    /// <summary>The clock's time (UTC).</summary>
    public DateTimeOffset Now => _parts.Time.GetUtcNow();

    /// <summary>The daily look for leavers no event reported.</summary>
    public Task WatchAsync(CancellationToken cancellationToken) => _parts.Watch.RunAsync(cancellationToken);

    /// <summary>The daily look at cases: who is due and can still sign in.</summary>
    public Task WatchCasesAsync(CancellationToken cancellationToken) =>
        DailyAsync(CaseCheck, () => _parts.Course.LookAsync(cancellationToken), cancellationToken);

    /// <summary>The daily look at what could not be given back.</summary>
    public Task CheckNotGivenBackAsync(CancellationToken cancellationToken) =>
        DailyAsync(NotGivenBackCheck, () => _parts.Steps.CheckNotGivenBackAsync(cancellationToken), cancellationToken);

    /// <summary>Reads daily who is employed again with an account that is disabled still.</summary>
    public Task CheckLockedOutAsync(CancellationToken cancellationToken) =>
        DailyAsync(LockedOutCheck, () => _parts.Steps.CheckLockedOutAsync(cancellationToken), cancellationToken);

    /// <summary>Erases what names people where its time of keeping is over.</summary>
    public Task EraseExpiredAsync(CancellationToken cancellationToken) =>
        DailyAsync(ExpiryErasure, () => _parts.Erasure.EraseExpiredAsync(_parts.EvidencePolicy, cancellationToken), cancellationToken);

    // One that failed did not run: after a day or so the watch over the controls says so.
    private Task<bool> DailyAsync(ScheduledControl control, Func<Task> check, CancellationToken cancellationToken) =>
        _parts.Scheduled.RunAsync(
            Tenant,
            control.Name,
            async _ =>
            {
                await check();
                return true;
            },
            cancellationToken
        );

    /// <summary>The daily look at former leavers: cases to be reopened, each with its next round.</summary>
    public async Task<IReadOnlyList<LeaverDispatch>> WatchFormerAsync(CancellationToken cancellationToken) =>
        [
            .. (await _parts.Former.RunAsync(cancellationToken)).Select(c =>
                Dispatch(c, start: true, CorrelationId.Current(c.InstanceId), null)
            ),
        ];

    /// <summary>All cases, the latest first.</summary>
    public async Task<IReadOnlyList<LeaverCase>> CasesAsync(CancellationToken cancellationToken) =>
        [
            .. (await _parts.Cases.AllAsync(Tenant, cancellationToken))
                .OrderByDescending(c => c.ReceivedAt)
                .ThenBy(c => c.Id, StringComparer.Ordinal),
        ];

    /// <summary>
    /// One case; null when there is none. It is also found by the id that its employment's events give today: an earlier version may have
    /// stored it under another spelling of the employee's id, or it was started for cause before HR reported on the employment.
    /// </summary>
    public async Task<LeaverCase?> CaseAsync(string caseId, CancellationToken cancellationToken) =>
        await _parts.Cases.FindAsync(Tenant, caseId, cancellationToken)
        ?? (await _parts.Cases.AllAsync(Tenant, cancellationToken)).FirstOrDefault(c =>
            c.EmployeeId != LeaverCase.Erased && HrEventKeys.CaseOf(Tenant, c.EmployeeId, c.Employment) == caseId
        );

    /// <summary>
    /// A document of a case's round: <c>snapshot.json</c>, <c>state.json</c>, <c>plan-ID.json</c>, <c>certificate.json</c>,
    /// <c>certificate.html</c>; null when there is none.
    /// </summary>
    public async Task<BinaryData?> DocumentAsync(string caseId, string document, CancellationToken cancellationToken) =>
        await CaseAsync(caseId, cancellationToken) is { } known && Documents.IsName(document)
            ? await _parts.Documents.LoadBytesAsync(LeaverSteps.Name(new CaseRun(known.Id, known.Round, ""), document), cancellationToken)
            : null;

    /// <summary>What would be done to a person now.</summary>
    /// <param name="user">Entra object id or user principal name.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<DryRun> PlanAsync(string user, CancellationToken cancellationToken)
    {
        var policy = _parts.Policy.Load();
        var lookup = await _parts.Directory.LookUpAsync(user, policy, cancellationToken);
        if (lookup.Facts is not { } facts)
            return new(null, lookup.Problem ?? "the person could not be read", [], null, null, []);
        var holds = LeaverGuards.BeforeBlocking(facts, policy, _parts.Self).ToList();
        var snapshot = BlockGroup.Without(
            await _parts.Directory.ReadAccessAsync(facts.UserId, facts.PrincipalName, policy, cancellationToken),
            policy.BlockGroup
        );
        var heir = await _parts.Directory.HeirAsync(facts.UserId, new HashSet<string>(), cancellationToken);
        var block = BlockPlanner.Plan(Tenant, "dry-run", facts, policy);
        var group = policy.BlockGroup is { } id ? await _parts.Directory.BlockGroupAsync(id, facts.UserId, cancellationToken) : null;
        var inGroup = group is null or { IsMember: true } ? null : BlockPlanner.Group(Tenant, "dry-run", facts, group, policy);
        var remove = RemovalPlanner.Plan("dry-run", facts, snapshot, heir, policy);
        holds.AddRange(
            PlanGuards.Before(
                remove,
                snapshot,
                facts,
                heir,
                policy,
                await _parts.PolicyActs.IsFirstAsync(Tenant, policy.Sha256, cancellationToken)
            )
        );
        return new(
            facts.UserId,
            null,
            [.. holds.Select(h => $"{h.Guard}: {h.Reason}")],
            block,
            remove,
            [
                .. snapshot.Sources.Where(s => !s.Complete).Select(s => $"{s.Source}: {s.Reason}"),
                .. heir?.Unread is { } why ? [$"manager: {why}"] : (string[])[],
                .. group?.Unread is { } unread ? [$"block group: {unread}"] : (string[])[],
            ],
            inGroup
        );
    }

    /// <summary>Requests for approval that wait, the oldest first.</summary>
    public Task<IReadOnlyList<ApprovalRequest>> OpenApprovalsAsync(CancellationToken cancellationToken) =>
        _parts.Approvals.OpenAsync(Tenant, _parts.Time.GetUtcNow(), cancellationToken);

    /// <summary>Whether a request asks to let acts continue that are paused.</summary>
    public static bool LetsActsContinue(ApprovalRequest request) => PauseSwitch.Asks(request);

    /// <summary>Takes an approver's answer.</summary>
    /// <param name="authorization">Header Authorization with the approver's token.</param>
    /// <param name="requestId">The request.</param>
    /// <param name="planId">The plan the person read.</param>
    /// <param name="approve">Yes or no.</param>
    /// <param name="comment">What the person wrote; null for nothing.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>HTTP status and, when refused, why; else the request with its answers and the orchestration to notify.</returns>
    public async Task<(int Status, string? Reason, ApprovalRequest? Request, ApprovalState? State)> AnswerAsync(
        string? authorization,
        string requestId,
        string planId,
        bool approve,
        string? comment,
        CancellationToken cancellationToken
    )
    {
        var signIn = await _parts.Approvers.SignInAsync(authorization, cancellationToken);
        if (signIn.Identity is not { } approver)
            return (signIn.Status, signIn.Reason, null, null);
        if (
            await _parts.Approvals.FindAsync(Tenant, requestId, cancellationToken) is { } open
            && await WhyNotAsync(open, approver, approve, cancellationToken) is var (refusal, why)
        )
            return (refusal, why, null, null);
        var outcome = await _parts.Approvals.AnswerAsync(
            Tenant,
            requestId,
            planId,
            approver,
            approve,
            comment,
            _parts.Time.GetUtcNow(),
            cancellationToken
        );
        if (outcome.Request is { } answered && ForCauseStarts.Asks(answered))
            await SettleCauseAsync(answered.CaseId, cancellationToken);
        if (outcome.Request is { } asked && PauseSwitch.Asks(asked))
            await _parts.Pause.TrySettleAsync(cancellationToken);
        return outcome.Objection is { } objection
            ? (outcome.Request is null ? 404 : 409, objection, null, null)
            : (200, null, outcome.Request, outcome.State);
    }

    /// <summary>Erases what names people of a case that has ended; the ledger stays.</summary>
    /// <param name="authorization">Header Authorization with the token of an approver, who answers for it.</param>
    /// <param name="caseId">The case.</param>
    /// <param name="confirmed">False to see what would be erased; nothing is changed then.</param>
    /// <param name="cancellationToken">Stops between two deletions; call again.</param>
    /// <returns>HTTP status and, when refused, why; else what was, or would be, erased.</returns>
    public async Task<(int Status, string? Reason, KeptDetails? Details)> EraseAsync(
        string? authorization,
        string caseId,
        bool confirmed,
        CancellationToken cancellationToken
    )
    {
        var signIn = await _parts.Approvers.SignInAsync(authorization, cancellationToken);
        if (signIn.Identity is not { } approver)
            return (signIn.Status, signIn.Reason, null);
        if (await CaseAsync(caseId, cancellationToken) is { IsNotGivenBack: true })
            return (409, $"case {caseId} could not give back everything: give it back first, see its findings", null);
        try
        {
            // Of whom is erased nothing can be recorded afterwards.
            await RecordActsAsync(cancellationToken);
            return (
                200,
                null,
                confirmed
                    ? await _parts.Erasure.EraseAsync(
                        caseId,
                        $"approver {approver.ObjectId}",
                        [approver.ObjectId],
                        _parts.EvidencePolicy.Sha256,
                        cancellationToken
                    )
                    : await _parts.Erasure.LookAsync(caseId, cancellationToken)
            );
        }
        catch (KeyNotFoundException e)
        {
            return (404, e.Message, null);
        }
        catch (ErasureRefusedException e)
        {
            return (409, e.Message, null);
        }
    }

    // Somebody with two accounts is one person, who answers neither about themselves nor twice; null when this one may answer.
    private async Task<(int Status, string Reason)?> WhyNotAsync(
        ApprovalRequest request,
        ApproverIdentity approver,
        bool approve,
        CancellationToken cancellationToken
    )
    {
        // A request to resume what is paused belongs to no case.
        var known = request.CaseId.Length == 0 ? null : await CaseAsync(request.CaseId, cancellationToken);
        if (known is not null)
            request = LeaverSteps.WithStarter(request, known);
        if (ApprovalRules.WhyNot(request, approver.ObjectId) is { } objection)
            return (409, objection);
        var read = await _parts.Directory.EmployeeIdsAsync(
            [
                .. new[] { approver.ObjectId, request.SubjectId }.Where(id => id.Length > 0),
                .. request.Requesters,
                .. request.Answers.Select(a => a.ApproverId),
            ],
            cancellationToken
        );
        // A no only keeps something from being done: as far as it can be read, it is judged like a yes.
        if (approve && read.Unread is { } unread)
            return (503, NotRead(unread));
        if (read.ByAccount.GetValueOrDefault(approver.ObjectId) is not { } own)
            return null;
        bool IsOwn(string account) =>
            !string.Equals(account, approver.ObjectId, StringComparison.OrdinalIgnoreCase)
            && HrEventKeys.SameEmployee(read.ByAccount.GetValueOrDefault(account), own);
        var isAboutSelf =
            (known is not null && HrEventKeys.SameEmployee(known.EmployeeId, own))
            || (request.SubjectId.Length > 0 && IsOwn(request.SubjectId));
        if (isAboutSelf)
            return (409, "the plan is about a person with your employee id: ask somebody else");
        if (request.Requesters.Any(IsOwn))
            return (409, "somebody with your employee id asked for the plan: ask somebody else");
        return request.Answers.Any(a => IsOwn(a.ApproverId))
            ? (409, "somebody with your employee id has answered: ask somebody else")
            : null;
    }

    private static string NotRead(string reason) =>
        $"your answer was not taken, because whose account you use could not be read with the permission {DeclaredCall.User.Permission}: "
        + $"{reason}. See that the permission is granted and Microsoft Graph answers, and answer again";

    private async Task<LeaverDispatch> ReadAsync(Func<HrEvent> read, string trigger, CancellationToken cancellationToken)
    {
        try
        {
            return await AcceptAsync(read(), trigger, cancellationToken);
        }
        catch (HrEventException e)
        {
            await _parts.Intake.RefusedAsync(e, trigger, cancellationToken);
            throw;
        }
    }

    private async Task<LeaverDispatch> AcceptAsync(HrEvent hrEvent, string trigger, CancellationToken cancellationToken)
    {
        var correlation = CorrelationId.Current($"{hrEvent.Source}/{hrEvent.Id}");
        var taken = await _parts.Intake.AcceptAsync(hrEvent, trigger, correlation, cancellationToken);
        if (taken.Outcome == IntakeOutcome.Started && (taken.Case.Latest.ForCause || taken.Case.DueAt <= _parts.Time.GetUtcNow()))
            _parts.Urgent.Begin(taken.Case.Id);
        return Dispatch(taken.Case, taken.Outcome == IntakeOutcome.Started, correlation, taken);
    }

    private LeaverDispatch Dispatch(LeaverCase known, bool start, string correlation, IntakeResult? taken)
    {
        var undo = CaseRules.IsUndoWanted(known, _parts.Time.GetUtcNow());
        var notify = taken?.Outcome is IntakeOutcome.Updated or IntakeOutcome.Repeat;
        return new(known, start && !CaseRules.IsTakenBack(known), undo, notify, correlation) { Taken = taken };
    }

    private static class Documents
    {
        // Names come from outside: letters, digits, dot and dash only.
        public static bool IsName(string name) =>
            name.Length is > 0 and < 200
            && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.')
            && !name.Contains("..", StringComparison.Ordinal);
    }
}

/// <summary>What the desk works with.</summary>
internal sealed record LeaverDeskParts(
    TenantId Tenant,
    IOffboardingPolicySource Policy,
    OwnIdentity Self,
    HrWebhook Webhook,
    WebhookRefusals Refusals,
    LeaverIntake Intake,
    LeaverWatch Watch,
    FormerLeavers Former,
    ILeaverCases Cases,
    IDocumentStore Documents,
    ILeaverDirectory Directory,
    IPolicyActs PolicyActs,
    Approvers Approvers,
    ApprovalBoard Approvals,
    PauseSwitch Pause,
    BlockingFirst Urgent,
    CaseCourse Course,
    ForCauseStarts Causes,
    LeaverSteps Steps,
    IRunLog Runs,
    ScheduledRuns Scheduled,
    DetailErasure Erasure,
    EvidencePolicy EvidencePolicy,
    TimeProvider Time
);
