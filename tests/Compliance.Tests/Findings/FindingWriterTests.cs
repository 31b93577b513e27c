using Compliance.Findings;
using Compliance.Tests.Storage;
using Testing;
using static Compliance.Tests.Findings.Samples;

namespace Compliance.Tests.Findings;

public sealed class FindingWriterTests(MemoryStorageFixture accounts)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_finding_that_somebody_changed_meanwhile_is_decided_again_beside_those_that_were_saved()
    {
        const string tenant = "keeper-race";
        var store = new TableFindingStore(Faults.Storage(accounts));
        await new FindingWriter(store).ReconcileAsync(tenant, ["CRED-001"], _ => [App("a"), App("b")], Read(), Run(1), Stop);
        var raced = new RacedStore(store);

        var result = await new FindingWriter(raced).ReconcileAsync(
            tenant,
            ["CRED-001"],
            _ => [App("a") with { Reason = "new" }, App("b") with { Reason = "new" }],
            Read(),
            Run(2),
            Stop
        );

        Assert.Equal((2, 2), (result.Changes.Count, raced.Saves));
        var kept = (await store.LoadAsync(tenant, ["CRED-001"], Stop)).Values.Select(f => f.Finding).ToList();
        Assert.Equal(["new", "new"], kept.Select(f => f.Detection.Reason));
        // Decided from what the other one wrote.
        Assert.Equal([0, 7], kept.Select(f => f.Reopened).Order());
    }

    [Fact]
    public async Task Findings_that_others_change_in_every_attempt_are_given_up_with_their_number()
    {
        var store = new LostStore();

        var error = await Assert.ThrowsAsync<Azure.RequestFailedException>(() =>
            new FindingWriter(store).ReconcileAsync("keeper-lost", ["CRED-001", "GAP-001"], _ => [App("a"), App("b")], Read(), Run(1), Stop)
        );

        Assert.Equal((412, 10), (error.Status, store.Saves));
        Texts.Findings.Expect("findings that others change in every attempt", error.Message);
    }

    [Fact]
    public async Task A_run_about_some_findings_resolves_none_of_the_others()
    {
        const string tenant = "keeper-only";
        var store = new TableFindingStore(Faults.Storage(accounts));
        var writer = new FindingWriter(store);
        await writer.ReconcileAsync(tenant, ["CRED-001"], _ => [App("a"), App("b")], Read(), Run(1), Stop);

        var result = await writer.ReconcileAsync(
            tenant,
            ["CRED-001"],
            _ => [],
            Read(Complete(App().Source)),
            Run(2),
            Stop,
            only: f => f.Detection.Subject.Id == "a"
        );

        Assert.Equal(["a"], result.Changes.Select(c => c.Finding.Finding.Detection.Subject.Id));
        var kept = (await store.LoadAsync(tenant, ["CRED-001"], Stop)).Values.Select(f => f.Finding);
        Assert.Equal(
            [("a", FindingStatus.Resolved), ("b", FindingStatus.Open)],
            kept.Select(f => (f.Detection.Subject.Id, f.Status)).Order()
        );
    }

    /// <summary>A store in which others change every finding before it is saved.</summary>
    private sealed class LostStore : IFindingStore
    {
        public int Saves { get; private set; }

        public Task<IReadOnlyDictionary<string, StoredFinding>> LoadAsync(
            string tenantId,
            IReadOnlyCollection<string> controlIds,
            CancellationToken cancellationToken
        ) => Task.FromResult<IReadOnlyDictionary<string, StoredFinding>>(new Dictionary<string, StoredFinding>());

        public Task<IReadOnlyList<string>> SaveAsync(
            string tenantId,
            IReadOnlyCollection<StoredFinding> findings,
            CancellationToken cancellationToken
        )
        {
            // Bounded, so that a keeper that does not give up fails instead of hanging.
            if (++Saves > 20)
                throw new InvalidOperationException("asked more than 20 times");
            return Task.FromResult<IReadOnlyList<string>>([.. findings.Select(f => f.Finding.Id)]);
        }

        public IAsyncEnumerable<Finding> ListOpenAsync(string tenantId, CancellationToken cancellationToken) =>
            throw new NotSupportedException();
    }

    /// <summary>A store in which somebody else writes one of the findings right before they are saved for the first time.</summary>
    private sealed class RacedStore(IFindingStore store) : IFindingStore
    {
        public int Saves { get; private set; }

        public Task<IReadOnlyDictionary<string, StoredFinding>> LoadAsync(
            string tenantId,
            IReadOnlyCollection<string> controlIds,
            CancellationToken cancellationToken
        ) => store.LoadAsync(tenantId, controlIds, cancellationToken);

        public async Task<IReadOnlyList<string>> SaveAsync(
            string tenantId,
            IReadOnlyCollection<StoredFinding> findings,
            CancellationToken cancellationToken
        )
        {
            if (Saves++ == 0)
            {
                var theirs = (await store.LoadAsync(tenantId, ["CRED-001"], cancellationToken)).Values.First();
                await store.SaveAsync(tenantId, [theirs with { Finding = theirs.Finding with { Reopened = 7 } }], cancellationToken);
            }
            return await store.SaveAsync(tenantId, findings, cancellationToken);
        }

        public IAsyncEnumerable<Finding> ListOpenAsync(string tenantId, CancellationToken cancellationToken) =>
            store.ListOpenAsync(tenantId, cancellationToken);
    }
}
