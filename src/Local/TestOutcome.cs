using Compliance.Text;

namespace Local;

/// <summary>
/// How a run of the tests ended. What no result file shows, such as a project that was aborted, counts as one failed test each, so that the
/// closing line never reads as a pass when it was none.
/// </summary>
/// <param name="Totals">What the result files add up to, and the problems.</param>
/// <param name="Problems">What went wrong besides tests that failed, a line each.</param>
internal sealed record TestOutcome(TrxTotals Totals, IReadOnlyList<string> Problems)
{
    private static readonly TrxTotals None = new(0, 0, 0);

    /// <summary>
    /// One of <see cref="Local.ExitCode"/>: done when nothing failed and something passed, since zero tests prove nothing.
    /// </summary>
    public int ExitCode => Totals is { Passed: > 0, Failed: 0 } ? Local.ExitCode.Done : Local.ExitCode.Failed;

    /// <summary>Judges a run by what it left.</summary>
    /// <param name="folder">Where the result files are: <c>PROJECT_net10.0_x64.trx</c>, one for each project.</param>
    /// <param name="expected">Projects that must have results.</param>
    /// <param name="exit">The exit code of <c>dotnet test</c>.</param>
    public static TestOutcome Judge(string folder, IReadOnlyList<string> expected, int exit)
    {
        var problems = new List<string>();
        var unreadable = new HashSet<string>(StringComparer.Ordinal);
        var byProject = new Dictionary<string, TrxTotals>(StringComparer.Ordinal);
        string[] files = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.trx", SearchOption.AllDirectories) : [];
        foreach (var file in files.Order(StringComparer.Ordinal))
        {
            var project = Path.GetFileNameWithoutExtension(file).Split('_')[0];
            try
            {
                byProject[project] = byProject.GetValueOrDefault(project, None) + TrxTotals.Read(file);
            }
            catch (FormatException e)
            {
                problems.Add($"{project}: its test results cannot be read ({Plain.Line(e.Message)}), it counts as failed");
                unreadable.Add(project);
            }
        }
        foreach (var project in expected)
            if (byProject.GetValueOrDefault(project, None) == None && !unreadable.Contains(project))
                problems.Add($"{project} has no test results: it was aborted or did not start, and counts as failed");
        var read = byProject.Values.Aggregate(None, (sum, one) => sum + one);
        if (exit != 0 && read.Failed == 0 && problems.Count == 0)
            problems.Add($"dotnet test ended with exit code {exit} although no test failed: this counts as failed");
        if (read.Passed == 0 && read.Failed == 0 && problems.Count == 0)
            problems.Add("no test was run: this counts as failed");
        return new(read with { Failed = read.Failed + problems.Count }, problems);
    }
}
