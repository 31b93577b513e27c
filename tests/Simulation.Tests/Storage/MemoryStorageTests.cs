using Azure.Core.Pipeline;
using Compliance.State;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Simulation.Storage;

namespace Simulation.Tests.Storage;

public sealed class MemoryStorageTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_apps_stores_run_on_it_once_its_transport_is_registered()
    {
        var memory = new MemoryStorage(new FakeTimeProvider(StoragePlace.Start));
        var settings = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["AzureWebJobsStorage"] = MemoryStorage.StateConnection,
            ["EvidenceStorage"] = MemoryStorage.EvidenceConnection,
            ["Tenant:Id"] = "11111111-2222-3333-4444-555555555555",
        }).Build();
        using var services = new ServiceCollection().AddLogging().AddSingleton<HttpPipelineTransport>(memory.Open()).AddState(settings).BuildServiceProvider();

        await services.GetRequiredService<IKnownSubscriptions>().UpdateAsync("t", new Dictionary<string, string> { ["s1"] = "One" }, [], Stop);

        Assert.Equal(["t/s1 Name=One"], memory.State.Rows(TableKnownSubscriptions.Table).Select(r => r.ToString()));
    }
}
