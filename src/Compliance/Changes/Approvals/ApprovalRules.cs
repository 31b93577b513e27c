namespace Compliance.Changes.Approvals;

/// <summary>What answers add up to. Pure.</summary>
internal static class ApprovalRules
{
    /// <summary>How many different people have to say yes, unless the request asks for another number.</summary>
    public const int PeopleNeeded = 2;

    /// <summary>
    /// Where a request stands. Answers of the subject and of requesters do not count, whatever way they came in; two answers of one person
    /// are one; a yes counts for <see cref="ApprovalRequest.ValidFor"/> and while its approver's access is not ended, a no for good.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="now">When it is asked (UTC).</param>
    public static ApprovalState StateOf(ApprovalRequest request, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(request);
        var counted = request.Answers.Where(a => WhyNot(request, a.ApproverId) is null).ToList();
        if (counted.Any(a => !a.Approve))
            return ApprovalState.Refused;
        var agreed = counted
            .Where(a => IsValid(request, a, now) && !request.Ended.Contains(a.ApproverId, StringComparer.OrdinalIgnoreCase))
            .Select(a => a.ApproverId.Trim())
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        var isOwnerMissing = NeededOwner(request) is { } owner && !agreed.Contains(owner.Trim());
        return agreed.Count >= request.PeopleNeeded && !isOwnerMissing ? ApprovalState.Approved : ApprovalState.Open;
    }

    /// <summary>The owner whose yes is one of those needed; null where a second approver takes their place.</summary>
    public static string? NeededOwner(ApprovalRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return
            request.OwnerId is { } owner
            && WhyNot(request, owner) is null
            && !request.Ended.Contains(owner, StringComparer.OrdinalIgnoreCase)
            ? owner
            : null;
    }

    /// <summary>Whether somebody is the owner of what a request is about.</summary>
    public static bool IsOwner(ApprovalRequest request, string personId)
    {
        ArgumentNullException.ThrowIfNull(request);
        return request.OwnerId is { } owner && string.Equals(owner.Trim(), personId.Trim(), StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Whether an answer counts still.</summary>
    public static bool IsValid(ApprovalRequest request, ApprovalAnswer answer, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(answer);
        var at = request.BegunAt is { } begun && begun < now ? begun : now;
        return at - answer.At <= request.ValidFor;
    }

    /// <summary>The request, asked for by one more person, whose answers do not count. One that was begun stays as it is.</summary>
    public static ApprovalRequest WithRequester(ApprovalRequest request, string personId)
    {
        ArgumentNullException.ThrowIfNull(request);
        return request.BegunAt is not null || request.Requesters.Contains(personId, StringComparer.OrdinalIgnoreCase)
            ? request
            : request with
            {
                Requesters = [.. request.Requesters, personId],
            };
    }

    /// <summary>Why this person may not answer; null when they may.</summary>
    public static string? WhyNot(ApprovalRequest request, string approverId)
    {
        bool Same(string id) => string.Equals(id.Trim(), approverId.Trim(), StringComparison.OrdinalIgnoreCase);
        if (string.IsNullOrWhiteSpace(approverId))
            return "the approver has no object id";
        if (Same(request.SubjectId))
            return "the plan is about you: ask somebody else";
        return request.Requesters.Any(Same) ? "you asked for the plan: ask somebody else" : null;
    }
}
