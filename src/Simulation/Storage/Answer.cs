using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;
using Azure;
using Azure.Core;

namespace Simulation.Storage;

/// <summary>What a service answers.</summary>
internal sealed class Answer : Response
{
    private readonly HeaderList _headers = new();
    private readonly ReadOnlyMemory<byte> _body;
    private readonly int _status;
    private Stream? _stream;

    /// <param name="status">HTTP status.</param>
    /// <param name="body">The whole body.</param>
    /// <param name="contentType">Its type; null without a body.</param>
    public Answer(int status, ReadOnlyMemory<byte> body = default, string? contentType = null)
    {
        _status = status;
        _body = body;
        if (contentType is not null)
            _headers.Add("Content-Type", contentType);
        Length = body.Length;
    }

    /// <inheritdoc/>
    public override int Status => _status;

    /// <inheritdoc/>
    public override string ReasonPhrase => ((System.Net.HttpStatusCode)_status).ToString();

    /// <summary>What the request changed, for whoever watches; none when it changed nothing.</summary>
    public IReadOnlyList<string> Changes { get; set; } = [];

    /// <summary>Error code; null when it is none.</summary>
    public string? Code { get; init; }

    /// <summary>Length of what it describes: of an answer to HEAD, that of the blob.</summary>
    public long Length { get; init; }

    /// <inheritdoc/>
    public override Stream? ContentStream
    {
        get =>
            _stream ??= MemoryMarshal.TryGetArray(_body, out var bytes)
                ? new(bytes.Array!, bytes.Offset, bytes.Count, writable: false, publiclyVisible: true)
                : new MemoryStream(_body.ToArray());
        set => _stream = value;
    }

    /// <inheritdoc/>
    public override string ClientRequestId { get; set; } = "";

    /// <summary>With one more header; a null value adds none.</summary>
    public Answer With(string name, string? value)
    {
        if (value is not null)
            _headers.Add(name, value);
        return this;
    }

    /// <summary>With what every answer has.</summary>
    public void Finish(long number, DateTimeOffset now, string clientRequestId)
    {
        ClientRequestId = clientRequestId;
        _headers.Add("Content-Length", Length.ToString(CultureInfo.InvariantCulture));
        _headers.Add("Date", now.ToString("R", CultureInfo.InvariantCulture));
        _headers.Add("x-ms-request-id", number.ToString(CultureInfo.InvariantCulture));
        _headers.Add("x-ms-client-request-id", clientRequestId);
    }

    /// <inheritdoc/>
    public override void Dispose() { }

    /// <inheritdoc/>
    protected override bool TryGetHeader(string name, [NotNullWhen(true)] out string? value) => _headers.TryGet(name, out value);

    /// <inheritdoc/>
    protected override bool TryGetHeaderValues(string name, [NotNullWhen(true)] out IEnumerable<string>? values) =>
        _headers.TryGetAll(name, out values);

    /// <inheritdoc/>
    protected override bool ContainsHeader(string name) => _headers.TryGet(name, out _);

    /// <inheritdoc/>
    protected override IEnumerable<HttpHeader> EnumerateHeaders() => _headers;
}
