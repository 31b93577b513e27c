using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using Compliance.Storage;
using Compliance.Text;

namespace Compliance.Offboarding.Cases;

/// <summary>
/// Leaver cases in table <c>leavercases</c>: one partition a tenant, one row a case. The case is kept as JSON, over as many columns as it
/// needs; stage, due time and whether it is settled are columns of their own, for queries. Storage Table Data Contributor.
/// </summary>
internal sealed class TableLeaverCases(StateStorage storage) : ILeaverCases
{
    /// <summary>The table.</summary>
    public const string Table = "leavercases";

    /// <summary>The table of who has which employments: a row a person, named by a hash.</summary>
    public const string Employments = "leaveremployments";

    private const string CaseIds = "Cases";

    // Rows of earlier spellings whose cases are among these.
    private const string Merged = "Merged";

    // A text column holds 32,768 UTF-16 characters.
    private const int ColumnLength = 32_000;

    /// <inheritdoc/>
    public async Task<LeaverCase?> FindAsync(string tenantId, string caseId, CancellationToken cancellationToken)
    {
        var table = await storage.TableAsync(Table, cancellationToken);
        var (tenant, row) = (StateKeys.Safe(tenantId, "a tenant id"), StateKeys.Safe(caseId, "a case id"));
        return await table.FindRowAsync(tenant, row, cancellationToken) is { } known ? Read(known) : null;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<LeaverCase>> AllAsync(string tenantId, CancellationToken cancellationToken) =>
        QueryAsync(TableClient.CreateQueryFilter($"PartitionKey eq {StateKeys.Safe(tenantId, "a tenant id")}"), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<LeaverCase>> OpenAsync(string tenantId, DateTimeOffset? dueSince, CancellationToken cancellationToken)
    {
        var tenant = StateKeys.Safe(tenantId, "a tenant id");
        // Not "ne": a row of an earlier version has no such column, and is read.
        return QueryAsync(
            dueSince is { } since
                ? TableClient.CreateQueryFilter($"PartitionKey eq {tenant} and (not (Settled eq {true}) or DueAt ge {since})")
                : TableClient.CreateQueryFilter($"PartitionKey eq {tenant} and not (Settled eq {true})"),
            cancellationToken
        );
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<LeaverCase>> OfPersonAsync(string tenantId, string employeeId, CancellationToken cancellationToken)
    {
        var table = await storage.TableAsync(Employments, cancellationToken);
        var (tenant, row) = (StateKeys.Safe(tenantId, "a tenant id"), HrEventKeys.PersonOf(tenantId, employeeId));
        var person = await table.FindRowAsync(tenant, row, cancellationToken);
        var ids = await CaseIdsAsync(table, person, tenantId, employeeId, cancellationToken);
        return await CasesAsync(tenantId, ids, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<LeaverCase> ChangeAsync(
        string tenantId,
        string caseId,
        Func<LeaverCase, LeaverCase> change,
        CancellationToken cancellationToken
    ) =>
        await PutAsync(
            tenantId,
            caseId,
            known => change(known ?? throw new KeyNotFoundException($"there is no leaver case {caseId}")),
            cancellationToken
        );

    /// <summary>
    /// Makes or changes a case; <paramref name="put"/> is called again with the newer case when somebody was faster, and with null while
    /// there is none.
    /// </summary>
    /// <exception cref="RequestFailedException">Storage failed, or others changed the case in every attempt.</exception>
    public async Task<LeaverCase> PutAsync(
        string tenantId,
        string caseId,
        Func<LeaverCase?, LeaverCase> put,
        CancellationToken cancellationToken
    )
    {
        var table = await storage.TableAsync(Table, cancellationToken);
        LeaverCase? after = null;
        await table.ChangeRowAsync(
            StateKeys.Safe(tenantId, "a tenant id"),
            StateKeys.Safe(caseId, "a case id"),
            row =>
            {
                var before = row is null ? null : Read(row);
                after = put(before);
                return after == before ? null : Row(after);
            },
            cancellationToken
        );
        return after!;
    }

    /// <summary>Notes a case of a person, so that all of one person are found without reading every case.</summary>
    /// <param name="tenantId">Entra tenant id.</param>
    /// <param name="employeeId">HR's id of the person.</param>
    /// <param name="choose">
    /// Which case it is, by the ids noted and the cases that are there; called again when another one was noted meanwhile.
    /// </param>
    /// <param name="cancellationToken">Stops between requests.</param>
    /// <returns>Its id, and ids of all cases of the person, this one too.</returns>
    /// <exception cref="RequestFailedException">Storage failed, or others changed the note in every attempt.</exception>
    public async Task<(string CaseId, IReadOnlyList<string> All)> NoteAsync(
        string tenantId,
        string employeeId,
        Func<IReadOnlyList<string>, IReadOnlyList<LeaverCase>, string> choose,
        CancellationToken cancellationToken
    )
    {
        var table = await storage.TableAsync(Employments, cancellationToken);
        var (tenant, person) = (StateKeys.Safe(tenantId, "a tenant id"), HrEventKeys.PersonOf(tenantId, employeeId));
        var (caseId, all) = ("", Array.Empty<string>());
        await table.ChangeRowAsync(
            tenant,
            person,
            async known =>
            {
                var ids = await CaseIdsAsync(table, known, tenantId, employeeId, cancellationToken);
                caseId = choose(ids, await CasesAsync(tenantId, ids, cancellationToken));
                all = [.. ids.Append(caseId).Distinct(StringComparer.Ordinal)];
                // What is noted under an earlier spelling is noted for the person too, and need not be looked for there again.
                string[] merged = [.. MergedIn(known).Union(HrEventKeys.EarlierPersonsOf(tenantId, employeeId), StringComparer.Ordinal)];
                return known is not null && CasesIn(known).Length == all.Length && MergedIn(known).Length == merged.Length
                    ? null
                    : new(tenant, person) { [CaseIds] = string.Join('\n', all), [Merged] = string.Join('\n', merged) };
            },
            cancellationToken
        );
        return (caseId, all);
    }

    // The ids of all cases that are noted in the person's row and, under earlier spellings, in others.
    private static async Task<IReadOnlyList<string>> CaseIdsAsync(
        TableClient table,
        TableEntity? person,
        string tenantId,
        string employeeId,
        CancellationToken cancellationToken
    )
    {
        var tenant = StateKeys.Safe(tenantId, "a tenant id");
        List<string> ids = person is null ? [] : [.. CasesIn(person)];
        foreach (var earlier in HrEventKeys.EarlierPersonsOf(tenantId, employeeId).Except(MergedIn(person), StringComparer.Ordinal))
            if (await table.FindRowAsync(tenant, earlier, cancellationToken) is { } row)
                ids.AddRange(CasesIn(row));
        return [.. ids.Distinct(StringComparer.Ordinal)];
    }

    private async Task<IReadOnlyList<LeaverCase>> CasesAsync(
        string tenantId,
        IReadOnlyList<string> ids,
        CancellationToken cancellationToken
    )
    {
        var cases = new List<LeaverCase>();
        foreach (var id in ids)
            if (await FindAsync(tenantId, id, cancellationToken) is { } found)
                cases.Add(found);
        return cases;
    }

    private static string[] CasesIn(TableEntity person) => person.GetString(CaseIds).Split('\n');

    private static string[] MergedIn(TableEntity? person) => person?.GetString(Merged) is { Length: > 0 } merged ? merged.Split('\n') : [];

    private async Task<IReadOnlyList<LeaverCase>> QueryAsync(string filter, CancellationToken cancellationToken)
    {
        var table = await storage.TableAsync(Table, cancellationToken);
        var found = new List<LeaverCase>();
        await foreach (var row in table.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
            found.Add(Read(row));
        return found;
    }

    private static TableEntity Row(LeaverCase known)
    {
        var row = new TableEntity(StateKeys.Safe(known.TenantId, "a tenant id"), StateKeys.Safe(known.Id, "a case id"))
        {
            ["Stage"] = known.Stage.ToString(),
            ["DueAt"] = known.DueAt,
            ["Settled"] = CaseRules.IsSettled(known),
        };
        var json = JsonSerializer.Serialize(known, ComplianceJson.Compact);
        for (var (at, n) = (0, 0); at < json.Length; at += ColumnLength, n++)
            row[Column(n)] = json.Substring(at, Math.Min(ColumnLength, json.Length - at));
        return row;
    }

    /// <summary>The case that a row holds.</summary>
    /// <exception cref="JsonException">The row is not one this app writes.</exception>
    public static LeaverCase Read(TableEntity row)
    {
        var json = string.Concat(Enumerable.Range(0, row.Count).Select(n => row.GetString(Column(n))).TakeWhile(part => part is not null));
        return JsonSerializer.Deserialize<LeaverCase>(json, ComplianceJson.Compact)
            ?? throw new JsonException($"row {row.RowKey} of table {Table} holds no case");
    }

    private static string Column(int n) => $"Json{n}";
}
