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

        var listed = await Requests("checks-open").OpenFindingsAsync(Stop);

        Assert.Equal(("CRED-002", detection.Reason), (Assert.Single(listed).Control, listed[0].Reason));
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
