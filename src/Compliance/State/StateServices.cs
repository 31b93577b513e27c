using Azure.Core.Pipeline;
using Compliance.Evidence;
using Compliance.Evidence.People;
using Compliance.Findings;
using Compliance.Runs;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Compliance.State;

/// <summary>Registers what keeps findings, evidence, runs and known subscriptions, and the watch over the controls.</summary>
internal static class StateServices
{
    /// <summary>
    /// Reads and checks the settings at once, so that an app with wrong ones does not start. Controls to watch are registered as
    /// <see cref="ScheduledControl"/> singletons, the watch itself is always among them; queues that functions read as
    /// <see cref="WatchedQueue"/> singletons. Where a <see cref="HttpPipelineTransport"/> is registered, storage is reached through it.
    /// </summary>
    /// <exception cref="StateSettingException">A setting is missing or cannot be used.</exception>
    public static IServiceCollection AddState(this IServiceCollection services, IConfiguration configuration)
    {
        var options = StorageOptions.Read(configuration);
        services.AddSingleton(TenantId.Read(configuration));
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(p => Storage(options, p.GetService<HttpPipelineTransport>()));
        services.AddSingleton<IFindingStore, TableFindingStore>();
        services.AddSingleton<IRunLog, TableRunLog>();
        services.AddSingleton<IKnownSubscriptions, TableKnownSubscriptions>();
        services.AddSingleton<IPseudonyms, BlobPseudonyms>();
        services.AddSingleton(p => new AppendBlobEvidenceLog(
            p.GetRequiredService<StateStorage>(), p.GetRequiredService<TimeProvider>(),
            p.GetRequiredService<ILogger<AppendBlobEvidenceLog>>()));
        services.AddSingleton<IEvidenceLog>(p => new PseudonymousEvidenceLog(p.GetRequiredService<AppendBlobEvidenceLog>(), p.GetRequiredService<IPseudonyms>()));
        services.AddSingleton(DeadLetterOptions.Read(configuration));
        services.AddSingleton<LeftMessageReader>();
        services.AddSingleton(p => new ControlWatchHandler(
            p.GetRequiredService<TenantId>(), p.GetServices<ScheduledControl>(), p.GetRequiredService<LeftMessageReader>(),
            p.GetRequiredService<IRunLog>(), p.GetRequiredService<IFindingStore>(), p.GetRequiredService<IEvidenceLog>(),
            p.GetRequiredService<TimeProvider>(), p.GetRequiredService<ILogger<ControlWatchHandler>>()));
        return services;
    }

    // A transport that is given serves in memory, on a clock of its own: there is nothing to wait for between tries.
    private static StateStorage Storage(StorageOptions options, HttpPipelineTransport? transport) =>
        new(options, transport, transport is null ? null : TimeSpan.Zero);
}
