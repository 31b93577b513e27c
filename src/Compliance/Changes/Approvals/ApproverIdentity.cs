namespace Compliance.Changes.Approvals;

/// <summary>A person whose token was found good.</summary>
/// <param name="ObjectId">Entra object id, lower case.</param>
/// <param name="TenantId">Entra tenant id, lower case.</param>
/// <param name="TokenId">The token's own id (<c>uti</c>, else <c>jti</c>), for the trail; null when it has none.</param>
internal sealed record ApproverIdentity(string ObjectId, string TenantId, string? TokenId);

/// <summary>What a token came to: a person, or a refusal.</summary>
/// <param name="Identity">The person; null when refused.</param>
/// <param name="Status">HTTP status to answer with: 200, 401 (no good token), 403 (a good one without the right), 503 (nobody could
/// show).</param>
/// <param name="Reason">Why it is refused, without any part of the token; null when it is not.</param>
internal sealed record ApproverSignIn(ApproverIdentity? Identity, int Status, string? Reason)
{
    /// <summary>A person.</summary>
    public static ApproverSignIn From(ApproverIdentity identity) => new(identity, 200, null);

    /// <summary>A refusal.</summary>
    public static ApproverSignIn Refused(int status, string reason) => new(null, status, reason);
}
