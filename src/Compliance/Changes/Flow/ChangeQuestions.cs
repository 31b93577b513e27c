using Compliance.Changes.Approvals;
using Compliance.Changes.Guards;
using Compliance.Changes.Plans;

namespace Compliance.Changes.Flow;

/// <summary>Asks two people about a plan of a round, and reads what they answered.</summary>
/// <param name="change">The capability.</param>
/// <param name="store">Its documents and the clock.</param>
/// <param name="approvals">Keeps requests and answers.</param>
internal sealed class ChangeQuestions<TObservation>(IChange<TObservation> change, ChangeStore<TObservation> store, ApprovalBoard approvals)
    where TObservation : class
{
    /// <summary>The request about a plan; null when it was not asked about in this round.</summary>
    public Task<ApprovalRequest?> FindAsync(ChangeRun run, string requestId, CancellationToken cancellationToken) =>
        approvals.FindAsync(run.TenantId, requestId, cancellationToken);

    /// <summary>What was answered to a request about a plan, as far as it covers every guard that holds now.</summary>
    /// <returns>The request with its state; null when it was not asked, or not about all of them.</returns>
    public async Task<(ApprovalRequest Request, ApprovalState State)?> CoveringAsync(
        ChangeRun run,
        string requestId,
        IEnumerable<Hold> holds,
        CancellationToken cancellationToken
    ) =>
        await FindAsync(run, requestId, cancellationToken) is { } request && ApprovalBoard.Covers(request, holds.Select(h => h.Guard))
            ? (request, ApprovalRules.StateOf(request, store.Now))
            : null;

    /// <summary>How a request is answered so far.</summary>
    public async Task<ApprovalStatus> ApprovalStatusAsync(ChangeRun run, string requestId, CancellationToken cancellationToken)
    {
        if (await FindAsync(run, requestId, cancellationToken) is not { } request)
            return ApprovalStatus.Void;
        return ApprovalRules.StateOf(request, store.Now) switch
        {
            ApprovalState.Approved => ApprovalStatus.Approved,
            ApprovalState.Refused => ApprovalStatus.Refused,
            _ => ApprovalStatus.Open,
        };
    }

    /// <summary>Records the answers to a request.</summary>
    public Task RecordAnswersAsync(ApprovalRequest request, CancellationToken cancellationToken) =>
        approvals.RecordAsync(request, cancellationToken);

    /// <summary>What was approved is carried out from now on: its answers do not lapse any more.</summary>
    public Task BeginAsync(ApprovalRequest request, CancellationToken cancellationToken) =>
        approvals.BeginAsync(request.TenantId, request.Id, store.Now, cancellationToken);

    /// <summary>Answers to these requests count no more.</summary>
    public async Task VoidAsync(ChangeRun run, IEnumerable<string> requestIds, CancellationToken cancellationToken)
    {
        foreach (var id in requestIds)
            await approvals.VoidAsync(run.TenantId, id, store.Now, cancellationToken);
    }

    /// <summary>Asks two people, and voids what was asked before.</summary>
    /// <param name="run">The round.</param>
    /// <param name="question">What is asked.</param>
    /// <param name="policy">The policy in force.</param>
    /// <param name="cancellationToken">Stops between writes.</param>
    public async Task<ChangeDecision> AskAsync(
        ChangeRun run,
        ChangeQuestion question,
        ChangePolicy policy,
        CancellationToken cancellationToken
    )
    {
        var (plan, holds, description, owner, readAt) = question;
        var planId = plan.Id();
        var request = await approvals.AskAsync(
            new ApprovalRequest
            {
                Id = ChangeStore<TObservation>.RequestId(run, planId),
                TenantId = run.TenantId,
                PlanId = planId,
                CaseId = run.CaseId,
                SubjectId = run.SubjectId,
                Requesters = run.Requesters,
                OwnerId = owner?.Id,
                OwnerAddress = owner?.Address,
                IsCasePerson = change.IsAboutPeople,
                Reasons = [.. holds.Select(h => h.Reason), .. description],
                Guards = [.. holds.Select(h => h.Guard).Distinct(StringComparer.Ordinal)],
                Controls = change.Controls,
                PolicySha256 = policy.Sha256,
                AskedAt = readAt,
                Deadline = readAt + policy.ApprovalWithin,
                ValidFor = policy.ApprovalValidFor,
                InstanceId = run.InstanceId,
            },
            store.Now,
            cancellationToken
        );
        // One question at a time: an answer to an earlier plan would come to nothing.
        var state = await store.ChangeStateAsync(
            run,
            s => s.Requests.Contains(request.Id, StringComparer.Ordinal) ? s : s with { Requests = [.. s.Requests, request.Id] },
            cancellationToken
        );
        await VoidAsync(run, state.Requests.Where(id => id != request.Id), cancellationToken);
        var counts = new Dictionary<string, long> { ["holds"] = holds.Count, ["steps"] = plan.Steps.Count };
        var part = $"held-{planId[..12]}-{ChangeStore<TObservation>.Instant(request.AskedAt)}";
        var record = store.Record(run, plan, part, "held", request.AskedAt, counts);
        await store.RecordAsync(run, record with { Reason = string.Join(",", request.Guards) }, s => s, cancellationToken);
        return new(NextAction.AskApproval, planId, request.Id, request.Deadline.UtcDateTime);
    }
}

/// <summary>What two people are asked.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Holds">Why they are asked.</param>
/// <param name="Description">What they need to know beside that.</param>
/// <param name="Owner">Who answers as the owner; null when two approvers do.</param>
/// <param name="ReadAt">When what is asked about was read (UTC).</param>
internal sealed record ChangeQuestion(
    ActionPlan Plan,
    IReadOnlyList<Hold> Holds,
    IReadOnlyList<string> Description,
    ChangeOwner? Owner,
    DateTimeOffset ReadAt
);
