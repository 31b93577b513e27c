namespace Compliance.Controls;

/// <summary>The controls of the evidence ledger.</summary>
internal static class EvidenceControls
{
    /// <summary>All of them.</summary>
    public static ControlCatalogue Catalogue { get; } =
        new(
            new(
                "EVID-001",
                "Evidence ledger does not verify",
                Severity.Critical,
                "Evidence that was changed, or may have been, proves nothing, and somebody may have reason to change it.",
                [
                    Clauses.CommonCriteriaMonitoring,
                    Clauses.ProtectedRecords,
                    Clauses.ProtectedLogs,
                    Clauses.Integrity,
                    Clauses.LogIntegrity,
                ]
            ),
            new(
                "EVID-002",
                "Evidence ledger could not be checked or signed",
                Severity.High,
                "What is not signed can be rewritten unnoticed, and what is not checked may have been.",
                [Clauses.CommonCriteriaMonitoring, Clauses.ProtectedLogs, Clauses.Evaluation, Clauses.LogIntegrity]
            ),
            new(
                "EVID-003",
                "Checkpoint did not reach the auditor in time",
                Severity.High,
                "Only a checkpoint that lies outside the organisation shows that history was rewritten by those who hold its keys.",
                [Clauses.CommonCriteriaMonitoring, Clauses.ProtectedRecords, Clauses.LogIntegrity]
            ),
            new(
                "EVID-004",
                "Evidence ledger is not write-once",
                Severity.High,
                "Evidence that its own keepers could remove is only their word.",
                [Clauses.ProtectedRecords, Clauses.ProtectedLogs, Clauses.Integrity, Clauses.LogIntegrity]
            )
        );
}
