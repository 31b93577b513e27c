using System.Text.Json;

namespace SandboxTenant.Data;

/// <summary>
/// The objects of one kind in the order they were loaded, found by id and, where the service has one, by a second key. Safe for concurrent
/// use.
/// </summary>
/// <param name="name">The set's name, as in a tenant folder (<c>applications</c>, <c>vaults/kv-demo/secrets</c>).</param>
/// <param name="alternateKey">A second property that finds an object (<c>appId</c>, <c>userPrincipalName</c>), or null.</param>
/// <param name="groupKeys">Properties by whose value many objects are found at once (<c>principalId</c>), top-level or below
/// <c>properties</c>.</param>
/// <param name="changed">Informed of each id that comes (true) and goes (false).</param>
internal sealed class EntitySet(string name, string? alternateKey = null, string[]? groupKeys = null, Action<string, bool>? changed = null)
{
    private readonly Lock _gate = new();
    private readonly List<Entity> _items = [];
    private readonly Dictionary<string, Entity> _byId = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, string> _byAlternate = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<(string Property, string Value), SortedList<long, Entity>> _groups = new(GroupComparer.Instance);
    private long _seq;

    /// <summary>The set's name, as in a tenant folder.</summary>
    public string Name => name;

    /// <summary>How many objects there are now.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _items.Count;
        }
    }

    /// <summary>The object with this id or, failing that, with this second key; null where there is none.</summary>
    public Entity? Find(string id)
    {
        lock (_gate)
            return _byId.GetValueOrDefault(id) ?? (_byAlternate.TryGetValue(id, out var other) ? _byId.GetValueOrDefault(other) : null);
    }

    /// <summary>The objects whose property has this value, in their order. The property is one of the set's group keys.</summary>
    public IReadOnlyList<Entity> By(string property, string value)
    {
        lock (_gate)
            return _groups.TryGetValue((property, value), out var found) ? [.. found.Values] : [];
    }

    /// <summary>Makes an empty set hold what this one does, each object in its place.</summary>
    public void CopyTo(EntitySet empty)
    {
        lock (_gate)
        {
            foreach (var entity in _items)
                empty.Take(entity);
            empty._seq = _seq;
        }
    }

    /// <summary>Adds an object at the end.</summary>
    /// <exception cref="ArgumentException">The id is taken.</exception>
    public Entity Add(string id, byte[] json)
    {
        lock (_gate)
        {
            var entity = new Entity(_seq + 1, id, json);
            Take(entity);
            _seq++;
            return entity;
        }
    }

    /// <summary>Puts an object in the place of the one with its id, or at the end.</summary>
    public Entity Put(string id, byte[] json)
    {
        lock (_gate)
        {
            if (!_byId.TryGetValue(id, out var old))
                return Add(id, json);
            Unindex(old);
            var entity = old with { Json = json };
            _byId[id] = entity;
            _items[IndexOf(old.Seq)] = entity;
            Index(entity);
            return entity;
        }
    }

    /// <summary>Takes an object away; false where there was none.</summary>
    public bool Remove(string id)
    {
        lock (_gate)
        {
            if (!_byId.Remove(id, out var old))
                return false;
            _items.RemoveAt(IndexOf(old.Seq));
            Unindex(old);
            changed?.Invoke(old.Id, false);
            return true;
        }
    }

    /// <summary>Up to <paramref name="count"/> objects after a place, and whether more follow.</summary>
    public (List<Entity> Items, bool More) Page(long afterSeq, int count, Func<Entity, bool>? where = null)
    {
        lock (_gate)
        {
            var page = new List<Entity>(Math.Min(count, _items.Count));
            for (var i = IndexOf(afterSeq + 1); i < _items.Count; i++)
            {
                if (where is not null && !where(_items[i]))
                    continue;
                if (page.Count == count)
                    return (page, true);
                page.Add(_items[i]);
            }
            return (page, false);
        }
    }

    /// <summary>All objects as they are now.</summary>
    public Entity[] All()
    {
        lock (_gate)
            return [.. _items];
    }

    private void Take(Entity entity)
    {
        _byId.Add(entity.Id, entity);
        _items.Add(entity);
        Index(entity);
        changed?.Invoke(entity.Id, true);
    }

    // The first index whose Seq is at least seq: the list is ordered by it.
    private int IndexOf(long seq)
    {
        var (low, high) = (0, _items.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_items[middle].Seq < seq)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    private void Index(Entity entity)
    {
        if (alternateKey is not null && Json.Text(entity.Json, alternateKey) is { } key)
            _byAlternate[key] = entity.Id;
        foreach (var group in Groups(entity))
        {
            if (!_groups.TryGetValue(group, out var members))
                _groups[group] = members = [];
            members[entity.Seq] = entity;
        }
    }

    private void Unindex(Entity entity)
    {
        if (alternateKey is not null && Json.Text(entity.Json, alternateKey) is { } key)
            _byAlternate.Remove(key);
        foreach (var group in Groups(entity))
            if (_groups.TryGetValue(group, out var members) && members.Remove(entity.Seq) && members.Count == 0)
                _groups.Remove(group);
    }

    private IEnumerable<(string, string)> Groups(Entity entity)
    {
        if (groupKeys is null)
            yield break;
        using var document = JsonDocument.Parse(entity.Json);
        var root = document.RootElement;
        foreach (var property in groupKeys)
            if (
                (Json.Text(root, property) ?? (root.TryGetProperty("properties", out var inner) ? Json.Text(inner, property) : null)) is
                { } value
            )
                yield return (property, value);
    }

    private sealed class GroupComparer : IEqualityComparer<(string Property, string Value)>
    {
        public static readonly GroupComparer Instance = new();

        public bool Equals((string Property, string Value) x, (string Property, string Value) y) =>
            x.Property == y.Property && x.Value.Equals(y.Value, StringComparison.OrdinalIgnoreCase);

        public int GetHashCode((string Property, string Value) obj) =>
            HashCode.Combine(obj.Property, obj.Value.GetHashCode(StringComparison.OrdinalIgnoreCase));
    }
}
