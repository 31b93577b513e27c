using Compliance.Approvals;
using Compliance.Offboarding.Acting;
using Compliance.Plans;

namespace Compliance.Offboarding.Certificates;

/// <summary>What a certificate is made from.</summary>
internal sealed record CertificateInput(
    LeaverCase Case, LeaverFacts Facts, AccessSnapshot Before, VerifiedCase Verified, IReadOnlyList<ActionPlan> Plans, IReadOnlyList<StepOutcome> Outcomes,
    IReadOnlyDictionary<string, DateTimeOffset> SeenGone, IReadOnlyList<ApprovalRequest> Approvals, IReadOnlyList<string> EvidenceIds, OffboardingPolicy Policy, DateTimeOffset Now);

/// <summary>What was taken away from a leaver, when, and what is left: for an auditor. See <c>schemas/revocation-certificate.schema.json</c>.</summary>
public sealed record RevocationCertificate
{
    /// <summary>Version of this shape.</summary>
    public int Version { get; init; } = 1;

    /// <summary>The case.</summary>
    public required string CaseId { get; init; }

    /// <summary>Which orchestration of the case.</summary>
    public required int Round { get; init; }

    /// <summary>Entra tenant id.</summary>
    public required string TenantId { get; init; }

    /// <summary>Entra object id of the leaver.</summary>
    public required string SubjectId { get; init; }

    /// <summary>User principal name of the leaver.</summary>
    public required string SubjectName { get; init; }

    /// <summary>When this was issued (UTC).</summary>
    public required DateTimeOffset IssuedAt { get; init; }

    /// <summary>When the event arrived (UTC).</summary>
    public required DateTimeOffset EventReceivedAt { get; init; }

    /// <summary>When access was to end (UTC); null for at once.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>When the account was disabled and its sessions revoked (UTC); null when that was not done.</summary>
    public DateTimeOffset? BlockedAt { get; init; }

    /// <summary>When everything that can be removed was first seen removed (UTC); null when it was not.</summary>
    public DateTimeOffset? ClearAt { get; init; }

    /// <summary>Seconds from the event, or from the time of leaving when that is later, to <see cref="BlockedAt"/>.</summary>
    public double? SecondsToBlocked { get; init; }

    /// <summary>The same to <see cref="ClearAt"/>.</summary>
    public double? SecondsToClear { get; init; }

    /// <summary>True when nothing removable is left.</summary>
    public required bool Clear { get; init; }

    /// <summary>Every access that was seen removed.</summary>
    public required IReadOnlyList<RemovedAccess> Removed { get; init; }

    /// <summary>Every access that was not seen removed, and why.</summary>
    public required IReadOnlyList<RemainingAccess> Remaining { get; init; }

    /// <summary>What outlives all this, in plain words.</summary>
    public required IReadOnlyList<string> Residual { get; init; }

    /// <summary>Sources that could not be read, each with its reason.</summary>
    public required IReadOnlyList<string> NotRead { get; init; }

    /// <summary>Systems this program does not look into, as policy lists them.</summary>
    public required IReadOnlyList<string> NotInspected { get; init; }

    /// <summary>Ids of the plans carried out.</summary>
    public required IReadOnlyList<string> PlanIds { get; init; }

    /// <summary>Decisions of approvers.</summary>
    public required IReadOnlyList<CertifiedApproval> Approvals { get; init; }

    /// <summary>SHA-256 of the policy in force, lower-case hex.</summary>
    public required string PolicySha256 { get; init; }

    /// <summary>Ids of the evidence records this rests on.</summary>
    public required IReadOnlyList<string> EvidenceIds { get; init; }

    /// <summary>Makes the certificate. Pure.</summary>
    internal static RevocationCertificate Of(CertificateInput input)
    {
        var outcomes = input.Outcomes.GroupBy(o => o.StepId).ToDictionary(g => g.Key, g => g.Last(), StringComparer.Ordinal);
        var steps = input.Plans.SelectMany(p => p.Steps).GroupBy(s => $"{s.Target.Type}:{s.Target.Id}".ToLowerInvariant()).ToDictionary(g => g.Key, g => g.Last(), StringComparer.Ordinal);
        DateTimeOffset? Done(Access access) => steps.TryGetValue(access.Key, out var step) && outcomes.TryGetValue(step.Id, out var outcome) && outcome.InEffect ? outcome.At : null;
        var from = input.Case.DueAt is { } due && due > input.Case.ReceivedAt && !input.Case.Latest.ForCause ? due : input.Case.ReceivedAt;
        var verified = input.Verified;
        return new()
        {
            CaseId = input.Case.Id,
            Round = input.Case.Round,
            TenantId = input.Case.TenantId,
            SubjectId = input.Facts.UserId,
            SubjectName = input.Facts.PrincipalName,
            IssuedAt = input.Now,
            EventReceivedAt = input.Case.ReceivedAt,
            DueAt = input.Case.DueAt,
            BlockedAt = input.Case.BlockedAt,
            ClearAt = verified.Clear ? input.Case.ClearAt : null,
            SecondsToBlocked = input.Case.BlockedAt is { } blocked ? Math.Max(0, Math.Round((blocked - from).TotalSeconds, 1)) : null,
            SecondsToClear = verified.Clear && input.Case.ClearAt is { } clear ? Math.Max(0, Math.Round((clear - from).TotalSeconds, 1)) : null,
            Clear = verified.Clear,
            Removed = [.. verified.Removed.OrderBy(a => a.Kind).ThenBy(a => a.Name, StringComparer.Ordinal).ThenBy(a => a.Id, StringComparer.Ordinal)
                .Select(a => new RemovedAccess(Text(a.Kind), a.Name, a.Scope, Text(a.Asset), Done(a), input.SeenGone.TryGetValue(a.Key, out var seen) ? seen : input.Now))],
            Remaining = [.. verified.Stuck.Select(r => AsRemaining(r, person: true)).Concat(verified.Left.Select(r => AsRemaining(r, person: false)))
                .Concat(verified.Outside.Select(a => new RemainingAccess(Text(a.Kind), a.Name, a.Scope, "seen after the plan was made; another plan follows", null, false)))
                .OrderBy(r => r.Kind, StringComparer.Ordinal).ThenBy(r => r.Name, StringComparer.Ordinal).ThenBy(r => r.Scope, StringComparer.Ordinal)],
            Residual = ResidualOf(input),
            NotRead = [.. input.Before.Sources.Where(s => !s.Complete).Select(s => $"{s.Source}: {s.Reason}").Concat(verified.Unread.Select(s => $"{s}: not read in the last check")).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            NotInspected = input.Policy.NotInspected,
            PlanIds = [.. input.Plans.Select(p => p.Id())],
            Approvals = [.. input.Approvals.SelectMany(r => r.Answers.Select(a => new CertifiedApproval(r.PlanId, a.ApproverId, a.Approve, a.At))).OrderBy(a => a.At).ThenBy(a => a.ApproverId, StringComparer.Ordinal)],
            PolicySha256 = input.Policy.Sha256,
            EvidenceIds = [.. input.EvidenceIds.Order(StringComparer.Ordinal)],
        };
    }

    private static RemainingAccess AsRemaining(Remaining remaining, bool person) =>
        new(Text(remaining.Access.Kind), remaining.Access.Name, remaining.Access.Scope, remaining.Why, remaining.Remedy, person);

    private static List<string> ResidualOf(CertificateInput input)
    {
        var residual = new List<string>();
        if (input.Case.BlockedAt is { } blocked)
            residual.Add($"Access tokens issued before {Time(blocked)} may work until {Time(blocked + input.Policy.TokenLifetime)} in applications that do not check continuously (continuous access evaluation ends them in about 15 minutes in Exchange, SharePoint and Teams).");
        residual.Add("Applications with a session of their own (a cookie) end it when they next ask Entra.");
        residual.Add("Personal access tokens, storage keys, SAS and client secrets the person may have copied work until they are rotated: findings of control LEAVE-020 name those this program could tell.");
        if (string.Equals(input.Facts.UserType, "Guest", StringComparison.OrdinalIgnoreCase))
            residual.Add("The person is a guest: the account in the home organisation is not touched.");
        if (input.Facts.OnPremisesSynced)
            residual.Add("The account comes from an on-premises directory: it must be disabled there, or the next synchronisation may enable it again.");
        return residual;
    }

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private static string Text<T>(T value)
        where T : struct, Enum => char.ToLowerInvariant(value.ToString()[0]) + value.ToString()[1..];
}

/// <summary>An access that was seen removed.</summary>
/// <param name="Kind">For example <c>groupMember</c>.</param>
/// <param name="Name">Its name.</param>
/// <param name="Scope">Where it held; empty where that does not apply.</param>
/// <param name="Asset">What the scope holds: <c>productionModel</c>, <c>trainingData</c> or <c>other</c>.</param>
/// <param name="RemovedAt">When the service said it was removed (UTC); null when it went by other means, such as with a group.</param>
/// <param name="SeenRemovedAt">When a fresh read first no longer showed it (UTC).</param>
public sealed record RemovedAccess(string Kind, string Name, string Scope, string Asset, DateTimeOffset? RemovedAt, DateTimeOffset SeenRemovedAt);

/// <summary>An access that was not seen removed.</summary>
/// <param name="Kind">For example <c>directoryRole</c>.</param>
/// <param name="Name">Its name.</param>
/// <param name="Scope">Where it holds.</param>
/// <param name="Why">Why it is not removed.</param>
/// <param name="WhatToDo">What a person can do; null when the case goes on trying.</param>
/// <param name="NeedsPerson">True when trying again does not help.</param>
public sealed record RemainingAccess(string Kind, string Name, string Scope, string Why, string? WhatToDo, bool NeedsPerson);

/// <summary>An approver's decision.</summary>
/// <param name="PlanId">The plan decided on.</param>
/// <param name="ApproverId">Entra object id.</param>
/// <param name="Approved">Yes or no.</param>
/// <param name="At">When (UTC).</param>
public sealed record CertifiedApproval(string PlanId, string ApproverId, bool Approved, DateTimeOffset At);
