using System.Runtime.CompilerServices;
using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using Compliance.Storage;

namespace Compliance.Findings;

/// <summary>Findings in table <c>findings</c>: one partition a tenant and control, one row a finding.</summary>
internal sealed class TableFindingStore(StateStorage storage) : IFindingStore
{
    /// <summary>The table.</summary>
    public const string Table = "findings";

    // The service's own limits of one transaction: 100 rows, 4 MiB.
    private const int MaxRows = 100;
    private const int MaxBytes = 3 << 20;

    // One transaction after the other leaves the wire idle; more than a few at once only queue up in the one partition.
    private const int AtOnce = 4;

    // A transaction that lost is decided again from what is stored. Each time some other writer made progress, so that a few are many.
    private const int MaxRaces = 9;

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<string, StoredFinding>> LoadAsync(
        string tenantId,
        IReadOnlyCollection<string> controlIds,
        CancellationToken cancellationToken
    )
    {
        var table = await storage.TableAsync(Table, cancellationToken);
        var found = new Dictionary<string, StoredFinding>(StringComparer.Ordinal);
        foreach (var partition in controlIds.Select(c => FindingRow.Partition(tenantId, c)).Distinct(StringComparer.Ordinal))
            await foreach (
                var stored in ReadAsync(table, tenantId, TableClient.CreateQueryFilter($"PartitionKey eq {partition}"), cancellationToken)
            )
                if (!found.TryAdd(stored.Finding.Id, stored))
                    throw new RequestFailedException(
                        $"table {Table} gave row {stored.Finding.Id} twice: its pages do not end where they should"
                    );
        return found;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<Finding> ListOpenAsync(string tenantId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var table = await storage.TableAsync(Table, cancellationToken);
        var (from, to) = (FindingRow.Prefix(tenantId), FindingRow.PrefixEnd(tenantId));
        var filter = TableClient.CreateQueryFilter($"PartitionKey ge {from} and PartitionKey lt {to} and Status ne {FindingRow.Resolved}");
        var open = new List<Finding>();
        await foreach (var stored in ReadAsync(table, tenantId, filter, cancellationToken))
            if (stored.Finding.Status != FindingStatus.Resolved)
                open.Add(stored.Finding);
        foreach (var finding in open.OrderByDescending(f => f.Detection.Severity).ThenBy(f => f.Id, StringComparer.Ordinal))
            yield return finding;
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A finding is of another tenant, or is given twice. Nothing was written.</exception>
    public async Task<IReadOnlyList<string>> SaveAsync(
        string tenantId,
        IReadOnlyCollection<StoredFinding> findings,
        CancellationToken cancellationToken
    )
    {
        var prefix = FindingRow.Prefix(tenantId);
        var rows = findings.Select(f => new Write(FindingRow.ToRow(f.Finding), f.ETag)).ToList();
        if (rows.Find(r => !r.Row.PartitionKey.StartsWith(prefix, StringComparison.Ordinal)) is { } foreign)
            throw new ArgumentException($"finding {foreign.Row.RowKey} belongs to another tenant", nameof(findings));
        if (rows.GroupBy(r => r.Row.RowKey, StringComparer.Ordinal).FirstOrDefault(g => g.Skip(1).Any()) is { } twice)
            throw new ArgumentException($"finding {twice.Key} is given twice", nameof(findings));
        if (rows.Count == 0)
            return [];

        var table = await storage.TableAsync(Table, cancellationToken);
        var losers = new System.Collections.Concurrent.ConcurrentBag<string>();
        var options = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(
            Transactions(rows),
            options,
            async (writes, token) =>
            {
                foreach (var id in await WriteAsync(table, writes, token))
                    losers.Add(id);
            }
        );
        return [.. losers.Order(StringComparer.Ordinal)];
    }

    private static IEnumerable<List<Write>> Transactions(List<Write> rows)
    {
        foreach (var partition in rows.GroupBy(r => r.Row.PartitionKey, StringComparer.Ordinal))
        {
            var batch = new List<Write>();
            var bytes = 0;
            // Sorted, so that the rows of one transaction can be read back as one range.
            foreach (var write in partition.OrderBy(w => w.Row.RowKey, StringComparer.Ordinal))
            {
                var weight = FindingRow.Weight(write.Row);
                if (batch.Count == MaxRows || (batch.Count > 0 && bytes + weight > MaxBytes))
                {
                    yield return batch;
                    (batch, bytes) = ([], 0);
                }
                batch.Add(write);
                bytes += weight;
            }
            yield return batch;
        }
    }

    /// <summary>
    /// Writes one transaction. When it is refused, what is stored shows for each row whether it lost, is written already, or can be tried
    /// again.
    /// </summary>
    private static async Task<List<string>> WriteAsync(TableClient table, List<Write> writes, CancellationToken cancellationToken)
    {
        var losers = new List<string>();
        await CompareAndSet.RunAsync(
            MaxRaces,
            async races =>
            {
                if (races > 0)
                    writes = await OpenAsync(table, writes, losers, cancellationToken);
                return writes.Count == 0 ? null : () => table.SubmitTransactionAsync(writes.Select(w => w.Action), cancellationToken);
            }
        );
        return losers;
    }

    // The writes that are still to be tried; who lost is added to the losers.
    private static async Task<List<Write>> OpenAsync(
        TableClient table,
        List<Write> writes,
        List<string> losers,
        CancellationToken cancellationToken
    )
    {
        var stored = await ReadBackAsync(table, writes, cancellationToken);
        var open = new List<Write>();
        foreach (var write in writes)
        {
            var there = stored.GetValueOrDefault(write.Row.RowKey);
            if (there?.ETag == write.ETag)
                open.Add(write);
            // Applied, but the answer got lost and the repeated request met its own traces: not a loser.
            else if (there?.Finding != FindingRow.Read(write.Row).Finding)
                losers.Add(write.Row.RowKey);
        }
        return open;
    }

    private static async Task<Dictionary<string, StoredFinding>> ReadBackAsync(
        TableClient table,
        List<Write> writes,
        CancellationToken cancellationToken
    )
    {
        var (partition, first, last) = (writes[0].Row.PartitionKey, writes[0].Row.RowKey, writes[^1].Row.RowKey);
        var ids = writes.Select(w => w.Row.RowKey).ToHashSet(StringComparer.Ordinal);
        var stored = new Dictionary<string, StoredFinding>(StringComparer.Ordinal);
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {partition} and RowKey ge {first} and RowKey le {last}");
        await foreach (var row in table.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
            if (ids.Contains(row.RowKey))
                stored[row.RowKey] = FindingRow.Read(row);
        return stored;
    }

    private static async IAsyncEnumerable<StoredFinding> ReadAsync(
        TableClient table,
        string tenantId,
        string filter,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await using var rows = table
            .QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken)
            .GetAsyncEnumerator(cancellationToken);
        while (await NextAsync(rows))
        {
            var stored = FindingRow.Read(rows.Current);
            // The partition is the tenant's; the column says it a second time.
            if (string.Equals(stored.Finding.TenantId, tenantId, StringComparison.OrdinalIgnoreCase))
                yield return stored;
        }
    }

    private static async ValueTask<bool> NextAsync(IAsyncEnumerator<TableEntity> rows)
    {
        try
        {
            return await rows.MoveNextAsync();
        }
        catch (JsonException e)
        {
            // A page that is cut off is no shorter list: it is no list.
            throw new RequestFailedException(0, $"table {Table} gave a page that is not whole: {e.Message}", e);
        }
    }

    private sealed record Write(TableEntity Row, string? ETag)
    {
        public TableTransactionAction Action =>
            ETag is null ? new(TableTransactionActionType.Add, Row) : new(TableTransactionActionType.UpdateReplace, Row, new ETag(ETag));
    }
}
