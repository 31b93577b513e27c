using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Local;
using Xunit;

namespace Testing;

/// <summary>One real Azurite for a test assembly: <c>[assembly: AssemblyFixture(typeof(AzuriteFixture))]</c>.</summary>
public sealed class AzuriteFixture : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("azurite-").FullName;
    private Azurite? _azurite;

    /// <summary>Connection string of the state account.</summary>
    public string StateConnection => Started.StateConnection;

    /// <summary>Connection string of the evidence account.</summary>
    public string EvidenceConnection => Started.EvidenceConnection;

    public BlobServiceClient Blobs => new(StateConnection);

    public BlobServiceClient EvidenceBlobs => new(EvidenceConnection);

    public QueueServiceClient Queues => new(StateConnection);

    public TableServiceClient Tables => new(StateConnection);

    private Azurite Started => _azurite ?? throw new InvalidOperationException("Azurite has not started");

    public async ValueTask InitializeAsync()
    {
        _azurite = await Azurite.StartAsync(RepositoryRoot.Find(), _folder, (0, 0, 0), TimeProvider.System, CancellationToken.None);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => { if (_azurite is { Process.HasExited: false } left) left.Process.Kill(); };
    }

    public async ValueTask DisposeAsync()
    {
        if (_azurite is not null)
            await _azurite.DisposeAsync();
        _azurite = null;
        Directory.Delete(_folder, recursive: true);
    }
}
