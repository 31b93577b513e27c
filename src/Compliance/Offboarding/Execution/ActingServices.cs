using Compliance.Changes.Execution;
using Compliance.Offboarding.Actions;
using Compliance.Tenants;
using Microsoft.Extensions.DependencyInjection;

namespace Compliance.Offboarding.Execution;

/// <summary>Registers what carries plans out.</summary>
internal static class ActingServices
{
    /// <summary>Needs what <see cref="Tenants.TenantServices.AddTenant"/> registers.</summary>
    public static IServiceCollection AddPlanExecutor(this IServiceCollection services) =>
        services
            .AddSingleton(StepRegistry.Default)
            .AddSingleton<StepDispatch>()
            .AddSingleton<ResourceManagerWriter>()
            .AddSingleton(s => new GraphWritePace(
                s.GetRequiredService<TimeProvider>(),
                s.GetRequiredService<TenantConnection>().Options.GraphWriteLimit
            ))
            .AddSingleton<IPlanExecutor, PlanExecutor>();
}
