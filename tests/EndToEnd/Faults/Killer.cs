using System.Globalization;

namespace EndToEnd.Faults;

/// <summary>
/// Kills the app again and again in the course of one case: at the first moment that was never reached before, then at the <paramref name="every"/>-th new one after it, and so on. What a
/// step does again after a kill is nothing new, so that each life of the app gets further than the one before, however short.
/// </summary>
/// <param name="run">The case.</param>
/// <param name="cut">At which side of the write.</param>
/// <param name="first">Which new moment is the first to be cut at, from 1.</param>
/// <param name="every">How many new moments each life of the app sees.</param>
internal sealed class Killer(LeaverRun run, Cut cut, int first, int every)
{
    private readonly HashSet<Moment> _seen = [];
    private readonly HashSet<Moment> _due = [];

    /// <summary>Where it has killed, in order.</summary>
    public List<string> Kills { get; } = [];

    /// <summary>How many moments were reached so far.</summary>
    public int Moments => _seen.Count;

    /// <summary>For <see cref="Wire.At"/>.</summary>
    public async Task AtAsync(Moment moment, Cut at)
    {
        if (at == Cut.Unsent && _seen.Add(moment) && _seen.Count >= first && (_seen.Count - first) % every == 0)
            _due.Add(moment);
        if (at != cut || !_due.Contains(moment))
            return;
        _due.Clear();
        Kills.Add(string.Create(CultureInfo.InvariantCulture, $"{_seen.Count}: {cut} {moment}"));
        await run.KillAppAsync();
    }
}
