using System.Globalization;
using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;

namespace EmbeddedHost.Durable;

/// <summary>
/// A hub in tables: <c>HUBEmbeddedHistory</c> with a partition an instance (its own row, and a row a commit), and <c>HUBEmbeddedIndex</c> with a
/// row an instance that is written when it is made and when it has ended: those not closed there are all that may be unfinished.
/// Needs Storage Table Data Contributor; locally a connection string.
/// </summary>
internal sealed class HubStore(TableServiceClient tables, string hub)
{
    /// <summary>The service takes 100 in a transaction; one is the instance's row.</summary>
    public const int MostRows = 90;

    private const string IndexPartition = "instances";

    private readonly TableClient _history = tables.GetTableClient(hub + "EmbeddedHistory");
    private readonly TableClient _index = tables.GetTableClient(hub + "EmbeddedIndex");

    /// <exception cref="RequestFailedException">Storage is down.</exception>
    public async Task PrepareAsync(CancellationToken stop)
    {
        await _history.CreateIfNotExistsAsync(stop);
        await _index.CreateIfNotExistsAsync(stop);
    }

    /// <summary>The instance and its history; null when there is none.</summary>
    /// <exception cref="RequestFailedException">Storage is down.</exception>
    public async Task<StoredInstance?> LoadAsync(string id, CancellationToken stop)
    {
        var partition = Keys.Escape(id);
        var rows = new Dictionary<string, TableEntity>();
        await foreach (var row in _history.QueryAsync<TableEntity>(r => r.PartitionKey == partition, cancellationToken: stop))
            rows.Add(row.RowKey, row);
        if (!rows.TryGetValue(Keys.InstanceRow, out var instance))
            return null;
        var record = Read(instance);
        return new StoredInstance(record, HistoryRows.Join(record, rows));
    }

    /// <summary>
    /// Appends to the history in one transaction. What does not fit into one goes before it: those rows count only once the instance's row says so.
    /// </summary>
    /// <param name="before">As stored; its ETag is null for an instance that is not.</param>
    /// <param name="after">As it will be; with another generation the old rows are removed.</param>
    /// <param name="events">What is appended.</param>
    /// <param name="stop">Gives up.</param>
    /// <returns>As stored now.</returns>
    /// <exception cref="InstanceConflictException">It was to be new and is stored already.</exception>
    /// <exception cref="HubLostException">Another process has written to it.</exception>
    /// <exception cref="RequestFailedException">Storage is down; whether it was written is open.</exception>
    public async Task<InstanceRecord> CommitAsync(InstanceRecord before, InstanceRecord after, IReadOnlyList<HistoryEvent> events, CancellationToken stop)
    {
        var partition = Keys.Escape(after.Id);
        var anew = after.Generation != before.Generation || before.ETag is null;
        var first = anew ? 0 : before.Rows;
        var rows = HistoryRows.Cut(partition, after.Generation, first, events);
        after = after with { Rows = first + rows.Count };
        var old = anew && before.ETag is not null
            ? Enumerable.Range(0, before.Rows).Select(r => new TableEntity(partition, Keys.Row(before.Generation, r)) { ETag = ETag.All }).ToList()
            : [];
        var ahead = rows.Count > 1 ? rows : [];
        foreach (var row in ahead)
            await _history.UpsertEntityAsync(row, TableUpdateMode.Replace, stop);
        var actions = new List<TableTransactionAction>();
        if (ahead.Count == 0)
            actions.AddRange(rows.Select(r => new TableTransactionAction(TableTransactionActionType.UpsertReplace, r)));
        var swept = old.Count <= MostRows;
        if (swept)
            actions.AddRange(old.Select(r => new TableTransactionAction(TableTransactionActionType.Delete, r)));
        actions.Add(before.ETag is { } tag
            ? new TableTransactionAction(TableTransactionActionType.UpdateReplace, Write(after), tag)
            : new TableTransactionAction(TableTransactionActionType.Add, Write(after)));
        ETag stored;
        try
        {
            var answer = await _history.SubmitTransactionAsync(actions, stop);
            stored = answer.Value[^1].Headers.ETag ?? throw new InvalidDataException("a transaction was answered without an ETag");
        }
        catch (RequestFailedException e) when (e.Status is 404 or 409 or 412)
        {
            stored = await OwnAsync(before, after, e, stop);
        }

        if (!swept)
            await SweepAsync(old, stop);
        return after with { ETag = stored };
    }

    /// <summary>Says that the instance may be unfinished.</summary>
    public async Task OpenAsync(InstanceRecord record, CancellationToken stop) => await IndexAsync(record, true, stop);

    /// <summary>Says that the instance has ended and owes nobody anything.</summary>
    public async Task CloseAsync(InstanceRecord record, CancellationToken stop) => await IndexAsync(record, false, stop);

    /// <summary>Ids of all that may be unfinished.</summary>
    public async Task<IReadOnlyList<string>> UnfinishedAsync(CancellationToken stop)
    {
        var ids = new List<string>();
        await foreach (var row in _index.QueryAsync<TableEntity>(r => r.PartitionKey == IndexPartition && r.GetBoolean("Open") == true, select: ["InstanceId"], cancellationToken: stop))
            ids.Add(row.GetString("InstanceId"));
        return ids;
    }

    /// <summary>Those the index has, in order of key: with a page's end to go on from.</summary>
    public async Task<(IReadOnlyList<InstanceRecord> Rows, string? Next)> ListAsync(string? after, string? prefix, int most, CancellationToken stop)
    {
        var from = after ?? "";
        var least = Keys.Escape(prefix ?? "");
        var beyond = least + '\uFFFF';
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {IndexPartition} and RowKey gt {from}");
        if (least.Length > 0)
            filter += " and " + TableClient.CreateQueryFilter($"RowKey ge {least} and RowKey lt {beyond}");
        var rows = new List<InstanceRecord>();
        await foreach (var row in _index.QueryAsync<TableEntity>(filter, most, cancellationToken: stop))
        {
            rows.Add(Read(row));
            if (rows.Count == most)
                return (rows, row.RowKey);
        }

        return (rows, null);
    }

    /// <summary>Forgets an instance: first its history, then that it was.</summary>
    public async Task RemoveAsync(StoredInstance instance, CancellationToken stop)
    {
        var partition = Keys.Escape(instance.Record.Id);
        var rows = new List<TableEntity>();
        await foreach (var row in _history.QueryAsync<TableEntity>(r => r.PartitionKey == partition, select: ["PartitionKey", "RowKey"], cancellationToken: stop))
            rows.Add(row);
        // The instance's own row goes last, so that one left half removed can be removed again.
        await SweepAsync([.. rows.OrderBy(r => r.RowKey == Keys.InstanceRow)], stop);
        await ForgetAsync(instance.Record.Id, stop);
    }

    /// <summary>Takes the instance out of the index.</summary>
    public async Task ForgetAsync(string id, CancellationToken stop) => await _index.DeleteEntityAsync(IndexPartition, Keys.Escape(id), ETag.All, stop);

    private async Task IndexAsync(InstanceRecord record, bool open, CancellationToken stop)
    {
        var row = Write(record);
        row.PartitionKey = IndexPartition;
        row.RowKey = Keys.Escape(record.Id);
        row["Open"] = open;
        await _index.UpsertEntityAsync(row, TableUpdateMode.Replace, stop);
    }

    // A refused commit may be our own whose answer got lost.
    private async Task<ETag> OwnAsync(InstanceRecord before, InstanceRecord after, RequestFailedException refused, CancellationToken stop)
    {
        var row = await _history.GetEntityIfExistsAsync<TableEntity>(Keys.Escape(after.Id), Keys.InstanceRow, cancellationToken: stop);
        if (row.HasValue && row.Value!.GetString("Commit") == after.Commit)
            return row.Value.ETag;
        if (row.HasValue && before.ETag is null)
            throw new InstanceConflictException(Read(row.Value!));
        if (refused.Status == 404 && refused.ErrorCode == TableErrorCode.TableNotFound)
            throw refused;
        throw new HubLostException($"another process wrote to orchestration '{after.Id}' of task hub {hub}");
    }

    private async Task SweepAsync(IReadOnlyList<TableEntity> rows, CancellationToken stop)
    {
        foreach (var chunk in rows.Chunk(MostRows))
        {
            foreach (var row in chunk)
                row.ETag = ETag.All;
            await _history.SubmitTransactionAsync(chunk.Select(r => new TableTransactionAction(TableTransactionActionType.Delete, r, ETag.All)), stop);
        }
    }

    private static TableEntity Write(InstanceRecord record)
    {
        var row = new TableEntity(Keys.Escape(record.Id), Keys.InstanceRow)
        {
            ["InstanceId"] = record.Id,
            ["Name"] = record.Name,
            ["Execution"] = record.Execution,
            ["Generation"] = record.Generation,
            ["Rows"] = record.Rows,
            ["Status"] = record.Status.ToString(),
            ["Created"] = record.Created.ToString("O", CultureInfo.InvariantCulture),
            ["Updated"] = record.Updated.ToString("O", CultureInfo.InvariantCulture),
            ["Commit"] = record.Commit,
        };
        if (record.StartAt is { } start)
            row["StartAt"] = start.ToString("O", CultureInfo.InvariantCulture);
        return row;
    }

    private static InstanceRecord Read(TableEntity row) => new()
    {
        Id = row.GetString("InstanceId"),
        Name = row.GetString("Name"),
        Execution = row.GetString("Execution"),
        Generation = row.GetInt32("Generation") ?? 0,
        Rows = row.GetInt32("Rows") ?? 0,
        Status = Enum.Parse<OrchestrationRuntimeStatus>(row.GetString("Status")),
        Created = Time(row.GetString("Created")),
        Updated = Time(row.GetString("Updated")),
        StartAt = row.GetString("StartAt") is { } start ? Time(start) : null,
        Commit = row.GetString("Commit"),
        ETag = row.ETag,
    };

    // Text, because the service's own type cuts off below 100 ns and begins in 1601.
    private static DateTimeOffset Time(string text) => DateTimeOffset.ParseExact(text, "O", CultureInfo.InvariantCulture);
}
