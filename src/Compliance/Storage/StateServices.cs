using Azure.Core.Pipeline;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Compliance.Storage;

/// <summary>Registers storage, and the subscriptions that are known.</summary>
internal static class StateServices
{
    /// <summary>
    /// Reads and checks the settings at once, so that an app with wrong ones does not start. Where a <see cref="HttpPipelineTransport"/> is
    /// registered, storage is reached through it.
    /// </summary>
    /// <exception cref="StateSettingException">A setting is missing or cannot be used.</exception>
    public static IServiceCollection AddState(this IServiceCollection services, IConfiguration configuration)
    {
        var options = StorageOptions.Read(configuration);
        services.AddSingleton(TenantId.Read(configuration));
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(p => Storage(options, p.GetService<HttpPipelineTransport>()));
        services.AddSingleton<TableKnownSubscriptions>();
        return services;
    }

    // A transport that is given serves in memory, on a clock of its own: there is nothing to wait for between tries.
    private static StateStorage Storage(StorageOptions options, HttpPipelineTransport? transport) =>
        new(options, transport, transport is null ? null : TimeSpan.Zero);
}
