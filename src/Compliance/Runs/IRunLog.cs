using Compliance.Findings;

namespace Compliance.Runs;

/// <summary>Remembers the runs of scheduled controls, so that one that did not run is noticed.</summary>
public interface IRunLog
{
    /// <summary>Every scheduled control this tenant's app has ever known, by name.</summary>
    Task<IReadOnlyDictionary<string, ControlRuns>> LoadAsync(string tenantId, CancellationToken cancellationToken);

    /// <summary>Remembers that the control is expected from now on; does nothing when it is known already.</summary>
    Task ExpectAsync(string tenantId, string control, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Remembers a run that ended. An older run never overwrites a newer one.</summary>
    Task CompletedAsync(string tenantId, string control, RunStamp run, bool complete, CancellationToken cancellationToken);
}

/// <summary>What is remembered of a scheduled control.</summary>
/// <param name="Control">The control's function name.</param>
/// <param name="ExpectedSince">Since when it should be running (UTC).</param>
/// <param name="LastRun">The newest run that ended; null when none did.</param>
/// <param name="LastComplete">Start of the newest run that read everything (UTC); null when none did.</param>
public sealed record ControlRuns(string Control, DateTimeOffset ExpectedSince, RunStamp? LastRun, DateTimeOffset? LastComplete);
