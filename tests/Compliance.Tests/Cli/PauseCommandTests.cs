using ComplianceCli;

namespace Compliance.Tests.Cli;

/// <summary>What <c>pause</c> and <c>resume</c> ask of the app, and what they print.</summary>
public sealed class PauseCommandTests
{
    private const string Asked = """
        {"paused":true,"number":3,"by":"ann","at":"2026-11-23T12:00:00Z","reason":"a bad\u001b[2J policy","blocking":true,
        "requestId":"resume-3-1","planId":"abc"}
        """;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Show_prints_who_paused_and_why_on_one_line_and_how_to_answer()
    {
        await using var app = new OneAnswer(200, Asked);

        var (code, output, errors) = await TypeAsync("pause", "show", "--app", app.Address, "--client-id", SignedIn.ClientId);

        Assert.Equal((0, ""), (code, errors));
        Texts.Cli.Expect("acts are paused and it was asked to resume", output);
        Assert.StartsWith("GET /api/changes/pause ", await app.RequestAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_paused_is_printed_as_such()
    {
        await using var app = new OneAnswer(200, """{"paused":false,"number":2}""");

        Assert.Equal(
            (0, "Acts are not paused.\n", ""),
            await TypeAsync("pause", "show", "--app", app.Address, "--client-id", SignedIn.ClientId)
        );
    }

    [Theory]
    [InlineData("pause")]
    [InlineData("pause", "--blocking")]
    [InlineData("resume", "--reason", "x")]
    public async Task Without_a_reason_or_with_one_that_is_not_asked_for_it_is_wrong_usage(params string[] typed)
    {
        var (code, output, errors) = await TypeAsync([.. typed, "--app", "http://127.0.0.1:1", "--client-id", SignedIn.ClientId]);

        Assert.Equal((64, ""), (code, output));
        Assert.Contains("--reason", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pause", "--reason", "a bad policy")]
    [InlineData("pause", "show")]
    [InlineData("resume")]
    public async Task Without_a_sign_in_one_line_names_what_is_missing(params string[] typed)
    {
        var (code, output, errors) = await TypeAsync([.. typed, "--app", "http://127.0.0.1:1"]);

        Assert.Equal((64, ""), (code, output));
        Texts.Cli.Expect("a call without a sign-in", errors);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData(null)]
    public async Task A_reason_that_is_empty_or_too_long_is_wrong_usage(string? reason)
    {
        var given = reason ?? new string('x', 501);

        Assert.Equal(
            (64, "", "--reason takes 1 to 500 characters\n"),
            await TypeAsync("pause", "--reason", given, "--app", "http://127.0.0.1:1", "--client-id", SignedIn.ClientId)
        );
    }

    private static async Task<(int Code, string Output, string Errors)> TypeAsync(params string[] typed)
    {
        var (output, errors) = (new StringWriter(), new StringWriter());
        var code = await OneLine.RunAsync(() => Commands.InvokeAsync(typed, output, errors, Stop, azure: SignedIn.Outside()), errors, Stop);
        return (code, output.ToString().Replace("\r\n", "\n", StringComparison.Ordinal), errors.ToString());
    }
}
