using System.Globalization;
using System.Text;

namespace EmbeddedHost.Durable;

/// <summary>Table keys made of instance ids, and the rule for the ids.</summary>
internal static class Keys
{
    /// <summary>The official limit.</summary>
    public const int LongestId = 100;

    /// <summary>The instance's own row.</summary>
    public const string InstanceRow = "instance";

    /// <summary>Letters, digits and a few signs stay; any other character is '=' and its four hex digits.</summary>
    public static string Escape(string id)
    {
        var key = new StringBuilder(id.Length);
        foreach (var c in id)
        {
            if (char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or ':' or '@' or '~' or ' ')
                key.Append(c);
            else
                key.Append(CultureInfo.InvariantCulture, $"={(int)c:X4}");
        }

        return key.ToString();
    }

    /// <summary>Key of a part of the history.</summary>
    public static string Row(int generation, int row) => string.Create(CultureInfo.InvariantCulture, $"{generation:D8}.{row:D8}");

    /// <exception cref="ArgumentException">The id breaks the official rule.</exception>
    public static void EnsureId(string id)
    {
        if (id.Length is 0 or > LongestId || id[0] == '@' || id.Any(c => c is '/' or '\\' or '#' or '?' || char.IsControl(c)))
            throw new ArgumentException($"'{id}' cannot be an instance's id: 1 to {LongestId} characters, none of them / \\ # ? or a control character, the first not @", nameof(id));
    }
}
