using System.Text.RegularExpressions;

namespace Compliance.Tests.Offboarding.Execution;

/// <summary>Whether a request is of a declared kind.</summary>
internal static class Calls
{
    public static bool Matches(string template, string path) =>
        Regex.IsMatch(
            Uri.UnescapeDataString(path.Split('?')[0]),
            "^"
                + Regex.Replace(Regex.Escape(template).Replace("\\{\\*id}", ".+", StringComparison.Ordinal), "\\\\\\{[a-z]+}", "[^/]+")
                + "$",
            RegexOptions.IgnoreCase
        );
}
