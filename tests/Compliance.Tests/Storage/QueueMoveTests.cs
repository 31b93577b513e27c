using Azure.Storage.Queues;
using Compliance.Storage;
using Testing;

namespace Compliance.Tests.Storage;

public sealed class QueueMoveTests(MemoryStorageFixture accounts)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_moved_message_is_in_the_other_queue_only_and_never_expires()
    {
        var (from, to) = (await QueueAsync("move-from"), await QueueAsync("move-to"));
        await from.SendMessageAsync("work", Stop);
        var message = (await from.ReceiveMessageAsync(cancellationToken: Stop)).Value;

        Assert.True(await QueueMove.MoveAsync(message, from, to, Stop));

        Assert.Equal(0, (await from.GetPropertiesAsync(Stop)).Value.ApproximateMessagesCount);
        var moved = (await to.ReceiveMessageAsync(cancellationToken: Stop)).Value;
        Assert.Equal(("work", false), (moved.Body.ToString(), QueueMove.Expires(moved.ExpiresOn)));
    }

    [Fact]
    public async Task A_message_that_was_removed_meanwhile_is_sent_and_reported_as_doubled()
    {
        var (from, to) = (await QueueAsync("move-gone"), await QueueAsync("move-gone-to"));
        await from.SendMessageAsync("work", Stop);
        var message = (await from.ReceiveMessageAsync(cancellationToken: Stop)).Value;
        await from.DeleteMessageAsync(message.MessageId, message.PopReceipt, Stop);

        Assert.False(await QueueMove.MoveAsync(message, from, to, Stop));

        Assert.Equal(1, (await to.GetPropertiesAsync(Stop)).Value.ApproximateMessagesCount);
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData(2026, true)]
    [InlineData(9998, true)]
    [InlineData(9999, false)]
    public void A_message_expires_unless_its_end_is_in_the_year_9999(int? year, bool expires) =>
        Assert.Equal(expires, QueueMove.Expires(year is { } y ? new DateTimeOffset(y, 12, 31, 23, 59, 59, TimeSpan.Zero) : null));

    private async Task<QueueClient> QueueAsync(string name)
    {
        var queue = accounts.Queues.GetQueueClient(name);
        await queue.CreateIfNotExistsAsync(cancellationToken: Stop);
        return queue;
    }
}
