using Compliance.Changes.Approvals;
using Compliance.Ledger;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Erasure;
using Compliance.Tenants;

namespace Compliance.Offboarding.Desk;

/// <summary>Erases what names people of a case that has ended, when an administrator or approver asks for it.</summary>
public sealed class ErasureDesk
{
    private readonly Approvers _approvers;
    private readonly CaseDesk _cases;
    private readonly CaseCourse _course;
    private readonly DetailErasure _erasure;
    private readonly EvidencePolicy _policy;

    internal ErasureDesk(Approvers approvers, CaseDesk cases, CaseCourse course, DetailErasure erasure, EvidencePolicy policy) =>
        (_approvers, _cases, _course, _erasure, _policy) = (approvers, cases, course, erasure, policy);

    /// <summary>Erases what names people of a case that has ended; the ledger stays.</summary>
    /// <param name="authorization">Header Authorization with the token of an administrator or approver, who answers for it.</param>
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
        var signIn = await _approvers.SignInStarterAsync(authorization, cancellationToken);
        if (signIn.Identity is not { } approver)
            return (signIn.Status, signIn.Reason, null);
        if (await _cases.CaseAsync(caseId, cancellationToken) is { IsNotGivenBack: true })
            return (409, $"case {caseId} could not give back everything: give it back first, see its findings", null);
        try
        {
            // Of whom is erased nothing can be recorded afterwards.
            await _course.RecordAsync(cancellationToken);
            return (
                200,
                null,
                confirmed
                    ? await _erasure.EraseAsync(
                        caseId,
                        $"{(approver.HoldsAny(AppRole.Approver) ? "approver" : "administrator")} {approver.ObjectId}",
                        [approver.ObjectId],
                        _policy.Sha256,
                        cancellationToken
                    )
                    : await _erasure.PreviewAsync(caseId, cancellationToken)
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
}
