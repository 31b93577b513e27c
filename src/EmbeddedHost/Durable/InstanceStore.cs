using System.Globalization;
using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;

namespace EmbeddedHost.Durable;

/// <summary>Another process has taken this hub over: nothing is to be written any more.</summary>
internal sealed class HubLostException : InvalidOperationException
{
    public HubLostException()
    {
    }

    public HubLostException(string message)
        : base(message)
    {
    }

    public HubLostException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>
/// The hub's tables. <c>{hub}History</c> has one partition an instance, so that a step is one transaction: its new history rows and the instance's row, which is
/// replaced only if nobody else did (that keeps out a process that lost the hub and does not know it). <c>{hub}Open</c> has a row for every instance that
/// may not have ended; it is written before an instance begins and deleted after it ended.
/// </summary>
internal sealed class InstanceStore(TableServiceClient tables, string hub)
{
    // The service's limits are 100 operations and 4 MiB a transaction.
    private const int MostRows = 99;
    private const string OpenPartition = "open";

    private readonly TableClient _history = tables.GetTableClient(hub + "History");
    private readonly TableClient _open = tables.GetTableClient(hub + "Open");
    private readonly string _process = string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}-{Environment.TickCount64}");
    private long _commits;

    public async Task CreateAsync(CancellationToken stop)
    {
        await _history.CreateIfNotExistsAsync(stop);
        await _open.CreateIfNotExistsAsync(stop);
    }

    public Task BeginAsync(string instanceId) =>
        _open.UpsertEntityAsync(new TableEntity(OpenPartition, InstanceRows.Partition(instanceId)) { ["Id"] = instanceId }, TableUpdateMode.Replace);

    public Task EndAsync(string instanceId) => _open.DeleteEntityAsync(OpenPartition, InstanceRows.Partition(instanceId), ETag.All);

    public async Task<IReadOnlyList<string>> OpenAsync(CancellationToken stop)
    {
        var ids = new List<string>();
        await foreach (var row in _open.QueryAsync<TableEntity>(r => r.PartitionKey == OpenPartition, cancellationToken: stop))
            ids.Add(row.GetString("Id"));
        return ids;
    }

    public async Task<InstanceState?> FindAsync(string instanceId, CancellationToken stop)
    {
        var row = await _history.GetEntityIfExistsAsync<TableEntity>(InstanceRows.Partition(instanceId), InstanceRows.InstanceKey, cancellationToken: stop);
        return row.HasValue ? InstanceRows.Instance(row.Value!) : null;
    }

    public async IAsyncEnumerable<InstanceState> AllAsync([EnumeratorCancellation] CancellationToken stop)
    {
        await foreach (var row in _history.QueryAsync<TableEntity>(r => r.RowKey == InstanceRows.InstanceKey, cancellationToken: stop))
            yield return InstanceRows.Instance(row);
    }

    /// <summary>The history rows that count, in order.</summary>
    public async Task<List<HistoryEvent>> HistoryAsync(InstanceState state, CancellationToken stop)
    {
        var events = new List<HistoryEvent>(state.Length);
        if (state.Length == 0)
            return events;
        var filter = TableClient.CreateQueryFilter(
            $"PartitionKey eq {InstanceRows.Partition(state.Id)} and RowKey ge {InstanceRows.HistoryKey(state.Execution, 0)} and RowKey lt {InstanceRows.HistoryKey(state.Execution, state.Length)}");
        await foreach (var row in _history.QueryAsync<TableEntity>(filter, cancellationToken: stop))
            events.Add(InstanceRows.Event(row));
        return events.Count == state.Length
            ? events
            : throw new InvalidOperationException($"the history of orchestration instance '{state.Id}' has {events.Count} events, but its row says {state.Length}");
    }

    /// <summary>Writes a step. When this returns it is kept whole; before, not at all.</summary>
    /// <param name="state">The instance's row after the step, with the version before.</param>
    /// <param name="from">Number of the first new event.</param>
    /// <param name="news">The step's events.</param>
    /// <param name="stop">Gives up; the step may be kept all the same.</param>
    /// <exception cref="HubLostException">Another process wrote the instance.</exception>
    /// <exception cref="RequestFailedException">Storage failed: whether it is kept is not known; call again with the same commit.</exception>
    public async Task<InstanceState> CommitAsync(InstanceState state, int from, IReadOnlyList<HistoryEvent> news, CancellationToken stop)
    {
        state = state with { Commit = state.Commit ?? NextCommit() };
        var rows = news.Select((e, i) => new TableTransactionAction(TableTransactionActionType.UpsertReplace, InstanceRows.Of(state.Id, state.Execution, from + i, e))).ToList();
        // What does not fit one transaction goes ahead: rows beyond the instance's length do not count yet.
        while (rows.Count > MostRows)
        {
            await _history.SubmitTransactionAsync(rows.Take(MostRows), stop);
            rows.RemoveRange(0, MostRows);
        }

        var row = InstanceRows.Of(state);
        rows.Add(state.Version is { } version
            ? new TableTransactionAction(TableTransactionActionType.UpdateReplace, row, version)
            : new TableTransactionAction(TableTransactionActionType.Add, row));
        try
        {
            var answers = await _history.SubmitTransactionAsync(rows, stop);
            return state with { Version = answers.Value[^1].Headers.ETag };
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412)
        {
            // Our own commit whose answer was lost, or somebody else's.
            if (await FindAsync(state.Id, stop) is { } now && now.Commit == state.Commit)
                return state with { Version = now.Version };
            throw new HubLostException($"orchestration instance '{state.Id}' was written by another process: this one stops", e);
        }
    }

    /// <summary>Deletes the history of an execution that is over because the instance began anew.</summary>
    public async Task ForgetAsync(string instanceId, int execution, int length, CancellationToken stop)
    {
        var partition = InstanceRows.Partition(instanceId);
        foreach (var some in Enumerable.Range(0, length).Chunk(MostRows))
        {
            await _history.SubmitTransactionAsync(
                some.Select(n => new TableTransactionAction(TableTransactionActionType.Delete, new TableEntity(partition, InstanceRows.HistoryKey(execution, n)), ETag.All)), stop);
        }
    }

    /// <summary>A name for a commit that no other process gives.</summary>
    public string NextCommit() => string.Create(CultureInfo.InvariantCulture, $"{_process}-{Interlocked.Increment(ref _commits)}");
}
