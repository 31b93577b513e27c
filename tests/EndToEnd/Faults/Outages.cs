using System.Globalization;

namespace EndToEnd.Faults;

/// <summary>One time that the storage goes away.</summary>
/// <param name="Moment">At which new moment, from 1.</param>
/// <param name="Cut">Whether the write is still done; its answer is lost either way.</param>
/// <param name="WithApp">The app is killed as well, and has to start while the storage is away.</param>
internal sealed record Outage(int Moment, Cut Cut, bool WithApp = false);

/// <summary>
/// Takes the storage away in the course of one case, each time until the app was turned away so often that its client has given up at least once: waiting it out inside one call is not
/// enough.
/// </summary>
internal sealed class Outages(LeaverRun run, params IReadOnlyList<Outage> plan)
{
    // The storage client tries four times.
    private const int Enough = 5;

    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(50);

    private readonly HashSet<Moment> _seen = [];
    private Moment? _due;

    /// <summary>Where the storage went away, in order.</summary>
    public List<string> Happened { get; } = [];

    /// <summary>Ends when the storage is there again; fails when it could not be started.</summary>
    public Task Back { get; private set; } = Task.CompletedTask;

    /// <summary>For <see cref="Wire.At"/>.</summary>
    public async Task AtAsync(Moment moment, Cut at)
    {
        if (Happened.Count == plan.Count)
            return;
        var next = plan[Happened.Count];
        if (at == Cut.Unsent && _seen.Add(moment) && _seen.Count >= next.Moment && Back.IsCompletedSuccessfully)
            _due ??= moment;
        if (at != next.Cut || moment != _due)
            return;
        _due = null;
        Happened.Add(string.Create(CultureInfo.InvariantCulture, $"{_seen.Count}: {next.Cut} {moment}{(next.WithApp ? ", app killed" : "")}"));
        await run.StopStorageAsync();
        if (next.WithApp)
            await run.KillAppAsync();
        Back = ComeBackAsync();
    }

    private async Task ComeBackAsync()
    {
        while (run.Wire.MostUnheard < Enough)
            await Task.Delay(Between, TimeProvider.System, LeaverRun.Stop);
        await run.StartStorageAsync();
    }
}
