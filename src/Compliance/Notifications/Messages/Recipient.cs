namespace Compliance.Notifications.Messages;

/// <summary>By which way a message travels.</summary>
internal enum ChannelKind
{
    /// <summary>Mail to one person.</summary>
    Mail,

    /// <summary>A channel of Microsoft Teams.</summary>
    Teams,

    /// <summary>A channel of Slack.</summary>
    Slack,
}

/// <summary>One person, or one room of people, that gets messages.</summary>
/// <param name="Channel">The way.</param>
/// <param name="Address">Mail address; for a room its kind.</param>
/// <param name="ObjectId">Entra object id; null where it is not known, or for a room.</param>
/// <param name="Roles">What they are notified for.</param>
/// <param name="Hours">When a digest may arrive.</param>
internal sealed record Recipient(
    ChannelKind Channel,
    string Address,
    string? ObjectId,
    IReadOnlySet<NotificationRole> Roles,
    WorkingHours Hours
)
{
    /// <summary>Names the recipient in what is kept and found.</summary>
    public string Key => $"{Channel.ToString().ToLowerInvariant()}:{Address.ToLowerInvariant()}";

    /// <summary>Whether the recipient is one of those, by object id, whose access has ended.</summary>
    public bool HasEnded(IReadOnlyCollection<string> ended) =>
        ObjectId is { } id && ended.Contains(id, StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether an item concerns this recipient.</summary>
    public bool IsConcernedBy(NotificationItem item)
    {
        var audience = item.Audience;
        if (ObjectId is not null && audience.Except.Contains(ObjectId))
            return false;
        if (audience.Role is { } role && Roles.Contains(role))
            return true;
        return Channel == ChannelKind.Mail && string.Equals(audience.Address, Address, StringComparison.OrdinalIgnoreCase);
    }
}

/// <summary>The hours in which people want what is not urgent.</summary>
/// <param name="Zone">Their time zone.</param>
/// <param name="From">Begin of the working day.</param>
/// <param name="To">Its end, later than its begin.</param>
/// <param name="Days">The working days.</param>
internal sealed record WorkingHours(TimeZoneInfo Zone, TimeOnly From, TimeOnly To, IReadOnlySet<DayOfWeek> Days)
{
    /// <summary>Monday to Friday, 8 to 17 h UTC.</summary>
    public static WorkingHours Default { get; } =
        new(
            TimeZoneInfo.Utc,
            new TimeOnly(8, 0),
            new TimeOnly(17, 0),
            new HashSet<DayOfWeek> { DayOfWeek.Monday, DayOfWeek.Tuesday, DayOfWeek.Wednesday, DayOfWeek.Thursday, DayOfWeek.Friday }
        );

    /// <summary>The date there, when a time is within the hours; null outside them.</summary>
    public DateOnly? DayAt(DateTimeOffset now)
    {
        var there = TimeZoneInfo.ConvertTime(now, Zone);
        var hour = TimeOnly.FromTimeSpan(there.TimeOfDay);
        var day = DateOnly.FromDateTime(there.DateTime);
        var late = LeftOut(day);
        return Days.Contains(there.DayOfWeek) && hour >= From.Add(late) && hour < To.Add(late) ? day : null;
    }

    // A day on which the clock is put forward over all of the hours has them as much later.
    private TimeSpan LeftOut(DateOnly day)
    {
        var (begin, end) = (day.ToDateTime(From), day.ToDateTime(To));
        if (!Zone.IsInvalidTime(begin) || !Zone.IsInvalidTime(end.AddTicks(-1)))
            return TimeSpan.Zero;
        return Zone.GetUtcOffset(day.AddDays(1).ToDateTime(TimeOnly.MinValue)) - Zone.GetUtcOffset(begin);
    }
}
