using Compliance.Controls;

namespace Compliance.Minimization.Sweeps;

/// <summary>The controls of data minimization.</summary>
internal static class MinimizationControls
{
    /// <summary>What is past its time of keeping is deleted every quarter.</summary>
    public const string Overdue = "DATA-001";

    /// <summary>All data is in a data set of the policy.</summary>
    public const string Unclassified = "DATA-002";

    /// <summary>Confidential and restricted data is not in development.</summary>
    public const string InDevelopment = "DATA-003";

    /// <summary>Data whose purpose ended is gone.</summary>
    public const string PurposeEnded = "DATA-004";

    /// <summary>All storage is seen.</summary>
    public const string NotSeen = "DATA-005";

    /// <summary>What was deleted does not come back.</summary>
    public const string FoundAgain = "DATA-006";

    /// <summary>Those that a sweep decides.</summary>
    public static readonly IReadOnlyList<string> OfSweep = [Overdue, Unclassified, InDevelopment, PurposeEnded, NotSeen];

    /// <summary>All of them.</summary>
    public static ControlCatalogue Catalogue { get; } =
        new(
            new(
                Overdue,
                "Data is kept longer than it may be",
                Severity.High,
                "Data that is not there cannot leak, and the law limits how long personal data is kept.",
                [Clauses.Deletion, Clauses.StorageLimitation, Clauses.CardholderRetention, Clauses.AiDataManagement]
            ),
            new(
                Unclassified,
                "Data that no rule of retention covers",
                Severity.Medium,
                "What no one has classified is kept for ever and protected by chance.",
                [Clauses.Classification, Clauses.StorageLimitation, Clauses.AiDataManagement]
            ),
            new(
                InDevelopment,
                "Sensitive data in a development account",
                Severity.High,
                "Development is open to more people and watched less than production.",
                [Clauses.TestInformation, Clauses.CommonCriteriaAccess, Clauses.LiveDataInTests]
            ),
            new(
                PurposeEnded,
                "Data whose purpose has ended",
                Severity.High,
                "Without a purpose there is no basis to keep personal data.",
                [Clauses.StorageLimitation, Clauses.Deletion]
            ),
            new(
                NotSeen,
                "Storage that could not be read",
                Severity.High,
                "What was not seen cannot be called minimized.",
                [Clauses.CommonCriteriaMonitoring, Clauses.Evaluation]
            ),
            new(
                FoundAgain,
                "Deleted data is there again",
                Severity.High,
                "A deletion that was undone is none, whatever its certificate states.",
                [Clauses.Deletion, Clauses.StorageLimitation]
            )
        );
}
