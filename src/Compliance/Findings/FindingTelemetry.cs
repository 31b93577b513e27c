using System.Diagnostics;
using System.Diagnostics.Metrics;
using Compliance.Observability;

namespace Compliance.Findings;

/// <summary>What OpenTelemetry gets to know of findings, see <see cref="Telemetry"/>.</summary>
internal static class FindingTelemetry
{
    private static readonly Counter<long> Opened = Telemetry.Meter.CreateCounter<long>(
        "compliance.findings.opened",
        "{finding}",
        "Findings opened or reopened"
    );
    private static readonly Counter<long> Resolved = Telemetry.Meter.CreateCounter<long>(
        "compliance.findings.resolved",
        "{finding}",
        "Findings resolved"
    );

    /// <summary>The changes of a run were saved.</summary>
    public static void Saved(IEnumerable<FindingChange> changes)
    {
        foreach (var change in changes)
        {
            var d = change.Finding.Finding.Detection;
            var tags = new TagList { { "control", d.ControlId }, { "severity", d.Severity.ToString() } };
            if (change.Kind is ChangeKind.Opened or ChangeKind.Reopened)
                Opened.Add(1, tags);
            else if (change.Kind == ChangeKind.Resolved)
                Resolved.Add(1, tags);
        }
    }
}
