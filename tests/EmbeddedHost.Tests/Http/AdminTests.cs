using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Testing;

namespace EmbeddedHost.Tests.Http;

public sealed class AdminTests(AzuriteFixture azurite)
{
    private async Task<TestHost> HostAsync()
    {
        var host = new TestHost();
        host.Settings["AzureWebJobsStorage"] = azurite.StateConnection;
        host.Settings["AzureFunctionsWebHost:hostid"] = "admin";
        host.Settings["AzureWebJobs.Off.Disabled"] = "true";
        host.Settings["AzureWebJobs:OffToo:Disabled"] = "1";
        return await host.StartAsync(typeof(Functions));
    }

    [Theory]
    [InlineData("timer", "timer False")]
    [InlineData("QUEUE", "queue by hand")]
    [InlineData("Off", "off by hand")]
    public async Task A_function_is_run_by_hand_in_the_background_even_when_disabled(string name, string seen)
    {
        await using var host = await HostAsync();
        using var answer = await host.SendAsync(HttpMethod.Post, $"/admin/functions/{name}", TestHost.Master, """{"input":"by hand"}""");
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        Assert.Equal(seen, await host.Probe.NextAsync<string>());
    }

    [Theory]
    [InlineData("Nobody", TestHost.Master, "{}", 404, "")]
    [InlineData("Timer", "default-key", "{}", 401, "")]
    [InlineData("Timer", null, "{}", 401, "")]
    [InlineData("Timer", TestHost.Master, "{", 400, "the body must be JSON")]
    [InlineData("Timer", TestHost.Master, """{"input":7}""", 400, "must be a string")]
    [InlineData("Queue", TestHost.Master, "{}", 400, "must be the message")]
    [InlineData("Http", TestHost.Master, "{}", 400, "call its route /api/Http")]
    public async Task A_run_by_hand_that_cannot_be_is_refused(string name, string? key, string body, int status, string text)
    {
        await using var host = await HostAsync();
        using var answer = await host.SendAsync(HttpMethod.Post, $"/admin/functions/{name}", key, body);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Contains(text, await answer.Content.ReadAsStringAsync(TestHost.Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Functions_are_listed_with_their_trigger_and_whether_they_are_disabled()
    {
        await using var host = await HostAsync();
        using var refused = await host.SendAsync(HttpMethod.Get, "/admin/functions");
        using var answer = await host.SendAsync(HttpMethod.Get, "/admin/functions", TestHost.Master);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal(
            """[{"name":"Http","triggerType":"httpTrigger","isDisabled":false},{"name":"Off","triggerType":"queueTrigger","isDisabled":true},{"name":"OffToo","triggerType":"httpTrigger","isDisabled":true},{"name":"Queue","triggerType":"queueTrigger","isDisabled":false},{"name":"Timer","triggerType":"timerTrigger","isDisabled":false}]""",
            await answer.Content.ReadAsStringAsync(TestHost.Stop));
    }

    [Fact]
    public async Task A_disabled_function_is_not_served()
    {
        await using var host = await HostAsync();
        using var answer = await host.SendAsync(HttpMethod.Get, "/api/OffToo");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task The_status_tells_that_the_host_runs_and_the_ping_needs_no_key()
    {
        await using var host = await HostAsync();
        using var ping = await host.SendAsync(HttpMethod.Get, "/admin/host/ping");
        using var refused = await host.SendAsync(HttpMethod.Get, "/admin/host/status");
        using var answer = await host.SendAsync(HttpMethod.Get, "/admin/host/status", TestHost.Master);
        using var status = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestHost.Stop));
        Assert.Equal(
            (HttpStatusCode.OK, HttpStatusCode.Unauthorized, "Running", "admin", true),
            (ping.StatusCode, refused.StatusCode, status.RootElement.GetProperty("state").GetString(), status.RootElement.GetProperty("id").GetString(),
                status.RootElement.TryGetProperty("version", out _)));
    }

    private sealed class Functions(Probe probe)
    {
        [Function("Timer")]
        public void Timer([TimerTrigger("0 0 0 1 1 *")] TimerInfo timer) => probe.See($"timer {timer.IsPastDue}");

        [Function("Queue")]
        public void Queue([QueueTrigger("admin-queue")] string message) => probe.See($"queue {message}");

        [Function("Off")]
        public void Off([QueueTrigger("admin-off")] string message) => probe.See($"off {message}");

        [Function("Http")]
        public void Http([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request) => probe.See(request);

        [Function("OffToo")]
        public void OffToo([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request) => probe.See(request);
    }
}
