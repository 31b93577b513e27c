using Azure.Core.Pipeline;
using Local;

namespace Testing;

/// <summary>
/// One real Azurite for a test assembly: <c>[assembly: AssemblyFixture(typeof(AzuriteFixture))]</c>. It starts with the first test that
/// uses it: a run of others does without, be it one of the thousands of runs that mutate the code.
/// </summary>
public sealed class AzuriteFixture : StorageFixture, IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("azurite-").FullName;
    private readonly Lazy<Azurite> _azurite;
    private EventHandler? _leaveNothingBehind;

    public AzuriteFixture() => _azurite = new(() => Task.Run(StartAsync).GetAwaiter().GetResult());

    public override string StateConnection => Started.StateConnection;

    public override string EvidenceConnection => Started.EvidenceConnection;

    public override HttpPipelineTransport? Transport => null;

    /// <summary>Connection strings of the demo tenant's storage accounts, by name.</summary>
    public IReadOnlyDictionary<string, string> DataConnections => Started.DataConnections;

    private Azurite Started => _azurite.Value;

    public override HttpMessageHandler Wire() => new SocketsHttpHandler();

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= _leaveNothingBehind;
        if (_azurite.IsValueCreated)
            await _azurite.Value.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<Azurite> StartAsync()
    {
        var azurite = await Azurite.StartAsync(RepositoryRoot.Find(), _folder, (0, 0, 0), TimeProvider.System, CancellationToken.None);
        _leaveNothingBehind = (_, _) => azurite.Process.Kill();
        AppDomain.CurrentDomain.ProcessExit += _leaveNothingBehind;
        return azurite;
    }
}
