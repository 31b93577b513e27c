using Compliance.Credentials.Inventory;
using Compliance.Findings;
using Compliance.Runs;
using Compliance.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Compliance.Credentials;

/// <summary>Registers the credentials capability.</summary>
internal static class CredentialServices
{
    /// <summary>Setting with the path of the policy file; the file shipped beside the app unless given.</summary>
    public const string PolicySetting = "Policy:Credentials";

    /// <summary>Registers what reads credentials. Needs a connection to the tenant.</summary>
    public static IServiceCollection AddCredentialInventory(this IServiceCollection services) =>
        services
            .AddSingleton<GraphCredentials>()
            .AddSingleton<VaultCredentials>()
            .AddSingleton<AzureCredentials>()
            .AddSingleton<ICredentialInventory, CredentialInventory>()
            .AddSingleton<IOwnerDirectory, OwnerDirectory>()
            .AddSingleton<IRotationPolicies, RotationPolicies>()
            .AddSingleton<IResourceLookup, ResourceLookup>()
            .AddSingleton<ITenantIdentity, TenantIdentity>();

    /// <summary>
    /// Reads the policy at once, so that an app with a wrong one does not start, and watches the check by the policy's own expectation.
    /// </summary>
    /// <exception cref="Policies.PolicyException">The policy file has errors.</exception>
    public static IServiceCollection AddCredentials(this IServiceCollection services, IConfiguration configuration, TimeProvider time)
    {
        var path = configuration[PolicySetting] ?? Path.Combine(AppContext.BaseDirectory, "policy", "credentials.yaml");
        var file = new CredentialPolicyFile(path);
        var policy = file.Load(time.GetUtcNow());
        services.AddSingleton(new ScheduledControl(CredentialRotationCheck.Name, policy.RunEvery, policy.RunTolerance));
        foreach (var queue in new[] { CredentialCheckRequests.Queue, VaultObjectEvent.Queue, VaultObjectEvent.EarlierQueue })
            services.AddSingleton(new WatchedQueue(queue));
        services.AddCredentialInventory();
        services.AddSingleton<ICredentialPolicySource>(file);
        services.AddSingleton(p => new WatchedPolicy("credential", now => p.GetRequiredService<ICredentialPolicySource>().Load(now)));
        services.AddSingleton(p => new TableKnownResources(p.GetRequiredService<StateStorage>()));
        services.AddSingleton(p => new BlobRunDocuments(
            p.GetRequiredService<StateStorage>().Blobs.GetBlobContainerClient(BlobRunDocuments.Container)
        ));
        services.AddCredentialCheck();
        services.AddSingleton(p => new CredentialCheckRequests(
            p.GetRequiredService<StateStorage>().Queues.GetQueueClient(CredentialCheckRequests.Queue),
            p.GetRequiredService<BlobRunDocuments>(),
            p.GetRequiredService<IFindingStore>(),
            p.GetRequiredService<ITenantIdentity>(),
            p.GetRequiredService<TimeProvider>()
        ));
        services.AddSingleton(p => new VaultEventIntake(
            p.GetRequiredService<CredentialRotationCheck>(),
            p.GetRequiredService<ICredentialPolicySource>(),
            p.GetRequiredService<ITenantIdentity>(),
            new FindingWriter(p.GetRequiredService<IFindingStore>()),
            p.GetRequiredService<TimeProvider>(),
            p.GetRequiredService<ILogger<VaultEventIntake>>()
        ));
        return services;
    }

    private static IServiceCollection AddCredentialCheck(this IServiceCollection services) =>
        services
            .AddSingleton<CredentialObserver>()
            .AddSingleton<RunFindings>()
            .AddSingleton<EarlierListings>()
            .AddSingleton<CredentialPipeline>()
            .AddSingleton(p => new CredentialRotationCheck(
                p.GetRequiredService<CredentialPipeline>(),
                p.GetRequiredService<EarlierListings>(),
                p.GetRequiredService<IRunLog>(),
                p.GetRequiredService<BlobRunDocuments>(),
                p.GetRequiredService<TimeProvider>(),
                p.GetRequiredService<ILogger<CredentialRotationCheck>>()
            ));
}
