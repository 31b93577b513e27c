using System.Text.Json.Nodes;
using SandboxTenant.Data;

namespace SandboxTenant.Demo;

/// <summary>
/// Adds a leaver with every kind of access one may have, and what offboarding needs beside: holders of the app's roles, break-glass
/// accounts, directory roles, people who left or will. Nothing of it changes what the credential check finds.
/// </summary>
internal sealed class DemoLeaver(
    TenantData tenant,
    Func<string, string> id,
    Func<int, string> at,
    IReadOnlyList<(string Id, string Upn, string Name, string Department)> people
)
{
    /// <summary>Object id of the leaver, Dana Whitlock; the same whatever the seed.</summary>
    public const string LeaverId = "d4a0c1de-5b0c-4f0e-9a51-2b6f0c2d1042";

    /// <summary>Employee id of the leaver.</summary>
    public const string EmployeeId = "NW-1042";

    /// <summary>Number of the person whose last day was three days ago, whom no event reported.</summary>
    public const int Forgotten = 130;

    private const string Name = "Dana Whitlock";
    private const string PrincipalName = $"dana.whitlock@{DemoTenant.Domain}";
    private const string GraphPrincipal = "sp/microsoft/Microsoft Graph";

    // Stands for the leaver where the number of one of the demo's people is expected.
    private const int Index = -1;

    /// <summary>Application id of the app whose roles callers have.</summary>
    public const string ComplianceAppId = "6f1d5a0e-6b0c-4f0e-9a51-2b6f0c2d3e10";

    /// <summary>Name of the application that sends HR's events.</summary>
    public const string HrSystem = "HR Suite";

    /// <summary>Name of an application with a finding, whose owner has the role of owners.</summary>
    public const string Owned = "Badge Printer Bridge";

    /// <summary>Id of the role Compliance.Approver.</summary>
    public const string ApproverRole = "2c9e8f0e-3a3c-4b0e-8a53-0b6f0c2d3e11";

    /// <summary>Id of the role Compliance.Auditor.</summary>
    public const string AuditorRole = "2c9e8f0e-3a3c-4b0e-8a53-0b6f0c2d3e12";

    /// <summary>Id of the role Compliance.Admin.</summary>
    public const string AdminRole = "2c9e8f0e-3a3c-4b0e-8a53-0b6f0c2d3e13";

    /// <summary>Id of the role Compliance.Owner.</summary>
    public const string OwnerRole = "2c9e8f0e-3a3c-4b0e-8a53-0b6f0c2d3e14";

    /// <summary>Id of the role Compliance.HrSystem.</summary>
    public const string HrSystemRole = "2c9e8f0e-3a3c-4b0e-8a53-0b6f0c2d3e15";

    private const string Stand = "Data Labelling Pipeline";
    private const string DirectoryReadWrite = "19dbc75e-c2e2-444c-a770-ec69d8559fc7";

    private static string Leaver => LeaverId;

    /// <summary>Adds it all.</summary>
    public void Add()
    {
        People();
        Administrators();
        ComplianceRoles();
        Memberships();
        AppsAndGrants();
        MethodsDevicesAndLicences();
        Azure();
    }

    private JsonObject Person(int index)
    {
        var (person, upn, name) =
            index == Index ? (LeaverId, PrincipalName, Name) : (people[index].Id, people[index].Upn, people[index].Name);
        return new()
        {
            ["@odata.type"] = "#microsoft.graph.user",
            ["id"] = person,
            ["displayName"] = name,
            ["userPrincipalName"] = upn,
            ["mail"] = upn,
        };
    }

    private void People()
    {
        var dana = User(LeaverId, Name, PrincipalName, EmployeeId, -1650);
        dana["jobTitle"] = "Data Scientist";
        dana["department"] = "Data";
        dana["mail"] = PrincipalName;
        dana["manager"] = Person(Of("Data").ElementAt(1));
        tenant.Add("users", dana);
        // Somebody hired lately who was given the address of a Whitlock that left long ago: mail alone would match the wrong person.
        var alike = User(id("user/look-alike"), "Dan Whitlock", $"dan.whitlock@{DemoTenant.Domain}", "NW-3107", -20);
        alike["jobTitle"] = "Account Manager";
        alike["department"] = "Sales";
        alike["mail"] = $"d.whitlock@{DemoTenant.Domain}";
        alike["manager"] = Person(Of("Sales").First());
        tenant.Add("users", alike);
        foreach (var number in (int[])[1, 2])
            tenant.Add(
                "users",
                User(id($"user/break-glass-{number}"), $"Emergency access {number}", $"emergency{number}@{DemoTenant.Domain}", null, -2000)
            );
        tenant.Change("users", people[57].Id, new JsonObject { ["employeeLeaveDateTime"] = at(20) }.ToJsonString());
        tenant.Change("users", people[75].Id, new JsonObject { ["employeeLeaveDateTime"] = at(-140) }.ToJsonString());
        tenant.Change("users", people[Forgotten].Id, new JsonObject { ["employeeLeaveDateTime"] = at(-3) }.ToJsonString());
    }

    private JsonObject User(string user, string name, string upn, string? employee, int created) =>
        new()
        {
            ["id"] = user,
            ["displayName"] = name,
            ["userPrincipalName"] = upn,
            ["employeeId"] = employee,
            ["employeeType"] = employee is null ? null : "Employee",
            ["accountEnabled"] = true,
            ["userType"] = "Member",
            ["onPremisesSyncEnabled"] = null,
            ["createdDateTime"] = at(created),
            ["signInSessionsValidFromDateTime"] = at(created),
            ["signInActivity"] = new JsonObject { ["lastSignInDateTime"] = at(-1) },
            ["businessPhones"] = new JsonArray(),
        };

    private IEnumerable<int> Of(string department) => Enumerable.Range(0, people.Count).Where(i => people[i].Department == department);

    private void Administrators()
    {
        foreach (
            var (name, role) in ((string, string)[])
                [
                    ("Global Administrator", "62e90394-69f5-4237-9190-012177145e10"),
                    ("Application Administrator", "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"),
                    ("Groups Administrator", "fdd7a751-b60b-444a-984c-02652fe8fa1c"),
                ]
        )
            tenant.Add(
                "directoryRoleDefinitions",
                new JsonObject
                {
                    ["id"] = role,
                    ["templateId"] = role,
                    ["displayName"] = name,
                    ["isBuiltIn"] = true,
                }
            );
        var operations = Of("IT Operations").ToList();
        DirectoryRole("directoryRoleAssignments", "62e90394-69f5-4237-9190-012177145e10", people[operations[0]].Id, "/");
        DirectoryRole("directoryRoleAssignments", "62e90394-69f5-4237-9190-012177145e10", people[operations[1]].Id, "/");
        DirectoryRole(
            "directoryRoleAssignments",
            "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",
            Leaver,
            $"/administrativeUnits/{id("au/research")}"
        );
        DirectoryRole("directoryRoleEligibilities", "fdd7a751-b60b-444a-984c-02652fe8fa1c", Leaver, "/");
        Group(
            "break-glass-accounts",
            "Accounts for emergencies",
            [],
            g =>
            {
                g["displayName"] = "Break-glass accounts";
                g["members"] = new JsonArray([
                    .. ((int[])[1, 2]).Select(n => new JsonObject
                    {
                        ["@odata.type"] = "#microsoft.graph.user",
                        ["id"] = id($"user/break-glass-{n}"),
                        ["displayName"] = $"Emergency access {n}",
                    }),
                ]);
            }
        );
        tenant.Add(
            "administrativeUnits",
            new JsonObject
            {
                ["id"] = id("au/research"),
                ["displayName"] = "Research",
                ["description"] = "People and apps of Research",
                ["members"] = new JsonArray([.. Of("Research").Take(10).Select(Person)]),
            }
        );
    }

    private void DirectoryRole(string set, string role, string principal, string scope) =>
        tenant.Add(
            set,
            new JsonObject
            {
                ["id"] = id($"{set}/{role}/{principal}"),
                ["principalId"] = principal,
                ["roleDefinitionId"] = role,
                ["directoryScopeId"] = scope,
                ["memberType"] = set == "directoryRoleEligibilities" ? "Direct" : null,
            }
        );

    private void ComplianceRoles()
    {
        // One of the 150 applications, and one without credentials: the credential check's counts stay what they are.
        var (registration, principal) = (Find("applications", Stand)!, Find("servicePrincipals", Stand)!);
        var app = principal.Id;
        foreach (var (set, entity) in ((string, Entity)[])[("applications", registration), ("servicePrincipals", principal)])
            tenant.Change(
                set,
                entity.Id,
                new JsonObject
                {
                    ["appId"] = ComplianceAppId,
                    ["displayName"] = "Compliance",
                    ["appRoles"] = AppRoles(),
                }.ToJsonString()
            );
        foreach (var approver in Of("Security").Take(3))
            AppRole(people[approver].Id, app, "Compliance", ApproverRole);
        AppRole(people[Of("Legal").First()].Id, app, "Compliance", AuditorRole);
        AppRole(people[Of("IT Operations").ElementAt(2)].Id, app, "Compliance", AdminRole);
        AppRole(tenant.ApplicationOwners.Of(Find("applications", Owned)!.Id).All().First().Id, app, "Compliance", OwnerRole);
        // Who answers for the data that DemoStorage adds.
        AppRole(people[Of("Data").First()].Id, app, "Compliance", OwnerRole);
        AppRole(Find("servicePrincipals", HrSystem)!.Id, app, "Compliance", HrSystemRole, "ServicePrincipal");
    }

    /// <summary>The roles of the compliance app, as its registration has them.</summary>
    public static JsonArray AppRoles()
    {
        (string Id, string Name, string Holder)[] roles =
        [
            (ApproverRole, "Approver", "User"),
            (AuditorRole, "Auditor", "User"),
            (AdminRole, "Admin", "User"),
            (OwnerRole, "Owner", "User"),
            (HrSystemRole, "HrSystem", "Application"),
        ];
        return
        [
            .. roles.Select(r => new JsonObject
            {
                ["id"] = r.Id,
                ["value"] = "Compliance." + r.Name,
                ["displayName"] = r.Name,
                ["isEnabled"] = true,
                ["allowedMemberTypes"] = new JsonArray(r.Holder),
            }),
        ];
    }

    private void AppRole(string principal, string resource, string name, string role, string type = "User") =>
        tenant.Add(
            "appRoleAssignments",
            new JsonObject
            {
                ["id"] = id($"approle/{principal}/{resource}/{role}"),
                ["appRoleId"] = role,
                ["principalId"] = principal,
                ["principalType"] = type,
                ["resourceId"] = resource,
                ["resourceDisplayName"] = name,
            }
        );

    private string Group(string name, string description, IEnumerable<int> members, Action<JsonObject>? more = null)
    {
        var group = new JsonObject
        {
            ["id"] = id("group/" + name),
            ["displayName"] = name,
            ["description"] = description,
            ["securityEnabled"] = true,
            ["mailEnabled"] = false,
            ["groupTypes"] = new JsonArray(),
            ["members"] = new JsonArray([.. members.Select(m => (JsonNode)Person(m))]),
        };
        more?.Invoke(group);
        tenant.Add("groups", group);
        return id("group/" + name);
    }

    private void Memberships()
    {
        foreach (
            var name in (string[])
                [
                    "ml-platform-users",
                    "gpu-cluster-users",
                    "feature-store-writers",
                    "notebook-users",
                    "training-data-readers",
                    "model-registry-writers",
                    "experiment-trackers",
                    "labelling-reviewers",
                    "prompt-library-editors",
                    "evaluation-owners",
                    "vpn-users",
                    "git-users",
                ]
        )
            Group(name, name.Replace('-', ' '), [Index, .. Of("Data").Take(3)]);
        Group("directory-helpdesk", "May hold directory roles", [Index], g => g["isAssignableToRole"] = true);
        var inner = Group("research-guild", "In another group", [Index, .. Of("Research").Take(2)]);
        Group(
            "research-everyone",
            "Holds the guild",
            [],
            g =>
                g["members"] = new JsonArray(
                    new JsonObject
                    {
                        ["@odata.type"] = "#microsoft.graph.group",
                        ["id"] = inner,
                        ["displayName"] = "research-guild",
                    }
                )
        );
        Group(
            "all-of-data",
            "By rule",
            [Index],
            g => (g["groupTypes"], g["membershipRule"]) = (new JsonArray("DynamicMembership"), "(user.department -eq \"Data\")")
        );
        Group("ad-fileserver-users", "From the old directory", [Index], g => g["onPremisesSyncEnabled"] = true);
        Group(
            "research-site",
            "A Microsoft 365 group",
            [Index, .. Of("Research").Take(2)],
            g => (g["groupTypes"], g["mailEnabled"]) = (new JsonArray("Unified"), true)
        );
        Group("data-news", "A mailing list", [Index], g => (g["mailEnabled"], g["securityEnabled"]) = (true, false));
        foreach (var existing in (string[])["dept-data", "data-stewards"])
            tenant.Add($"groups/{id("group/" + existing)}/members", Person(Index));
        var owned = Group("dataset-stewards", "Owned by one person", [.. Of("Data").Take(2)]);
        tenant.Add($"groups/{owned}/owners", Person(Index));
    }

    private void AppsAndGrants()
    {
        foreach (
            var (app, role) in ((string, string)[])
                [
                    ("Feature Store Worker", "writer"),
                    ("Model Registry Pipeline", "publisher"),
                    ("Prompt Library Worker", "editor"),
                    ("Evaluation Harness Worker", "reviewer"),
                    ("Experiment Tracker Pipeline", "user"),
                ]
        )
            if (Find("servicePrincipals", app) is { } principal)
                AppRole(Leaver, principal.Id, app, id("role/" + role));
        foreach (
            var (client, scope) in ((string, string)[])
                [
                    ("Chat Gateway Pipeline", " User.Read Files.Read.All"),
                    ("Document Intake Pipeline", " Mail.Read"),
                    ("Telemetry Collector Pipeline", " User.Read"),
                ]
        )
            if (Find("servicePrincipals", client) is { } principal)
                tenant.Add(
                    "oauth2PermissionGrants",
                    new JsonObject
                    {
                        ["id"] = id("grant/" + client),
                        ["clientId"] = principal.Id,
                        ["consentType"] = "Principal",
                        ["principalId"] = Leaver,
                        ["resourceId"] = id(GraphPrincipal),
                        ["scope"] = scope,
                    }
                );
        // One application of which the leaver is the only owner, one with an owner beside, and a privileged one.
        Own("Sandbox Runner Worker", alone: true);
        Own("Knowledge Graph Worker", alone: false);
        Own("Audit Exporter Worker", alone: true);
        if (Find("servicePrincipals", "Audit Exporter Worker") is { } privileged)
            AppRole(privileged.Id, id(GraphPrincipal), "Microsoft Graph", DirectoryReadWrite, "ServicePrincipal");
    }

    private void Own(string application, bool alone)
    {
        if (Find("applications", application) is not { } app)
            return;
        var owners = tenant.ApplicationOwners.Of(app.Id);
        if (alone)
            foreach (var owner in owners.All())
                owners.Remove(owner.Id);
        if (owners.Find(Leaver) is null)
            tenant.Add($"applications/{app.Id}/owners", Person(Index));
    }

    private Entity? Find(string set, string name) => tenant.Set(set).All().FirstOrDefault(e => Json.Text(e.Json, "displayName") == name);

    private void MethodsDevicesAndLicences()
    {
        foreach (
            var (type, name) in ((string, string)[])
                [
                    ("passwordAuthenticationMethod", "password"),
                    ("phoneAuthenticationMethod", "phone"),
                    ("microsoftAuthenticatorAuthenticationMethod", "authenticator"),
                    ("fido2AuthenticationMethod", "key"),
                ]
        )
            tenant.Add(
                $"users/{Leaver}/methods",
                new JsonObject { ["@odata.type"] = "#microsoft.graph." + type, ["id"] = id("method/" + name) }
            );
        foreach (var name in (string[])["NW-LAPTOP-1042", "NW-PHONE-1042"])
        {
            var device = new JsonObject
            {
                ["id"] = id("device/" + name),
                ["deviceId"] = id("deviceId/" + name),
                ["displayName"] = name,
                ["accountEnabled"] = true,
                ["operatingSystem"] = name.Contains("PHONE", StringComparison.Ordinal) ? "iOS" : "Windows",
            };
            tenant.Add("devices", device.DeepClone());
            device["@odata.type"] = "#microsoft.graph.device";
            tenant.Add($"users/{Leaver}/registeredDevices", device);
        }
        tenant.Add(
            $"users/{Leaver}/managedDevices",
            new JsonObject
            {
                ["@odata.type"] = "#microsoft.graph.managedDevice",
                ["id"] = id("managed/NW-LAPTOP-1042"),
                ["deviceName"] = "NW-LAPTOP-1042",
                ["managementState"] = "managed",
                ["operatingSystem"] = "Windows",
            }
        );
        // Microsoft 365 E3 of her own, and Power BI Pro through her department's group.
        const string sku = "05e9a617-0261-4cee-bb44-138d3ef5d965",
            inherited = "f8a1db68-be16-40ed-86d5-cb42ce701560";
        tenant.Change(
            "users",
            Leaver,
            new JsonObject
            {
                ["assignedLicenses"] = new JsonArray([
                    .. ((string[])[sku, inherited]).Select(s => new JsonObject { ["skuId"] = s, ["disabledPlans"] = new JsonArray() }),
                ]),
                ["licenseAssignmentStates"] = new JsonArray([
                    .. (((string, string?)[])[(sku, null), (inherited, id("group/dept-data"))]).Select(s => new JsonObject
                    {
                        ["skuId"] = s.Item1,
                        ["assignedByGroup"] = s.Item2,
                        ["disabledPlans"] = new JsonArray(),
                        ["state"] = "Active",
                        ["error"] = "None",
                    }),
                ]),
            }.ToJsonString()
        );
    }

    private void Azure()
    {
        const string contributor = "b24988ac-6180-42a0-ab88-20f7382dd24c",
            reader = "acdd72a7-3385-48ef-bd42-f606fba81ae7",
            blobs = "ba92f5b4-2d11-453d-a403-e96b0029c9fe";
        foreach (var resource in tenant.Resources.All())
        {
            var asset =
                resource.Id.EndsWith("/stnwmodelsprod", StringComparison.Ordinal) ? "production-model"
                : resource.Id.EndsWith("/stnwtrainprod", StringComparison.Ordinal) ? "training-data"
                : null;
            if (asset is not null)
            {
                var tags = Json.Object(resource.Json)["tags"]!.DeepClone().AsObject();
                tags["ai-asset"] = asset;
                tenant.Change("resources", resource.Id, new JsonObject { ["tags"] = tags }.ToJsonString());
                Assign(resource.Id, blobs);
            }
            if (resource.Id.EndsWith("/kv-nw-stg", StringComparison.Ordinal))
            {
                var properties = Json.Object(resource.Json)["properties"]!.DeepClone().AsObject();
                properties["accessPolicies"] = new JsonArray(
                    new JsonObject
                    {
                        ["tenantId"] = tenant.TenantId,
                        ["objectId"] = Leaver,
                        ["permissions"] = new JsonObject
                        {
                            ["secrets"] = new JsonArray("get", "list"),
                            ["keys"] = new JsonArray(),
                            ["certificates"] = new JsonArray(),
                        },
                    }
                );
                tenant.Change("resources", resource.Id, new JsonObject { ["properties"] = properties }.ToJsonString());
            }
        }
        var production = tenant.Subscriptions.All()[0].Id;
        tenant.Add(
            "resources",
            new JsonObject
            {
                ["id"] =
                    $"/subscriptions/{production}/resourceGroups/rg-training/providers/Microsoft.MachineLearningServices/"
                        + "workspaces/mlw-nw-research",
                ["name"] = "mlw-nw-research",
                ["type"] = "Microsoft.MachineLearningServices/workspaces",
                ["location"] = "westeurope",
                ["tags"] = new JsonObject { ["environment"] = "production", ["owner"] = PrincipalName },
                ["properties"] = new JsonObject { ["friendlyName"] = "Research workspace", ["provisioningState"] = "Succeeded" },
            }
        );
        var eligible = $"/subscriptions/{tenant.Subscriptions.All()[^1].Id}";
        tenant.Add(
            "roleEligibilityScheduleInstances",
            new JsonObject
            {
                ["id"] = $"{eligible}/providers/Microsoft.Authorization/roleEligibilityScheduleInstances/{id("eligible/dana")}",
                ["name"] = id("eligible/dana"),
                ["type"] = "Microsoft.Authorization/roleEligibilityScheduleInstances",
                ["properties"] = new JsonObject
                {
                    ["roleDefinitionId"] = $"/providers/Microsoft.Authorization/roleDefinitions/{contributor}",
                    ["principalId"] = Leaver,
                    ["principalType"] = "User",
                    ["scope"] = eligible,
                    ["memberType"] = "Direct",
                    ["status"] = "Provisioned",
                },
            }
        );
        foreach (var subscription in tenant.Subscriptions.All())
        {
            Assign($"/subscriptions/{subscription.Id}", reader);
            Assign($"/subscriptions/{subscription.Id}/resourceGroups/rg-scratch", contributor);
        }
    }

    private void Assign(string scope, string role)
    {
        var name = id($"assignment/{scope}/{role}");
        tenant.Add(
            "roleAssignments",
            new JsonObject
            {
                ["id"] = $"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}",
                ["name"] = name,
                ["type"] = "Microsoft.Authorization/roleAssignments",
                ["properties"] = new JsonObject
                {
                    ["roleDefinitionId"] = $"/providers/Microsoft.Authorization/roleDefinitions/{role}",
                    ["principalId"] = Leaver,
                    ["principalType"] = "User",
                    ["scope"] = scope,
                },
            }
        );
    }
}
