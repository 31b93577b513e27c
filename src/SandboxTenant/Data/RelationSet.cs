using System.Collections.Concurrent;

namespace SandboxTenant.Data;

/// <summary>Directory objects that hang on another: the owners of an application, the members of a group.</summary>
/// <param name="path">The path as in a tenant folder, with <c>{0}</c> for the parent's id.</param>
internal sealed class RelationSet(string path)
{
    private readonly ConcurrentDictionary<string, EntitySet> _byParent = new(StringComparer.OrdinalIgnoreCase);

    // The same relation from its other end, kept up to date, so that memberOf is no walk over every group.
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, bool>> _parents = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The objects on one parent: an empty set where it has none.</summary>
    public EntitySet Of(string parent) =>
        _byParent.GetOrAdd(
            parent,
            static (id, self) => new EntitySet(string.Format(null, self.Path, id), changed: (child, there) => self.Note(id, child, there)),
            this
        );

    /// <summary>The objects on one parent, or null where none was ever given.</summary>
    public EntitySet? Find(string parent) => _byParent.GetValueOrDefault(parent);

    /// <summary>The parents that this object hangs on, in no order.</summary>
    public IEnumerable<string> ParentsOf(string child) => _parents.TryGetValue(child, out var parents) ? parents.Keys : [];

    /// <summary>Every parent that has objects.</summary>
    public IEnumerable<(string Parent, EntitySet Set)> All() =>
        _byParent.OrderBy(p => p.Key, StringComparer.OrdinalIgnoreCase).Where(p => p.Value.Count > 0).Select(p => (p.Key, p.Value));

    private string Path => path;

    private void Note(string parent, string child, bool there)
    {
        var parents = _parents.GetOrAdd(child, static _ => new(StringComparer.OrdinalIgnoreCase));
        if (there)
            parents[parent] = true;
        else
            parents.TryRemove(parent, out _);
    }
}
