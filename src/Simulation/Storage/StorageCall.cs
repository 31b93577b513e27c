using System.Xml.Linq;
using Azure.Core;

namespace Simulation.Storage;

/// <summary>A request taken apart.</summary>
internal sealed class StorageCall
{
    private readonly MemoryRequest _request;
    private readonly List<KeyValuePair<string, string>> _query = [];
    private byte[]? _body;

    /// <param name="request">As the client made it.</param>
    /// <param name="cancellationToken">Ends the reading of its body.</param>
    public StorageCall(MemoryRequest request, CancellationToken cancellationToken)
    {
        _request = request;
        CancellationToken = cancellationToken;
        Path = request.Uri.Path.TrimStart('/');
        var query = request.Uri.Query;
        foreach (var pair in query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var at = pair.IndexOf('=');
            _query.Add(
                at < 0 ? new(pair, "") : new(Uri.UnescapeDataString(pair[..at]), Uri.UnescapeDataString(pair[(at + 1)..].Replace('+', ' ')))
            );
        }
    }

    /// <summary>HTTP method.</summary>
    public string Method => _request.Method.Method;

    /// <summary>Path without its leading slash, escaped.</summary>
    public string Path { get; }

    /// <summary>Ends the reading of the body.</summary>
    public CancellationToken CancellationToken { get; }

    /// <summary>The whole body.</summary>
    public byte[] Body => _body ??= Read();

    /// <summary>All headers.</summary>
    public IEnumerable<HttpHeader> Headers => _request.AllHeaders();

    /// <summary>The value of a header; null when it is not there.</summary>
    public string? Header(string name) => _request.Header(name);

    /// <summary>The value of a query parameter; null when it is not there.</summary>
    public string? Parameter(string name)
    {
        foreach (var (key, value) in _query)
            if (key.Equals(name, StringComparison.OrdinalIgnoreCase))
                return value;
        return null;
    }

    /// <summary>A body as XML. The clients begin it with a byte order mark.</summary>
    public static XDocument Xml(byte[] body)
    {
        using var stream = new MemoryStream(body);
        return XDocument.Load(stream, LoadOptions.PreserveWhitespace);
    }

    /// <summary>An operation that the app did not use when this was written. It fails loudly, since any answer would be made up.</summary>
    public NotSupportedException NotServed() =>
        new($"storage in memory does not serve {Method} {_request.Uri}: add it, and its contract test, where the app begins to use it");

    private byte[] Read()
    {
        if (_request.Content is not { } content)
            return [];
        // Written here and now, not asynchronously: a request is served without leaving the thread.
        if (content.TryComputeLength(out var length))
        {
            var exact = new byte[length];
            using var into = new MemoryStream(exact);
            content.WriteTo(into, CancellationToken);
            return exact;
        }
        using var stream = new MemoryStream();
        content.WriteTo(stream, CancellationToken);
        return stream.ToArray();
    }
}
