using Compliance.Tenants;

namespace Compliance.Callers;

/// <summary>Who calls, as a token that was found good shows it.</summary>
/// <param name="ObjectId">Entra object id of the person, or of the application's service principal; lower case.</param>
/// <param name="TenantId">Entra tenant id, lower case.</param>
/// <param name="TokenId">The token's own id (<c>uti</c>, else <c>jti</c>), for the trail; null when it has none.</param>
/// <param name="IsPerson">True for a person who signed in, false for an application.</param>
/// <param name="Roles">The roles of this app that the token carries, of those that this kind of caller can hold.</param>
internal sealed record CallerIdentity(string ObjectId, string TenantId, string? TokenId, bool IsPerson, IReadOnlyList<AppRole> Roles)
{
    /// <summary>Whether the caller holds one of these roles.</summary>
    public bool HoldsAny(params IEnumerable<AppRole> roles) => roles.Any(Roles.Contains);
}

/// <summary>What a token came to: a caller, or a refusal.</summary>
/// <param name="Identity">The caller; null when refused.</param>
/// <param name="Status">HTTP status to answer with: 200, 401 (no good token), 403 (a good one without the right), 503 (no one could
/// show).</param>
/// <param name="Reason">Why it is refused, without any part of the token; null when it is not.</param>
internal sealed record CallerSignIn(CallerIdentity? Identity, int Status, string? Reason)
{
    /// <summary>A caller.</summary>
    public static CallerSignIn From(CallerIdentity identity) => new(identity, 200, null);

    /// <summary>A refusal.</summary>
    public static CallerSignIn Refused(int status, string reason) => new(null, status, reason);
}
