using Compliance.Callers;
using Compliance.Tenants;

namespace Compliance.Changes.Approvals;

/// <summary>What else than the token keeps a person from deciding. A capability that knows registers its own.</summary>
internal interface IApproverCheck
{
    /// <summary>Why this person may not decide; null when nothing is known against it.</summary>
    Task<string?> ObjectionAsync(CallerIdentity person, CancellationToken cancellationToken);
}

/// <summary>Who may decide: the token is good, it carries the role, and nothing else is known against the person.</summary>
internal sealed class Approvers(CallerTokenValidator tokens, IEnumerable<IApproverCheck> checks)
{
    /// <summary>Roles whose holders start and pause acts. Only an approver agrees to one.</summary>
    public static readonly IReadOnlyList<AppRole> Starters = [AppRole.Admin, AppRole.Approver];

    /// <summary>Roles whose holders answer requests; an owner those about their own data alone.</summary>
    public static readonly IReadOnlyList<AppRole> Answerers = [AppRole.Approver, AppRole.Owner];

    /// <summary>The approver or owner of a token.</summary>
    /// <param name="authorization">Header Authorization.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<CallerSignIn> SignInAsync(string? authorization, CancellationToken cancellationToken) =>
        SignInAsync(authorization, Answerers, cancellationToken);

    /// <summary>The person of a token who may start or pause acts.</summary>
    /// <param name="authorization">Header Authorization.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<CallerSignIn> SignInStarterAsync(string? authorization, CancellationToken cancellationToken) =>
        SignInAsync(authorization, Starters, cancellationToken);

    private async Task<CallerSignIn> SignInAsync(
        string? authorization,
        IReadOnlyList<AppRole> roles,
        CancellationToken cancellationToken
    )
    {
        var signIn = await tokens.ValidateAsync(authorization, roles, cancellationToken);
        if (signIn.Identity is not { } person)
            return signIn;
        foreach (var check in checks)
            if (await check.ObjectionAsync(person, cancellationToken) is { } objection)
                return CallerSignIn.Refused(403, objection);
        return signIn;
    }
}
