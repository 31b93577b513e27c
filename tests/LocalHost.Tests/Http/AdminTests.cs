using System.Text.Json;

namespace LocalHost.Tests.Http;

public sealed class AdminTests(SharedHost shared) : IClassFixture<SharedHost>
{
    private readonly TestHost _host = shared.Host;

    [Theory]
    [InlineData("Nightly")]
    [InlineData("NIGHTLY")]
    public async Task A_timer_is_run_by_hand_in_the_background_even_when_disabled(string name)
    {
        Assert.Equal((202, ""), await _host.CallAsync(HttpMethod.Post, $"/admin/functions/{name}", TestHost.Master, "{}"));
        await _host.Log.SeenAsync("nightly pastDue=False last=(null) next=(null) updated=(null)");
    }

    [Theory]
    [InlineData("Absent", "{}", 404, "")]
    [InlineData("Nightly", "{", 400, "the body must be JSON")]
    [InlineData("Nightly", """{"input":7}""", 400, "must be a string")]
    [InlineData("ProcessId", "{}", 400, "a function with a httpTrigger cannot be run by hand")]
    public async Task A_run_by_hand_that_cannot_be_is_refused(string name, string body, int status, string text)
    {
        var answer = await _host.CallAsync(HttpMethod.Post, $"/admin/functions/{name}", TestHost.Master, body);
        Assert.Equal(status, answer.Status);
        Assert.Contains(text, answer.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/admin/host/status")]
    [InlineData("GET", "/admin/functions")]
    [InlineData("POST", "/admin/functions/Nightly")]
    [InlineData("GET", "/runtime/webhooks/durabletask/instances")]
    public async Task Without_a_key_admin_is_401_and_with_the_default_key_403_as_on_the_real_host(string method, string path) =>
        Assert.Equal(
            ((401, ""), (401, ""), (403, "")),
            (
                await _host.CallAsync(HttpMethod.Parse(method), path),
                await _host.CallAsync(HttpMethod.Parse(method), path, "wrong"),
                await _host.CallAsync(HttpMethod.Parse(method), path, TestHost.Default)
            )
        );

    [Fact]
    public async Task Functions_are_listed_with_their_trigger_and_whether_they_are_disabled()
    {
        var (status, body) = await _host.CallAsync(HttpMethod.Get, "/admin/functions", TestHost.Master);
        Assert.Equal(200, status);
        Assert.All(
            [
                """{"name":"DoorGet","triggerType":"httpTrigger","isDisabled":false}""",
                """{"name":"DoorPut","triggerType":"httpTrigger","isDisabled":true}""",
                """{"name":"Nightly","triggerType":"timerTrigger","isDisabled":true}""",
            ],
            function => Assert.Contains(function, body, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task The_status_shows_that_the_host_runs_and_the_ping_needs_no_key()
    {
        var status = JsonElement.Parse((await _host.CallAsync(HttpMethod.Get, "/admin/host/status", TestHost.Master)).Body);
        Assert.Equal(
            (200, "Running", "test", true, 0),
            (
                (await _host.CallAsync(HttpMethod.Get, "/admin/host/ping")).Status,
                status.GetProperty("state").GetString(),
                status.GetProperty("id").GetString(),
                status.TryGetProperty("version", out _),
                status.GetProperty("errors").GetArrayLength()
            )
        );
    }

    [Fact]
    public async Task A_webhook_of_no_extension_is_404() =>
        Assert.Equal((404, ""), await _host.CallAsync(HttpMethod.Get, "/runtime/webhooks/eventgrid", TestHost.Master));
}
