using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Compliance.Ledger.Format;

/// <summary>
/// A record as the bytes that are kept: one line of canonical JSON (RFC 8785) with the time it was appended at. Sample, cut off:
/// <c>{"action":"credentials.check","actor":"CredentialRotationCheck
/// (timer)","controls":["CRED-001"],...,"id":"cred-1/check","loggedAt":"2026-03-01T06:00:01.250Z",...,"version":1}</c>
/// </summary>
internal static class EvidenceLine
{
    /// <summary>Longest record kept, in bytes without the line feed: what an entry of a tlog-tiles bundle can hold.</summary>
    public const int MaxBytes = EntryBundle.MaxEntry;

    /// <summary>The action of a blob's last record, whose subject is the path of the blob that follows.</summary>
    public const string ClosedAction = "ledger.closed";

    /// <summary>The action of the record that says that the clock went back.</summary>
    public const string ClockBackAction = "ledger.clock-back";

    /// <summary>What every id of a closing record begins with; the path of the blob it closes follows.</summary>
    public const string ClosedId = "ledger-closed-";

    // As long as every other, so that the time is put in without moving a byte.
    private const string NotLogged = "0001-01-01T00:00:00.000Z";

    // The last there is in a line, since only texts follow: in them the quotes would be escaped.
    private static ReadOnlySpan<byte> LoggedAt => "\"loggedAt\":\""u8;

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

    /// <summary>Where the time is in a line of <see cref="NotYet"/>, set or not; 0 in a line that has none in that form.</summary>
    public static int LoggedAtOf(ReadOnlySpan<byte> line)
    {
        var at = line.LastIndexOf(LoggedAt);
        if (at < 0)
            return 0;
        var stamp = line[(at + LoggedAt.Length)..];
        return stamp.Length > NotLogged.Length && TryParseStamp(stamp[..NotLogged.Length], out _) ? at + LoggedAt.Length : 0;
    }

    /// <summary>The time a record is appended at, to the millisecond, as it is in a line.</summary>
    public static byte[] Stamp(DateTimeOffset loggedAt) =>
        Encoding.ASCII.GetBytes(loggedAt.UtcDateTime.ToString(LoggedFormat, CultureInfo.InvariantCulture));

    /// <summary>SHA-256 of a record's bytes, lower-case hex.</summary>
    public static string Sha256(ReadOnlySpan<byte> line) => Convert.ToHexStringLower(SHA256.HashData(line));

    /// <summary>Whether two lines hold the same record, whenever each was appended.</summary>
    public static bool Same(ReadOnlySpan<byte> line, ReadOnlySpan<byte> other)
    {
        var (at, length) = (LoggedAtOf(line), NotLogged.Length);
        return line.Length == other.Length
            && at > 0
            && at == LoggedAtOf(other)
            && line[..at].SequenceEqual(other[..at])
            && line[(at + length)..].SequenceEqual(other[(at + length)..]);
    }

    /// <summary>Reads the time a record was appended at, in the one form that <see cref="Stamp"/> gives it.</summary>
    /// <returns>False when it is in another form, or there is no such time.</returns>
    public static bool TryParseStamp(ReadOnlySpan<byte> text, out DateTimeOffset time)
    {
        time = default;
        if (text.Length != NotLogged.Length || text[4] != '-' || text[7] != '-' || text[10] != 'T')
            return false;
        if (text[13] != ':' || text[16] != ':' || text[19] != '.' || text[23] != 'Z')
            return false;
        var (year, month, day) = ((100 * Two(text, 0)) + Two(text, 2), Two(text, 5), Two(text, 8));
        var (hour, minute, second) = (Two(text, 11), Two(text, 14), Two(text, 17));
        var (hundredths, thousandth) = (Two(text, 20), Digit(text[22]));
        if ((year | month | day | hour | minute | second | hundredths | thousandth) < 0)
            return false;
        if (year == 0 || month is 0 or > 12 || day == 0 || day > DateTime.DaysInMonth(year, month))
            return false;
        if (hour > 23 || minute > 59 || second > 59)
            return false;
        time = new(year, month, day, hour, minute, second, (10 * hundredths) + thousandth, TimeSpan.Zero);
        return true;
    }

    // Far below 0 when either is no digit, so that what is made of it is below 0 too.
    private static int Two(ReadOnlySpan<byte> text, int at) => (10 * Digit(text[at])) + Digit(text[at + 1]);

    private static int Digit(byte character) => character is >= (byte)'0' and <= (byte)'9' ? character - '0' : -100_000;
}
