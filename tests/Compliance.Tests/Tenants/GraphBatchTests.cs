using System.Globalization;
using System.Text.Json.Nodes;
using Compliance.Tenants;

namespace Compliance.Tests.Tenants;

/// <summary>Batches against answers that a test writes word for word.</summary>
public sealed class GraphBatchTests : IDisposable
{
    private static readonly DateTimeOffset Sent = new(2020, 2, 3, 4, 5, 6, TimeSpan.Zero);

    private readonly PaperTenant _tenant = new();
    private readonly List<JsonArray> _batches = [];
    private Func<int, JsonObject, JsonObject?> _answer = (_, r) => Answer(r, 200);
    private Func<JsonArray, HttpResponseMessage>? _outer;

    public GraphBatchTests() => _tenant.Answer = (_, body) => Batch(JsonNode.Parse(body)!["requests"]!.AsArray());

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private NoWaiting Time => _tenant.Time;

    private GraphBatch Given => new(_tenant.Connection, Time);

    public void Dispose() => _tenant.Dispose();

    [Fact]
    public async Task Those_that_are_throttled_are_asked_again_together_after_the_longest_of_their_waits()
    {
        _answer = (round, r) =>
            round > 1
                ? Answer(r, 200)
                : Id(r) switch
                {
                    "/a" => Answer(r, 429, ("Retry-After", "3")),
                    "/b" => Answer(r, 429, ("retry-after", "9")),
                    "/c" => Answer(r, 503),
                    _ => Answer(r, 200),
                };

        var answers = await SendAsync("/a", "/b", "/c", "/d");

        Assert.Equal([200, 200, 200, 200], answers.Values.Select(a => a.Status));
        Assert.Equal([TimeSpan.FromSeconds(9)], Time.Waits);
        Assert.Equal(["/a /b /c /d", "/a /b /c"], Batches);
    }

    [Theory]
    [InlineData("300", 200)]
    [InlineData("301", 429)]
    public async Task A_wait_longer_than_is_allowed_is_not_waited_for_and_holds_no_other_up(string seconds, int status)
    {
        _answer = (round, r) => round > 1 || Id(r) == "/b" ? Answer(r, 200) : Answer(r, 429, ("Retry-After", seconds));

        var answers = await SendAsync("/a", "/b");

        Assert.Equal((status, 200), (answers["/a"].Status, answers["/b"].Status));
        Assert.Equal(status == 200 ? [TimeSpan.FromSeconds(300)] : [], Time.Waits);
    }

    [Fact]
    public async Task A_request_that_the_answer_leaves_out_is_asked_again_and_is_never_taken_for_gone()
    {
        _answer = (round, r) => Id(r) == "/b" && round == 1 ? null : Answer(r, 404);
        Assert.Equal([404, 404], (await SendAsync("/a", "/b")).Values.Select(a => a.Status));
        Assert.Equal(["/a /b", "/b"], Batches);

        _batches.Clear();
        _answer = (_, r) => Id(r) == "/b" ? null : Answer(r, 200);
        var answers = await SendAsync("/a", "/b");
        Assert.Equal((200, 503, "the batch left this request out"), (answers["/a"].Status, answers["/b"].Status, answers["/b"].Reason));
        Assert.Equal(ThrottleAwareRetryHandler.MaxAttempts, _batches.Count);
    }

    [Theory]
    [InlineData(424, true)]
    [InlineData(429, true)]
    [InlineData(500, true)]
    [InlineData(502, true)]
    [InlineData(503, true)]
    [InlineData(504, true)]
    [InlineData(204, false)]
    [InlineData(400, false)]
    [InlineData(401, false)]
    [InlineData(403, false)]
    [InlineData(404, false)]
    [InlineData(409, false)]
    [InlineData(412, false)]
    public async Task Only_what_may_pass_is_asked_again(int status, bool again)
    {
        _answer = (round, r) => Answer(r, round == 1 ? status : 200);

        Assert.Equal(again ? 200 : status, (await SendAsync("/a"))["/a"].Status);
        Assert.Equal(again ? 2 : 1, _batches.Count);
    }

    [Fact]
    public async Task Attempts_end_and_the_waits_between_them_double_up_to_thirty_seconds()
    {
        _answer = (_, r) => Answer(r, 503);

        Assert.Equal(503, (await SendAsync("/a"))["/a"].Status);
        Assert.Equal([1, 2, 4, 8, 16, 30, 30, 30, 30], Time.Waits.Select(w => w.TotalSeconds));

        _batches.Clear();
        Assert.Equal(503, (await Given.SendAsync([new("/a", "GET", "/a")], Stop, attempts: 1))["/a"].Status);
        Assert.Single(_batches);
    }

    // Whichever way our own clock is off: the service's says how long.
    [Theory]
    [InlineData(-9)]
    [InlineData(9)]
    public async Task A_date_to_wait_for_is_held_against_the_services_own_clock(int daysAhead)
    {
        Time.Ahead = TimeSpan.FromDays(daysAhead);
        _answer = (round, r) =>
            round > 1 ? Answer(r, 200) : Answer(r, 429, ("Retry-After", Http(Sent.AddSeconds(7))), ("Date", Http(Sent)));

        Assert.Equal(200, (await SendAsync("/a"))["/a"].Status);
        Assert.Equal([TimeSpan.FromSeconds(7)], Time.Waits);
    }

    [Theory]
    [InlineData(-60, 0, 0)]
    [InlineData(60, 55, 61)]
    public async Task A_date_without_the_services_time_is_held_against_ours_and_a_past_one_is_no_wait(int ahead, int least, int most)
    {
        _answer = (round, r) => round > 1 ? Answer(r, 200) : Answer(r, 429, ("Retry-After", Http(Time.GetUtcNow().AddSeconds(ahead))));

        Assert.Equal(200, (await SendAsync("/a"))["/a"].Status);
        Assert.InRange(Time.Waits.Sum(w => w.TotalSeconds), least, most);
    }

    [Fact]
    public async Task Twenty_go_in_one_batch_and_each_has_its_answer()
    {
        var answers = await SendAsync([.. Enumerable.Range(0, 41).Select(i => $"/{i}")]);

        Assert.Equal(41, answers.Count);
        Assert.All(answers, a => Assert.Equal(a.Key, a.Value.Body.GetProperty("of").GetString()));
        Assert.Equal([20, 20, 1], _batches.Select(b => b.Count).OrderDescending());
    }

    [Theory]
    [InlineData(403, """{"error":{"code":"Authorization_RequestDenied","message":"no"}}""", "403")]
    [InlineData(200, "{}", "no 'responses'")]
    [InlineData(200, """{"responses":{}}""", "no 'responses'")]
    [InlineData(200, """{"responses":[{"id":"0"}]}""", "")]
    [InlineData(200, """{"responses":[""", "JSON")]
    public async Task A_batch_that_fails_as_a_whole_is_no_answer_for_any_of_its_requests(int status, string body, string reason)
    {
        _outer = _ => PaperTenant.Json(status, body);

        var answers = await SendAsync("/a", "/b");

        Assert.Equal([0, 0], answers.Values.Select(a => a.Status));
        Assert.All(answers.Values, a => Assert.Contains(reason, a.Reason, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("2")]
    [InlineData("-1")]
    [InlineData("x")]
    public async Task An_answer_to_what_was_not_asked_changes_nothing(string id)
    {
        _outer = requests =>
            PaperTenant.Json(
                200,
                new JsonObject
                {
                    ["responses"] = new JsonArray([
                        .. requests.Select(r => (JsonNode)Answer(r!.AsObject(), 200)),
                        new JsonObject { ["id"] = id, ["status"] = 404 },
                    ]),
                }.ToJsonString()
            );

        Assert.Equal([200, 200], (await SendAsync("/a", "/b")).Values.Select(a => a.Status));
    }

    [Fact]
    public async Task Who_gives_up_gets_no_answer_that_says_something()
    {
        using var cancellation = new CancellationTokenSource();
        _outer = _ =>
        {
            cancellation.Cancel();
            cancellation.Token.ThrowIfCancellationRequested();
            return PaperTenant.Json(200, "{}");
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Given.SendAsync([new("/a", "GET", "/a")], cancellation.Token));
    }

    [Fact]
    public async Task Body_and_headers_go_with_the_request_they_belong_to()
    {
        await Given.SendAsync(
            [new("a", "PATCH", "/a", new JsonObject { ["on"] = false }), new("b", "GET", "/b", Eventual: true), new("c", "DELETE", "/c")],
            Stop
        );

        Assert.Equal(
            """[{"id":"0","method":"PATCH","url":"/a","body":{"on":false},"headers":{"Content-Type":"application/json"}},"""
                + """{"id":"1","method":"GET","url":"/b","headers":{"ConsistencyLevel":"eventual"}},"""
                + """{"id":"2","method":"DELETE","url":"/c"}]""",
            Assert.Single(_batches).ToJsonString()
        );
    }

    [Theory]
    [InlineData("""{"error":{"code":"NotFound","message":"no such user"}}""", "NotFound", "no such user")]
    [InlineData("""{"error":{"code":7,"message":null}}""", null, null)]
    [InlineData("""{"error":{}}""", null, null)]
    [InlineData("""{"error":"broken"}""", null, null)]
    [InlineData("""{"value":[]}""", null, null)]
    [InlineData("\"broken\"", null, null)]
    public void Code_and_message_are_those_of_an_error_in_Graphs_form(string json, string? code, string? message)
    {
        using var body = System.Text.Json.JsonDocument.Parse(json);
        var answer = new BatchAnswer(404, body.RootElement, null, null);

        Assert.Equal((code, message), (answer.Code, answer.Message));
    }

    private IEnumerable<string> Batches => _batches.Select(b => string.Join(' ', b.Select(r => Id(r!.AsObject()))));

    private static string Id(JsonObject request) => (string)request["url"]!;

    private static string Http(DateTimeOffset at) => at.ToString("R", CultureInfo.InvariantCulture);

    private static JsonObject Answer(JsonObject request, int status, params (string Name, string Value)[] headers)
    {
        var body = new JsonObject { ["of"] = Id(request) };
        var answer = new JsonObject
        {
            ["id"] = (string)request["id"]!,
            ["status"] = status,
            ["body"] = body,
        };
        if (headers.Length > 0)
            answer["headers"] = new JsonObject(headers.Select(h => KeyValuePair.Create(h.Name, (JsonNode?)h.Value)));
        return answer;
    }

    private async Task<IReadOnlyDictionary<string, BatchAnswer>> SendAsync(params string[] paths)
    {
        var answers = await Given.SendAsync(paths.Select(p => new BatchRequest(p, "GET", p)), Stop);
        return answers.OrderBy(a => a.Key, StringComparer.Ordinal).ToDictionary();
    }

    private HttpResponseMessage Batch(JsonArray requests)
    {
        int round;
        lock (_batches)
        {
            _batches.Add(requests);
            round = _batches.Count;
        }
        return _outer?.Invoke(requests)
            ?? PaperTenant.Json(
                200,
                new JsonObject
                {
                    ["responses"] = new JsonArray([
                        .. requests.Select(r => (JsonNode?)_answer(round, r!.AsObject())).Where(a => a is not null),
                    ]),
                }.ToJsonString()
            );
    }
}
