using Azure.Core.Pipeline;
using Local;
using Xunit;

namespace Testing;

/// <summary>One real Azurite for a test assembly: <c>[assembly: AssemblyFixture(typeof(AzuriteFixture))]</c>.</summary>
public sealed class AzuriteFixture : StorageFixture, IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("azurite-").FullName;
    private Azurite? _azurite;

    public override string StateConnection => Started.StateConnection;

    public override string EvidenceConnection => Started.EvidenceConnection;

    public override HttpPipelineTransport? Transport => null;

    private Azurite Started => _azurite ?? throw new InvalidOperationException("Azurite has not started");

    public override HttpMessageHandler Wire() => new SocketsHttpHandler();

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
