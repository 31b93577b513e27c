using System.Buffers.Binary;
using System.Globalization;
using Compliance.Changes.Guards;

namespace Compliance.Changes.Caps;

/// <summary>What the caps count in one tenant: the times of the newest places taken, and how many were taken on one day.</summary>
/// <param name="Day">The UTC day that is counted.</param>
/// <param name="OfDay">Places taken on it.</param>
/// <param name="Recent">When places were taken (UTC ticks), oldest first, at most <see cref="MaxKept"/>.</param>
internal sealed record CapCounter(DateOnly Day, int OfDay, IReadOnlyList<long> Recent)
{
    /// <summary>Times that fit into one property of a row (64 KiB); more than any cap per hour that a policy may set.</summary>
    public const int MaxKept = 8000;

    /// <summary>Nothing was ever counted.</summary>
    public static CapCounter None { get; } = new(DateOnly.MinValue, 0, []);

    /// <summary>Why there is no place; null when there is.</summary>
    /// <param name="now">When (UTC).</param>
    /// <param name="limits">How many places there are.</param>
    public Hold? Check(DateTimeOffset now, CapLimits limits)
    {
        if (limits.Size is not > 0)
            return new(
                Hold.Unreadable,
                $"how many {limits.Whole} the tenant has could not be counted, so that no share of them is known"
            );
        var lastHour = Recent.Count(t => t > now.AddHours(-1).UtcTicks);
        if (lastHour >= limits.PerHour)
            return new(
                limits.HourGuard,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{lastHour} {limits.Counted} in the last 60 minutes; policy allows {limits.PerHour}"
                )
            );
        var places = limits.PerDay(limits.Size.Value);
        var today = At(now).OfDay;
        return today < places
            ? null
            : new(
                limits.DayGuard,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{today} {limits.Counted} on {At(now).Day:yyyy-MM-dd} (UTC); policy allows {places} of {limits.Size} {limits.Whole}"
                )
            );
    }

    /// <summary>One more place taken.</summary>
    public CapCounter Taken(DateTimeOffset now)
    {
        var then = At(now);
        return then with
        {
            OfDay = then.OfDay + 1,
            Recent = [.. Recent.Where(t => t > now.AddDays(-1).UtcTicks).Append(now.UtcTicks).Order().TakeLast(MaxKept)],
        };
    }

    /// <summary>The place taken at a time given back.</summary>
    public CapCounter Released(DateTimeOffset takenAt)
    {
        var left = Recent.ToList();
        left.Remove(takenAt.UtcTicks);
        return this with { OfDay = DayOf(takenAt) == Day ? Math.Max(0, OfDay - 1) : OfDay, Recent = left };
    }

    /// <summary>The times as bytes of a row.</summary>
    public byte[] Packed()
    {
        var bytes = new byte[Recent.Count * sizeof(long)];
        for (var i = 0; i < Recent.Count; i++)
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(i * sizeof(long)), Recent[i]);
        return bytes;
    }

    /// <summary>The times from the bytes of a row.</summary>
    public static IReadOnlyList<long> Unpacked(ReadOnlySpan<byte> bytes)
    {
        var times = new long[bytes.Length / sizeof(long)];
        for (var i = 0; i < times.Length; i++)
            times[i] = BinaryPrimitives.ReadInt64LittleEndian(bytes[(i * sizeof(long))..]);
        return times;
    }

    // A case whose time is before midnight may be counted after one whose time is past it: the newer day is the one that counts.
    private CapCounter At(DateTimeOffset now) => DayOf(now) > Day ? this with { Day = DayOf(now), OfDay = 0 } : this;

    private static DateOnly DayOf(DateTimeOffset time) => DateOnly.FromDateTime(time.UtcDateTime);
}
