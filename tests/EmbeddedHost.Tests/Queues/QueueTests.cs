using Azure.Storage.Queues;
using Microsoft.Extensions.Time.Testing;
using Testing;

namespace EmbeddedHost.Tests.Queues;

public sealed class QueueTests(AzuriteFixture azurite)
{
    internal const string Rules = """{"version":"2.0","extensions":{"queues":{"maxDequeueCount":3,"maxPollingInterval":"00:00:00.5"}}}""";

    private TestHost Host(string queue, string? json = null, bool virtualClock = true, TimeSpan? lease = null)
    {
        var host = new TestHost
        {
            HostJson = json ?? Rules,
            Time = virtualClock ? new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero)) : TimeProvider.System,
            QueueLease = lease ?? TimeSpan.FromMinutes(10),
        };
        host.Settings["AzureWebJobsStorage"] = azurite.StateConnection;
        host.Settings["In"] = queue;
        return host;
    }

    private QueueClient Queue(string name, bool base64 = true) =>
        new(azurite.StateConnection, name, new QueueClientOptions { MessageEncoding = base64 ? QueueMessageEncoding.Base64 : QueueMessageEncoding.None });

    private async Task<QueueClient> WithAsync(string name, params string[] messages)
    {
        var queue = Queue(name);
        await queue.CreateIfNotExistsAsync(cancellationToken: TestHost.Stop);
        foreach (var message in messages)
            await queue.SendMessageAsync(message, TestHost.Stop);
        return queue;
    }

    private static async Task<int> CountAsync(QueueClient queue) =>
        await queue.ExistsAsync(TestHost.Stop) ? (await queue.GetPropertiesAsync(TestHost.Stop)).Value.ApproximateMessagesCount : 0;

    [Fact]
    public async Task A_message_reaches_its_function_decoded_and_is_deleted_after_success()
    {
        var queue = await WithAsync("q-basic", "größe", "two");
        await using var host = await Host("q-basic").StartAsync(typeof(Take));
        await host.QuietAsync();
        Assert.Equal(["größe 1", "two 1"], host.Probe.All.Order());
        Assert.Equal(0, await CountAsync(queue));
    }

    [Fact]
    public async Task With_encoding_none_bodies_are_taken_as_they_stand()
    {
        var queue = Queue("q-none", base64: false);
        await queue.CreateIfNotExistsAsync(cancellationToken: TestHost.Stop);
        await queue.SendMessageAsync("plain, not Base64!", TestHost.Stop);
        await using var host = await Host("q-none", """{"version":"2.0","extensions":{"queues":{"messageEncoding":"none"}}}""").StartAsync(typeof(Take));
        await host.QuietAsync();
        Assert.Equal(["plain, not Base64! 1"], host.Probe.All);
    }

    [Fact]
    public async Task A_message_that_keeps_failing_goes_to_the_poison_queue_after_maxDequeueCount_tries()
    {
        var queue = await WithAsync("q-poison", "bad");
        var host = Host("q-poison");
        host.Probe.Fail = true;
        await using var started = await host.StartAsync(typeof(Take));
        await host.QuietAsync();
        Assert.Equal(["bad 1", "bad 2", "bad 3"], host.Probe.All);
        var poisoned = await Queue("q-poison-poison").ReceiveMessageAsync(cancellationToken: TestHost.Stop);
        Assert.Equal(("bad", 0), (poisoned.Value.Body.ToString(), await CountAsync(queue)));
    }

    [Theory]
    [InlineData("q-undecodable", "not Base64!", "not Base64")]
    [InlineData("q-notutf8", "/w==", "not UTF-8")]
    public async Task A_body_that_cannot_be_decoded_goes_to_the_poison_queue_as_it_is(string name, string body, string reason)
    {
        var queue = Queue(name, base64: false);
        await queue.CreateIfNotExistsAsync(cancellationToken: TestHost.Stop);
        await queue.SendMessageAsync(body, TestHost.Stop);
        await using var host = await Host(name).StartAsync(typeof(Take));
        await host.QuietAsync();
        var poisoned = await Queue(name + "-poison", base64: false).ReceiveMessageAsync(cancellationToken: TestHost.Stop);
        Assert.Equal((body, 0, 0), (poisoned.Value.MessageText, host.Probe.All.Count, await CountAsync(queue)));
        Assert.Contains(host.Log.Lines, l => l.Id == 300 && l.Text.Contains(reason, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_failed_message_stays_invisible_for_visibilityTimeout()
    {
        var queue = await WithAsync("q-visibility", "later");
        var host = Host("q-visibility", """{"version":"2.0","extensions":{"queues":{"visibilityTimeout":"01:00:00"}}}""");
        host.Probe.Fail = true;
        await using var started = await host.StartAsync(typeof(Take));
        await host.QuietAsync();
        await host.AdvanceAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(["later 1"], host.Probe.All);
        Assert.Equal((1, 0), (await CountAsync(queue), (await queue.PeekMessagesAsync(32, TestHost.Stop)).Value.Length));
    }

    [Fact]
    public async Task A_message_is_invisible_while_handled_and_renewed_for_long_work()
    {
        var queue = await WithAsync("q-renewed", "long");
        await using var host = await Host("q-renewed", virtualClock: false, lease: TimeSpan.FromSeconds(2)).StartAsync(typeof(Wait));
        Assert.Equal("begin", await host.Probe.NextAsync<string>());

        // Three renewals are three seconds: the first lease is over by then.
        await host.Log.SeenAsync(301, 3);
        Assert.Empty((await queue.ReceiveMessagesAsync(cancellationToken: TestHost.Stop)).Value);
        host.Probe.Gate.SetResult();
        await host.Log.SeenAsync(101);
        await host.StopAsync();
        Assert.Equal((0, 1), (await CountAsync(queue), host.Probe.All.Count));
    }

    [Fact]
    public async Task A_message_taken_over_by_another_is_left_to_it()
    {
        var queue = await WithAsync("q-taken", "mine");
        await using var host = await Host("q-taken").StartAsync(typeof(Wait));
        Assert.Equal("begin", await host.Probe.NextAsync<string>());
        await queue.ClearMessagesAsync(TestHost.Stop);
        host.Probe.Gate.SetResult();
        await host.QuietAsync();
        Assert.Contains(host.Log.Lines, l => l.Id == 303);
        Assert.DoesNotContain(host.Log.Lines, l => l.Id == 305);
    }

    [Fact]
    public async Task No_more_than_a_batch_and_the_threshold_are_in_work_at_once()
    {
        await WithAsync("q-batch", [.. Enumerable.Range(0, 6).Select(i => $"{i}")]);
        await using var host = await Host("q-batch", """{"version":"2.0","extensions":{"queues":{"batchSize":2,"newBatchThreshold":1}}}""").StartAsync(typeof(Wait));
        await host.Probe.NextAsync<string>();
        await host.Probe.NextAsync<string>();
        Assert.Equal(2, host.Probe.All.Count);
        host.Probe.Gate.SetResult();
        await host.QuietAsync();
        Assert.Equal(6, host.Probe.All.Count);
    }

    [Fact]
    public async Task Outputs_are_written_in_all_their_shapes_and_wake_the_function_behind_at_once()
    {
        await WithAsync("q-out", "none", "one", "many", "object");
        var host = Host("q-out");
        host.Settings["Out"] = "q-out-second";
        await using var started = await host.StartAsync(typeof(Forward), typeof(Second));
        await host.QuietAsync();
        Assert.Equal(["a", "b", "one", """{"Id":7}"""], host.Probe.All.Select(v => (string)v!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_message_is_not_deleted_when_its_output_could_not_be_written()
    {
        var queue = await WithAsync("q-output-down", "one");
        var host = Host("q-output-down", """{"version":"2.0","extensions":{"queues":{"visibilityTimeout":"01:00:00"}}}""");
        host.Settings["Out"] = "q-never";
        host.Settings["Elsewhere"] = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;QueueEndpoint=http://127.0.0.1:1/a";
        await using var started = await host.StartAsync(typeof(ForwardElsewhere));
        await host.QuietAsync();
        Assert.Equal(1, await CountAsync(queue));
        Assert.Contains(host.Log.Lines, l => l.Id == 102);
    }

    [Fact]
    public async Task Polling_backs_off_to_maxPollingInterval_and_starts_over_after_a_message()
    {
        await using var host = await Host("q-backoff").StartAsync(typeof(Take));
        await host.QuietAsync();
        foreach (var wait in new[] { 100, 200, 400, 500, 500 })
            await host.AdvanceAsync(TimeSpan.FromMilliseconds(wait));
        await Queue("q-backoff").SendMessageAsync("late", TestHost.Stop);
        await host.AdvanceAsync(TimeSpan.FromMilliseconds(499));
        Assert.Empty(host.Probe.All);
        await host.AdvanceAsync(TimeSpan.FromMilliseconds(1));
        Assert.Single(host.Probe.All);
    }

    [Fact]
    public async Task The_second_wait_at_an_empty_queue_is_twice_the_first()
    {
        await using var host = await Host("q-second-wait").StartAsync(typeof(Take));
        await host.QuietAsync();
        await host.AdvanceAsync(TimeSpan.FromMilliseconds(100));
        await Queue("q-second-wait").SendMessageAsync("early", TestHost.Stop);
        await host.AdvanceAsync(TimeSpan.FromMilliseconds(199));
        Assert.Empty(host.Probe.All);
        await host.AdvanceAsync(TimeSpan.FromMilliseconds(1));
        Assert.Single(host.Probe.All);
    }

    [Fact]
    public async Task A_queue_deleted_under_the_host_is_made_again()
    {
        await using var host = await Host("q-deleted").StartAsync(typeof(Take));
        await host.QuietAsync();
        await Queue("q-deleted").DeleteAsync(TestHost.Stop);
        for (var i = 0; i < 4; i++)
            await host.AdvanceAsync(TimeSpan.FromSeconds(1));
        await Queue("q-deleted").SendMessageAsync("again", TestHost.Stop);
        await host.AdvanceAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(["again 1"], host.Probe.All);
    }

    [Fact]
    public async Task A_host_that_starts_again_goes_on_with_what_is_left()
    {
        var queue = await WithAsync("q-restart", "first");
        await using (var first = await Host("q-restart").StartAsync(typeof(Take)))
            await first.QuietAsync();
        await queue.SendMessageAsync("while down", TestHost.Stop);
        await using var second = await Host("q-restart").StartAsync(typeof(Take));
        await second.QuietAsync();
        Assert.Equal(["while down 1"], second.Probe.All);
    }

    private sealed class Take(Probe probe)
    {
        [Function("Take")]
        public void Run([QueueTrigger("%In%")] string message, FunctionContext context)
        {
            probe.See($"{message} {context.BindingContext.BindingData["DequeueCount"]}");
            if (probe.Fail)
                throw new InvalidDataException("no");
        }
    }

    private sealed class Wait(Probe probe)
    {
        [Function("Wait")]
        public async Task RunAsync([QueueTrigger("%In%")] string message, long dequeueCount)
        {
            probe.See(dequeueCount == 1 ? "begin" : "again");
            await probe.Gate.Task;
        }
    }

    private sealed class Forward
    {
        [Function("Forward")]
        [QueueOutput("%Out%")]
        public static object? Run([QueueTrigger("%In%")] string message) => message switch
        {
            "one" => "one",
            "many" => new List<string> { "a", "b" },
            "object" => new { Id = 7 },
            _ => null,
        };
    }

    private sealed class ForwardElsewhere
    {
        [Function("Forward")]
        [QueueOutput("%Out%", Connection = "Elsewhere")]
        public static string Run([QueueTrigger("%In%")] string message) => message;
    }

    private sealed class Second(Probe probe)
    {
        [Function("Second")]
        public void Run([QueueTrigger("%Out%")] string message) => probe.See(message);
    }
}
