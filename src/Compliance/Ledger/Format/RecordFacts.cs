using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Compliance.Ledger.Format;

/// <summary>What a line is, to those who look for what is wrong with it.</summary>
internal enum LineForm
{
    /// <summary>A JSON object with an id: a record, of whatever version.</summary>
    Record,

    /// <summary>The begin of a JSON object that goes no further, or nothing at all: what a crash leaves behind.</summary>
    Torn,

    /// <summary>Neither.</summary>
    Foreign,
}

/// <summary>
/// What the verification needs to know of a line. Sample, cut off:
/// <c>{"action":"credentials.check",...,"id":"cred-1/check","loggedAt":"2026-03-01T06:00:01.250Z",...,"version":1}</c>
/// </summary>
internal readonly ref struct RecordFacts
{
    /// <summary>The version of the record's shape that is understood here; records of others are hashed all the same.</summary>
    public const long KnownVersion = 1;

    // The log's own records, of which there are few.
    private static ReadOnlySpan<byte> LedgerActions => "ledger."u8;

    /// <summary>What the line is.</summary>
    public LineForm Form { get; private init; }

    /// <summary>The id as it stands in the line, without its quotation marks; empty when the line is no record.</summary>
    public ReadOnlySpan<byte> RawId { get; private init; }

    /// <summary>Whether <see cref="RawId"/> has escapes, so that one id could be written in two ways.</summary>
    public bool EscapedId { get; private init; }

    /// <summary>Whether its version is <see cref="KnownVersion"/>.</summary>
    public bool Known { get; private init; }

    /// <summary>When it was appended; null when it does not say.</summary>
    public DateTimeOffset? LoggedAt { get; private init; }

    /// <summary>Whether it closes its blob.</summary>
    public bool Closing { get; private init; }

    /// <summary>Whether it says that the clock went back.</summary>
    public bool ClockBack { get; private init; }

    /// <summary>The id, not made harmless; null when there is none. One that is no text is given as it is in the line.</summary>
    public string? Id => Form == LineForm.Record ? ExactId ?? Encoding.UTF8.GetString(RawId) : null;

    /// <summary>The id; null when there is none, or when it has half a surrogate pair, which no text has.</summary>
    public string? ExactId => Form == LineForm.Record ? TextOf(RawId) : null;

    /// <summary>Reads a line; anything may stand there.</summary>
    public static RecordFacts Parse(ReadOnlySpan<byte> line)
    {
        if (line.IsEmpty)
            return new() { Form = LineForm.Torn };
        if (line[0] != (byte)'{')
            return new() { Form = LineForm.Foreign };
        if (line[^1] == (byte)'}' && line.Length >= PlainLine.Block && ReadPlain(line, out var plain))
            return plain;
        return ParseAny(line);
    }

    /// <summary>Reads a line that begins with a brace as any JSON, whatever it holds.</summary>
    internal static RecordFacts ParseAny(ReadOnlySpan<byte> line)
    {
        // A line that is cut off has no last brace, with rare exceptions that the reader below finds.
        if (line[^1] != (byte)'}' || !Utf8.IsValid(line))
            return new() { Form = IsBegin(line) ? LineForm.Torn : LineForm.Foreign };
        try
        {
            return Read(line);
        }
        catch (JsonException)
        {
            return new() { Form = IsBegin(line) ? LineForm.Torn : LineForm.Foreign };
        }
    }

    /// <summary>A property of a record that is a text.</summary>
    /// <param name="line">The line.</param>
    /// <param name="name">The property.</param>
    /// <returns>Null when it has no such property, or the line is no record.</returns>
    public static string? TextOf(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name)
    {
        try
        {
            var reader = new Utf8JsonReader(line);
            return Find(ref reader, name) && reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        }
        catch (Exception e) when (IsNoText(e))
        {
            return null;
        }
    }

    /// <summary>The texts of a property of a record that is a list.</summary>
    /// <param name="line">The line.</param>
    /// <param name="name">The property.</param>
    /// <returns>As many as can be read: none when it has no such property, or the line is no record.</returns>
    public static IReadOnlyList<string> TextsOf(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name)
    {
        var texts = new List<string>();
        try
        {
            var reader = new Utf8JsonReader(line);
            if (!Find(ref reader, name) || reader.TokenType != JsonTokenType.StartArray)
                return texts;
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (reader.TokenType == JsonTokenType.String)
                    texts.Add(reader.GetString() ?? "");
                else
                    reader.Skip();
            }
        }
        catch (Exception e) when (IsNoText(e))
        {
            // Those before it were read.
        }
        return texts;
    }

    // Reads on to the value of a property of the record.
    private static bool Find(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        while (reader.Read())
        {
            if (reader.CurrentDepth != 1 || reader.TokenType != JsonTokenType.PropertyName)
                continue;
            var wanted = reader.ValueTextEquals(name);
            reader.Read();
            if (wanted)
                return true;
            reader.Skip();
        }
        return false;
    }

    // The second is what a reader throws for half a surrogate pair.
    private static bool IsNoText(Exception e) => e is JsonException or InvalidOperationException;

    // False when the line has to be read as any JSON is; what this reads, that reads alike.
    private static bool ReadPlain(ReadOnlySpan<byte> line, out RecordFacts facts)
    {
        facts = default;
        var reader = new PlainLine(line);
        ReadOnlySpan<byte> id = default;
        var (ids, known) = (0, false);
        DateTimeOffset? loggedAt = null;
        while (reader.Read())
        {
            var name = reader.Name;
            var isText = reader.Kind == '"';
            if (name.SequenceEqual("id"u8))
            {
                if (!isText)
                    return false;
                id = reader.Value;
                ids++;
            }
            else if (name.SequenceEqual("loggedAt"u8) && isText)
            {
                if (!EvidenceLine.TryParseStamp(reader.Value, out var at))
                    return false;
                loggedAt = at;
            }
            else if (name.SequenceEqual("action"u8) && isText && reader.Value.StartsWith(LedgerActions))
            {
                return false;
            }
            else if (name.SequenceEqual("version"u8))
            {
                known = !isText && reader.Value.SequenceEqual("1"u8);
            }
        }
        if (ids != 1 || !reader.IsWhole())
            return false;
        facts = new()
        {
            Form = LineForm.Record,
            RawId = id,
            Known = known,
            LoggedAt = loggedAt,
        };
        return true;
    }

    private static RecordFacts Read(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line);
        var properties = new Properties();
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.ValueSpan;
            reader.Read();
            if (!properties.Add(name, ref reader))
                return new() { Form = LineForm.Foreign };
            reader.Skip();
        }
        // What follows the object makes it none; this throws for it.
        reader.Read();
        return properties.ToFacts();
    }

    private static bool IsBegin(ReadOnlySpan<byte> line)
    {
        try
        {
            var reader = new Utf8JsonReader(line, isFinalBlock: false, default);
            while (reader.Read())
            {
                // As far as it goes.
            }
            // Whether it stopped because the object had ended.
            return reader.CurrentDepth > 0 || reader.TokenType != JsonTokenType.EndObject;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static string? TextOf(ReadOnlySpan<byte> raw)
    {
        // Within quotation marks it is a text of JSON once more.
        byte[] quoted = [(byte)'"', .. raw, (byte)'"'];
        try
        {
            var reader = new Utf8JsonReader(quoted);
            return reader.Read() ? reader.GetString() : null;
        }
        catch (Exception e) when (IsNoText(e))
        {
            return null;
        }
    }
    // What has been read of a record.
    private ref struct Properties
    {
        private ReadOnlySpan<byte> _id;
        private int _ids;
        private bool _isEscaped;
        private bool _isKnown;
        private bool _isClosing;
        private bool _isClockBack;
        private DateTimeOffset? _loggedAt;

        // False when the line is no record, whatever follows.
        public bool Add(ReadOnlySpan<byte> name, ref Utf8JsonReader value)
        {
            var isText = value.TokenType == JsonTokenType.String;
            if (name.SequenceEqual("id"u8))
            {
                (_ids, _isEscaped) = (_ids + 1, isText && value.ValueIsEscaped);
                _id = value.ValueSpan;
                return isText;
            }
            if (name.SequenceEqual("loggedAt"u8))
                _loggedAt = isText && value.TryGetDateTimeOffset(out var at) ? at : _loggedAt;
            else if (name.SequenceEqual("action"u8) && isText)
                (_isClosing, _isClockBack) = (
                    value.ValueTextEquals(EvidenceLine.ClosedAction),
                    value.ValueTextEquals(EvidenceLine.ClockBackAction)
                );
            else if (name.SequenceEqual("version"u8))
                _isKnown = value.TokenType == JsonTokenType.Number && value.TryGetInt64(out var version) && version == KnownVersion;
            return true;
        }

        // A record that names its id twice could be shown as either.
        public readonly RecordFacts ToFacts() =>
            _ids == 1
                ? new()
                {
                    Form = LineForm.Record,
                    RawId = _id,
                    EscapedId = _isEscaped,
                    Known = _isKnown,
                    LoggedAt = _loggedAt,
                    Closing = _isClosing,
                    ClockBack = _isClockBack,
                }
                : new() { Form = LineForm.Foreign };
    }
}
