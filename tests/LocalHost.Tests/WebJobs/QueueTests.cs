using Azure.Storage.Queues;
using Microsoft.Extensions.Logging;
using Testing;

namespace LocalHost.Tests.WebJobs;

public sealed class QueueTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task A_message_reaches_its_function_decoded_and_is_deleted_after_success()
    {
        using var place = new AppPlace(azurite);
        var queue = await SendAsync(place, "Take", QueueMessageEncoding.Base64, "größe", "two");
        await using var run = await AppRun.StartAsync(place);
        var seen = await run.SeenAsync(2);
        Assert.Equal(["größe 1", "two 1"], seen.Order());
        await AppRun.EmptyAsync(queue);
    }

    [Fact]
    public async Task With_encoding_none_messages_are_taken_and_written_as_they_are()
    {
        using var place = new AppPlace(azurite, ("queues:messageEncoding", "none"));
        await SendAsync(place, "Take", QueueMessageEncoding.None, "plain, not Base64!");
        await using var run = await AppRun.StartAsync(place);
        Assert.Equal(["plain, not Base64! 1"], await run.SeenAsync(1));

        await SendAsync(place, "First", QueueMessageEncoding.None, "one");
        Assert.Equal(["one", "plain, not Base64! 1"], (await run.SeenAsync(2)).Order());
    }

    [Fact]
    public async Task An_object_is_read_and_the_metadata_of_its_message_come_along()
    {
        using var place = new AppPlace(azurite);
        await SendAsync(place, "Read", QueueMessageEncoding.Base64, """{"Item":"pen","Count":2}""");
        await using var run = await AppRun.StartAsync(place);
        Assert.Equal(["2 pen 36 7"], await run.SeenAsync(1));
    }

    [Fact]
    public async Task A_message_that_keeps_failing_goes_to_the_poison_queue_after_maxDequeueCount_tries_and_each_failure_is_logged_once()
    {
        using var place = new AppPlace(azurite, ("queues:maxDequeueCount", "3"));
        var queue = await SendAsync(place, "Refuse", QueueMessageEncoding.Base64, "bad");
        await using var run = await AppRun.StartAsync(place);
        var poisoned = await ReceiveAsync(place, "Refuse", QueueMessageEncoding.Base64);
        Assert.Equal("bad", poisoned);
        Assert.Equal(["bad 1", "bad 2", "bad 3"], place.Seen());
        await AppRun.EmptyAsync(queue);
        // By the app alone, with the exception.
        var errors = run.Log.Lines.Where(l => l.Level >= LogLevel.Error).ToList();
        Assert.Equal((3, 3), (errors.Count, errors.Count(IsOfApp)));
    }

    [Fact]
    public async Task A_message_that_is_not_Base64_goes_to_the_poison_queue_as_it_is_without_its_function_and_with_a_warning()
    {
        using var place = new AppPlace(azurite);
        var queue = await SendAsync(place, "Take", QueueMessageEncoding.None, "not Base64!");
        await using var run = await AppRun.StartAsync(place);
        Assert.Equal("not Base64!", await ReceiveAsync(place, "Take", QueueMessageEncoding.None));
        await AppRun.EmptyAsync(queue);
        Assert.Empty(place.Seen());
        Assert.Contains(
            run.Log.Lines,
            l => l.Level == LogLevel.Warning && l.Text.StartsWith("Message decoding has failed!", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_message_that_is_not_UTF8_goes_to_the_poison_queue_as_it_is_without_its_function()
    {
        using var place = new AppPlace(azurite, ("queues:maxDequeueCount", "2"));
        await SendAsync(place, "Take", QueueMessageEncoding.None, "/w==");
        await using var run = await AppRun.StartAsync(place);
        Assert.Equal("/w==", await ReceiveAsync(place, "Take", QueueMessageEncoding.None));
        Assert.Empty(place.Seen());
        Assert.Contains(run.Log.Lines, l => l.Level >= LogLevel.Warning && l.Text.Contains("is not UTF-8", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_failed_message_stays_invisible_for_visibilityTimeout()
    {
        using var place = new AppPlace(azurite, ("queues:visibilityTimeout", "01:00:00"));
        var queue = await SendAsync(place, "Refuse", QueueMessageEncoding.Base64, "later");
        await using var run = await AppRun.StartAsync(place);
        await run.SeenAsync(1);
        await AppRun.UntilAsync(() => Task.FromResult(run.Log.Count(WorkerFailed)), n => n == 1, () => "no failure");
        await run.StopAsync();
        Assert.Equal(["later 1"], place.Seen());
        Assert.Equal(1, (await queue.GetPropertiesAsync(AppRun.Stop)).Value.ApproximateMessagesCount);
        Assert.Empty((await queue.PeekMessagesAsync(32, AppRun.Stop)).Value);
    }

    [Fact]
    public async Task No_more_than_a_batch_and_the_threshold_are_in_work_at_once()
    {
        using var place = new AppPlace(azurite, ("queues:batchSize", "2"), ("queues:newBatchThreshold", "1"));
        await SendAsync(place, "Hold", QueueMessageEncoding.Base64, [.. Enumerable.Repeat("gate", 6)]);
        await using var run = await AppRun.StartAsync(place);
        await run.SeenAsync(2);
        place.Open("gate");
        var seen = await run.SeenAsync(12);
        var (now, most) = (0, 0);
        foreach (var line in seen)
        {
            now += line.StartsWith("begin", StringComparison.Ordinal) ? 1 : -1;
            most = Math.Max(most, now);
        }

        Assert.InRange(most, 2, 3);
    }

    [Fact]
    public async Task Outputs_are_written_in_all_their_shapes_before_the_message_is_deleted_and_their_queue_is_made()
    {
        using var place = new AppPlace(azurite);
        var queue = await SendAsync(place, "First", QueueMessageEncoding.Base64, "none", "one", "many", "object");
        await using var run = await AppRun.StartAsync(place);
        var seen = await run.SeenAsync(4);
        Assert.Equal(["a", "b", "one", """{"Id":7}"""], seen.Order(StringComparer.Ordinal));
        await AppRun.EmptyAsync(queue);
    }

    [Fact]
    public async Task A_message_is_not_deleted_when_its_output_could_not_be_written()
    {
        using var place = new AppPlace(azurite, ("queues:visibilityTimeout", "01:00:00"));
        var queue = await SendAsync(place, "ForwardElsewhere", QueueMessageEncoding.Base64, "one");
        await using var run = await AppRun.StartAsync(place);
        await run.Log.SeenAsync(l => l.Level == LogLevel.Error && l.Text.Contains("output", StringComparison.Ordinal));
        Assert.Equal(1, (await queue.GetPropertiesAsync(AppRun.Stop)).Value.ApproximateMessagesCount);
    }

    // As on the real host: a listener waits for its queue, it does not make it.
    [Fact]
    public async Task A_queue_that_is_made_later_is_found()
    {
        using var place = new AppPlace(azurite);
        await using var run = await AppRun.StartAsync(place);
        Assert.False(await Client(place, "Take", QueueMessageEncoding.Base64).ExistsAsync(AppRun.Stop));
        await SendAsync(place, "Take", QueueMessageEncoding.Base64, "late");
        Assert.Equal(["late 1"], await run.SeenAsync(1));
    }

    [Fact]
    public async Task A_function_that_is_switched_off_takes_nothing_but_runs_by_hand()
    {
        using var place = new AppPlace(azurite);
        place.Environment["AzureWebJobs.Take.Disabled"] = "true";
        var queue = await SendAsync(place, "Take", QueueMessageEncoding.Base64, "left");
        await using var run = await AppRun.StartAsync(place);
        using var accepted = await run.SendAsync(HttpMethod.Post, "/admin/functions/Take", AppRun.Master, """{"input":"by hand"}""");
        Assert.Equal(202, (int)accepted.StatusCode);
        Assert.Equal(["by hand 0"], await run.SeenAsync(1));
        Assert.Equal(1, (await queue.GetPropertiesAsync(AppRun.Stop)).Value.ApproximateMessagesCount);
    }

    [Fact]
    public async Task A_message_whose_worker_is_killed_is_taken_again_at_once()
    {
        using var place = new AppPlace(azurite);
        var queue = await SendAsync(place, "Hold", QueueMessageEncoding.Base64, "gate");
        await using var run = await AppRun.StartAsync(place);
        await run.SeenAsync(1);
        run.KillWorker();
        place.Open("gate");
        Assert.Equal(["begin gate 1", "begin gate 2", "end gate 2"], await run.SeenAsync(3));
        await AppRun.EmptyAsync(queue);
    }

    [Fact]
    public async Task A_stop_waits_for_the_message_in_work_and_leaves_the_others()
    {
        using var place = new AppPlace(azurite, ("queues:batchSize", "1"), ("queues:newBatchThreshold", "0"));
        var queue = await SendAsync(place, "Hold", QueueMessageEncoding.Base64, "gate", "second");
        await using var run = await AppRun.StartAsync(place);
        await run.SeenAsync(1);
        var stopped = run.StopAsync();
        Assert.False(stopped.IsCompleted);
        place.Open("gate");
        await stopped;
        Assert.Equal(["begin gate 1", "end gate 1"], place.Seen());
        // At once visible: nothing of it is in work any more.
        Assert.Equal(["second"], (await queue.PeekMessagesAsync(32, AppRun.Stop)).Value.Select(m => m.Body.ToString()));
    }

    private const int WorkerFailed = 112;

    private static bool IsOfApp(LogLine line) =>
        line.Category.StartsWith("Microsoft.Azure.Functions.Worker", StringComparison.Ordinal)
        || line.Category.StartsWith("Function.", StringComparison.Ordinal);

    private QueueClient Client(AppPlace place, string setting, QueueMessageEncoding encoding, string suffix = "") =>
        new(azurite.StateConnection, place.Environment[setting] + suffix, new QueueClientOptions { MessageEncoding = encoding });

    private async Task<QueueClient> SendAsync(AppPlace place, string setting, QueueMessageEncoding encoding, params string[] messages)
    {
        var queue = Client(place, setting, encoding);
        await queue.CreateIfNotExistsAsync(cancellationToken: AppRun.Stop);
        foreach (var message in messages)
            await queue.SendMessageAsync(message, AppRun.Stop);
        return queue;
    }

    private async Task<string> ReceiveAsync(AppPlace place, string setting, QueueMessageEncoding encoding)
    {
        var poison = Client(place, setting, encoding, "-poison");
        var message = await AppRun.UntilAsync(
            async () =>
                await poison.ExistsAsync(AppRun.Stop) ? (await poison.ReceiveMessageAsync(cancellationToken: AppRun.Stop)).Value : null,
            m => m is not null,
            () => "no poison message"
        );
        return message!.Body.ToString();
    }
}
