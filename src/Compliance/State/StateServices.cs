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
    /// <see cref="ScheduledControl"/> singletons; the watch itself is always among them.
    /// </summary>
    /// <exception cref="StateSettingException">A setting is missing or cannot be used.</exception>
    public static IServiceCollection AddState(this IServiceCollection services, IConfiguration configuration)
    {
        var storage = new StateStorage(StorageOptions.Read(configuration));
        services.AddSingleton(TenantId.Read(configuration));
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(storage);
        services.AddSingleton<IFindingStore, TableFindingStore>();
        services.AddSingleton<IRunLog, TableRunLog>();
        services.AddSingleton<IKnownSubscriptions, TableKnownSubscriptions>();
        services.AddSingleton<IPseudonyms, BlobPseudonyms>();
        services.AddSingleton(p => new AppendBlobEvidenceLog(storage, p.GetRequiredService<TimeProvider>(), p.GetRequiredService<ILogger<AppendBlobEvidenceLog>>()));
        services.AddSingleton<IEvidenceLog>(p => new PseudonymousEvidenceLog(p.GetRequiredService<AppendBlobEvidenceLog>(), p.GetRequiredService<IPseudonyms>()));
        services.AddSingleton(p => new ControlWatchHandler(
            p.GetRequiredService<TenantId>(), p.GetServices<ScheduledControl>(), p.GetRequiredService<IRunLog>(), p.GetRequiredService<IFindingStore>(),
            p.GetRequiredService<IEvidenceLog>(), p.GetRequiredService<TimeProvider>(), p.GetRequiredService<ILogger<ControlWatchHandler>>()));
        return services;
    }
}
