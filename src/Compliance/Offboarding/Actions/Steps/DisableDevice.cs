using System.Text.Json.Nodes;
using Compliance.Changes.Plans;
using Compliance.Tenants;

namespace Compliance.Offboarding.Actions;

/// <summary>Disables a registered device.</summary>
internal sealed class DisableDevice : IRemovalStep
{
    /// <summary>The action.</summary>
    public const string Id = "device.disable";

    /// <summary>Closing and opening a registered device (inside a batch).</summary>
    public static readonly DeclaredCall Call = DeclaredCall.Change(
        "PATCH",
        "/devices/{id}",
        "Device.ReadWrite.All",
        "disables a leaver's devices (policy: devices)"
    );

    public string Action => Id;
    public string Title => "Disable a registered device";
    public IReadOnlyList<DeclaredCall> Calls => [Call];
    public IReadOnlyList<AccessKind> Kinds => [AccessKind.Device];
    public StepEffect Effect => StepEffect.Changes;

    public PlannedAccess Plan(Access access, RemovalContext context) =>
        RemovalContext.OnlyIf(this, context.Policy.RetireDevices, "devices", RemovalContext.Take(Id, access, "devices"));

    public StepRequest Request(PlanStep step, string graph) =>
        new(Call, $"/devices/{StepValues.Escaped(step.Target.Id)}", new JsonObject { ["accountEnabled"] = false });

    public PlannedAccess Undo(Access access, UndoContext context) => PlannedAccess.Do(EnableDevice.Create(access, context));

    // What the directory shows of a device without its details does not say that it is enabled.
    public bool IsInForce(Access access) =>
        string.Equals(access.Details.GetValueOrDefault("accountEnabled"), "true", StringComparison.OrdinalIgnoreCase);

    public IEnumerable<string> Sources(Access access, AccessSnapshot after) => AccessSources.Graph(after, "registeredDevices");
}
