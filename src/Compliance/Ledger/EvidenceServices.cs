using Compliance.Ledger.Append;
using Compliance.Ledger.Privacy;
using Compliance.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Compliance.Ledger;

/// <summary>Registers what keeps evidence.</summary>
internal static class EvidenceServices
{
    /// <summary>Needs storage.</summary>
    public static IServiceCollection AddEvidence(this IServiceCollection services)
    {
        services.AddSingleton<BlobPseudonyms>();
        services.AddSingleton(p => new AppendBlobEvidenceLog(
            p.GetRequiredService<StateStorage>(),
            p.GetRequiredService<TimeProvider>(),
            p.GetRequiredService<ILogger<AppendBlobEvidenceLog>>()
        ));
        return services.AddSingleton<IEvidenceLog>(p => new PseudonymousEvidenceLog(
            p.GetRequiredService<AppendBlobEvidenceLog>(),
            p.GetRequiredService<BlobPseudonyms>()
        ));
    }
}
