
namespace Compliance.Tests.Cli;

/// <summary>What <c>findings</c> and <c>notifications</c> ask of the app, and what they print.</summary>
public sealed class FindingCommandTests
{
    private const string Two = """
        [{"id":"RUN-003-bb","control":"RUN-003","severity":"low","status":"waived","subject":{"type":"pause","id":"acts","name":"acts"},
          "ageDays":null,"expires":null,"owner":null,"reason":"r","nextStep":"n"},
         {"id":"CRED-001-aa","control":"CRED-001","severity":"high","status":"open",
          "subject":{"type":"application","id":"x","name":"billing\u001b[2J"},
          "ageDays":400,"expires":null,"owner":null,"reason":"In use since 2025","nextStep":"Add a new secret"}]
        """;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("all", "")]
    [InlineData("one", "cred-001")]
    public async Task Findings_are_a_line_each_and_one_alone_is_explained(string situation, string start)
    {
        await using var app = new OneAnswer(200, Two);

        var (code, output, errors) = await SignedIn.TypeAsync(app, start.Length == 0 ? ["findings"] : ["findings", start]);

        Assert.Equal((0, ""), (code, errors));
        Texts.Cli.Expect("findings", situation, output);
        Assert.StartsWith("GET /api/findings ", await app.RequestAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_id_that_no_finding_has_is_an_error_and_nothing_open_is_not()
    {
        await using var two = new OneAnswer(200, Two);
        await using var none = new OneAnswer(200, "[]");

        Assert.Equal((1, ""), await WithoutErrorsAsync(two, "findings", "EVID"));
        Assert.Equal((0, "Nothing is open that you may see.\n"), await WithoutErrorsAsync(none, "findings"));
    }

    [Theory]
    [InlineData("sent", 0, """[{"recipient":"mail:a@b.example","failure":null}]""")]
    [InlineData(
        "failed",
        1,
        """[{"recipient":"mail:a@b.example","failure":null},{"recipient":"teams:teams","failure":"the webhook refused it (404)"}]"""
    )]
    [InlineData("no one", 0, "[]")]
    public async Task A_test_message_shows_where_it_arrived(string situation, int expected, string answer)
    {
        await using var app = new OneAnswer(200, answer);

        var (code, output, errors) = await SignedIn.TypeAsync(app, "notifications", "test");

        Assert.Equal((expected, ""), (code, errors));
        Texts.Cli.Expect("notifications test", situation, output);
        Assert.StartsWith("POST /api/notifications/test ", await app.RequestAsync(), StringComparison.Ordinal);
    }

    private static async Task<(int, string)> WithoutErrorsAsync(OneAnswer app, params string[] typed)
    {
        var (code, output, _) = await SignedIn.TypeAsync(app, typed);
        return (code, output);
    }
}
