using Compliance.Storage;

namespace Compliance.Offboarding.Intake;

/// <summary>What the daily watch for leavers without an event reads: the directory, HR's roster, the cases and HR's latest event.</summary>
internal sealed class WatchReads(TenantId tenant, ILeavingUsers leavingUsers, HrRosterStore rosters, ILeaverCases cases, HrEventLog events)
{
    /// <summary>Reads it all. A roster that is no roster, or not to be believed, is left out with the reason.</summary>
    public async Task<WatchSeen> ReadAsync(OffboardingPolicy policy, DateTimeOffset now, CancellationToken cancellationToken)
    {
        HrRoster? roster = null;
        string? problem = null;
        if (policy.Roster is { } place)
        {
            try
            {
                roster = await rosters.ReadAsync(place, cancellationToken);
                problem = LeaverWatchRules.Disbelieve(roster, await rosters.LastCountAsync(tenant.Value, cancellationToken), policy, now);
            }
            catch (FormatException e)
            {
                problem = $"It is no roster: {e.Message}";
            }
        }
        var users = await leavingUsers.ReadAsync(cancellationToken);
        // Read last: a case that was opened meanwhile covers its person.
        var known = await cases.AllAsync(tenant.Value, cancellationToken);
        var latest = await events.LatestAsync(tenant.Value, now, cancellationToken);
        return new(users, problem is null ? roster : null, problem, known, latest);
    }

    /// <summary>Makes a roster the measure of the next one.</summary>
    public Task AcceptAsync(HrRoster roster, CancellationToken cancellationToken) =>
        rosters.AcceptedAsync(tenant.Value, roster, cancellationToken);

    /// <summary>An event that was taken in; null when there is none.</summary>
    public Task<TakenEvent?> FindEventAsync(string key, CancellationToken cancellationToken) =>
        events.FindAsync(tenant.Value, key, cancellationToken);

    /// <summary>Deletes the oldest events, by which nothing is decided any more.</summary>
    public Task ForgetAsync(DateTimeOffset now, CancellationToken cancellationToken) =>
        events.ForgetAsync(tenant.Value, now, cancellationToken);
}
