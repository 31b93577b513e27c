using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Compliance.Tenants;

/// <summary>Registers what reads the tenant.</summary>
internal static class TenantServices
{
    /// <summary>Reads and checks the settings at once, so that an app with wrong ones does not start.</summary>
    /// <exception cref="TenantSettingException">A setting is missing or cannot be used.</exception>
    public static IServiceCollection AddTenant(this IServiceCollection services, IConfiguration configuration)
    {
        var options = TenantOptions.Read(configuration);
        services.AddSingleton(p => new TenantConnection(
            options,
            p.GetRequiredService<TimeProvider>(),
            p.GetRequiredService<ILogger<TenantConnection>>(),
            p.GetService<TenantTransport>()
        ));
        services.AddSingleton<ResourceManagerReader>();
        services.AddSingleton<GraphBatch>();
        return services;
    }
}
