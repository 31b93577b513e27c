namespace Local;

/// <summary>Watches the children: when one ends by itself the others are stopped, the last started first.</summary>
internal sealed class Supervisor(PidFile pids, TimeProvider time)
{
    // The app finishes what it has begun, for which its host allows 30 s before it ends it; Azurite writes its files.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(45);

    // A dying process drops its connections a moment before its end is known.
    private static readonly TimeSpan EndIsKnownWithin = TimeSpan.FromSeconds(5);

    private readonly List<ChildProcess> _children = [];

    /// <summary>Names of the children that still run, in the order they will be stopped.</summary>
    public IReadOnlyList<string> Running =>
        [.. Enumerable.Reverse(_children).Where(child => !child.Exited.IsCompleted).Select(child => child.Name)];

    /// <summary>Takes a child in, and notes it for the case that this process is killed.</summary>
    public void Add(ChildProcess child)
    {
        _children.Add(child);
        pids.Write(_children);
    }

    /// <summary>Does something for which all children must live.</summary>
    /// <exception cref="LaunchException">A child ended; the work was cancelled.</exception>
    public async Task<T> WhileAllLiveAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] ends = [.. _children.Select(child => child.Exited), .. _children.Select(child => child.Unwritten)];
        var working = work(ending.Token);
        var first = await Task.WhenAny([working, .. ends]);
        if (working is { IsFaulted: true, Exception.InnerException: HttpRequestException })
            await Task.WhenAny([Task.Delay(EndIsKnownWithin, time, ending.Token), .. ends]);
        if (first == working && (working.IsCompletedSuccessfully || !ends.Any(end => end.IsCompleted)))
            return await working;
        await ending.CancelAsync();
        try
        {
            await working;
        }
        catch (Exception)
        {
            // It failed because the child ended: that is the message to give.
        }
        var ended = _children.FirstOrDefault(child => child.Exited.IsCompleted);
        throw new LaunchException(
            ended is not null ? await ended.DeathNoteAsync() : await _children.First(child => child.Unwritten.IsCompleted).Unwritten
        );
    }

    /// <summary>Stops all, the last started first.</summary>
    /// <param name="hurry">Ends them by force.</param>
    public async Task StopAsync(CancellationToken hurry)
    {
        foreach (var child in Enumerable.Reverse(_children))
        {
            await child.StopAsync(Grace, hurry);
            await child.DisposeAsync();
        }
        _children.Clear();
        pids.Clear();
    }
}
