namespace BlobStandIn.State;

/// <summary>
/// Families in the order of their names, in chunks: an insert or a removal moves a few hundred references, a million names take one
/// reference each, and a page begins by a binary search. Used only under its container's lock.
/// </summary>
internal sealed class NameIndex
{
    private const int ChunkSize = 512;

    private readonly List<Chunk> _chunks = [];

    /// <summary>How many names there are.</summary>
    public int Count { get; private set; }

    /// <summary>A family; null for none.</summary>
    public BlobFamily? Find(ReadOnlySpan<char> name) => At(Seek(name)) is { } found && name.SequenceEqual(found.Name) ? found : null;

    /// <summary>Adds a family that is not there. In the order of names it is quickest.</summary>
    public void Add(BlobFamily family)
    {
        Count++;
        var (chunk, index) = PlaceFor(family.Name);
        if (_chunks.Count == 0)
            _chunks.Add(new());
        if (_chunks[chunk].Count == ChunkSize)
        {
            // At the end nothing follows that would need room: the chunk stays full.
            var isAtEnd = chunk == _chunks.Count - 1 && index == ChunkSize;
            _chunks.Insert(chunk + 1, isAtEnd ? new() : _chunks[chunk].Split());
            if (index > _chunks[chunk].Count || isAtEnd)
                (chunk, index) = (chunk + 1, index - _chunks[chunk].Count);
        }
        _chunks[chunk].Insert(index, family);
    }

    /// <summary>Takes a family away.</summary>
    public void Remove(string name)
    {
        var place = Seek(name);
        if (At(place) is not { } found || found.Name != name)
            return;
        Count--;
        _chunks[place.Chunk].RemoveAt(place.Index);
        if (_chunks[place.Chunk].Count == 0)
            _chunks.RemoveAt(place.Chunk);
    }

    /// <summary>Place of the first name that is not before this one.</summary>
    public Place Seek(ReadOnlySpan<char> name)
    {
        if (_chunks.Count == 0)
            return default;
        var (chunk, index) = PlaceFor(name);
        return index == _chunks[chunk].Count ? new(chunk + 1, 0) : new(chunk, index);
    }

    /// <summary>The family at a place; null past the last.</summary>
    public BlobFamily? At(Place place) => place.Chunk < _chunks.Count ? _chunks[place.Chunk].Items[place.Index] : null;

    /// <summary>The place after one.</summary>
    public Place Next(Place place) =>
        place.Index + 1 < _chunks[place.Chunk].Count ? place with { Index = place.Index + 1 } : new(place.Chunk + 1, 0);

    // In the last chunk that begins at or before the name; at its end where the name is after all of it.
    private Place PlaceFor(ReadOnlySpan<char> name)
    {
        var (low, high) = (0, _chunks.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (name.SequenceCompareTo(_chunks[middle].Items[0].Name) < 0)
                high = middle - 1;
            else
                low = middle;
        }
        return new(low, _chunks.Count == 0 ? 0 : _chunks[low].PlaceFor(name));
    }

    /// <summary>Where a family is, until the next change.</summary>
    internal readonly record struct Place(int Chunk, int Index);

    private sealed class Chunk
    {
        public BlobFamily[] Items { get; } = new BlobFamily[ChunkSize];

        public int Count { get; private set; }

        public int PlaceFor(ReadOnlySpan<char> name)
        {
            var (low, high) = (0, Count);
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (name.SequenceCompareTo(Items[middle].Name) <= 0)
                    high = middle;
                else
                    low = middle + 1;
            }
            return low;
        }

        public void Insert(int index, BlobFamily family)
        {
            Array.Copy(Items, index, Items, index + 1, Count - index);
            Items[index] = family;
            Count++;
        }

        public void RemoveAt(int index)
        {
            Count--;
            Array.Copy(Items, index + 1, Items, index, Count - index);
            Items[Count] = null!;
        }

        public Chunk Split()
        {
            var upper = new Chunk();
            var half = Count / 2;
            Array.Copy(Items, half, upper.Items, 0, Count - half);
            Array.Clear(Items, half, Count - half);
            (upper.Count, Count) = (Count - half, half);
            return upper;
        }
    }
}
