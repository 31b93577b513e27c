namespace Compliance.Runs;

/// <summary>A control that is expected to run by itself.</summary>
/// <param name="Name">Its name, under which its runs are remembered.</param>
/// <param name="Every">How often it runs.</param>
/// <param name="Tolerance">How late a run may be before it counts as missed.</param>
/// <param name="Function">The function that runs it; null when it has the control's name.</param>
internal sealed record ScheduledControl(string Name, TimeSpan Every, TimeSpan Tolerance, string? Function = null);
