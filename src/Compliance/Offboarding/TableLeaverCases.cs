using System.Globalization;
using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using Compliance.Findings;
using Compliance.State;

namespace Compliance.Offboarding;

/// <summary>Leaver cases in table <c>leavercases</c>: partition key tenant, row key case id, the case as JSON. Storage Table Data Contributor.</summary>
internal sealed class TableLeaverCases(StateStorage storage) : ILeaverCases
{
    /// <summary>The table.</summary>
    public const string Table = "leavercases";

    // A text property holds 64 KiB, which is so many UTF-16 characters.
    private const int LongestText = 32 * 1024;

    // Each lost race means that another writer's change was kept.
    private const int MostRaces = 50;

    /// <inheritdoc/>
    public async Task<LeaverCase?> FindAsync(string tenantId, string caseId, CancellationToken stop)
    {
        var row = await RowAsync(await storage.TableAsync(Table, stop), tenantId, caseId, stop);
        return row is null ? null : Read(row);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<LeaverCase>> AllAsync(string tenantId, CancellationToken stop)
    {
        var table = await storage.TableAsync(Table, stop);
        var cases = new List<LeaverCase>();
        await foreach (var row in table.QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"PartitionKey eq {PartitionOf(tenantId)}"), cancellationToken: stop))
            cases.Add(Read(row));
        return cases;
    }

    /// <inheritdoc/>
    public Task<LeaverCase> ChangeAsync(string tenantId, string caseId, Func<LeaverCase, LeaverCase> change, CancellationToken stop) =>
        ChangeOrAddAsync(tenantId, caseId, known => change(known ?? throw new KeyNotFoundException($"there is no leaver case {caseId}")), stop);

    /// <summary>As <see cref="ChangeAsync"/>, and makes the case when there is none: <paramref name="change"/> then gets null.</summary>
    /// <exception cref="RequestFailedException">Storage failed, or others changed the case in every attempt.</exception>
    public async Task<LeaverCase> ChangeOrAddAsync(string tenantId, string caseId, Func<LeaverCase?, LeaverCase> change, CancellationToken stop)
    {
        var table = await storage.TableAsync(Table, stop);
        for (var races = 0; ; races++)
        {
            var row = await RowAsync(table, tenantId, caseId, stop);
            var before = row is null ? null : Read(row);
            var after = change(before);
            if (after == before)
                return after;
            try
            {
                await (row is null ? table.AddEntityAsync(RowOf(after), stop) : table.UpdateEntityAsync(RowOf(after), row.ETag, TableUpdateMode.Replace, stop));
                return after;
            }
            catch (RequestFailedException e) when (e.Status is 404 or 409 or 412 && races < MostRaces)
            {
                // Another writer was quicker, or our own write was kept and its answer lost: decide again from what is there.
            }
        }
    }

    private static async Task<TableEntity?> RowAsync(TableClient table, string tenantId, string caseId, CancellationToken stop)
    {
        var row = await table.GetEntityIfExistsAsync<TableEntity>(PartitionOf(tenantId), RowKeyOf(caseId), cancellationToken: stop);
        return row.HasValue ? row.Value : null;
    }

    private static TableEntity RowOf(LeaverCase @case)
    {
        var row = new TableEntity(PartitionOf(@case.TenantId), RowKeyOf(@case.Id))
        {
            // For people who look at the table; the JSON is what is read.
            ["Stage"] = @case.Stage.ToString(),
        };
        var json = JsonSerializer.Serialize(@case, ComplianceJson.Compact);
        var parts = 0;
        for (var at = 0; at < json.Length; at += LongestText)
            row[Part(parts++)] = json.Substring(at, Math.Min(LongestText, json.Length - at));
        return row;
    }

    private static LeaverCase Read(TableEntity row)
    {
        var json = string.Concat(Enumerable.Range(0, row.Count).Select(i => row.GetString(Part(i))).TakeWhile(p => p is not null));
        try
        {
            return JsonSerializer.Deserialize<LeaverCase>(json, ComplianceJson.Compact) ?? throw new JsonException("it is null");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"table {Table}, row {row.PartitionKey} / {row.RowKey}: the case is not what this app writes: {e.Message}", e);
        }
    }

    private static string Part(int number) => string.Create(CultureInfo.InvariantCulture, $"Case{number}");

    private static string PartitionOf(string tenantId) => StateKeys.Safe(tenantId, "a tenant id");

    private static string RowKeyOf(string caseId) => StateKeys.Safe(caseId, "a case id");
}
