using System.Globalization;
using System.Text;

namespace Compliance.Text;

/// <summary>
/// Makes what strangers may have written harmless where it is shown: the one place that knows which characters hide, break a line, move the
/// cursor or turn text around. Half a surrogate pair is shown as U+FFFD.
/// </summary>
internal static class Plain
{
    /// <summary>
    /// For a terminal or a log, on one line: what could move the cursor, change colours or reorder what is seen is written as its code,
    /// such as <c>\u001b</c>.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="max">Characters after which it is cut off.</param>
    public static string Text(string text, int max = int.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(text);
        var plain = new StringBuilder(Math.Min(text.Length, max));
        foreach (var rune in text.EnumerateRunes())
        {
            if (plain.Length >= max)
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

    /// <summary>The same where line breaks and tabs are ordinary, as in the message of an exception: each is a space.</summary>
    public static string Line(string text) => Text(text.Replace('\r', ' ').Replace('\n', ' ').Replace('\t', ' '));

    /// <summary>The same of bytes that may be no UTF-8.</summary>
    public static string Text(ReadOnlySpan<byte> utf8, int max = int.MaxValue)
    {
        // No character has more than four bytes, so the cut is behind what is shown.
        var cut = (int)Math.Min(utf8.Length, 4L * max + 4);
        return Text(Encoding.UTF8.GetString(utf8[..cut]), max);
    }

    /// <summary>
    /// For a sentence, on one line: what hides is a space, and a grave accent, which would end a command in running text, is an apostrophe.
    /// </summary>
    public static string Sentence(string text) =>
        Replace(
            text,
            static rune =>
                rune.Value switch
                {
                    '`' => "'",
                    _ when IsHidden(rune) => " ",
                    _ => null,
                }
        );

    /// <summary>For a page, on one line: what hides is shown as its code point, such as <c>[U+202E]</c>. It is not escaped.</summary>
    public static string Page(string text) =>
        Replace(
            text,
            static rune =>
                rune.Value switch
                {
                    '\n' or '\r' or '\t' => " ",
                    _ when IsHidden(rune) => string.Create(CultureInfo.InvariantCulture, $"[U+{rune.Value:X4}]"),
                    _ => null,
                }
        );

    /// <summary>Whether a character is not seen itself: it controls, formats or separates what is around it.</summary>
    public static bool IsHidden(Rune rune) =>
        Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator;

    // A terminal may draw anything for a character that has no meaning of its own.
    private static bool IsShown(Rune rune) =>
        !IsHidden(rune) && Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);

    // The text itself where nothing has to be replaced, as in nearly all of them.
    private static string Replace(string text, Func<Rune, string?> replacement)
    {
        StringBuilder? safe = null;
        var at = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            var shown = replacement(rune);
            if (shown is not null)
                (safe ??= new StringBuilder(text.Length + 16).Append(text, 0, at)).Append(shown);
            else
                safe?.Append(rune);
            at += rune.Utf16SequenceLength;
        }
        return safe?.ToString() ?? text;
    }
}
