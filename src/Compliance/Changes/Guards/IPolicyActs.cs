namespace Compliance.Changes.Guards;

/// <summary>Remembers under which policy files something was done.</summary>
internal interface IPolicyActs
{
    /// <summary>True when nothing was done yet under this file: a new or changed policy.</summary>
    /// <exception cref="Azure.RequestFailedException">It could not be known.</exception>
    Task<bool> IsFirstAsync(string tenantId, string policySha256, CancellationToken cancellationToken);

    /// <summary>Remembers that a plan under this file was approved or carried out. The first to say so stays.</summary>
    /// <exception cref="Azure.RequestFailedException">It is not known to be kept. Say it again.</exception>
    Task ActedAsync(string tenantId, string policySha256, string caseId, DateTimeOffset now, CancellationToken cancellationToken);
}
