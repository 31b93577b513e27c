using System.Runtime.ExceptionServices;
using Azure;
using Compliance.Changes.Approvals;
using Compliance.Ledger;
using Compliance.Observability;
using Compliance.Offboarding.Cases;
using Compliance.Text;

namespace Compliance.Offboarding.Rounds;

/// <summary>
/// Records starts for cause, and has a second person confirm them. Nothing waits for it; whatever is cut off is made up for by the sweep.
/// </summary>
internal sealed class ForCauseConfirmation(LeaverRounds rounds, ApprovalBoard approvals, CaseFindings findings, IEvidenceLog evidence)
{
    /// <summary>Settles every start that is not. What keeps one from it keeps no other.</summary>
    /// <exception cref="RequestFailedException">Storage failed for one; the others were seen to.</exception>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        RequestFailedException? failure = null;
        foreach (var known in (await rounds.OpenCasesAsync(dueSince: null, cancellationToken)).Where(c => c.Cause is { Settled: false }))
        {
            try
            {
                await SettleAsync(known.Id, cancellationToken);
            }
            catch (RequestFailedException e)
            {
                failure = e;
            }
        }
        if (failure is not null)
            ExceptionDispatchInfo.Throw(failure);
    }

    /// <summary>Settles it; what cannot be written now is written by the sweep, and holds nothing up.</summary>
    public async Task TrySettleAsync(string caseId, CancellationToken cancellationToken)
    {
        try
        {
            await SettleAsync(caseId, cancellationToken);
        }
        catch (RequestFailedException) { }
    }

    /// <summary>Records a start and asks the second person; takes the answer, and escalates one that is late. Safe to repeat.</summary>
    public async Task SettleAsync(string caseId, CancellationToken cancellationToken)
    {
        if (await rounds.FindCaseAsync(caseId, cancellationToken) is not { Cause: { Settled: false } cause } known)
            return;
        var (policy, now) = (rounds.LoadPolicy(), rounds.Now);
        if (!cause.Asked)
        {
            await AskAsync(known, policy, now, cancellationToken);
            await ChangeAsync(known, c => c with { Asked = true }, cancellationToken);
        }
        known = await WithAnswerAsync(known, now, cancellationToken);
        if (known.Cause is not { Outcome: { } outcome })
        {
            if (now <= cause.ConfirmBy || cause.Escalated)
                return;
            await EscalateAsync(known, policy, now, cancellationToken);
            await ChangeAsync(known, c => c with { Escalated = true }, cancellationToken);
            return;
        }
        if (outcome is ForCauseOutcome.TakenBack or ForCauseOutcome.Ended)
            await approvals.VoidAsync(rounds.Tenant, ForCauseStarts.RequestId(known), now, cancellationToken);
        else
            await approvals.BeginAsync(rounds.Tenant, ForCauseStarts.RequestId(known), now, cancellationToken);
        await findings.ReportAsync(known, [CasePhase.Confirmation], [], now, cancellationToken);
        await ChangeAsync(known, c => c with { Settled = c.Outcome == outcome }, cancellationToken);
    }

    private async Task<LeaverCase> WithAnswerAsync(LeaverCase known, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (await approvals.FindAsync(rounds.Tenant, ForCauseStarts.RequestId(known), cancellationToken) is not { } request)
            return known;
        ForCauseOutcome? answer = ApprovalRules.StateOf(request, now) switch
        {
            ApprovalState.Approved => ForCauseOutcome.Confirmed,
            ApprovalState.Refused => ForCauseOutcome.Refused,
            _ => null,
        };
        if (answer is not { } given)
            return known;
        await approvals.RecordAsync(request, cancellationToken);
        var number = known.Cause!.Number;
        return await rounds.ChangeAsync(
            known.Id,
            c => c.Cause is { Outcome: null } open && open.Number == number ? CaseRules.Answered(c, given, now) : c,
            cancellationToken
        );
    }

    private Task<LeaverCase> ChangeAsync(LeaverCase known, Func<ForCauseStart, ForCauseStart> change, CancellationToken cancellationToken)
    {
        var number = known.Cause!.Number;
        return rounds.ChangeAsync(
            known.Id,
            c => c.Cause is { } latest && latest.Number == number ? c with { Cause = change(latest) } : c,
            cancellationToken
        );
    }

    private async Task AskAsync(LeaverCase known, OffboardingPolicy policy, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (cause, plan) = (known.Cause!, ForCauseStarts.Plan(known, policy));
        // What was asked about the case before counts without who started it.
        await approvals.AddRequesterAsync(rounds.Tenant, known.Id, cause.StartedBy, cancellationToken);
        // Of several starts without an answer, the latest is asked about.
        for (var earlier = 1; earlier < cause.Number; earlier++)
            if (
                await approvals.FindAsync(rounds.Tenant, ForCauseStarts.RequestId(known, earlier), cancellationToken) is { } open
                && ApprovalRules.StateOf(open, now) == ApprovalState.Open
            )
                await approvals.VoidAsync(rounds.Tenant, open.Id, now, cancellationToken);
        await rounds.SavePlanAsync(new CaseRun(known.Id, known.Round, ""), plan, cancellationToken);
        var request = await approvals.AskAsync(
            new ApprovalRequest
            {
                Id = ForCauseStarts.RequestId(known),
                TenantId = rounds.Tenant,
                PlanId = plan.Id(),
                CaseId = known.Id,
                SubjectId = cause.UserId,
                Requesters = [cause.StartedBy],
                Reasons =
                [
                    $"Access was ended for cause by {cause.StartedBy}: {cause.Reason}",
                    "One person confirms it; a refusal asks two people to give access back.",
                ],
                Guards = [GuardNames.ForCause],
                Controls = [OffboardingControls.Unconfirmed],
                PolicySha256 = policy.Sha256,
                AskedAt = cause.At,
                Deadline = cause.ConfirmBy,
                PeopleNeeded = 1,
                InstanceId = known.InstanceId,
            },
            now,
            cancellationToken
        );
        // Asked before, and cut off from its record: that is of the policy in force then.
        var actor = $"administrator {cause.StartedBy}";
        var record = Record(known, ("started", "complete"), cause.At, actor, request.PolicySha256, request.PlanId);
        await evidence.AppendAsync(record, cancellationToken);
    }

    private async Task EscalateAsync(LeaverCase known, OffboardingPolicy policy, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (cause, requestId) = (known.Cause!, ForCauseStarts.RequestId(known));
        var asked = await approvals.FindAsync(rounds.Tenant, requestId, cancellationToken);
        var planId = asked?.PlanId ?? ForCauseStarts.Plan(known, policy).Id();
        var blocked = known.BlockedAt is not null
            ? "The account stays blocked."
            : $"The account was not seen blocked: {known.Note ?? "it is being blocked"}.";
        var detection = CaseFindings.Create(
            known,
            policy,
            CasePhase.Confirmation,
            OffboardingControls.Unconfirmed,
            $"Access was ended for cause at {cause.At.UtcDateTime:yyyy-MM-dd HH:mm}Z, and no second person confirmed it by "
                + $"{cause.ConfirmBy.UtcDateTime:yyyy-MM-dd HH:mm}Z. {blocked}",
            $"Somebody else than who started it answers: compliance approvals answer {requestId} --plan {planId} "
                + "(--refuse asks two people to give access back)."
        );
        await findings.ReportAsync(known, [CasePhase.Confirmation], [detection], now, cancellationToken);
        const string actor = "LeaverSweep (timer)";
        var record = Record(known, ("unconfirmed", "incomplete"), cause.ConfirmBy, actor, policy.Sha256, planId);
        await evidence.AppendAsync(record, cancellationToken);
    }

    private EvidenceRecord Record(
        LeaverCase known,
        (string Name, string Outcome) what,
        DateTimeOffset at,
        string actor,
        string policySha256,
        string planId
    )
    {
        var (cause, requestId) = (known.Cause!, ForCauseStarts.RequestId(known));
        return new()
        {
            Id = $"{requestId}-{what.Name}",
            Time = at,
            Actor = actor,
            Action = $"offboarding.{what.Name}",
            TenantId = rounds.Tenant,
            PolicySha256 = policySha256,
            Controls = [OffboardingControls.Unconfirmed],
            Outcome = what.Outcome,
            Counts = new Dictionary<string, long>(),
            Subject = known.Id,
            Reason = GuardNames.ForCause,
            PlanId = planId,
            DetailsSha256 = new Dictionary<string, string>
            {
                ["start"] = CanonicalJson.Sha256Of(
                    new
                    {
                        cause.UserId,
                        cause.StartedBy,
                        cause.At,
                        cause.Reason,
                    }
                ),
            },
            CorrelationId = CorrelationId.Current(requestId),
            People = [known.Id, cause.StartedBy],
        };
    }
}
