using System.Globalization;
using System.Text;

namespace Compliance.Text;

/// <summary>Makes what strangers may have written harmless on a terminal, without losing what it said.</summary>
internal static class Plain
{
    /// <summary>
    /// The text on one line: what could move the cursor, change colours or reorder what is seen is written as its code, such as
    /// <c>\u001b</c>.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="most">Characters after which it is cut off.</param>
    public static string Text(string text, int most = int.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(text);
        var plain = new StringBuilder(Math.Min(text.Length, most));
        foreach (var rune in text.EnumerateRunes()) // half a surrogate pair arrives as U+FFFD
        {
            if (plain.Length >= most)
                return plain.Append('…').ToString();
            if (IsShown(rune))
                plain.Append(rune);
            else if (rune.IsBmp)
                plain.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}");
            else
                plain.Append(CultureInfo.InvariantCulture, $"\\U{rune.Value:x8}");
        }
        return plain.ToString();
    }

    /// <summary>The same of bytes that may be no UTF-8.</summary>
    public static string Text(ReadOnlySpan<byte> utf8, int most = int.MaxValue)
    {
        // No character has more than four bytes, so the cut is behind what is shown.
        var cut = (int)Math.Min(utf8.Length, 4L * most + 4);
        return Text(Encoding.UTF8.GetString(utf8[..cut]), most);
    }

    private static bool IsShown(Rune rune) =>
        Rune.GetUnicodeCategory(rune)
            is not (
                UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator
                or UnicodeCategory.PrivateUse
                or UnicodeCategory.OtherNotAssigned
            );
}
