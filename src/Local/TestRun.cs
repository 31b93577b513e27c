using System.Diagnostics;
using System.Globalization;

namespace Local;

/// <summary>Runs the solution's tests.</summary>
internal static class TestRun
{
    // Each test module starts processes of its own (Azurite, hosts): more of them side by side than cores only makes time-outs likely.
    private static readonly int Modules = Math.Clamp(Environment.ProcessorCount, 1, 4);

    /// <summary>Runs <c>dotnet test</c> and ends with the totals' line.</summary>
    /// <param name="repositoryRoot">The checkout.</param>
    /// <param name="arguments">Further arguments for <c>dotnet test</c>.</param>
    /// <param name="output">Gets the last line.</param>
    public static async Task<int> RunAsync(string repositoryRoot, IReadOnlyList<string> arguments, TextWriter output)
    {
        var results = Path.Combine(repositoryRoot, "TestResults");
        if (Directory.Exists(results))
            Directory.Delete(results, recursive: true);
        var exit = await DotnetAsync(
            repositoryRoot,
            ["test", "ComplianceFunctions.sln", "--report-trx", "--results-directory", results, "--max-parallel-test-modules", Modules.ToString(CultureInfo.InvariantCulture), .. arguments]);
        var totals = TrxTotals.Of(results);
        await output.WriteLineAsync(totals.ToString());
        return Verdict(exit, totals);
    }

    /// <summary>Runs <c>dotnet</c> in the checkout with this process's own output, and waits for it.</summary>
    public static async Task<int> DotnetAsync(string repositoryRoot, IEnumerable<string> arguments)
    {
        using var dotnet = ProcessStart.Start(new ProcessStartInfo(Tool.Dotnet(), arguments) { WorkingDirectory = repositoryRoot }, "dotnet", "install the .NET 10 SDK");
        await dotnet.WaitForExitAsync();
        return dotnet.ExitCode;
    }

    /// <summary>A run is good when dotnet says so, nothing failed and something passed: zero tests prove nothing.</summary>
    public static int Verdict(int exit, TrxTotals totals) =>
        exit == 0 && totals is { Passed: > 0, Failed: 0 } ? ExitCode.Done : ExitCode.Failed;
}
