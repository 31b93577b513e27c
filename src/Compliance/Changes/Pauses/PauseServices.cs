using Compliance.Changes.Approvals;
using Microsoft.Extensions.DependencyInjection;

namespace Compliance.Changes.Pauses;

/// <summary>Registers the pause.</summary>
internal static class PauseServices
{
    /// <summary>Needs state, findings, evidence and approvals.</summary>
    public static IServiceCollection AddPause(this IServiceCollection services) =>
        services
            .AddSingleton<TablePause>()
            .AddSingleton<IPause>(p => p.GetRequiredService<TablePause>())
            .AddSingleton<PauseSwitch>()
            .AddSingleton(p => new PauseDesk(p.GetRequiredService<Approvers>(), p.GetRequiredService<PauseSwitch>()));
}
