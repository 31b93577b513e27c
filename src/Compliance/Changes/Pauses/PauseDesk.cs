using Compliance.Changes.Approvals;

namespace Compliance.Changes.Pauses;

/// <summary>What a request about the pause came to.</summary>
/// <param name="Status">HTTP status to answer with.</param>
/// <param name="Reason">Why it is refused; null when it is not.</param>
/// <param name="Pause">The pause; null when it is refused.</param>
public sealed record PauseReception(int Status, string? Reason, PauseView? Pause);

/// <summary>Where administrators pause acts, and ask to resume them.</summary>
public sealed class PauseDesk
{
    /// <summary>Characters that the reason of a pause may have.</summary>
    public const int MaxReason = 500;

    private readonly Approvers _approvers;
    private readonly PauseSwitch _pause;

    internal PauseDesk(Approvers approvers, PauseSwitch pause) => (_approvers, _pause) = (approvers, pause);

    /// <summary>What is paused now.</summary>
    public Task<PauseView> ShowAsync(CancellationToken cancellationToken) => _pause.ShowAsync(cancellationToken);

    /// <summary>Holds all acts from now on.</summary>
    /// <param name="authorization">Header Authorization with the token of an administrator or approver, who answers for it.</param>
    /// <param name="reason">Why.</param>
    /// <param name="blocking">Whether blocking a leaver is held too.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<PauseReception> PauseAsync(
        string? authorization,
        string reason,
        bool blocking,
        CancellationToken cancellationToken
    )
    {
        var signIn = await _approvers.SignInStarterAsync(authorization, cancellationToken);
        return signIn.Identity is { } person
            ? new(200, null, await _pause.PauseAsync(reason, blocking, person.ObjectId, cancellationToken))
            : new(signIn.Status, signIn.Reason, null);
    }

    /// <summary>Asks two other people whether acts may continue.</summary>
    /// <param name="authorization">Header Authorization with the token of an administrator or approver, whose own answer does not
    /// count.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<PauseReception> ResumeAsync(string? authorization, CancellationToken cancellationToken)
    {
        var signIn = await _approvers.SignInStarterAsync(authorization, cancellationToken);
        if (signIn.Identity is not { } person)
            return new(signIn.Status, signIn.Reason, null);
        return await _pause.AskToResumeAsync(person.ObjectId, cancellationToken) is { } asked
            ? new(202, null, asked)
            : new(409, "acts are not paused", null);
    }
}
