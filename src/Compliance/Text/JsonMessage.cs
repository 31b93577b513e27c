using System.Text;
using System.Text.Json;
using Azure.Storage.Queues;

namespace Compliance.Text;

/// <summary>
/// One JSON object that came from outside: the text of a queue message, a request's body, a file. Queue messages are written as they are
/// and read as they are or in Base64: Event Grid and other senders do either, and messages that an earlier version wrote in Base64 may
/// still lie in a queue.
/// Samples: <c>{"id":"7"}</c> and <c>eyJpZCI6IjcifQ==</c>.
/// </summary>
internal static class JsonMessage
{
    /// <summary>Largest object that is read, in bytes of UTF-8.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>Deepest nesting that is read.</summary>
    public const int MaxDepth = 16;

    /// <summary>
    /// How this app's own messages are written; host.json's <c>messageEncoding</c> has to agree, or the host poisons what it cannot decode.
    /// </summary>
    public const QueueMessageEncoding Encoding = QueueMessageEncoding.None;

    private const int MaxEncoded = (MaxBytes + 2) / 3 * 4;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    // Strict, so that bytes that are no text are refused instead of being filled with replacement characters.
    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>The bytes under a queue message's text, whichever way it was written.</summary>
    /// <param name="text">The message's text.</param>
    /// <exception cref="JsonMessageException">It is neither the beginning of a JSON object nor Base64 of one.</exception>
    public static ReadOnlyMemory<byte> FromQueue(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        // Base64 is the longest that a fitting message can be; more is not even decoded.
        if (text.Length > MaxEncoded)
            throw TooLarge("the message", text.Length);
        var plain = Encoded(text);
        if (BeginsAsJson(plain))
            return plain;
        var decoded = new byte[text.Length];
        // Only what begins as JSON: other text, such as null, can happen to be Base64 as well.
        return Convert.TryFromBase64String(text, decoded, out var length) && BeginsAsJson(decoded.AsSpan(0, length))
            ? decoded.AsMemory(0, length)
            : throw new JsonMessageException("the message is neither a JSON object nor Base64 of one");
    }

    /// <summary>Reads the object.</summary>
    /// <param name="utf8">Its bytes.</param>
    /// <param name="what">What it is called in an error, for example <c>the event</c>.</param>
    /// <exception cref="JsonMessageException">It is too large, not UTF-8, not JSON, holds a key twice, is nested too deep, or is no
    /// object.</exception>
    public static JsonElement Parse(ReadOnlyMemory<byte> utf8, string what)
    {
        if (utf8.Length > MaxBytes)
            throw TooLarge(what, utf8.Length);
        if (utf8.Span is [0xEF, 0xBB, 0xBF, ..])
            throw new JsonMessageException($"{what} begins with a byte order mark; send UTF-8 without one");
        JsonElement root;
        try
        {
            Utf8.GetCharCount(utf8.Span);
            using var document = JsonDocument.Parse(utf8, Strict);
            root = document.RootElement.Clone();
        }
        catch (DecoderFallbackException e)
        {
            throw new JsonMessageException($"{what} is not UTF-8 (byte {e.Index + 1})", e);
        }
        catch (JsonException e)
        {
            var place = e.LineNumber is { } line ? $" (line {line + 1}, byte {e.BytePositionInLine + 1})" : "";
            throw new JsonMessageException($"{what} is not JSON, holds a key twice or is nested more than {MaxDepth} deep{place}", e);
        }
        if (root.ValueKind != JsonValueKind.Object)
            throw new JsonMessageException($"{what} must be a JSON object");
        return root;
    }

    /// <summary>A text of an object; null when there is none of that name, or it is no text.</summary>
    public static string? Text(JsonElement owner, string name)
    {
        if (owner.ValueKind != JsonValueKind.Object || !owner.TryGetProperty(name, out var value))
            return null;
        if (value.ValueKind != JsonValueKind.String)
            return null;
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            // An escaped half of a surrogate pair.
            return null;
        }
    }

    private static JsonMessageException TooLarge(string what, int bytes) =>
        new($"{what} has {bytes} bytes; allowed: {MaxBytes}") { TooLarge = true };

    // A list and a byte order mark are refused by the parser, which gives the clearer reason.
    private static bool BeginsAsJson(ReadOnlySpan<byte> bytes) =>
        bytes.TrimStart(" \t\r\n"u8) is [(byte)'{' or (byte)'[', ..] or [0xEF, 0xBB, 0xBF, ..];

    private static byte[] Encoded(string text)
    {
        try
        {
            return Utf8.GetBytes(text);
        }
        catch (EncoderFallbackException e)
        {
            throw new JsonMessageException($"the message holds half a surrogate pair (character {e.Index + 1})", e);
        }
    }
}
