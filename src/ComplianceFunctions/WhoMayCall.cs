using Compliance.Callers;
using Compliance.Changes.Approvals;
using Compliance.Credentials;
using Compliance.LedgerCheck;
using Compliance.Notifications;
using Compliance.Tenants;

namespace ComplianceFunctions;

/// <summary>
/// Who may call which function: one row a function. A function that answers requests and has no row refuses all of them; a test holds that
/// each has one.
/// </summary>
internal static class WhoMayCall
{
    private static readonly Proof Reader = new Proof.EntraRole(AppRole.Admin, AppRole.Approver, AppRole.Auditor);
    private static readonly Proof Starter = new Proof.EntraRole(Approvers.Starters);
    private static readonly Proof Admin = new Proof.EntraRole(AppRole.Admin);
    private static readonly Proof NotFromOutside = new Proof.NotFromOutside();

    /// <summary>The rows. Names of functions differ by more than case.</summary>
    public static IReadOnlyDictionary<string, Proof> Rows { get; } =
        // A name that is here twice stops the start.
        new Dictionary<string, Proof>(StringComparer.OrdinalIgnoreCase)
        {
            { "GetFindings", new Proof.EntraRole(AppRole.Admin, AppRole.Approver, AppRole.Auditor, AppRole.Owner) },
            { "GetCredentialRun", Reader },
            { "GetLeaverCases", Reader },
            { "GetLeaverCase", Reader },
            { "GetLeaverDocument", Reader },
            { "PlanLeaver", Reader },
            { "GetApprovals", new Proof.EntraRole(AppRole.Admin, AppRole.Approver, AppRole.Auditor, AppRole.Owner) },
            { "GetPause", Reader },
            { "StartCredentialCheck", Admin },
            { "RecheckVaultObjectByHand", Admin },
            { "AnswerApproval", new Proof.EntraRole(Approvers.Answerers) },
            { "StartLeaver", Starter },
            { "GetSweeps", Reader },
            { "GetSweep", Reader },
            { "GetSweepReport", Reader },
            { "StartSweep", Starter },
            { "CancelSweep", Starter },
            { "PauseActs", Starter },
            { "ResumeActs", Starter },
            { "EraseLeaver", Starter },
            { "HrEventWebhook", new Proof.HrSystem() },
            { CredentialRotationCheck.Name, NotFromOutside },
            { "RunCredentialCheck", NotFromOutside },
            { "VaultEventQueue", NotFromOutside },
            { "RecheckVaultObject", NotFromOutside },
            { "HrEventQueue", NotFromOutside },
            { "LeaverSweep", NotFromOutside },
            { "LeaverWatch", NotFromOutside },
            { "ControlWatch", NotFromOutside },
            { "TestNotifications", Admin },
            { Notifier.Name, NotFromOutside },
            { "NotificationQueue", NotFromOutside },
            { LedgerKeeper.CheckpointName, NotFromOutside },
            { LedgerKeeper.SelfCheckName, NotFromOutside },
            { LeaverOrchestrations.Case, NotFromOutside },
            { LeaverOrchestrations.Undo, NotFromOutside },
            { nameof(LeaverActivities.LeaverApprovalStanding), NotFromOutside },
            { nameof(LeaverActivities.LeaverBlock), NotFromOutside },
            { nameof(LeaverActivities.LeaverPlan), NotFromOutside },
            { nameof(LeaverActivities.LeaverRemove), NotFromOutside },
            { nameof(LeaverActivities.LeaverVerify), NotFromOutside },
            { nameof(LeaverActivities.LeaverCertify), NotFromOutside },
            { nameof(LeaverActivities.LeaverPlanUndo), NotFromOutside },
            { nameof(LeaverActivities.LeaverRestore), NotFromOutside },
            { "SweepSchedule", NotFromOutside },
            { SweepOrchestrations.Sweep, NotFromOutside },
            { SweepOrchestrations.DataSet, NotFromOutside },
            { nameof(SweepActivities.SweepList), NotFromOutside },
            { nameof(SweepActivities.SweepPlan), NotFromOutside },
            { nameof(SweepActivities.SweepPlanned), NotFromOutside },
            { nameof(SweepActivities.SweepDecide), NotFromOutside },
            { nameof(SweepActivities.SweepApprovalStatus), NotFromOutside },
            { nameof(SweepActivities.SweepAct), NotFromOutside },
            { nameof(SweepActivities.SweepVerify), NotFromOutside },
            { nameof(SweepActivities.SweepCertify), NotFromOutside },
            { nameof(SweepActivities.SweepComplete), NotFromOutside },
            { nameof(SweepActivities.SweepVerifyErasure), NotFromOutside },
        };

    /// <summary>
    /// Whose findings and requests a caller sees: null for all of them; an owner's object id for theirs alone. Never a mail address or a
    /// name: people can have those changed.
    /// </summary>
    public static string? OwnItemsOnly(CallerIdentity caller)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return caller.HoldsAny(AppRole.Admin, AppRole.Approver, AppRole.Auditor) ? null : caller.ObjectId;
    }
}
