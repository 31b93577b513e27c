using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;

namespace Testing;

/// <summary>Two storage accounts for a test assembly: on Azurite, or in memory.</summary>
public abstract class StorageFixture
{
    /// <summary>Connection string of the state account.</summary>
    public abstract string StateConnection { get; }

    /// <summary>Connection string of the evidence account.</summary>
    public abstract string EvidenceConnection { get; }

    public BlobServiceClient Blobs => new(StateConnection, Through(new BlobClientOptions()));

    public BlobServiceClient EvidenceBlobs => new(EvidenceConnection, Through(new BlobClientOptions()));

    public QueueServiceClient Queues => new(StateConnection, Through(new QueueClientOptions()));

    public TableServiceClient Tables => new(StateConnection, Through(new TableClientOptions()));

    /// <summary>How requests reach the accounts; null for the clients' own way.</summary>
    public abstract HttpPipelineTransport? Transport { get; }

    /// <summary>The last handler of a chain that is to reach the accounts.</summary>
    public abstract HttpMessageHandler Wire();

    private T Through<T>(T options)
        where T : Azure.Core.ClientOptions
    {
        if (Transport is { } transport)
            options.Transport = transport;
        return options;
    }
}
