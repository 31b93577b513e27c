using Compliance.Controls;
using Compliance.Credentials;
using Compliance.Findings;

namespace Local.Tests;

/// <summary>Sample reports.</summary>
internal static class Reports
{
    public static readonly DateTimeOffset Now = new(2026, 11, 23, 5, 0, 0, TimeSpan.Zero);

    public static CredentialReport With(params ReportFinding[] findings) =>
        new()
        {
            Run = new ReportRun
            {
                Id = "run-1",
                Control = "CredentialRotationCheck",
                Trigger = "manual",
                StartedAt = Now,
                Complete = true,
                PolicySha256 = new string('a', 64),
                CorrelationId = "c-1",
                Counts = new Dictionary<string, long> { ["objects"] = 202 },
                Warnings = [],
            },
            Tenant = new ReportTenant("11111111-1111-1111-1111-111111111111", "Contoso"),
            Findings = findings,
            Unknown = [],
            Evidence = new ReportEvidence("run-1", "ledger/tenant-1/log/2026-11-0001.jsonl", 42, new string('b', 64), new string('c', 64)),
        };

    public static ReportFinding Finding(
        Severity severity,
        string name,
        FindingStatus status = FindingStatus.Open,
        string control = "CRED-001"
    ) =>
        new()
        {
            Id = $"{control}-{name}",
            Control = control,
            Severity = severity,
            Status = status,
            Subject = new Subject(SubjectTypes.Application, $"id-{name}", name),
            Part = "key-1",
            AgeDays = 412,
            Expires = Now.AddDays(7),
            Owner = "ada@contoso.example",
            Reason = "older than 90 days",
            NextStep = "rotate it",
        };

    public static CredentialReport Incomplete(CredentialReport report) =>
        report with
        {
            Run = report.Run with { Complete = false },
            Unknown =
            [
                new ReportUnknown(
                    Sources.Applications,
                    new Subject(SubjectTypes.Source, Sources.Applications, "App registrations"),
                    "403 Forbidden",
                    "Application.Read.All",
                    "grant it",
                    "source"
                ),
            ],
        };
}
