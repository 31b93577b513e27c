using System.Text.Json.Nodes;
using Compliance.Offboarding.Planning;
using Compliance.Plans;
using Compliance.Tenants;

namespace Compliance.Offboarding.Acting;

/// <summary>A step as the request that does it.</summary>
/// <param name="Call">The declared call, for its permission.</param>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Path and query: below Graph's version, or a Resource Manager id with its API version.</param>
/// <param name="Body">JSON body; null for none.</param>
internal sealed record StepRequest(DeclaredCall Call, string Method, string Path, JsonNode? Body = null)
{
    /// <summary>True for Resource Manager.</summary>
    public bool IsAzure => Call.Service == "arm";
}

/// <summary>Says for each step which request does it. Pure.</summary>
internal static class StepRequests
{
    private const string Entities = "https://graph.microsoft.com/v1.0/directoryObjects/";

    /// <summary>The request of a step.</summary>
    /// <exception cref="ArgumentException">The step's action is not known, or an argument is missing: nothing is sent.</exception>
    public static StepRequest Of(PlanStep step)
    {
        var id = Uri.EscapeDataString(step.Target.Id);
        string Argument(string name) => step.Arguments.GetValueOrDefault(name) ?? throw new ArgumentException($"step {step.Id} ({step.Action}) has no argument '{name}'", nameof(step));
        string User() => Uri.EscapeDataString(Argument(RemovalPlanner.UserId));
        return step.Action switch
        {
            LeaverActions.DisableAccount => new(DeclaredCall.DisableUser, "PATCH", $"/users/{id}", new JsonObject { ["accountEnabled"] = false }),
            LeaverActions.EnableAccount => new(DeclaredCall.DisableUser, "PATCH", $"/users/{id}", new JsonObject { ["accountEnabled"] = true }),
            LeaverActions.RevokeSessions => new(DeclaredCall.RevokeSessions, "POST", $"/users/{id}/revokeSignInSessions"),
            LeaverActions.DisableDevice => new(DeclaredCall.DisableDevice, "PATCH", $"/devices/{id}", new JsonObject { ["accountEnabled"] = false }),
            LeaverActions.EnableDevice => new(DeclaredCall.DisableDevice, "PATCH", $"/devices/{id}", new JsonObject { ["accountEnabled"] = true }),
            LeaverActions.RemoveDirectoryRole => new(DeclaredCall.RemoveDirectoryRole, "DELETE", $"/roleManagement/directory/roleAssignments/{id}"),
            LeaverActions.RemoveEligibleDirectoryRole => new(DeclaredCall.RemoveEligibleDirectoryRole, "POST", "/roleManagement/directory/roleEligibilityScheduleRequests", new JsonObject
            {
                ["action"] = "adminRemove",
                ["principalId"] = Argument("principalId"),
                ["roleDefinitionId"] = Argument("roleDefinitionId"),
                ["directoryScopeId"] = Argument("directoryScopeId"),
                ["justification"] = "the person has left",
            }),
            LeaverActions.RemoveGroupMember => new(DeclaredCall.RemoveGroupMember, "DELETE", $"/groups/{id}/members/{User()}/$ref"),
            LeaverActions.AddGroupMember => new(DeclaredCall.AddGroupMember, "POST", $"/groups/{id}/members/$ref", new JsonObject { ["@odata.id"] = Entities + Argument(RemovalPlanner.UserId) }),
            LeaverActions.RemoveAppRole => new(DeclaredCall.RemoveAppRole, "DELETE", $"/users/{User()}/appRoleAssignments/{id}"),
            LeaverActions.AddAppRole => new(DeclaredCall.AddAppRole, "POST", $"/users/{User()}/appRoleAssignments", new JsonObject
            {
                ["principalId"] = Argument(RemovalPlanner.UserId),
                ["resourceId"] = Argument("resourceId"),
                ["appRoleId"] = Argument("appRoleId"),
            }),
            LeaverActions.RemoveDelegatedGrant => new(DeclaredCall.RemoveGrant, "DELETE", $"/oauth2PermissionGrants/{id}"),
            LeaverActions.AddDelegatedGrant => new(DeclaredCall.AddGrant, "POST", "/oauth2PermissionGrants", new JsonObject
            {
                ["clientId"] = Argument("clientId"),
                ["consentType"] = "Principal",
                ["principalId"] = Argument(RemovalPlanner.UserId),
                ["resourceId"] = Argument("resourceId"),
                ["scope"] = Argument("scope"),
            }),
            // phoneMethods/3179e48a-… : the collection and the method.
            LeaverActions.RemoveSignInMethod when step.Target.Id.Split('/') is [var collection, var method] => new(
                DeclaredCall.RemoveSignInMethod, "DELETE", $"/users/{User()}/authentication/{Uri.EscapeDataString(collection)}/{Uri.EscapeDataString(method)}"),
            LeaverActions.AddOwner => new(OwnerCall(Argument("collection"), add: true), "POST", $"/{Argument("collection")}/{id}/owners/$ref",
                new JsonObject { ["@odata.id"] = Entities + Argument(RemovalPlanner.HeirId) }),
            LeaverActions.RemoveOwner => new(OwnerCall(Argument("collection"), add: false), "DELETE", $"/{Argument("collection")}/{id}/owners/{User()}/$ref"),
            LeaverActions.RemoveLicence => new(DeclaredCall.AssignLicence, "POST", $"/users/{User()}/assignLicense", new JsonObject
            {
                ["addLicenses"] = new JsonArray(),
                ["removeLicenses"] = new JsonArray(Argument("skuId")),
            }),
            LeaverActions.AddLicence => new(DeclaredCall.AssignLicence, "POST", $"/users/{User()}/assignLicense", new JsonObject
            {
                ["addLicenses"] = new JsonArray(new JsonObject { ["skuId"] = Argument("skuId"), ["disabledPlans"] = List(step.Arguments.GetValueOrDefault("disabledPlans")) }),
                ["removeLicenses"] = new JsonArray(),
            }),
            LeaverActions.RetireManagedDevice => new(DeclaredCall.RetireManagedDevice, "POST", $"/deviceManagement/managedDevices/{id}/retire"),
            LeaverActions.RemoveAzureRole => new(DeclaredCall.RemoveAzureRole, "DELETE", $"{step.Target.Id}?api-version=2022-04-01"),
            LeaverActions.AddAzureRole => new(DeclaredCall.AddAzureRole, "PUT", $"{step.Target.Id}?api-version=2022-04-01", new JsonObject { ["properties"] = Role(step, Argument) }),
            LeaverActions.RemoveVaultAccessPolicy => AccessPolicies(Argument, "remove"),
            LeaverActions.AddVaultAccessPolicy => AccessPolicies(Argument, "add"),
            LeaverActions.HandOverResource => Tags(step, Argument("tag"), Argument("heirName")),
            LeaverActions.TakeBackResource => Tags(step, Argument("tag"), Argument("value")),
            _ => throw new ArgumentException($"nothing is known that does '{step.Action}' on {step.Target.Type} {step.Target.Id}", nameof(step)),
        };
    }

    private static DeclaredCall OwnerCall(string collection, bool add) => (collection, add) switch
    {
        ("applications", true) => DeclaredCall.AddApplicationOwner,
        ("applications", false) => DeclaredCall.RemoveApplicationOwner,
        ("servicePrincipals", true) => DeclaredCall.AddServicePrincipalOwner,
        ("servicePrincipals", false) => DeclaredCall.RemoveServicePrincipalOwner,
        ("groups", true) => DeclaredCall.AddGroupOwner,
        ("groups", false) => DeclaredCall.RemoveGroupOwner,
        _ => throw new ArgumentException($"'{collection}' have no owners", nameof(collection)),
    };

    private static JsonArray List(string? text) => [.. (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(t => (JsonNode)t)];

    private static JsonObject Role(PlanStep step, Func<string, string> argument)
    {
        var properties = new JsonObject { ["roleDefinitionId"] = argument("roleDefinitionId"), ["principalId"] = argument("principalId") };
        foreach (var name in (string[])["principalType", "condition", "conditionVersion", "description"])
            if (step.Arguments.TryGetValue(name, out var value))
                properties[name] = value;
        return properties;
    }

    private static StepRequest AccessPolicies(Func<string, string> argument, string operation) => new(
        DeclaredCall.ChangeAccessPolicies, "PUT", $"{argument("vaultId")}/accessPolicies/{operation}?api-version=2026-02-01",
        new JsonObject
        {
            ["properties"] = new JsonObject
            {
                ["accessPolicies"] = new JsonArray(new JsonObject
                {
                    ["tenantId"] = argument("tenantId"),
                    ["objectId"] = argument("objectId"),
                    ["permissions"] = JsonNode.Parse(argument("permissions")),
                }),
            },
        });

    private static StepRequest Tags(PlanStep step, string tag, string value) => new(
        DeclaredCall.ChangeTags, "PATCH", $"{step.Target.Id}/providers/Microsoft.Resources/tags/default?api-version=2021-04-01",
        new JsonObject { ["operation"] = "Merge", ["properties"] = new JsonObject { ["tags"] = new JsonObject { [tag] = value } } });
}
