namespace Compliance.Storage;

/// <summary>
/// A clock that starts at a given time and goes on from there at the usual pace, or stands still. Its timers run at the usual pace.
/// </summary>
/// <param name="now">The time it shows when made (UTC).</param>
/// <param name="frozen">Whether it stands still.</param>
internal sealed class ShiftedClock(DateTimeOffset now, bool frozen = false) : TimeProvider
{
    private readonly long _made = System.GetTimestamp();

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => now.ToUniversalTime() + (frozen ? TimeSpan.Zero : System.GetElapsedTime(_made));
}
