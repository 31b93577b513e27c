using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Compliance.Observability;

/// <summary>
/// What this app shows OpenTelemetry. Source and meter are both named <see cref="Name"/>; add them to the exporter by that name.
/// <list type="table">
/// <item><term><c>compliance.runs</c></term><description>Runs that ended; tags <c>control</c> (function), <c>outcome</c> (<c>complete</c>,
/// <c>incomplete</c>, <c>failed</c>).</description></item>
/// <item><term><c>compliance.run.duration</c></term><description>Seconds a run took; same tags.</description></item>
/// <item><term><c>compliance.findings.opened</c></term><description>Findings opened or reopened; tags <c>control</c> (id),
/// <c>severity</c>.</description></item>
/// <item><term><c>compliance.findings.resolved</c></term><description>Findings resolved; same tags.</description></item>
/// <item><term><c>compliance.gaps</c></term><description>Sources a run could not read to the end; tag <c>control</c>
/// (function).</description></item>
/// <item><term><c>compliance.requests</c></term><description>Requests to the tenant's services; tags <c>service</c>, <c>status</c> (HTTP
/// status, 0 without an answer).</description></item>
/// </list>
/// Tags never hold ids of people or objects.
/// </summary>
internal static class Telemetry
{
    /// <summary>Name of the activity source and of the meter.</summary>
    public const string Name = "Compliance";

    /// <summary>Where runs and their parts are traced.</summary>
    public static readonly ActivitySource Source = new(Name);

    /// <summary>Where instruments of a part of the app are made.</summary>
    public static readonly Meter Meter = new(Name);

    private static readonly Counter<long> Runs = Meter.CreateCounter<long>("compliance.runs", "{run}", "Runs that ended");
    private static readonly Histogram<double> Durations = Meter.CreateHistogram<double>("compliance.run.duration", "s", "Time a run took");
    private static readonly Counter<long> Gaps = Meter.CreateCounter<long>(
        "compliance.gaps",
        "{source}",
        "Sources that could not be read to the end"
    );
    private static readonly Counter<long> Requests = Meter.CreateCounter<long>(
        "compliance.requests",
        "{request}",
        "Requests to the tenant's services"
    );

    /// <summary>A run ended.</summary>
    /// <param name="control">The function.</param>
    /// <param name="outcome"><c>complete</c>, <c>incomplete</c> or <c>failed</c>.</param>
    /// <param name="took">How long it took.</param>
    public static void RunEnded(string control, string outcome, TimeSpan took)
    {
        var tags = new TagList { { "control", control }, { "outcome", outcome } };
        Runs.Add(1, tags);
        Durations.Record(took.TotalSeconds, tags);
    }

    /// <summary>A run could not read some sources to their end.</summary>
    public static void GapsSeen(string control, int gaps) => Gaps.Add(gaps, new TagList { { "control", control } });

    /// <summary>A request to a service of the tenant was answered, or not (status 0).</summary>
    public static void Requested(string service, int status) =>
        Requests.Add(1, new TagList { { "service", service }, { "status", status } });
}
