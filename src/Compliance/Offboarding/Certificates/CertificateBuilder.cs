using System.Globalization;
using Compliance.Changes.Approvals;
using Compliance.Changes.Plans;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Directory;

namespace Compliance.Offboarding.Certificates;

/// <summary>All that a certificate shows.</summary>
/// <param name="Case">The case, with the times of its stages.</param>
/// <param name="Facts">The person.</param>
/// <param name="Plans">The plans, the oldest first.</param>
/// <param name="Outcomes">The outcomes of their steps, the oldest first.</param>
/// <param name="Verified">The last comparison with a fresh read.</param>
/// <param name="Approvals">What approvers were asked.</param>
/// <param name="EvidenceRecordIds">Records of the evidence log about the case so far.</param>
/// <param name="Policy">In force.</param>
/// <param name="Pseudonym">Under which name the person appears in the evidence; null when there is none.</param>
internal sealed record CertificateInput(
    LeaverCase Case,
    LeaverFacts Facts,
    IReadOnlyList<ActionPlan> Plans,
    IReadOnlyList<StepOutcome> Outcomes,
    VerifiedCase Verified,
    IReadOnlyList<ApprovalRequest> Approvals,
    IReadOnlyList<string> EvidenceRecordIds,
    OffboardingPolicy Policy,
    string? Pseudonym = null
);

/// <summary>Makes the certificate. Pure: the same input gives the same bytes.</summary>
internal static class CertificateBuilder
{
    /// <summary>The certificate.</summary>
    public static RevocationCertificate Build(CertificateInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var (leaver, verified) = (input.Case, input.Verified);
        var from = leaver.DueAt is { } due && due > leaver.ReceivedAt && !leaver.Latest.ForCause ? due : leaver.ReceivedAt;
        var clearAt = verified.Clear && leaver.BlockedAt is not null ? leaver.ClearAt ?? verified.At : (DateTimeOffset?)null;
        return new()
        {
            CaseId = leaver.Id,
            TenantId = leaver.TenantId,
            SubjectId = input.Facts.UserId,
            SubjectName = input.Facts.DisplayName is { Length: > 0 } name && name != input.Facts.UserId ? name : null,
            Pseudonym = input.Pseudonym,
            PolicySha256 = input.Policy.Sha256,
            IssuedAt = verified.At.ToUniversalTime(),
            Event = new(leaver.Latest.Source, leaver.Latest.Id, leaver.ReceivedAt.ToUniversalTime(), leaver.DueAt?.ToUniversalTime()),
            State = StateOf(leaver.BlockedAt, clearAt),
            BlockedAt = leaver.BlockedAt?.ToUniversalTime(),
            ClearAt = clearAt?.ToUniversalTime(),
            SecondsToBlocked = Seconds(from, leaver.BlockedAt),
            SecondsToClear = Seconds(from, clearAt),
            Accesses = [.. verified.Accesses.Select(Certified), .. verified.Outside.Select(Outside)],
            Remaining = [.. Remaining(input)],
            NotDone = [.. NotDone(input)],
            Residual = [.. Residual(input)],
            Unread = [.. verified.Unread.Select(s => new CertifiedGap(s.Source, s.Reason ?? "no reason was given", s.Remedy))],
            NotInspected = [.. input.Policy.NotInspected, .. LeaverSources.NotInspected],
            PlanIds = [.. input.Plans.Select(p => p.Id())],
            Approvals = [.. Approvals(input)],
            EvidenceRecordIds = [.. input.EvidenceRecordIds],
        };
    }

    private static string StateOf(DateTimeOffset? blockedAt, DateTimeOffset? clearAt)
    {
        if (blockedAt is null)
            return "open";
        return clearAt is null ? "blocked" : "clear";
    }

    private static CertifiedAccess Certified(VerifiedAccess verified) =>
        Certified(verified.Access, verified.State, verified.Why, verified.WhatToDo) with
        {
            RemovedAt = verified.RemovedAt?.ToUniversalTime(),
            SeenRemovedAt = verified.SeenRemovedAt?.ToUniversalTime(),
        };

    private static CertifiedAccess Outside(Access access) =>
        Certified(access, AccessState.StillThere, "found after the removal; no plan covers it yet", "a further plan is made");

    private static CertifiedAccess Certified(Access access, AccessState state, string? why, string? whatToDo) =>
        new(
            access.Kind,
            access.Id,
            access.Name,
            access.Scope.Length == 0 ? null : access.Scope,
            access.Asset,
            state,
            null,
            null,
            why,
            whatToDo
        );

    // What plans leave to a person, but for what was seen removed.
    private static IEnumerable<CertifiedTask> Remaining(CertificateInput input) =>
        input
            .Plans.SelectMany(p => p.Manual)
            .Select(m => new CertifiedTask(m.Target.Type, m.Target.Id, m.Target.Name, m.Why, m.WhatToDo))
            .Distinct()
            .Where(m =>
                !input.Verified.Accesses.Any(v =>
                    v.State == AccessState.Removed
                    && Steps.TypeOf(v.Access.Kind) == m.Type
                    && v.Access.Id.Equals(m.Id, StringComparison.OrdinalIgnoreCase)
                )
            )
            .OrderBy(m => m.Type, StringComparer.Ordinal)
            .ThenBy(m => m.Name, StringComparer.Ordinal)
            .ThenBy(m => m.Id, StringComparer.Ordinal);

    private static IEnumerable<CertifiedApproval> Approvals(CertificateInput input) =>
        input
            .Approvals.SelectMany(r =>
                r.Answers.Select(a => new CertifiedApproval(r.Id, r.PlanId, a.ApproverId, a.Approve, a.At.ToUniversalTime()))
            )
            .OrderBy(a => a.At)
            .ThenBy(a => a.ApproverId, StringComparer.Ordinal);

    private static IEnumerable<CertifiedFailure> NotDone(CertificateInput input)
    {
        var last = input
            .Outcomes.GroupBy(o => o.StepId, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Last(), StringComparer.Ordinal);
        foreach (var step in input.Plans.SelectMany(p => p.Steps).DistinctBy(s => s.Id, StringComparer.Ordinal))
            if (last.TryGetValue(step.Id, out var outcome) && !outcome.InEffect)
                yield return new(
                    step.Action,
                    step.Target.Type,
                    step.Target.Id,
                    step.Target.Name,
                    outcome.Result,
                    outcome.At.ToUniversalTime(),
                    outcome.Reason ?? "no reason was given",
                    outcome.Permission,
                    outcome.Remedy
                );
    }

    // What disabling and revoking leave (Microsoft's own description of access tokens, continuous access evaluation and sessions).
    private static IEnumerable<string> Residual(CertificateInput input)
    {
        var policy = input.Policy;
        yield return input.Case.BlockedAt is { } blocked
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"Access tokens issued before the account was blocked live until "
                    + $"{(blocked + policy.TokenLifetime).UtcDateTime:yyyy-MM-dd HH:mm} UTC at the latest "
                    + $"({policy.TokenLifetime.TotalMinutes:0} minutes after it) wherever continuous access evaluation does not apply; "
                    + $"where it does (Exchange, SharePoint, Teams), they end within about 15 minutes."
            )
            : "The account is not blocked: everything not removed below can be used.";
        yield return "An application's own session, kept in a cookie, lasts until that application asks Entra again.";
        if (string.Equals(input.Facts.UserType, "Guest", StringComparison.OrdinalIgnoreCase))
            yield return "The person is a guest: the account in the home tenant still signs in there, and to other tenants.";
        if (input.Facts.OnPremisesSynced)
            yield return "The account comes from an on-premises directory: unless it is disabled there, the next synchronisation enables "
                + "it again, and what trusts that directory alone still lets it in.";
        yield return "Personal access tokens, storage account keys, shared access signatures and client secrets that the person knew "
            + "work until they are rotated; those in reach are findings of control LEAVE-020.";
    }

    private static long? Seconds(DateTimeOffset from, DateTimeOffset? to) =>
        to is { } at ? Math.Max(0, (long)(at - from).TotalSeconds) : null;
}
