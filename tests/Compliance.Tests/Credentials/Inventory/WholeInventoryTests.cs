using System.Collections.Concurrent;
using Compliance.Credentials;
using Compliance.Findings;
using Compliance.Tenants;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using SandboxTenant;

namespace Compliance.Tests.Credentials.Inventory;

/// <summary>The whole inventory over the sandbox's demo tenant.</summary>
public sealed class WholeInventoryTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 8, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Every_source_of_the_demo_tenant_is_read_to_its_end()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var sandbox = await Sandbox.StartAsync(new SandboxOptions { Now = Now }, TimeProvider.System, cancellationToken);
        await using var services = Services(sandbox);
        var sink = new Sink();

        await services.GetRequiredService<ICredentialInventory>().ReadAsync(sink, cancellationToken);

        Assert.Equal([], sink.Outcomes.Where(o => !o.Complete).Select(o => $"{o.Source}: {o.Reason}"));
        // Applications, service principals, subscriptions, permissions and resources of three, three collections of five vaults.
        Assert.Equal(3 + 3 + 3 + 15, sink.Outcomes.Select(o => o.Source).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(sink.Outcomes.Count, sink.Outcomes.Select(o => o.Source).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(sink.Credentials.Count, sink.Credentials.Select(c => (c.Kind, c.Subject.Id, c.Part)).Distinct().Count());
        // As docs/architecture/sandbox-tenant.md describes the demo: managed secrets and keys of certificates come on top and are not
        // counted.
        var counts = sink.Credentials.CountBy(c => c.Kind).ToDictionary();
        Assert.Equal(
            (20, 8, 12),
            (counts[CredentialKind.VaultSecret], counts[CredentialKind.VaultKey], counts[CredentialKind.VaultCertificate])
        );
        Assert.Equal(Enum.GetValues<CredentialKind>(), counts.Keys.Order());
    }

    private static ServiceProvider Services(Sandbox sandbox)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(
                new Dictionary<string, string?>
                {
                    ["Tenant:Id"] = sandbox.TenantId,
                    ["Tenant:GraphEndpoint"] = new Uri(sandbox.BaseAddress, "/v1.0").ToString(),
                    ["Tenant:ResourceManagerEndpoint"] = sandbox.BaseAddress.ToString(),
                    ["Tenant:AuthorityHost"] = sandbox.BaseAddress.ToString(),
                    ["Tenant:ClientId"] = sandbox.ClientId,
                    ["Tenant:ClientSecret"] = sandbox.ClientSecret,
                    ["Tenant:PinnedThumbprint"] = sandbox.Thumbprint,
                }
            )
            .Build();
        return new ServiceCollection()
            .AddLogging()
            .AddSingleton(TimeProvider.System)
            .AddTenant(configuration)
            .AddCredentialInventory()
            .BuildServiceProvider();
    }

    private sealed class Sink : IInventorySink
    {
        public ConcurrentBag<Credential> Credentials { get; } = [];

        public ConcurrentBag<SourceOutcome> Outcomes { get; } = [];

        public void Observed(Credential credential) => Credentials.Add(credential);

        public void SeenResource(string resourceId) { }

        public void SeenSubscription(string subscriptionId, string name) { }

        public void Read(SourceOutcome outcome) => Outcomes.Add(outcome);
    }
}
