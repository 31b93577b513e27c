using Compliance.Findings;
using Compliance.Offboarding;
using Compliance.Offboarding.Directory;

namespace Compliance.Tests.Offboarding;

/// <summary>A leaver and pieces of access, for tests.</summary>
internal static class Some
{
    public const string TenantId = "5f6b9d2e-0c1a-4f6e-9a55-3a2f6f0d7c11";
    public const string UserId = "dana-0000-4000-8000-000000000042";
    public const string CaseId = "leaver-00c0ffee";
    public static readonly DateTimeOffset Time = new(2026, 11, 23, 9, 0, 0, TimeSpan.Zero);

    public static readonly NewOwner NewOwner = new("heir-0000-4000-8000-000000000007", "mona@northwynd.example", "Mona Reyes");

    public static readonly OffboardingPolicy Policy = new() { Sha256 = new string('a', 64) };

    public static readonly OffboardingPolicy Everything = Policy with
    {
        PrivilegedRemovals = true,
        RetireDevices = true,
        RemoveLicences = true,
        PrivilegedOwner = "priv-0000-4000-8000-000000000001",
    };

    public static LeaverFacts Facts =>
        new()
        {
            UserId = UserId,
            PrincipalName = "dana@northwynd.example",
            DisplayName = "Dana Whitlock",
            EmployeeId = "NW-1042",
            AccountEnabled = true,
        };

    /// <summary>An access; one that could give power was judged to give none, unless the details say otherwise.</summary>
    public static Access Access(AccessKind kind, string id, string scope = "", params (string Name, string Value)[] details)
    {
        var all = details.ToDictionary(d => d.Name, d => d.Value);
        if (
            kind
            is AccessKind.AzureRole
                or AccessKind.GroupMember
                or AccessKind.OwnedGroup
                or AccessKind.OwnedApplication
                or AccessKind.OwnedServicePrincipal
        )
            all.TryAdd(Power.Detail, Power.None);
        return new()
        {
            Kind = kind,
            Id = id,
            Name = id,
            Scope = scope,
            Details = all,
        };
    }

    public static Access Group(string id) => Access(AccessKind.GroupMember, id);

    public static Access AppRole(string id) => Access(AccessKind.AppRole, id, "", ("resourceId", "registry"), ("appRoleId", "writer"));

    public static Access AzureRole(string subscription, string id, AssetClass asset = AssetClass.Other) =>
        Access(
            AccessKind.AzureRole,
            $"/subscriptions/{subscription}/providers/Microsoft.Authorization/roleAssignments/{id}",
            $"/subscriptions/{subscription}",
            ("scope", $"/subscriptions/{subscription}"),
            ("roleDefinitionId", $"/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/reader"),
            ("principalId", UserId)
        ) with
        {
            Asset = asset,
        };

    public static Access Vault(string name, string? application = null) =>
        Access(
            AccessKind.VaultAccessPolicy,
            $"/subscriptions/s1/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/{name}"
                + $"{(application is null ? "" : "/accessPolicies/" + application)}",
            $"/subscriptions/s1/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/{name}",
            [
                ("vaultId", $"/subscriptions/s1/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/{name}"),
                ("objectId", UserId),
                ("tenantId", TenantId),
                ("permissions", """{"secrets":["get"]}"""),
                .. application is null ? Array.Empty<(string, string)>() : [("applicationId", application)],
            ]
        );

    public static Access Resource(string name, string owner) =>
        Access(
            AccessKind.OwnedResource,
            $"/subscriptions/s1/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/{name}",
            "",
            ("tag", "owner"),
            ("value", owner)
        );

    public static LeaverCase Case =>
        new()
        {
            Id = CaseId,
            TenantId = TenantId,
            EmployeeId = "NW-1042",
            Employment = "1",
            Sequence = 1,
            Latest = new("https://hr.northwynd.example", "e-1", HrEventKind.Terminated, Time, "NW-1042", "1", 1, null, false, null, null),
            ReceivedAt = Time,
            Stage = LeaverStage.Scheduled,
        };

    public static AccessSnapshot Snapshot(params IReadOnlyList<Access> accesses) => new(TenantId, UserId, Time, accesses, Sources());

    /// <summary>Every source, read to its end.</summary>
    public static IReadOnlyList<SourceOutcome> Sources(params string[] subscriptions) =>
        [
            .. new[]
            {
                "",
                "memberOf",
                "authentication/methods",
                "appRoleAssignments",
                "oauth2PermissionGrants",
                "roleAssignments",
                "roleEligibilityScheduleInstances",
                "ownedObjects",
                "registeredDevices",
                "managedDevices",
            }.Select(p => new SourceOutcome(LeaverSources.Graph(UserId, p), true, 0)),
            new(Compliance.Findings.Sources.Subscriptions, true, 1),
            new(LeaverSources.Resources, true, 0),
            .. (subscriptions.Length == 0 ? ["s1"] : subscriptions).SelectMany(s =>
                new[]
                {
                    new SourceOutcome(LeaverSources.AzureRoles(s), true, 0),
                    new SourceOutcome(LeaverSources.EligibleAzureRoles(s), true, 0),
                }
            ),
        ];
}
