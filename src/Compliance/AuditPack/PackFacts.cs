using Compliance.Changes.Approvals;
using Compliance.Changes.Pauses;
using Compliance.Controls;
using Compliance.Findings;
using Compliance.Offboarding.Intake;

namespace Compliance.AuditPack;

/// <summary>
/// A finding as a pack shows it: how it stood at the end of the time that the pack is about. What names a person is left
/// out unless the pack is made with names.
/// </summary>
internal sealed record PackFinding
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>The control that failed.</summary>
    public required string Control { get; init; }

    /// <summary>Severity after policy.</summary>
    public required Severity Severity { get; init; }

    /// <summary>How it stood at the end of that time.</summary>
    public required FindingStatus Status { get; init; }

    /// <summary>Kind of what it is about.</summary>
    public required string SubjectType { get; init; }

    /// <summary>Id of what it is about; of a person, the pseudonym.</summary>
    public required string SubjectId { get; init; }

    /// <summary>What that is called.</summary>
    public required string SubjectName { get; init; }

    /// <summary>The part of it, for example a credential's key id.</summary>
    public required string Part { get; init; }

    /// <summary>The source it was read from.</summary>
    public required string Source { get; init; }

    /// <summary>Whether the check could not decide.</summary>
    public required bool Unknown { get; init; }

    /// <summary>Why.</summary>
    public required string Reason { get; init; }

    /// <summary>What is to be done.</summary>
    public required string NextStep { get; init; }

    /// <summary>When it was first opened (UTC).</summary>
    public required DateTimeOffset OpenedAt { get; init; }

    /// <summary>When it was resolved (UTC); null unless it was within that time.</summary>
    public required DateTimeOffset? ResolvedAt { get; init; }

    /// <summary>How often it came back.</summary>
    public required int Reopened { get; init; }

    /// <summary>Whether somebody is named who should act.</summary>
    public required bool HasOwner { get; init; }

    /// <summary>The waiver that covers it; null when none does.</summary>
    public required Waiver? Waiver { get; init; }

    /// <summary>Run that last changed it.</summary>
    public required string RunId { get; init; }
}

/// <summary>
/// A request for approval as a pack shows it, as it stood at the end of that time. People appear by the pseudonyms that the ledger has.
/// </summary>
/// <param name="Id">Id of the request.</param>
/// <param name="PlanId">The plan that was asked about.</param>
/// <param name="Subject">Pseudonym of the case.</param>
/// <param name="Controls">The controls that the hold serves.</param>
/// <param name="Guards">The guards that held.</param>
/// <param name="Reasons">Why approvals were due.</param>
/// <param name="AskedAt">When (UTC).</param>
/// <param name="Deadline">Until when an answer was expected (UTC).</param>
/// <param name="State"><c>open</c>, <c>approved</c>, <c>refused</c> or <c>void</c>.</param>
/// <param name="Answers">The answers; who answered is a pseudonym.</param>
internal sealed record PackApproval(
    string Id,
    string PlanId,
    string Subject,
    IReadOnlyList<string> Controls,
    IReadOnlyList<string> Guards,
    IReadOnlyList<string> Reasons,
    DateTimeOffset AskedAt,
    DateTimeOffset Deadline,
    string State,
    IReadOnlyList<ApprovalAnswer> Answers
);

/// <summary>What of the state belongs into a pack.</summary>
/// <param name="Findings">Findings that were there in that time, by id.</param>
/// <param name="Approvals">Requests that were asked or answered in it, the oldest first.</param>
internal sealed record PackFacts(IReadOnlyList<PackFinding> Findings, IReadOnlyList<PackApproval> Approvals)
{
    /// <summary>What stands for a person whose pseudonym is gone.</summary>
    public const string Erased = "(erased)";

    /// <summary>Replaces a text that people wrote, or that is about a leaver: it may name anybody.</summary>
    public const string LeftOut = "(left out, since it may name people; --with-names has it)";

    /// <summary>
    /// Selects. The store keeps the present state of a finding and not each step on the way, so a finding that came back counts from its
    /// first opening.
    /// </summary>
    public static PackFacts From(PackState state, PackRequest request)
    {
        var controls = request.Framework.Controls.Select(c => c.Id).ToHashSet(StringComparer.Ordinal);
        var hide = new Hiding(state.People, request.WithNames ? null : new PersonFilter(state.Named));
        return new(
            [
                .. state
                    .Findings.Where(f =>
                        controls.Contains(f.Detection.ControlId)
                        && f.OpenedAt < request.To
                        && !(f.Status == FindingStatus.Resolved && f.ResolvedAt < request.From)
                    )
                    .Select(f => Finding(f, request, hide))
                    .OrderBy(f => f.Id, StringComparer.Ordinal),
            ],
            [
                .. state
                    .Approvals.Where(a => a.Request.Controls.Any(controls.Contains) && Touches(a, request))
                    .Select(a => Approval(a, request, hide))
                    .OrderBy(a => a.AskedAt)
                    .ThenBy(a => a.Id, StringComparer.Ordinal),
            ]
        );
    }

    /// <summary>Ids in these that stand for people.</summary>
    public static IEnumerable<string> PeopleIn(IEnumerable<Finding> findings, IEnumerable<KnownApproval> approvals) =>
        findings
            .Select(f => CaseOf(f.Detection))
            .OfType<string>()
            .Concat(
                approvals.SelectMany(a =>
                    a.Request.Answers.Select(answer => answer.ApproverId)
                        .Append(a.Request.CaseId)
                        .Append(a.Request.SubjectId)
                        .Concat(a.Request.Requesters)
                )
            )
            .Where(id => id.Length > 0)
            .Distinct(StringComparer.Ordinal);

    private static bool Touches(KnownApproval approval, PackRequest request) =>
        approval.Request.Answers.Select(a => a.At).Append(approval.Request.AskedAt).Any(at => at >= request.From && at < request.To);

    // The first part of the ids of all controls about leavers.
    private const string LeaverControls = "LEAVE-";

    // A case stands for the person who leaves, in findings about the case and in those about what the person could read.
    private static string? CaseOf(Detection detection)
    {
        const string leaver = "leaver/";
        return detection.Source.StartsWith(leaver, StringComparison.Ordinal) ? detection.Source[leaver.Length..].Split('/')[0] : null;
    }

    private static PackFinding Finding(Finding finding, PackRequest request, Hiding hide)
    {
        var d = finding.Detection;
        // What was resolved later was open, as far as the store can still show.
        var resolvedLater = finding.Status == FindingStatus.Resolved && !(finding.ResolvedAt < request.To);
        var people = CaseOf(d) is { } person ? new[] { person } : [];
        // What is about leavers and HR's events is worded with whatever the directory and HR gave: heirs, managers, those who fit.
        // Why acts are paused is written by a person.
        var about =
            d.ControlId.StartsWith(LeaverControls, StringComparison.Ordinal)
            || d.ControlId == PauseControls.Paused
            || CaseOf(d) is not null;
        var subject =
            hide.Hides && (d.Subject.Type is PersonFilter.UserSubject or IntakeSources.EventSubject)
                ? d.Subject with
                {
                    Id = LeftOut,
                    Name = LeftOut,
                }
                : d.Subject;
        return new()
        {
            Id = finding.Id,
            Control = d.ControlId,
            Severity = d.Severity,
            Status = resolvedLater ? FindingStatus.Open : finding.Status,
            SubjectType = d.Subject.Type,
            SubjectId = hide.In(subject.Id, people),
            SubjectName = hide.In(subject.Name, people),
            Part = about ? hide.AnyId(d.Part, people) : hide.In(d.Part, people),
            Source = about ? hide.AnyId(d.Source, people) : hide.In(d.Source, people),
            Unknown = d.Unknown,
            Reason = about && hide.Hides ? $"{AllControls.Catalogue.Get(d.ControlId).Title} {LeftOut}" : hide.In(d.Reason, people),
            NextStep = about && hide.Hides ? LeftOut : hide.In(d.NextStep, people),
            OpenedAt = finding.OpenedAt,
            ResolvedAt = resolvedLater ? null : finding.ResolvedAt,
            Reopened = finding.Reopened,
            HasOwner = d.Owner is not null,
            Waiver = hide.Hides && d.Waiver is { } waiver ? waiver with { Reason = LeftOut, ApprovedBy = LeftOut } : d.Waiver,
            RunId = hide.In(finding.RunId, people),
        };
    }

    private static PackApproval Approval(KnownApproval known, PackRequest request, Hiding hide)
    {
        var asked = known.Request;
        var then = asked with { Answers = [.. asked.Answers.Where(a => a.At < request.To)] };
        var people = asked
            .Answers.Select(a => a.ApproverId)
            .Append(asked.CaseId)
            .Append(asked.SubjectId)
            .Concat(asked.Requesters)
            .Where(p => p.Length > 0)
            .ToArray();
        return new(
            hide.In(asked.Id, people),
            asked.PlanId,
            hide.In(asked.CaseId, people),
            asked.Controls,
            asked.Guards,
            [.. asked.Reasons.Select(r => hide.Written(r, people))],
            asked.AskedAt,
            asked.Deadline,
            known.VoidedAt < request.To ? "void" : ApprovalRules.StateOf(then, request.To).ToString().ToLowerInvariant(),
            [
                .. then
                    .Answers.OrderBy(a => a.At)
                    .ThenBy(a => a.ApproverId, StringComparer.Ordinal)
                    .Select(a =>
                        a with
                        {
                            ApproverId = hide.In(a.ApproverId, people),
                            Comment = a.Comment is { } comment ? hide.Written(comment, people) : null,
                        }
                    ),
            ]
        );
    }

    // Pseudonyms as the ledger's writer puts them in, so that both can be laid side by side; then everybody else.
    // The filter is null in a pack with names.
    private sealed class Hiding(IReadOnlyDictionary<string, string> pseudonyms, PersonFilter? filter)
    {
        public bool Hides => filter is not null;

        public string In(string text, IEnumerable<string> people)
        {
            var hidden = text;
            foreach (var person in people.Distinct(StringComparer.Ordinal).OrderByDescending(p => p.Length))
                hidden = hidden.Replace(person, pseudonyms.GetValueOrDefault(person, Erased), StringComparison.OrdinalIgnoreCase);
            return filter?.In(hidden) ?? hidden;
        }

        // A step may carry the id of whoever gets what the leaver owned.
        public string AnyId(string text, IEnumerable<string> people) =>
            Hides ? PersonFilter.WithoutIds(In(text, people)) : In(text, people);

        // What people wrote, or what was worded for a leaver's approvers.
        public string Written(string text, IEnumerable<string> people) => Hides ? LeftOut : In(text, people);
    }
}
