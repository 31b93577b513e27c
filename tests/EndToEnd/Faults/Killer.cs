namespace EndToEnd.Faults;

/// <summary>One kill.</summary>
/// <param name="Part">What is killed.</param>
/// <param name="Cut">At which side of the write.</param>
/// <param name="Write">At the first write whose name has this in it.</param>
/// <param name="Activity">After which activity was begun; null for any time.</param>
internal sealed record Kill(Part Part, Cut Cut, string Write, string? Activity = null)
{
    public bool Is(Moment moment, Cut at) =>
        at == Cut
        && moment.What.Contains(Write, StringComparison.Ordinal)
        && (Activity is null || moment.After.EndsWith(Activity, StringComparison.Ordinal));
}

/// <summary>Kills in the course of one case.</summary>
internal interface IKiller
{
    /// <summary>Where it has killed, in order.</summary>
    IReadOnlyList<string> Kills { get; }

    /// <summary>For <see cref="Wire.At"/>.</summary>
    Task AtAsync(Moment moment, Cut at);
}

/// <summary>Kills at the given moments, one after the other.</summary>
internal sealed class PlannedKiller(LeaverRun run, params IReadOnlyList<Kill> plan) : IKiller
{
    private readonly List<string> _kills = [];

    public IReadOnlyList<string> Kills => _kills;

    public async Task AtAsync(Moment moment, Cut at)
    {
        if (_kills.Count < plan.Count && plan[_kills.Count] is { } next && next.Is(moment, at) && await run.KillAsync(next.Part))
            _kills.Add($"{next.Part}, {at} {moment}");
    }
}

/// <summary>
/// Kills again and again, each time at a moment of the part's own that was never reached before, in this case or an earlier one. What a
/// step does again after a kill is nothing new, so that each life of the app gets further than the one before, however short.
/// </summary>
/// <param name="run">The case.</param>
/// <param name="part">What is killed.</param>
/// <param name="cut">At which side of the write.</param>
/// <param name="seen">The moments reached before; shared by the cases of one test.</param>
/// <param name="maxKills">How often it kills at most: a step that failed so often is tried again only after a long pause.</param>
internal sealed class SteadyKiller(LeaverRun run, Part part, Cut cut, HashSet<Moment> seen, int maxKills) : IKiller
{
    private readonly HashSet<Moment> _due = [];
    private readonly List<string> _kills = [];

    public IReadOnlyList<string> Kills => _kills;

    public async Task AtAsync(Moment moment, Cut at)
    {
        if (_kills.Count == maxKills)
            return;
        if (at == Cut.Unsent && part.HasFlag(moment.By) && seen.Add(OfItsStep(moment)))
            _due.Add(moment);
        if (at != cut || !_due.Contains(moment))
            return;
        // Others may be due that were begun beside it: they are new no more.
        _due.Clear();
        if (await run.KillAsync(part))
            _kills.Add($"{part}, {at} {moment}");
    }

    // A step that is tried again writes what it wrote the first time: only the commit before it is another one.
    private static Moment OfItsStep(Moment moment)
    {
        var step = moment.After.LastIndexOf("TaskScheduled ", StringComparison.Ordinal);
        return moment with { After = step < 0 ? "" : moment.After[step..] };
    }
}
