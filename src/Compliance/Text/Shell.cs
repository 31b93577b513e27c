using System.Buffers;

namespace Compliance.Text;

/// <summary>Words commands that a person pastes into a shell, from names that anybody in the tenant may have chosen.</summary>
internal static class Shell
{
    private static readonly SearchValues<char> Bare = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:@%+-"
    );

    /// <summary>One word of a POSIX shell (or of the Azure Cloud Shell): quoted unless nothing in it means anything.</summary>
    public static string Word(string text)
    {
        var shown = Plain.Sentence(text);
        return shown.Length > 0 && !shown.AsSpan().ContainsAnyExcept(Bare)
            ? shown
            : $"'{shown.Replace("'", "'\\''", StringComparison.Ordinal)}'";
    }

    /// <summary>An option with its value; one word where the value would otherwise read as an option itself.</summary>
    public static string Option(string name, string value) => value.StartsWith('-') ? $"{name}={Word(value)}" : $"{name} {Word(value)}";
}
