using Compliance.Evidence.People;
using Compliance.State;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Compliance.Evidence;

/// <summary>Registers what keeps evidence.</summary>
internal static class EvidenceServices
{
    /// <summary>Needs storage.</summary>
    public static IServiceCollection AddEvidence(this IServiceCollection services)
    {
        services.AddSingleton<IPseudonyms, BlobPseudonyms>();
        services.AddSingleton(p => new AppendBlobEvidenceLog(
            p.GetRequiredService<StateStorage>(), p.GetRequiredService<TimeProvider>(),
            p.GetRequiredService<ILogger<AppendBlobEvidenceLog>>()));
        return services.AddSingleton<IEvidenceLog>(p => new PseudonymousEvidenceLog(
            p.GetRequiredService<AppendBlobEvidenceLog>(), p.GetRequiredService<IPseudonyms>()));
    }
}
