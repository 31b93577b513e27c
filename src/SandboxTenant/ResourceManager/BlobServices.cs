using System.Text.Json.Nodes;
using SandboxTenant.Data;
using SandboxTenant.Http;
using static SandboxTenant.ResourceManager.ResourceManagerService;

namespace SandboxTenant.ResourceManager;

/// <summary>Blob services of storage accounts and their containers, as Resource Manager shows them. The data itself is elsewhere.</summary>
internal sealed class BlobServices(TenantData tenant)
{
    private const string Service = "/blobServices/default";
    private const string Policy = "/immutabilityPolicies/default";

    /// <summary>Answers a read of a blob service, its containers or one's immutability policy; null for another call.</summary>
    public Answer? Handle(Call call)
    {
        var at = call.Path.IndexOf(Service, StringComparison.OrdinalIgnoreCase);
        if (call.Method != "GET" || at < 0)
            return null;
        var account = call.Path[..at];
        if (tenant.Resources.Find(account) is not { } found)
            return NotFound(account);
        return call.Path[(at + Service.Length)..].Split('/') switch
        {
            [""] => Whole(found.Id),
            ["", "containers"] => Page(
                call,
                tenant.Containers,
                c => c.Id.StartsWith(call.Path + "/", StringComparison.OrdinalIgnoreCase),
                ResourceManagerService.Whole
            ),
            ["", "containers", _] => tenant.Containers.Find(call.Path) is { } container
                ? new Answer(200, container.Json)
                : NotFoundContainer(),
            ["", "containers", _, "immutabilityPolicies", "default"] => tenant.Containers.Find(call.Path[..^Policy.Length]) is { } held
                ? Immutability(held)
                : NotFoundContainer(),
            _ => null,
        };
    }

    // An account whose blob service was never changed has one all the same: versions and soft delete are off.
    private Answer Whole(string account)
    {
        var id = account + Service;
        if (tenant.BlobServices.Find(id) is { } kept)
            return new Answer(200, kept.Json);
        return new Answer(
            200,
            Json.Bytes(
                new JsonObject
                {
                    ["id"] = id,
                    ["name"] = "default",
                    ["type"] = "Microsoft.Storage/storageAccounts/blobServices",
                    ["properties"] = new JsonObject
                    {
                        ["cors"] = new JsonObject { ["corsRules"] = new JsonArray() },
                        ["deleteRetentionPolicy"] = new JsonObject { ["allowPermanentDelete"] = false, ["enabled"] = false },
                    },
                }
            )
        );
    }

    // A container without a policy answers with one of no days.
    private static Answer Immutability(Entity container)
    {
        var policy =
            Json.Object(container.Json)["properties"]?["immutabilityPolicy"] as JsonObject
            ?? new JsonObject
            {
                ["properties"] = new JsonObject { ["immutabilityPeriodSinceCreationInDays"] = 0, ["state"] = "Unlocked" },
            };
        var answer = policy.DeepClone().AsObject();
        answer["id"] = container.Id + Policy;
        answer["name"] = "default";
        answer["type"] = "Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies";
        return new Answer(200, Json.Bytes(answer));
    }

    private static Answer NotFoundContainer() => Error(404, "ContainerNotFound", "The specified container does not exist.");
}
