using Azure;
using Compliance.Changes.Flow;
using Compliance.Credentials;

namespace Compliance.Minimization.Sweeps;

/// <summary>Owners as the directory has them.</summary>
internal sealed class DataOwners(IOwnerDirectory directory) : IDataOwners
{
    /// <inheritdoc/>
    public async Task<ChangeOwner?> FindAsync(string owner, CancellationToken cancellationToken)
    {
        var answer = (await directory.PeopleAsync([owner], cancellationToken)).GetValueOrDefault(owner);
        // Not read is not gone: who is asked would depend on an outage.
        if (answer is { Unread: { } unread })
            throw new RequestFailedException(503, $"whether data owner {owner} can sign in could not be read: {unread}");
        return answer?.Owners.FirstOrDefault(o => o is { IsUser: true, Enabled: true }) is { } person
            ? new(person.Id, person.Address)
            : null;
    }
}
