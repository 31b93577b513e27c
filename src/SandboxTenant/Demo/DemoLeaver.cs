using System.Text.Json.Nodes;
using SandboxTenant.Data;

namespace SandboxTenant.Demo;

/// <summary>
/// Gives one person of the demo tenant every kind of access a leaver may have, and the tenant what offboarding needs: approvers, break-glass accounts, directory roles. Nothing of it
/// changes what the credential check finds.
/// </summary>
internal sealed class DemoLeaver(TenantData tenant, Func<string, string> id, IReadOnlyList<(string Id, string Upn, string Name, string Department)> people)
{
    /// <summary>Number of the person among the demo's people; the employee id is <c>NW1214</c>.</summary>
    public const int Index = 214;

    /// <summary>Application id of the app whose role approvers have.</summary>
    public const string ComplianceAppId = "6f1d5a0e-6b0c-4f0e-9a51-2b6f0c2d3e10";

    private const string ApproverRole = "2c9e8f0e-3a3c-4b0e-8a53-0b6f0c2d3e11";
    private const string DirectoryReadWrite = "19dbc75e-c2e2-444c-a770-ec69d8559fc7";

    private string Leaver => people[Index].Id;

    /// <summary>Adds it all.</summary>
    public void Add()
    {
        Administrators();
        Approvers();
        Memberships();
        AppsAndGrants();
        MethodsDevicesAndLicences();
        Azure();
    }

    private JsonObject Person(int index) => new()
    {
        ["@odata.type"] = "#microsoft.graph.user",
        ["id"] = people[index].Id,
        ["displayName"] = people[index].Name,
        ["userPrincipalName"] = people[index].Upn,
        ["mail"] = people[index].Upn,
    };

    private IEnumerable<int> Of(string department) => Enumerable.Range(0, people.Count).Where(i => people[i].Department == department && i != Index);

    private void Administrators()
    {
        foreach (var (name, role) in ((string, string)[])[
            ("Global Administrator", "62e90394-69f5-4237-9190-012177145e10"), ("Application Administrator", "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"),
            ("Groups Administrator", "fdd7a751-b60b-444a-984c-02652fe8fa1c")])
            tenant.Add("directoryRoleDefinitions", new JsonObject { ["id"] = role, ["templateId"] = role, ["displayName"] = name, ["isBuiltIn"] = true });
        var operations = Of("IT Operations").ToList();
        DirectoryRole("directoryRoleAssignments", "62e90394-69f5-4237-9190-012177145e10", people[operations[0]].Id, "/");
        DirectoryRole("directoryRoleAssignments", "62e90394-69f5-4237-9190-012177145e10", people[operations[1]].Id, "/");
        DirectoryRole("directoryRoleAssignments", "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", Leaver, $"/administrativeUnits/{id("au/research")}");
        DirectoryRole("directoryRoleEligibilities", "fdd7a751-b60b-444a-984c-02652fe8fa1c", Leaver, "/");
        Group("break-glass-accounts", "Accounts for emergencies", operations.Skip(2).Take(2));
    }

    private void DirectoryRole(string set, string role, string principal, string scope) => tenant.Add(set, new JsonObject
    {
        ["id"] = id($"{set}/{role}/{principal}"),
        ["principalId"] = principal,
        ["roleDefinitionId"] = role,
        ["directoryScopeId"] = scope,
        ["memberType"] = set == "directoryRoleEligibilities" ? "Direct" : null,
    });

    private void Approvers()
    {
        var app = id("sp/compliance");
        tenant.Add("servicePrincipals", new JsonObject
        {
            ["id"] = app,
            ["appId"] = ComplianceAppId,
            ["displayName"] = "Compliance",
            ["servicePrincipalType"] = "Application",
            ["accountEnabled"] = true,
            ["appRoles"] = new JsonArray(new JsonObject
            {
                ["id"] = ApproverRole,
                ["value"] = "Compliance.Approver",
                ["displayName"] = "Approver",
                ["isEnabled"] = true,
                ["allowedMemberTypes"] = new JsonArray("User"),
            }),
            ["passwordCredentials"] = new JsonArray(),
            ["keyCredentials"] = new JsonArray(),
        });
        foreach (var approver in Of("Security").Take(3))
            AppRole(people[approver].Id, app, "Compliance", ApproverRole);
    }

    private void AppRole(string principal, string resource, string name, string role, string type = "User") => tenant.Add("appRoleAssignments", new JsonObject
    {
        ["id"] = id($"approle/{principal}/{resource}/{role}"),
        ["appRoleId"] = role,
        ["principalId"] = principal,
        ["principalType"] = type,
        ["resourceId"] = resource,
        ["resourceDisplayName"] = name,
    });

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
        foreach (var name in (string[])["ml-platform-users", "gpu-cluster-users", "feature-store-writers", "notebook-users", "training-data-readers", "model-registry-writers", "experiment-trackers",
            "labelling-reviewers", "prompt-library-editors", "evaluation-owners", "vpn-users", "git-users"])
            Group(name, name.Replace('-', ' '), [Index, .. Of("Data").Take(3)]);
        Group("directory-helpdesk", "May hold directory roles", [Index], g => g["isAssignableToRole"] = true);
        var inner = Group("research-guild", "In another group", [Index, .. Of("Research").Take(2)]);
        Group("research-everyone", "Holds the guild", [], g => g["members"] = new JsonArray(new JsonObject { ["@odata.type"] = "#microsoft.graph.group", ["id"] = inner, ["displayName"] = "research-guild" }));
        Group("all-of-data", "By rule", [Index], g => (g["groupTypes"], g["membershipRule"]) = (new JsonArray("DynamicMembership"), "(user.department -eq \"Data\")"));
        Group("ad-fileserver-users", "From the old directory", [Index], g => g["onPremisesSyncEnabled"] = true);
        Group("data-news", "A mailing list", [Index], g => (g["mailEnabled"], g["securityEnabled"]) = (true, false));
        var owned = Group("dataset-stewards", "Owned by one person", [.. Of("Data").Take(2)]);
        tenant.Add($"groups/{owned}/owners", Person(Index));
    }

    private void AppsAndGrants()
    {
        foreach (var (app, role) in ((string, string)[])[("Feature Store Worker", "writer"), ("Model Registry Pipeline", "publisher"), ("Prompt Library Worker", "editor"),
            ("Evaluation Harness Worker", "reviewer"), ("Experiment Tracker Pipeline", "user")])
            if (Find("servicePrincipals", app) is { } principal)
                AppRole(Leaver, principal.Id, app, id("role/" + role));
        foreach (var (client, scope) in ((string, string)[])[("Chat Gateway Pipeline", " User.Read Files.Read.All"), ("Document Intake Pipeline", " Mail.Read"), ("Telemetry Collector Pipeline", " User.Read")])
            if (Find("servicePrincipals", client) is { } principal)
                tenant.Add("oauth2PermissionGrants", new JsonObject
                {
                    ["id"] = id("grant/" + client),
                    ["clientId"] = principal.Id,
                    ["consentType"] = "Principal",
                    ["principalId"] = Leaver,
                    ["resourceId"] = id("sp/graph"),
                    ["scope"] = scope,
                });
        // One application of which the leaver is the only owner, one with an owner beside, and a privileged one.
        Own("Sandbox Runner Worker", alone: true);
        Own("Knowledge Graph Worker", alone: false);
        Own("Audit Exporter Worker", alone: true);
        if (Find("servicePrincipals", "Audit Exporter Worker") is { } privileged)
            AppRole(privileged.Id, id("sp/graph"), "Microsoft Graph", DirectoryReadWrite, "ServicePrincipal");
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
        foreach (var (type, name) in ((string, string)[])[("passwordAuthenticationMethod", "password"), ("phoneAuthenticationMethod", "phone"), ("microsoftAuthenticatorAuthenticationMethod", "authenticator"), ("fido2AuthenticationMethod", "key")])
            tenant.Add($"users/{Leaver}/methods", new JsonObject { ["@odata.type"] = "#microsoft.graph." + type, ["id"] = id("method/" + name) });
        foreach (var name in (string[])["NW-LAPTOP-214", "NW-PHONE-214"])
        {
            var device = new JsonObject { ["id"] = id("device/" + name), ["deviceId"] = id("deviceId/" + name), ["displayName"] = name, ["accountEnabled"] = true, ["operatingSystem"] = name.Contains("PHONE", StringComparison.Ordinal) ? "iOS" : "Windows" };
            tenant.Add("devices", device.DeepClone());
            device["@odata.type"] = "#microsoft.graph.device";
            tenant.Add($"users/{Leaver}/registeredDevices", device);
        }
        tenant.Add($"users/{Leaver}/managedDevices", new JsonObject { ["@odata.type"] = "#microsoft.graph.managedDevice", ["id"] = id("managed/NW-LAPTOP-214"), ["deviceName"] = "NW-LAPTOP-214", ["managementState"] = "managed", ["operatingSystem"] = "Windows" });
        var sku = "05e9a617-0261-4cee-bb44-138d3ef5d965";
        tenant.Change("users", Leaver, new JsonObject
        {
            ["assignedLicenses"] = new JsonArray(new JsonObject { ["skuId"] = sku, ["disabledPlans"] = new JsonArray() }),
            ["licenseAssignmentStates"] = new JsonArray(new JsonObject { ["skuId"] = sku, ["assignedByGroup"] = null, ["disabledPlans"] = new JsonArray(), ["state"] = "Active", ["error"] = "None" }),
        }.ToJsonString());
    }

    private void Azure()
    {
        const string contributor = "b24988ac-6180-42a0-ab88-20f7382dd24c", reader = "acdd72a7-3385-48ef-bd42-f606fba81ae7", blobs = "ba92f5b4-2d11-453d-a403-e96b0029c9fe";
        foreach (var resource in tenant.Resources.All())
        {
            var asset = resource.Id.EndsWith("/stnwmodelsprod", StringComparison.Ordinal) ? "production-model" : resource.Id.EndsWith("/stnwtrainprod", StringComparison.Ordinal) ? "training-data" : null;
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
                properties["accessPolicies"] = new JsonArray(new JsonObject
                {
                    ["tenantId"] = tenant.TenantId,
                    ["objectId"] = Leaver,
                    ["permissions"] = new JsonObject { ["secrets"] = new JsonArray("get", "list"), ["keys"] = new JsonArray(), ["certificates"] = new JsonArray() },
                });
                tenant.Change("resources", resource.Id, new JsonObject { ["properties"] = properties }.ToJsonString());
            }
        }
        foreach (var subscription in tenant.Subscriptions.All())
        {
            Assign($"/subscriptions/{subscription.Id}", reader);
            Assign($"/subscriptions/{subscription.Id}/resourceGroups/rg-scratch", contributor);
        }
    }

    private void Assign(string scope, string role)
    {
        var name = id($"assignment/{scope}/{role}");
        tenant.Add("roleAssignments", new JsonObject
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
        });
    }
}
