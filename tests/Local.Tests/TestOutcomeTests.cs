namespace Local.Tests;

/// <summary>What a test run left is judged without mercy: what is not seen to have passed has failed.</summary>
public sealed class TestOutcomeTests : IDisposable
{
    private static readonly string[] Both = ["A.Tests", "B.Tests"];

    private readonly string _folder = Directory.CreateTempSubdirectory("trx-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void All_projects_are_added_up()
    {
        Write("A.Tests", total: 5, executed: 5, passed: 5);
        Write("B.Tests", total: 4, executed: 3, passed: 3);

        Assert.Equal(("8 passed, 0 failed, 1 skipped", ExitCode.Done), Judge(Both, exit: 0));
    }

    [Fact]
    public void A_failed_test_fails_the_run_and_is_no_problem_besides()
    {
        Write("A.Tests", total: 5, executed: 5, passed: 4);
        Write("B.Tests", total: 3, executed: 3, passed: 3);

        Assert.Equal(("7 passed, 1 failed", ExitCode.Failed), Judge(Both, exit: 2));
    }

    // Seen: a project that is aborted in the middle leaves a file without any test, whatever had passed before.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_project_that_was_aborted_is_named_and_counts_as_failed(bool leavesFile)
    {
        Write("A.Tests", total: 5, executed: 5, passed: 5);
        if (leavesFile)
            Write("B.Tests", total: 0, executed: 0, passed: 0);

        Assert.Equal((Aborted("B.Tests") + "5 passed, 1 failed", ExitCode.Failed), Judge(Both, exit: 0));
    }

    [Fact]
    public void A_run_that_did_not_begin_names_every_project() =>
        Assert.Equal((Aborted("A.Tests") + Aborted("B.Tests") + "0 passed, 2 failed", ExitCode.Failed), Judge(Both, exit: 1));

    [Fact]
    public void A_file_that_is_cut_off_counts_as_failed_and_does_not_hide_the_others()
    {
        Write("A.Tests", total: 5, executed: 5, passed: 5);
        File.WriteAllText(At("B.Tests"), "<TestRun><Results>");

        var (lines, exit) = Judge(Both, exit: 0);

        Assert.Equal(ExitCode.Failed, exit);
        Assert.Matches("^B.Tests: its test results cannot be read \\(.+\\), it counts as failed\n5 passed, 1 failed$", lines);
    }

    [Fact]
    public void A_file_without_numbers_counts_as_failed()
    {
        File.WriteAllText(At("A.Tests"), "<TestRun />");

        Assert.Equal(
            ("A.Tests: its test results cannot be read (it has no Counters), it counts as failed\n0 passed, 1 failed", ExitCode.Failed),
            Judge(["A.Tests"], exit: 0)
        );
    }

    // Seen: a fixture that fails while it is disposed of, after all tests have passed.
    [Fact]
    public void An_exit_code_that_no_failed_test_explains_counts_as_failed()
    {
        Write("A.Tests", total: 5, executed: 5, passed: 5);

        Assert.Equal(
            ("dotnet test ended with exit code 7 although no test failed: this counts as failed\n5 passed, 1 failed", ExitCode.Failed),
            Judge(["A.Tests"], exit: 7)
        );
    }

    // With a filter no project has to have results, but something must.
    [Fact]
    public void A_filter_that_matches_nothing_is_no_pass()
    {
        Write("A.Tests", total: 0, executed: 0, passed: 0);

        Assert.Equal(("no test was run: this counts as failed\n0 passed, 1 failed", ExitCode.Failed), Judge([], exit: 0));
    }

    [Fact]
    public void Skipped_tests_alone_are_no_pass()
    {
        Write("A.Tests", total: 2, executed: 0, passed: 0);

        Assert.Equal(
            ("no test was run: this counts as failed\n0 passed, 1 failed, 2 skipped", ExitCode.Failed),
            Judge(["A.Tests"], exit: 0)
        );
    }

    [Fact]
    public void Every_test_project_of_the_checkout_is_in_the_solution_and_must_have_results()
    {
        var root = RepositoryRoot.Find();
        var names = Directory
            .GetFiles(Path.Combine(root, "tests"), "*.csproj", SearchOption.AllDirectories)
            .Select(Path.GetFileNameWithoutExtension)
            .Where(name => name!.EndsWith(".Tests", StringComparison.Ordinal) || name == "EndToEnd")
            .Order(StringComparer.Ordinal);

        Assert.Equal(names, TestProjects.Read(root).Order(StringComparer.Ordinal));
        // The rule by which MSBuild makes it a test project.
        Assert.Contains(
            "$(MSBuildProjectName.EndsWith('.Tests')) or '$(MSBuildProjectName)' == 'EndToEnd'",
            File.ReadAllText(Path.Combine(root, "tests", "Directory.Build.targets")),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_solution_without_test_projects_is_an_error()
    {
        const string only = """Project("{1}") = "Local", "src\Local\Local.csproj", "{2}" """;
        File.WriteAllText(Path.Combine(_folder, TestRun.Solution), only);

        var error = Assert.Throws<LaunchException>(() => TestProjects.Read(_folder));

        Assert.EndsWith("names no test project", error.Message, StringComparison.Ordinal);
    }

    // As it is printed.
    private (string Lines, int Exit) Judge(string[] expected, int exit)
    {
        var outcome = TestOutcome.Judge(_folder, expected, exit);
        return (string.Join('\n', [.. outcome.Problems, outcome.Totals.ToString()]), outcome.ExitCode);
    }

    private static string Aborted(string project) =>
        $"{project} has no test results: it was aborted or did not start, and counts as failed\n";

    private string At(string project) => Path.Combine(_folder, $"{project}_net10.0_x64.trx");

    private void Write(string project, int total, int executed, int passed) =>
        File.WriteAllText(
            At(project),
            $"""
            <TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010">
              <ResultSummary outcome="Completed">
                <Counters total="{total}" executed="{executed}" passed="{passed}" failed="{executed - passed}" />
              </ResultSummary>
            </TestRun>
            """
        );
}
