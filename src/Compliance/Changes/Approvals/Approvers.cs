namespace Compliance.Changes.Approvals;

/// <summary>What else than the token keeps a person from deciding. A capability that knows registers its own.</summary>
internal interface IApproverCheck
{
    /// <summary>Why this person may not decide; null when nothing is known against it.</summary>
    Task<string?> ObjectionAsync(ApproverIdentity person, CancellationToken cancellationToken);
}

/// <summary>Who may decide: the token is good, it carries the role, and nothing else is known against the person.</summary>
internal sealed class Approvers(ApproverTokenValidator tokens, IEnumerable<IApproverCheck> checks)
{
    /// <summary>The person of a token.</summary>
    /// <param name="authorization">Header Authorization.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ApproverSignIn> SignInAsync(string? authorization, CancellationToken cancellationToken)
    {
        var signIn = await tokens.ValidateAsync(authorization, cancellationToken);
        if (signIn.Identity is not { } person)
            return signIn;
        foreach (var check in checks)
            if (await check.ObjectionAsync(person, cancellationToken) is { } objection)
                return ApproverSignIn.Refused(403, objection);
        return signIn;
    }
}
