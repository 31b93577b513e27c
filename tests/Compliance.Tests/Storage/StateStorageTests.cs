using System.Net;
using System.Text.Json;
using Azure;
using Compliance.Findings;
using Compliance.Ledger;
using Compliance.Ledger.Privacy;
using Compliance.Runs;
using Compliance.Storage;
using Local;
using Microsoft.Extensions.DependencyInjection;
using Testing;

namespace Compliance.Tests.Storage;

public sealed class StateStorageTests(AzuriteFixture azurite)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Storage_that_is_down_at_the_start_is_named_by_setting_and_address()
    {
        var (storage, faults) = Faults.On(azurite);
        faults.Before = (_, _) => throw new HttpRequestException("connection refused");

        var table = await Assert.ThrowsAsync<RequestFailedException>(() => storage.TableAsync("downtable", Stop));
        var container = await Assert.ThrowsAsync<RequestFailedException>(() => storage.EvidenceContainerAsync("downcontainer", Stop));

        Texts.Storage.Expect(
            "storage that is down at the start",
            [
                table.Message.Replace($"{storage.Tables.Uri.Port}", "TABLES", StringComparison.Ordinal),
                container.Message.Replace($"{storage.Evidence.Uri.Port}", "BLOBS", StringComparison.Ordinal),
            ]
        );
        // Four tries each: retries are few.
        Assert.Equal(8, faults.Requests.Count);
    }

    [Fact]
    public async Task A_refusal_names_the_role_that_is_missing()
    {
        var (storage, faults) = Faults.On(azurite);
        faults.Before = (_, _) => Faults.Answer(HttpStatusCode.Forbidden);

        var error = await Assert.ThrowsAsync<RequestFailedException>(() => storage.TableAsync("refused", Stop));

        Assert.Contains("Storage Table Data Contributor", error.Message);
        Assert.Equal(403, error.Status);
        Assert.Single(faults.Requests);
    }

    [Fact]
    public async Task A_table_is_asked_for_once_and_again_after_a_failure()
    {
        var (storage, faults) = Faults.On(azurite);
        faults.Before = (_, n) => n == 1 ? Faults.Answer(HttpStatusCode.Forbidden) : null;

        await Assert.ThrowsAsync<RequestFailedException>(() => storage.TableAsync("oncetable", Stop));
        await storage.TableAsync("oncetable", Stop);
        await storage.TableAsync("oncetable", Stop);

        Assert.Equal(2, faults.Requests.Count);
    }

    [Fact]
    public async Task A_queue_message_is_written_as_host_json_makes_the_host_read_it()
    {
        var (storage, _) = Faults.On(azurite);
        using var host = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(RepositoryRoot.Find(), "host.json"), Stop));
        var queue = storage.Queues.GetQueueClient("encoding");
        await queue.CreateIfNotExistsAsync(cancellationToken: Stop);
        await queue.SendMessageAsync("""{"a":1}""", Stop);

        // A client without any encoding sees what is on the wire.
        var message = (await azurite.Queues.GetQueueClient("encoding").ReceiveMessageAsync(cancellationToken: Stop)).Value;

        Assert.Equal(
            ("none", """{"a":1}"""),
            (
                host.RootElement.GetProperty("extensions").GetProperty("queues").GetProperty("messageEncoding").GetString(),
                message.Body.ToString()
            )
        );
    }

    [Theory]
    [InlineData("0", 4)]
    [InlineData("3600", 1)]
    [InlineData("Wed, 21 Oct 2099 07:28:00 GMT", 1)]
    public async Task A_pause_beyond_the_bound_is_not_waited_for(string retryAfter, int tries)
    {
        var (storage, faults) = Faults.On(azurite);
        faults.Before = (_, _) =>
        {
            var busy = Faults.Answer(HttpStatusCode.ServiceUnavailable);
            busy.Headers.TryAddWithoutValidation("Retry-After", retryAfter);
            return busy;
        };

        var error = await Assert.ThrowsAsync<RequestFailedException>(() => storage.TableAsync("busytable", Stop));

        Assert.Equal((503, tries), (error.Status, faults.Requests.Count));
    }

    [Fact]
    public async Task Subscriptions_are_remembered_renamed_and_forgotten_per_tenant()
    {
        var known = new TableKnownSubscriptions(Faults.Storage(azurite));
        await known.UpdateAsync(
            "subs-a",
            new Dictionary<string, string>
            {
                ["S1"] = "One",
                ["s2"] = "Two",
                ["s3"] = "Three",
            },
            [],
            Stop
        );
        await known.UpdateAsync("subs-b", new Dictionary<string, string> { ["s9"] = "Other" }, [], Stop);

        await known.UpdateAsync(
            "subs-a",
            new Dictionary<string, string> { ["s1"] = "One renamed", ["s2"] = "Two" },
            ["S3", "s2", "never-seen"],
            Stop
        );

        Assert.Equal(
            [("s1", "One renamed"), ("s2", "Two")],
            (await known.LoadAsync("subs-a", Stop)).OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => (s.Key, s.Value))
        );
        Assert.Equal(["s9"], (await known.LoadAsync("subs-b", Stop)).Keys);
    }

    [Fact]
    public async Task Nothing_is_written_when_the_subscriptions_are_known_already()
    {
        var (storage, faults) = Faults.On(azurite);
        var known = new TableKnownSubscriptions(storage);
        var seen = Enumerable.Range(0, 130).ToDictionary(i => $"s{i}", i => $"Subscription {i}");
        await known.UpdateAsync("subs-quiet", seen, [], Stop);
        var before = faults.Requests.Count;

        await known.UpdateAsync("subs-quiet", seen, [], Stop);

        Assert.All(faults.Requests.Skip(before), r => Assert.StartsWith("GET ", r, StringComparison.Ordinal));
        Assert.Equal(seen.Count, (await known.LoadAsync("subs-quiet", Stop)).Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("a|b")]
    [InlineData("a/b")]
    [InlineData("x' or 'a' eq 'a")]
    public async Task A_tenant_that_could_reach_into_another_is_refused(string tenant)
    {
        var storage = Faults.Storage(azurite);

        await Assert.ThrowsAsync<ArgumentException>(() => new TableFindingStore(storage).LoadAsync(tenant, ["CRED-001"], Stop));
        await Assert.ThrowsAsync<ArgumentException>(() => new TableRunLog(storage).LoadAsync(tenant, Stop));
        await Assert.ThrowsAsync<ArgumentException>(() => new TableKnownSubscriptions(storage).LoadAsync(tenant, Stop));
    }

    [Fact]
    public void Everything_registered_can_be_made()
    {
        var settings = Settings.Of(
            ("AzureWebJobsStorage", azurite.StateConnection),
            ("EvidenceStorage", azurite.EvidenceConnection),
            ("Tenant:Id", "11111111-2222-3333-4444-55555555555A")
        );
        using var services = new ServiceCollection()
            .AddLogging()
            .AddState(settings)
            .AddFindings()
            .AddEvidence()
            .AddRuns(settings)
            .BuildServiceProvider(validateScopes: true);

        Assert.Equal("11111111-2222-3333-4444-55555555555a", services.GetRequiredService<TenantId>().Value);
        Assert.NotNull(services.GetRequiredService<ControlWatchHandler>());
        Assert.IsType<PseudonymousEvidenceLog>(services.GetRequiredService<IEvidenceLog>());
        Assert.NotNull(services.GetRequiredService<TableKnownSubscriptions>());
    }
}
