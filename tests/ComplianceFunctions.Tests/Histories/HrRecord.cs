namespace ComplianceFunctions.Tests.Histories;

/// <summary>
/// What HR has sent so far, kept by the test itself: what holds of each employment, whatever the program made of it.
/// </summary>
internal sealed class HrRecord
{
    private readonly Dictionary<(Person Who, string Employment), List<(HrSends Event, DateTimeOffset At)>> _events = [];

    /// <summary>The employments that HR has sent something about.</summary>
    public IReadOnlyCollection<(Person Who, string Employment)> Employments => _events.Keys;

    /// <summary>HR's event has arrived.</summary>
    public void Add(HrSends sent, DateTimeOffset at)
    {
        if (!_events.TryGetValue((sent.Who, sent.Employment), out var events))
            _events[(sent.Who, sent.Employment)] = events = [];
        events.Add((sent, at));
    }

    /// <summary>
    /// What holds of an employment: the event with the highest sequence, and when it arrived first; null before there is one.
    /// </summary>
    public (HrSends Event, DateTimeOffset At)? Latest(Person who, string employment) =>
        _events.TryGetValue((who, employment), out var events)
            ? events.Where(e => e.Event.Sequence == events.Max(o => o.Event.Sequence)).MinBy(e => e.At)
            : null;

    /// <summary>When access ends by an employment's termination, if one holds; null when none does.</summary>
    public DateTimeOffset? DueAt(Person who, string employment)
    {
        if (Latest(who, employment) is not ({ Type: "terminated" or "termination.rescheduled" } sent, var at))
            return null;
        var leaves = LeaverWorld.Start + (sent.Leaves ?? sent.At);
        var sentAt = LeaverWorld.Start + SentAt(sent);
        return sent.ForCause ? Earliest(leaves, Earliest(sentAt, at)) : leaves;
    }

    /// <summary>Whether a termination of the person is due.</summary>
    public bool IsDue(Person who, DateTimeOffset now) => _events.Keys.Any(e => e.Who == who && DueAt(who, e.Employment) <= now);

    /// <summary>Whether a termination of the person is due, and they work on in no other employment.</summary>
    public bool MustLeave(Person who, DateTimeOffset now) =>
        _events.Keys.Any(e => e.Who == who && DueAt(who, e.Employment) <= now && !IsEmployed(who, e.Employment, now));

    /// <summary>
    /// Whether HR reported, after an employment's latest event, that the person is there in another one; or before it, and that one
    /// outlasts the employment, which does not end for cause.
    /// </summary>
    public bool IsEmployed(Person who, string employment, DateTimeOffset now)
    {
        var own = Latest(who, employment)!.Value.Event;
        return _events.Keys.Any(other =>
            other.Who == who
            && other.Employment != employment
            && Latest(who, other.Employment)!.Value.Event is var latest
            && (
                SentAt(latest) > SentAt(own)
                || (!own.ForCause && DueAt(who, employment) is { } end && !(DueAt(who, other.Employment) <= end))
            )
            && (DueAt(who, other.Employment) is not { } due || due > now)
        );
    }

    private static TimeSpan SentAt(HrSends sent) => sent.Sent ?? sent.At;

    private static DateTimeOffset Earliest(DateTimeOffset a, DateTimeOffset b) => a <= b ? a : b;
}
