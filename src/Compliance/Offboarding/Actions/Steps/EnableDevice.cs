using System.Text.Json.Nodes;
using Compliance.Changes.Plans;
using Compliance.Tenants;

namespace Compliance.Offboarding.Actions;

/// <summary>Enables a device as it was.</summary>
internal sealed class EnableDevice : IGiveBackStep
{
    /// <summary>The action.</summary>
    public const string Id = "device.enable";

    public string Action => Id;
    public string Title => "Enable a registered device";
    public IReadOnlyList<DeclaredCall> Calls => [DisableDevice.Call];
    public StepEffect Effect => StepEffect.Gives;

    /// <summary>The step.</summary>
    public static PlanStep Create(Access access, UndoContext context) => UndoContext.GiveBack(Id, access, context.User);

    public StepRequest Request(PlanStep step, string graph) =>
        new(DisableDevice.Call, $"/devices/{StepValues.Escaped(step.Target.Id)}", new JsonObject { ["accountEnabled"] = true });
}
