namespace EmbeddedHost.Hosting;

/// <summary>Lengths of time that several parts share.</summary>
internal static class Periods
{
    /// <summary>The longest single wait; .NET timers end before 50 days.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromDays(24);

    /// <summary>First wait after storage failed; doubled up to <see cref="LongestRetry"/>.</summary>
    public static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest wait after storage failed.</summary>
    public static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(30);

    public static TimeSpan Twice(TimeSpan delay, TimeSpan atMost) => delay + delay < atMost ? delay + delay : atMost;
}
