namespace BlobStandIn.Http;

/// <summary>
/// Reads the items of a batch, one by one and without making texts of them:
/// <code>
/// --batch_5f0c
/// Content-Type: application/http
/// Content-ID: 0
///
/// DELETE /acme/raw/2025%2Fa.json HTTP/1.1
/// Authorization: Bearer ...
/// If-Match: "0x8DB"
///
/// --batch_5f0c--
/// </code>
/// </summary>
/// <param name="body">All of the body.</param>
/// <param name="boundary">Boundary, without its two dashes.</param>
internal ref struct BatchReader(ReadOnlySpan<char> body, ReadOnlySpan<char> boundary)
{
    private readonly ReadOnlySpan<char> _boundary = boundary;
    private ReadOnlySpan<char> _rest = body;
    private WriteHeaders _headers;

    /// <summary>Content-ID of the item; empty for none.</summary>
    public ReadOnlySpan<char> ContentId { get; private set; }

    /// <summary>Its method.</summary>
    public ReadOnlySpan<char> Method { get; private set; }

    /// <summary>Its target.</summary>
    public ReadOnlySpan<char> Target { get; private set; }

    /// <summary>Its headers.</summary>
    public readonly WriteHeaders Headers => _headers;

    /// <summary>Whether the last line was read, with which a batch is complete.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Reads the next item; false after the last one, or where it is not well-formed.</summary>
    public bool Read()
    {
        if (!FindDelimiter())
            return false;
        ContentId = [];
        while (TryLine(out var line) && !line.IsEmpty)
        {
            if (Header(line, out var value).Equals("Content-ID", StringComparison.OrdinalIgnoreCase))
                ContentId = value;
        }
        if (!TryLine(out var request))
            return false;
        Method = Field(ref request);
        Target = Field(ref request);
        _headers = default;
        while (TryLine(out var line) && !line.IsEmpty)
        {
            var name = Header(line, out var value);
            _headers.Add(name, value);
        }
        return request is "HTTP/1.1";
    }

    private bool FindDelimiter()
    {
        while (TryLine(out var line))
        {
            if (!line.StartsWith("--", StringComparison.Ordinal) || !line[2..].StartsWith(_boundary, StringComparison.Ordinal))
                continue;
            IsComplete = line[(2 + _boundary.Length)..] is "--";
            return !IsComplete;
        }
        return false;
    }

    private bool TryLine(out ReadOnlySpan<char> line)
    {
        var end = _rest.IndexOf('\n');
        line = end < 0 ? _rest : _rest[..end].TrimEnd('\r');
        var isLine = !_rest.IsEmpty;
        _rest = end < 0 ? [] : _rest[(end + 1)..];
        return isLine;
    }

    private static ReadOnlySpan<char> Field(scoped ref ReadOnlySpan<char> line)
    {
        var space = line.IndexOf(' ');
        var first = space < 0 ? line : line[..space];
        line = space < 0 ? [] : line[(space + 1)..];
        return first;
    }

    private static ReadOnlySpan<char> Header(ReadOnlySpan<char> line, out ReadOnlySpan<char> value)
    {
        var colon = line.IndexOf(':');
        value = colon < 0 ? [] : line[(colon + 1)..].Trim(' ');
        return colon < 0 ? line : line[..colon];
    }
}
