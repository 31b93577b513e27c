using System.Collections.Concurrent;

namespace BlobStandIn.Faults;

/// <summary>What a request asks for.</summary>
internal enum StandInOperation
{
    Unknown,
    ListContainers,
    ListBlobs,
    ReadAccount,
    ReadContainer,
    ReadBlob,
    ReadTags,
    CreateContainer,
    DeleteContainer,
    PutBlob,
    CopyBlob,
    SetMetadata,
    SetTags,
    SetTier,
    Lease,
    Snapshot,
    Undelete,
    DeleteBlob,
    Batch,
}

/// <summary>Counts what was asked and what became of each delete.</summary>
internal sealed class RequestLog
{
    private readonly long[] _counts = new long[Enum.GetValues<StandInOperation>().Length];
    private readonly ConcurrentDictionary<string, long> _refusals = new();
    private readonly ConcurrentQueue<string> _entries = new();
    private long _deleted;

    /// <summary>Whether each request is kept, as in <c>DELETE /acme/raw/a.json</c>. Off in benchmarks.</summary>
    public bool KeepsEntries { get; set; }

    /// <summary>Requests that were kept, in the order they came.</summary>
    public IReadOnlyList<string> Entries => [.. _entries];

    /// <summary>Items that were deleted, by themselves or in a batch.</summary>
    public long Deleted => Interlocked.Read(ref _deleted);

    /// <summary>Deletes that were refused, by themselves or in a batch, by error code.</summary>
    public IReadOnlyDictionary<string, long> Refusals => _refusals;

    /// <summary>Requests that change something, or try to; those that are not known count too.</summary>
    public long Writes => Enum.GetValues<StandInOperation>().Where(IsWrite).Sum(Count);

    /// <summary>Requests that change nothing.</summary>
    public long Reads => Enum.GetValues<StandInOperation>().Where(o => !IsWrite(o)).Sum(Count);

    /// <summary>How often an operation was asked for.</summary>
    public long Count(StandInOperation operation) => Interlocked.Read(ref _counts[(int)operation]);

    /// <summary>Whether an operation changes something.</summary>
    public static bool IsWrite(StandInOperation operation) =>
        operation
            is not (
                StandInOperation.ListContainers
                or StandInOperation.ListBlobs
                or StandInOperation.ReadAccount
                or StandInOperation.ReadContainer
                or StandInOperation.ReadBlob
                or StandInOperation.ReadTags
            );

    /// <summary>Counts a request.</summary>
    public void Add(StandInOperation operation, string method, string target)
    {
        Interlocked.Increment(ref _counts[(int)operation]);
        if (KeepsEntries)
            _entries.Enqueue($"{method} {target}");
    }

    /// <summary>Counts what became of a delete.</summary>
    /// <param name="code">Error code; null where it was done.</param>
    public void AddDelete(string? code)
    {
        if (code is null)
            Interlocked.Increment(ref _deleted);
        else
            _refusals.AddOrUpdate(code, 1, (_, count) => count + 1);
    }

    /// <summary>Forgets all of it.</summary>
    public void Clear()
    {
        Array.Clear(_counts);
        _refusals.Clear();
        _entries.Clear();
        Interlocked.Exchange(ref _deleted, 0);
    }
}
