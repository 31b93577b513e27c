using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Compliance.Ledger.Checkpoints;
using Compliance.Runs;
using Compliance.Storage;
using Compliance.Tenants;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Compliance.LedgerCheck;

/// <summary>Registers what signs, copies and checks the ledger. Needs what tenant and state register.</summary>
internal static class CheckpointServices
{
    /// <summary>Reads and checks the settings at once, so that an app with wrong ones does not start.</summary>
    /// <exception cref="StateSettingException">A setting cannot be used.</exception>
    public static IServiceCollection AddCheckpoints(this IServiceCollection services, IConfiguration configuration)
    {
        var evidence = StorageOptions.Read(configuration).Evidence;
        var options = EvidenceOptions.Read(configuration, evidence);
        foreach (var expected in LedgerKeeper.Expected)
            services.AddSingleton(expected);
        services.AddSingleton(options);
        services.AddSingleton<ISigningKey>(p =>
            options switch
            {
                { KeyFile: { } file } => new FileSigningKey(file, mayMake: options.Local),
                { VaultKey: { } key } => new VaultSigningKey(key, p.GetRequiredService<TenantConnection>().PipelineOf),
                _ => new NoSigningKey(),
            }
        );
        services.AddSingleton(p => new CheckpointKeys(p.GetRequiredService<ISigningKey>(), options.TrustedKeys));
        services.AddSingleton<LedgerCheckpointer>();
        services.AddSingleton<LedgerSelfCheck>();
        services.AddSingleton<LedgerMemory>();
        services.AddSingleton<IWriteOnce>(p =>
            options.Local
                ? new LocalWriteOnce()
                : new ResourceManagerWriteOnce(p.GetRequiredService<TenantConnection>(), options.AccountResourceId)
        );
        services.AddSingleton(p => new CheckpointCopies(
            p.GetRequiredService<StateStorage>(),
            p.GetRequiredService<LedgerMemory>(),
            Copies(options, evidence, p.GetRequiredService<StateStorage>(), p.GetRequiredService<TimeProvider>()),
            p.GetRequiredService<TimeProvider>(),
            p.GetRequiredService<ILogger<CheckpointCopies>>()
        ));
        services.AddSingleton<LedgerSigning>();
        services.AddSingleton<WriteOnceCheck>();
        services.AddSingleton<WholeLedgerCheck>();
        services.AddSingleton(p => new LedgerKeeper(
            p.GetRequiredService<TenantId>(),
            p.GetRequiredService<LedgerSigning>(),
            p.GetRequiredService<CheckpointCopies>(),
            p.GetRequiredService<WholeLedgerCheck>(),
            p.GetRequiredService<WriteOnceCheck>(),
            p.GetRequiredService<ScheduledRuns>(),
            p.GetRequiredService<ILogger<LedgerKeeper>>()
        ));
        return services;
    }

    /// <summary>The places that get copies.</summary>
    internal static IReadOnlyList<ICheckpointCopy> Copies(
        EvidenceOptions options,
        StorageAccount evidence,
        StateStorage storage,
        TimeProvider time
    )
    {
        var http = new Lazy<HttpClient>(WebhookCopy.Client);
        return
        [
            .. options.Copies.Select(place =>
                place.IsContainer
                    ? (ICheckpointCopy)new ContainerCopy(place, Container(place.Address, evidence, storage))
                    : new WebhookCopy(place, http.Value, time)
            ),
        ];
    }

    private static BlobContainerClient Container(Uri address, StorageAccount evidence, StateStorage storage)
    {
        // Given with a signature, it is opened with that; else with the identity that opens the evidence, or as part of the same account.
        var options = new BlobClientOptions { Retry = { MaxRetries = 2, NetworkTimeout = TimeSpan.FromSeconds(30) } };
        if (storage.Transport is { } transport)
            options.Transport = transport;
        return (address.Query.Length > 0, StateStorage.CredentialOf(evidence)) switch
        {
            (true, _) => new(address, options),
            (_, { } credential) => new(address, credential, options),
            _ => storage.Evidence.GetBlobContainerClient(address.AbsolutePath.TrimEnd('/').Split('/')[^1]),
        };
    }

    private static HttpPipeline PipelineOf(this TenantConnection tenant, Uri key) => tenant.VaultAt(key).Pipeline;
}
