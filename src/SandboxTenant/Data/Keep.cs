using System.Text;

namespace SandboxTenant.Data;

/// <summary>Which top-level properties of an object an answer shows.</summary>
internal sealed class Keep
{
    private readonly byte[][] _names;
    private readonly bool _only;

    private Keep(IEnumerable<string> names, bool only) => (_names, _only) = ([.. names.Select(Encoding.UTF8.GetBytes)], only);

    /// <summary>Everything.</summary>
    public static Keep All { get; } = new([], only: false);

    /// <summary>These and no others.</summary>
    public static Keep Only(params IEnumerable<string> names) => new(names, only: true);

    /// <summary>All but these.</summary>
    public static Keep AllBut(params IEnumerable<string> names) => new(names, only: false);

    /// <summary>Whether nothing is left out, so that the object can be written as it is.</summary>
    public bool IsAll => !_only && _names.Length == 0;

    /// <summary>Whether a property is shown.</summary>
    public bool Wants(ReadOnlySpan<byte> name)
    {
        foreach (var known in _names)
            if (name.SequenceEqual(known))
                return _only;
        return !_only;
    }
}
