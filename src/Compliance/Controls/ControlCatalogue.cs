using System.Collections.Frozen;

namespace Compliance.Controls;

/// <summary>Controls by id: those of one capability, or of several together.</summary>
internal sealed class ControlCatalogue
{
    private readonly FrozenDictionary<string, Control> _byId;

    /// <summary>A catalogue of these controls.</summary>
    /// <exception cref="ArgumentException">Two have one id.</exception>
    public ControlCatalogue(params IEnumerable<Control> controls)
    {
        All = [.. controls.OrderBy(c => c.Id, StringComparer.Ordinal)];
        _byId = All.ToDictionary(c => c.Id, StringComparer.Ordinal).ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>All of them, by id.</summary>
    public IReadOnlyList<Control> All { get; }

    /// <summary>Their ids, in the same order.</summary>
    public IEnumerable<string> Ids => All.Select(c => c.Id);

    /// <summary>The control with an id.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public Control Get(string id) => _byId[id];

    /// <summary>Whether there is a control with this id.</summary>
    public bool Contains(string id) => _byId.ContainsKey(id);
}
