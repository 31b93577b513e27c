using Azure;
using Azure.Data.Tables;
using Testing;
using static Simulation.Tests.Storage.StoragePlace;

namespace Simulation.Tests.Storage;

public sealed class AzuriteTableTests(AzuriteFixture azurite) : TableContract(StoragePlace.On(azurite));

public sealed class MemoryTableTests() : TableContract(InMemory())
{
    // As Azure has it; Azurite applies such a transaction.
    [Fact]
    public async Task A_transaction_touches_one_partition()
    {
        var table = await Place.TableAsync("apart");
        TableTransactionAction Add(string partition, string row) => new(TableTransactionActionType.Add, new TableEntity(partition, row));

        var refused = await RefusalAsync(() =>
            table.SubmitTransactionAsync([Add("p", "a"), Add("q", "b")], TestContext.Current.CancellationToken)
        );

        Assert.Equal((400, "CommandsInBatchActOnDifferentPartitions"), refused);
    }
}

/// <summary>What the app relies on in the table service.</summary>
public abstract class TableContract(StoragePlace place)
{
    protected StoragePlace Place => place;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_table_is_made_once_and_is_gone_once_it_is_deleted()
    {
        var table = place.Tables.GetTableClient("once");
        var row = new TableEntity("p", "r");

        Assert.Equal((404, "TableNotFound"), await RefusalAsync(() => table.AddEntityAsync(row, Stop)));
        Assert.Equal(
            (404, "TableNotFound"),
            await RefusalAsync(() => table.GetEntityAsync<TableEntity>("p", "r", cancellationToken: Stop))
        );
        Assert.Equal((404, "TableNotFound"), await RefusalAsync(() => ReadAsync(table, null)));
        Assert.Equal(
            (404, "TableNotFound"),
            await RefusalAsync(() => table.SubmitTransactionAsync([new(TableTransactionActionType.Add, row)], Stop))
        );
        Assert.Equal(204, (await table.CreateIfNotExistsAsync(Stop)).GetRawResponse().Status);
        // The client makes an answer of the refusal, no exception.
        Assert.Equal(409, (await table.CreateIfNotExistsAsync(Stop)).GetRawResponse().Status);
        Assert.Equal((409, "TableAlreadyExists"), await RefusalAsync(() => table.CreateAsync(Stop)));
        Assert.Equal(
            "once",
            await place.Tables.QueryAsync(t => t.Name == "once", cancellationToken: Stop).Select(t => t.Name).SingleAsync(Stop)
        );
        Assert.Equal(204, (await table.DeleteAsync(Stop)).Status);
        Assert.Equal(404, (await table.DeleteAsync(Stop)).Status);
    }

    [Fact]
    public async Task Every_type_of_value_comes_back_as_it_was_written()
    {
        var table = await place.TableAsync("types");
        var row = new TableEntity("p", "r")
        {
            ["Text"] = "it's \"quoted\" <é> \U0001F600\r\n\t",
            ["Empty"] = "",
            ["Looks"] = "2026-03-01T06:00:00Z",
            ["Yes"] = true,
            ["Int"] = -7,
            ["Long"] = long.MaxValue,
            ["SmallLong"] = 5L,
            ["Double"] = 2.5,
            ["WholeDouble"] = 3.0,
            ["Huge"] = 1e300,
            ["At"] = new DateTimeOffset(2026, 3, 1, 6, 0, 0, TimeSpan.Zero),
            ["AtTicks"] = new DateTimeOffset(2026, 3, 1, 6, 0, 0, TimeSpan.Zero).AddTicks(1234567),
            ["Id"] = new Guid("11111111-2222-3333-4444-555555555555"),
            ["Bytes"] = new byte[] { 0, 1, 255 },
            ["Nothing"] = null,
        };

        await table.AddEntityAsync(row, Stop);
        TableEntity read = await table.GetEntityAsync<TableEntity>("p", "r", cancellationToken: Stop);

        var expected = row.Where(p => p.Value is not null).OrderBy(p => p.Key, StringComparer.Ordinal).ToList();
        var values = read.Where(p => p.Key is not "odata.etag" and not "Timestamp").OrderBy(p => p.Key, StringComparer.Ordinal).ToList();
        Assert.Equal(expected.Select(p => (p.Key, p.Value.GetType())), values.Select(p => (p.Key, p.Value.GetType())));
        Assert.Equal(expected.Select(p => p.Value), values.Select(p => p.Value));
        Assert.NotNull(read.Timestamp);
    }

    [Fact]
    public async Task A_row_is_added_once()
    {
        var table = await place.TableAsync("adds");

        var added = await table.AddEntityAsync(new TableEntity("p", "r") { ["A"] = 1 }, Stop);

        Assert.Equal((204, await VersionAsync(table, "r")), (added.Status, added.Headers.ETag!.Value));
        Assert.Equal((409, "EntityAlreadyExists"), await RefusalAsync(() => table.AddEntityAsync(new TableEntity("p", "r"), Stop)));
        Assert.Equal(
            (404, "ResourceNotFound"),
            await RefusalAsync(() => table.GetEntityAsync<TableEntity>("p", "R", cancellationToken: Stop))
        );
        Assert.False((await table.GetEntityIfExistsAsync<TableEntity>("p", "none", cancellationToken: Stop)).HasValue);
    }

    [Fact]
    public async Task An_update_is_held_to_the_version_it_names()
    {
        var table = await place.TableAsync("updates");
        var first = (await table.AddEntityAsync(new TableEntity("p", "r") { ["A"] = 1, ["B"] = 1 }, Stop)).Headers.ETag!.Value;

        var second = (await table.UpdateEntityAsync(new TableEntity("p", "r") { ["A"] = 2 }, first, TableUpdateMode.Replace, Stop))
            .Headers
            .ETag!
            .Value;

        Assert.NotEqual(first, second);
        Assert.Equal(
            (412, "UpdateConditionNotSatisfied"),
            await RefusalAsync(() => table.UpdateEntityAsync(new TableEntity("p", "r"), first, TableUpdateMode.Replace, Stop))
        );
        Assert.Equal(
            (412, "UpdateConditionNotSatisfied"),
            await RefusalAsync(() => table.UpdateEntityAsync(new TableEntity("p", "r"), first, TableUpdateMode.Merge, Stop))
        );
        Assert.Equal((412, "UpdateConditionNotSatisfied"), await RefusalAsync(() => table.DeleteEntityAsync("p", "r", first, Stop)));
        Assert.Equal(
            (404, "ResourceNotFound"),
            await RefusalAsync(() => table.UpdateEntityAsync(new TableEntity("p", "none"), first, TableUpdateMode.Replace, Stop))
        );
        Assert.Equal(
            (404, "ResourceNotFound"),
            await RefusalAsync(() => table.UpdateEntityAsync(new TableEntity("p", "none"), ETag.All, TableUpdateMode.Merge, Stop))
        );
        Assert.Equal("p/r A=2", Assert.Single(await ReadAsync(table, null)));
        Assert.Equal(second, await VersionAsync(table, "r"));
    }

    [Fact]
    public async Task A_merge_keeps_what_it_does_not_name_and_a_replacement_does_not()
    {
        var table = await place.TableAsync("merges");
        await table.AddEntityAsync(new TableEntity("p", "r") { ["A"] = 1, ["B"] = "b" }, Stop);

        await table.UpdateEntityAsync(
            new TableEntity("p", "r")
            {
                ["B"] = 2,
                ["C"] = true,
                ["A"] = null,
            },
            ETag.All,
            TableUpdateMode.Merge,
            Stop
        );
        var merged = await ReadAsync(table, null);
        await table.UpsertEntityAsync(new TableEntity("p", "r") { ["D"] = 4 }, TableUpdateMode.Merge, Stop);
        await table.UpsertEntityAsync(new TableEntity("p", "s") { ["E"] = 5 }, TableUpdateMode.Merge, Stop);
        var upserted = await ReadAsync(table, null);
        await table.UpsertEntityAsync(new TableEntity("p", "r") { ["F"] = 6 }, TableUpdateMode.Replace, Stop);

        Assert.Equal(["p/r A=1 B=2 C=True"], merged);
        Assert.Equal(["p/r A=1 B=2 C=True D=4", "p/s E=5"], upserted);
        Assert.Equal(["p/r F=6", "p/s E=5"], await ReadAsync(table, null));
    }

    [Fact]
    public async Task A_row_that_is_not_there_is_deleted_without_an_error()
    {
        var table = await place.TableAsync("deletes");
        await table.AddEntityAsync(new TableEntity("p", "r"), Stop);

        // The client makes an answer of 404 of it, no exception.
        Assert.Equal(204, (await table.DeleteEntityAsync("p", "r", ETag.All, Stop)).Status);
        Assert.Equal(404, (await table.DeleteEntityAsync("p", "r", ETag.All, Stop)).Status);
        Assert.Empty(await ReadAsync(table, null));
    }

    [Fact]
    public async Task Keys_with_characters_of_their_own_come_back_whole()
    {
        var table = await place.TableAsync("keys");
        string[] keys = ["it's", "a b", "a+b", "a%2Fb", "é", "a=b&c", "(x)", "a,RowKey='b'", "\U0001F600", "~-_.:@|"];
        foreach (var key in keys)
            await table.AddEntityAsync(new TableEntity(key, key) { ["Key"] = key }, Stop);

        var read = new List<string>();
        foreach (var key in keys)
        {
            read.Add((await table.GetEntityAsync<TableEntity>(key, key, cancellationToken: Stop)).Value.GetString("Key"));
            Assert.Equal(
                [$"{key}/{key} Key={key}"],
                await ReadAsync(table, TableClient.CreateQueryFilter($"PartitionKey eq {key} and RowKey eq {key}"))
            );
        }

        Assert.Equal(keys, read);
    }

    [Theory]
    [InlineData("", "a/1 a/2 a/3 b/1 b/2 c/1")]
    [InlineData("PartitionKey eq 'a'", "a/1 a/2 a/3")]
    [InlineData("PartitionKey eq 'a' and RowKey ge '2'", "a/2 a/3")]
    [InlineData("PartitionKey eq 'a' and RowKey gt '1' and RowKey lt '3'", "a/2")]
    [InlineData("PartitionKey ge 'a' and PartitionKey lt 'c' and Status ne 'open'", "a/2 b/2")]
    [InlineData("PartitionKey gt 'a' and PartitionKey le 'b'", "b/1 b/2")]
    [InlineData("PartitionKey eq 'a' or PartitionKey eq 'c'", "a/1 a/2 a/3 c/1")]
    [InlineData("(PartitionKey eq 'a' or PartitionKey eq 'c') and RowKey eq '1'", "a/1 c/1")]
    [InlineData("Done eq true", "a/2 b/2")]
    [InlineData("Done eq false and PartitionKey eq 'a'", "a/1 a/3")]
    [InlineData("Count gt 2", "a/3 b/1")]
    [InlineData("Big le 20L", "a/1 a/2")]
    [InlineData("Share lt 0.5", "a/1")]
    [InlineData("At lt datetime'2026-03-03T00:00:00Z'", "a/1 a/2")]
    [InlineData("Id eq guid'00000000-0000-0000-0000-000000000002'", "a/2")]
    [InlineData("not (PartitionKey eq 'a')", "b/1 b/2 c/1")]
    [InlineData("Status eq 'it''s'", "c/1")]
    public async Task A_filter_gives_the_rows_that_meet_it_in_the_order_of_their_keys(string filter, string expected)
    {
        var table = place.Tables.GetTableClient("filters");
        await table.CreateIfNotExistsAsync(Stop);
        await AddSamplesAsync(table);

        var rows = await table
            .QueryAsync<TableEntity>(filter.Length == 0 ? null : filter, cancellationToken: Stop)
            .Select(r => $"{r.PartitionKey}/{r.RowKey}")
            .ToListAsync(Stop);

        Assert.Equal(expected, string.Join(' ', rows));
    }

    [Fact]
    public async Task Pages_end_where_they_are_asked_to_and_join_without_a_gap()
    {
        var table = await place.TableAsync("pages");
        await AddSamplesAsync(table);

        var pages = new List<string>();
        await foreach (var page in table.QueryAsync<TableEntity>("RowKey ne '2'", maxPerPage: 2, cancellationToken: Stop).AsPages())
            pages.Add(string.Join(' ', page.Values.Select(r => $"{r.PartitionKey}/{r.RowKey}")));

        // A service may give a last page without rows.
        Assert.Equal(["a/1 a/3", "b/1 c/1"], pages.Where(p => p.Length > 0));
    }

    [Fact]
    public async Task Only_what_is_selected_is_given()
    {
        var table = await place.TableAsync("selects");
        await table.AddEntityAsync(new TableEntity("p", "r") { ["A"] = 1, ["B"] = 2 }, Stop);

        var read = await table
            .QueryAsync<TableEntity>("PartitionKey eq 'p'", select: ["PartitionKey", "RowKey"], cancellationToken: Stop)
            .SingleAsync(Stop);

        Assert.Equal(("p", "r", false, false), (read.PartitionKey, read.RowKey, read.ContainsKey("A"), read.ContainsKey("B")));
    }

    [Fact]
    public async Task A_transaction_is_applied_as_a_whole()
    {
        var table = await place.TableAsync("whole");
        await table.AddEntityAsync(new TableEntity("p", "replaced") { ["A"] = 1, ["B"] = 1 }, Stop);
        await table.AddEntityAsync(new TableEntity("p", "merged") { ["A"] = 1, ["B"] = 1 }, Stop);
        await table.AddEntityAsync(new TableEntity("p", "deleted"), Stop);

        var answer = await table.SubmitTransactionAsync(
            [
                new(
                    TableTransactionActionType.Add,
                    new TableEntity("p", "added") { ["Text"] = "it's <é>\r\n\r\n--", ["Bytes"] = new byte[] { 1 } }
                ),
                new(
                    TableTransactionActionType.UpdateReplace,
                    new TableEntity("p", "replaced") { ["A"] = 2 },
                    await VersionAsync(table, "replaced")
                ),
                new(TableTransactionActionType.UpdateMerge, new TableEntity("p", "merged") { ["A"] = 2 }, ETag.All),
                new(TableTransactionActionType.Delete, new TableEntity("p", "deleted"), await VersionAsync(table, "deleted")),
                new(TableTransactionActionType.UpsertReplace, new TableEntity("p", "upserted") { ["A"] = 3 }),
                new(TableTransactionActionType.UpsertMerge, new TableEntity("p", "upserted2") { ["A"] = 4 }),
            ],
            Stop
        );

        Assert.Equal([204, 204, 204, 204, 204, 204], answer.Value.Select(a => a.Status));
        Assert.Equal(
            [
                await VersionAsync(table, "added"),
                await VersionAsync(table, "replaced"),
                await VersionAsync(table, "merged"),
                await VersionAsync(table, "upserted"),
                await VersionAsync(table, "upserted2"),
            ],
            answer.Value.Where((_, i) => i != 3).Select(a => a.Headers.ETag!.Value)
        );
        Assert.Equal(
            ["p/added Bytes=01 Text=it's <é>\r\n\r\n--", "p/merged A=2 B=1", "p/replaced A=2", "p/upserted A=3", "p/upserted2 A=4"],
            await ReadAsync(table, null)
        );
    }

    [Theory]
    [InlineData("added twice", 409, "EntityAlreadyExists", 1)]
    [InlineData("old version", 412, "UpdateConditionNotSatisfied", 1)]
    [InlineData("not there", 404, "ResourceNotFound", 1)]
    [InlineData("old version deleted", 412, "UpdateConditionNotSatisfied", 1)]
    public async Task A_transaction_that_is_refused_changes_nothing_and_names_the_row(string how, int status, string code, int index)
    {
        var table = await place.TableAsync($"refused{how.Replace(" ", "", StringComparison.Ordinal)}");
        var old = (await table.AddEntityAsync(new TableEntity("p", "there") { ["A"] = 1 }, Stop)).Headers.ETag!.Value;
        await table.UpdateEntityAsync(new TableEntity("p", "there") { ["A"] = 2 }, ETag.All, TableUpdateMode.Replace, Stop);
        TableTransactionAction refused = how switch
        {
            "added twice" => new(TableTransactionActionType.Add, new TableEntity("p", "there")),
            "old version" => new(TableTransactionActionType.UpdateReplace, new TableEntity("p", "there"), old),
            "not there" => new(TableTransactionActionType.UpdateReplace, new TableEntity("p", "none"), old),
            _ => new(TableTransactionActionType.Delete, new TableEntity("p", "there"), old),
        };

        var error = await Assert.ThrowsAsync<TableTransactionFailedException>(() =>
            table.SubmitTransactionAsync(
                [
                    new(TableTransactionActionType.Add, new TableEntity("p", "first")),
                    refused,
                    new(TableTransactionActionType.Add, new TableEntity("p", "last")),
                ],
                Stop
            )
        );

        Assert.Equal((status, code, (int?)index), (error.Status, error.ErrorCode, error.FailedTransactionActionIndex));
        Assert.Equal(["p/there A=2"], await ReadAsync(table, null));
    }

    [Fact]
    public async Task A_transaction_touches_each_row_once()
    {
        var table = await place.TableAsync("bounds");
        TableTransactionAction Add(string row) => new(TableTransactionActionType.Add, new TableEntity("p", row));

        Assert.Equal((400, "InvalidDuplicateRow"), await RefusalAsync(() => table.SubmitTransactionAsync([Add("a"), Add("a")], Stop)));
        Assert.Empty(await ReadAsync(table, null));
    }

    private static async Task AddSamplesAsync(TableClient table)
    {
        var day = new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
        TableEntity[] rows =
        [
            new("c", "1") { ["Status"] = "it's" },
            new("a", "3")
            {
                ["Status"] = "open",
                ["Done"] = false,
                ["Count"] = 3,
                ["At"] = day.AddDays(2),
            },
            new("a", "1")
            {
                ["Status"] = "open",
                ["Done"] = false,
                ["Count"] = 1,
                ["Big"] = 10L,
                ["Share"] = 0.25,
                ["At"] = day,
                ["Id"] = new Guid(1, 0, 0, new byte[8]),
            },
            new("a", "2")
            {
                ["Status"] = "closed",
                ["Done"] = true,
                ["Count"] = 2,
                ["Big"] = 20L,
                ["Share"] = 0.75,
                ["At"] = day.AddDays(1),
                ["Id"] = new Guid("00000000-0000-0000-0000-000000000002"),
            },
            new("b", "2") { ["Status"] = "closed", ["Done"] = true },
            new("b", "1") { ["Status"] = "open", ["Count"] = 9 },
        ];
        foreach (var row in rows)
            await table.UpsertEntityAsync(row, TableUpdateMode.Replace, Stop);
    }

    private static async Task<ETag> VersionAsync(TableClient table, string row) =>
        (await table.GetEntityAsync<TableEntity>("p", row, cancellationToken: Stop)).Value.ETag;

    private static async Task<List<string>> ReadAsync(TableClient table, string? filter)
    {
        var rows = new List<string>();
        await foreach (var row in table.QueryAsync<TableEntity>(filter, cancellationToken: Stop))
            rows.Add(
                $"{row.PartitionKey}/{row.RowKey}{string.Concat(row
                .Where(p => p.Key is not "odata.etag" and not "PartitionKey" and not "RowKey" and not "Timestamp")
                .OrderBy(p => p.Key, StringComparer.Ordinal)
                .Select(p => $" {p.Key}={(p.Value is byte[] bytes ? Convert.ToHexString(bytes) : p.Value)}"))}"
            );
        return rows;
    }
}
