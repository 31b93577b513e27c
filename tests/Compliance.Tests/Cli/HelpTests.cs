using ComplianceCli;

namespace Compliance.Tests.Cli;

public sealed class HelpTests
{
    [Theory]
    [InlineData("compliance [command] [options]")]
    [InlineData("compliance evidence [command] [options]", "evidence")]
    [InlineData("compliance evidence prove <RECORD> [options]", "evidence", "prove")]
    [InlineData("compliance queue discard <QUEUE> <MESSAGE> [options]", "queue", "discard")]
    [InlineData("compliance pause [command] [options]", "pause")]
    public async Task Help_names_the_command_as_it_is_typed(string usage, params string[] command)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };

        var code = await Commands.InvokeAsync([.. command, "--help"], output, errors, TestContext.Current.CancellationToken);

        Assert.Equal((0, "", $"  {usage}"), (code, errors.ToString(), Usage(output.ToString())));
    }

    private static string Usage(string help)
    {
        var lines = help.Split('\n');
        return lines[Array.IndexOf(lines, "Usage:") + 1];
    }
}
