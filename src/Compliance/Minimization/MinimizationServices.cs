using Compliance.Changes.Flow;
using Compliance.Minimization.Inventory;
using Compliance.Minimization.Policy;
using Compliance.Minimization.Sweeps;
using Compliance.Runs;
using Compliance.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Compliance.Minimization;

/// <summary>Registers data minimization. Needs what tenant, callers, state, runs, credentials and offboarding register.</summary>
internal static class MinimizationServices
{
    /// <summary>Setting with the path of the policy file; the file shipped beside the app unless given.</summary>
    public const string PolicySetting = "Policy:Retention";

    /// <summary>Reads settings and policy at once, so that an app with wrong ones does not start.</summary>
    /// <exception cref="Policies.PolicyException">The policy file has errors.</exception>
    /// <exception cref="StateSettingException">A setting cannot be used.</exception>
    public static IServiceCollection AddMinimization(this IServiceCollection services, IConfiguration configuration)
    {
        var file = new RetentionPolicyFile(
            configuration[PolicySetting] ?? Path.Combine(AppContext.BaseDirectory, "policy", "retention.yaml")
        );
        file.Load();
        services.AddSingleton<IRetentionPolicySource>(file);
        services.AddSingleton(p => new WatchedPolicy("retention", _ => p.GetRequiredService<IRetentionPolicySource>().Load()));
        services.AddSingleton(OwnAccounts.Read(StorageOptions.Read(configuration)));
        services.AddDataInventory(configuration);
        services.AddSingleton<AccountCatalogue>();
        services.AddSingleton<IOpenAccounts>(p => p.GetRequiredService<AccountCatalogue>());
        services.AddSingleton<IBlobData>(p => new BlobData(
            p.GetRequiredService<IOpenAccounts>(),
            p.GetRequiredService<StorageContainers>(),
            p.GetRequiredService<BlobListing>(),
            BatchConnection.Open(),
            p.GetRequiredService<TimeProvider>()
        ));
        services.AddSingleton<IDataOwners, DataOwners>();
        services.AddSingleton<ISweepStorage, SweepStorage>();
        return services.AddSweeps();
    }

    /// <summary>Registers sweeps alone: what they read and delete by is registered beside them.</summary>
    public static IServiceCollection AddSweeps(this IServiceCollection services) =>
        services
            .AddSingleton<SweepFiles>()
            .AddSingleton(p => new SweepDocuments(new BlobDocumentStore(p.GetRequiredService<StateStorage>(), SweepFiles.Container)))
            .AddSingleton<TableSweeps>()
            .AddSingleton<ContainerPlanner>()
            .AddSingleton<SliceDeletion>()
            .AddSingleton<SliceVerification>()
            .AddSingleton<SweepPlanning>()
            .AddSingleton<SweepCompletion>()
            .AddSingleton<SweepErasureCheck>()
            .AddSingleton(SweepCompletion.Itself)
            .AddSingleton<SweepExecutor>()
            .AddSingleton<SweepChange>()
            .AddSingleton<IChange<SweepObservation>>(p => p.GetRequiredService<SweepChange>())
            .AddChangeFlow<SweepObservation>(SweepFiles.Container, "sweepcaps", p => p.GetRequiredService<SweepExecutor>())
            .AddSingleton(p => new SweepSteps(
                p.GetRequiredService<SweepPlanning>(),
                p.GetRequiredService<ChangeFlow<SweepObservation>>(),
                p.GetRequiredService<SweepCompletion>(),
                p.GetRequiredService<SweepErasureCheck>()
            ))
            .AddSingleton(p => new SweepDesk(
                p.GetRequiredService<TenantId>(),
                p.GetRequiredService<Changes.Approvals.Approvers>(),
                p.GetRequiredService<TableSweeps>(),
                p.GetRequiredService<SweepDocuments>(),
                p.GetRequiredService<SweepChange>(),
                p.GetRequiredService<IRetentionPolicySource>(),
                p.GetRequiredService<TimeProvider>()
            ));
}
