using System.Globalization;
using System.Text;

namespace SandboxTenant.Http;

/// <summary>
/// Opaque page tokens. A token is the place of the last object delivered, so objects that come and go between two pages
/// neither repeat nor hide others. Fault rules bend the link that leads on.
/// </summary>
internal static class Paging
{
    /// <summary>Reads a token; null where it is none of ours.</summary>
    public static (long After, bool Again)? Read(string? token)
    {
        if (string.IsNullOrEmpty(token))
            return (0, false);
        try
        {
            var text = Encoding.ASCII.GetString(
                Convert.FromBase64String(token.Replace('-', '+').Replace('_', '/').PadRight((token.Length + 3) / 4 * 4, '='))
            );
            return
                text.StartsWith("p1.", StringComparison.Ordinal)
                && long.TryParse(text.AsSpan(3).TrimEnd('d'), CultureInfo.InvariantCulture, out var after)
                ? (after, text.EndsWith('d'))
                : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>The link to what follows this page; null at the end.</summary>
    /// <param name="call">The request of this page.</param>
    /// <param name="parameter">The query parameter that carries the token.</param>
    /// <param name="at">This page's own token.</param>
    /// <param name="next">The last place delivered, or null when nothing follows.</param>
    public static string? Next(Call call, string parameter, (long After, bool Again) at, long? next) =>
        Token(call, at, next) is { } token
            ? token.StartsWith("https://", StringComparison.Ordinal)
                ? token
                : call.Link(parameter, token)
            : null;

    /// <summary>The same as a bare token (or, by a fault rule, a foreign link).</summary>
    public static string? Token(Call call, (long After, bool Again) at, long? next) =>
        call.PagingFault switch
        {
            "repeat" => Write(at.After, at.Again),
            "duplicate-page" when !at.Again => Write(at.After, again: true),
            null or "duplicate-page" => next is { } place ? Write(place, again: false) : null,
            var foreign => foreign,
        };

    private static string Write(long after, bool again) =>
        Convert
            .ToBase64String(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"p1.{after}{(again ? "d" : "")}")))
            .TrimEnd('=')
            .Replace('+', '-')
            .Replace('/', '_');
}
