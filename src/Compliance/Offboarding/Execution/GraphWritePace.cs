namespace Compliance.Offboarding.Execution;

/// <summary>
/// Keeps removals within Graph's quota of writes (3,000 in 2.5 minutes for each application and tenant; Microsoft Graph service-specific
/// throttling limits, identity and access) and leaves room in it for blocking, which never waits here: of 3,000, removals take 400 at once
/// and 2,100 in 150 s, which leaves 500, enough to block 200 leavers at once and to send a little again. Who finds no room gets a turn and
/// comes back then; nobody waits inside. Safe for several threads.
/// </summary>
/// <remarks>
/// The count is this process's alone; what others of the same identity write shows as 429, whose Retry-After is honoured.
/// </remarks>
internal sealed class GraphWritePace
{
    /// <summary>Graph's own limit, writes in <see cref="Window"/>.</summary>
    public const int GraphLimit = 3_000;

    /// <summary>Lowest limit that can be set: below, a plan would take hours.</summary>
    public const int LowestLimit = 300;

    /// <summary>Over which Graph counts.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(150);

    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Turn> _turns = new(StringComparer.Ordinal);
    private readonly Queue<(DateTimeOffset At, int Count)> _granted = new();
    private readonly double _perSecond;
    private readonly int _most;
    private double _tokens;
    private DateTimeOffset _filledAt;

    /// <summary>Begins with a full bucket.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="limit">Writes in <see cref="Window"/>, blocking included.</param>
    public GraphWritePace(TimeProvider time, int limit = GraphLimit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, LowestLimit);
        _time = time;
        Burst = limit * 4 / 30;
        _most = limit * 25 / 30;
        _perSecond = limit * (2_100 / 3_000.0) / Window.TotalSeconds;
        (_tokens, _filledAt) = (Burst, time.GetUtcNow());
    }

    /// <summary>The most writes of one turn.</summary>
    public int Burst { get; }

    /// <summary>Asks for writes.</summary>
    /// <param name="holder">Who asks: asking again before one's turn does not lose it, and does not give a second one.</param>
    /// <param name="wanted">How many, 1 or more.</param>
    /// <param name="wait">How long until the holder's turn when nothing is granted; else zero.</param>
    /// <returns>How many may be sent now: 0, or <paramref name="wanted"/>, <see cref="Burst"/> at most.</returns>
    public int Take(string holder, int wanted, out TimeSpan wait)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(wanted, 1);
        lock (_lock)
        {
            var now = _time.GetUtcNow();
            _tokens = Math.Min(Burst, _tokens + Math.Max(0, (now - _filledAt).TotalSeconds) * _perSecond);
            _filledAt = now;
            if (!_turns.TryGetValue(holder, out var turn))
            {
                // What is not there yet is outstanding: turns come in the order they were asked for.
                var count = Math.Min(wanted, Burst);
                _tokens -= count;
                turn = new(_tokens >= 0 ? now : now + TimeSpan.FromSeconds(-_tokens / _perSecond), count);
            }
            turn = turn with { Count = Math.Min(turn.Count, wanted) };
            // Turns that are taken late come together with those after them: what counts in the end is what went out.
            if (turn.At <= now && Fits(turn.Count, now) is var fits && fits > now)
                turn = turn with { At = fits };
            wait = turn.At - now;
            if (wait > TimeSpan.Zero)
            {
                _turns[holder] = turn;
                return 0;
            }
            wait = TimeSpan.Zero;
            _granted.Enqueue((now, turn.Count));
            _turns.Remove(holder);
            Forget(now);
            return turn.Count;
        }
    }

    // When so many more fit into the window that ends then.
    private DateTimeOffset Fits(int count, DateTimeOffset now)
    {
        while (_granted.TryPeek(out var oldest) && now - oldest.At >= Window)
            _granted.Dequeue();
        var over = _granted.Sum(g => g.Count) + count - _most;
        var at = now;
        foreach (var granted in _granted)
        {
            if (over <= 0)
                break;
            over -= granted.Count;
            at = granted.At + Window;
        }
        return at;
    }

    // Whoever did not come for a turn, because the case was taken back, is not waited for.
    private void Forget(DateTimeOffset now)
    {
        foreach (var (holder, turn) in _turns)
            if (now - turn.At > TimeSpan.FromHours(1))
                _turns.Remove(holder);
    }

    private readonly record struct Turn(DateTimeOffset At, int Count);
}
