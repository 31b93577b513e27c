using System.Collections.Frozen;
using Compliance.Controls;

namespace Compliance.Credentials;

/// <summary>
/// How bad a finding is. In this order, each replacing what came before: the control's own, the policy's severity of the control, for
/// CRED-003 the step that was reached, the severity for the kind of credential; then ceilings by tag, then floors by tag. Of an object in a
/// vault the worse of two: by the vault's tags alone, and with the object's own over them. Its holder can raise it, never lower it.
/// </summary>
internal sealed class SeverityPolicy(
    FrozenDictionary<string, Severity> controls,
    IReadOnlyList<(int WithinDays, Severity Severity)> steps,
    FrozenDictionary<(CredentialKind Kind, string ControlId), Severity> kinds,
    IReadOnlyList<TagSeverity> tags
)
{
    /// <summary>
    /// By the warning step that was reached, from near to far. A step takes the first entry that is not nearer than itself.
    /// </summary>
    public IReadOnlyList<(int WithinDays, Severity Severity)> Steps { get; } = steps;

    /// <summary>Floors and ceilings, in file order.</summary>
    public IReadOnlyList<TagSeverity> Tags { get; } = tags;

    /// <summary>Severity of a finding that is about no credential.</summary>
    public Severity For(Control control) => controls.TryGetValue(control.Id, out var severity) ? severity : control.Severity;

    /// <summary>Severity of a finding about a credential.</summary>
    /// <param name="control">The control.</param>
    /// <param name="credential">The credential.</param>
    /// <param name="stepDays">For CRED-003: the warning step that was reached; null for others.</param>
    public Severity For(Control control, Credential credential, int? stepDays)
    {
        var severity = For(control);
        if (stepDays is { } step)
        {
            foreach (var (within, at) in Steps)
            {
                if (step > within)
                    continue;
                severity = at;
                break;
            }
        }

        if (kinds.TryGetValue((credential.Kind, control.Id), out var ofKind))
            severity = ofKind;
        var byTags = ByTags(severity, control.Id, credential.Tags);
        if (credential.VaultTags is not { } outer)
            return byTags;
        var byVault = ByTags(severity, control.Id, outer);
        return byVault > byTags ? byVault : byTags;
    }

    private Severity ByTags(Severity severity, string controlId, IReadOnlyDictionary<string, string> tags)
    {
        foreach (var tag in Tags)
        {
            if (tag.AtMost is { } ceiling && severity > ceiling && tag.Matches(controlId, tags))
                severity = ceiling;
        }

        foreach (var tag in Tags)
        {
            if (tag.AtLeast is { } floor && severity < floor && tag.Matches(controlId, tags))
                severity = floor;
        }

        return severity;
    }
}

/// <summary>A floor or a ceiling for what carries a tag.</summary>
/// <param name="Tag">Name of the tag.</param>
/// <param name="Values">Any of these values; null for any at all. Compared without case.</param>
/// <param name="Controls">For these controls; null for all of them.</param>
/// <param name="AtLeast">Floor; null when there is none.</param>
/// <param name="AtMost">Ceiling; null when there is none.</param>
internal sealed record TagSeverity(string Tag, FrozenSet<string>? Values, FrozenSet<string>? Controls, Severity? AtLeast, Severity? AtMost)
{
    /// <summary>Whether it is about this finding.</summary>
    public bool Matches(string controlId, IReadOnlyDictionary<string, string> tags) =>
        (Controls is null || Controls.Contains(controlId))
        && tags.TryGetValue(Tag, out var value)
        && (Values is null || Values.Contains(value.Trim()));
}
