using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Time.Testing;
using Simulation.Storage;
using Testing;
using static Simulation.Tests.Storage.StoragePlace;

namespace Simulation.Tests.Storage;

public sealed class AzuriteQueueTests(AzuriteFixture azurite) : QueueContract(StoragePlace.On(azurite));

public sealed class MemoryQueueTests() : QueueContract(InMemory());

/// <summary>What messages do as time passes. Azurite's clock cannot be moved, so this is checked in memory alone.</summary>
public sealed class MemoryQueueTimeTests
{
    private readonly FakeTimeProvider _clock = new(Start);
    private readonly QueueClient _queue;

    public MemoryQueueTimeTests()
    {
        _queue = StoragePlace.On(new MemoryStorage(_clock).Open()).Queues.GetQueueClient("times");
        _queue.Create(cancellationToken: Stop);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_message_that_is_not_deleted_comes_again()
    {
        await _queue.SendMessageAsync("a", Stop);
        QueueMessage first = await _queue.ReceiveMessageAsync(TimeSpan.FromSeconds(30), Stop);
        _clock.Advance(TimeSpan.FromSeconds(29));

        Assert.Null((await _queue.ReceiveMessageAsync(cancellationToken: Stop)).Value);
        _clock.Advance(TimeSpan.FromSeconds(1));
        QueueMessage second = await _queue.ReceiveMessageAsync(cancellationToken: Stop);
        Assert.Equal((1L, 2L, first.MessageId), (first.DequeueCount, second.DequeueCount, second.MessageId));
        Assert.Equal(
            (400, "PopReceiptMismatch"),
            await RefusalAsync(() => _queue.DeleteMessageAsync(first.MessageId, first.PopReceipt, Stop))
        );
        await _queue.DeleteMessageAsync(second.MessageId, second.PopReceipt, Stop);
    }

    [Fact]
    public async Task A_message_is_not_seen_before_its_time_and_not_after_its_end()
    {
        await _queue.SendMessageAsync("late", TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(20), Stop);
        await _queue.SendMessageAsync("soon", Stop);

        Assert.Equal(["soon"], await BodiesAsync());
        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(["soon", "late"], await BodiesAsync());
        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(["soon"], await BodiesAsync());
        _clock.Advance(TimeSpan.FromDays(7));
        Assert.Empty(await BodiesAsync());
        Assert.Equal(0, (await _queue.GetPropertiesAsync(Stop)).Value.ApproximateMessagesCount);
    }

    private async Task<List<string>> BodiesAsync() => [.. (await _queue.PeekMessagesAsync(10, Stop)).Value.Select(m => m.Body.ToString())];
}

/// <summary>What the app relies on in the queue service.</summary>
public abstract class QueueContract(StoragePlace place)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_queue_is_made_once_and_is_gone_once_it_is_deleted()
    {
        var queue = place.Queues.GetQueueClient("once");

        Assert.Equal((404, "QueueNotFound"), await RefusalAsync(() => queue.SendMessageAsync("a", Stop)));
        Assert.Equal((404, "QueueNotFound"), await RefusalAsync(() => queue.ReceiveMessagesAsync(Stop)));
        Assert.False(await queue.ExistsAsync(Stop));
        Assert.Equal(201, (await queue.CreateIfNotExistsAsync(cancellationToken: Stop)).Status);
        Assert.Null(await queue.CreateIfNotExistsAsync(cancellationToken: Stop));
        Assert.Equal(
            (409, "QueueAlreadyExists"),
            await RefusalAsync(() => queue.CreateAsync(new Dictionary<string, string> { ["a"] = "b" }, Stop))
        );
        Assert.True(await queue.ExistsAsync(Stop));
        Assert.Equal(
            "once",
            await place.Queues.GetQueuesAsync(prefix: "once", cancellationToken: Stop).Select(q => q.Name).SingleAsync(Stop)
        );
        Assert.True(await queue.DeleteIfExistsAsync(Stop));
        Assert.False(await queue.DeleteIfExistsAsync(Stop));
    }

    [Fact]
    public async Task Messages_come_in_the_order_they_were_put_and_are_gone_once_they_are_deleted()
    {
        var queue = await place.QueueAsync("ordered");
        string[] bodies = ["one", "<two> & \"é\"\n", "three"];
        foreach (var body in bodies)
            await queue.SendMessageAsync(body, Stop);

        var peeked = (await queue.PeekMessagesAsync(10, Stop)).Value;
        var got = (await queue.ReceiveMessagesAsync(2, cancellationToken: Stop)).Value;

        Assert.Equal(bodies, peeked.Select(m => m.Body.ToString()));
        Assert.Equal([("one", 1L), ("<two> & \"é\"\n", 1L)], got.Select(m => (m.Body.ToString(), m.DequeueCount)));
        Assert.Equal(["three"], (await queue.PeekMessagesAsync(10, Stop)).Value.Select(m => m.Body.ToString()));
        Assert.Equal(3, (await queue.GetPropertiesAsync(Stop)).Value.ApproximateMessagesCount);
        await queue.DeleteMessageAsync(got[0].MessageId, got[0].PopReceipt, Stop);
        Assert.Equal(
            (404, "MessageNotFound"),
            await RefusalAsync(() => queue.DeleteMessageAsync(got[0].MessageId, got[0].PopReceipt, Stop))
        );
        Assert.Equal(2, (await queue.GetPropertiesAsync(Stop)).Value.ApproximateMessagesCount);
        await queue.ClearMessagesAsync(Stop);
        Assert.Equal(0, (await queue.GetPropertiesAsync(Stop)).Value.ApproximateMessagesCount);
    }

    [Fact]
    public async Task A_message_can_be_given_back_and_changed_by_who_got_it_last()
    {
        var queue = await place.QueueAsync("updated");
        await queue.SendMessageAsync("a", Stop);
        QueueMessage first = await queue.ReceiveMessageAsync(cancellationToken: Stop);

        UpdateReceipt update = await queue.UpdateMessageAsync(first.MessageId, first.PopReceipt, "b", TimeSpan.Zero, Stop);

        Assert.NotEqual(first.PopReceipt, update.PopReceipt);
        Assert.Equal(
            (400, "PopReceiptMismatch"),
            await RefusalAsync(() => queue.UpdateMessageAsync(first.MessageId, first.PopReceipt, "c", TimeSpan.Zero, Stop))
        );
        QueueMessage second = await queue.ReceiveMessageAsync(cancellationToken: Stop);
        Assert.Equal((first.MessageId, "b", 2L), (second.MessageId, second.Body.ToString(), second.DequeueCount));
        UpdateReceipt kept = await queue.UpdateMessageAsync(
            second.MessageId,
            second.PopReceipt,
            visibilityTimeout: TimeSpan.Zero,
            cancellationToken: Stop
        );
        Assert.Equal("b", (await queue.PeekMessageAsync(Stop)).Value.Body.ToString());
        await queue.DeleteMessageAsync(second.MessageId, kept.PopReceipt, Stop);
    }

    [Fact]
    public async Task A_message_that_was_never_put_is_not_found()
    {
        var queue = await place.QueueAsync("unknown");
        SendReceipt sent = await queue.SendMessageAsync("a", Stop);

        Assert.Equal(
            (404, "MessageNotFound"),
            await RefusalAsync(() => queue.DeleteMessageAsync("11111111-2222-3333-4444-555555555555", sent.PopReceipt, Stop))
        );
        await queue.DeleteMessageAsync(sent.MessageId, sent.PopReceipt, Stop);
        Assert.Null((await queue.ReceiveMessageAsync(cancellationToken: Stop)).Value);
    }
}
