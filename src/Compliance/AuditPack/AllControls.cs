using Compliance.Changes.Pauses;
using Compliance.Controls;
using Compliance.Credentials;
using Compliance.Findings;
using Compliance.Ledger.Checkpoints;
using Compliance.Minimization.Sweeps;
using Compliance.Notifications;
using Compliance.Offboarding;
using Compliance.Runs;

namespace Compliance.AuditPack;

/// <summary>
/// Every control this app checks, assembled from each capability's own list. Each has a page <c>docs/reference/controls/ID.md</c>; a test
/// holds both in step.
/// </summary>
internal static class AllControls
{
    /// <summary>The catalogue.</summary>
    public static ControlCatalogue Catalogue { get; } =
        new([
            .. FindingControls.Catalogue.All,
            .. LedgerControls.Catalogue.All,
            .. RunControls.Catalogue.All,
            .. PauseControls.Catalogue.All,
            .. CredentialControls.Catalogue.All,
            .. OffboardingControls.Catalogue.All,
            .. NotificationControls.Catalogue.All,
            .. MinimizationControls.Catalogue.All,
        ]);
}
