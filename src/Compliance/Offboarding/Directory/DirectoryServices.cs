using Microsoft.Extensions.DependencyInjection;

namespace Compliance.Offboarding.Directory;

/// <summary>Registers what reads a leaver.</summary>
internal static class DirectoryServices
{
    /// <summary>Needs what <see cref="Tenants.TenantServices.AddTenant"/> registers.</summary>
    public static IServiceCollection AddLeaverDirectory(this IServiceCollection services) =>
        services.AddSingleton<GraphReads>().AddSingleton<AzureReads>().AddSingleton<ILeaverDirectory, LeaverDirectory>();
}
