namespace EndToEnd.Faults;

/// <summary>One time that the storage goes away.</summary>
/// <param name="Activity">After which activity was begun; null for before any.</param>
/// <param name="Write">At the first write whose name has this in it.</param>
/// <param name="Cut">Whether the write is still done; its answer is lost either way.</param>
/// <param name="WithApp">The app is killed as well, and has to start while the storage is away.</param>
internal sealed record Outage(string? Activity, string Write, Cut Cut, bool WithApp = false)
{
    public bool Is(Moment moment, Cut at) =>
        at == Cut
        && moment.What.Contains(Write, StringComparison.Ordinal)
        && (Activity is null || moment.After.EndsWith(Activity, StringComparison.Ordinal));
}

/// <summary>
/// Takes the storage away in the course of one case, each time until the app was turned away so often that its client has given up at least
/// once: waiting it out inside one call is not enough.
/// </summary>
internal sealed class Outages(LeaverRun run, params IReadOnlyList<Outage> plan) : IAsyncDisposable
{
    // The storage client tries four times.
    private const int Enough = 5;

    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource _over = CancellationTokenSource.CreateLinkedTokenSource(LeaverRun.Stop);

    /// <summary>Where the storage went away, in order.</summary>
    public List<string> Happened { get; } = [];

    /// <summary>Ends when the storage is there again; fails when it could not be started.</summary>
    public Task Back { get; private set; } = Task.CompletedTask;

    /// <summary>For <see cref="Wire.At"/>.</summary>
    public async Task AtAsync(Moment moment, Cut at)
    {
        if (Happened.Count == plan.Count || !Back.IsCompletedSuccessfully || plan[Happened.Count] is not { } next || !next.Is(moment, at))
            return;
        Happened.Add($"{next.Cut} {moment}{(next.WithApp ? ", app killed" : "")}");
        await run.StopStorageAsync();
        if (next.WithApp)
            await run.KillAsync(Part.Both);
        Back = ComeBackAsync();
    }

    // A test that has failed meanwhile must not get a storage that nobody stops.
    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await Back.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _over.Dispose();
    }

    private async Task ComeBackAsync()
    {
        while (run.Wire.MaxUnheard < Enough)
            await Task.Delay(Between, TimeProvider.System, _over.Token);
        await run.StartStorageAsync();
    }
}
