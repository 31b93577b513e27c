namespace BlobStandIn.State;

/// <summary>A container in memory. Each method is atomic; a listing reads it a slice at a time, as a service does.</summary>
/// <param name="account">Its account.</param>
/// <param name="name">Its name.</param>
internal sealed class StandInContainer(StandInAccount account, string name)
{
    private readonly Lock _gate = new();
    private readonly NameIndex _names = new();

    /// <summary>Its account.</summary>
    public StandInAccount Account => account;

    /// <summary>Its name.</summary>
    public string Name => name;

    /// <summary>Its ETag and when it was made.</summary>
    public DateTime Created { get; } = account.NextStamp();

    /// <summary>Metadata.</summary>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    /// <summary>Whether a legal hold keeps all of it.</summary>
    public bool HasLegalHold { get; set; }

    /// <summary>How long a policy keeps each blob from when it was made; null for no policy.</summary>
    public TimeSpan? Immutability { get; set; }

    /// <summary>When it was deleted (UTC); null while it is there.</summary>
    public DateTime? DeletedAt { get; private set; }

    /// <summary>How many names it has, those of soft-deleted blobs too.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _names.Count;
        }
    }

    /// <summary>Names of its current blobs, in order.</summary>
    public IReadOnlyList<string> Names
    {
        get
        {
            var found = new List<string>();
            lock (_gate)
            {
                for (var at = default(NameIndex.Place); _names.At(at) is { } family; at = _names.Next(at))
                {
                    if (family.Current is not null)
                        found.Add(family.Name);
                }
            }
            return found;
        }
    }

    /// <summary>Puts blobs into it past HTTP: quickest in the order of their names.</summary>
    public void Add(IEnumerable<BlobSeed> seeds)
    {
        foreach (var seed in seeds)
            Change(seed.Name, true, family => Seed(family, seed));
    }

    /// <summary>Puts a blob into it past HTTP. One of that name becomes what a write would make of it.</summary>
    public void Add(BlobSeed seed) => Add([seed]);

    /// <summary>The current version of a blob; null for none.</summary>
    public StoredBlob? Find(string blob) => Change(blob, false, f => f.Current);

    /// <summary>All items of a name, in the order of a listing.</summary>
    public IReadOnlyList<StoredBlob> Items(string blob) =>
        Change<IReadOnlyList<StoredBlob>>(blob, false, f => f.Current is null ? [.. f.Others] : [.. f.Others, f.Current]) ?? [];

    /// <summary>Writes a blob again: new content, ETag and, on a versioned account, version.</summary>
    public void Rewrite(string blob) => Change(blob, false, f => BlobWrites.Put(account, f, f.Current!.Size, f.Current.Extras));

    /// <summary>Changes what a blob has beside its content, as its tags, its lease or a hold do: the ETag stays.</summary>
    public void ChangeExtras(string blob, Func<BlobExtras, BlobExtras> change) =>
        Change(blob, false, f => f.Current = f.Current! with { Extras = change(f.Current.Extras) });

    /// <summary>Deletes a blob, one of its versions or a snapshot.</summary>
    /// <returns>What refuses it; null where it was deleted.</returns>
    public StandInError? Delete(ReadOnlySpan<char> blob, in DeleteCall call)
    {
        lock (_gate)
        {
            if (DeletedAt is not null)
                return StandInError.ContainerNotFound;
            if (Find(blob) is not { } family)
                return BlobDeletion.Missing(account, call);
            var error =
                account.IsHierarchical && HasBelow(family)
                    ? StandInError.DirectoryIsNotEmpty
                    : BlobDeletion.Delete(this, family, call);
            if (family.IsEmpty)
                _names.Remove(family.Name);
            return error;
        }
    }

    /// <summary>Reads or changes all there is of a name.</summary>
    /// <param name="blob">The name.</param>
    /// <param name="create">Whether a name without items counts as one.</param>
    /// <param name="change">Reads or changes it.</param>
    /// <returns>What <paramref name="change"/> gives; the default where there is nothing of the name.</returns>
    public T? Change<T>(string blob, bool create, Func<BlobFamily, T> change)
    {
        lock (_gate)
        {
            var family = Find(blob.AsSpan());
            if (DeletedAt is not null || (family is null && !create))
                return default;
            var isNew = family is null;
            family ??= new(blob);
            var result = change(family);
            if (isNew && !family.IsEmpty)
                _names.Add(family);
            else if (!isNew && family.IsEmpty)
                _names.Remove(blob);
            return result;
        }
    }

    /// <summary>Gives families from a name on, in order, while <paramref name="visit"/> takes them.</summary>
    /// <param name="from">The name to begin at.</param>
    /// <param name="visit">Null to end; otherwise the name to continue at, empty for the next one.</param>
    public void Visit(string from, Func<BlobFamily, string?> visit)
    {
        lock (_gate)
        {
            var at = _names.Seek(from);
            while (DeletedAt is null && _names.At(at) is { } family)
            {
                family.Erase(account.Now);
                if (visit(family) is not { } next)
                    return;
                at = next.Length == 0 ? _names.Next(at) : _names.Seek(next);
            }
        }
    }

    /// <summary>It is deleted: whoever still has it finds nothing in it.</summary>
    public void Close(DateTime now)
    {
        lock (_gate)
            DeletedAt = now;
    }

    /// <summary>What keeps an item from being deleted or overwritten; null for nothing.</summary>
    public StandInError? Hold(StoredBlob blob)
    {
        if (HasLegalHold || blob.Extras.HasLegalHold)
            return StandInError.OnHold;
        var until = Immutability is { } period ? blob.Created + period : default;
        return until > account.Now || blob.Extras.ImmutableUntil > account.Now ? StandInError.Immutable : null;
    }

    private bool Seed(BlobFamily family, BlobSeed seed)
    {
        BlobWrites.Put(account, family, seed.Size, seed.Extras);
        var created = seed.Created?.UtcDateTime ?? account.Now;
        family.Current = family.Current! with
        {
            Created = created,
            Modified = seed.Modified?.UtcDateTime ?? created,
            Accessed = seed.Accessed?.UtcDateTime ?? default,
            Tier = seed.Tier,
        };
        return true;
    }

    // What is left of a name now; null for nothing.
    private BlobFamily? Find(ReadOnlySpan<char> blob)
    {
        var family = _names.Find(blob);
        family?.Erase(account.Now);
        if (family is not { IsEmpty: true })
            return family;
        _names.Remove(family.Name);
        return null;
    }

    // A directory's name is followed by a slash and the names in it.
    private bool HasBelow(BlobFamily family)
    {
        if (family.Current?.Extras.Metadata.ContainsKey("hdi_isfolder") != true)
            return false;
        var below = family.Name + "/";
        return _names.At(_names.Seek(below))?.Name.StartsWith(below, StringComparison.Ordinal) == true;
    }
}
