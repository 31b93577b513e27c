using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using Compliance.Ledger;
using Compliance.Storage;
using Compliance.Text;

namespace Compliance.Changes.Approvals;

/// <summary>What came of an answer.</summary>
/// <param name="State">Where the request stands now; null when the answer was not taken.</param>
/// <param name="Request">The request; null when there is none.</param>
/// <param name="Objection">Why the answer was not taken; null when it was.</param>
internal sealed record AnswerOutcome(ApprovalState? State, ApprovalRequest? Request, string? Objection);

/// <summary>Keeps requests for approval and the answers in table <c>approvals</c>: a partition a tenant, a row a request.</summary>
internal sealed class ApprovalBoard(StateStorage storage, IEvidenceLog evidence)
{
    /// <summary>The table.</summary>
    public const string Table = "approvals";

    private const int MaxAttempts = 20;
    private const string Body = "Body";
    private const string Void = "Void";
    private const string VoidedAt = "VoidedAt";

    /// <summary>
    /// Asks. A request that is there already stays, with its answers and its deadline, unless a guard holds that it does not name. A void
    /// one is opened again, without its answers, only by who looked after it was voided: a repeat of the asking that it came from does not
    /// bring it back.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="now">The clock's time (UTC): what was voided after it was voided before the clock went back.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    /// <returns>The request as it stands; it may be void, which <see cref="FindAsync"/> shows.</returns>
    public async Task<ApprovalRequest> AskAsync(ApprovalRequest request, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var table = await storage.TableAsync(Table, cancellationToken);
        for (var attempt = 1; ; attempt++)
        {
            var (known, etag, voidedAt) = await ReadAsync(table, request.TenantId, request.Id, cancellationToken);
            if (
                known is not null
                && (
                    voidedAt is { } at
                        ? request.AskedAt < at && at <= now
                        : known.PlanId == request.PlanId && Covers(known, request.Guards)
                )
            )
                return known;
            var row = Row(request);
            try
            {
                // Asked again after it was void, or about more: earlier answers do not count.
                await (
                    known is null
                        ? table.AddEntityAsync(row, cancellationToken)
                        : table.UpdateEntityAsync(row, etag, TableUpdateMode.Replace, cancellationToken)
                );
                return request;
            }
            catch (RequestFailedException e) when (e.Status is 409 or 412 && attempt < MaxAttempts)
            {
                // Asked by another at the same time.
            }
        }
    }

    /// <summary>Does the request name every one of these guards?</summary>
    public static bool Covers(ApprovalRequest request, IEnumerable<string> guards) =>
        !guards.Except(request.Guards, StringComparer.Ordinal).Any();

    /// <summary>The request; null when there is none or it is void.</summary>
    public async Task<ApprovalRequest?> FindAsync(string tenantId, string requestId, CancellationToken cancellationToken)
    {
        var (request, _, voidedAt) = await ReadAsync(
            await storage.TableAsync(Table, cancellationToken),
            tenantId,
            requestId,
            cancellationToken
        );
        return voidedAt is null ? request : null;
    }

    /// <summary>
    /// Keeps evidence of every answer that counts, before something is done about them: who answered may have been cut off between answer
    /// and evidence.
    /// </summary>
    public async Task RecordAsync(ApprovalRequest request, CancellationToken cancellationToken)
    {
        foreach (var answer in request.Answers)
            await evidence.AppendAsync(Evidence(request, answer), cancellationToken);
    }

    /// <summary>Requests that wait for answers at a time (UTC), the oldest first.</summary>
    public async Task<IReadOnlyList<ApprovalRequest>> OpenAsync(string tenantId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var asked = await AskedAsync(tenantId, cancellationToken);
        return
        [
            .. asked
                .Where(r => ApprovalRules.StateOf(r, now) == ApprovalState.Open)
                .OrderBy(r => r.AskedAt)
                .ThenBy(r => r.Id, StringComparer.Ordinal),
        ];
    }

    /// <summary>Of what was asked about a case and is not begun, this person has asked as well: their answers do not count.</summary>
    public async Task AddRequesterAsync(string tenantId, string caseId, string personId, CancellationToken cancellationToken)
    {
        foreach (var asked in (await AskedAsync(tenantId, cancellationToken)).Where(r => r.CaseId == caseId))
            await ChangeAsync(
                tenantId,
                asked.Id,
                (request, voidedAt) =>
                    voidedAt is null && ApprovalRules.WithRequester(request, personId) is var named && named != request ? Row(named) : null,
                cancellationToken
            );
    }

    private async Task<List<ApprovalRequest>> AskedAsync(string tenantId, CancellationToken cancellationToken)
    {
        var table = await storage.TableAsync(Table, cancellationToken);
        var asked = new List<ApprovalRequest>();
        await foreach (
            var row in table.QueryAsync<TableEntity>(
                TableClient.CreateQueryFilter($"PartitionKey eq {StateKeys.Safe(tenantId, "a tenant id")} and Void eq false"),
                cancellationToken: cancellationToken
            )
        )
            asked.Add(Request(row));
        return asked;
    }

    /// <summary>The request that a row holds, and when it became void (UTC); null when it is not.</summary>
    /// <exception cref="JsonException">The row is not one this app writes.</exception>
    public static (ApprovalRequest Request, DateTimeOffset? VoidedAt) Read(TableEntity row) =>
        (Request(row), row.GetBoolean(Void) == true ? row.GetDateTimeOffset(VoidedAt) ?? DateTimeOffset.MinValue : null);

    /// <summary>Takes a person's answer. The same answer again is taken as before; a changed mind is not.</summary>
    /// <param name="tenantId">Entra tenant id.</param>
    /// <param name="requestId">The request.</param>
    /// <param name="planId">The plan the person read.</param>
    /// <param name="approver">Who, as the token says.</param>
    /// <param name="approve">Yes or no.</param>
    /// <param name="comment">What the person wrote; null for nothing.</param>
    /// <param name="now">When (UTC).</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<AnswerOutcome> AnswerAsync(
        string tenantId,
        string requestId,
        string planId,
        ApproverIdentity approver,
        bool approve,
        string? comment,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var table = await storage.TableAsync(Table, cancellationToken);
        for (var attempt = 1; ; attempt++)
        {
            var (request, etag, voidedAt) = await ReadAsync(table, tenantId, requestId, cancellationToken);
            if (request is null || voidedAt is not null)
                return new(null, null, "there is no such request, or its plan or policy has changed since");
            if (!string.Equals(planId, request.PlanId, StringComparison.Ordinal))
                return new(null, request, "the answer names another plan than the one that is asked about");
            if (ApprovalRules.WhyNot(request, approver.ObjectId) is { } objection)
                return new(null, request, objection);
            var earlier = request.Answers.LastOrDefault(a =>
                string.Equals(a.ApproverId, approver.ObjectId, StringComparison.OrdinalIgnoreCase)
            );
            if (earlier is not null && earlier.Approve != approve)
                return new(null, request, "you have answered otherwise before");
            // A yes of long ago is given again.
            if (earlier is not null && !ApprovalRules.IsValid(request, earlier, now))
                earlier = null;
            var before = ApprovalRules.StateOf(request, now);
            if (earlier is null && before != ApprovalState.Open)
                return new(null, request, $"it is {before.ToString().ToLowerInvariant()} already");
            var answer = earlier ?? new ApprovalAnswer(approver.ObjectId, approve, now, Short(comment));
            if (earlier is null)
            {
                request = request with { Answers = [.. request.Answers, answer] };
                try
                {
                    await table.UpdateEntityAsync(Row(request), etag, TableUpdateMode.Replace, cancellationToken);
                }
                catch (RequestFailedException e) when (e.Status == 412 && attempt < MaxAttempts)
                {
                    continue;
                }
            }
            // Written again with a repeated answer: a crash between the two leaves no answer without evidence.
            await evidence.AppendAsync(Evidence(request, answer), cancellationToken);
            return new(ApprovalRules.StateOf(request, now), request, null);
        }
    }

    /// <summary>The request counts no more: its plan or policy has changed. Of several times the latest counts.</summary>
    public Task VoidAsync(string tenantId, string requestId, DateTimeOffset now, CancellationToken cancellationToken) =>
        ChangeAsync(
            tenantId,
            requestId,
            (request, voidedAt) =>
            {
                if (voidedAt >= now)
                    return null;
                var row = Row(request);
                row[Void] = true;
                row[VoidedAt] = now;
                return row;
            },
            cancellationToken
        );

    /// <summary>What was approved is being carried out: the answers do not lapse any more. Nothing where the request is void.</summary>
    public Task BeginAsync(string tenantId, string requestId, DateTimeOffset now, CancellationToken cancellationToken) =>
        ChangeAsync(
            tenantId,
            requestId,
            (request, voidedAt) => voidedAt is null && request.BegunAt is null ? Row(request with { BegunAt = now }) : null,
            cancellationToken
        );

    // Changes a request; nothing where there is nothing to change.
    private async Task ChangeAsync(
        string tenantId,
        string requestId,
        Func<ApprovalRequest, DateTimeOffset?, TableEntity?> change,
        CancellationToken cancellationToken
    )
    {
        var table = await storage.TableAsync(Table, cancellationToken);
        for (var attempt = 1; ; attempt++)
        {
            var (request, etag, voidedAt) = await ReadAsync(table, tenantId, requestId, cancellationToken);
            if (request is null || change(request, voidedAt) is not { } row)
                return;
            try
            {
                await table.UpdateEntityAsync(row, etag, TableUpdateMode.Replace, cancellationToken);
                return;
            }
            catch (RequestFailedException e) when (e.Status == 412 && attempt < MaxAttempts)
            {
                // Answered at the same time.
            }
        }
    }

    // The same whoever writes it, so that written twice it is kept once.
    private static EvidenceRecord Evidence(ApprovalRequest request, ApprovalAnswer answer) =>
        new()
        {
            Id = $"{request.Id}-answer-{answer.ApproverId}-{answer.At.ToUnixTimeMilliseconds()}",
            Time = answer.At,
            Actor = $"approver {answer.ApproverId}",
            Action = "approval.answer",
            TenantId = request.TenantId,
            PolicySha256 = request.PolicySha256,
            Controls = request.Controls,
            Outcome = answer.Approve ? "approved" : "refused",
            Counts = new Dictionary<string, long>(),
            Subject = request.CaseId.Length == 0 ? null : request.CaseId,
            PlanId = request.PlanId,
            CorrelationId = request.Id,
            People = request.CaseId.Length == 0 ? [answer.ApproverId] : [request.CaseId, answer.ApproverId],
        };

    private static string? Short(string? comment) =>
        comment is null ? null
        : comment.Length <= 500 ? comment
        : comment[..500];

    private static TableEntity Row(ApprovalRequest request) =>
        new(StateKeys.Safe(request.TenantId, "a tenant id"), StateKeys.Safe(request.Id, "a request id"))
        {
            [Body] = JsonSerializer.Serialize(request, ComplianceJson.Compact),
            [Void] = false,
        };

    private static ApprovalRequest Request(TableEntity row) =>
        JsonSerializer.Deserialize<ApprovalRequest>(row.GetString(Body), ComplianceJson.Compact)!;

    private static async Task<(ApprovalRequest? Request, ETag ETag, DateTimeOffset? VoidedAt)> ReadAsync(
        TableClient table,
        string tenantId,
        string requestId,
        CancellationToken cancellationToken
    )
    {
        var row = await table.GetEntityIfExistsAsync<TableEntity>(
            StateKeys.Safe(tenantId, "a tenant id"),
            StateKeys.Safe(requestId, "a request id"),
            cancellationToken: cancellationToken
        );
        if (!row.HasValue)
            return (null, default, null);
        var (request, voidedAt) = Read(row.Value!);
        return (request, row.Value!.ETag, voidedAt);
    }
}
