using Compliance.Controls;

namespace Local.Tests;

public sealed class CommandLineTests
{
    private static async Task<(int Exit, RunOptions? Options, string Errors)> ParseAsync(params string[] arguments)
    {
        RunOptions? seen = null;
        using var errors = new StringWriter { NewLine = "\n" };
        var commands = new CommandLine(
            options =>
            {
                seen = options;
                return Task.FromResult(0);
            },
            (longOnes, rest) => Task.FromResult(rest.Count + (longOnes ? 100 : 0)),
            (folder, rest) => Task.FromResult(rest.Count + 1000 + folder.Length),
            rest => Task.FromResult(rest.Count)
        );
        return (await commands.InvokeAsync(arguments, TextWriter.Null, errors), seen, errors.ToString().Trim());
    }

    [Fact]
    public async Task Every_option_arrives()
    {
        var folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(AppContext.BaseDirectory));
        var policy = Path.Combine(folder, "Local.Tests.dll");
        var (_, options, _) = await ParseAsync(
            "run",
            "--once",
            "--now",
            "2024-02-29",
            "--tenant",
            folder,
            "--faults",
            "429:10%",
            "--fail-on",
            "high",
            "--json",
            "--fresh",
            "--port",
            "1",
            "--sandbox-port",
            "2",
            "--azurite-port",
            "3",
            "--policy",
            policy,
            "--state",
            folder
        );
        var expected = new RunOptions
        {
            Once = true,
            Now = new DateTimeOffset(2024, 2, 29, 0, 0, 0, TimeSpan.Zero),
            Tenant = folder,
            Faults = "429:10%",
            FailOn = Severity.High,
            Json = true,
            Fresh = true,
            Port = 1,
            SandboxPort = 2,
            AzuritePort = 3,
            Policy = policy,
            State = folder,
        };
        Assert.Equal(expected, options);
    }

    [Fact]
    public async Task Settings_for_the_Core_Tools_alone_can_be_asked_for() =>
        Assert.Equal(
            new RunOptions { SettingsOnly = true, Port = 7099 },
            (await ParseAsync("run", "--settings-only", "--port", "7099")).Options
        );

    [Theory]
    [InlineData("2000-01-01T00:00:00Z")]
    [InlineData("2099-12-31T23:59:59Z")]
    public async Task The_first_and_the_last_time_are_taken(string text) =>
        Assert.Equal(text, AppSettings.Iso((await ParseAsync("run", "--now", text)).Options!.Now!.Value));

    [Theory]
    [InlineData("2026-11-23T07:00:00+02:00")]
    [InlineData("2026-11-23T05:00:00Z")]
    [InlineData("2026-11-23T05:00")]
    public async Task A_time_is_UTC_unless_it_has_an_offset(string text) =>
        Assert.Equal(Reports.Now, (await ParseAsync("run", "--now", text)).Options?.Now);

    [Theory]
    [InlineData("--now must be a time from 2000 to 2099, such as 2026-11-23T05:00:00Z, not tomorrow", "--now", "tomorrow")]
    [InlineData("--now must be a time from 2000 to 2099, such as 2026-11-23T05:00:00Z, not 0001-01-01", "--now", "0001-01-01")]
    [InlineData("--now must be a time from 2000 to 2099, such as 2026-11-23T05:00:00Z, not 1999-12-31", "--now", "1999-12-31")]
    [InlineData("--now must be a time from 2000 to 2099, such as 2026-11-23T05:00:00Z, not 2100-01-01", "--now", "2100-01-01")]
    [InlineData("--fail-on must be info, low, medium, high or critical, not 3", "--once", "--fail-on", "3")]
    [InlineData("--settings-only and --once exclude each other", "--settings-only", "--once")]
    [InlineData("--json needs --once", "--json")]
    [InlineData("--faults is for the sandbox tenant: leave it out with --real", "--real", "--faults", "x")]
    [InlineData("--port must be a number from 0 (a free port) to 65535, not 70000", "--port", "70000")]
    [InlineData("--azurite-port must be a number from 0 (a free port) to 65533, not 65534", "--azurite-port", "65534")]
    public async Task A_wrong_command_line_says_what_is_wrong(string expected, params string[] arguments)
    {
        var (exit, options, errors) = await ParseAsync(["run", .. arguments]);
        Assert.Equal((ExitCode.Usage, null, expected), (exit, options, errors));
    }

    [Fact]
    public async Task Further_arguments_go_to_the_tests_and_the_benchmark() =>
        Assert.Equal(
            (2, 3),
            ((await ParseAsync("test", "--filter-class", "X")).Exit, (await ParseAsync("bench", "credentials", "--objects", "10")).Exit)
        );

    [Fact]
    public async Task The_long_tests_are_asked_for_by_an_option_and_not_passed_on() =>
        Assert.Equal(
            (100, 102),
            ((await ParseAsync("test", "--long")).Exit, (await ParseAsync("test", "--filter-class", "X", "--long")).Exit)
        );

    [Fact]
    public async Task A_folder_to_mutate_is_asked_for_without_the_long_ones()
    {
        Assert.Equal(1005, (await ParseAsync("test", "--mutate", "Plans")).Exit);
        Assert.Equal(1007, (await ParseAsync("test", "--mutate", "Plans", "-r", "json")).Exit);
        var (exit, _, errors) = await ParseAsync("test", "--mutate", "Plans", "--long");
        Assert.Equal((ExitCode.Usage, "--long and --mutate exclude each other"), (exit, errors));
    }

    [Theory]
    [InlineData("Nowhere")]
    [InlineData("../ComplianceFunctions")]
    [InlineData("/")]
    public async Task A_folder_that_is_none_of_the_product_is_not_mutated(string folder)
    {
        var refused = await Assert.ThrowsAsync<LaunchException>(() => Mutation.RunAsync(RepositoryRoot.Find(), folder, []));

        Assert.Equal($"src/Compliance has no folder {folder}: name one such as Changes/Plans or Offboarding/Guards", refused.Message);
    }
}
