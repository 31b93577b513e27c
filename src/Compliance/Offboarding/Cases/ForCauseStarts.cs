using System.Globalization;
using Compliance.Changes.Approvals;
using Compliance.Changes.Plans;
using Compliance.Offboarding.Planning;
using Compliance.Offboarding.Policy;
using Compliance.Storage;

namespace Compliance.Offboarding.Cases;

/// <summary>What a request to start for cause came to.</summary>
/// <param name="Status">HTTP status to answer with.</param>
/// <param name="Reason">Why it is refused; null when it is not.</param>
/// <param name="Case">The case; null when it is refused.</param>
internal sealed record ForCauseReception(int Status, string? Reason, LeaverCase? Case);

/// <summary>
/// Starts cases for cause. The block waits for neither evidence nor confirmation: one write keeps the start, and whatever is cut off after
/// it is made up for by the sweep.
/// </summary>
internal sealed class ForCauseStarts(
    TenantId tenant,
    IOffboardingPolicySource policies,
    TableLeaverCases cases,
    ILeaverDirectory directory,
    TimeProvider time
)
{
    /// <summary>Whether a request asks for the confirmation of a start.</summary>
    public static bool Asks(ApprovalRequest request) => request.Guards.Contains(GuardNames.ForCause, StringComparer.Ordinal);

    /// <summary>Id of the request that asks for the confirmation.</summary>
    public static string RequestId(LeaverCase known) => RequestId(known, known.Cause!.Number);

    /// <summary>Id of the request that asks for the confirmation of an earlier start.</summary>
    public static string RequestId(LeaverCase known, int number) =>
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
}
