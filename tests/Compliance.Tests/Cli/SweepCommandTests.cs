
namespace Compliance.Tests.Cli;

/// <summary>What <c>sweep</c> asks of the app, and what it prints.</summary>
public sealed class SweepCommandTests
{
    private const string Sweep = """
        {"id":"sweep-2027-q2","tenantId":"t","at":"2027-04-01T04:50:00Z","policySha256":"aa","stage":"acting","dataSets":["prompts"],
         "containers":3,"unread":["blob/stlogs could not be read: 403. Grant it."]}
        """;

    private const string Total = """{"items":10,"bytes":100}""";

    private const string Totals = $$"""
        {"all":{{Total}} ,"due":{"items":4,"bytes":40},"moved":{"items":0,"bytes":0},"reported":{"items":0,"bytes":0},
         "held":{"items":0,"bytes":0},"unknown":{"items":0,"bytes":0} }
        """;

    private const string View = $$"""
        {"sweep":{{Sweep}},"dataSets":[{"caseId":"c","dataSet":"prompts","owner":"a@b.example","totals":{{Totals}},
         "due":{"old":{"items":4,"bytes":40} } ,"samples":["sttrain/raw/\u001b[2Jx"],"holds":["Rule old deletes for the first time."]}]}
        """;

    private static string Report(string state, string note) =>
        $$"""
            {"sweepId":"sweep-2027-q2","at":"2027-04-01T04:50:00Z","endedAt":"2027-04-02T04:50:00Z","policySha256":"aa","containers":3,
             "dataSets":[{"dataSet":"prompts","classification":"restricted","owner":"a@b.example","purpose":"p","state":"{{state}}",
             "totals":{{Totals}},"results":{"deleted":{"items":4,"bytes":40} },"approvers":2,"planId":"p","certificateSha256":"c",
             "startedAt":null,"endedAt":null,"note":{{note}},"development":[],"purposeEnds":null}],
             "unclassified":{"items":0,"bytes":0},"coverage":{},"unread":[],"retainedUntil":null}
            """;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_sweep_is_started_and_stopped_as_oneself()
    {
        await using var started = new OneAnswer(202, Sweep);
        await using var stopped = new OneAnswer(200, Sweep);

        var (code, output, errors) = await SignedIn.TypeAsync(started, "sweep", "start", "--dry-run");
        await SignedIn.TypeAsync(stopped, "sweep", "cancel", "sweep-2027-q2");

        Assert.Equal((0, ""), (code, errors));
        Texts.Cli.Expect("sweep", "start", output);
        var request = await started.RequestAsync();
        Assert.StartsWith("POST /api/sweeps ", request, StringComparison.Ordinal);
        Assert.Contains("{\"dryRun\":true}", request, StringComparison.Ordinal);
        Assert.StartsWith("POST /api/sweeps/sweep-2027-q2/cancel ", await stopped.RequestAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_plan_is_shown_with_why_it_waits_and_names_that_cannot_move_the_cursor()
    {
        await using var app = new OneAnswer(200, View);

        var (code, output, errors) = await SignedIn.TypeAsync(app, "sweep", "show", "sweep-2027-q2");

        Assert.Equal((0, ""), (code, errors));
        Texts.Cli.Expect("sweep", "show", output);
        Assert.DoesNotContain('\u001b', output);
    }

    [Theory]
    [InlineData("done", "null", 0)]
    [InlineData("incomplete", "\"2 items could not be deleted.\"", 1)]
    public async Task A_report_shows_what_is_left_and_ends_with_1_when_something_is(string state, string note, int expected)
    {
        await using var app = new OneAnswer(200, Report(state, note));

        var (code, output, errors) = await SignedIn.TypeAsync(app, "sweep", "report", "sweep-2027-q2");

        Assert.Equal((expected, ""), (code, errors));
        Texts.Cli.Expect("sweep report", state, output);
    }
}
