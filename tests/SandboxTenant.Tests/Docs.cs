using System.Text.RegularExpressions;

namespace SandboxTenant.Tests;

/// <summary>The examples in docs/architecture/sandbox-tenant.md.</summary>
internal static partial class Docs
{
    private static string Text
    {
        get
        {
            var at = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(at.FullName, "docs", "architecture", "sandbox-tenant.md")))
                at = at.Parent ?? throw new InvalidOperationException("docs/architecture/sandbox-tenant.md is not above the running test");
            return File.ReadAllText(Path.Combine(at.FullName, "docs", "architecture", "sandbox-tenant.md"));
        }
    }

    /// <summary>The first code block of a language.</summary>
    public static string Block(string language) => Regex.Match(Text, $"```{language}\n(.*?)```", RegexOptions.Singleline).Groups[1].Value;

    /// <summary>Each example file: its name from the heading, and its content.</summary>
    public static IEnumerable<(string File, string Content)> Files() =>
        Example().Matches(Text).Select(m => (m.Groups[1].Value, m.Groups[2].Value));

    [GeneratedRegex(@"^### `([^`]+)`\n(?:(?!###)[^\n]*\n)*?```json\n(.*?)```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Example();
}
