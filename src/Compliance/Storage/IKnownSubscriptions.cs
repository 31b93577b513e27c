namespace Compliance.Storage;

/// <summary>The subscriptions seen in earlier runs, so that one that is no longer shown to us is noticed.</summary>
public interface IKnownSubscriptions
{
    /// <summary>Subscription ids with their names as last seen.</summary>
    Task<IReadOnlyDictionary<string, string>> LoadAsync(string tenantId, CancellationToken cancellationToken);

    /// <summary>Remembers newly seen subscriptions and forgets those confirmed gone.</summary>
    Task UpdateAsync(
        string tenantId,
        IReadOnlyDictionary<string, string> seen,
        IReadOnlyCollection<string> gone,
        CancellationToken cancellationToken
    );
}
