namespace Compliance.Offboarding.Actions;

/// <summary>Who takes over what a leaver owns.</summary>
internal sealed class Handover
{
    private readonly NewOwner? _newOwner;
    private readonly string? _fallback;

    /// <summary>Decides who it is.</summary>
    /// <param name="newOwner">The nearest manager; null when there is none. It may be one who could not be read.</param>
    /// <param name="userId">Object id of the leaver, who takes over nothing.</param>
    /// <param name="policy">In force.</param>
    public Handover(NewOwner? newOwner, string userId, OffboardingPolicy policy)
    {
        _newOwner = newOwner is null or { Unread: not null } || Same(newOwner.Id, userId) ? null : newOwner;
        // A manager who could not be read is no reason to give things to somebody else.
        _fallback = newOwner?.Unread is null ? Other(policy.FallbackOwner, userId) : null;
        PrivilegedOwner = Other(policy.PrivilegedOwner, userId);
        WhyNone = newOwner?.Unread is { } unread
            ? $"it would be left ownerless, and to whom it goes is not known: {unread}"
            : "it would be left ownerless: there is no manager to hand it over to, and policy names no owner (owners.fallback)";
    }

    /// <summary>Object id of who takes over what is not privileged; null when there is none.</summary>
    public string? Id => _newOwner?.Id ?? _fallback;

    /// <summary>The same, as people know them.</summary>
    public string? Name => _newOwner?.PrincipalName ?? _fallback;

    /// <summary>True when there is no manager to take it over, whether or not policy names somebody else.</summary>
    public bool IsFallback => _newOwner is null;

    /// <summary>Object id of who takes over what is privileged; null when policy names none.</summary>
    public string? PrivilegedOwner { get; }

    /// <summary>Why there is none to take over what is not privileged.</summary>
    public string WhyNone { get; }

    private static string? Other(string? id, string userId) => Same(id, userId) ? null : id;

    private static bool Same(string? a, string? b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);
}
