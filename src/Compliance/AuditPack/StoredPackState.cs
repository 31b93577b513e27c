using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Compliance.Changes.Approvals;
using Compliance.Findings;
using Compliance.Ledger.Privacy;
using Compliance.Offboarding;
using Compliance.Offboarding.Cases;
using Compliance.Storage;
using Compliance.Text;

namespace Compliance.AuditPack;

/// <summary>
/// Findings and approvals where the app keeps them. Only reads: least roles are Storage Table Data Reader on the state account and Storage
/// Blob Data Reader on container <c>details</c> of the evidence account.
/// </summary>
/// <param name="tables">The state account.</param>
/// <param name="evidence">The evidence account, for the pseudonyms.</param>
/// <param name="tenantId">The tenant.</param>
internal sealed class StoredPackState(TableServiceClient tables, BlobServiceClient evidence, string tenantId) : IPackState
{
    private const int PeopleAtOnce = 8;

    /// <inheritdoc/>
    public async Task<PackState> ReadAsync(IReadOnlyCollection<string> controls, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(controls);
        try
        {
            var all = await FindingsAsync(cancellationToken);
            var findings = all.Where(f => controls.Contains(f.Detection.ControlId)).ToList();
            var approvals = await ApprovalsAsync(cancellationToken);
            var named = PersonFilter.KnownTo(all, approvals, await CasesAsync(cancellationToken));
            return new(findings, approvals, await PeopleAsync(PackFacts.PeopleIn(findings, approvals), cancellationToken), [.. named]);
        }
        catch (Exception e) when (e is JsonException or InvalidDataException)
        {
            throw new IOException($"the state account holds something that this program did not write: {e.Message}", e);
        }
    }

    // Of every control: a person whom one finding names may be in the text of another.
    private async Task<List<Finding>> FindingsAsync(CancellationToken cancellationToken)
    {
        var table = tables.GetTableClient(TableFindingStore.Table);
        var found = new Dictionary<string, Finding>(StringComparer.Ordinal);
        try
        {
            var (first, end) = (FindingRow.Prefix(tenantId), FindingRow.PrefixEnd(tenantId));
            var filter = TableClient.CreateQueryFilter($"PartitionKey ge {first} and PartitionKey lt {end}");
            await foreach (var row in table.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
            {
                var finding = FindingRow.Read(row).Finding;
                if (!found.TryAdd(finding.Id, finding))
                {
                    throw new IOException(
                        $"table {TableFindingStore.Table} gave row {finding.Id} twice: its pages do not end where they should"
                    );
                }
            }
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            // The first run of any control makes it: without it this is no account that a run ever used.
            throw new IOException(
                $"the state account at {tables.Uri.Host} has no table {TableFindingStore.Table}: is it the right one?",
                e
            );
        }
        return [.. found.Values];
    }

    private Task<List<KnownApproval>> ApprovalsAsync(CancellationToken cancellationToken) =>
        RowsAsync(
            ApprovalBoard.Table,
            row =>
            {
                var (request, voidedAt) = ApprovalBoard.Read(row);
                return new KnownApproval(request, voidedAt);
            },
            cancellationToken
        );

    private Task<List<LeaverCase>> CasesAsync(CancellationToken cancellationToken) =>
        RowsAsync(TableLeaverCases.Table, TableLeaverCases.Read, cancellationToken);

    private async Task<List<T>> RowsAsync<T>(string table, Func<TableEntity, T> read, CancellationToken cancellationToken)
    {
        var rows = new List<T>();
        try
        {
            await foreach (
                var row in tables
                    .GetTableClient(table)
                    .QueryAsync<TableEntity>(
                        TableClient.CreateQueryFilter($"PartitionKey eq {StateKeys.Safe(tenantId, "a tenant id")}"),
                        cancellationToken: cancellationToken
                    )
            )
                rows.Add(read(row));
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            // Nobody ever left, or nothing was ever asked.
        }
        return rows;
    }

    private async Task<IReadOnlyDictionary<string, string>> PeopleAsync(IEnumerable<string> people, CancellationToken cancellationToken)
    {
        var details = evidence.GetBlobContainerClient(BlobPseudonyms.Container);
        var names = new System.Collections.Concurrent.ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        await Parallel.ForEachAsync(
            people,
            new ParallelOptions { MaxDegreeOfParallelism = PeopleAtOnce, CancellationToken = cancellationToken },
            async (person, token) =>
            {
                try
                {
                    var blob = details.GetBlobClient(BlobPseudonyms.BlobName(tenantId, person));
                    if (
                        (await blob.DownloadContentAsync(token)).Value.Content.ToObjectFromJson<Pseudonym>(ComplianceJson.Compact) is
                        { } pseudonym
                    )
                        names[person] = pseudonym.Name;
                }
                catch (RequestFailedException e) when (e.Status == 404)
                {
                    // Erased, or no record ever named the person.
                }
            }
        );
        return names;
    }
}
