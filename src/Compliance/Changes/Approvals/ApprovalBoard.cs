using System.Text.Json;
using Azure.Data.Tables;
using Compliance.Callers;
using Compliance.Ledger;
using Compliance.Storage;
using Compliance.Tenants;
using Compliance.Text;

namespace Compliance.Changes.Approvals;

/// <summary>What came of an answer.</summary>
/// <param name="State">Where the request stands now; null when the answer was not taken.</param>
/// <param name="Request">The request; null when there is none.</param>
/// <param name="Objection">Why the answer was not taken; null when it was.</param>
internal sealed record AnswerOutcome(ApprovalState? State, ApprovalRequest? Request, string? Objection);

/// <summary>Keeps requests for approval and the answers in table <c>approvals</c>: a partition a tenant, a row a request.</summary>
internal sealed class ApprovalBoard(StateStorage storage, IEvidenceLog evidence, IRequestSignal? signal = null)
{
    /// <summary>The table.</summary>
    public const string Table = "approvals";

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
    /// <returns>The request as it is now; it may be void, which <see cref="FindAsync"/> shows.</returns>
    public async Task<ApprovalRequest> AskAsync(ApprovalRequest request, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var table = await storage.TableAsync(Table, cancellationToken);
        var asked = request;
        var isNew = false;
        await table.ChangeRowAsync(
            Partition(request.TenantId),
            RowKey(request.Id),
            row =>
            {
                isNew = true;
                if (row is null)
                    return Row(asked = request);
                var (known, voidedAt) = Read(row);
                var stays = voidedAt is { } at
                    ? request.AskedAt < at && at <= now
                    : known.PlanId == request.PlanId && Covers(known, request.Guards);
                isNew = !stays;
                asked = stays ? known : request;
                // Asked again after it was void, or about more: earlier answers do not count.
                return stays ? null : Row(asked);
            },
            cancellationToken
        );
        if (isNew && signal is not null)
            await signal.AskedAsync(asked, cancellationToken);
        return asked;
    }

    /// <summary>Does the request name every one of these guards?</summary>
    public static bool Covers(ApprovalRequest request, IEnumerable<string> guards) =>
        !guards.Except(request.Guards, StringComparer.Ordinal).Any();

    /// <summary>The request; null when there is none or it is void.</summary>
    public async Task<ApprovalRequest?> FindAsync(string tenantId, string requestId, CancellationToken cancellationToken)
    {
        var table = await storage.TableAsync(Table, cancellationToken);
        return
            await table.FindRowAsync(Partition(tenantId), RowKey(requestId), cancellationToken) is { } row
            && Read(row) is { VoidedAt: null, Request: var request }
            ? request
            : null;
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

    /// <summary>The access of somebody who answered was ended: their yes counts no more. Nothing where the plan was begun.</summary>
    public Task EndAsync(string tenantId, string requestId, string personId, CancellationToken cancellationToken) =>
        ChangeAsync(
            tenantId,
            requestId,
            (request, voidedAt) =>
                voidedAt is null && request.BegunAt is null && !request.Ended.Contains(personId, StringComparer.OrdinalIgnoreCase)
                    ? Row(request with { Ended = [.. request.Ended, personId] })
                    : null,
            cancellationToken
        );

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

    /// <summary>Requests that are not void, answered or not, and that this guard alone holds: few, however many there ever were.</summary>
    public Task<IReadOnlyList<ApprovalRequest>> AskedAsync(string tenantId, string guard, CancellationToken cancellationToken) =>
        QueryAsync(
            TableClient.CreateQueryFilter(
                $"PartitionKey eq {StateKeys.Safe(tenantId, "a tenant id")} and Void eq false and Guards eq {guard}"
            ),
            cancellationToken
        );

    private Task<IReadOnlyList<ApprovalRequest>> AskedAsync(string tenantId, CancellationToken cancellationToken) =>
        QueryAsync(
            TableClient.CreateQueryFilter($"PartitionKey eq {StateKeys.Safe(tenantId, "a tenant id")} and Void eq false"),
            cancellationToken
        );

    private async Task<IReadOnlyList<ApprovalRequest>> QueryAsync(string filter, CancellationToken cancellationToken)
    {
        var table = await storage.TableAsync(Table, cancellationToken);
        var asked = new List<ApprovalRequest>();
        await foreach (var row in table.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
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
        CallerIdentity approver,
        bool approve,
        string? comment,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var table = await storage.TableAsync(Table, cancellationToken);
        var taken = new TakenAnswer(null, null, null);
        await table.ChangeRowAsync(
            Partition(tenantId),
            RowKey(requestId),
            row =>
            {
                taken = Take(row, planId, approver, approve, comment, now);
                return taken is { IsNew: true, Request: { } changed } ? Row(changed) : null;
            },
            cancellationToken
        );
        if (taken is not { Answer: { } answer, Request: { } request })
            return new(null, taken.Request, taken.Objection);
        // Written again with a repeated answer: a crash between the two leaves no answer without evidence.
        await evidence.AppendAsync(Evidence(request, answer), cancellationToken);
        return new(ApprovalRules.StateOf(request, now), request, null);
    }

    // What becomes of an answer, given the request's row; null where there is none.
    private static TakenAnswer Take(
        TableEntity? row,
        string planId,
        CallerIdentity approver,
        bool approve,
        string? comment,
        DateTimeOffset now
    )
    {
        if (row is null || Read(row) is not { VoidedAt: null, Request: var request })
            return new(null, null, "there is no such request, or its plan or policy has changed since");
        if (!string.Equals(planId, request.PlanId, StringComparison.Ordinal))
            return new(request, null, "the answer names another plan than the one that is asked about");
        if (ApprovalRules.WhyNot(request, approver.ObjectId) is { } objection)
            return new(request, null, objection);
        if (!approver.HoldsAny(AppRole.Approver) && !ApprovalRules.IsOwner(request, approver.ObjectId))
            return new(request, null, "the request is about the data of another owner: it takes the app role Compliance.Approver");
        var earlier = request.Answers.LastOrDefault(a =>
            string.Equals(a.ApproverId, approver.ObjectId, StringComparison.OrdinalIgnoreCase)
        );
        if (earlier is not null && earlier.Approve != approve)
            return new(request, null, "you have answered otherwise before");
        bool IsTheirs(string id) => string.Equals(id, approver.ObjectId, StringComparison.OrdinalIgnoreCase);
        if (earlier is not null && ApprovalRules.IsValid(request, earlier, now) && !request.Ended.Any(IsTheirs))
            return new(request, earlier, null);
        // A yes of long ago, or from before their access was ended and given back, is given again.
        var before = ApprovalRules.StateOf(request, now);
        if (before != ApprovalState.Open)
            return new(request, null, $"it is {before.ToString().ToLowerInvariant()} already");
        var answer = new ApprovalAnswer(approver.ObjectId, approve, now, Short(comment));
        var ended = request.Ended.Where(id => !IsTheirs(id));
        return new(request with { Answers = [.. request.Answers, answer], Ended = [.. ended] }, answer, null, IsNew: true);
    }

    /// <summary>What became of an answer.</summary>
    /// <param name="Request">The request with it; null when there is none.</param>
    /// <param name="Answer">The answer; null when it was not taken.</param>
    /// <param name="Objection">Why it was not taken; null when it was.</param>
    /// <param name="IsNew">False for one that was given before.</param>
    private sealed record TakenAnswer(ApprovalRequest? Request, ApprovalAnswer? Answer, string? Objection, bool IsNew = false);

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
        await table.ChangeRowAsync(
            Partition(tenantId),
            RowKey(requestId),
            row => row is not null && Read(row) is var (request, voidedAt) ? change(request, voidedAt) : null,
            cancellationToken
        );
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
            People = request.CaseId.Length == 0 || !request.IsCasePerson ? [answer.ApproverId] : [request.CaseId, answer.ApproverId],
        };

    private static string? Short(string? comment) => comment?[..Math.Min(comment.Length, 500)];

    private static TableEntity Row(ApprovalRequest request) =>
        new(Partition(request.TenantId), RowKey(request.Id))
        {
            [Body] = JsonSerializer.Serialize(request, ComplianceJson.Compact),
            [Void] = false,
            ["Guards"] = string.Join(',', request.Guards),
        };

    private static ApprovalRequest Request(TableEntity row) =>
        JsonSerializer.Deserialize<ApprovalRequest>(row.GetString(Body), ComplianceJson.Compact)!;

    private static string Partition(string tenantId) => StateKeys.Safe(tenantId, "a tenant id");

    private static string RowKey(string requestId) => StateKeys.Safe(requestId, "a request id");
}
