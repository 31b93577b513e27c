using System.Security.Cryptography;
using System.Text;

namespace Compliance.Findings;

/// <summary>Where a finding stands.</summary>
public enum FindingStatus
{
    /// <summary>Seen and not corrected.</summary>
    Open,

    /// <summary>Seen and accepted for a time by a waiver.</summary>
    Waived,

    /// <summary>A complete read of its source no longer shows it.</summary>
    Resolved,
}

/// <summary>One problem over time. The same problem in a later run is the same finding.</summary>
public sealed record Finding
{
    /// <summary>Readable id: the control id and the start of the fingerprint, for example <c>CRED-001-5f0c9a31b2d4</c>.</summary>
    public required string Id { get; init; }

    /// <summary>The tenant it belongs to.</summary>
    public required string TenantId { get; init; }

    /// <summary>Where it stands.</summary>
    public required FindingStatus Status { get; init; }

    /// <summary>What was last said of it.</summary>
    public required Detection Detection { get; init; }

    /// <summary>When it was first opened (UTC).</summary>
    public required DateTimeOffset OpenedAt { get; init; }

    /// <summary>When anything about it last changed (UTC). A run that started before this instant does not resolve it.</summary>
    public required DateTimeOffset ChangedAt { get; init; }

    /// <summary>When it was resolved (UTC); null unless it is resolved.</summary>
    public DateTimeOffset? ResolvedAt { get; init; }

    /// <summary>How often it came back after it was resolved.</summary>
    public int Reopened { get; init; }

    /// <summary>The run that last changed it.</summary>
    public required string RunId { get; init; }

    /// <summary>Days since <see cref="Detection.Since"/>, whole days rounded down; null when that is unknown or still lies ahead.</summary>
    public int? AgeDays(DateTimeOffset now) =>
        Detection.Since is { } since && since <= now ? (int)Math.Floor((now - since).TotalDays) : null;

    /// <summary>
    /// The finding's id: SHA-256 over tenant, control, subject type, subject id and part, so that one problem is one finding over time
    /// whatever its name, age or text.
    /// </summary>
    public static string IdOf(string tenantId, string controlId, Subject subject, string part)
    {
        ArgumentNullException.ThrowIfNull(subject);
        var text = string.Join('\n', tenantId, controlId, subject.Type, subject.Id, part).ToLowerInvariant();
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(text));
        return $"{controlId}-{Convert.ToHexStringLower(hash.AsSpan(0, 8))}";
    }
}
