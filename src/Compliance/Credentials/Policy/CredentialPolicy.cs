using System.Collections.Frozen;
using Compliance.Policies;

namespace Compliance.Credentials;

/// <summary>The policy of the credential-rotation check, as one file says it. docs/reference/policy-credentials.md explains it.</summary>
internal sealed record CredentialPolicy
{
    /// <summary>SHA-256 of the file, lower-case hex.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Name of the file, for messages.</summary>
    public required string File { get; init; }

    /// <summary>
    /// What its author should know but does not stop the check: waivers that ended or soon will, overrides that overlap. In file order.
    /// </summary>
    public required IReadOnlyList<PolicyProblem> Warnings { get; init; }

    /// <summary>Rules for each kind of credential before overrides.</summary>
    public required FrozenDictionary<CredentialKind, CredentialRules> Rules { get; init; }

    /// <summary>How bad findings are.</summary>
    public required SeverityPolicy Severity { get; init; }

    /// <summary>In file order.</summary>
    public required IReadOnlyList<PolicyOverride> Overrides { get; init; }

    /// <summary>In file order; those that ended too.</summary>
    public required IReadOnlyList<PolicyWaiver> Waivers { get; init; }

    /// <summary>The tag whose value is the address of a resource's owner.</summary>
    public required string OwnerTag { get; init; }

    /// <summary>Who is asked when nobody owns a flagged object; null when nobody is.</summary>
    public required string? FallbackOwner { get; init; }

    /// <summary>Ids of subscriptions that may vanish. Compared without case.</summary>
    public required FrozenSet<string> RetiredSubscriptions { get; init; }

    /// <summary>How often the check is expected to run.</summary>
    public required TimeSpan RunEvery { get; init; }

    /// <summary>How late a run may be before it counts as missed.</summary>
    public required TimeSpan RunTolerance { get; init; }

    /// <summary>The waiver that covers a finding at an instant: of several the one that lasts longest; null when there is none.</summary>
    /// <param name="controlId">The control.</param>
    /// <param name="subjectId">Id of the finding's subject.</param>
    /// <param name="appId">Client id of the application; null for anything but Graph objects.</param>
    /// <param name="part">Part of the subject; empty for the whole.</param>
    /// <param name="now">The instant.</param>
    public PolicyWaiver? WaiverFor(string controlId, string subjectId, string? appId, string part, DateTimeOffset now)
    {
        PolicyWaiver? best = null;
        foreach (var waiver in Waivers)
        {
            if (waiver.Covers(controlId, subjectId, appId, part) && now < waiver.Ends && (best is null || waiver.Ends > best.Ends))
                best = waiver;
        }

        return best;
    }
}

/// <summary>What an override selects by. The order is the precedence: a later one wins.</summary>
internal enum SelectorKind
{
    /// <summary>A pattern of the object's name, with <c>*</c> and <c>?</c>.</summary>
    NamePattern,

    /// <summary>A tag, with or without its value.</summary>
    Tag,

    /// <summary>The address of an owner.</summary>
    Owner,

    /// <summary>The client id of an application.</summary>
    AppId,
}

/// <summary>An override of rules for some objects.</summary>
/// <param name="Name">Unique name.</param>
/// <param name="Kind">What it selects by.</param>
/// <param name="Selector">What it selects: client id, address, <c>name</c> or <c>name=value</c>, or pattern. Compared without case.</param>
/// <param name="Changes">The rules it changes.</param>
/// <param name="Reason">Why.</param>
/// <param name="Line">Line of the file, from 1.</param>
internal sealed record PolicyOverride(string Name, SelectorKind Kind, string Selector, RuleChanges Changes, string Reason, long Line)
{
    /// <summary>For a tag: its name.</summary>
    public string TagName { get; } = Selector.Split('=', 2)[0].Trim();

    /// <summary>For a tag: its value; null when any will do.</summary>
    public string? TagValue { get; } = Selector.Split('=', 2) is [_, var value] ? value.Trim() : null;
}

/// <summary>An accepted exception, as the policy says it.</summary>
/// <param name="Id">Unique id.</param>
/// <param name="ControlId">The control.</param>
/// <param name="SubjectId">Id of the subject; null when it is named by client id.</param>
/// <param name="AppId">Client id; null when the subject is named by id.</param>
/// <param name="Part">The part it covers; null for every part.</param>
/// <param name="Reason">Why.</param>
/// <param name="ApprovedBy">Address of who accepted it.</param>
/// <param name="Ends">The instant from which it no longer holds: midnight UTC after its last day.</param>
internal sealed record PolicyWaiver(
    string Id,
    string ControlId,
    string? SubjectId,
    string? AppId,
    string? Part,
    string Reason,
    string ApprovedBy,
    DateTimeOffset Ends
)
{
    /// <summary>Whether it is about this finding, whatever the time.</summary>
    public bool Covers(string controlId, string subjectId, string? appId, string part) =>
        ControlId == controlId
        && (
            SubjectId is not null
                ? SubjectId.Equals(subjectId, StringComparison.OrdinalIgnoreCase)
                : AppId!.Equals(appId, StringComparison.OrdinalIgnoreCase)
        )
        && (Part is null || Part.Equals(part, StringComparison.OrdinalIgnoreCase));
}
