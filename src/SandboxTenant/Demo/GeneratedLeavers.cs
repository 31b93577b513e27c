using System.Globalization;
using System.Text.Json.Nodes;
using SandboxTenant.Data;

namespace SandboxTenant.Demo;

/// <summary>Users with much access, for measuring how fast it is taken away.</summary>
internal static class GeneratedLeavers
{
    private const int Memberships = 200;
    private const int AppRoles = 30;
    private const int Subscriptions = 10;
    private const int AzureRoles = 40;

    /// <summary>
    /// Adds them, with the groups, applications and subscriptions they share, and one manager who stays and may read what the compliance
    /// app does about them.
    /// </summary>
    public static void Add(TenantData tenant, int leavers, ulong seed)
    {
        string Id(string key) => Ids.Guid($"{seed}/leavers/{key}");
        static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

        var manager = Id("manager");
        tenant.Add(
            "users",
            new JsonObject
            {
                ["id"] = manager,
                ["displayName"] = "Manager",
                ["userPrincipalName"] = "manager@generated.example",
                ["mail"] = "manager@generated.example",
                ["employeeId"] = "M-0000",
                ["accountEnabled"] = true,
            }
        );
        var compliance = Id("compliance");
        tenant.Add(
            "servicePrincipals",
            new JsonObject
            {
                ["id"] = compliance,
                ["appId"] = DemoLeaver.ComplianceAppId,
                ["displayName"] = "Compliance",
                ["servicePrincipalType"] = "Application",
                ["appRoles"] = DemoLeaver.AppRoles(),
                ["passwordCredentials"] = new JsonArray(),
                ["keyCredentials"] = new JsonArray(),
            }
        );
        tenant.Add(
            "appRoleAssignments",
            new JsonObject
            {
                ["id"] = Id("approle/manager"),
                ["appRoleId"] = DemoLeaver.AuditorRole,
                ["principalId"] = manager,
                ["principalType"] = "User",
                ["resourceId"] = compliance,
                ["resourceDisplayName"] = "Compliance",
            }
        );
        for (var i = 0; i < Memberships; i++)
            tenant.Add(
                "groups",
                new JsonObject
                {
                    ["id"] = Id(Text($"group/{i}")),
                    ["displayName"] = Text($"Group {i:D3}"),
                    ["securityEnabled"] = true,
                    ["mailEnabled"] = false,
                    ["groupTypes"] = new JsonArray(),
                }
            );
        for (var i = 0; i < AppRoles; i++)
            tenant.Add(
                "servicePrincipals",
                new JsonObject
                {
                    ["id"] = Id(Text($"sp/{i}")),
                    ["appId"] = Id(Text($"app/{i}")),
                    ["displayName"] = Text($"Service {i:D2}"),
                    ["servicePrincipalType"] = "Application",
                    ["passwordCredentials"] = new JsonArray(),
                    ["keyCredentials"] = new JsonArray(),
                }
            );
        for (var i = 0; i < Subscriptions; i++)
            tenant.Add(
                "subscriptions",
                new JsonObject
                {
                    ["id"] = "/subscriptions/" + Id(Text($"subscription/{i}")),
                    ["displayName"] = Text($"Subscription {i}"),
                    ["state"] = "Enabled",
                }
            );
        for (var n = 0; n < leavers; n++)
        {
            var (user, upn) = (Id(Text($"user/{n}")), Text($"leaver{n:D4}@generated.example"));
            tenant.Add(
                "users",
                new JsonObject
                {
                    ["id"] = user,
                    ["displayName"] = Text($"Leaver {n}"),
                    ["userPrincipalName"] = upn,
                    ["mail"] = upn,
                    ["employeeId"] = Text($"L-{n:D4}"),
                    ["accountEnabled"] = true,
                    ["userType"] = "Member",
                    ["manager"] = new JsonObject { ["@odata.type"] = "#microsoft.graph.user", ["id"] = manager },
                }
            );
            // The same for every group, so written once.
            var member = Json.Bytes(
                new JsonObject
                {
                    ["@odata.type"] = "#microsoft.graph.user",
                    ["id"] = user,
                    ["displayName"] = Text($"Leaver {n}"),
                    ["userPrincipalName"] = upn,
                }
            );
            for (var i = 0; i < Memberships; i++)
                tenant.GroupMembers.Of(Id(Text($"group/{i}"))).Add(user, member);
            for (var i = 0; i < AppRoles; i++)
                tenant.Add(
                    "appRoleAssignments",
                    new JsonObject
                    {
                        ["id"] = Id(Text($"approle/{n}/{i}")),
                        ["appRoleId"] = Id("role/user"),
                        ["principalId"] = user,
                        ["principalType"] = "User",
                        ["resourceId"] = Id(Text($"sp/{i}")),
                        ["resourceDisplayName"] = Text($"Service {i:D2}"),
                    }
                );
            for (var i = 0; i < AzureRoles; i++)
            {
                var scope = Text($"/subscriptions/{Id(Text($"subscription/{i % Subscriptions}"))}/resourceGroups/rg-{i / Subscriptions}");
                tenant.Add(
                    "roleAssignments",
                    new JsonObject
                    {
                        ["id"] = $"{scope}/providers/Microsoft.Authorization/roleAssignments/{Id(Text($"azure/{n}/{i}"))}",
                        ["type"] = "Microsoft.Authorization/roleAssignments",
                        ["properties"] = new JsonObject
                        {
                            ["roleDefinitionId"] =
                                "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7",
                            ["principalId"] = user,
                            ["principalType"] = "User",
                            ["scope"] = scope,
                        },
                    }
                );
            }
        }
        tenant.Add(
            "roleDefinitions",
            new JsonObject
            {
                ["id"] = "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7",
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
    }
}
