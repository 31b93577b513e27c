using Azure;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.Extensions.Time.Testing;
using Simulation.Storage;
using Testing;

namespace Simulation.Tests.Storage;

/// <summary>One account that a contract is checked on, by the official clients.</summary>
public sealed record StoragePlace(TableServiceClient Tables, BlobServiceClient Blobs, QueueServiceClient Queues)
{
    public static readonly DateTimeOffset Start = new(2026, 3, 1, 6, 0, 0, TimeSpan.Zero);

    public static StoragePlace On(AzuriteFixture azurite) => new(azurite.Tables, azurite.Blobs, azurite.Queues);

    public static StoragePlace InMemory() => On(new MemoryStorage(new FakeTimeProvider(Start)).Open());

    internal static StoragePlace On(MemoryStorageTransport transport) =>
        new(
            new(MemoryStorage.StateConnection, new() { Transport = transport }),
            new(MemoryStorage.StateConnection, new BlobClientOptions { Transport = transport }),
            new(MemoryStorage.StateConnection, new() { Transport = transport })
        );

    /// <summary>A table, made, that no other test uses.</summary>
    public async Task<TableClient> TableAsync(string name)
    {
        await Tables.CreateTableAsync(name, TestContext.Current.CancellationToken);
        return Tables.GetTableClient(name);
    }

    /// <summary>A container, made, that no other test uses.</summary>
    public async Task<BlobContainerClient> ContainerAsync(string name) =>
        await Blobs.CreateBlobContainerAsync(name, cancellationToken: TestContext.Current.CancellationToken);

    /// <summary>A queue, made, that no other test uses.</summary>
    public async Task<QueueClient> QueueAsync(string name) =>
        await Queues.CreateQueueAsync(name, cancellationToken: TestContext.Current.CancellationToken);

    /// <summary>Status and error code of a refusal; status 0 when there was none.</summary>
    public static async Task<(int Status, string? Code)> RefusalAsync(Func<Task> act)
    {
        try
        {
            await act();
            return (0, null);
        }
        catch (RequestFailedException e)
        {
            return (e.Status, e.ErrorCode);
        }
    }
}
