using Compliance.Runs;

namespace ComplianceFunctions;

/// <summary>
/// Watches that the scheduled controls run and that every message is processed: a control that did not run is a finding, and so is a
/// message that was given up.
/// </summary>
public sealed class WatchFunctions(ControlWatchHandler watch)
{
    /// <summary>Looks every hour for controls past their tolerance, into the poison queues and into the dead-letter container.</summary>
    [Function("ControlWatch")]
    public Task Watch([TimerTrigger("%ControlWatchSchedule%")] TimerInfo timer, CancellationToken cancellationToken) =>
        watch.RunAsync(cancellationToken);
}
