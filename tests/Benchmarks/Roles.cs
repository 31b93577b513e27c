using System.Diagnostics;
using System.Text.Json;
using Azure.Core;
using Compliance.Credentials;
using Compliance.Findings;
using Compliance.Ledger;
using Compliance.Runs;
using Compliance.Storage;
using Compliance.Tenants;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Benchmarks;

/// <summary>One run of the credential check, as the app does it, on storage of its own tenant.</summary>
internal static class CheckRole
{
    public static async Task<int> RunAsync()
    {
        await using var services = Connected.Services(withState: true);
        var check = services.GetRequiredService<CredentialRotationCheck>();
        var time = services.GetRequiredService<TimeProvider>();
        var watch = Stopwatch.StartNew();
        var report = await check.RunAsync(
            RunRequest.New(CredentialRotationCheck.RunPrefix, "manual", time.GetUtcNow()),
            CancellationToken.None
        );
        watch.Stop();
        if (!report.Run.Complete)
            throw new InvalidOperationException("not everything was read: " + string.Join("; ", report.Unknown.Select(u => u.Reason)));
        var requests = services.GetRequiredService<TenantConnection>().Requests.Total;
        new Measurement(
            watch.Elapsed.TotalSeconds,
            requests,
            Measurement.Peak(),
            report.Run.Counts["objects"],
            report.Findings.Count(f => f.Status == FindingStatus.Open),
            report.Evidence.FindingsSha256
        ).Print();
        return 0;
    }
}

/// <summary>The peer: the same SDK clients page the same data, side by side as the check does, and throw it away.</summary>
internal static class BareRole
{
    public static async Task<int> RunAsync()
    {
        await using var services = Connected.Services(withState: false);
        var tenant = services.GetRequiredService<TenantConnection>();
        long objects = 0;
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(ApplicationsAsync(), PrincipalsAsync(), VaultsAsync());
        watch.Stop();
        new Measurement(watch.Elapsed.TotalSeconds, tenant.Requests.Total, Measurement.Peak(), objects, 0, "").Print();
        return 0;

        async Task ApplicationsAsync()
        {
            string[] fields = ["id", "appId", "displayName", "tags", "passwordCredentials", "keyCredentials"];
            var page = await tenant.Graph.Applications.GetAsync(r => (r.QueryParameters.Select, r.QueryParameters.Top) = (fields, 999));
            while (true)
            {
                Interlocked.Add(ref objects, page!.Value!.Count);
                if (page.OdataNextLink is not { } next)
                    return;
                page = await tenant.Graph.Applications.WithUrl(next).GetAsync();
            }
        }

        async Task PrincipalsAsync()
        {
            string[] fields =
            [
                "id",
                "appId",
                "displayName",
                "tags",
                "servicePrincipalType",
                "appOwnerOrganizationId",
                "preferredSingleSignOnMode",
                "preferredTokenSigningKeyThumbprint",
                "passwordCredentials",
                "keyCredentials",
            ];
            var page = await tenant.Graph.ServicePrincipals.GetAsync(r =>
                (r.QueryParameters.Select, r.QueryParameters.Top) = (fields, 999)
            );
            while (true)
            {
                Interlocked.Add(ref objects, page!.Value!.Count);
                if (page.OdataNextLink is not { } next)
                    return;
                page = await tenant.Graph.ServicePrincipals.WithUrl(next).GetAsync();
            }
        }

        async Task VaultsAsync()
        {
            var subscriptions = new List<string>();
            await foreach (var subscription in tenant.ResourceManager.GetSubscriptions().GetAllAsync())
            {
                subscriptions.Add(subscription.Data.SubscriptionId);
                Interlocked.Increment(ref objects);
            }
            var vaults = new List<Uri>();
            var query =
                "resources | where type =~ 'microsoft.keyvault/vaults' | project id,name,type,subscriptionId,tags,properties | order by "
                    + "id asc";
            await foreach (
                var row in services.GetRequiredService<ResourceManagerReader>().QueryAsync(query, subscriptions, CancellationToken.None)
            )
                vaults.Add(new Uri(row.Properties.GetProperty("vaultUri").GetString()!));
            Interlocked.Add(ref objects, vaults.Count);
            var work = vaults.SelectMany(v => new[] { (v, "secrets"), (v, "keys"), (v, "certificates") });
            await Parallel.ForEachAsync(
                work,
                new ParallelOptions { MaxDegreeOfParallelism = 16 },
                async (item, cancellationToken) =>
                {
                    var vault = tenant.VaultAt(item.v);
                    if (item.Item2 == "secrets")
                        await foreach (var secret in vault.Secrets.GetPropertiesOfSecretsAsync(cancellationToken))
                            Interlocked.Increment(ref objects);
                    else if (item.Item2 == "certificates")
                        await foreach (
                            var certificate in vault.Certificates.GetPropertiesOfCertificatesAsync(cancellationToken: cancellationToken)
                        )
                            Interlocked.Increment(ref objects);
                    else
                        await KeysAsync(vault);
                }
            );
        }

        async Task KeysAsync(Vault vault)
        {
            var next = new Uri(vault.Address, "/keys?api-version=7.6");
            while (next is not null)
            {
                using var message = vault.Pipeline.CreateMessage();
                message.Request.Method = RequestMethod.Get;
                message.Request.Uri.Reset(next);
                await vault.Pipeline.SendAsync(message, CancellationToken.None);
                using var page = JsonDocument.Parse(message.Response.Content);
                Interlocked.Add(ref objects, page.RootElement.GetProperty("value").GetArrayLength());
                next =
                    page.RootElement.TryGetProperty("nextLink", out var link) && link.GetString() is { Length: > 0 } text
                        ? new Uri(text)
                        : null;
            }
        }
    }
}

/// <summary>The services of one role, from environment variables.</summary>
internal static class Connected
{
    public static ServiceProvider Services(bool withState)
    {
        var configuration = new ConfigurationBuilder().AddEnvironmentVariables().Build();
        var time = new ShiftedClock(
            DateTimeOffset.Parse(CredentialBenchmark.Now, System.Globalization.CultureInfo.InvariantCulture),
            frozen: true
        );
        var services = new ServiceCollection();
        services.AddLogging(l => l.SetMinimumLevel(LogLevel.Warning));
        services.AddSingleton<TimeProvider>(time);
        services.AddTenant(configuration);
        if (withState)
        {
            services.AddState(configuration).AddFindings().AddEvidence().AddRuns(configuration);
            services.AddCredentials(configuration, time);
        }
        else
        {
            services.AddCredentialInventory();
        }
        return services.BuildServiceProvider();
    }
}
