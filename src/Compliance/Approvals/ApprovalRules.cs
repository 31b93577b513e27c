namespace Compliance.Approvals;

/// <summary>Who may answer, and what the answers come to. Pure.</summary>
public static class ApprovalRules
{
    /// <summary>How many different people have to say yes.</summary>
    public const int Needed = 2;

    /// <summary>Where a request stands. One no refuses it.</summary>
    public static ApprovalState StateOf(ApprovalRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var valid = request.Answers.Where(a => Objection(request, request.PlanId, a.ApproverId) is null).ToList();
        return valid.Exists(a => !a.Approve) ? ApprovalState.Refused
            : valid.Where(a => a.Approve).Select(a => a.ApproverId).Distinct(StringComparer.OrdinalIgnoreCase).Count() >= Needed ? ApprovalState.Approved
            : ApprovalState.Open;
    }

    /// <summary>Why a person may not answer; null when they may.</summary>
    /// <param name="request">The request.</param>
    /// <param name="planId">The plan the person read.</param>
    /// <param name="approverId">Entra object id of the person.</param>
    public static string? Objection(ApprovalRequest request, string planId, string approverId)
    {
        ArgumentNullException.ThrowIfNull(request);
        return !string.Equals(planId, request.PlanId, StringComparison.Ordinal) ? "the answer names another plan than the one that is asked about"
            : string.Equals(approverId, request.SubjectId, StringComparison.OrdinalIgnoreCase) ? "the plan is about you"
            : request.Requesters.Contains(approverId, StringComparer.OrdinalIgnoreCase) ? "you asked for the plan"
            : null;
    }
}
