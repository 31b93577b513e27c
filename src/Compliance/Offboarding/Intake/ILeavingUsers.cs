using Compliance.Findings;

namespace Compliance.Offboarding.Intake;

/// <summary>Reads the users that HR should know of.</summary>
internal interface ILeavingUsers
{
    /// <summary>All enabled members that have an employee id or a leave date, or why they could not be read to the end.</summary>
    Task<LeavingUsers> ReadAsync(CancellationToken cancellationToken);
}

/// <summary>What was read.</summary>
/// <param name="Users">The users; not all of them when <paramref name="Outcome"/> is not complete.</param>
/// <param name="Outcome">Whether that is all.</param>
internal sealed record LeavingUsers(IReadOnlyList<LeavingUser> Users, SourceOutcome Outcome);

/// <summary>A user who can sign in.</summary>
/// <param name="Id">Entra object id.</param>
/// <param name="PrincipalName">User principal name.</param>
/// <param name="EmployeeId">HR's id; null when the directory has none.</param>
/// <param name="LeavesAt">When the person leaves, as the directory says; null when not set.</param>
internal sealed record LeavingUser(string Id, string PrincipalName, string? EmployeeId, DateTimeOffset? LeavesAt);
