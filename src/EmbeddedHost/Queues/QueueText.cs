using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace EmbeddedHost.Queues;

/// <summary>Between a message's text and its body on the wire: Base64 over UTF-8, or as it stands.</summary>
internal static class QueueText
{
    // Strict, so that a body that is no text is told apart instead of being filled with replacement characters.
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    public static string Encode(string text, bool base64) => base64 ? Convert.ToBase64String(Encoding.UTF8.GetBytes(text)) : text;

    public static bool TryDecode(string body, bool base64, [NotNullWhen(true)] out string? text, [NotNullWhen(false)] out string? problem)
    {
        text = problem = null;
        if (!base64)
        {
            text = body;
            return true;
        }

        try
        {
            text = Strict.GetString(Convert.FromBase64String(body));
            return true;
        }
        catch (FormatException)
        {
            problem = "its body is not Base64, which host.json's messageEncoding asks for";
        }
        catch (DecoderFallbackException)
        {
            problem = "its body is not UTF-8 text under its Base64";
        }

        return false;
    }
}
