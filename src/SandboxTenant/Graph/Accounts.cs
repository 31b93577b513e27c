using System.Text.Json;
using System.Text.Json.Nodes;
using SandboxTenant.Data;
using SandboxTenant.Http;
using static SandboxTenant.Graph.GraphAnswer;

namespace SandboxTenant.Graph;

/// <summary>What is done to an account itself: its sessions, whether it is enabled, its licences.</summary>
internal sealed class Accounts(TenantData tenant, Journal journal) : IGraphArea
{
    // Roles whose holders only a caller with a directory role of its own can disable;
    // https://learn.microsoft.com/graph/api/resources/users#who-can-perform-sensitive-actions has the whole matrix, of which these are the
    // ones the demo and the tests use.
    private static readonly HashSet<string> Privileged = new(StringComparer.OrdinalIgnoreCase)
    {
        "62e90394-69f5-4237-9190-012177145e10", // Global Administrator
        "e8611ab8-c189-46e8-94e1-60213ab1f814", // Privileged Role Administrator
        "7be44c8a-adaf-4e2a-84d6-ab2649e08a13", // Privileged Authentication Administrator
        "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", // Application Administrator
        "158c047a-c907-4556-b7ef-446551a6b5f7", // Cloud Application Administrator
        "194ae4cb-b126-40b2-bd5b-6091b380977d", // Security Administrator
        "c4e39bd9-1100-46d3-8c65-fb160da0071f", // Authentication Administrator
        "fe930be7-5e62-47db-91af-98c3a49a38b1", // User Administrator
    };

    /// <inheritdoc/>
    public Answer? Handle(Call call, string[] segments)
    {
        if (segments is not ["users", var id, ..] || call.Method is not ("POST" or "PATCH"))
            return null;
        if (tenant.Users.Find(id) is not { } user)
            return NotFound(call, id);
        switch (call.Method, segments)
        {
            case ("POST", [_, _, "revokeSignInSessions"]):
                journal.Merge("users", user.Id, new JsonObject { ["signInSessionsValidFromDateTime"] = Time(call.Now) });
                return Answer.Create(
                    200,
                    writer =>
                    {
                        writer.WriteStartObject();
                        writer.WriteString("@odata.context", $"{call.Root}/$metadata#Edm.Boolean");
                        writer.WriteBoolean("value", true);
                        writer.WriteEndObject();
                    }
                );
            case ("POST", [_, _, "assignLicense"]):
                return AssignLicense(call, user);
            // Left to the common change of properties unless it has to be refused.
            case ("PATCH", [_, _])
                when call.Body.ValueKind == JsonValueKind.Object
                    && call.Body.TryGetProperty("accountEnabled", out _)
                    && !tenant.AppHoldsDirectoryRole
                    && tenant
                        .DirectoryRoleAssignments.By("principalId", user.Id)
                        .Any(a => Privileged.Contains(Json.Text(a.Json, "roleDefinitionId")!)):
                return Denied(call);
            default:
                return null;
        }
    }

    private Answer AssignLicense(Call call, Entity user)
    {
        if (Skus(call.Body, "removeLicenses") is not { } remove || Skus(call.Body, "addLicenses") is not { } add)
            return Error(call, 400, "Request_BadRequest", "addLicenses and removeLicenses must both be given, as arrays.");
        var now = Json.Object(user.Json);
        var licences = now["assignedLicenses"] as JsonArray ?? [];
        var states = now["licenseAssignmentStates"] as JsonArray ?? [];
        foreach (var sku in remove)
        {
            var mine = states.Where(s => Sku(s) == sku).ToList();
            if (!licences.Any(l => Sku(l) == sku))
                return Error(call, 400, "Request_BadRequest", $"User does not have a corresponding license with skuId {sku}.");
            if (mine.Count > 0 && mine.TrueForAll(s => s?["assignedByGroup"] is not null))
                return Error(
                    call,
                    400,
                    "Request_BadRequest",
                    "User license is inherited from a group membership and it cannot be removed directly from the user."
                );
        }
        bool Goes(JsonNode? state) => remove.Contains(Sku(state)!) && state?["assignedByGroup"] is null;
        var leftStates = states.Where(s => !Goes(s)).Select(s => s!.DeepClone()).ToList();
        // A licence that a group gives as well stays.
        var left = licences
            .Where(l => !remove.Contains(Sku(l)!) || leftStates.Exists(s => Sku(s) == Sku(l)))
            .Select(l => l!.DeepClone())
            .ToList();
        foreach (var sku in add.Where(sku => !left.Exists(l => Sku(l) == sku)))
        {
            left.Add(new JsonObject { ["disabledPlans"] = new JsonArray(), ["skuId"] = sku });
            leftStates.Add(
                new JsonObject
                {
                    ["skuId"] = sku,
                    ["disabledPlans"] = new JsonArray(),
                    ["assignedByGroup"] = null,
                    ["state"] = "Active",
                    ["error"] = "None",
                    ["lastUpdatedDateTime"] = Time(call.Now),
                }
            );
        }
        journal.Merge(
            "users",
            user.Id,
            new JsonObject { ["assignedLicenses"] = new JsonArray([.. left]), ["licenseAssignmentStates"] = new JsonArray([.. leftStates]) }
        );
        return One(call, 200, "users", tenant.Users.Find(user.Id)!.Json);
    }

    private static string? Sku(JsonNode? licence) => licence?["skuId"]?.GetValue<string>();

    private static List<string>? Skus(JsonElement body, string property) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty(property, out var array) && array.ValueKind == JsonValueKind.Array
            ?
            [
                .. array
                    .EnumerateArray()
                    .Select(a => a.ValueKind == JsonValueKind.Object ? Json.Text(a, "skuId") : a.ToString())
                    .OfType<string>(),
            ]
            : null;
}
