using System.Text.RegularExpressions;

namespace Compliance.Observability;

/// <summary>
/// Masks secrets in text that leaves the process: log lines, the reasons of findings, exception texts. It is the last guard, not the first:
/// code never puts a secret into a text on purpose, but the texts of other people's exceptions are not ours.
/// Masking a masked text changes nothing.
/// </summary>
internal static partial class SecretScrubber
{
    /// <summary>What stands where a secret stood.</summary>
    public const string Mask = "***";

    /// <summary>The first line of a text, without its secrets.</summary>
    public static string FirstLine(string text) => Scrub(text.Split('\n', 2)[0].Trim());

    /// <summary>
    /// The text with every recognised secret replaced by <see cref="Mask"/>: tokens (JWT, <c>Bearer</c> and other schemes), client secrets,
    /// passwords and function keys in URLs, forms, headers and JSON, keys and signatures in connection strings and SAS, 64-byte keys in
    /// base64, private keys in PEM.
    /// </summary>
    public static string Scrub(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        // The shortest secret below is sig=x.
        if (text.Length < 5)
            return text;
        if (text.Contains("-----BEGIN", StringComparison.Ordinal))
            text = PrivateKey().Replace(text, Mask);
        if (text.AsSpan().IndexOfAny(":=%") >= 0)
            text = Named().Replace(text, static m => m.Groups["name"].Value + Masked(m.Groups["value"].Value));
        if (text.Contains("eyJ", StringComparison.Ordinal))
            text = Jwt().Replace(text, Mask);
        text = Scheme().Replace(text, static m => m.Groups["name"].Value + Mask);
        // What each of these needs in the text is looked for first: that is quick, and most texts have none of it.
        if (text.Contains("Q~", StringComparison.Ordinal))
            text = EntraSecret().Replace(text, Mask);
        if (text.Contains("AzFu", StringComparison.Ordinal))
            text = FunctionKey().Replace(text, Mask);
        return text.Length < 88 ? text : Base64Key().Replace(text, Mask);
    }

    // The quotes stay, so that a masked JSON document is still JSON.
    private static string Masked(string value)
    {
        var quote = value[0] switch
        {
            '\\' => value[..2],
            '"' or '\'' => value[..1],
            _ => "",
        };
        return quote + Mask + quote;
    }

    [GeneratedRegex("-----BEGIN [A-Z ]*PRIVATE KEY-----[\\s\\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\\z)", RegexOptions.CultureInvariant)]
    private static partial Regex PrivateKey();

    // Three spellings, each with its own names, so that prose such as "password: expired" stays readable:
    //   client_secret=abc&...  AccountKey=abc;  ?sig=abc   a form, a connection string, a URL
    //   "client_secret":"abc"                              JSON, also JSON inside a JSON string
    //   x-functions-key: abc                               a header
    [GeneratedRegex(
        """
            (?<name>
                (?<![\w-])(?:client_?secret|client_?assertion|assertion|secret|secret_?text|password|passwd|pwd
                  |(?:access|refresh|id)_?token|account_?key
                    |shared_?access_?key|shared_?access_?signature|primary_?key|secondary_?key|api[-_]?key
                      |subscription-key|x-functions-key|sig)\s*(?:=|%3D)\s*
              | [?&]code=
              | \\?["'](?:client_?secret|client_?assertion|assertion|secret|secret_?text|password|passwd|pwd|(?:access
                |refresh|id)_?token|account_?key
                    |shared_?access_?key|shared_?access_?signature|primary_?key|secondary_?key|api[-_]?key
                      |connection_?string)\\?["']\s*:\s*(?=\\?["'])
              | (?<![\w-])(?:x-functions-key|api-key|ocp-apim-subscription-key|aeg-sas-key)\s*:\s*
            )
            (?<value>\\"(?:[^"\\]|\\(?!"))*\\"|"(?:[^"\\]|\\.)*"|'[^']*'|[^\s&;,"'{}<>)\]]+)
            """,
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.IgnorePatternWhitespace | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Named();

    // eyJ is base64url for {" : the header of every JWT; an encrypted one has five parts.
    [GeneratedRegex(@"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){1,4}", RegexOptions.CultureInvariant)]
    private static partial Regex Jwt();

    // A token after its scheme: long, or with a digit in it, so that "Bearer authentication" stays.
    [GeneratedRegex(
        @"(?<name>\b(?:bearer|basic|sharedkeylite|sharedkey|sharedaccesssignature|pop)\s+)"
            + @"(?:[A-Za-z0-9._~+/=:-]{20,}|(?=[A-Za-z._~+/=:-]*[0-9])[A-Za-z0-9._~+/=:-]{6,})",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Scheme();

    // The shape Entra gives client secrets: three characters, a digit, "Q~", then 31 or more.
    [GeneratedRegex(@"(?<![A-Za-z0-9_~.-])[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,}", RegexOptions.CultureInvariant)]
    private static partial Regex EntraSecret();

    // A Functions key carries the mark AzFu near its end.
    [GeneratedRegex("[A-Za-z0-9_-]{40,52}AzFu[A-Za-z0-9_-]{4,8}={0,2}", RegexOptions.CultureInvariant)]
    private static partial Regex FunctionKey();

    // 64 bytes in base64 are 86 characters and "==", plain, escaped for a URL, or escaped by a JSON writer.
    [GeneratedRegex(
        @"(?<![A-Za-z0-9+/])(?:[A-Za-z0-9+/]|\\u002[BbFf]|%2[BbFf]){86}(?:==|%3[Dd]%3[Dd]|\\u003[Dd]\\u003[Dd])",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Base64Key();
}
