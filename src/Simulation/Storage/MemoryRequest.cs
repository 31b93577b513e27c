using System.Diagnostics.CodeAnalysis;
using Azure.Core;

namespace Simulation.Storage;

/// <summary>A request as the clients' pipeline fills it.</summary>
internal sealed class MemoryRequest : Request
{
    private readonly HeaderList _headers = new();
    private string? _clientRequestId;

    /// <inheritdoc/>
    /// <remarks>Ids of requests serve to find them in logs; here they have to be the same in every run.</remarks>
    public override string ClientRequestId
    {
        get => _clientRequestId ?? "memory";
        set => _clientRequestId = value;
    }

    /// <summary>The value of a header; null when it is not there.</summary>
    public string? Header(string name) => _headers.TryGet(name, out var value) ? value : null;

    /// <summary>All headers.</summary>
    public IEnumerable<HttpHeader> AllHeaders() => _headers;

    /// <inheritdoc/>
    public override void Dispose() { }

    /// <inheritdoc/>
    protected override void AddHeader(string name, string value) => _headers.Add(name, value);

    /// <inheritdoc/>
    protected override void SetHeader(string name, string value) => _headers.Set(name, value);

    /// <inheritdoc/>
    protected override bool TryGetHeader(string name, [NotNullWhen(true)] out string? value) => _headers.TryGet(name, out value);

    /// <inheritdoc/>
    protected override bool TryGetHeaderValues(string name, [NotNullWhen(true)] out IEnumerable<string>? values) =>
        _headers.TryGetAll(name, out values);

    /// <inheritdoc/>
    protected override bool ContainsHeader(string name) => _headers.TryGet(name, out _);

    /// <inheritdoc/>
    protected override bool RemoveHeader(string name) => _headers.Remove(name);

    /// <inheritdoc/>
    protected override IEnumerable<HttpHeader> EnumerateHeaders() => _headers;
}
