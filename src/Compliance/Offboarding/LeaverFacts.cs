using Compliance.Changes.Guards;

namespace Compliance.Offboarding;

/// <summary>What one <c>$batch</c> shows of a leaver: the guards decide on it, before anything is done.</summary>
public sealed record LeaverFacts
{
    /// <summary>Entra object id.</summary>
    public required string UserId { get; init; }

    /// <summary>User principal name.</summary>
    public required string PrincipalName { get; init; }

    /// <summary>Display name.</summary>
    public required string DisplayName { get; init; }

    /// <summary>Employee id; null when not set.</summary>
    public string? EmployeeId { get; init; }

    /// <summary>Mail address; null when not set.</summary>
    public string? Mail { get; init; }

    /// <summary><c>Member</c> or <c>Guest</c>.</summary>
    public string? UserType { get; init; }

    /// <summary>For example <c>Employee</c>, <c>Service</c>.</summary>
    public string? EmployeeType { get; init; }

    /// <summary>
    /// Whether the account could sign in before this program disabled it, for the first time or again; null when it was not given.
    /// </summary>
    public bool? AccountEnabled { get; init; }

    /// <summary>
    /// True when the account comes from an on-premises directory: disabling here does not last, it must be disabled there.
    /// </summary>
    public bool OnPremisesSynced { get; init; }

    /// <summary>Sessions begun before this time (UTC) are void; null when not given.</summary>
    public DateTimeOffset? SessionsValidFrom { get; init; }

    /// <summary>When the person leaves, as the directory says; null when not set.</summary>
    public DateTimeOffset? LeaveDate { get; init; }

    /// <summary>Object id of the manager; null when there is none.</summary>
    public string? ManagerId { get; init; }

    /// <summary>Object ids of those of the policy's protected groups that the user is in, nested ones too.</summary>
    public IReadOnlyList<string> ProtectedBy { get; init; } = [];

    /// <summary>True when the user holds Global Administrator over the whole directory.</summary>
    public bool GlobalAdministrator { get; init; }

    /// <summary>
    /// Other users who hold Global Administrator over the whole directory and can sign in; null when that could not be known.
    /// </summary>
    public int? OtherGlobalAdministrators { get; init; }

    /// <summary>Object ids of those others.</summary>
    public IReadOnlyList<string> OtherGlobalAdministratorIds { get; init; } = [];

    /// <summary>How many users the tenant has; null when it could not be counted.</summary>
    public long? Staff { get; init; }

    /// <summary>What could not be read, in words; not empty means that the guards hold.</summary>
    public IReadOnlyList<string> Unread { get; init; } = [];
}

/// <summary>The guards, as stored and printed.</summary>
public static class GuardNames
{
    /// <summary>A break-glass or otherwise protected account.</summary>
    public const string Protected = "protected-account";

    /// <summary>This program's own identity.</summary>
    public const string OwnIdentity = "own-identity";

    /// <summary>The last Global Administrator that can sign in.</summary>
    public const string LastGlobalAdministrator = "last-global-administrator";

    /// <summary>An account that is used by a service.</summary>
    public const string ServiceAccount = "service-account";

    /// <summary>More leavers in an hour than policy allows.</summary>
    public const string HourCap = "leavers-per-hour";

    /// <summary>A greater share of staff in a day than policy allows.</summary>
    public const string DayCap = "share-of-staff-per-day";

    /// <summary>Something the guards need could not be read or counted.</summary>
    public const string Unreadable = Hold.Unreadable;

    /// <summary>The only owner of something with nobody to hand it to.</summary>
    public const string LastOwner = "last-owner";

    /// <summary>A privileged application would get a new owner, who can add credentials to it.</summary>
    public const string PrivilegedHandover = "privileged-handover";

    /// <summary>The first act under a new or changed policy.</summary>
    public const string FirstActOfPolicy = Hold.FirstActOfPolicy;

    /// <summary>HR's event fits another account than it did before.</summary>
    public const string OtherMatch = "other-match";

    /// <summary>Access is given back.</summary>
    public const string Restore = "restore";

    /// <summary>An administrator ended access for cause: a second person confirms it. It holds nothing up.</summary>
    public const string ForCause = "for-cause";

    /// <summary>What names people of a case that has ended is erased.</summary>
    public const string Erasure = "erasure";
}
