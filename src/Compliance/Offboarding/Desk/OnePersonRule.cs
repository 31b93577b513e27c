using Compliance.Callers;
using Compliance.Changes.Approvals;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Rounds;
using Compliance.Tenants;

namespace Compliance.Offboarding.Desk;

/// <summary>Somebody with two accounts is one person, who answers neither about themselves nor twice.</summary>
internal sealed class OnePersonRule(CaseDesk cases, ILeaverDirectory directory)
{
    // Somebody with two accounts is one person, who answers neither about themselves nor twice; null when this one may answer.
    public async Task<(int Status, string Reason)?> WhyNotAsync(
        ApprovalRequest request,
        CallerIdentity approver,
        bool approve,
        CancellationToken cancellationToken
    )
    {
        // A request to resume what is paused belongs to no case.
        var known = request.CaseId.Length == 0 ? null : await cases.CaseAsync(request.CaseId, cancellationToken);
        if (known is not null)
            request = RoundQuestions.WithStarter(request, known);
        if (ApprovalRules.WhyNot(request, approver.ObjectId) is { } objection)
            return (409, objection);
        var read = await directory.EmployeeIdsAsync(
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
}
