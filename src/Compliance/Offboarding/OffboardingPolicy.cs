using Compliance.Controls;

namespace Compliance.Offboarding;

/// <summary>How people are offboarded. Read from <c>policy/offboarding.yaml</c>, checked against the schema that ships with it.</summary>
public sealed record OffboardingPolicy
{
    /// <summary>SHA-256 of the file, lower-case hex.</summary>
    public required string Sha256 { get; init; }

    /// <summary>How HR's id is found in the directory, in this order.</summary>
    public IReadOnlyList<MatchRule> Match { get; init; } = [new(["employeeId"]), new(["mail", "userPrincipalName"])];

    /// <summary>Groups whose members are never offboarded without two approvals (break-glass), by object id.</summary>
    public IReadOnlySet<string> ProtectedGroups { get; init; } = new HashSet<string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Accounts that are never offboarded without two approvals, by object id or user principal name.</summary>
    public IReadOnlySet<string> ProtectedAccounts { get; init; } = new HashSet<string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Patterns (<c>*</c> stands for any text) of user principal names that services use.</summary>
    public IReadOnlyList<string> ServiceAccounts { get; init; } = ["svc-*", "svc_*", "sa-*"];

    /// <summary><c>employeeType</c> values that services use.</summary>
    public IReadOnlySet<string> ServiceEmployeeTypes { get; init; } =
        new HashSet<string>(["Service", "ServiceAccount"], StringComparer.OrdinalIgnoreCase);

    /// <summary>Most leavers blocked in any 60 minutes without approvals. Default 10.</summary>
    public int MaxPerHour { get; init; } = 10;

    /// <summary>
    /// Greatest share of the tenant's users blocked in one day (UTC), 0 to 1, without approvals; at least one person a day is always
    /// allowed. Default 0.05.
    /// </summary>
    public double MaxOfStaffPerDay { get; init; } = 0.05;

    /// <summary>Ask for two approvals of the first removal plan under a new or changed policy. Default true.</summary>
    public bool ApproveFirstAct { get; init; } = true;

    /// <summary>How long approvers have; past it the case stays open and a critical finding is escalated. Default 24 h.</summary>
    public TimeSpan ApprovalWithin { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long an approver's yes counts before the plan is begun; after that it has to be given again. Default 72 h.</summary>
    public TimeSpan ApprovalValidFor { get; init; } = TimeSpan.FromHours(72);

    /// <summary>How long a second person has to confirm a start for cause; past it a critical finding is raised. Default 4 h.</summary>
    public TimeSpan ConfirmWithin { get; init; } = TimeSpan.FromHours(4);

    /// <summary>
    /// Object id of a security group that a Conditional Access policy blocks: who was blocked is put there as well. Null: none is.
    /// </summary>
    public string? BlockGroup { get; init; }

    /// <summary>By when everything must be seen removed after blocking, before it is escalated. Default 4 h.</summary>
    public TimeSpan ClearWithin { get; init; } = TimeSpan.FromHours(4);

    /// <summary>How long a leaver is watched after the case is clear. Default 90 days.</summary>
    public TimeSpan WatchFor { get; init; } = TimeSpan.FromDays(90);

    /// <summary>
    /// How long access tokens may live on, for the certificate, where the tenant's own token policy is not read. Default 90 minutes.
    /// </summary>
    public TimeSpan TokenLifetime { get; init; } = TimeSpan.FromMinutes(90);

    /// <summary>
    /// True to remove directory roles and app roles, which needs permissions whose holder could make itself Global Administrator. Default
    /// false: those are reported with the command that does it.
    /// </summary>
    public bool PrivilegedRemovals { get; init; }

    /// <summary>True to disable registered devices and retire managed ones. Default false: reported.</summary>
    public bool RetireDevices { get; init; }

    /// <summary>True to take licences away. Default false.</summary>
    public bool RemoveLicences { get; init; }

    /// <summary>True to remove sign-in methods. Default true.</summary>
    public bool RemoveSignInMethods { get; init; } = true;

    /// <summary>
    /// True to hand mailbox and files over. Default false; either way it is reported with what to do, since this program has no permission
    /// to read mail or files.
    /// </summary>
    public bool HandOverMailAndFiles { get; init; }

    /// <summary>Who gets privileged applications, by object id; null: their handing over waits for a decision.</summary>
    public string? PrivilegedOwner { get; init; }

    /// <summary>Who gets what has no manager to go to, by object id; null: it waits for a decision.</summary>
    public string? FallbackOwner { get; init; }

    /// <summary>Tag that shows what a resource holds. Default <c>ai-asset</c>.</summary>
    public string AssetTag { get; init; } = "ai-asset";

    /// <summary>Values of that tag for production models. Default <c>production-model</c>.</summary>
    public IReadOnlySet<string> ProductionModelValues { get; init; } =
        new HashSet<string>(["production-model"], StringComparer.OrdinalIgnoreCase);

    /// <summary>Values of that tag for training data. Default <c>training-data</c>.</summary>
    public IReadOnlySet<string> TrainingDataValues { get; init; } =
        new HashSet<string>(["training-data"], StringComparer.OrdinalIgnoreCase);

    /// <summary>Tag that names a resource's owner. Default <c>owner</c>.</summary>
    public string OwnerTag { get; init; } = "owner";

    /// <summary>The HR roster: container and blob of the state account, CSV or JSON; null when there is none.</summary>
    public string? Roster { get; init; }

    /// <summary>The longest silence of HR (events or roster) before it is a finding; null: not watched. Default 24 h.</summary>
    public TimeSpan? Heartbeat { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Systems this program does not look into, listed on every certificate.</summary>
    public IReadOnlyList<string> NotInspected { get; init; } = [];

    /// <summary>Severity by control id, where policy says otherwise.</summary>
    public IReadOnlyDictionary<string, Severity> Severities { get; init; } = new Dictionary<string, Severity>(StringComparer.Ordinal);

    /// <summary>Who gets this capability's findings: mail address or object id.</summary>
    public string? Contact { get; init; }
}

/// <summary>
/// One way to find the person: all attributes named must agree. A mail address or principal name can be recycled, so one alone is refused
/// by the policy's loader.
/// </summary>
/// <param name="Attributes"><c>employeeId</c>, <c>mail</c>, <c>userPrincipalName</c>.</param>
public sealed record MatchRule(IReadOnlyList<string> Attributes);
