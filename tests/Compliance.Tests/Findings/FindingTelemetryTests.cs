using System.Diagnostics.Metrics;
using Compliance.Controls;
using Compliance.Findings;
using Compliance.Observability;
using static Compliance.Tests.Findings.Samples;

namespace Compliance.Tests.Findings;

/// <summary>What OpenTelemetry gets to know of findings.</summary>
public sealed class FindingTelemetryTests
{
    [Fact]
    public void Opened_reopened_and_resolved_findings_are_counted_by_control_and_severity()
    {
        // A control of its own: tests of other classes count at the same time.
        var counted = new List<string>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == Telemetry.Name && instrument.Name.StartsWith("compliance.findings", StringComparison.Ordinal))
                l.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>(
            (instrument, value, tags, _) =>
            {
                var named = tags.ToArray().ToDictionary(t => t.Key, t => t.Value?.ToString());
                if (named.GetValueOrDefault("control") == "TEST-001")
                    lock (counted)
                        counted.Add($"{instrument.Name} {value} {named["severity"]} {instrument.Unit}");
            }
        );
        listener.Start();

        FindingTelemetry.Saved(
            [Change(ChangeKind.Opened), Change(ChangeKind.Updated), Change(ChangeKind.Reopened), Change(ChangeKind.Resolved)]
        );

        Assert.Equal(
            [
                "compliance.findings.opened 1 Critical {finding}",
                "compliance.findings.opened 1 Critical {finding}",
                "compliance.findings.resolved 1 Critical {finding}",
            ],
            counted
        );
    }

    private static FindingChange Change(ChangeKind kind) =>
        new(
            new(
                new Finding
                {
                    Id = "f",
                    TenantId = Tenant,
                    Status = FindingStatus.Open,
                    Detection = App(severity: Severity.Critical) with { ControlId = "TEST-001" },
                    OpenedAt = Day1,
                    ChangedAt = Day1,
                    RunId = "run-1",
                },
                null
            ),
            kind
        );
}
