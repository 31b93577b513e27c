using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace LocalHost.Tests.Http;

public sealed class HttpTests(SharedHost shared) : IClassFixture<SharedHost>
{
    private readonly TestHost _host = shared.Host;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("ok", 200, "application/json; charset=utf-8", """{"id":7}""")]
    [InlineData("json", 200, "application/json; charset=utf-8", """{"id":7}""")]
    [InlineData("accepted", 202, "text/plain; charset=utf-8", "go")]
    [InlineData("status", 418, null, "")]
    [InlineData("content", 200, "text/csv", "a,b")]
    [InlineData("file", 200, "application/pdf", "%PDF")]
    [InlineData("notfound", 404, null, "")]
    [InlineData("result", 409, null, "")]
    public async Task The_answer_of_a_function_comes_through_as_it_is(string kind, int status, string? type, string body)
    {
        using var answer = await _host.SendAsync(HttpMethod.Get, kind == "result" ? "/api/PlainResult" : $"/api/results/{kind}");
        Assert.Equal(
            (status, type, body),
            ((int)answer.StatusCode, answer.Content.Headers.ContentType?.ToString(), await answer.Content.ReadAsStringAsync(Token))
        );
    }

    [Theory]
    [InlineData("/api/runs/abc/5", "abc 5")]
    [InlineData("/API/RUNS/abc/5", "abc 5")]
    [InlineData("/api/runs/abc", "abc ")]
    [InlineData("/api/runs/abc/x", null)]
    [InlineData("/runs/abc", null)]
    public async Task Route_values_are_bound_with_constraints_and_optional_segments(string path, string? seen) =>
        Assert.Equal((seen is null ? 404 : 200, seen ?? ""), await _host.CallAsync(HttpMethod.Get, path));

    [Fact]
    public async Task A_literal_segment_wins_over_a_parameter() =>
        Assert.Equal(
            ((200, "latest"), (200, "item 7")),
            (await _host.CallAsync(HttpMethod.Get, "/api/items/latest"), await _host.CallAsync(HttpMethod.Get, "/api/items/7"))
        );

    [Theory]
    [InlineData("DELETE", "/api/door")]
    [InlineData("POST", "/api/items/7")]
    [InlineData("HEAD", "/api/items/7")]
    public async Task A_wrong_method_is_404_as_on_the_real_host(string method, string path) =>
        Assert.Equal((404, ""), await _host.CallAsync(HttpMethod.Parse(method), path));

    [Theory]
    [InlineData("ProcessId", "GET", null, 200)]
    [InlineData("Guarded", "POST", null, 401)]
    [InlineData("Guarded", "POST", "wrong", 401)]
    [InlineData("Guarded", "POST", TestHost.Default, 200)]
    [InlineData("Guarded", "POST", TestHost.Master, 200)]
    [InlineData("Top", "POST", TestHost.Default, 401)]
    [InlineData("Top", "POST", TestHost.Master, 200)]
    public async Task Keys_open_what_they_may(string function, string method, string? key, int status)
    {
        var byHeader = await _host.CallAsync(HttpMethod.Parse(method), $"/api/{function}", key);
        var byQuery = await _host.CallAsync(HttpMethod.Parse(method), $"/api/{function}?code={key}");
        Assert.Equal((status, status), (byHeader.Status, byQuery.Status));
    }

    [Fact]
    public async Task An_unhandled_exception_is_500_without_details_and_the_log_has_it_once_under_its_invocation()
    {
        Assert.Equal((500, ""), await _host.CallAsync(HttpMethod.Get, "/api/Throwing"));
        var ended = await _host.Log.SeenAsync(l => l.Event.Id == 112 && (string?)l.Scope["FunctionName"] == "Throwing");
        var line = Assert.Single(_host.Log.Lines, l => l.Error?.Message.Contains("secret detail", StringComparison.Ordinal) == true);
        Assert.Equal(ended.Scope["InvocationId"], line.Scope["InvocationId"]);
    }

    [Fact]
    public async Task A_body_over_100_MB_is_refused()
    {
        const long length = LocalHost.Http.PublicServer.MaxBody + 1;
        using var handler = new SocketsHttpHandler { Expect100ContinueTimeout = TimeSpan.FromSeconds(10) };
        using var client = new HttpClient(handler) { BaseAddress = _host.Host.Address };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/Reading") { Content = new StreamContent(new Zeros(length)) };
        request.Content.Headers.ContentLength = length;
        request.Headers.ExpectContinue = true;
        using var answer = await client.SendAsync(request, Token);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
    }

    [Fact]
    public async Task A_large_body_comes_through_whole()
    {
        // The worker's own server takes 30 MB, also on the real host.
        const int length = 25_000_000;
        using var client = new HttpClient(new SocketsHttpHandler()) { BaseAddress = _host.Host.Address };
        using var content = new StreamContent(new Zeros(length));
        using var answer = await client.PostAsync(new Uri("/api/Reading", UriKind.Relative), content, Token);
        Assert.Equal((HttpStatusCode.OK, $"{length}"), (answer.StatusCode, await answer.Content.ReadAsStringAsync(Token)));
    }

    // Kestrel takes such a header; a client cannot send it on.
    [Fact]
    public async Task A_request_that_cannot_be_passed_on_is_500_and_the_log_has_the_reason()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(_host.Host.Address.Host, _host.Host.Address.Port, Token);
        await using var stream = client.GetStream();
        await stream.WriteAsync(
            Encoding.UTF8.GetBytes("GET /api/mirror HTTP/1.1\r\nHost: x\r\nx-name: gr\u00F6\u00DFe\r\nConnection: close\r\n\r\n"),
            Token
        );
        using var reader = new StreamReader(stream);
        Assert.Equal("HTTP/1.1 500 Internal Server Error", await reader.ReadLineAsync(Token));
        var line = Assert.Single(_host.Log.Lines, l => l.Event.Id == 120);
        Assert.Contains("only ASCII characters", line.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_invocation_id_from_outside_is_never_passed_on()
    {
        var seen = await MirrorAsync("/api/mirror", ("x-ms-invocation-id", "from-outside"));
        Assert.Equal(Text(seen, "invocationId"), Text(seen.GetProperty("headers"), "x-ms-invocation-id"));
    }

    [Fact]
    public async Task Each_invocation_has_its_own_id_services_and_trace_and_sees_the_request_as_it_came()
    {
        var first = await MirrorAsync("/api/mirror?x=1%202", ("x-own", "7"));
        var second = await MirrorAsync("/api/mirror");
        Assert.Equal(
            ("Mirror", "/api/mirror?x=1%202", _host.Host.Address.Authority, "7"),
            (Text(first, "name"), Text(first, "url"), Text(first, "host"), Text(first.GetProperty("headers"), "x-own"))
        );
        Assert.All(["invocationId", "traceParent", "scoped"], name => Assert.NotEqual(Text(first, name), Text(second, name)));
    }

    [Fact]
    public async Task A_trace_from_outside_goes_on_in_the_function_and_is_the_correlation_id_of_its_log()
    {
        const string trace = "0af7651916cd43dd8448eb211c80319c";
        var seen = await MirrorAsync("/api/mirror", ("traceparent", $"00-{trace}-b7ad6b7169203331-01"));
        Assert.Equal(trace, Text(seen, "traceParent").Split('-')[1]);
        var ended = await _host.Log.SeenAsync(l => l.Scope.GetValueOrDefault("CorrelationId") is trace);
        Assert.Equal(Text(seen, "invocationId"), ended.Scope["InvocationId"]);
    }

    [Fact]
    public async Task A_disabled_function_is_404_except_with_the_master_key() =>
        Assert.Equal(
            ((404, ""), (404, ""), (200, "put")),
            (
                await _host.CallAsync(HttpMethod.Put, "/api/door"),
                await _host.CallAsync(HttpMethod.Put, "/api/door", TestHost.Default),
                await _host.CallAsync(HttpMethod.Put, "/api/door", TestHost.Master)
            )
        );

    [Fact]
    public void It_listens_on_loopback_and_the_log_names_its_address_and_routes()
    {
        var address = _host.Host.Address.GetLeftPart(UriPartial.Authority);
        Assert.StartsWith("http://127.0.0.1:", address, StringComparison.Ordinal);
        Assert.Contains(_host.Log.Lines, l => l.Text.Contains($"functions on {address}", StringComparison.Ordinal));
        Assert.Contains(_host.Log.Lines, l => l.Text == $"Function Routed: [GET] {address}/api/runs/{{runId}}/{{part:int?}}");
    }

    private static string Text(JsonElement json, string property) => json.GetProperty(property).ToString();

    private async Task<JsonElement> MirrorAsync(string path, params (string Name, string Value)[] headers)
    {
        using var answer = await _host.SendAsync(HttpMethod.Get, path, headers: headers);
        return JsonElement.Parse(await answer.Content.ReadAsStringAsync(Token));
    }

    private sealed class Zeros(long length) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => length;

        public override long Position { get; set; }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var left = (int)Math.Min(count, length - Position);
            Position += left;
            return left;
        }

        public override void Flush() { }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
