using System.Buffers;
using System.Globalization;
using System.Text;

namespace Compliance.Text;

/// <summary>Words commands that a person pastes into a shell, from names that anybody in the tenant may have chosen.</summary>
internal static class Shell
{
    private static readonly SearchValues<char> Plain = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:@%+-"
    );

    /// <summary>One word of a POSIX shell (or of the Azure Cloud Shell): quoted unless nothing in it means anything.</summary>
    public static string Word(string text)
    {
        var shown = OneLine(text);
        return shown.Length > 0 && !shown.AsSpan().ContainsAnyExcept(Plain)
            ? shown
            : $"'{shown.Replace("'", "'\\''", StringComparison.Ordinal)}'";
    }

    /// <summary>An option with its value; one word where the value would otherwise read as an option itself.</summary>
    public static string Option(string name, string value) => value.StartsWith('-') ? $"{name}={Word(value)}" : $"{name} {Word(value)}";

    /// <summary>
    /// Text on one line and shown as it is: control and format characters (which could break a line, or reverse its order on a screen)
    /// become spaces, and grave accents, which would end a command in running text, become apostrophes.
    /// </summary>
    public static string OneLine(string text)
    {
        var clean = true;
        foreach (var c in text)
            clean &= !Hidden(c) && c != '`';
        if (clean)
            return text;
        var result = new StringBuilder(text.Length);
        foreach (var c in text)
            result.Append(Shown(c));
        return result.ToString();
    }

    private static char Shown(char c)
    {
        if (Hidden(c))
            return ' ';
        return c == '`' ? '\'' : c;
    }

    private static bool Hidden(char c) =>
        char.GetUnicodeCategory(c)
            is UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator;
}
