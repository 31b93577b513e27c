using Compliance.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Compliance.Runs;

/// <summary>Registers what keeps runs, and the watch over the controls.</summary>
internal static class RunServices
{
    /// <summary>
    /// Needs storage, findings and evidence. Controls to watch are registered as <see cref="ScheduledControl"/> singletons, the watch
    /// itself is always among them; policies that are read for every run as <see cref="WatchedPolicy"/> singletons; queues that functions
    /// read as <see cref="WatchedQueue"/> singletons.
    /// </summary>
    /// <exception cref="StateSettingException">A setting cannot be used.</exception>
    public static IServiceCollection AddRuns(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<IRunLog, TableRunLog>();
        services.AddSingleton<ScheduledRuns>();
        services.AddSingleton(DeadLetterOptions.Read(configuration));
        services.AddSingleton<LeftMessageReader>();
        services.AddSingleton(p => new ControlWatchHandler(
            p.GetRequiredService<TenantId>(),
            p.GetServices<ScheduledControl>(),
            p.GetServices<WatchedPolicy>(),
            p.GetRequiredService<LeftMessageReader>(),
            p.GetRequiredService<IRunLog>(),
            p.GetRequiredService<ScheduledRuns>(),
            p.GetRequiredService<ILogger<ControlWatchHandler>>()
        ));
        return services;
    }
}
