using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace EmbeddedHost.Tests.Http;

public sealed class HttpTests
{
    [Theory]
    [InlineData("ok", 200, "application/json; charset=utf-8", """{"id":7}""")]
    [InlineData("json", 200, "application/json; charset=utf-8", """{"id":7}""")]
    [InlineData("accepted", 202, "text/plain; charset=utf-8", "go")]
    [InlineData("status", 418, null, "")]
    [InlineData("content", 200, "text/csv", "a,b")]
    [InlineData("file", 200, "application/pdf", "%PDF")]
    [InlineData("notfound", 404, null, "")]
    [InlineData("result", 409, null, "")]
    public async Task Results_are_executed_as_ASP_NET_Core_does(string kind, int status, string? type, string body)
    {
        await using var host = await new TestHost().StartAsync(typeof(Results), typeof(PlainResult));
        using var answer = await host.SendAsync(HttpMethod.Get, kind == "result" ? "/api/PlainResult" : $"/api/results/{kind}");
        Assert.Equal((status, type, body), ((int)answer.StatusCode, answer.Content.Headers.ContentType?.ToString(), await answer.Content.ReadAsStringAsync(TestHost.Stop)));
    }

    [Theory]
    [InlineData("/api/runs/abc/5", "abc 5")]
    [InlineData("/API/RUNS/abc/5", "abc 5")]
    [InlineData("/api/runs/abc", "abc ")]
    [InlineData("/api/runs/abc/x", null)]
    [InlineData("/runs/abc", null)]
    public async Task Route_values_are_bound_with_constraints_and_optional_segments(string path, string? seen)
    {
        await using var host = await new TestHost().StartAsync(typeof(Routed));
        using var answer = await host.SendAsync(HttpMethod.Get, path);
        Assert.Equal((seen is null ? HttpStatusCode.NotFound : HttpStatusCode.OK, seen ?? ""), (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestHost.Stop)));
    }

    [Theory]
    [InlineData("", "/Routed2")]
    [InlineData("v1", "/v1/Routed2")]
    public async Task The_prefix_comes_from_host_json(string prefix, string path)
    {
        await using var host = await new TestHost { HostJson = """{"version":"2.0","extensions":{"http":{"routePrefix":"PREFIX"}}}""".Replace("PREFIX", prefix, StringComparison.Ordinal) }.StartAsync(typeof(Unnamed));
        using var answer = await host.SendAsync(HttpMethod.Get, path);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Theory]
    [InlineData("Open", null, 200)]
    [InlineData("Guarded", null, 401)]
    [InlineData("Guarded", "wrong", 401)]
    [InlineData("Guarded", "default-key", 200)]
    [InlineData("Guarded", TestHost.Master, 200)]
    [InlineData("Guarded", "grid-key", 401)]
    [InlineData("Top", "default-key", 401)]
    [InlineData("Top", TestHost.Master, 200)]
    public async Task Keys_open_what_they_may(string function, string? key, int status)
    {
        await using var host = await new TestHost().StartAsync(typeof(Levels));
        using var byHeader = await host.SendAsync(HttpMethod.Post, $"/api/{function}", key);
        using var byQuery = await host.SendAsync(HttpMethod.Post, $"/api/{function}?code={key}");
        Assert.Equal((status, status), ((int)byHeader.StatusCode, (int)byQuery.StatusCode));
    }

    [Fact]
    public async Task A_key_that_is_not_set_opens_nothing_and_one_warning_names_its_setting()
    {
        var host = new TestHost();
        host.Settings["EmbeddedHost:Keys:Default"] = "";
        host.Settings["EmbeddedHost:Keys:Master"] = null;
        await using var started = await host.StartAsync(typeof(Levels));
        foreach (var key in new[] { null, "", "default-key" })
        {
            using var answer = await host.SendAsync(HttpMethod.Post, "/api/Guarded", key);
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        }

        Assert.Equal(["EmbeddedHost:Keys:Default", "EmbeddedHost:Keys:Master"], host.Log.Lines.Where(l => l.Id == 5).Select(l => l.Text.Split(' ')[2]).Order());
    }

    [Fact]
    public async Task An_unhandled_exception_is_500_without_details_and_the_log_has_the_run()
    {
        await using var host = await new TestHost().StartAsync(typeof(Throwing));
        using var answer = await host.SendAsync(HttpMethod.Get, "/api/Throwing");
        Assert.Equal((HttpStatusCode.InternalServerError, ""), (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestHost.Stop)));
        var line = Assert.Single(host.Log.Lines, l => l.Id == 102);
        Assert.Equal(("secret detail", true), (line.Error!.Message, line.Text.Contains("Id=0", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_body_over_100_MB_is_refused()
    {
        await using var host = await new TestHost().StartAsync(typeof(Reading));
        using var client = new HttpClient(new SocketsHttpHandler { Expect100ContinueTimeout = TimeSpan.FromSeconds(10) }) { BaseAddress = host.Address };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/Reading") { Content = new StreamContent(new Endless(EmbeddedHost.Http.HttpServer.LargestBody + 1)) };
        request.Content.Headers.ContentLength = EmbeddedHost.Http.HttpServer.LargestBody + 1;
        request.Headers.ExpectContinue = true;
        using var answer = await client.SendAsync(request, TestHost.Stop);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
    }

    [Fact]
    public async Task It_listens_on_loopback_and_says_where_and_what()
    {
        await using var host = await new TestHost().StartAsync(typeof(Levels));
        Assert.Equal("127.0.0.1", host.Address.Host);
        Assert.Contains(host.Log.Lines, l => l.Text == $"Functions host listening on http://127.0.0.1:{host.Address.Port}");
        Assert.Contains(host.Log.Lines, l => l.Text.StartsWith("Function Guarded: [post] http://127.0.0.1:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_taken_port_is_one_clear_error()
    {
        await using var host = await new TestHost().StartAsync();
        var second = new TestHost();
        second.Settings["EmbeddedHost:Port"] = $"{host.Address.Port}";
        await using var _ = second;
        var error = await Assert.ThrowsAnyAsync<InvalidOperationException>(() => second.StartAsync());
        Assert.StartsWith($"port {host.Address.Port} on 127.0.0.1 is taken", error.Message, StringComparison.Ordinal);
    }

    private sealed class Endless(long length) : Stream
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

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }

    private sealed class Results
    {
        [Function("Results")]
        public static Task<IActionResult> RunAsync([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "results/{kind}")] HttpRequest request, string kind) =>
            Task.FromResult<IActionResult>(kind switch
            {
                "ok" => new OkObjectResult(new { Id = 7 }),
                "json" => new JsonResult(new { Id = 7 }),
                "accepted" => new AcceptedResult("/there", "go"),
                "status" => new StatusCodeResult(418),
                "content" => new ContentResult { Content = "a,b", ContentType = "text/csv" },
                "file" => new FileStreamResult(new MemoryStream(Encoding.ASCII.GetBytes("%PDF")), "application/pdf"),
                _ => new NotFoundResult(),
            });
    }

    private sealed class PlainResult
    {
        [Function("PlainResult")]
        public static IResult Run([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request) => Microsoft.AspNetCore.Http.Results.StatusCode(409);
    }

    private sealed class Routed
    {
        [Function("Routed")]
        public static IActionResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "runs/{runId}/{part:int?}")] HttpRequest request, string runId, int? part) =>
            new ContentResult { Content = $"{runId} {part}" };
    }

    private sealed class Unnamed
    {
        [Function("Routed2")]
        public static IActionResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) => new OkResult();
    }

    private sealed class Levels
    {
        [Function("Open")]
        public static IActionResult Open([HttpTrigger(AuthorizationLevel.Anonymous, "post")] HttpRequest request) => new OkResult();

        [Function("Guarded")]
        public static IActionResult Guarded([HttpTrigger(AuthorizationLevel.Function, "post")] HttpRequest request) => new OkResult();

        [Function("Top")]
        public static IActionResult Top([HttpTrigger(AuthorizationLevel.Admin, "post")] HttpRequest request) => new OkResult();
    }

    private sealed class Throwing
    {
        [Function("Throwing")]
        public static IActionResult Run([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request) => throw new InvalidDataException("secret detail");
    }

    private sealed class Reading
    {
        [Function("Reading")]
        public static async Task RunAsync([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request) => await request.Body.CopyToAsync(Stream.Null);
    }
}
