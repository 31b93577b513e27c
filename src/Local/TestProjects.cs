using System.Text.RegularExpressions;

namespace Local;

/// <summary>The solution's test projects.</summary>
internal static partial class TestProjects
{
    /// <summary>
    /// Their names, by the rule of <c>tests/Directory.Build.targets</c>: below <c>tests</c>, and the name ends in <c>.Tests</c> or is
    /// <c>EndToEnd</c>.
    /// </summary>
    /// <exception cref="LaunchException">There is none.</exception>
    public static IReadOnlyList<string> Read(string repositoryRoot)
    {
        var solution = Path.Combine(repositoryRoot, TestRun.Solution);
        var names = Projects()
            .Matches(File.ReadAllText(solution))
            .Select(m => m.Groups["name"].Value)
            .Where(name => name.EndsWith(".Tests", StringComparison.Ordinal) || name == "EndToEnd")
            .ToList();
        return names.Count > 0 ? names : throw new LaunchException($"{solution} names no test project");
    }

    // Project("{FAE04EC0-...}") = "Local.Tests", "tests\Local.Tests\Local.Tests.csproj", "{BFB45256-...}"
    [GeneratedRegex("""^Project\("[^"]+"\) = "(?<name>[^"]+)", "tests\\[^"]+\.csproj",""", RegexOptions.Multiline)]
    private static partial Regex Projects();
}
