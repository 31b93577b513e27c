using System.Globalization;
using LocalHost.Hosting;
using Microsoft.Extensions.Configuration;

namespace LocalHost.Timers;

/// <summary>
/// A clock that was set and runs on from there, so that timers fire at the time that a sandbox tenant and the app go by. The durable engine
/// stays on the real one.
/// </summary>
internal sealed class SetClock : TimeProvider
{
    /// <summary>Setting with the time to begin at (ISO 8601, UTC unless it has an offset).</summary>
    public const string Variable = "LocalHost__Now";

    private readonly TimeSpan _ahead;

    private SetClock(DateTimeOffset now) => _ahead = now - System.GetUtcNow();

    /// <summary>The clock that the settings ask for; the real one where they do not.</summary>
    /// <exception cref="StartupException">The setting is not a time.</exception>
    public static TimeProvider From(IConfiguration configuration)
    {
        if (configuration["LocalHost:Now"] is not { Length: > 0 } text)
            return System;
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, Utc, out var now) && now.Year is >= 2000 and <= 2099
            ? new SetClock(now)
            : throw new StartupException($"setting {Variable}: '{text}' must be a time from 2000 to 2099, such as 2026-11-23T06:00:00Z");
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + _ahead;
}
