using Microsoft.Extensions.DependencyInjection;

namespace Compliance.Findings;

/// <summary>Registers what keeps findings.</summary>
internal static class FindingServices
{
    /// <summary>Needs storage.</summary>
    public static IServiceCollection AddFindings(this IServiceCollection services) =>
        services.AddSingleton<IFindingStore, TableFindingStore>();
}
