using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Compliance.Offboarding.Intake;

/// <summary>
/// Verifies the signature of a webhook request: HMAC-SHA256 over <c>timestamp + "." + raw body</c>, at most five minutes away from this clock. Headers
/// <c>X-Compliance-Timestamp: 1795168200</c> and <c>X-Compliance-Signature: v1=9f86…[,v1=…]</c>.
/// </summary>
internal sealed class WebhookSignature(IWebhookKeys keys, TimeProvider time)
{
    /// <summary>Header with the seconds since 1970 (UTC).</summary>
    public const string TimestampHeader = "X-Compliance-Timestamp";

    /// <summary>Header with the signatures.</summary>
    public const string SignatureHeader = "X-Compliance-Signature";

    /// <summary>How far the timestamp may lie from this clock, either way.</summary>
    public static TimeSpan Window { get; } = TimeSpan.FromMinutes(5);

    // A sender changes from one key to the next: two are enough, and a few more cost nothing.
    private const int MostSignatures = 4;

    private static readonly string[] ContentTypes = ["application/cloudevents+json", "application/json"];

    /// <summary>Verifies a request. What is cheap to refuse is refused before any key is read.</summary>
    /// <param name="request">The request.</param>
    /// <param name="stop">Stops the reading of keys.</param>
    public async Task<WebhookOutcome> VerifyAsync(WebhookRequest request, CancellationToken stop)
    {
        if (request.Body.Length > HrEventReader.LongestBytes)
            return Refuse(413, "size", $"the body is longer than {HrEventReader.LongestBytes / 1024} KiB");
        if (!IsContentType(request.ContentType))
            return Refuse(415, "content-type", $"Content-Type must be {string.Join(" or ", ContentTypes)}");
        if (request.Timestamp is not { Length: > 0 and <= 12 } stamp || !stamp.All(char.IsAsciiDigit))
            return Refuse(400, "timestamp", $"{TimestampHeader} must be the seconds since 1970-01-01 UTC");
        if (Signatures(request.Signature) is not { Count: > 0 } signatures)
            return Refuse(400, "signature", $"{SignatureHeader} must be v1= and 64 hex digits; at most {MostSignatures} of them, separated by commas");
        var away = time.GetUtcNow() - DateTimeOffset.UnixEpoch - TimeSpan.FromSeconds(long.Parse(stamp, CultureInfo.InvariantCulture));
        if (away.Duration() > Window)
            return Refuse(401, "stale", $"{TimestampHeader} is more than {Window.TotalMinutes:0} minutes away from this clock");

        var known = await keys.CurrentAsync(stop);
        if (Fits(known, stamp, request.Body, signatures))
            return new WebhookOutcome.Accepted(request.Body);
        // The key may have been changed since it was read.
        var fresh = await keys.AgainAsync(stop);
        if (Fits(fresh, stamp, request.Body, signatures))
            return new WebhookOutcome.Accepted(request.Body);
        return fresh.Count == 0
            ? Refuse(503, "no-key", "no key can be read now, so nothing is taken in; send it again later")
            : Refuse(401, "forged", "the signature fits no valid key");
    }

    /// <summary>The signature of a body, as a sender computes it, for example <c>v1=9f86…</c>.</summary>
    /// <param name="key">The shared key.</param>
    /// <param name="unixSeconds">The timestamp.</param>
    /// <param name="body">The raw body.</param>
    public static string Sign(ReadOnlySpan<byte> key, long unixSeconds, ReadOnlySpan<byte> body) =>
        $"v1={Convert.ToHexStringLower(Mac(key, unixSeconds.ToString(CultureInfo.InvariantCulture), body))}";

    // Every key is held against every signature, found or not: the time taken tells nothing.
    private static bool Fits(IReadOnlyList<byte[]> known, string stamp, ReadOnlyMemory<byte> body, List<byte[]> signatures)
    {
        var fits = false;
        foreach (var key in known)
        {
            var expected = Mac(key, stamp, body.Span);
            foreach (var signature in signatures)
                fits |= CryptographicOperations.FixedTimeEquals(expected, signature);
        }
        return fits;
    }

    private static byte[] Mac(ReadOnlySpan<byte> key, string stamp, ReadOnlySpan<byte> body)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        mac.AppendData(Encoding.ASCII.GetBytes(stamp));
        mac.AppendData("."u8);
        mac.AppendData(body);
        return mac.GetHashAndReset();
    }

    // A scheme that is not known is another's business, as with several keys: v2 may come beside v1.
    private static List<byte[]>? Signatures(string? header)
    {
        if (header is not { Length: > 0 and <= 400 })
            return null;
        var found = new List<byte[]>();
        foreach (var part in header.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!part.StartsWith("v1=", StringComparison.Ordinal))
                continue;
            var bytes = new byte[HMACSHA256.HashSizeInBytes];
            if (Convert.FromHexString(part.AsSpan(3), bytes, out _, out var written) != System.Buffers.OperationStatus.Done || written != bytes.Length)
                return null;
            found.Add(bytes);
        }
        return found.Count <= MostSignatures ? found : null;
    }

    private static bool IsContentType(string? header) =>
        header is not null && ContentTypes.Contains(header.Split(';', 2)[0].Trim(), StringComparer.OrdinalIgnoreCase)
        && (header.Split(';', 2) is not [_, var parameters] || parameters.Trim().Replace("\"", "", StringComparison.Ordinal).Equals("charset=utf-8", StringComparison.OrdinalIgnoreCase));

    private static WebhookOutcome.Refused Refuse(int status, string rule, string reason) => new(status, rule, reason);
}
