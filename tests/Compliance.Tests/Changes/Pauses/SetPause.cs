using Compliance.Changes.Pauses;

namespace Compliance.Tests.Changes.Pauses;

/// <summary>A pause as a test sets it.</summary>
internal sealed class SetPause : IPause
{
    private int _asked;

    /// <summary>What holds acts, given how often it was asked before; null for nothing.</summary>
    public Func<int, ActPause?> Holds { get; set; } = _ => null;

    public Task<PauseHold?> HoldingAsync(bool isBlocking, CancellationToken cancellationToken) =>
        Task.FromResult(
            Holds(Interlocked.Increment(ref _asked) - 1) is { } pause && (!isBlocking || pause.Blocking)
                ? new PauseHold(pause, TimeSpan.FromMinutes(1))
                : null
        );
}
