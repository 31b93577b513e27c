using System.Net;
using Azure.Messaging;
using EmbeddedHost.EventGrid;

namespace EmbeddedHost.Tests.EventGrid;

public sealed class EventGridTests
{
    internal const string Event = """{"specversion":"1.0","id":"1","type":"Microsoft.KeyVault.SecretNearExpiry","source":"/vaults/kv","subject":"key","time":"2026-03-01T00:00:00Z","data":{"ObjectName":"key"}}""";
    internal const string Schema = """{"id":"1","eventType":"t","subject":"key","eventTime":"2026-03-01T00:00:00Z","data":{"a":1},"dataVersion":"1"}""";

    private static Task<TestHost> HostAsync(Probe? probe = null) => new TestHost { Probe = probe ?? new Probe() }.StartAsync(typeof(Functions));

    private static Task<HttpResponseMessage> PostAsync(TestHost host, string function, string body, string? kind = "Notification", string key = "grid-key") =>
        host.SendAsync(HttpMethod.Post, $"{EventGridWebhook.Path}?functionName={function}&code={key}", null, body, kind is null ? [] : [("aeg-event-type", kind)]);

    [Theory]
    [InlineData("one", Event, "1 key")]
    [InlineData("One", "[" + Event + "]", "1 key")]
    [InlineData("One", "[" + Event + "," + Event + "]", "1 key|1 key")]
    [InlineData("Many", "[" + Event + "," + Event + "]", "batch 2")]
    [InlineData("Text", "[" + Schema + "]", Schema)]
    public async Task Events_reach_their_function(string function, string body, string seen)
    {
        await using var host = await HostAsync();
        using var answer = await PostAsync(host, function, body);
        Assert.Equal((HttpStatusCode.Accepted, seen), (answer.StatusCode, string.Join('|', host.Probe.All)));
    }

    [Fact]
    public async Task A_failing_function_is_500_so_that_the_event_is_sent_again()
    {
        await using var host = await HostAsync(new Probe { Fail = true });
        using var answer = await PostAsync(host, "One", Event);
        Assert.Equal((HttpStatusCode.InternalServerError, ""), (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestHost.Stop)));
    }

    [Fact]
    public async Task The_subscription_handshake_gives_the_code_back()
    {
        await using var host = await HostAsync();
        using var answer = await PostAsync(host, "One", """[{"id":"1","data":{"validationCode":"512d38b6"}}]""", "SubscriptionValidation");
        Assert.Equal((HttpStatusCode.OK, """{"validationResponse":"512d38b6"}"""), (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestHost.Stop)));
    }

    [Fact]
    public async Task The_CloudEvents_handshake_allows_the_origin()
    {
        await using var host = await HostAsync();
        using var answer = await host.SendAsync(HttpMethod.Options, $"{EventGridWebhook.Path}?functionName=One&code=grid-key", null, null, ("WebHook-Request-Origin", "eventgrid.azure.net"));
        Assert.Equal((HttpStatusCode.OK, "eventgrid.azure.net"), (answer.StatusCode, answer.Headers.GetValues("WebHook-Allowed-Origin").Single()));
    }

    [Fact]
    public async Task Unsubscribing_is_acknowledged()
    {
        await using var host = await HostAsync();
        using var answer = await PostAsync(host, "One", "[]", "Unsubscribe");
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
    }

    [Theory]
    [InlineData("One", "{", "Notification", "grid-key", 400, "the body is not JSON")]
    [InlineData("One", "7", "Notification", "grid-key", 400, "one event or an array")]
    [InlineData("One", "[7]", "Notification", "grid-key", 400, "event 0 is not a JSON object")]
    [InlineData("One", "[" + Event + "," + Schema + "]", "Notification", "grid-key", 400, "event 1 has no specversion")]
    [InlineData("One", """{"specversion":"1.0","id":"1"}""", "Notification", "grid-key", 400, "event 0 is not a CloudEvent")]
    [InlineData("One", Event, null, "grid-key", 400, "aeg-event-type")]
    [InlineData("One", "[]", "SubscriptionValidation", "grid-key", 400, "data.validationCode")]
    [InlineData("Nobody", Event, "Notification", "grid-key", 404, "cannot find function")]
    [InlineData("One", Event, "Notification", "default-key", 401, "")]
    [InlineData("One", Event, "Notification", "", 401, "")]
    public async Task What_is_wrong_with_a_request_is_named_and_nothing_runs(string function, string body, string? kind, string key, int status, string text)
    {
        await using var host = await HostAsync();
        using var answer = await PostAsync(host, function, body, kind, key);
        Assert.Equal((status, 0), ((int)answer.StatusCode, host.Probe.All.Count));
        Assert.Contains(text, await answer.Content.ReadAsStringAsync(TestHost.Stop), StringComparison.Ordinal);
    }

    private sealed class Functions(Probe probe)
    {
        [Function("One")]
        public void One([EventGridTrigger] CloudEvent cloudEvent)
        {
            probe.See($"{cloudEvent.Id} {cloudEvent.Subject}");
            if (probe.Fail)
                throw new InvalidDataException("no");
        }

        [Function("Many")]
        public void Many([EventGridTrigger(IsBatched = true)] CloudEvent[] events) => probe.See($"batch {events.Length}");

        [Function("Text")]
        public void Text([EventGridTrigger] string text) => probe.See(text);
    }
}
