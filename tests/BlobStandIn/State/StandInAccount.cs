namespace BlobStandIn.State;

/// <summary>A storage account in memory. Tests fill and change it directly, while it is served too.</summary>
/// <param name="name">Name: the first segment of every path.</param>
/// <param name="time">What soft delete, leases and immutability are measured by.</param>
internal sealed class StandInAccount(string name, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, StandInContainer> _containers = new(StringComparer.Ordinal);
    private readonly List<StandInContainer> _deleted = [];
    private long _lastStamp;

    /// <summary>Name.</summary>
    public string Name => name;

    /// <summary>Whether writes keep previous versions.</summary>
    public bool IsVersioned { get; init; }

    /// <summary>Whether it has directories; then it has neither versions nor index tags.</summary>
    public bool IsHierarchical { get; init; }

    /// <summary>
    /// Whether a delete with If-Match of a blob that is not there answers 412, as Azurite does, and not 404. The real service answers a
    /// read of such a blob with 404; what it answers to a delete is not known, so the sweep has to bear both.
    /// </summary>
    public bool AnswersMissingAsUnmet { get; init; }

    /// <summary>How long soft delete keeps what is deleted from now on; null for no soft delete.</summary>
    public TimeSpan? SoftDelete { get; set; }

    /// <summary>Now (UTC).</summary>
    public DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <summary>Makes a container.</summary>
    /// <exception cref="ArgumentException">There is one of that name.</exception>
    public StandInContainer AddContainer(string container) =>
        TryAddContainer(container, BlobExtras.None.Metadata)
        ?? throw new ArgumentException("There is one of that name.", nameof(container));

    /// <summary>Makes a container; null where there is one of that name.</summary>
    public StandInContainer? TryAddContainer(string container, IReadOnlyDictionary<string, string> metadata)
    {
        var made = new StandInContainer(this, container) { Metadata = metadata };
        lock (_gate)
            return _containers.TryAdd(container, made) ? made : null;
    }

    /// <summary>A container; null for none.</summary>
    public StandInContainer? Find(string container)
    {
        lock (_gate)
            return _containers.GetValueOrDefault(container);
    }

    /// <summary>Deletes a container with all its blobs; whether there was one.</summary>
    public bool DeleteContainer(string container)
    {
        lock (_gate)
        {
            if (!_containers.Remove(container, out var found))
                return false;
            found.Close(Now);
            if (SoftDelete is not null)
                _deleted.Add(found);
            return true;
        }
    }

    /// <summary>Containers in the order of their names, the deleted ones of a name first.</summary>
    public IReadOnlyList<StandInContainer> Containers(bool withDeleted)
    {
        lock (_gate)
        {
            return withDeleted
                ? [.. _deleted.Concat(_containers.Values).OrderBy(c => c.Name, StringComparer.Ordinal)]
                : [.. _containers.Values];
        }
    }

    /// <summary>A time that no other item of the account has: for ETags, version ids and snapshots.</summary>
    public DateTime NextStamp()
    {
        while (true)
        {
            var last = Volatile.Read(ref _lastStamp);
            var next = Math.Max(Now.Ticks, last + 1);
            if (Interlocked.CompareExchange(ref _lastStamp, next, last) == last)
                return new(next, DateTimeKind.Utc);
        }
    }
}
