using System.Collections;
using System.Diagnostics.CodeAnalysis;
using Azure.Core;

namespace Simulation.Storage;

/// <summary>Headers in the order they came. There are few of them: a list is quicker than a dictionary.</summary>
internal sealed class HeaderList : IEnumerable<HttpHeader>
{
    private readonly List<HttpHeader> _headers = new(16);

    /// <summary>One more; a name may be there more than once.</summary>
    public void Add(string name, string value) => _headers.Add(new(name, value));

    /// <summary>The only one of this name.</summary>
    public void Set(string name, string value)
    {
        Remove(name);
        Add(name, value);
    }

    /// <summary>False when there was none.</summary>
    public bool Remove(string name)
    {
        var found = false;
        for (var i = _headers.Count - 1; i >= 0; i--)
        {
            if (!Named(_headers[i], name))
                continue;
            _headers.RemoveAt(i);
            found = true;
        }
        return found;
    }

    /// <summary>The value, several joined by commas.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out string? value)
    {
        value = null;
        foreach (var header in _headers)
            if (Named(header, name))
                value = value is null ? header.Value : $"{value},{header.Value}";
        return value is not null;
    }

    /// <summary>All values.</summary>
    public bool TryGetAll(string name, [NotNullWhen(true)] out IEnumerable<string>? values)
    {
        var found = _headers.Where(h => Named(h, name)).Select(h => h.Value).ToList();
        values = found.Count > 0 ? found : null;
        return values is not null;
    }

    /// <inheritdoc/>
    public IEnumerator<HttpHeader> GetEnumerator() => _headers.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static bool Named(HttpHeader header, string name) => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase);
}
