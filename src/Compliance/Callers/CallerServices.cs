using Compliance.Tenants;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Compliance.Callers;

/// <summary>Registers what shows who calls.</summary>
internal static class CallerServices
{
    /// <summary>Needs the tenant. Reads the settings at once, so that an app with wrong ones does not start.</summary>
    /// <exception cref="Storage.StateSettingException">A setting is missing or cannot be used.</exception>
    public static IServiceCollection AddCallers(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(CallerOptions.Read(configuration));
        services.TryAddSingleton(p => p.GetRequiredService<TenantConnection>().Options);
        services.TryAddSingleton(TimeProvider.System);
        return services.AddSingleton<ISignInKeys, SignInKeys>().AddSingleton<CallerTokenValidator>();
    }
}
