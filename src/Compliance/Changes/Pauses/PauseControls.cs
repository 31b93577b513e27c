using Compliance.Controls;

namespace Compliance.Changes.Pauses;

/// <summary>The control of a pause, and the guard that its request for approval names.</summary>
internal static class PauseControls
{
    /// <summary>Acts are paused.</summary>
    public const string Paused = "RUN-003";

    /// <summary>Name of the guard, as stored and printed: two people let acts continue.</summary>
    public const string Resume = "resume";

    /// <summary>The control.</summary>
    public static ControlCatalogue Catalogue { get; } =
        new(
            new Control(
                Paused,
                "Acts are paused",
                Severity.High,
                "While acts are held, access that has to end stays, and a pause that everybody forgot never ends by itself.",
                [Clauses.CommonCriteriaMonitoring, Clauses.AccessRemoval, Clauses.AccessRights, Clauses.TerminationProcedures]
            )
        );
}
