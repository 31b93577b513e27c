using System.Security.Cryptography;
using System.Text.Json;
using Compliance.Findings;
using Compliance.Observability;

namespace Compliance.Evidence;

/// <summary>A record as the bytes that are kept: one line of compact JSON, properties in the order of the record's shape, counts by name.</summary>
internal static class EvidenceLine
{
    /// <summary>Longest record kept, in bytes without the line feed.</summary>
    public const int MostBytes = 65_535;

    /// <summary>The record's bytes, without a line feed. The same record gives the same bytes.</summary>
    /// <exception cref="ArgumentException">The record is longer than <see cref="MostBytes"/>: it should name what it is about, not hold it.</exception>
    public static byte[] Of(EvidenceRecord record)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(record with
        {
            Time = record.Time.ToUniversalTime(),
            Actor = SecretScrubber.Scrub(record.Actor),
            Action = SecretScrubber.Scrub(record.Action),
            Reason = record.Reason is { } reason ? SecretScrubber.Scrub(reason) : null,
            DetailsSha256 = record.DetailsSha256 is { } details ? new SortedDictionary<string, string>(details.ToDictionary(), StringComparer.Ordinal) : null,
            Counts = new SortedDictionary<string, long>(record.Counts.ToDictionary(), StringComparer.Ordinal),
        }, ComplianceJson.Compact);
        return bytes.Length <= MostBytes
            ? bytes
            : throw new ArgumentException($"evidence record {record.Id} has {bytes.Length} bytes, more than {MostBytes}: a record holds ids, counts and digests only", nameof(record));
    }

    /// <summary>SHA-256 of a record's bytes, lower-case hex.</summary>
    public static string Sha256(ReadOnlySpan<byte> line) => Convert.ToHexStringLower(SHA256.HashData(line));

    /// <summary>The id of the record a line holds; null when the line is no whole record.</summary>
    public static string? IdOf(ReadOnlySpan<byte> line)
    {
        try
        {
            var reader = new Utf8JsonReader(line);
            string? id = null;
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return null;
            while (reader.Read())
                if (reader.CurrentDepth == 1 && reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("id"u8))
                    id = reader.Read() && reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
            return id;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
