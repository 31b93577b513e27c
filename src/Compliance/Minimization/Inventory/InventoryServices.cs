using Compliance.Storage;
using Compliance.Tenants;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Compliance.Minimization.Inventory;

/// <summary>Registers what reads storage accounts and their blobs.</summary>
internal static class InventoryServices
{
    /// <summary>Reads and checks the settings at once, so that an app with wrong ones does not start. Needs a connection to the
    /// tenant.</summary>
    /// <exception cref="StateSettingException">A setting cannot be used.</exception>
    public static IServiceCollection AddDataInventory(this IServiceCollection services, IConfiguration configuration)
    {
        var options = DataAccountOptions.Read(configuration);
        return services
            .AddSingleton<StorageAccounts>()
            .AddSingleton<StorageContainers>()
            .AddSingleton(p => new DataAccess(p.GetRequiredService<TenantConnection>(), options))
            .AddSingleton(p => new BlobListing(p.GetRequiredService<TenantConnection>().Options.ClientId));
    }
}
