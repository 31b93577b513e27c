using Compliance.Controls;

namespace Compliance.Findings;

/// <summary>The control of every capability that reads sources.</summary>
internal static class FindingControls
{
    /// <summary>Every source is read to its end.</summary>
    public const string SourceNotRead = "GAP-001";

    /// <summary>All of them.</summary>
    public static ControlCatalogue Catalogue { get; } =
        new(
            new Control(
                SourceNotRead,
                "Source could not be read to its end",
                Severity.High,
                "What was not read may hold anything; without a finding it would appear to be in order.",
                [Clauses.CommonCriteriaMonitoring, Clauses.Evaluation, Clauses.AiEvaluation]
            )
        );
}
