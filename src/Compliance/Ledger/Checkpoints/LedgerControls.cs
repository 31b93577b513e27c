using Compliance.Controls;
using Compliance.Findings;

namespace Compliance.Ledger.Checkpoints;

/// <summary>The controls of the evidence ledger, their ids, and the sources their findings are read from.</summary>
internal static class LedgerControls
{
    /// <summary>The ledger does not verify: something in it is not what was signed.</summary>
    public const string DoesNotVerify = "EVID-001";

    /// <summary>The ledger could not be checked, or no checkpoint could be signed: unknown.</summary>
    public const string NotChecked = "EVID-002";

    /// <summary>A checkpoint has not reached the auditor's place in time.</summary>
    public const string CopyNotDelivered = "EVID-003";

    /// <summary>The ledger is not write-once, or that is not known.</summary>
    public const string NotWriteOnce = "EVID-004";

    /// <summary>The check of the whole ledger.</summary>
    public const string CheckSource = "ledger/check";

    /// <summary>The signing of checkpoints.</summary>
    public const string SigningSource = "ledger/signing";

    /// <summary>The immutability policy of the container.</summary>
    public const string WriteOnceSource = "ledger/writeOnce";

    /// <summary>The deliveries of checkpoints.</summary>
    public const string CopiesSource = "ledger/copies";

    /// <summary>Kind of subject: the ledger as a whole, and a place that gets copies.</summary>
    public const string LedgerSubject = "ledger";

    /// <inheritdoc cref="LedgerSubject"/>
    public const string CopySubject = "ledgerCopy";

    /// <summary>All of them.</summary>
    public static ControlCatalogue Catalogue { get; } =
        new(
            new(
                DoesNotVerify,
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
                NotChecked,
                "Evidence ledger could not be checked or signed",
                Severity.High,
                "What is not signed can be rewritten unnoticed, and what is not checked may have been.",
                [Clauses.CommonCriteriaMonitoring, Clauses.ProtectedLogs, Clauses.Evaluation, Clauses.LogIntegrity]
            ),
            new(
                CopyNotDelivered,
                "Checkpoint did not reach the auditor in time",
                Severity.High,
                "Only a checkpoint that lies outside the organisation shows that history was rewritten by those who hold its keys.",
                [Clauses.CommonCriteriaMonitoring, Clauses.ProtectedRecords, Clauses.LogIntegrity]
            ),
            new(
                NotWriteOnce,
                "Evidence ledger is not write-once",
                Severity.High,
                "Evidence that its own keepers could remove proves no more than they state.",
                [Clauses.ProtectedRecords, Clauses.ProtectedLogs, Clauses.Integrity, Clauses.LogIntegrity]
            )
        );

    /// <summary>A finding about the ledger as a whole.</summary>
    /// <param name="tenant">The tenant whose ledger it is.</param>
    /// <param name="control">The control that failed; its severity is the catalogue's.</param>
    /// <param name="source">Only a complete read of this source resolves it later.</param>
    /// <param name="problem">What is wrong.</param>
    public static Detection Detect(string tenant, string control, string source, CheckpointProblem problem) =>
        new()
        {
            ControlId = control,
            Severity = Catalogue.Get(control).Severity,
            Subject = new(LedgerSubject, tenant, "Evidence ledger"),
            Part = problem.Part,
            Source = source,
            Reason = problem.Reason,
            NextStep = problem.NextStep,
        };

    /// <summary>The ledger is not what was signed.</summary>
    public static Detection Wrong(string tenant, CheckpointProblem problem) => Detect(tenant, DoesNotVerify, CheckSource, problem);

    /// <summary>Whether it is could not be decided.</summary>
    public static Detection Undecided(string tenant, string source, CheckpointProblem problem) =>
        Detect(tenant, NotChecked, source, problem) with
        {
            Unknown = true,
        };
}
