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
                // Who registered a device owns it, as far as the sandbox knows.
                return tenant.Users.Find(id) is { } holder
                    ? DirectoryObjects.Related(
                        tenant,
                        call,
                        tenant.RegisteredDevices.Of(holder.Id),
                        cast,
                        limited: tenant.Denied.ContainsKey("Device.Read.All")
                    )
                    : NotFound(call, id);
            case ("GET", ["users", var id, "managedDevices"]):
                return tenant.Users.Find(id) is { } user
                    ? Page(call, tenant.ManagedDevices.Of(user.Id), null, "$metadata#managedDevices", Chosen(call))
                    : NotFound(call, id);
            case ("GET", ["devices"]):
                var filter = call.Query.TryGetValue("$filter", out var text) ? GraphFilter.Parse(text) : null;
                return Page(
                    call,
                    tenant.Devices,
                    e => filter is null || GraphService.Passes(filter, e.Json),
                    "$metadata#devices",
                    Chosen(call)
                );
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
                return Page(
                    call,
                    tenant.ManagedDevices.All().SelectMany((u, i) => u.Set.All().Select(d => d with { Seq = ((long)i << 32) + d.Seq })),
                    "$metadata#deviceManagement/managedDevices",
                    Chosen(call)
                );
            case ("GET", ["deviceManagement", "managedDevices", var id]):
                return Managed(id) is { } managed
                    ? One(call, 200, "deviceManagement/managedDevices", managed.Device.Json)
                    : NotFound(call, id);
            case ("POST", ["deviceManagement", "managedDevices", var id, "retire"]):
                if (Managed(id) is not { } retiring)
                    return NotFound(call, id);
                // The device itself answers the request when it next checks in, so it is pending at first.
                journal.Merge(
                    $"users/{retiring.User}/managedDevices",
                    retiring.Device.Id,
                    new JsonObject { ["managementState"] = "retirePending" }
                );
                return Answer.Empty(204);
            default:
                return null;
        }
    }

    private (string User, Entity Device)? Managed(string id) =>
        tenant
            .ManagedDevices.ParentsOf(id)
            .Select(u => (u, Device: tenant.ManagedDevices.Of(u).Find(id)))
            .FirstOrDefault(m => m.Device is not null)
            is (var user, { } device)
            ? (user, device)
            : null;
}
