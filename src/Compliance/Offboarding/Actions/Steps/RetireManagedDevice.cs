using Compliance.Changes.Plans;
using Compliance.Tenants;

namespace Compliance.Offboarding.Actions;

/// <summary>Removes company data from a managed device (Intune).</summary>
internal sealed class RetireManagedDevice : IRemovalStep
{
    /// <summary>The action.</summary>
    public const string Id = "managedDevice.retire";

    /// <summary>Retiring a managed device (inside a batch).</summary>
    private static readonly DeclaredCall Call = DeclaredCall.Change(
        "POST",
        "/deviceManagement/managedDevices/{id}/retire",
        "DeviceManagementManagedDevices.PrivilegedOperations.All",
        "retires a leaver's managed devices (policy: devices)"
    );

    public string Action => Id;
    public string Title => "Retire a managed device";
    public IReadOnlyList<DeclaredCall> Calls => [Call];
    public IReadOnlyList<AccessKind> Kinds => [AccessKind.ManagedDevice];
    public StepEffect Effect => StepEffect.Changes;

    public PlannedAccess Plan(Access access, RemovalContext context) =>
        RemovalContext.OnlyIf(this, context.Policy.RetireDevices, "devices", RemovalContext.Take(Id, access, "devices"));

    public StepRequest Request(PlanStep step, string graph) =>
        new(Call, $"/deviceManagement/managedDevices/{StepValues.Escaped(step.Target.Id)}/retire");

    public PlannedAccess Undo(Access access, UndoContext context) =>
        PlannedAccess.LeaveToPerson(access, "not restored: a retired device has to be enrolled again", "enrol the device again");

    public IEnumerable<string> Sources(Access access, AccessSnapshot after) => AccessSources.Graph(after, "managedDevices");
}
