using Compliance.Controls;

namespace Compliance.Findings;

/// <summary>
/// What a check says is wrong, or could not decide, in this run. Reconciling detections with stored findings gives the new findings.
/// </summary>
public sealed record Detection
{
    /// <summary>The control that failed, for example <c>CRED-001</c>.</summary>
    public required string ControlId { get; init; }

    /// <summary>Severity after policy.</summary>
    public required Severity Severity { get; init; }

    /// <summary>What it is about.</summary>
    public required Subject Subject { get; init; }

    /// <summary>The part of the subject, for example a credential's key id; empty for the subject as a whole.</summary>
    public string Part { get; init; } = "";

    /// <summary>The source it was read from. Only a complete read of this source can resolve the finding later.</summary>
    public required string Source { get; init; }

    /// <summary>Resource Manager id of the resource that carries the subject; null for Graph objects.</summary>
    public string? ResourceId { get; init; }

    /// <summary>True when the check could not decide: shown as loudly as a failure, never as a pass.</summary>
    public bool Unknown { get; init; }

    /// <summary>Why, with dates rather than ages, so that the text stays the same from day to day.</summary>
    public required string Reason { get; init; }

    /// <summary>What the owner should do next, worded for that owner.</summary>
    public required string NextStep { get; init; }

    /// <summary>
    /// Since when the credential has been in use, or a message has been waiting; null when unknown or not applicable. Ages are counted from
    /// here.
    /// </summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>When the credential ends; null when never or not applicable.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>Who should act; null when nobody could be found.</summary>
    public Person? Owner { get; init; }

    /// <summary>The policy waiver that covers it, or null.</summary>
    public Waiver? Waiver { get; init; }
}

/// <summary>An accepted exception: it has a reason, an approver and an end.</summary>
/// <param name="Id">Its id in the policy file.</param>
/// <param name="Reason">Why it was accepted.</param>
/// <param name="ApprovedBy">Who accepted it.</param>
/// <param name="Expires">The instant from which it no longer holds.</param>
public sealed record Waiver(string Id, string Reason, string ApprovedBy, DateTimeOffset Expires);
