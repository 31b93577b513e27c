using System.Globalization;
using Azure;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Compliance.Changes.Approvals;
using Compliance.Findings;
using Compliance.Ledger;
using Compliance.Ledger.Privacy;
using Compliance.Observability;
using Compliance.Offboarding.Cases;
using Compliance.Runs;
using Compliance.Storage;

namespace Compliance.Offboarding.Erasure;

/// <summary>What is kept about a person's case outside the ledger, or what of it was erased.</summary>
/// <param name="Pseudonym">What stands for the case in the ledger; null when nothing was ever recorded, or who it stands for was erased
/// before.</param>
/// <param name="Documents">Documents of the case: snapshots, plans, outcomes, certificates.</param>
/// <param name="Approvals">Requests for approval, with their answers.</param>
/// <param name="Findings">Findings about the case.</param>
/// <param name="RetainedUntil">Until when storage itself keeps what was erased (UTC), where soft delete is on; null where it keeps
/// nothing of it.</param>
public sealed record KeptDetails(string? Pseudonym, int Documents, int Approvals, int Findings, DateTimeOffset? RetainedUntil = null)
{
    internal bool IsNothing => this with { RetainedUntil = null } == new KeptDetails(null, 0, 0, 0);

    internal Dictionary<string, long> Counts =>
        new()
        {
            ["documents"] = Documents,
            ["approvals"] = Approvals,
            ["findings"] = Findings,
        };
}

/// <summary>Why a case's details are not erased.</summary>
/// <param name="reason">For people.</param>
internal sealed class ErasureRefusedException(string reason) : Exception(reason);

/// <summary>
/// Erases what is kept about a person's case outside the ledger: documents, requests for approval, findings, the details in the case's
/// row, and last whose the pseudonym is and its salt. The ledger stays as it is and verifies as before; two records in it say that,
/// by whom and when, and a third until when storage keeps it, where an organisation's policy makes it do so. The row of the case stays
/// under its id without details, so that an old event of HR brings nothing back. Cut off anywhere, it is done again from the start.
/// </summary>
/// <remarks>
/// Storage Blob Data Owner on the state account and on container <c>details</c>, Storage Table Data Contributor on the state account.
/// </remarks>
internal sealed class DetailErasure(
    TenantId tenant,
    StateStorage storage,
    TableLeaverCases cases,
    BlobPseudonyms pseudonyms,
    IEvidenceLog evidence,
    TimeProvider time
)
{
    /// <summary>Action of the records about an erasure.</summary>
    public const string Action = "evidence.erasure";

    /// <summary>What the ids of the requests for a case's erasure begin with.</summary>
    public static string RequestPrefix(string caseId) => $"{caseId}-erasure-";

    /// <summary>Why a case's details are not erased; null when they may be.</summary>
    public static string? WhyNot(LeaverCase known) =>
        CaseRules.IsOver(known.Stage)
            ? null
            : $"case {known.Id} has not ended: it is at {known.Stage}, and what it still has to do needs its details";

    /// <summary>When a case ended, as far as it is known; its time of keeping begins then.</summary>
    public static DateTimeOffset EndedAt(LeaverCase known) =>
        new[] { known.ReceivedAt, known.DueAt, known.ClearAt, known.RestedAt }.Max() ?? known.ReceivedAt;

    /// <summary>What would be erased. Nothing is changed.</summary>
    /// <exception cref="KeyNotFoundException">There is no such case.</exception>
    /// <exception cref="ErasureRefusedException">The case has not ended.</exception>
    public async Task<KeptDetails> PreviewAsync(string caseId, CancellationToken cancellationToken)
    {
        await CaseAsync(caseId, cancellationToken);
        return new(
            (await pseudonyms.FindAsync(tenant.Value, caseId, cancellationToken))?.Name,
            (await DocumentsAsync(caseId, cancellationToken)).Count,
            (await ApprovalsAsync(caseId, cancellationToken)).Count,
            (await FindingsAsync(caseId, cancellationToken)).Count,
            Later(
                await BlobErasure.RetainedUntilAsync(Container, Prefix(caseId), time, cancellationToken),
                await pseudonyms.RetainedUntilAsync(tenant.Value, caseId, cancellationToken)
            )
        );
    }

    /// <summary>Erases.</summary>
    /// <param name="caseId">The case.</param>
    /// <param name="actor">Who: <c>approver</c> and an object id, or the function whose policy says so.</param>
    /// <param name="people">Ids in <paramref name="actor"/> that stand for people.</param>
    /// <param name="policySha256">The policy in force.</param>
    /// <param name="cancellationToken">Stops between two deletions; call again.</param>
    /// <exception cref="KeyNotFoundException">There is no such case.</exception>
    /// <exception cref="ErasureRefusedException">The case has not ended.</exception>
    /// <exception cref="RequestFailedException">Storage failed; call again.</exception>
    public async Task<KeptDetails> EraseAsync(
        string caseId,
        string actor,
        IReadOnlyList<string> people,
        string policySha256,
        CancellationToken cancellationToken
    )
    {
        var known = await CaseAsync(caseId, cancellationToken);
        var before = await pseudonyms.FindAsync(tenant.Value, caseId, cancellationToken);
        if (before is null && known.ErasingAs is { } unfinished)
        {
            await FinishAsync(caseId, unfinished, policySha256, cancellationToken);
            known = await CaseAsync(caseId, cancellationToken);
        }
        var (documents, approvals, findings) = (
            await DocumentsAsync(caseId, cancellationToken),
            await ApprovalsAsync(caseId, cancellationToken),
            await FindingsAsync(caseId, cancellationToken)
        );
        if (before is null && known.EmployeeId == LeaverCase.Erased && documents.Count + approvals.Count + findings.Count == 0)
        {
            await DeleteRequestsAsync(caseId, cancellationToken);
            return new(null, 0, 0, 0);
        }
        var kept = new KeptDetails(
            (await pseudonyms.GetOrCreateAsync(tenant.Value, caseId, cancellationToken)).Name,
            documents.Count,
            approvals.Count,
            findings.Count
        );
        // On record before it is done: whatever is cut off, nothing is gone without a record.
        await RecordAsync("begun");
        await DeleteAsync(caseId, approvals, findings, cancellationToken);
        await cases.ChangeAsync(tenant.Value, caseId, c => Bare(c) with { ErasingAs = kept.Pseudonym }, cancellationToken);
        await RecordAsync("complete");
        var retained = await FinishAsync(caseId, kept.Pseudonym!, policySha256, cancellationToken);
        // Last: while it is there, an erasure that was cut off is finished.
        await DeleteRequestsAsync(caseId, cancellationToken);
        return kept with { RetainedUntil = retained };

        Task RecordAsync(string outcome) =>
            evidence.AppendAsync(
                new EvidenceRecord
                {
                    Id = $"{caseId}-erasure-{outcome}",
                    Time = time.GetUtcNow(),
                    Actor = actor,
                    Action = Action,
                    TenantId = tenant.Value,
                    PolicySha256 = policySha256,
                    Controls = [],
                    Outcome = outcome,
                    Counts = kept.Counts,
                    Subject = caseId,
                    CorrelationId = CorrelationId.Current($"{caseId}-erasure"),
                    People = [caseId, .. people],
                },
                cancellationToken
            );
    }

    // Erases whose the pseudonym is. The record of until when storage keeps it comes after that, and names the pseudonym alone.
    private async Task<DateTimeOffset?> FinishAsync(
        string caseId,
        string pseudonym,
        string policySha256,
        CancellationToken cancellationToken
    )
    {
        var retained = Later(
            await pseudonyms.EraseAsync(tenant.Value, caseId, cancellationToken),
            await BlobErasure.RetainedUntilAsync(Container, Prefix(caseId), time, cancellationToken)
        );
        if (retained is { } until)
            await evidence.AppendAsync(
                new EvidenceRecord
                {
                    Id = $"{pseudonym}-erasure-retained",
                    Time = time.GetUtcNow(),
                    Actor = "storage",
                    Action = Action,
                    TenantId = tenant.Value,
                    PolicySha256 = policySha256,
                    Controls = [],
                    Outcome = "retained",
                    Counts = new Dictionary<string, long>(),
                    Subject = pseudonym,
                    Reason = string.Create(
                        CultureInfo.InvariantCulture,
                        $"soft delete keeps it until {until.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}"
                    ),
                    CorrelationId = $"{pseudonym}-erasure",
                },
                cancellationToken
            );
        await cases.ChangeAsync(tenant.Value, caseId, c => c with { ErasingAs = null }, cancellationToken);
        return retained;
    }

    private async Task DeleteAsync(
        string caseId,
        List<TableEntity> approvals,
        List<TableEntity> findings,
        CancellationToken cancellationToken
    )
    {
        await BlobErasure.EraseAsync(Container, Prefix(caseId), time, cancellationToken);
        await DeleteRowsAsync(ApprovalBoard.Table, approvals, cancellationToken);
        await DeleteRowsAsync(TableFindingStore.Table, findings, cancellationToken);
    }

    private async Task DeleteRowsAsync(string table, List<TableEntity> rows, CancellationToken cancellationToken)
    {
        foreach (var row in rows)
            await (await storage.TableAsync(table, cancellationToken)).DeleteEntityAsync(
                row.PartitionKey,
                row.RowKey,
                ETag.All,
                cancellationToken
            );
    }

    /// <summary>Erases the details of every case that ended so long ago.</summary>
    /// <returns>How many.</returns>
    public async Task<int> EraseExpiredAsync(EvidencePolicy policy, CancellationToken cancellationToken)
    {
        var before = time.GetUtcNow() - policy.For("offboarding");
        var expired = (await cases.AllAsync(tenant.Value, cancellationToken))
            .Where(c =>
                CaseRules.IsOver(c.Stage) && (c.EmployeeId != LeaverCase.Erased || c.ErasingAs is not null) && EndedAt(c) < before
            )
            .ToList();
        await Each.RunAsync(
            expired,
            known => EraseAsync(known.Id, "LeaverWatch (timer)", [], policy.Sha256, cancellationToken),
            cancellationToken
        );
        return expired.Count;
    }

    private BlobContainerClient Container => storage.Blobs.GetBlobContainerClient(CaseDocuments.Container);

    private static string Prefix(string caseId) => $"{StateKeys.Safe(caseId, "a case id")}/";

    private static DateTimeOffset? Later(DateTimeOffset? a, DateTimeOffset? b) => a > b || b is null ? a : b;

    private static LeaverCase Bare(LeaverCase known) =>
        known with
        {
            EmployeeId = LeaverCase.Erased,
            UserId = null,
            EmployedIn = null,
            IsNotGivenBack = false,
            Unrecorded = null,
            Note = null,
            Latest = known.Latest with { EmployeeId = LeaverCase.Erased, PrincipalName = null, Mail = null },
            Cause = known.Cause is { } cause
                ? cause with
                {
                    UserId = LeaverCase.Erased,
                    PrincipalName = LeaverCase.Erased,
                    StartedBy = LeaverCase.Erased,
                    Reason = LeaverCase.Erased,
                    Settled = true,
                }
                : null,
        };

    /// <summary>The case; null when there is none.</summary>
    public Task<LeaverCase?> FindCaseAsync(string caseId, CancellationToken cancellationToken) =>
        cases.FindAsync(tenant.Value, caseId, cancellationToken);

    private async Task<LeaverCase> CaseAsync(string caseId, CancellationToken cancellationToken)
    {
        var known = await FindCaseAsync(caseId, cancellationToken) ?? throw new KeyNotFoundException($"there is no case {caseId}");
        return WhyNot(known) is { } reason ? throw new ErasureRefusedException(reason) : known;
    }

    private async Task<List<string>> DocumentsAsync(string caseId, CancellationToken cancellationToken)
    {
        var names = new List<string>();
        try
        {
            await foreach (
                var blob in Container.GetBlobsAsync(BlobTraits.None, BlobStates.None, Prefix(caseId), cancellationToken)
            )
                names.Add(blob.Name);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            // Nothing was ever kept.
        }
        return names;
    }

    // Ids of requests begin with the case's. Those for the erasure itself are not counted, and go last.
    private async Task<List<TableEntity>> ApprovalsAsync(string caseId, CancellationToken cancellationToken) =>
        [
            .. (await RequestsAsync(caseId + "-", cancellationToken)).Where(r =>
                !r.RowKey.StartsWith(RequestPrefix(caseId), StringComparison.Ordinal)
            ),
        ];

    private async Task DeleteRequestsAsync(string caseId, CancellationToken cancellationToken) =>
        await DeleteRowsAsync(ApprovalBoard.Table, await RequestsAsync(RequestPrefix(caseId), cancellationToken), cancellationToken);

    // The character after a dash is a full stop.
    private Task<List<TableEntity>> RequestsAsync(string prefix, CancellationToken cancellationToken) =>
        RowsAsync(
            ApprovalBoard.Table,
            TableClient.CreateQueryFilter(
                $"PartitionKey eq {StateKeys.Safe(tenant.Value, "a tenant id")} and RowKey ge {prefix} and RowKey lt {prefix[..^1] + "."}"
            ),
            cancellationToken
        );

    private Task<List<TableEntity>> FindingsAsync(string caseId, CancellationToken cancellationToken)
    {
        var (from, to) = (FindingRow.Prefix(tenant.Value), FindingRow.PrefixEnd(tenant.Value));
        return RowsAsync(
            TableFindingStore.Table,
            TableClient.CreateQueryFilter($"PartitionKey ge {from} and PartitionKey lt {to} and SubjectId eq {caseId}"),
            cancellationToken
        );
    }

    private async Task<List<TableEntity>> RowsAsync(string table, string filter, CancellationToken cancellationToken)
    {
        var rows = new List<TableEntity>();
        await foreach (
            var row in (await storage.TableAsync(table, cancellationToken)).QueryAsync<TableEntity>(
                filter,
                select: ["PartitionKey", "RowKey"],
                cancellationToken: cancellationToken
            )
        )
            rows.Add(row);
        return rows;
    }
}
