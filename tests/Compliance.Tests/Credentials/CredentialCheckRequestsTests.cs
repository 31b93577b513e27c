using Compliance.Credentials;
using Compliance.Findings;
using Compliance.Tests.Storage;
using Microsoft.Extensions.Time.Testing;
using Testing;
using static Compliance.Tests.Findings.Samples;

namespace Compliance.Tests.Credentials;

public sealed class CredentialCheckRequestsTests(MemoryStorageFixture accounts)
{
    private const string Tenant = "requests-of-owners";
    private const string Ada = "33333333-3333-3333-3333-33333333333a";

    private const string Other = "44444444-4444-4444-4444-444444444444";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_owner_gets_the_findings_whose_owner_has_their_object_id_whatever_names_and_addresses_are()
    {
        var store = new TableFindingStore(Faults.Storage(accounts));
        await new FindingWriter(store).ReconcileAsync(
            Tenant,
            ["CRED-001"],
            _ =>
                [
                    App("own") with { Owner = new Person(Ada, "Ada", "ada@contoso.com", "owner") },
                    App("own, in capitals") with { Owner = new Person(Ada.ToUpperInvariant(), "A", "a@contoso.com", "owner") },
                    App("by address") with { Owner = new Person(null, "Ada", "ada@contoso.com", "tag") },
                    App("of her namesake") with { Owner = new Person(Other, "Ada", "ada@contoso.com", "owner") },
                    App("whose address is her id") with { Owner = new Person(null, Ada, Ada, "tag") },
                    App("of no one") with { Owner = null },
                ],
            Read(),
            Run(1),
            Stop
        );
        var requests = new CredentialCheckRequests(null!, null!, store, new TenantInMemory(), new FakeTimeProvider(Day1));

        var (own, all, none) = (
            await requests.OpenFindingsAsync(Ada, Stop),
            await requests.OpenFindingsAsync(null, Stop),
            await requests.OpenFindingsAsync("", Stop)
        );

        Assert.Equal(["own", "own, in capitals"], own.Select(f => f.Subject.Id).Order(StringComparer.Ordinal));
        Assert.Equal((6, 0), (all.Count, none.Count));
    }

    private sealed class TenantInMemory : ITenantIdentity
    {
        public Task<(string Id, string? Name)> WhoAsync(CancellationToken cancellationToken) =>
            Task.FromResult<(string, string?)>((Tenant, null));
    }
}
