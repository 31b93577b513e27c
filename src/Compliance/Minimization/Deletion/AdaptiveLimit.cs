namespace Compliance.Minimization.Deletion;

/// <summary>How a call ended, for the limit.</summary>
/// <param name="Served">Items that the service answered, whatever its answer; 0 where the call itself failed.</param>
/// <param name="Throttled">Items that it sent back with 429 or 503.</param>
/// <param name="RetryAfter">How long it asks to wait; null where it does not.</param>
internal sealed record CallResult(int Served, int Throttled, TimeSpan? RetryAfter);

/// <summary>
/// How many calls may be in flight at once: one more a round trip while nothing is throttled (at first twice as many), and fewer by the
/// throttled share, at most once a round trip. Pure: time comes in, as a span from any fixed beginning.
/// </summary>
/// <remarks>
/// A service also throttles for reasons that this app has no part in, as while it moves a partition. So a cut has to help: when the
/// throttled share stays as it was after a cut, the cut is taken back and that share, up to <see cref="MaxTolerated"/>, is no reason
/// for another, until it is gone or has faded. Without this a storm of 20 % would end at a few calls at a time, whatever the service
/// could do.
/// </remarks>
internal sealed record AdaptiveLimit
{
    /// <summary>Largest share of throttled items that is ever taken for somebody else's.</summary>
    public const double MaxTolerated = 0.3;

    // Longest and usual wait of all calls, when none comes through.
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan DefaultPause = TimeSpan.FromSeconds(1);

    // A share of fewer items is chance.
    private const int MinItems = 32;
    private const double MaxCut = 0.5;
    private const double Margin = 0.95;
    private const double Alike = 1.5;
    private const double ToleranceRange = 2;
    private const double ToleranceDecay = 0.8;
    private const double ToleranceFade = 0.98;

    // A larger share is cut whatever the reason.
    private const double MaxUncut = 0.4;

    private readonly int _max;
    private double _limit;
    private bool _isRampingUp = true;
    private Round _round = new(TimeSpan.MinValue, 0, 0, 0, false);
    private Cut? _cut;
    private double _tolerated;
    private int _throttledInRow;

    /// <summary>Begins.</summary>
    /// <param name="initial">Calls at first, 1 or more.</param>
    /// <param name="max">Calls at most.</param>
    public AdaptiveLimit(int initial, int max)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(initial, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(max, initial);
        (_limit, _max) = (initial, max);
    }

    /// <summary>Calls that may be in flight at once: from 1 to the maximum.</summary>
    public int Allowed => Math.Clamp((int)Math.Round(_limit), 1, _max);

    /// <summary>Until when no call may begin.</summary>
    public TimeSpan PausedUntil { get; private init; } = TimeSpan.MinValue;

    /// <summary>How long an item that was sent back waits before it is sent again.</summary>
    public static TimeSpan WaitFor(TimeSpan? retryAfter) =>
        TimeSpan.FromTicks(Math.Clamp((retryAfter ?? DefaultPause).Ticks, 0, MaxPause.Ticks));

    /// <summary>The limit after a call.</summary>
    /// <param name="result">How it ended.</param>
    /// <param name="started">When it began.</param>
    /// <param name="now">When it ended.</param>
    /// <param name="inFlight">Calls in flight, with this one.</param>
    public AdaptiveLimit After(CallResult result, TimeSpan started, TimeSpan now, int inFlight)
    {
        // What began before the last decision shows the limit before it.
        if (started < _round.Start || result.Served + result.Throttled == 0)
            return this;
        var next = Paused(result, now);
        var round = _round.With(result, inFlight >= Allowed);
        var isWhole = round.Calls >= Allowed && (round.Throttled == 0 || round.Items >= MinItems);
        if (!isWhole)
            return next with { _round = round };
        var decided = next.Decide(round);
        // A cut is judged by what begins a round trip later, when what was in flight before it no longer counts at the service.
        var start = decided._cut is null ? now : now + (now - started);
        return decided with { _round = new(start, 0, 0, 0, false) };
    }

    // Some items sent back wait by themselves while others proceed; when as many calls as are allowed come back whole, all wait.
    private AdaptiveLimit Paused(CallResult result, TimeSpan now)
    {
        if (result.Served > 0)
            return this with { _throttledInRow = 0 };
        if (result.Throttled == 0)
            return this;
        var until = _throttledInRow + 1 >= Allowed ? now + WaitFor(result.RetryAfter) : PausedUntil;
        return this with { _throttledInRow = _throttledInRow + 1, PausedUntil = until > PausedUntil ? until : PausedUntil };
    }

    private AdaptiveLimit Decide(Round round)
    {
        var share = (double)round.Throttled / round.Items;
        if (_cut is { } cut && share > cut.Share / 2 && share <= Math.Min(MaxTolerated, cut.Share * Alike))
        {
            var tolerated = Math.Min(Math.Max(share, cut.Share), MaxTolerated);
            return this with { _cut = null, _tolerated = tolerated, _limit = cut.From, _isRampingUp = true };
        }
        if (share > Math.Min(_tolerated * ToleranceRange, MaxUncut))
        {
            var limit = Math.Max(1, _limit * Math.Max(MaxCut, (1 - share) * Margin));
            return this with { _cut = new(_limit, share), _limit = limit, _isRampingUp = false };
        }
        // It fades in any case, so that a cut tries once more whether it helps.
        var left = _tolerated * (share < _tolerated / 2 ? ToleranceDecay : ToleranceFade);
        var next = this with { _cut = null, _tolerated = left < 0.01 ? 0 : left };
        // Where fewer calls were wanted than allowed, more allowed ones show nothing.
        return round.WasFull ? next with { _limit = Math.Min(_max, _isRampingUp ? _limit * 2 : _limit + 1) } : next;
    }

    /// <summary>What ended since the last decision, of what began after it: a round trip's worth of calls.</summary>
    private sealed record Round(TimeSpan Start, int Calls, int Items, int Throttled, bool WasFull)
    {
        public Round With(CallResult result, bool isFull) =>
            this with
            {
                Calls = Calls + 1,
                Items = Items + result.Served + result.Throttled,
                Throttled = Throttled + result.Throttled,
                WasFull = WasFull || isFull,
            };
    }

    private sealed record Cut(double From, double Share);
}
