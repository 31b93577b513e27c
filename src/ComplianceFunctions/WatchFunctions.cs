using Compliance.Runs;

namespace ComplianceFunctions;

/// <summary>Watches that the scheduled controls run: a control that did not run is a finding.</summary>
public sealed class WatchFunctions(ControlWatchHandler watch)
{
    /// <summary>Looks every hour for controls past their tolerance.</summary>
    [Function("ControlWatch")]
    public Task Watch([TimerTrigger("%ControlWatchSchedule%")] TimerInfo timer, CancellationToken stop) => watch.RunAsync(stop);
}
