namespace Compliance.Storage;

/// <summary>What may be the key of a row or part of a blob's name.</summary>
internal static class StateKeys
{
    /// <summary>
    /// The key in lower case. Letters, digits, dot, hyphen and underscore only: what else there is, tables forbid in keys or a blob's name
    /// would read as a folder, and one tenant's key could reach into another's.
    /// </summary>
    /// <exception cref="ArgumentException">It has another character, is empty, or is longer than 200.</exception>
    public static string Safe(string key, string what) =>
        key.Length is > 0 and <= 200 && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') && key.Trim('.').Length > 0
            ? key.ToLowerInvariant()
            : throw new ArgumentException($"{what} may hold letters, digits, '.', '-' and '_' only, 1 to 200 of them", nameof(key));
}
