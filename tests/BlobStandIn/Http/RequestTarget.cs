using System.Globalization;
using System.Text;

namespace BlobStandIn.Http;

/// <summary>
/// Parts of a request's target, as it was sent: <c>/acme/raw/2027%2Fa.json?versionid=2027-04-01T06%3A00%3A00.0000000Z</c>. A server's
/// own path has dots resolved and some escapes read, which would be another blob's name.
/// </summary>
internal readonly ref struct RequestTarget
{
    /// <summary>Most characters of a name.</summary>
    public const int MaxName = 1_024;

    private readonly ReadOnlySpan<char> _query;

    /// <summary>Takes a target apart.</summary>
    public RequestTarget(ReadOnlySpan<char> target)
    {
        var mark = target.IndexOf('?');
        _query = mark < 0 ? [] : target[(mark + 1)..];
        var path = (mark < 0 ? target : target[..mark]).TrimStart('/');
        Account = Cut(ref path);
        Container = Cut(ref path);
        Blob = path;
    }

    /// <summary>Account, escaped.</summary>
    public ReadOnlySpan<char> Account { get; }

    /// <summary>Container, escaped; empty for none.</summary>
    public ReadOnlySpan<char> Container { get; }

    /// <summary>Blob, escaped; empty for none.</summary>
    public ReadOnlySpan<char> Blob { get; }

    /// <summary>A value of the query, escaped; empty for none.</summary>
    public ReadOnlySpan<char> Query(ReadOnlySpan<char> name)
    {
        foreach (var range in _query.Split('&'))
        {
            var pair = _query[range];
            if (pair.Length > name.Length && pair[name.Length] == '=' && pair.StartsWith(name, StringComparison.OrdinalIgnoreCase))
                return pair[(name.Length + 1)..];
        }
        return [];
    }

    /// <summary>A value of the query that is a time; the default for none.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="isWrong">Set where there is one that is no time.</param>
    public DateTime Time(ReadOnlySpan<char> name, ref bool isWrong)
    {
        Span<char> text = stackalloc char[64];
        var escaped = Query(name);
        var length = escaped.Length > text.Length ? -1 : Unescape(escaped, text);
        if (length == 0)
            return default;
        const DateTimeStyles Styles = DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal;
        if (length > 0 && DateTime.TryParse(text[..length], CultureInfo.InvariantCulture, Styles, out var time))
            return time;
        isWrong = true;
        return default;
    }

    /// <summary>Reads escapes, in UTF-8.</summary>
    /// <returns>How many characters it has; -1 where it is too long or not well-formed.</returns>
    public static int Unescape(ReadOnlySpan<char> escaped, Span<char> text)
    {
        if (!escaped.Contains('%'))
            return escaped.TryCopyTo(text) ? escaped.Length : -1;
        Span<byte> bytes = stackalloc byte[(MaxName * 3) + 4];
        var count = 0;
        for (var i = 0; i < escaped.Length; i++)
        {
            if (count + 4 > bytes.Length)
                return -1;
            if (escaped[i] != '%')
                count += Encoding.UTF8.GetBytes(escaped.Slice(i, 1), bytes[count..]);
            else if (TryHex(escaped[(i + 1)..], out bytes[count]))
                (count, i) = (count + 1, i + 2);
            else
                return -1;
        }
        return Encoding.UTF8.TryGetChars(bytes[..count], text, out var length) ? length : -1;
    }

    private static bool TryHex(ReadOnlySpan<char> text, out byte value)
    {
        value = 0;
        return text.Length >= 2 && byte.TryParse(text[..2], NumberStyles.AllowHexSpecifier, null, out value);
    }

    private static ReadOnlySpan<char> Cut(scoped ref ReadOnlySpan<char> path)
    {
        var slash = path.IndexOf('/');
        var first = slash < 0 ? path : path[..slash];
        path = slash < 0 ? [] : path[(slash + 1)..];
        return first;
    }
}
