using System.Globalization;
using System.Text.Json.Nodes;
using SandboxTenant.Data;

namespace ComplianceFunctions.Tests.Histories;

/// <summary>A tenant of a few people with a few kinds of access: enough for what goes wrong between rounds, and quick to build.</summary>
internal static class SmallTenant
{
    /// <summary>The tenant's id.</summary>
    public const string Id = "11111111-aaaa-4bbb-8ccc-000000000001";

    /// <summary>The client id that the program signs in with.</summary>
    public const string ClientId = "11111111-aaaa-4bbb-8ccc-00000000000c";

    /// <summary>Client id of the app whose role approvers hold.</summary>
    public const string ComplianceApp = "11111111-aaaa-4bbb-8ccc-00000000000a";

    private const string ApproverRole = "11111111-aaaa-4bbb-8ccc-00000000000b";
    private const string Reader = "acdd72a7-3385-48ef-bd42-f606fba81ae7";

    // Enough that a leaver a day stays below the cap, and two do as well.
    private const int Others = 60;

    /// <summary>The groups by name; the last is one that the people below are not in at first.</summary>
    public static IReadOnlyList<string> GroupNames { get; } = ["models-prod", "training-data", "vpn", "sandbox"];

    /// <summary>Object ids of the approvers.</summary>
    public static IReadOnlyList<string> Approvers { get; } = [.. Enumerable.Range(1, 3).Select(n => Guid(200 + n))];

    /// <summary>The group that <see cref="DirectoryEdit.AddToGroup"/> is about.</summary>
    public static string OtherGroup => GroupId(3);

    /// <summary>Object id of a person.</summary>
    public static string IdOf(Person who) => Guid(100 + (int)who);

    /// <summary>User principal name, and mail address.</summary>
    public static string AddressOf(Person who) => $"{who}@small.example".ToLowerInvariant();

    /// <summary>HR's id of a person.</summary>
    public static string EmployeeIdOf(Person who) => string.Create(CultureInfo.InvariantCulture, $"E-{100 * ((int)who + 1)}");

    /// <summary>The tenant, all people employed.</summary>
    public static TenantData Create()
    {
        var tenant = new TenantData();
        tenant.Add("organization", new JsonObject { ["id"] = Id, ["displayName"] = "Small" });
        var manager = Guid(1);
        tenant.Add("users", User(manager, "manager@small.example", "E-001"));
        foreach (var who in Enum.GetValues<Person>())
        {
            var user = User(IdOf(who), AddressOf(who), EmployeeIdOf(who));
            user["manager"] = new JsonObject { ["@odata.type"] = "#microsoft.graph.user", ["id"] = manager };
            tenant.Add("users", user);
        }
        for (var n = 0; n < Approvers.Count; n++)
            tenant.Add("users", User(Approvers[n], string.Create(CultureInfo.InvariantCulture, $"approver{n}@small.example"), null));
        for (var n = 0; n < Others; n++)
            tenant.Add("users", User(Guid(1000 + n), string.Create(CultureInfo.InvariantCulture, $"other{n}@small.example"), null));
        for (var n = 0; n < GroupNames.Count; n++)
        {
            tenant.Add(
                "groups",
                new JsonObject
                {
                    ["id"] = GroupId(n),
                    ["displayName"] = GroupNames[n],
                    ["securityEnabled"] = true,
                    ["mailEnabled"] = false,
                    ["groupTypes"] = new JsonArray(),
                }
            );
            if (n < GroupNames.Count - 1)
                foreach (var who in Enum.GetValues<Person>())
                    AddToGroup(tenant, GroupId(n), who);
        }
        Compliance(tenant);
        Azure(tenant);
        return tenant;
    }

    /// <summary>Makes a person a member of a group.</summary>
    public static void AddToGroup(TenantData tenant, string group, Person who) =>
        tenant.Add(
            $"groups/{group}/members",
            new JsonObject
            {
                ["@odata.type"] = "#microsoft.graph.user",
                ["id"] = IdOf(who),
                ["displayName"] = who.ToString(),
                ["userPrincipalName"] = AddressOf(who),
            }
        );

    /// <summary>Makes a person the only owner of an application without any power.</summary>
    public static void AddApplication(TenantData tenant, Person owner, bool hasSecret = false)
    {
        var id = Guid(310 + (int)owner);
        tenant.Add(
            "applications",
            new JsonObject
            {
                ["id"] = id,
                ["appId"] = Guid(320 + (int)owner),
                ["displayName"] = $"{owner}'s",
                ["passwordCredentials"] = hasSecret
                    ? new JsonArray(
                        new JsonObject
                        {
                            ["keyId"] = Guid(330 + (int)owner),
                            ["displayName"] = "ci",
                            ["startDateTime"] = "2026-01-01T00:00:00Z",
                            ["endDateTime"] = "2027-12-31T00:00:00Z",
                        }
                    )
                    : new JsonArray(),
                ["keyCredentials"] = new JsonArray(),
            }
        );
        tenant.Add($"applications/{id}/owners", new JsonObject { ["@odata.type"] = "#microsoft.graph.user", ["id"] = IdOf(owner) });
    }

    /// <summary>Makes a person a Global Administrator.</summary>
    public static void MakeAdministrator(TenantData tenant, Person who) =>
        tenant.Add(
            "directoryRoleAssignments",
            new JsonObject
            {
                ["id"] = $"administrator-{who}",
                ["principalId"] = IdOf(who),
                ["roleDefinitionId"] = "62e90394-69f5-4237-9190-012177145e10",
                ["directoryScopeId"] = "/",
            }
        );

    private static JsonObject User(string id, string address, string? employee) =>
        new()
        {
            ["id"] = id,
            ["displayName"] = address.Split('@')[0],
            ["userPrincipalName"] = address,
            ["mail"] = address,
            ["employeeId"] = employee,
            ["accountEnabled"] = true,
            ["userType"] = "Member",
            ["signInSessionsValidFromDateTime"] = "2026-01-01T00:00:00Z",
        };

    private static void Compliance(TenantData tenant)
    {
        var app = new JsonObject
        {
            ["id"] = Guid(300),
            ["appId"] = ComplianceApp,
            ["displayName"] = "Compliance",
            ["passwordCredentials"] = new JsonArray(),
            ["keyCredentials"] = new JsonArray(),
            ["appRoles"] = new JsonArray(
                new JsonObject
                {
                    ["id"] = ApproverRole,
                    ["value"] = "Compliance.Approver",
                    ["displayName"] = "Approver",
                    ["isEnabled"] = true,
                    ["allowedMemberTypes"] = new JsonArray("User"),
                }
            ),
        };
        tenant.Add("applications", app.DeepClone());
        app["id"] = Guid(301);
        app["servicePrincipalType"] = "Application";
        tenant.Add("servicePrincipals", app);
        foreach (var approver in Approvers)
            tenant.Add(
                "appRoleAssignments",
                new JsonObject
                {
                    ["id"] = "assignment-" + approver,
                    ["appRoleId"] = ApproverRole,
                    ["principalId"] = approver,
                    ["principalType"] = "User",
                    ["resourceId"] = Guid(301),
                    ["resourceDisplayName"] = "Compliance",
                }
            );
    }

    private static void Azure(TenantData tenant)
    {
        var subscription = Guid(400);
        tenant.Add(
            "subscriptions",
            new JsonObject
            {
                ["id"] = "/subscriptions/" + subscription,
                ["displayName"] = "Production",
                ["state"] = "Enabled",
            }
        );
        tenant.Add(
            "roleDefinitions",
            new JsonObject
            {
                ["id"] = $"/providers/Microsoft.Authorization/roleDefinitions/{Reader}",
                ["properties"] = new JsonObject
                {
                    ["roleName"] = "Reader",
                    ["type"] = "BuiltInRole",
                    ["permissions"] = new JsonArray(
                        new JsonObject { ["actions"] = new JsonArray("*/read"), ["notActions"] = new JsonArray() }
                    ),
                },
            }
        );
        foreach (var who in Enum.GetValues<Person>())
        {
            var scope = $"/subscriptions/{subscription}/resourceGroups/rg-models";
            tenant.Add(
                "roleAssignments",
                new JsonObject
                {
                    ["id"] = $"{scope}/providers/Microsoft.Authorization/roleAssignments/{Guid(500 + (int)who)}",
                    ["name"] = Guid(500 + (int)who),
                    ["type"] = "Microsoft.Authorization/roleAssignments",
                    ["properties"] = new JsonObject
                    {
                        ["roleDefinitionId"] = $"/providers/Microsoft.Authorization/roleDefinitions/{Reader}",
                        ["principalId"] = IdOf(who),
                        ["principalType"] = "User",
                        ["scope"] = scope,
                    },
                }
            );
        }
    }

    private static string GroupId(int number) => Guid(600 + number);

    private static string Guid(int number) => string.Create(CultureInfo.InvariantCulture, $"11111111-aaaa-4bbb-8ccc-{number:D12}");
}
