using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Compliance.Ledger.Format;

/// <summary>
/// A record as the bytes that are kept: one line of canonical JSON (RFC 8785) with the time it was appended at. Sample, cut off:
/// <c>{"action":"credentials.check","actor":"CredentialRotationCheck
/// (timer)","controls":["CRED-001"],...,"id":"cred-1/check","loggedAt":"2026-03-01T06:00:01.250Z",...,"version":1}</c>
/// </summary>
internal static class EvidenceLine
{
    /// <summary>Longest record kept, in bytes without the line feed: what an entry of a tlog-tiles bundle can hold.</summary>
    public const int MaxBytes = 65_535;

    /// <summary>The action of a blob's last record, whose subject is the path of the blob that follows.</summary>
    public const string ClosedAction = "ledger.closed";

    /// <summary>The action of the record that says that the clock went back.</summary>
    public const string ClockBackAction = "ledger.clock-back";

    /// <summary>What every id of a closing record begins with; the path of the blob it closes follows.</summary>
    public const string ClosedId = "ledger-closed-";

    // As long as every other, so that the time is put in without moving a byte.
    private const string NotLogged = "0001-01-01T00:00:00.000Z";

    // The last there is in a line, since only texts follow: in them the quotes would be escaped.
    private static ReadOnlySpan<byte> Room => "\"loggedAt\":\"0001-01-01T00:00:00.000Z\""u8;

    private const string LoggedFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    /// <summary>The record's bytes without a line feed. The same record and time give the same bytes.</summary>
    /// <param name="record">The record. Secrets in its free texts are masked.</param>
    /// <param name="loggedAt">When it is appended; kept to the millisecond.</param>
    /// <inheritdoc cref="NotYet" path="/exception"/>
    public static byte[] Create(EvidenceRecord record, DateTimeOffset loggedAt)
    {
        var line = NotYet(record);
        Stamp(loggedAt).CopyTo(line, LoggedAtOf(line));
        return line;
    }

    /// <summary>The record's bytes, with room for the time it is appended at.</summary>
    /// <exception cref="ArgumentException">The record is longer than <see cref="MaxBytes"/>, a text of it has no UTF-8 form, or a count is
    /// beyond 2^53 - 1.</exception>
    public static byte[] NotYet(EvidenceRecord record)
    {
        var bytes = RecordWriter.Write(record, NotLogged);
        return bytes.Length <= MaxBytes
            ? bytes
            : throw new ArgumentException(
                $"evidence record {record.Id} has {bytes.Length} bytes, more than {MaxBytes}: a record holds ids, counts and digests "
                    + "only; attach the rest as details and name their SHA-256 in detailsSha256",
                nameof(record)
            );
    }

    /// <summary>Where the time goes in a line of <see cref="NotYet"/>.</summary>
    public static int LoggedAtOf(ReadOnlySpan<byte> line) => line.LastIndexOf(Room) + Room.Length - NotLogged.Length - 1;

    /// <summary>The time a record is appended at, to the millisecond, as it stands in a line.</summary>
    public static byte[] Stamp(DateTimeOffset loggedAt) =>
        Encoding.ASCII.GetBytes(loggedAt.UtcDateTime.ToString(LoggedFormat, CultureInfo.InvariantCulture));

    /// <summary>SHA-256 of a record's bytes, lower-case hex.</summary>
    public static string Sha256(ReadOnlySpan<byte> line) => Convert.ToHexStringLower(SHA256.HashData(line));

    /// <summary>The id of the record a line holds; null when the line is no whole record.</summary>
    public static string? IdOf(ReadOnlySpan<byte> line) => TextOf(line, "id"u8);

    /// <summary>Whether two lines hold the same record, whenever each was appended.</summary>
    public static bool Same(ReadOnlySpan<byte> line, ReadOnlySpan<byte> other) =>
        line.Length == other.Length
        && Read(line) is { LoggedAtStart: > 0 } one
        && Read(other) is { LoggedAtStart: > 0 } two
        && one.LoggedAtStart == two.LoggedAtStart
        && line[..one.LoggedAtStart].SequenceEqual(other[..one.LoggedAtStart])
        && line[(one.LoggedAtStart + NotLogged.Length)..].SequenceEqual(other[(one.LoggedAtStart + NotLogged.Length)..]);

    /// <summary>Reads what the log itself needs of a line.</summary>
    /// <returns>Null when the line is no JSON object with an id: some other leaf.</returns>
    public static LineFacts? Read(ReadOnlySpan<byte> line)
    {
        if (line.IsEmpty || line[0] != (byte)'{')
            return null;
        try
        {
            var reader = new Utf8JsonReader(line);
            var facts = default(LineFacts);
            var isRecord = false;
            while (reader.Read())
            {
                if (reader.CurrentDepth != 1 || reader.TokenType != JsonTokenType.PropertyName)
                    continue;
                var name =
                    reader.ValueTextEquals("id"u8) ? Name.Id
                    : reader.ValueTextEquals("loggedAt"u8) ? Name.LoggedAt
                    : reader.ValueTextEquals("action"u8) ? Name.Action
                    : Name.Other;
                reader.Read();
                if (name == Name.Other || reader.TokenType != JsonTokenType.String)
                {
                    reader.Skip();
                    continue;
                }
                switch (name)
                {
                    case Name.Id:
                        isRecord = true;
                        facts = facts with { Id = HashOf(ref reader) };
                        break;
                    case Name.Action:
                        facts = facts with
                        {
                            Closing = reader.ValueTextEquals(ClosedAction),
                            ClockBack = reader.ValueTextEquals(ClockBackAction),
                        };
                        break;
                    default:
                        if (reader.TryGetDateTimeOffset(out var at))
                            facts = facts with
                            {
                                LoggedAt = at,
                                LoggedAtStart = reader.ValueSpan.Length == NotLogged.Length ? (int)reader.TokenStartIndex + 1 : 0,
                            };
                        break;
                }
            }
            return isRecord ? facts : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not JSON, or a text that is not UTF-8.
            return null;
        }
    }

    /// <summary>The path of the blob that a closing record names.</summary>
    /// <param name="line">A line that <see cref="LineFacts.Closing"/> is true for.</param>
    /// <param name="path">The path of the blob it is in: the record of another blob closes nothing here.</param>
    /// <returns>Null when the line does not close that blob.</returns>
    public static string? NextOf(ReadOnlySpan<byte> line, string path) =>
        IdOf(line) == ClosedId + path
        && TextOf(line, "subject"u8) is { } next
        && LedgerLayout.TryParseLog(next, out _)
        && string.CompareOrdinal(next, path) > 0
            ? next
            : null;

    private static string? TextOf(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name)
    {
        try
        {
            var reader = new Utf8JsonReader(line);
            string? text = null;
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return null;
            while (reader.Read())
                if (reader.CurrentDepth == 1 && reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals(name))
                    text = reader.Read() && reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
            return text;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Hash of an id: the first 8 bytes of its SHA-256.</summary>
    public static ulong IdHash(ReadOnlySpan<byte> utf8)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(utf8, digest);
        return BinaryPrimitives.ReadUInt64LittleEndian(digest);
    }

    /// <inheritdoc cref="IdHash(ReadOnlySpan{byte})"/>
    public static ulong IdHash(string id) => IdHash(Encoding.UTF8.GetBytes(id));

    private static ulong HashOf(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped)
            return IdHash(reader.ValueSpan);
        var unescaped = new byte[reader.ValueSpan.Length];
        return IdHash(unescaped.AsSpan(0, reader.CopyString(unescaped)));
    }

    private enum Name
    {
        Other,
        Id,
        LoggedAt,
        Action,
    }
}

/// <summary>What the log itself needs of a line.</summary>
/// <param name="Id">Hash of the record's id, see <see cref="EvidenceLine.IdHash(ReadOnlySpan{byte})"/>.</param>
/// <param name="LoggedAt">When it was appended; null when it does not say.</param>
/// <param name="LoggedAtStart">Where that time begins in the line; 0 when it is not there in our form.</param>
/// <param name="Closing">Whether it says that it closes a blob.</param>
/// <param name="ClockBack">Whether it says that the clock went back.</param>
internal readonly record struct LineFacts(ulong Id, DateTimeOffset? LoggedAt, int LoggedAtStart, bool Closing, bool ClockBack);
