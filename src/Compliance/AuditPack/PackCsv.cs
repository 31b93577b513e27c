using Compliance.Text;

namespace Compliance.AuditPack;

/// <summary>
/// The tables of a pack: RFC 4180, UTF-8, a header line. Spreadsheets run what begins like a formula, so such a cell gets an apostrophe
/// before it (OWASP, "CSV Injection").
/// </summary>
internal static class PackCsv
{
    /// <summary>The findings.</summary>
    public static byte[] Findings(IEnumerable<PackFinding> findings, Framework framework) =>
        CsvTable.ToBytes(
            [
                "id",
                "control",
                "title",
                "clauses",
                "severity",
                "status",
                "unknown",
                "subjectType",
                "subjectId",
                "subjectName",
                "part",
                "source",
                "reason",
                "nextStep",
                "openedAt",
                "resolvedAt",
                "reopened",
                "hasOwner",
                "waiverId",
                "runId",
            ],
            findings.Select(f =>
                new[]
                {
                    f.Id,
                    f.Control,
                    AllControls.Catalogue.Get(f.Control).Title,
                    string.Join("; ", framework.Clauses(AllControls.Catalogue.Get(f.Control))),
                    Lower(f.Severity),
                    Lower(f.Status),
                    f.Unknown ? "true" : "false",
                    f.SubjectType,
                    f.SubjectId,
                    f.SubjectName,
                    f.Part,
                    f.Source,
                    f.Reason,
                    f.NextStep,
                    PackText.Time(f.OpenedAt),
                    f.ResolvedAt is { } at ? PackText.Time(at) : "",
                    PackText.Number(f.Reopened),
                    f.HasOwner ? "true" : "false",
                    f.Waiver?.Id ?? "",
                    f.RunId,
                }
            )
        );

    /// <summary>The waivers: a line for each finding that one covers.</summary>
    public static byte[] Waivers(IEnumerable<PackFinding> findings) =>
        CsvTable.ToBytes(
            ["waiver", "finding", "control", "subjectType", "subjectId", "reason", "approvedBy", "expires", "findingStatus"],
            findings
                .Where(f => f.Waiver is not null)
                .OrderBy(f => f.Waiver!.Id, StringComparer.Ordinal)
                .ThenBy(f => f.Id, StringComparer.Ordinal)
                .Select(f =>
                    new[]
                    {
                        f.Waiver!.Id,
                        f.Id,
                        f.Control,
                        f.SubjectType,
                        f.SubjectId,
                        f.Waiver.Reason,
                        f.Waiver.ApprovedBy,
                        PackText.Time(f.Waiver.Expires),
                        Lower(f.Status),
                    }
                )
        );

    /// <summary>The approvals: a line for each answer, one for a request without any.</summary>
    public static byte[] Approvals(IEnumerable<PackApproval> approvals) =>
        CsvTable.ToBytes(
            [
                "request",
                "plan",
                "subject",
                "controls",
                "guards",
                "reasons",
                "askedAt",
                "deadline",
                "state",
                "approver",
                "answer",
                "answeredAt",
                "comment",
            ],
            approvals.SelectMany(a =>
                a.Answers.Count == 0
                    ?
                    [
                        [.. Request(a), "", "", "", ""],
                    ]
                    : a.Answers.Select(answer =>
                        (string[])
                            [
                                .. Request(a),
                                answer.ApproverId,
                                answer.Approve ? "yes" : "no",
                                PackText.Time(answer.At),
                                answer.Comment ?? "",
                            ]
                    )
            )
        );

    private static string[] Request(PackApproval a) =>
        [
            a.Id,
            a.PlanId,
            a.Subject,
            string.Join("; ", a.Controls),
            string.Join("; ", a.Guards),
            string.Join("; ", a.Reasons),
            PackText.Time(a.AskedAt),
            PackText.Time(a.Deadline),
            a.State,
        ];

    private static string Lower(Enum value) => value.ToString().ToLowerInvariant();
}
