using Azure.Storage.Queues;

namespace Benchmarks;

/// <summary>How many messages a second go through one Azurite's queues: put, taken and deleted.</summary>
internal static class QueueRate
{
    private const int Messages = 200;
    private const int AtOnce = 16;

    /// <summary>Puts messages, several at once, while others take and delete them.</summary>
    public static async Task<double> MeasureAsync(string connection, TimeProvider time)
    {
        var queue = new QueueClient(connection, "bench-rate");
        await queue.CreateAsync();
        // The first ones pay for connections and compilation.
        await PassAsync(queue, AtOnce);
        var began = time.GetTimestamp();
        await PassAsync(queue, Messages);
        var rate = Messages / time.GetElapsedTime(began).TotalSeconds;
        await queue.DeleteAsync();
        return rate;
    }

    private static async Task PassAsync(QueueClient queue, int messages)
    {
        var left = messages;
        var putting = Parallel.ForEachAsync(
            Enumerable.Range(0, messages),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
            async (_, cancellationToken) => await queue.SendMessageAsync("bench", cancellationToken)
        );
        while (left > 0)
        {
            var taken = (await queue.ReceiveMessagesAsync(AtOnce * 2)).Value;
            await Task.WhenAll(taken.Select(m => queue.DeleteMessageAsync(m.MessageId, m.PopReceipt)));
            left -= taken.Length;
        }
        await putting;
    }
}
