using System.Text.Json;
using System.Text.Json.Nodes;
using SandboxTenant.Data;
using SandboxTenant.Http;
using static SandboxTenant.Graph.GraphAnswer;

namespace SandboxTenant.Graph;

/// <summary>Devices of the directory and those Intune manages.</summary>
internal sealed class Devices(TenantData tenant, Journal journal) : IGraphArea
{
    /// <inheritdoc/>
    public Answer? Handle(Call call, string[] segments)
    {
        switch (call.Method, segments)
        {
            case ("GET", ["users", var id, "registeredDevices" or "ownedDevices", .. var cast]):
                var relation = segments[2] == "ownedDevices" ? tenant.DeviceOwners : tenant.DeviceUsers;
                return tenant.Users.Find(id) is { } holder
                    ? DirectoryObjects.Mixed(call, cast, ("device", relation.ParentsOf(holder.Id).Select(tenant.Devices.Find).OfType<Entity>())) : NotFound(call, id);
            case ("GET", ["users", var id, "managedDevices"]):
                return tenant.Users.Find(id) is { } user
                    ? Page(call, tenant.ManagedDevices.By("userId", user.Id), "$metadata#managedDevices", Chosen(call)) : NotFound(call, id);
            case ("GET", ["devices"]):
                var filter = call.Query.TryGetValue("$filter", out var text) ? GraphFilter.Parse(text) : null;
                return Page(call, tenant.Devices, e => filter is null || GraphService.Passes(filter, e.Json), "$metadata#devices", Chosen(call));
            case ("GET", ["devices", var id]):
                return tenant.Devices.Find(id) is { } shown ? One(call, 200, "devices", shown.Json) : NotFound(call, id);
            case ("PATCH", ["devices", var id]):
                if (tenant.Devices.Find(id) is not { } device)
                    return NotFound(call, id);
                if (call.Body.ValueKind != JsonValueKind.Object)
                    return Error(call, 400, "BadRequest", "Empty Payload. JSON content expected.");
                journal.Merge("devices", device.Id, JsonObject.Create(call.Body)!);
                return Answer.Empty(204);
            case ("GET", ["deviceManagement", "managedDevices"]):
                return Page(call, tenant.ManagedDevices, null, "$metadata#deviceManagement/managedDevices", Chosen(call));
            case ("GET", ["deviceManagement", "managedDevices", var id]):
                return tenant.ManagedDevices.Find(id) is { } managed ? One(call, 200, "deviceManagement/managedDevices", managed.Json) : NotFound(call, id);
            case ("POST", ["deviceManagement", "managedDevices", var id, "retire"]):
                if (tenant.ManagedDevices.Find(id) is not { } retiring)
                    return NotFound(call, id);
                // The device itself answers the request when it next checks in, so it is pending at first.
                journal.Merge("managedDevices", retiring.Id, new JsonObject { ["managementState"] = "retirePending" });
                return Answer.Empty(204);
            default:
                return null;
        }
    }
}
