namespace Compliance.State;

/// <summary>A clock that starts at a given time and goes on from there at the usual pace.</summary>
/// <param name="now">The time it shows when made (UTC).</param>
internal sealed class ShiftedClock(DateTimeOffset now) : TimeProvider
{
    private readonly long _made = System.GetTimestamp();

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => now.ToUniversalTime() + System.GetElapsedTime(_made);
}
