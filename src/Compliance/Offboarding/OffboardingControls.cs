using Compliance.Controls;
using Compliance.Findings;

namespace Compliance.Offboarding;

/// <summary>The controls of leavers, and their ids.</summary>
internal static class OffboardingControls
{
    /// <summary>Somebody left, and no event of HR came.</summary>
    public const string EventNeverCame = "LEAVE-001";

    /// <summary>HR is silent, or its roster cannot be used.</summary>
    public const string HrSilent = "LEAVE-002";

    /// <summary>No account or several fit the HR event.</summary>
    public const string NoMatch = "LEAVE-003";

    /// <summary>An HR event was refused.</summary>
    public const string EventRefused = "LEAVE-004";

    /// <summary>A leaver is held or waits past the deadline.</summary>
    public const string Overdue = "LEAVE-010";

    /// <summary>A guard holds a leaver.</summary>
    public const string Held = "LEAVE-011";

    /// <summary>Access was not seen removed by the deadline.</summary>
    public const string NotClear = "LEAVE-012";

    /// <summary>A step needs a person or a permission.</summary>
    public const string StepStuck = "LEAVE-013";

    /// <summary>A former leaver has access again.</summary>
    public const string Relapsed = "LEAVE-014";

    /// <summary>A case does not proceed, or not for whom it should.</summary>
    public const string Stalled = "LEAVE-015";

    /// <summary>A second person has not confirmed a start for cause in time.</summary>
    public const string Unconfirmed = "LEAVE-016";

    /// <summary>What a leaver could read is rotated.</summary>
    public const string KnownByLeaver = "LEAVE-020";

    /// <summary>All of them.</summary>
    public static ControlCatalogue Catalogue { get; } =
        new(
            new(
                KnownByLeaver,
                "Secret was readable by a leaver and must be rotated now",
                Severity.High,
                "Disabling an account does not make anybody forget: a secret that was read works until it is changed.",
                [
                    Clauses.CommonCriteriaAccess,
                    "SOC 2 CC6.2",
                    Clauses.AuthenticationInformation,
                    Clauses.AfterEmployment,
                    Clauses.EntityAuthentication,
                    Clauses.SystemAccountSecrets,
                ]
            ),
            new(
                EventNeverCame,
                "Somebody left and no HR event came",
                Severity.Critical,
                "Whoever is not reported keeps all access.",
                [
                    Clauses.AccessRemoval,
                    Clauses.AccessRights,
                    Clauses.AfterEmployment,
                    Clauses.TerminationProcedures,
                    Clauses.TerminatedUsers,
                ]
            ),
            new(
                HrSilent,
                "HR is silent, or its roster cannot be used",
                Severity.High,
                "An HR system that stopped sending appears the same as one whose people all stay.",
                [Clauses.CommonCriteriaMonitoring, Clauses.AccessRights, Clauses.Evaluation]
            ),
            new(
                NoMatch,
                "No account or several fit a leaver",
                Severity.High,
                "Blocking the wrong person does harm, and blocking no one leaves the leaver in.",
                [Clauses.AccessRemoval, Clauses.AccessRights, Clauses.TerminationProcedures]
            ),
            new(
                EventRefused,
                "HR event was refused",
                Severity.High,
                "A refused event may be a leaver who stays in, or somebody who forges events.",
                [Clauses.AccessRemoval, Clauses.CommonCriteriaMonitoring, Clauses.AfterEmployment]
            ),
            new(
                Overdue,
                "Leaver waits for approvals past the deadline",
                Severity.Critical,
                "A hold that is forgotten protects no one: the person may still have all access.",
                [Clauses.AccessRemoval, Clauses.AccessRights, Clauses.TerminationProcedures, Clauses.TerminatedUsers]
            ),
            new(
                Held,
                "A guard holds a leaver",
                Severity.High,
                "Blocking a protected account does harm, and so does leaving a leaver in: people decide.",
                [Clauses.AccessRemoval, Clauses.AccessRights, Clauses.TerminationProcedures]
            ),
            new(
                NotClear,
                "A leaver's access was not seen removed in time",
                Severity.Critical,
                "Access that is still there, or was not read, can be used.",
                [Clauses.AccessRemoval, Clauses.AccessRights, Clauses.TerminationProcedures, Clauses.TerminatedUsers]
            ),
            new(
                StepStuck,
                "A step of an offboarding needs a person or a permission",
                Severity.High,
                "What this program cannot or may not remove stays until somebody does.",
                [Clauses.AccessRemoval, Clauses.AccessRights, Clauses.TerminationProcedures]
            ),
            new(
                Relapsed,
                "A former leaver has access again",
                Severity.Critical,
                "An account that comes back after its owner left is used by somebody else, or by mistake.",
                [Clauses.AccessRemoval, Clauses.AccessRights, Clauses.AfterEmployment, Clauses.TerminatedUsers]
            ),
            new(
                Stalled,
                "A leaver case does not proceed",
                Severity.Critical,
                "An offboarding that has stopped appears the same as one that has nothing to do.",
                [Clauses.AccessRemoval, Clauses.CommonCriteriaMonitoring, Clauses.TerminationProcedures, Clauses.TerminatedUsers]
            ),
            new(
                Unconfirmed,
                "A start for cause was not confirmed in time",
                Severity.Critical,
                "One person alone must not be able to lock another out unseen.",
                [Clauses.AccessRemoval, Clauses.CommonCriteriaMonitoring, Clauses.AccessRights]
            )
        );

    // Its own and those that it shares with other capabilities.
    private static readonly ControlCatalogue Raised = new([.. Catalogue.All, .. FindingControls.Catalogue.All]);

    /// <summary>Severity of a finding: the policy's, else the control's own.</summary>
    /// <exception cref="KeyNotFoundException">Nothing here raises the control.</exception>
    public static Severity SeverityOf(string control, OffboardingPolicy policy) =>
        policy.Severities.TryGetValue(control, out var severity) ? severity : Raised.Get(control).Severity;
}
