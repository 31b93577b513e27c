namespace Local;

/// <summary>Measures tests by Stryker: how many changes of the code they notice.</summary>
internal static class Mutation
{
    // A folder passes with so many of a hundred changes noticed.
    private const string Least = "90";

    /// <summary>Changes the code of a folder, one place at a time, and runs the tests of the same folder each time.</summary>
    /// <param name="repositoryRoot">The checkout.</param>
    /// <param name="folder">A folder of <c>src/Compliance</c>, such as <c>Changes/Plans</c> or <c>Offboarding/Guards</c>.</param>
    /// <param name="arguments">Further arguments for Stryker.</param>
    /// <returns>0 when enough changes are noticed.</returns>
    /// <exception cref="LaunchException">There is no such folder.</exception>
    public static async Task<int> RunAsync(string repositoryRoot, string folder, IReadOnlyList<string> arguments)
    {
        var named = folder.Trim('/', Path.DirectorySeparatorChar).Replace(Path.DirectorySeparatorChar, '/');
        var path = Path.Combine(repositoryRoot, "src", "Compliance", named);
        if (named.Length == 0 || named.Split('/').Contains("..") || !Directory.Exists(path))
            throw new LaunchException($"src/Compliance has no folder {folder}: name one such as Changes/Plans or Offboarding/Guards");
        var restored = await TestRun.DotnetAsync(repositoryRoot, ["tool", "restore"]);
        // Changed code breaks rules of style, which is no error here.
        return restored != ExitCode.Done
            ? restored
            : await TestRun.DotnetAsync(
                Path.Combine(repositoryRoot, "tests", "Compliance.Tests"),
                [
                    "stryker",
                    "--test-runner",
                    "mtp",
                    "--project",
                    "Compliance.csproj",
                    "--mutate",
                    $"**/Compliance/{named}/**/*.cs",
                    "--concurrency",
                    "1",
                    "--reporter",
                    "cleartext",
                    "--break-at",
                    Least,
                    "--threshold-low",
                    Least,
                    "--threshold-high",
                    "95",
                    .. arguments,
                ],
                ("RunAnalyzers", "false"),
                ("TestFiles", $"{named}/**/*Tests.cs")
            );
    }
}
