namespace Compliance.Runs;

/// <summary>A control that is expected to run by itself.</summary>
/// <param name="Name">Its function's name.</param>
/// <param name="Every">How often it runs.</param>
/// <param name="Tolerance">How late a run may be before it counts as missed.</param>
internal sealed record ScheduledControl(string Name, TimeSpan Every, TimeSpan Tolerance);
