using System.Globalization;
using System.Text;

namespace Local;

/// <summary>Makes text from elsewhere safe to print on a terminal.</summary>
internal static class Plain
{
    /// <summary>
    /// The text on one line, with every character that could move the cursor, change colours or reorder what is seen replaced by U+FFFD.
    /// Display names come from the tenant: whoever may register an app chooses them.
    /// </summary>
    public static string Text(string text)
    {
        var plain = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes()) // a lone surrogate arrives as U+FFFD
            plain.Append(
                rune.Value is '\n' or '\r' or '\t' ? " "
                : IsShown(rune) ? rune.ToString()
                : "\uFFFD"
            );
        return plain.ToString();
    }

    private static bool IsShown(Rune rune) =>
        Rune.GetUnicodeCategory(rune)
            is not (
                UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator
                or UnicodeCategory.PrivateUse
            );
}
