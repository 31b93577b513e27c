using Compliance.Controls;

namespace Compliance.Runs;

/// <summary>The controls of whether this app runs.</summary>
internal static class RunControls
{
    /// <summary>All of them.</summary>
    public static ControlCatalogue Catalogue { get; } =
        new(
            new(
                RunWatch.Missed,
                "Scheduled control missed its run",
                Severity.High,
                "A control that does not run finds nothing, which appears the same as a control that finds nothing wrong.",
                [Clauses.CommonCriteriaMonitoring, Clauses.Evaluation, Clauses.AiEvaluation]
            ),
            new(
                UnprocessedMessages.Left,
                "Message was not processed or not delivered",
                Severity.High,
                "A message that was given up may be a leaver who keeps all access, and the queue it lies in reports nothing.",
                [Clauses.CommonCriteriaMonitoring, Clauses.Evaluation, Clauses.AiEvaluation]
            )
        );
}
