namespace Compliance.Notifications;

/// <summary>Gives whose access has ended: they get no message, and do not count as notified.</summary>
internal interface IEndedPeople
{
    /// <summary>Those of these people, by object id, whose access this app has begun to end and not given back.</summary>
    /// <exception cref="Azure.RequestFailedException">Storage could not be read.</exception>
    Task<IReadOnlyCollection<string>> EndedAsync(IReadOnlyCollection<string> people, CancellationToken cancellationToken);
}
