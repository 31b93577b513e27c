using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Compliance.Offboarding.Intake;

/// <summary>What a signature says.</summary>
internal enum SignatureVerdict
{
    /// <summary>One of the keys made it, and its time is near.</summary>
    Valid,

    /// <summary>A header is missing.</summary>
    Missing,

    /// <summary>A header is not what it should be.</summary>
    Malformed,

    /// <summary>Its time is more than five minutes from now.</summary>
    Stale,

    /// <summary>None of the keys made it.</summary>
    Forged,
}

/// <summary>
/// Checks who sent a request: HMAC-SHA256 with a shared key over the time, a dot and the body as sent. Pure. Sample:
/// <c>X-Compliance-Timestamp: 1795413600</c> and <c>X-Compliance-Signature: v1=5f0c…</c> (64 hex digits; several, separated by commas,
/// while HR signs with the old and the new key).
/// </summary>
internal static class WebhookSignature
{
    /// <summary>Header with the time in seconds since 1970 (UTC).</summary>
    public const string TimestampHeader = "X-Compliance-Timestamp";

    /// <summary>Header with the signatures.</summary>
    public const string SignatureHeader = "X-Compliance-Signature";

    /// <summary>So far the time may be from now, either way.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(5);

    /// <summary>Shortest key, in bytes: that of the hash.</summary>
    public const int LeastKeyBytes = 32;

    private const string Version = "v1=";
    private const int MaxSignatures = 4;

    /// <summary>The value of <see cref="SignatureHeader"/> for a request.</summary>
    public static string Sign(ReadOnlySpan<byte> key, DateTimeOffset time, ReadOnlySpan<byte> body) =>
        Version + Convert.ToHexStringLower(Hash(key, Seconds(time), body));

    /// <summary>The value of <see cref="TimestampHeader"/> for a time.</summary>
    public static string Seconds(DateTimeOffset time) => time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);

    /// <summary>Whether the headers can be judged at all: what needs no key.</summary>
    /// <returns><see cref="SignatureVerdict.Valid"/> when only the keys are left to decide.</returns>
    public static SignatureVerdict CheckHeaders(string? timestamp, string? signatures, DateTimeOffset now)
    {
        if (string.IsNullOrEmpty(timestamp) || string.IsNullOrEmpty(signatures))
            return SignatureVerdict.Missing;
        // Digits only and no zero in front: one time has one text.
        if (timestamp.Length > 11 || timestamp[0] == '0' || !timestamp.All(char.IsAsciiDigit) || Parse(signatures) is not { Count: > 0 })
            return SignatureVerdict.Malformed;
        var away = now - DateTimeOffset.FromUnixTimeSeconds(long.Parse(timestamp, CultureInfo.InvariantCulture));
        return away.Duration() <= Window ? SignatureVerdict.Valid : SignatureVerdict.Stale;
    }

    /// <summary>Checks a request.</summary>
    /// <param name="timestamp">Header <see cref="TimestampHeader"/>; null when missing.</param>
    /// <param name="signatures">Header <see cref="SignatureHeader"/>; null when missing.</param>
    /// <param name="body">The body as sent.</param>
    /// <param name="keys">The keys that are valid now.</param>
    /// <param name="now">The clock's time.</param>
    public static SignatureVerdict Check(
        string? timestamp,
        string? signatures,
        ReadOnlySpan<byte> body,
        IReadOnlyCollection<byte[]> keys,
        DateTimeOffset now
    )
    {
        var headers = CheckHeaders(timestamp, signatures, now);
        if (headers != SignatureVerdict.Valid)
            return headers;
        var given = Parse(signatures!)!;
        var valid = false;
        // Every key with every signature, whatever was found before: the time it takes shows nothing.
        foreach (var key in keys)
        {
            var expected = Hash(key, timestamp!, body);
            foreach (var signature in given)
                valid |= CryptographicOperations.FixedTimeEquals(signature, expected);
        }
        return valid ? SignatureVerdict.Valid : SignatureVerdict.Forged;
    }

    // Signatures of another version are passed over; null when one of ours is not 64 hex digits or there are too many.
    private static List<byte[]>? Parse(string signatures)
    {
        var parts = signatures.Split(',', MaxSignatures + 2, StringSplitOptions.TrimEntries);
        if (parts.Length > MaxSignatures)
            return null;
        var found = new List<byte[]>();
        foreach (var part in parts.Where(p => p.StartsWith(Version, StringComparison.Ordinal)))
        {
            var hex = part[Version.Length..];
            if (hex.Length != 64 || !hex.All(char.IsAsciiHexDigit))
                return null;
            found.Add(Convert.FromHexString(hex));
        }
        return found;
    }

    private static byte[] Hash(ReadOnlySpan<byte> key, string timestamp, ReadOnlySpan<byte> body)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        hash.AppendData(Encoding.ASCII.GetBytes(timestamp));
        hash.AppendData("."u8);
        hash.AppendData(body);
        return hash.GetHashAndReset();
    }
}
