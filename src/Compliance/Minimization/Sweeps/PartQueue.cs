namespace Compliance.Minimization.Sweeps;

/// <summary>Parts that are being finished, a few at a time.</summary>
internal sealed class PartQueue(int max)
{
    private readonly Queue<Task> _tasks = new();

    /// <summary>One more; waits for the oldest where there are too many.</summary>
    public async Task AddAsync(Task part)
    {
        _tasks.Enqueue(part);
        if (_tasks.Count >= max)
            await _tasks.Dequeue();
    }

    /// <summary>Waits for all.</summary>
    public async Task AllAsync()
    {
        while (_tasks.TryDequeue(out var part))
            await part;
    }

    /// <summary>Waits until none is under way, whatever they came to; each is reported by <see cref="AllAsync"/>.</summary>
    public Task QuietAsync() => Task.WhenAll(_tasks.Select(t => t.ContinueWith(_ => { }, TaskScheduler.Default)));
}
