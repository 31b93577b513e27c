using Compliance.Changes.Approvals;
using Compliance.Offboarding.Erasure;

namespace Compliance.Offboarding.Desk;

/// <summary>What became of the wish to erase what names people of a case.</summary>
/// <param name="Status">HTTP status: 200 with what is kept, 202 once two people are asked, else a refusal.</param>
/// <param name="Reason">Why it is refused; null when it is not.</param>
/// <param name="Details">What is kept and would be erased; null when refused.</param>
/// <param name="Request">The question that two people answer; null where none is asked.</param>
public sealed record ErasureAnswer(int Status, string? Reason, KeptDetails? Details, ApprovalRequest? Request = null);

/// <summary>Takes the wish to erase what names people of a case that has ended. Two other people agree before it is done.</summary>
public sealed class ErasureDesk
{
    private readonly Approvers _approvers;
    private readonly CaseDesk _cases;
    private readonly DetailErasure _erasure;
    private readonly ErasureQuestions _questions;

    internal ErasureDesk(Approvers approvers, CaseDesk cases, DetailErasure erasure, ErasureQuestions questions) =>
        (_approvers, _cases, _erasure, _questions) = (approvers, cases, erasure, questions);

    /// <summary>Shows what is kept, or asks two people to have it erased; the ledger stays.</summary>
    /// <param name="authorization">Header Authorization: an administrator or approver, whose own answer does not count.</param>
    /// <param name="caseId">The case.</param>
    /// <param name="confirmed">False to see what would be erased, without asking anyone.</param>
    /// <param name="cancellationToken">Gives up; call again.</param>
    public async Task<ErasureAnswer> EraseAsync(string? authorization, string caseId, bool confirmed, CancellationToken cancellationToken)
    {
        var signIn = await _approvers.SignInStarterAsync(authorization, cancellationToken);
        if (signIn.Identity is not { } approver)
            return new(signIn.Status, signIn.Reason, null);
        if (await _cases.CaseAsync(caseId, cancellationToken) is not { } known)
            return new(404, $"there is no case {caseId}", null);
        if (ErasureQuestions.WhyNot(known) is { } reason)
            return new(409, reason, null);
        var kept = await _erasure.PreviewAsync(caseId, cancellationToken);
        var isNothing = kept.IsNothing && known.EmployeeId == LeaverCase.Erased;
        return confirmed && !isNothing
            ? new(202, null, kept, await _questions.AskAsync(known, kept, approver.ObjectId, cancellationToken))
            : new(200, null, kept);
    }
}
