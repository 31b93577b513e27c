using System.Text.Json;
using Azure.Data.Tables;
using Compliance.Storage;
using Compliance.Text;

namespace Compliance.Minimization.Sweeps;

/// <summary>
/// Keeps sweeps in table <c>sweeps</c>: a partition a tenant, a row a sweep, and row <c>current</c> that names the one that may act: two
/// never do at once. Storage Table Data Contributor.
/// </summary>
internal sealed class TableSweeps(StateStorage storage)
{
    /// <summary>The table. It is stored: it never changes.</summary>
    public const string Table = "sweeps";

    private const string Current = "current";
    private const string Body = "Body";
    private const string SweepId = "SweepId";

    /// <summary>Begins a sweep, unless another one is open.</summary>
    /// <returns>The sweep that is open now: this one, or the other.</returns>
    /// <exception cref="Azure.RequestFailedException">It is not known to be kept. Ask again.</exception>
    public async Task<Sweep> BeginAsync(Sweep sweep, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(sweep);
        var table = await storage.TableAsync(Table, cancellationToken);
        // Its row first: the current one then always is there.
        await table.ChangeRowAsync(Partition(sweep.TenantId), Key(sweep.Id), row => row is null ? Row(sweep) : null, cancellationToken);
        Sweep? open = null;
        await table.ChangeRowAsync(
            Partition(sweep.TenantId),
            Current,
            async row =>
            {
                open = row?.GetString(SweepId) is { } id ? await FindAsync(sweep.TenantId, id, cancellationToken) : null;
                if (open is { IsOpen: true })
                    return null;
                open = null;
                return new TableEntity(Partition(sweep.TenantId), Current) { [SweepId] = sweep.Id };
            },
            cancellationToken
        );
        if (open is null || open.Id == sweep.Id)
            return await FindAsync(sweep.TenantId, sweep.Id, cancellationToken) ?? sweep;
        await table.DeleteEntityAsync(Partition(sweep.TenantId), Key(sweep.Id), cancellationToken: cancellationToken);
        return open;
    }

    /// <summary>A sweep; null when there is none of that id.</summary>
    public async Task<Sweep?> FindAsync(string tenantId, string id, CancellationToken cancellationToken) =>
        id != Current
        && await (await storage.TableAsync(Table, cancellationToken)).FindRowAsync(Partition(tenantId), Key(id), cancellationToken)
            is { } row
            ? Read(row)
            : null;

    /// <summary>All sweeps, the newest first.</summary>
    public async Task<IReadOnlyList<Sweep>> AllAsync(string tenantId, CancellationToken cancellationToken)
    {
        var table = await storage.TableAsync(Table, cancellationToken);
        var sweeps = new List<Sweep>();
        await foreach (
            var row in table.QueryAsync<TableEntity>(
                TableClient.CreateQueryFilter($"PartitionKey eq {Partition(tenantId)} and RowKey ne {Current}"),
                cancellationToken: cancellationToken
            )
        )
            sweeps.Add(Read(row));
        return [.. sweeps.OrderByDescending(s => s.At).ThenByDescending(s => s.Id, StringComparer.Ordinal)];
    }

    /// <summary>
    /// Sweeps that should be running. One that was cut off before it was known as the current one becomes that now, or goes where another
    /// one is: two never act.
    /// </summary>
    public async Task<IReadOnlyList<Sweep>> ExpectedAsync(string tenantId, CancellationToken cancellationToken)
    {
        var expected = new List<Sweep>();
        foreach (var sweep in await AllAsync(tenantId, cancellationToken))
            if (sweep.Stage == SweepStage.Retained || (sweep.IsOpen && (await BeginAsync(sweep, cancellationToken)).Id == sweep.Id))
                expected.Add(sweep);
        return expected;
    }

    /// <summary>Changes a sweep by compare-and-set.</summary>
    /// <returns>The sweep as it is now.</returns>
    /// <exception cref="KeyNotFoundException">There is none of that id.</exception>
    public async Task<Sweep> ChangeAsync(string tenantId, string id, Func<Sweep, Sweep> change, CancellationToken cancellationToken)
    {
        Sweep? after = null;
        await (await storage.TableAsync(Table, cancellationToken)).ChangeRowAsync(
            Partition(tenantId),
            Key(id),
            row =>
            {
                if (row is null)
                    return null;
                var before = Read(row);
                after = change(before);
                return after == before ? null : Row(after);
            },
            cancellationToken
        );
        return after ?? throw new KeyNotFoundException($"there is no sweep {id}");
    }

    private static TableEntity Row(Sweep sweep) =>
        new(Partition(sweep.TenantId), Key(sweep.Id)) { [Body] = JsonSerializer.Serialize(sweep, ComplianceJson.Compact) };

    private static Sweep Read(TableEntity row) => JsonSerializer.Deserialize<Sweep>(row.GetString(Body), ComplianceJson.Compact)!;

    private static string Partition(string tenantId) => StateKeys.Safe(tenantId, "a tenant id");

    private static string Key(string id) => StateKeys.Safe(id, "a sweep's id");
}
