using System.Diagnostics;
using System.Globalization;

namespace Local;

/// <summary>Runs the solution's tests.</summary>
internal static class TestRun
{
    /// <summary>The solution that is tested.</summary>
    public const string Solution = "ComplianceFunctions.sln";

    /// <summary>Environment variable that the tests read: <see cref="Long"/>, or left out for the usual run.</summary>
    public const string SizeVariable = "COMPLIANCE_TESTS";

    /// <summary>Value of <see cref="SizeVariable"/> for many seeds, many kills and large sizes.</summary>
    public const string Long = "long";

    // Exit code of the testing platform for "zero tests ran".
    private const string NothingMatched = "8";

    // Each test module starts processes of its own (Azurite, hosts): more of them side by side than cores only makes time-outs likely.
    private static readonly int Modules = Math.Clamp(Environment.ProcessorCount, 1, 4);

    /// <summary>Runs <c>dotnet test</c> and ends with the totals' line.</summary>
    /// <param name="repositoryRoot">The checkout.</param>
    /// <param name="longOnes">Whether to run the long ones in full.</param>
    /// <param name="arguments">Further arguments for <c>dotnet test</c>.</param>
    /// <param name="output">Gets the problems, and the last line.</param>
    public static async Task<int> RunAsync(string repositoryRoot, bool longOnes, IReadOnlyList<string> arguments, TextWriter output)
    {
        var results = Path.Combine(repositoryRoot, "TestResults");
        if (Directory.Exists(results))
            Directory.Delete(results, recursive: true);
        // Where only some are asked for, a project without any of them is no failure.
        string[] filters = ["--filter", "--treenode-filter"];
        var filtered = arguments.Any(a => filters.Any(filter => a.StartsWith(filter, StringComparison.Ordinal)));
        string[] tolerated = filtered && !arguments.Contains("--ignore-exit-code") ? ["--ignore-exit-code", NothingMatched] : [];
        var exit = await DotnetAsync(
            repositoryRoot,
            [
                "test",
                "--solution",
                Solution,
                "--report-trx",
                "--results-directory",
                results,
                "--max-parallel-test-modules",
                Modules.ToString(CultureInfo.InvariantCulture),
                .. tolerated,
                .. arguments,
            ],
            longOnes ? [(SizeVariable, Long)] : []
        );
        var outcome = TestOutcome.Judge(results, filtered ? [] : TestProjects.Read(repositoryRoot), exit);
        foreach (var problem in outcome.Problems)
            await output.WriteLineAsync(problem);
        await output.WriteLineAsync(outcome.Totals.ToString());
        return outcome.ExitCode;
    }

    /// <summary>Runs <c>dotnet</c> with this process's own output, and waits for it.</summary>
    /// <param name="folder">Where: the checkout, or a folder in it.</param>
    /// <param name="arguments">Arguments of <c>dotnet</c>.</param>
    /// <param name="variables">Environment variables beside this process's own.</param>
    public static async Task<int> DotnetAsync(
        string folder,
        IEnumerable<string> arguments,
        params IEnumerable<(string Name, string Value)> variables
    )
    {
        var start = new ProcessStartInfo(Tool.Dotnet(), arguments) { WorkingDirectory = folder };
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        using var dotnet = ProcessStart.Start(start, "dotnet", "install the .NET 10 SDK");
        await dotnet.WaitForExitAsync();
        return dotnet.ExitCode;
    }
}
