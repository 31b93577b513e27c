using Compliance.Changes.Approvals;
using Compliance.Changes.Pauses;
using Compliance.Storage;

namespace Compliance.Offboarding.Desk;

/// <summary>Where approvers read what waits for them, and answer.</summary>
public sealed class ApprovalDesk
{
    private readonly TenantId _tenant;
    private readonly Approvers _approvers;
    private readonly ApprovalBoard _approvals;
    private readonly OnePersonRule _rule;
    private readonly EndedAccess _ended;
    private readonly AnswerSettling _settling;
    private readonly TimeProvider _time;

    internal ApprovalDesk(
        TenantId tenant,
        Approvers approvers,
        ApprovalBoard approvals,
        OnePersonRule rule,
        EndedAccess ended,
        AnswerSettling settling,
        TimeProvider time
    ) =>
        (_tenant, _approvers, _approvals, _rule, _ended, _settling, _time) = (
            tenant,
            approvers,
            approvals,
            rule,
            ended,
            settling,
            time
        );

    /// <summary>Requests for approval that wait, the oldest first.</summary>
    public Task<IReadOnlyList<ApprovalRequest>> OpenApprovalsAsync(CancellationToken cancellationToken) =>
        OpenApprovalsAsync(ownerId: null, cancellationToken);

    /// <summary>Requests for approval that wait, the oldest first.</summary>
    /// <param name="ownerId">Object id of whose data they are about; null for all.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<ApprovalRequest>> OpenApprovalsAsync(string? ownerId, CancellationToken cancellationToken)
    {
        var open = await _approvals.OpenAsync(_tenant.Value, _time.GetUtcNow(), cancellationToken);
        return ownerId is null ? open : [.. open.Where(r => ApprovalRules.IsOwner(r, ownerId))];
    }

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
        var signIn = await _approvers.SignInAsync(authorization, cancellationToken);
        if (signIn.Identity is not { } approver)
            return (signIn.Status, signIn.Reason, null, null);
        if (await _approvals.FindAsync(_tenant.Value, requestId, cancellationToken) is { } open)
        {
            if (await _rule.WhyNotAsync(open, approver, approve, cancellationToken) is var (refusal, why))
                return (refusal, why, null, null);
            // Before this answer can make it enough.
            var people = open.Answers.Where(a => a.Approve).Select(a => a.ApproverId).ToHashSet(StringComparer.OrdinalIgnoreCase);
            if (open.OwnerId is { } owner)
                people.Add(owner);
            foreach (var ended in await _ended.EndedAsync(people, open.ValidFor, cancellationToken))
                await _approvals.EndAsync(_tenant.Value, open.Id, ended, cancellationToken);
        }
        var outcome = await _approvals.AnswerAsync(
            _tenant.Value,
            requestId,
            planId,
            approver,
            approve,
            comment,
            _time.GetUtcNow(),
            cancellationToken
        );
        if (outcome.Request is { } answered)
            await _settling.TrySettleAsync(answered, cancellationToken);
        return outcome.Objection is { } objection
            ? (outcome.Request is null ? 404 : 409, objection, null, null)
            : (200, null, outcome.Request, outcome.State);
    }
}
