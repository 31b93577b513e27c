namespace EndToEnd.Faults;

/// <summary>
/// Kills the app again and again in the course of one case, each time at a moment that was never reached before. What a step does again after a kill is nothing new, so that each life of
/// the app gets further than the one before, however short.
/// </summary>
/// <param name="run">The case.</param>
/// <param name="cut">At which side of the write.</param>
/// <param name="wanted">Whether to kill at this new moment.</param>
internal sealed class Killer(LeaverRun run, Cut cut, Func<Moment, bool> wanted)
{
    private readonly HashSet<Moment> _seen = [];
    private readonly HashSet<Moment> _due = [];

    /// <summary>Where it has killed, in order.</summary>
    public List<Moment> Kills { get; } = [];

    /// <summary>How many moments were reached so far.</summary>
    public int Moments => _seen.Count;

    /// <summary>For <see cref="Wire.At"/>.</summary>
    public async Task AtAsync(Moment moment, Cut at)
    {
        if (at == Cut.Unsent && _seen.Add(moment) && wanted(moment))
            _due.Add(moment);
        if (at != cut || !_due.Contains(moment))
            return;
        // Others may be due that were begun beside it: they are new no more.
        _due.Clear();
        Kills.Add(moment);
        await run.KillAppAsync();
    }
}
