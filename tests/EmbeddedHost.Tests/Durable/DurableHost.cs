using Azure.Core;
using Azure.Core.Pipeline;
using Microsoft.Extensions.Time.Testing;
using Testing;

namespace EmbeddedHost.Tests.Durable;

/// <summary>A host with a task hub of its own on the shared Azurite.</summary>
internal static class DurableHost
{
    private static int _hubs;

    public static string NewHub() => $"Test{Environment.ProcessId}x{Interlocked.Increment(ref _hubs)}";

    public static TestHost On(AzuriteFixture azurite, string? hub = null, TimeProvider? time = null, string more = "", HttpPipelinePolicy? counter = null)
    {
        var host = new TestHost
        {
            HostJson = Json(hub ?? NewHub(), more),
            Time = time ?? new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 6, 0, 0, TimeSpan.Zero)),
            ConfigureStorage = options =>
            {
                if (counter is not null)
                    options.AddPolicy(counter, HttpPipelinePosition.PerRetry);
            },
        };
        host.Settings["AzureWebJobsStorage"] = azurite.StateConnection;
        return host;
    }

    public static string Json(string hub, string more = "") =>
        $$$"""{"version":"2.0","extensions":{"durableTask":{"hubName":"{{{hub}}}"{{{more}}} } } }""";

    /// <summary>Runs an orchestration to its end on a clock that stands still.</summary>
    public static async Task<OrchestrationMetadata> RunAsync(this TestHost host, string name, object? input = null, string? id = null)
    {
        var instance = await host.Durable.ScheduleNewOrchestrationInstanceAsync(name, input, new StartOrchestrationOptions(id), TestHost.Stop);
        return await host.EndAsync(instance);
    }

    public static Task<OrchestrationMetadata> EndAsync(this TestHost host, string id) =>
        host.Durable.WaitForInstanceCompletionAsync(id, true, TestHost.Stop).WaitAsync(TimeSpan.FromSeconds(20), TestHost.Stop);
}
