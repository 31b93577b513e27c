using System.Collections.Concurrent;

namespace SandboxTenant.Data;

/// <summary>Directory objects that hang on another: the owners of an application, the members of a group.</summary>
/// <param name="path">The path as in a tenant folder, with <c>{0}</c> for the parent's id.</param>
internal sealed class RelationSet(string path)
{
    private readonly ConcurrentDictionary<string, EntitySet> _byParent = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The objects on one parent: an empty set where it has none.</summary>
    public EntitySet Of(string parent) => _byParent.GetOrAdd(parent, static (id, path) => new EntitySet(string.Format(null, path, id)), path);

    /// <summary>The objects on one parent, or null where none was ever given.</summary>
    public EntitySet? Find(string parent) => _byParent.GetValueOrDefault(parent);

    /// <summary>Every parent that has objects.</summary>
    public IEnumerable<(string Parent, EntitySet Set)> All() =>
        _byParent.OrderBy(p => p.Key, StringComparer.OrdinalIgnoreCase).Where(p => p.Value.Count > 0).Select(p => (p.Key, p.Value));
}
