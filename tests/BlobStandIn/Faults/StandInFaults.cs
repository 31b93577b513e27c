using BlobStandIn.State;

namespace BlobStandIn.Faults;

/// <summary>What a test or a benchmark makes fail, and how long things take. Nothing, unless it is set.</summary>
/// <param name="seed">Chooses which requests a share strikes.</param>
/// <param name="time">What latency is measured by.</param>
internal sealed class StandInFaults(int seed, TimeProvider time)
{
    private readonly Chance _order = new(seed);
    private int _answersToLose;

    /// <summary>How long a page of a listing takes.</summary>
    public TimeSpan ListLatency { get; set; }

    /// <summary>How long a delete by itself takes.</summary>
    public TimeSpan DeleteLatency { get; set; }

    /// <summary>How long a batch takes, whatever is in it.</summary>
    public TimeSpan BatchLatency { get; set; }

    /// <summary>Share of requests that are refused as a whole with 503.</summary>
    public Chance Busy { get; } = new(seed + 1);

    /// <summary>Share of a batch's items that are refused with 503.</summary>
    public Chance BusyItems { get; } = new(seed + 2);

    /// <summary>Share of writes whose answer is lost after the work was done.</summary>
    public Chance LostAnswers { get; } = new(seed + 3);

    /// <summary>Share of batches whose answer breaks off in the middle.</summary>
    public Chance CutAnswers { get; } = new(seed + 4);

    /// <summary>Share of a batch's parts that are missing in its answer.</summary>
    public Chance MissingParts { get; } = new(seed + 5);

    /// <summary>Share of a batch's parts that are twice in its answer.</summary>
    public Chance DoubledParts { get; } = new(seed + 6);

    /// <summary>Whether the parts of an answer come in another order than those of the request.</summary>
    public bool ShufflesParts { get; set; }

    /// <summary>What a 503 asks to wait; null for no such header.</summary>
    public TimeSpan? RetryAfter { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Quota of deletes, each item of a batch counting; null for none.</summary>
    public TokenBucket? Quota { get; set; }

    /// <summary>Called with container and name before each delete, outside any lock: something else happens first.</summary>
    public Action<string, string>? BeforeDelete { get; set; }

    /// <summary>Called with container and name for each delete: what refuses it, or null.</summary>
    public Func<string, string, StandInError?>? Refuse { get; set; }

    /// <summary>Whether a delete has to know the name as a text.</summary>
    public bool NeedsNames => BeforeDelete is not null || Refuse is not null;

    /// <summary>The answers to the next writes are lost after the work was done.</summary>
    public void LoseNextAnswers(int count) => Interlocked.Exchange(ref _answersToLose, count);

    /// <summary>Whether this answer is lost.</summary>
    public bool LosesAnswer() => LostAnswers.Strikes() || (_answersToLose > 0 && Interlocked.Decrement(ref _answersToLose) >= 0);

    /// <summary>Whether this answer breaks off.</summary>
    public bool CutsAnswer() => CutAnswers.Strikes();

    /// <summary>Parts of an answer as they are sent: some missing, some twice, in some order.</summary>
    public List<T> Disturb<T>(List<T> parts)
    {
        if (MissingParts.Share == 0 && DoubledParts.Share == 0 && !ShufflesParts)
            return parts;
        var sent = new List<T>(parts.Count);
        foreach (var part in parts)
        {
            if (MissingParts.Strikes())
                continue;
            sent.Add(part);
            if (DoubledParts.Strikes())
                sent.Add(part);
        }
        if (ShufflesParts)
            _order.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(sent));
        return sent;
    }

    /// <summary>Waits without a thread.</summary>
    public Task WaitAsync(StandInOperation operation, CancellationToken cancellationToken)
    {
        var latency = operation switch
        {
            StandInOperation.ListBlobs or StandInOperation.ListContainers => ListLatency,
            StandInOperation.DeleteBlob => DeleteLatency,
            StandInOperation.Batch => BatchLatency,
            _ => TimeSpan.Zero,
        };
        return latency == TimeSpan.Zero ? Task.CompletedTask : Task.Delay(latency, time, cancellationToken);
    }
}
