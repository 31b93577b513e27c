using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Compliance.Observability;
using Compliance.Tenants;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Compliance.Tests.Tenants;

/// <summary>What is sent, what is sent again and after how long, on a clock that does not wait.</summary>
public sealed class ThrottleAwareRetryHandlerTests
{
    private const string Read = "https://service.example/things";
    private const string Service = "retried service";

    private static readonly DateTimeOffset Sent = new(2020, 2, 3, 4, 5, 6, TimeSpan.Zero);

    private readonly NoWaiting _time = new();
    private readonly RequestCounter _counter = new();
    private readonly FakeLogger _log = new();
    private readonly List<string> _sent = [];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Writes() =>
        new()
        {
            { "PATCH", "https://graph.example/v1.0/users/u" },
            { "PUT", "https://arm.example/subscriptions/s/x" },
            { "DELETE", "https://graph.example/v1.0/groups/g/members/m/$ref" },
            { "POST", "https://graph.example/v1.0/users/u/revokeSignInSessions" },
            { "POST", "https://arm.example/providers/Microsoft.ResourceGraph/resources/x" },
            { "POST", "https://graph.example/v1.0/x?path=/$batch" },
            { "DELETE", "https://graph.example/v1.0/$batch" },
        };

    public static TheoryData<string, string> Reads() =>
        new()
        {
            { "GET", "https://graph.example/v1.0/users" },
            { "POST", "https://graph.example/v1.0/$batch" },
            { "POST", "https://login.example/t/oauth2/v2.0/token" },
            { "POST", "https://arm.example/providers/microsoft.resourcegraph/resources?api-version=2022-10-01" },
        };

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task A_write_is_sent_once_whatever_comes_of_it(string method, string address)
    {
        foreach (var status in (int[])[408, 429, 500, 502, 503, 504])
            Assert.Equal(status, (int)(await SendAsync(method, address, _ => Answer(status))).StatusCode);
        foreach (var broken in (Exception[])[new IOException("reset"), new HttpRequestException("reset")])
            Assert.Same(broken, await Assert.ThrowsAnyAsync<Exception>(() => SendAsync(method, address, _ => throw broken)));

        Assert.Equal(8, _sent.Count);
        Assert.Empty(_time.Waits);
    }

    [Theory]
    [MemberData(nameof(Reads))]
    public async Task A_read_is_sent_again_after_a_passing_failure_and_after_a_broken_connection(string method, string address)
    {
        foreach (var status in (int[])[408, 429, 500, 502, 503, 504])
            Assert.Equal(200, (int)(await SendAsync(method, address, n => Answer(n == 1 ? status : 200))).StatusCode);
        foreach (var broken in (Exception[])[new IOException("reset"), new HttpRequestException("reset")])
            Assert.Equal(200, (int)(await SendAsync(method, address, n => n == 1 ? throw broken : Answer(200))).StatusCode);

        Assert.Equal(16, _sent.Count);
        Assert.Equal(16, _counter.Total);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(304)]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(409)]
    [InlineData(412)]
    [InlineData(501)]
    public async Task An_answer_that_another_try_does_not_change_is_given_back_at_once(int status)
    {
        Assert.Equal(status, (int)(await SendAsync("GET", Read, _ => Answer(status))).StatusCode);

        Assert.Single(_sent);
    }

    [Theory]
    [InlineData("http://service.example/things", true)]
    [InlineData("https://other.example/things", false)]
    public async Task Plain_http_and_another_host_are_refused_before_anything_is_sent(string address, bool ours)
    {
        await Assert.ThrowsAsync<ForeignHostException>(() => SendAsync("GET", address, _ => Answer(200), ours));

        Assert.Empty(_sent);
        Assert.Equal(0, _counter.Total);
    }

    [Fact]
    public async Task The_wait_doubles_up_to_thirty_seconds_and_ten_attempts_are_the_end()
    {
        double[] waits = [0.5, 1, 2, 4, 8, 16, 30, 30, 30];

        Assert.Equal(503, (int)(await SendAsync("GET", Read, _ => Answer(503))).StatusCode);
        Assert.Equal(waits, _time.Waits.Select(w => w.TotalSeconds));

        _time.Waits.Clear();
        await Assert.ThrowsAsync<IOException>(() => SendAsync("GET", Read, _ => throw new IOException("reset")));
        Assert.Equal(waits, _time.Waits.Select(w => w.TotalSeconds));
        Assert.Equal(2 * ThrottleAwareRetryHandler.MaxAttempts, _sent.Count);
    }

    // Whichever way our own clock is off: the service's says how long.
    [Theory]
    [InlineData(-9)]
    [InlineData(0)]
    [InlineData(9)]
    public async Task A_date_to_wait_for_is_held_against_the_services_own_clock(int daysAhead)
    {
        _time.Ahead = TimeSpan.FromDays(daysAhead);

        await SendAsync("GET", Read, n => n == 1 ? Answer(429, Sent.AddSeconds(7), Sent) : Answer(200));

        Assert.Equal([TimeSpan.FromSeconds(7)], _time.Waits);
    }

    [Fact]
    public void A_date_that_is_past_is_no_wait_and_our_clock_counts_where_the_service_names_no_time()
    {
        Assert.Equal(TimeSpan.Zero, ThrottleAwareRetryHandler.WaitFor(Answer(429, Sent.AddSeconds(-7), Sent), 3, Sent.AddDays(-1)));
        Assert.Equal(TimeSpan.FromSeconds(7), ThrottleAwareRetryHandler.WaitFor(Answer(429, Sent.AddSeconds(7)), 3, Sent));
        Assert.Equal(TimeSpan.FromSeconds(2), ThrottleAwareRetryHandler.WaitFor(Answer(429), 3, Sent));
    }

    [Theory]
    [InlineData(300, true)]
    [InlineData(301, false)]
    public async Task A_wait_as_long_as_is_allowed_is_waited_for_and_a_longer_one_is_not(int seconds, bool waited)
    {
        HttpResponseMessage Throttled(int n)
        {
            var answer = Answer(n == 1 ? 429 : 200);
            answer.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(seconds));
            return answer;
        }

        var sending = SendAsync("GET", Read, Throttled);

        if (waited)
            Assert.Equal(200, (int)(await sending).StatusCode);
        else
            await Assert.ThrowsAsync<RetryAfterTooLongException>(() => sending);
        Assert.Equal((waited ? 2 : 1, waited ? 1 : 0), (_sent.Count, _time.Waits.Count));
    }

    [Theory]
    [InlineData(HttpRequestError.ConnectionError, 1)]
    [InlineData(HttpRequestError.NameResolutionError, 1)]
    [InlineData(HttpRequestError.SecureConnectionError, 1)]
    [InlineData(HttpRequestError.ResponseEnded, ThrottleAwareRetryHandler.MaxAttempts)]
    public async Task Where_nothing_listens_or_is_not_trusted_is_asked_once(HttpRequestError error, int times)
    {
        await Assert.ThrowsAsync<HttpRequestException>(() => SendAsync("GET", Read, _ => throw new HttpRequestException(error)));

        Assert.Equal(times, _sent.Count);
    }

    [Fact]
    public async Task Another_host_that_is_met_further_down_is_not_tried_again()
    {
        await Assert.ThrowsAsync<ForeignHostException>(() => SendAsync("GET", Read, _ => throw new ForeignHostException("other.example")));

        Assert.Single(_sent);
    }

    [Fact]
    public async Task An_answer_that_breaks_in_the_middle_is_asked_for_again()
    {
        var answer = await SendAsync(
            "GET",
            Read,
            n => new(HttpStatusCode.OK) { Content = n == 1 ? new StreamContent(new Breaking()) : new StringContent("whole") }
        );

        Assert.Equal("whole", await answer.Content.ReadAsStringAsync(Stop));
        Assert.Equal(2, _sent.Count);
    }

    [Fact]
    public async Task A_body_that_can_be_read_only_once_is_sent_whole_each_time()
    {
        var content = new StreamContent(new Once("{\"requests\":[]}"));

        await SendAsync("POST", "https://graph.example/v1.0/$batch", n => Answer(n < 3 ? 503 : 200), content: content);

        Assert.All(_sent, s => Assert.EndsWith("{\"requests\":[]}", s, StringComparison.Ordinal));
        Assert.Equal(3, _sent.Count);
    }

    [Fact]
    public async Task An_answer_that_does_not_come_counts_as_a_broken_connection()
    {
        var time = new FakeTimeProvider();
        using var handler = new ThrottleAwareRetryHandler(
            new Inner(
                async (_, cancel) =>
                {
                    time.Advance(ThrottleAwareRetryHandler.AnswerWithin);
                    await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancel);
                    return Answer(200);
                }
            ),
            "service",
            _ => true,
            TimeSpan.FromSeconds(300),
            time,
            _counter,
            NullLogger.Instance
        );
        using var client = new HttpMessageInvoker(handler);
        using var request = new HttpRequestMessage(HttpMethod.Delete, Read);

        var late = await Assert.ThrowsAsync<HttpRequestException>(() => client.SendAsync(request, Stop));

        Assert.Equal("no answer within 100 s", late.Message);
    }

    [Theory]
    [InlineData("0.8", true)]
    [InlineData(null, false)]
    public async Task That_a_service_is_near_its_limit_is_a_line_of_the_log(string? load, bool isLogged)
    {
        HttpResponseMessage Loaded(int attempt)
        {
            var answer = Answer(200);
            if (load is not null)
                answer.Headers.Add("x-ms-throttle-limit-percentage", load);
            return answer;
        }

        await SendAsync("GET", Read, Loaded);

        var lines = _log.Collector.GetSnapshot().Where(r => r.Level == LogLevel.Information).ToList();
        Assert.Equal(isLogged, lines.Exists(r => r.GetStructuredStateValue("Load") == "0.8"));
        Assert.Equal(isLogged ? 1 : 0, lines.Count);
    }

    [Fact]
    public async Task Each_attempt_is_measured_by_its_status_and_a_broken_connection_as_none()
    {
        var measured = new List<string>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == Telemetry.Name)
                l.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>(
            (_, value, tags, _) =>
            {
                // A service of its own: tests of other classes send at the same time.
                var named = tags.ToArray().ToDictionary(t => t.Key, t => t.Value?.ToString());
                if (named.GetValueOrDefault("service") == Service)
                    measured.Add($"{value} {named["status"]}");
            }
        );
        listener.Start();

        await SendAsync("GET", Read, attempt => attempt == 1 ? throw new IOException("reset") : Answer(attempt == 2 ? 503 : 200));

        Assert.Equal(["1 0", "1 503", "1 200"], measured);
    }

    [Fact]
    public async Task Who_gives_up_is_not_answered_by_another_try()
    {
        using var cancellation = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            SendAsync(
                "GET",
                Read,
                _ =>
                {
                    cancellation.Cancel();
                    cancellation.Token.ThrowIfCancellationRequested();
                    return Answer(200);
                },
                cancellationToken: cancellation.Token
            )
        );

        Assert.Single(_sent);
    }

    [Fact]
    public void Nothing_is_sent_without_the_guards()
    {
        using var handler = new ThrottleAwareRetryHandler(
            new Inner((_, _) => throw new InvalidOperationException("it was sent")),
            "service",
            _ => true,
            TimeSpan.Zero,
            _time,
            _counter,
            NullLogger.Instance
        );
        using var client = new HttpMessageInvoker(handler);
        using var request = new HttpRequestMessage(HttpMethod.Get, Read);

        Assert.Throws<NotSupportedException>(() => client.Send(request, Stop));
    }

    private async Task<HttpResponseMessage> SendAsync(
        string method,
        string address,
        Func<int, HttpResponseMessage> answer,
        bool ours = true,
        HttpContent? content = null,
        CancellationToken? cancellationToken = null
    )
    {
        var attempt = 0;
        var handler = new ThrottleAwareRetryHandler(
            new Inner(
                async (request, cancel) =>
                {
                    // As the network takes it: read once, and not kept.
                    using var taken = new MemoryStream();
                    if (request.Content is { } body)
                        await body.CopyToAsync(taken, cancel);
                    _sent.Add($"{request.Method} {request.RequestUri} {Encoding.UTF8.GetString(taken.ToArray())}");
                    return answer(++attempt);
                }
            ),
            Service,
            _ => ours,
            TimeSpan.FromSeconds(300),
            _time,
            _counter,
            _log
        );
        using var client = new HttpMessageInvoker(handler);
        using var request = new HttpRequestMessage(new HttpMethod(method), address) { Content = content };
        return await client.SendAsync(request, cancellationToken ?? Stop);
    }

    private static HttpResponseMessage Answer(int status, DateTimeOffset? until = null, DateTimeOffset? date = null)
    {
        var answer = new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent("") };
        if (until is { } retry)
            answer.Headers.RetryAfter = new RetryConditionHeaderValue(retry);
        answer.Headers.Date = date;
        return answer;
    }

    private sealed class Inner(Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> send) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            send(request, cancellationToken);
    }

    private sealed class Once(string text) : MemoryStream(Encoding.UTF8.GetBytes(text))
    {
        public override bool CanSeek => false;
    }

    private sealed class Breaking : MemoryStream
    {
        public override bool CanSeek => false;

        public override Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken) =>
            throw new IOException("reset");

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new IOException("reset");
    }
}
