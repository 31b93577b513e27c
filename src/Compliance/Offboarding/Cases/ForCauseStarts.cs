using System.Globalization;
using System.Runtime.ExceptionServices;
using Azure;
using Compliance.Changes.Approvals;
using Compliance.Changes.Plans;
using Compliance.Ledger;
using Compliance.Observability;
using Compliance.Offboarding.Planning;
using Compliance.Offboarding.Policy;
using Compliance.Storage;
using Compliance.Text;

namespace Compliance.Offboarding.Cases;

/// <summary>What a request to start for cause came to.</summary>
/// <param name="Status">HTTP status to answer with.</param>
/// <param name="Reason">Why it is refused; null when it is not.</param>
/// <param name="Case">The case; null when it is refused.</param>
internal sealed record ForCauseReception(int Status, string? Reason, LeaverCase? Case);

/// <summary>
/// Starts cases for cause, and has a second person confirm them. The block waits for neither evidence nor confirmation: one write keeps the
/// start, and whatever is cut off after it is made up for by the sweep.
/// </summary>
internal sealed class ForCauseStarts(
    TenantId tenant,
    IOffboardingPolicySource policies,
    TableLeaverCases cases,
    IDocumentStore documents,
    ILeaverDirectory directory,
    ApprovalBoard approvals,
    CaseFindings findings,
    IEvidenceLog evidence,
    TimeProvider time
)
{
    /// <summary>Whether a request asks for the confirmation of a start.</summary>
    public static bool Asks(ApprovalRequest request) => request.Guards.Contains(GuardNames.ForCause, StringComparer.Ordinal);

    /// <summary>Id of the request that asks for the confirmation.</summary>
    public static string RequestId(LeaverCase known) => RequestId(known, known.Cause!.Number);

    private static string RequestId(LeaverCase known, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{known.Id}-cause-{number}");

    /// <summary>The plan that the request names: to block the account that was named.</summary>
    public static ActionPlan Plan(LeaverCase known, OffboardingPolicy policy) =>
        BlockPlanner.Plan(
            known.TenantId,
            known.Id,
            new LeaverFacts
            {
                UserId = known.Cause!.UserId,
                PrincipalName = known.Cause.PrincipalName,
                DisplayName = "",
            },
            policy
        );

    /// <summary>Starts a case, or joins the one that the person has.</summary>
    /// <param name="user">Entra object id or user principal name.</param>
    /// <param name="reason">Why.</param>
    /// <param name="startedBy">Object id of who starts it.</param>
    /// <param name="cancellationToken">Stops between requests, which harms nothing.</param>
    public async Task<ForCauseReception> StartAsync(string user, string reason, string startedBy, CancellationToken cancellationToken)
    {
        var (policy, now) = (policies.Load(), time.GetUtcNow());
        var lookup = await directory.LookUpAsync(user, policy, cancellationToken);
        if (lookup.Facts is not { } facts)
            return new(lookup.Unreadable ? 503 : 404, lookup.Problem ?? "the directory could not be read", null);
        if (string.Equals(facts.UserId, startedBy, StringComparison.OrdinalIgnoreCase))
            return new(409, "the account is your own: ask somebody else to start it", null);
        var cause = new ForCauseStart
        {
            UserId = facts.UserId,
            PrincipalName = facts.PrincipalName,
            StartedBy = startedBy,
            Reason = reason,
            At = now,
            ConfirmBy = now + policy.ConfirmWithin,
        };
        // Without HR's id no event of HR can be known to be about the same person. What has a case of its own keeps it.
        var byAccount = await cases.FindAsync(tenant.Value, HrEventKeys.CaseOfStart(tenant.Value, facts.UserId), cancellationToken);
        if (
            byAccount is not { Cause.Holds: true }
            && facts.EmployeeId?.Trim() is { Length: > 0 } employeeId
            && await StartAsync(employeeId, facts.Mail, cause, cancellationToken) is var started
            && !CaseRules.IsOfOtherAccount(started, facts.UserId)
        )
            return new(202, null, started);
        // Two accounts with one employee id, as people have who administer: the other's case blocks the other alone.
        return new(202, null, await StartAsync(facts.UserId, facts.Mail, cause, cancellationToken));
    }

    private async Task<LeaverCase> StartAsync(string employeeId, string? mail, ForCauseStart cause, CancellationToken cancellationToken)
    {
        var (caseId, _) = await cases.NoteAsync(
            tenant.Value,
            employeeId,
            (ids, all) => CaseRules.IdOfStart(HrEventKeys.CaseOfStart(tenant.Value, employeeId), ids, all, cause.At),
            cancellationToken
        );
        return await cases.PutAsync(
            tenant.Value,
            caseId,
            c => CaseRules.Start(c, tenant.Value, caseId, employeeId, mail, cause),
            cancellationToken
        );
    }

    /// <summary>Settles every start that is not. What keeps one from it keeps no other.</summary>
    /// <exception cref="RequestFailedException">Storage failed for one; the others were seen to.</exception>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        RequestFailedException? failure = null;
        foreach (
            var known in (await cases.OpenAsync(tenant.Value, dueSince: null, cancellationToken)).Where(c => c.Cause is { Settled: false })
        )
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
        if (await cases.FindAsync(tenant.Value, caseId, cancellationToken) is not { Cause: { Settled: false } cause } known)
            return;
        var (policy, now) = (policies.Load(), time.GetUtcNow());
        if (!cause.Asked)
        {
            // What was asked about the case before counts without who started it.
            await approvals.AddRequesterAsync(tenant.Value, caseId, cause.StartedBy, cancellationToken);
            // Of several starts without an answer, the latest is asked about.
            for (var earlier = 1; earlier < cause.Number; earlier++)
                if (
                    await approvals.FindAsync(tenant.Value, RequestId(known, earlier), cancellationToken) is { } open
                    && ApprovalRules.StateOf(open, now) == ApprovalState.Open
                )
                    await approvals.VoidAsync(tenant.Value, open.Id, now, cancellationToken);
            await AskAsync(known, policy, now, cancellationToken);
            await ChangeAsync(c => c with { Asked = true });
        }
        var request = await approvals.FindAsync(tenant.Value, RequestId(known), cancellationToken);
        var answer = request is null
            ? null
            : ApprovalRules.StateOf(request, now) switch
            {
                ApprovalState.Approved => ForCauseOutcome.Confirmed,
                ApprovalState.Refused => ForCauseOutcome.Refused,
                _ => (ForCauseOutcome?)null,
            };
        if (answer is { } given)
        {
            await approvals.RecordAsync(request!, cancellationToken);
            known = await cases.ChangeAsync(
                tenant.Value,
                caseId,
                c => c.Cause is { Outcome: null } open && open.Number == cause.Number ? CaseRules.Answered(c, given, now) : c,
                cancellationToken
            );
        }
        if (known.Cause is not { Outcome: { } outcome })
        {
            if (now > cause.ConfirmBy && !cause.Escalated)
            {
                await EscalateAsync(known, policy, now, cancellationToken);
                await ChangeAsync(c => c with { Escalated = true });
            }
            return;
        }
        if (outcome is ForCauseOutcome.TakenBack or ForCauseOutcome.Ended)
            await approvals.VoidAsync(tenant.Value, RequestId(known), now, cancellationToken);
        else
            await approvals.BeginAsync(tenant.Value, RequestId(known), now, cancellationToken);
        await findings.SetAsync(tenant.Value, caseId, [CasePhase.Confirmation], [], now, cancellationToken);
        await ChangeAsync(c => c with { Settled = c.Outcome == outcome });

        Task ChangeAsync(Func<ForCauseStart, ForCauseStart> change) =>
            cases.ChangeAsync(
                tenant.Value,
                caseId,
                c => c.Cause is { } latest && latest.Number == cause.Number ? c with { Cause = change(latest) } : c,
                cancellationToken
            );
    }

    private async Task AskAsync(LeaverCase known, OffboardingPolicy policy, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (cause, plan) = (known.Cause!, Plan(known, policy));
        await documents.SaveAsync(CaseDocuments.Name(known.Id, known.Round, $"plan-{plan.Id()}.json"), plan, cancellationToken);
        var request = await approvals.AskAsync(
            new ApprovalRequest
            {
                Id = RequestId(known),
                TenantId = tenant.Value,
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
                Controls = [LeaverControls.Unconfirmed],
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
        await RecordAsync(
            known,
            "started",
            cause.At,
            $"administrator {cause.StartedBy}",
            "complete",
            policy with
            {
                Sha256 = request.PolicySha256,
            },
            request.PlanId,
            cancellationToken
        );
    }

    private async Task EscalateAsync(LeaverCase known, OffboardingPolicy policy, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (cause, planId) = (known.Cause!, Plan(known, policy).Id());
        if (await approvals.FindAsync(tenant.Value, RequestId(known), cancellationToken) is { PlanId: var asked })
            planId = asked;
        await findings.SetAsync(
            tenant.Value,
            known.Id,
            [CasePhase.Confirmation],
            [
                CaseFindings.Create(
                    known,
                    policy,
                    CasePhase.Confirmation,
                    LeaverControls.Unconfirmed,
                    $"Access was ended for cause at {cause.At.UtcDateTime:yyyy-MM-dd HH:mm}Z, and no second person confirmed it by "
                        + $"{cause.ConfirmBy.UtcDateTime:yyyy-MM-dd HH:mm}Z. "
                        + (
                            known.BlockedAt is not null
                                ? "The account stays blocked."
                                : $"The account was not seen blocked: {known.Note ?? "it is being blocked"}."
                        ),
                    $"Somebody else than who started it answers: compliance approvals answer {RequestId(known)} --plan {planId} "
                        + "(--refuse asks two people to give access back)."
                ),
            ],
            now,
            cancellationToken
        );
        await RecordAsync(known, "unconfirmed", cause.ConfirmBy, "LeaverSweep (timer)", "incomplete", policy, planId, cancellationToken);
    }

    private Task<EvidenceReceipt> RecordAsync(
        LeaverCase known,
        string what,
        DateTimeOffset at,
        string actor,
        string outcome,
        OffboardingPolicy policy,
        string planId,
        CancellationToken cancellationToken
    )
    {
        var cause = known.Cause!;
        return evidence.AppendAsync(
            new EvidenceRecord
            {
                Id = $"{RequestId(known)}-{what}",
                Time = at,
                Actor = actor,
                Action = $"offboarding.{what}",
                TenantId = tenant.Value,
                PolicySha256 = policy.Sha256,
                Controls = [LeaverControls.Unconfirmed],
                Outcome = outcome,
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
                CorrelationId = CorrelationId.Current(RequestId(known)),
                People = [known.Id, cause.StartedBy],
            },
            cancellationToken
        );
    }
}
