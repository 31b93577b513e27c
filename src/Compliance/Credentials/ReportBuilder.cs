using Compliance.Findings;
using Compliance.Runs;

namespace Compliance.Credentials;

/// <summary>Turns findings and gaps into what people read.</summary>
internal static class ReportBuilder
{
    /// <summary>The report of a run over the whole tenant.</summary>
    public static CredentialReport Report(RunRequest request, CheckedScope done)
    {
        var (observed, run) = (done.Observed, done.Observed.Run);
        var receipt = done.Receipt ?? throw new ArgumentException("the run is not recorded", nameof(done));
        return new()
        {
            Run = new()
            {
                Id = run.Id,
                Control = CredentialRotationCheck.Name,
                Trigger = request.Trigger,
                StartedAt = run.StartedAt,
                Complete = done.IsComplete,
                PolicySha256 = observed.Policy.Sha256,
                CorrelationId = request.CorrelationId,
                Counts = done.Counts,
                Warnings = [.. observed.Warnings, .. Superseded(done.Newer)],
            },
            Tenant = new(observed.TenantId, done.TenantName),
            Findings = Findings(done.Findings, run.StartedAt),
            Unknown = Unknown(done.Outcomes, done.Detections),
            Evidence = new(receipt.RecordId, receipt.Location, receipt.Offset, receipt.Sha256, done.FindingsSha256),
        };
    }

    private static IEnumerable<string> Superseded(RunStamp? newer) =>
        newer is null
            ? []
            : [$"state holds a newer run ({newer.Id}, started {newer.StartedAt:u}): these findings are shown but not stored"];

    /// <summary>Sorted: highest severity first, then status, control, name and id. Ages are counted to <paramref name="now"/>.</summary>
    public static IReadOnlyList<ReportFinding> Findings(IEnumerable<Finding> findings, DateTimeOffset now) =>
        [
            .. findings
                .OrderByDescending(f => f.Detection.Severity)
                .ThenBy(f => f.Status)
                .ThenBy(f => f.Detection.ControlId, StringComparer.Ordinal)
                .ThenBy(f => f.Detection.Subject.Name, StringComparer.Ordinal)
                .ThenBy(f => f.Id, StringComparer.Ordinal)
                .Select(f => Finding(f, now)),
        ];

    /// <summary>One finding, its age counted to <paramref name="now"/>.</summary>
    public static ReportFinding Finding(Finding f, DateTimeOffset now) =>
        new()
        {
            Id = f.Id,
            Control = f.Detection.ControlId,
            Severity = f.Detection.Severity,
            Status = f.Status,
            Subject = f.Detection.Subject,
            Part = f.Detection.Part is { Length: > 0 } part ? part : null,
            AgeDays = f.AgeDays(now),
            Expires = f.Detection.Expires,
            Owner = f.Detection.Owner?.Address,
            Reason = f.Detection.Reason,
            NextStep = f.Detection.NextStep,
        };

    /// <summary>Sources that are incomplete, then objects that could not be judged.</summary>
    public static IReadOnlyList<ReportUnknown> Unknown(IEnumerable<SourceOutcome> outcomes, IEnumerable<Detection> detections) =>
        [
            .. outcomes
                .Where(o => !o.Complete)
                .Select(o => new ReportUnknown(
                    o.Source,
                    o.Subject ?? new Subject(SubjectTypes.Source, o.Source, o.Source),
                    o.Reason ?? "not read to its end",
                    o.Permission,
                    o.Remedy,
                    "source"
                )),
            .. detections
                .Where(d => d.ControlId == CredentialControls.MissingSubscription)
                .Select(d => new ReportUnknown(d.Source, d.Subject, d.Reason, "Reader", d.NextStep, "source")),
            .. detections
                .Where(d => d.Unknown && !CredentialControls.Gaps.Contains(d.ControlId))
                .OrderBy(d => d.Subject.Name, StringComparer.Ordinal)
                .ThenBy(d => d.Part, StringComparer.Ordinal)
                .Select(d => new ReportUnknown(d.Source, d.Subject, d.Reason, null, null, "object"))
                .Distinct(),
        ];
}
