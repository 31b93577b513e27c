using System.Buffers;
using System.Globalization;
using System.Text.Unicode;
using Compliance.Observability;

namespace Compliance.Ledger.Format;

/// <summary>
/// Writes a record as <see cref="Compliance.Text.CanonicalJson"/> does, byte for byte and several times as fast: what a log can take in is
/// bounded by it. A test compares the two.
/// </summary>
internal ref struct RecordWriter
{
    // RFC 8785 writes numbers as IEEE 754 doubles.
    private const long MaxCount = (1L << 53) - 1;

    private static readonly SearchValues<char> Escaped = SearchValues.Create(
        "\"\\\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f"
            + "\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f"
    );

    private byte[] _buffer;
    private int _length;

    private RecordWriter(int size) => _buffer = ArrayPool<byte>.Shared.Rent(size);

    /// <summary>The record's bytes, its properties in the order of their names.</summary>
    /// <param name="record">The record. Secrets in its free texts are masked.</param>
    /// <param name="loggedAt">What stands for the time it is appended at.</param>
    /// <exception cref="ArgumentException">A text of it has no UTF-8 form, or a count is beyond 2^53 - 1.</exception>
    public static byte[] Write(EvidenceRecord record, string loggedAt)
    {
        var writer = new RecordWriter(2048);
        try
        {
            writer.Record(record, loggedAt);
            return writer._buffer.AsSpan(0, writer._length).ToArray();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(writer._buffer);
        }
    }

    private void Record(EvidenceRecord record, string loggedAt)
    {
        Raw("{\"action\":"u8);
        Text(SecretScrubber.Scrub(record.Action));
        Raw(",\"actor\":"u8);
        Text(SecretScrubber.Scrub(record.Actor));
        Raw(",\"controls\":["u8);
        for (var i = 0; i < record.Controls.Count; i++)
        {
            if (i > 0)
                Raw(","u8);
            Text(record.Controls[i]);
        }
        Raw("],\"correlationId\":"u8);
        Text(record.CorrelationId);
        Raw(",\"counts\":"u8);
        Counts(record);
        if (record.DetailsSha256 is { } details)
            Details(details);
        Optional(",\"findingsSha256\":"u8, record.FindingsSha256);
        Raw(",\"id\":"u8);
        Text(record.Id);
        Raw(",\"loggedAt\":"u8);
        Text(loggedAt);
        Raw(",\"outcome\":"u8);
        Text(record.Outcome);
        Optional(",\"planId\":"u8, record.PlanId);
        Raw(",\"policySha256\":"u8);
        Text(record.PolicySha256);
        Optional(",\"reason\":"u8, record.Reason is { } reason ? SecretScrubber.Scrub(reason) : null);
        Optional(",\"subject\":"u8, record.Subject);
        Raw(",\"tenantId\":"u8);
        Text(record.TenantId);
        Raw(",\"time\":"u8);
        Text(record.Time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture));
        Raw(",\"version\":"u8);
        Number(record.Version);
        Raw("}"u8);
    }

    private void Counts(EvidenceRecord record)
    {
        var next = "{"u8;
        foreach (var (name, count) in record.Counts.OrderBy(c => c.Key, StringComparer.Ordinal))
        {
            if (count is > MaxCount or < -MaxCount)
                throw new ArgumentException(
                    $"evidence record {record.Id}: counts.{name} is beyond 2^53 - 1, which JSON numbers cannot hold exactly",
                    nameof(record)
                );
            Raw(next);
            Text(name);
            Raw(":"u8);
            Number(count);
            next = ","u8;
        }
        Raw(record.Counts.Count == 0 ? "{}"u8 : "}"u8);
    }

    private void Details(IReadOnlyDictionary<string, string> details)
    {
        Raw(",\"detailsSha256\":"u8);
        var next = "{"u8;
        foreach (var (name, digest) in details.OrderBy(d => d.Key, StringComparer.Ordinal))
        {
            Raw(next);
            Text(name);
            Raw(":"u8);
            Text(digest);
            next = ","u8;
        }
        Raw(details.Count == 0 ? "{}"u8 : "}"u8);
    }

    private void Optional(ReadOnlySpan<byte> name, string? text)
    {
        if (text is null)
            return;
        Raw(name);
        Text(text);
    }

    private void Number(long number)
    {
        number.TryFormat(Room(20), out var written, default, CultureInfo.InvariantCulture);
        _length += written;
    }

    private void Text(ReadOnlySpan<char> text)
    {
        Raw("\""u8);
        for (int at; (at = text.IndexOfAny(Escaped)) >= 0; text = text[(at + 1)..])
        {
            Plain(text[..at]);
            Escape(text[at]);
        }
        Plain(text);
        Raw("\""u8);
    }

    private void Plain(ReadOnlySpan<char> text)
    {
        if (Utf8.FromUtf16(text, Room(text.Length * 3), out _, out var written, replaceInvalidSequences: false) != OperationStatus.Done)
            throw new ArgumentException("a text of the evidence record holds a lone surrogate, which has no UTF-8 form", nameof(text));
        _length += written;
    }

    private void Escape(char c)
    {
        switch (c)
        {
            case '"':
                Raw("\\\""u8);
                break;
            case '\\':
                Raw("\\\\"u8);
                break;
            case '\b':
                Raw("\\b"u8);
                break;
            case '\t':
                Raw("\\t"u8);
                break;
            case '\n':
                Raw("\\n"u8);
                break;
            case '\f':
                Raw("\\f"u8);
                break;
            case '\r':
                Raw("\\r"u8);
                break;
            default:
                Raw("\\u00"u8);
                ((int)c).TryFormat(Room(2), out var written, "x2", CultureInfo.InvariantCulture);
                _length += written;
                break;
        }
    }

    private void Raw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        _length += bytes.Length;
    }

    private Span<byte> Room(int size)
    {
        if (_buffer.Length - _length < size)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, _length + size));
            _buffer.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
        return _buffer.AsSpan(_length);
    }
}
