using Compliance.Credentials;
using Compliance.Findings;
using Compliance.Runs;
using Compliance.Tests.Findings;
using Compliance.Tests.Storage;
using Microsoft.Extensions.Time.Testing;
using Testing;

namespace Compliance.Tests.Credentials;

/// <summary>Checks that are asked for by hand.</summary>
public sealed class CredentialCheckRequestsTests(MemoryStorageFixture accounts)
{
    private const string Tenant = "requests-of-owners";
    private const string Ada = "33333333-3333-3333-3333-33333333333a";
    private const string Other = "44444444-4444-4444-4444-444444444444";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_check_that_is_asked_for_is_queued_and_known_also_where_its_queue_is_not_there_yet()
    {
        var requests = Requests("checks-asked");

        var run = await requests.AskAsync(Stop);
        var next = await requests.AskAsync(Stop);

        var messages = (await accounts.Queues.GetQueueClient("checks-asked").ReceiveMessagesAsync(10, cancellationToken: Stop)).Value;
        Assert.Equal([run, next], messages.Select(m => CredentialCheckRequests.Read(m.MessageText)));
        Assert.Equal("manual", run.Trigger);
        Assert.Equal(
            new RunDocument<CredentialReport>(run.RunId, RunStates.Queued, null, null),
            await requests.FindAsync(run.RunId, Stop)
        );
    }

    [Theory]
    [InlineData("cred-20261123T060000Z-00c0ffee")]
    [InlineData("../runs/other")]
    [InlineData("")]
    public async Task Of_a_run_that_was_not_asked_for_nothing_is_known(string runId) =>
        Assert.Null(await Requests("checks-unknown").FindAsync(runId, Stop));

    [Fact]
    public async Task Findings_of_the_tenant_that_are_open_are_listed()
    {
        var detection = Samples.App() with { ControlId = "CRED-002" };
        var store = new TableFindingStore(Faults.Storage(accounts));
        await new FindingWriter(store).RaiseAsync("checks-open", detection, Samples.Run(), Stop);

        var listed = await Requests("checks-open").OpenFindingsAsync(null, Stop);

        Assert.Equal(("CRED-002", detection.Reason), (Assert.Single(listed).Control, listed[0].Reason));
    }

    [Fact]
    public async Task An_owner_gets_the_findings_whose_owner_has_their_object_id_whatever_names_and_addresses_are()
    {
        var store = new TableFindingStore(Faults.Storage(accounts));
        await new FindingWriter(store).ReconcileAsync(
            Tenant,
            ["CRED-001"],
            _ =>
                [
                    Samples.App("own") with { Owner = new Person(Ada, "Ada", "ada@contoso.com", "owner") },
                    Samples.App("own, in capitals") with { Owner = new Person(Ada.ToUpperInvariant(), "A", "a@contoso.com", "owner") },
                    Samples.App("by address") with { Owner = new Person(null, "Ada", "ada@contoso.com", "tag") },
                    Samples.App("of her namesake") with { Owner = new Person(Other, "Ada", "ada@contoso.com", "owner") },
                    Samples.App("whose address is her id") with { Owner = new Person(null, Ada, Ada, "tag") },
                    Samples.App("of no one") with { Owner = null },
                ],
            Samples.Read(),
            Samples.Run(),
            Stop
        );
        var requests = Requests(Tenant);

        var (own, all, none) = (
            await requests.OpenFindingsAsync(Ada, Stop),
            await requests.OpenFindingsAsync(null, Stop),
            await requests.OpenFindingsAsync("", Stop)
        );

        Assert.Equal(["own", "own, in capitals"], own.Select(f => f.Subject.Id).Order(StringComparer.Ordinal));
        Assert.Equal((6, 0), (all.Count, none.Count));
    }

    private CredentialCheckRequests Requests(string name) =>
        new(
            accounts.Queues.GetQueueClient(name),
            new BlobRunDocuments(accounts.Blobs.GetBlobContainerClient(name)),
            new TableFindingStore(Faults.Storage(accounts)),
            new FakeTenant { TenantId = name },
            new FakeTimeProvider(Samples.Day1)
        );
}
