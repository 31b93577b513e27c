using System.Globalization;

namespace Compliance.Minimization.Deletion;

/// <summary>One part of an answer.</summary>
/// <param name="ContentId">Index of the item; null where there is none that is a number.</param>
/// <param name="Status">HTTP status; null where the part is garbled.</param>
/// <param name="Headers">Headers of the inner answer, by name in lower case; the first of each.</param>
/// <param name="CodeInBody">Error code of its body; null for none.</param>
internal sealed record AnswerPart(int? ContentId, int? Status, IReadOnlyDictionary<string, string> Headers, string? CodeInBody);

/// <summary>Reads the parts of a multipart answer one by one. A part counts only when the line that ends it was read.</summary>
internal sealed class PartReader(BoundedLines lines, string boundary)
{
    // More than any real part has: a larger one is garbled.
    private const int MaxHeaders = 64;

    private bool _isInside;
    private bool _isAtEnd;

    /// <summary>What was wrong at the end; <see cref="AnswerFault.CutOff"/> until then.</summary>
    public AnswerFault Fault { get; private set; } = AnswerFault.CutOff;

    /// <summary>The next part; null after the last one that is whole.</summary>
    public async ValueTask<AnswerPart?> ReadAsync(CancellationToken cancellationToken)
    {
        if (!_isInside && !await SkipPreambleAsync(cancellationToken))
            return null;
        if (_isAtEnd)
            return null;
        var part = new Part();
        while (await lines.ReadAsync(cancellationToken) is { } line)
        {
            if (IsDelimiter(line))
                return part.Finish();
            part.Add(line);
        }
        _isAtEnd = true;
        Fault = lines.IsTooLong ? AnswerFault.TooLarge : AnswerFault.CutOff;
        return null;
    }

    private async ValueTask<bool> SkipPreambleAsync(CancellationToken cancellationToken)
    {
        while (await lines.ReadAsync(cancellationToken) is { } line)
        {
            if (IsDelimiter(line))
                return _isInside = true;
        }
        Fault = lines.IsTooLong ? AnswerFault.TooLarge : AnswerFault.CutOff;
        return false;
    }

    // Spaces may follow it.
    private bool IsDelimiter(string line)
    {
        if (!line.StartsWith("--", StringComparison.Ordinal))
            return false;
        var rest = line.AsSpan(2).TrimEnd(" \t");
        if (!rest.StartsWith(boundary, StringComparison.Ordinal))
            return false;
        rest = rest[boundary.Length..];
        if (rest is "--")
        {
            _isAtEnd = true;
            Fault = AnswerFault.None;
            return true;
        }
        return rest.IsEmpty;
    }

    private enum At
    {
        Outer,
        Status,
        Inner,
        Body,
    }

    private sealed class Part
    {
        private readonly Dictionary<string, string> _outer = new(StringComparer.Ordinal);
        private readonly Dictionary<string, string> _inner = new(StringComparer.Ordinal);
        private At _at;
        private int? _status;
        private bool _isGarbled;
        private string? _code;

        public void Add(string line)
        {
            switch (_at)
            {
                case At.Outer when line.Length == 0:
                    _at = At.Status;
                    break;
                case At.Outer:
                    AddHeader(_outer, line);
                    break;
                case At.Status:
                    _status = StatusFrom(line);
                    _at = At.Inner;
                    break;
                case At.Inner when line.Length == 0:
                    _at = At.Body;
                    break;
                case At.Inner:
                    AddHeader(_inner, line);
                    break;
                default:
                    _code ??= CodeFrom(line);
                    break;
            }
        }

        public AnswerPart Finish() =>
            new(IdFrom(_outer.GetValueOrDefault("content-id")), _isGarbled ? null : _status, _inner, _code);

        private void AddHeader(Dictionary<string, string> headers, string line)
        {
            var colon = line.IndexOf(':');
            _isGarbled |= colon <= 0 || headers.Count == MaxHeaders;
            if (!_isGarbled)
                headers.TryAdd(line[..colon].ToLowerInvariant(), line[(colon + 1)..].Trim(' ', '\t'));
        }

        // HTTP/1.1 404 The specified blob does not exist.
        private static int? StatusFrom(string line)
        {
            if (!line.StartsWith("HTTP/1.", StringComparison.Ordinal) || line.Length < 12 || line[8] != ' ')
                return null;
            if (line.Length > 12 && line[12] != ' ')
                return null;
            return int.TryParse(line.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var status) ? status : null;
        }

        private static int? IdFrom(string? text) =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            && text == id.ToString(CultureInfo.InvariantCulture)
                ? id
                : null;

        // <Error><Code>BlobNotFound</Code><Message>...
        private static string? CodeFrom(string line)
        {
            var start = line.IndexOf("<Code>", StringComparison.Ordinal);
            var end = start < 0 ? -1 : line.IndexOf("</Code>", start, StringComparison.Ordinal);
            return end < 0 ? null : line[(start + 6)..end];
        }
    }
}
