using Azure;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Compliance.Findings;
using Compliance.Ledger;
using Compliance.Runs;
using Compliance.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Simulation.Storage;

namespace Simulation.Tests.Storage;

public sealed class MemoryStorageTests
{
    private readonly FakeTimeProvider _clock = new(StoragePlace.Start);
    private readonly MemoryStorage _memory;

    public MemoryStorageTests() => _memory = new(_clock);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static IConfiguration Settings { get; } =
        new ConfigurationBuilder()
            .AddInMemoryCollection(
                new Dictionary<string, string?>
                {
                    ["AzureWebJobsStorage"] = MemoryStorage.StateConnection,
                    ["EvidenceStorage"] = MemoryStorage.EvidenceConnection,
                    ["Tenant:Id"] = "11111111-2222-3333-4444-555555555555",
                }
            )
            .Build();

    [Fact]
    public async Task The_apps_stores_run_on_it_once_its_transport_is_registered()
    {
        using var services = new ServiceCollection()
            .AddLogging()
            .AddSingleton<HttpPipelineTransport>(_memory.Open())
            .AddState(Settings)
            .AddFindings()
            .AddEvidence()
            .AddRuns(Settings)
            .BuildServiceProvider();

        await services
            .GetRequiredService<TableKnownSubscriptions>()
            .UpdateAsync("t", new Dictionary<string, string> { ["s1"] = "One" }, [], Stop);

        Assert.Equal(["t/s1 Name=One"], _memory.State.Rows(TableKnownSubscriptions.Table).Select(r => r.ToString()));
    }

    [Fact]
    public async Task Requests_are_answered_before_the_call_returns()
    {
        var (table, blob) = Storage(_memory.Open());

        var all = AllAsync();

        Assert.True(all.IsCompleted);
        await all;

        async Task AllAsync()
        {
            await MadeAsync(_memory.Open());
            await table.SubmitTransactionAsync([new(TableTransactionActionType.Add, new TableEntity("p", "r"))], Stop);
            await foreach (var row in table.QueryAsync<TableEntity>(cancellationToken: Stop))
                await table.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace, Stop);
            await blob.UploadAsync(new BinaryData("abc"), Stop);
            using var read = (await blob.DownloadStreamingAsync(new() { Range = new(1) }, Stop)).Value;
            await read.Content.ReadExactlyAsync(new byte[2], Stop);
            await blob.GetParentBlobContainerClient().GetBlobsAsync(cancellationToken: Stop).CountAsync(Stop);
        }
    }

    [Fact]
    public async Task Dates_are_the_clocks_and_versions_are_never_the_same()
    {
        var (table, blob) = await MadeAsync(_memory.Open());
        var first = (await table.AddEntityAsync(new TableEntity("p", "r"), Stop)).Headers.ETag;
        var second = (await table.UpdateEntityAsync(new TableEntity("p", "r"), ETag.All, TableUpdateMode.Replace, Stop)).Headers.ETag;
        _clock.Advance(TimeSpan.FromDays(100));
        await blob.UploadAsync(new BinaryData("a"), Stop);

        Assert.NotEqual(first, second);
        Assert.Equal(StoragePlace.Start, (await table.GetEntityAsync<TableEntity>("p", "r", cancellationToken: Stop)).Value.Timestamp);
        Assert.Equal(StoragePlace.Start.AddDays(100), (await blob.GetPropertiesAsync(cancellationToken: Stop)).Value.LastModified);
    }

    [Theory]
    [InlineData(503, "ServerBusy", 4)]
    [InlineData(500, "InternalError", 4)]
    [InlineData(403, "AuthorizationFailure", 1)]
    public async Task A_request_that_fails_before_changes_nothing_and_is_retried_where_the_client_does(int status, string code, int tries)
    {
        var (table, blob) = await MadeAsync(_memory.Open());
        var asked = new List<StorageOperation>();
        _memory.Faults = r =>
        {
            asked.Add(r.Operation);
            return StorageFault.FailBefore(status, code);
        };

        Assert.Equal((status, code), await StoragePlace.RefusalAsync(() => table.AddEntityAsync(new TableEntity("p", "r"), Stop)));
        Assert.Equal((status, code), await StoragePlace.RefusalAsync(() => blob.UploadAsync(new BinaryData("a"), Stop)));

        Assert.Equal(
            [.. Enumerable.Repeat(StorageOperation.InsertEntity, tries), .. Enumerable.Repeat(StorageOperation.PutBlob, tries)],
            asked
        );
        Assert.Empty(_memory.State.Rows("t"));
        Assert.Empty(_memory.State.Blobs("c"));
    }

    [Fact]
    public async Task A_request_whose_answer_is_lost_was_applied_and_meets_its_own_traces_when_it_is_retried()
    {
        var (table, _) = await MadeAsync(_memory.Open());
        var number = 0;
        _memory.Faults = _ => ++number == 1 ? StorageFault.LoseAnswer : StorageFault.None;

        var refusal = await StoragePlace.RefusalAsync(() => table.AddEntityAsync(new TableEntity("p", "r"), Stop));

        Assert.Equal((409, "EntityAlreadyExists"), refusal);
        Assert.Equal(2, number);
        Assert.Single(_memory.State.Rows("t"));
    }

    [Fact]
    public async Task A_request_whose_answer_is_lost_each_time_has_no_status()
    {
        var (table, _) = await MadeAsync(_memory.Open());
        _memory.Faults = _ => StorageFault.LoseAnswer;

        var error = await Assert.ThrowsAsync<AggregateException>(() =>
            table.UpsertEntityAsync(new TableEntity("p", "r"), cancellationToken: Stop)
        );

        Assert.Equal([0, 0, 0, 0], error.InnerExceptions.Select(e => Assert.IsType<RequestFailedException>(e).Status));
        Assert.Single(_memory.State.Rows("t"));
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 1)]
    public async Task A_crash_ends_a_process_at_once_and_not_the_others(bool after, int rows)
    {
        var (dies, lives) = (_memory.Open("dies"), _memory.Open("lives"));
        var (table, blob) = await MadeAsync(dies);
        var number = 0;
        _memory.Faults = r =>
            (r.Process, ++number) is ("dies", 1)
                ? after
                    ? StorageFault.CrashAfter
                    : StorageFault.CrashBefore
                : StorageFault.None;

        var error = await Assert.ThrowsAsync<SimulatedCrashException>(() => table.AddEntityAsync(new TableEntity("p", "r"), Stop));
        await Assert.ThrowsAsync<SimulatedCrashException>(() => blob.UploadAsync(new BinaryData("a"), Stop));

        Assert.EndsWith("InsertEntity t/p/r", error.Message, StringComparison.Ordinal);
        // The client does not retry it, and what the dead process tries afterwards is no request.
        Assert.Equal((1, true, false), (number, dies.Crashed, lives.Crashed));
        Assert.Equal(rows, await Storage(lives).Table.QueryAsync<TableEntity>(cancellationToken: Stop).CountAsync(Stop));
        Assert.Empty(_memory.State.Blobs("c"));
    }

    [Fact]
    public async Task A_crash_during_a_retry_is_found_among_the_failures()
    {
        var (table, _) = await MadeAsync(_memory.Open());
        var number = 0;
        _memory.Faults = _ => ++number == 1 ? StorageFault.LoseAnswer : StorageFault.CrashBefore;

        var error = await Assert.ThrowsAsync<AggregateException>(() => table.AddEntityAsync(new TableEntity("p", "r"), Stop));

        Assert.True(SimulatedCrashException.IsIn(error));
        Assert.False(SimulatedCrashException.IsIn(new AggregateException(new IOException())));
    }

    [Fact]
    public async Task Another_writer_can_get_in_between()
    {
        var (table, _) = await MadeAsync(_memory.Open());
        var others = Storage(_memory.Open("other")).Table;
        var read = (await table.AddEntityAsync(new TableEntity("p", "r") { ["By"] = "me" }, Stop)).Headers.ETag!.Value;
        _memory.Faults = r =>
            r is { Process: "app", Operation: StorageOperation.UpdateEntity }
                ? StorageFault.RaceBefore(() =>
                    others.UpsertEntity(new TableEntity("p", "r") { ["By"] = "other" }, TableUpdateMode.Replace, Stop)
                )
                : StorageFault.None;

        var refusal = await StoragePlace.RefusalAsync(() =>
            table.UpdateEntityAsync(new TableEntity("p", "r") { ["By"] = "me" }, read, TableUpdateMode.Replace, Stop)
        );

        Assert.Equal((412, "UpdateConditionNotSatisfied"), refusal);
        Assert.Equal("other", _memory.State.Row("t", "p", "r")!["By"]);
    }

    [Fact]
    public async Task Each_change_is_made_known_with_the_contents_as_they_are_then()
    {
        var (table, blob) = await MadeAsync(_memory.Open());
        var changes = new List<string>();
        _memory.Changed = c =>
            changes.Add(
                $"{c.At:HH:mm} {c.Request.Account} {c.Request.Operation} {c.Resource}, "
                    + $"{_memory.State.Rows("t").Count} rows, {_memory.State.Blobs("c").Count} blobs"
            );

        await table.SubmitTransactionAsync(
            [
                new(TableTransactionActionType.Add, new TableEntity("p", "a")),
                new(TableTransactionActionType.Add, new TableEntity("p", "b")),
            ],
            Stop
        );
        await StoragePlace.RefusalAsync(() => table.AddEntityAsync(new TableEntity("p", "a"), Stop));
        await table.GetEntityAsync<TableEntity>("p", "a", cancellationToken: Stop);
        _clock.Advance(TimeSpan.FromMinutes(1));
        await blob.UploadAsync(new BinaryData("a"), Stop);
        await blob.DeleteAsync(cancellationToken: Stop);

        Assert.Equal(
            [
                "06:00 memorystate EntityGroupTransaction t/p/a, 2 rows, 0 blobs",
                "06:00 memorystate EntityGroupTransaction t/p/b, 2 rows, 0 blobs",
                "06:01 memorystate PutBlob c/b, 2 rows, 1 blobs",
                "06:01 memorystate DeleteBlob c/b, 2 rows, 0 blobs",
            ],
            changes
        );
    }

    [Fact]
    public async Task Contents_can_be_put_back()
    {
        var (table, blob) = await MadeAsync(_memory.Open());
        await table.AddEntityAsync(new TableEntity("p", "a") { ["A"] = 1 }, Stop);
        var before = _memory.Snapshot();
        var written = (await WriteAsync(), _memory.State.Row("t", "p", "a")!.ETag, _memory.State.Size());

        _memory.Restore(before);
        var restored = (_memory.State.Rows("t").Single().ToString(), _memory.State.Blobs("c").Count, _memory.State.Size());

        Assert.Equal(("p/a A=1", 0, new StoredSize(1, 22, 0, 0, 0)), restored);
        Assert.Equal(written, (await WriteAsync(), _memory.State.Row("t", "p", "a")!.ETag, _memory.State.Size()));

        async Task<ETag> WriteAsync()
        {
            await table.UpsertEntityAsync(new TableEntity("p", "a") { ["A"] = 2 }, cancellationToken: Stop);
            return (await blob.UploadAsync(new BinaryData("abc"), overwrite: true, Stop)).Value.ETag;
        }
    }

    [Theory]
    [InlineData(1, int.MaxValue)]
    [InlineData(2, int.MaxValue)]
    [InlineData(1000, 3)]
    public async Task Small_pages_give_the_same_rows_and_blobs(int page, int scan)
    {
        (_memory.TablePage, _memory.TableScan, _memory.BlobPage) = (page, scan, page);
        var (table, _) = await MadeAsync(_memory.Open());
        var container = Storage(_memory.Open()).Blob.GetParentBlobContainerClient();
        for (var i = 0; i < 7; i++)
        {
            await table.AddEntityAsync(new TableEntity("p", $"{i}") { ["Odd"] = i % 2 == 1 }, Stop);
            await container.GetBlobClient($"{i / 3}/{i}").UploadAsync(new BinaryData("a"), Stop);
        }

        Assert.Equal(
            ["1", "3", "5"],
            await table.QueryAsync<TableEntity>("Odd eq true", cancellationToken: Stop).Select(r => r.RowKey).ToListAsync(Stop)
        );
        Assert.Equal(
            ["0/0", "0/1", "0/2", "1/3", "1/4", "1/5", "2/6"],
            await container.GetBlobsAsync(cancellationToken: Stop).Select(b => b.Name).ToListAsync(Stop)
        );
        Assert.Equal(
            ["0/", "1/", "2/"],
            await container
                .GetBlobsByHierarchyAsync(BlobTraits.None, BlobStates.None, "/", "", Stop)
                .Select(b => b.Prefix)
                .Distinct()
                .ToListAsync(Stop)
        );
    }

    [Fact]
    public async Task Requests_are_counted_by_what_they_ask()
    {
        var (table, blob) = await MadeAsync(_memory.Open());
        await table.AddEntityAsync(new TableEntity("p", "a"), Stop);
        await StoragePlace.RefusalAsync(() => table.AddEntityAsync(new TableEntity("p", "a"), Stop));
        await blob.UploadAsync(new BinaryData("a"), Stop);

        Assert.Equal(
            [
                (StorageOperation.CreateTable, 1L),
                (StorageOperation.InsertEntity, 2),
                (StorageOperation.CreateContainer, 1),
                (StorageOperation.PutBlob, 1),
            ],
            _memory.Served.Select(s => (s.Key, s.Value))
        );
        Assert.Equal(5, _memory.Requests);
    }

    [Fact]
    public async Task Many_threads_at_once_lose_no_update()
    {
        const int Each = 200;
        var (table, _) = await MadeAsync(_memory.Open());
        await table.AddEntityAsync(new TableEntity("p", "r") { ["Count"] = 0 }, Stop);

        await Parallel.ForAsync(
            0,
            8,
            Stop,
            async (_, cancellationToken) =>
            {
                var own = Storage(_memory.Open()).Table;
                for (var done = 0; done < Each;)
                {
                    TableEntity row = await own.GetEntityAsync<TableEntity>("p", "r", cancellationToken: cancellationToken);
                    row["Count"] = row.GetInt32("Count") + 1;
                    if (
                        await StoragePlace.RefusalAsync(() =>
                            own.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace, cancellationToken)
                        ) == (0, null)
                    )
                        done++;
                }
            }
        );

        Assert.Equal(8 * Each, _memory.State.Row("t", "p", "r")!["Count"]);
    }

    [Fact]
    public async Task What_the_app_does_not_use_fails_loudly()
    {
        var (_, blob) = await MadeAsync(_memory.Open());

        await Assert.ThrowsAsync<NotSupportedException>(() => blob.CreateSnapshotAsync(cancellationToken: Stop));
    }

    [Fact]
    public async Task The_services_bounds_hold()
    {
        var (table, _) = await MadeAsync(_memory.Open());
        var wide = new TableEntity("p", "wide");
        for (var i = 0; i < 253; i++)
            wide[$"P{i}"] = i;
        var full = new TableEntity("p", "full");
        for (var i = 0; i < 17; i++)
            full[$"P{i}"] = new string('x', 32 << 10);

        Assert.Equal((400, "TooManyProperties"), await StoragePlace.RefusalAsync(() => table.AddEntityAsync(wide, Stop)));
        Assert.Equal(
            (400, "PropertyValueTooLarge"),
            await StoragePlace.RefusalAsync(() =>
                table.AddEntityAsync(new TableEntity("p", "r") { ["A"] = new string('x', (32 << 10) + 1) }, Stop)
            )
        );
        Assert.Equal((400, "EntityTooLarge"), await StoragePlace.RefusalAsync(() => table.AddEntityAsync(full, Stop)));
        await table.AddEntityAsync(new TableEntity("p", "r") { ["A"] = new string('x', 32 << 10), ["B"] = new byte[64 << 10] }, Stop);
    }

    [Fact]
    public async Task A_blob_takes_as_many_appends_as_it_may()
    {
        _memory.MaxAppends = 2;
        var log = (await MadeAsync(_memory.Open())).Blob.GetParentBlobContainerClient().GetAppendBlobClient("log");
        await log.CreateAsync(cancellationToken: Stop);
        Task AppendAsync() => log.AppendBlockAsync(new MemoryStream([1]), cancellationToken: Stop);

        await AppendAsync();
        await AppendAsync();

        Assert.Equal((409, "BlockCountExceedsLimit"), await StoragePlace.RefusalAsync(AppendAsync));
        Assert.Equal(50_000, new MemoryStorage(_clock).MaxAppends);
    }

    private async Task<(TableClient Table, BlobClient Blob)> MadeAsync(MemoryStorageTransport process)
    {
        var made = Storage(process);
        await made.Table.CreateAsync(Stop);
        await made.Blob.GetParentBlobContainerClient().CreateAsync(cancellationToken: Stop);
        return made;
    }

    // As the app makes its clients, with its way to retry.
    private static (TableClient Table, BlobClient Blob) Storage(MemoryStorageTransport process)
    {
        var storage = new StateStorage(StorageOptions.Read(Settings), process, TimeSpan.Zero);
        return (storage.Tables.GetTableClient("t"), storage.Blobs.GetBlobContainerClient("c").GetBlobClient("b"));
    }
}
