namespace Compliance.Changes.Pauses;

/// <summary>
/// Asked before each step that changes something in the tenant. Whoever carries out a plan asks before the pass, and an
/// <see cref="Execution.IPlanExecutor"/> again before each request or group of requests.
/// </summary>
internal interface IPause
{
    /// <summary>The pause that holds the next step; null when it may be done.</summary>
    /// <param name="isBlocking">
    /// Whether the step blocks somebody's access. Such a step is held only where that was asked for, and never because it can't be read
    /// whether it is.
    /// </param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="Azure.RequestFailedException">It can't be read, and the step does not block: try again later.</exception>
    Task<PauseHold?> HoldingAsync(bool isBlocking, CancellationToken cancellationToken);
}

/// <summary>A pause that holds a step.</summary>
/// <param name="Pause">The pause.</param>
/// <param name="Wait">How long until it is to be asked again.</param>
internal sealed record PauseHold(ActPause Pause, TimeSpan Wait);
