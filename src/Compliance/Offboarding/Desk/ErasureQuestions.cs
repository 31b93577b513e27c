using System.Globalization;
using Azure;
using Compliance.Changes.Approvals;
using Compliance.Ledger;
using Compliance.Observability;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Erasure;
using Compliance.Runs;
using Compliance.Storage;
using Compliance.Text;

namespace Compliance.Offboarding.Desk;

/// <summary>
/// Asks two people, other than who wants it, before what names people of a case is erased, and erases it once both agreed. Whatever is cut
/// off is made up for by the sweep.
/// </summary>
internal sealed class ErasureQuestions(
    TenantId tenant,
    ApprovalBoard approvals,
    DetailErasure erasure,
    CaseCourse course,
    IEvidenceLog evidence,
    EvidencePolicy policy,
    TimeProvider time
)
{
    /// <summary>Action of the record that somebody asked.</summary>
    public const string AskedAction = DetailErasure.Action + ".asked";

    private static readonly TimeSpan AnswerWithin = TimeSpan.FromHours(24);

    /// <summary>Whether a request asks for an erasure.</summary>
    public static bool Asks(ApprovalRequest request) => request.Guards.Contains(GuardNames.Erasure, StringComparer.Ordinal);

    /// <summary>What an answer agrees to: the erasure of the case as it is. Whatever HR reports on it makes it another.</summary>
    public static string PlanOf(LeaverCase known) =>
        CanonicalJson.Sha256Of(
            new
            {
                erase = known.Id,
                known.Round,
                known.Sequence,
            }
        );

    /// <summary>Why a case's details are not erased because somebody asks; null when they may be.</summary>
    public static string? WhyNot(LeaverCase known) =>
        known.IsNotGivenBack
            ? $"case {known.Id} could not give back everything: give it back first, see its findings"
            : DetailErasure.WhyNot(known);

    /// <summary>Asks. While a question about the case is open, it is that one.</summary>
    /// <param name="known">The case, which has ended.</param>
    /// <param name="kept">What would be erased.</param>
    /// <param name="by">Object id of who asks: their own answer does not count.</param>
    /// <param name="cancellationToken">Stops between writes; ask again.</param>
    public async Task<ApprovalRequest> AskAsync(LeaverCase known, KeptDetails kept, string by, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var request =
            (await approvals.AskedAsync(tenant.Value, GuardNames.Erasure, cancellationToken)).FirstOrDefault(r =>
                r.CaseId == known.Id && r.PlanId == PlanOf(known) && ApprovalRules.StateOf(r, now) == ApprovalState.Open
            )
            ?? await approvals.AskAsync(
                new ApprovalRequest
                {
                    Id = $"{DetailErasure.RequestPrefix(known.Id)}{now.UtcDateTime:yyyyMMddTHHmmssfffZ}",
                    TenantId = tenant.Value,
                    PlanId = PlanOf(known),
                    CaseId = known.Id,
                    SubjectId = known.UserId ?? "",
                    Requesters = [by],
                    Reasons =
                    [
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"{by} asks to erase for good what names people of case {known.Id}: {kept.Documents} documents, "
                                + $"{kept.Approvals} requests for approval, {kept.Findings} findings, and who its pseudonym stands for."
                        ),
                        "Two people other than who asked agree, and it is erased; a refusal keeps it.",
                    ],
                    Guards = [GuardNames.Erasure],
                    PolicySha256 = policy.Sha256,
                    AskedAt = now,
                    Deadline = now + AnswerWithin,
                    InstanceId = "",
                },
                now,
                cancellationToken
            );
        await evidence.AppendAsync(Record(request), cancellationToken);
        return request;
    }

    /// <summary>Acts on every answered request. What keeps one from it keeps no other.</summary>
    /// <exception cref="AggregateException">Some of it failed: repeat it later.</exception>
    public async Task SettleAsync(CancellationToken cancellationToken) =>
        await Each.RunAsync(
            await approvals.AskedAsync(tenant.Value, GuardNames.Erasure, cancellationToken),
            asked => SettleAsync(asked, cancellationToken),
            cancellationToken
        );

    /// <summary>The same for one; what cannot be done now is done by the sweep.</summary>
    public async Task TrySettleAsync(ApprovalRequest asked, CancellationToken cancellationToken)
    {
        try
        {
            await SettleAsync(asked, cancellationToken);
        }
        catch (Exception e) when (e is RequestFailedException or AggregateException)
        {
            // Every answer is kept.
        }
    }

    private async Task SettleAsync(ApprovalRequest asked, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (
            await erasure.FindCaseAsync(asked.CaseId, cancellationToken) is not { } known
            || asked.PlanId != PlanOf(known)
            || WhyNot(known) is not null
        )
        {
            await approvals.VoidAsync(tenant.Value, asked.Id, now, cancellationToken);
            return;
        }
        if (
            await approvals.FindAsync(tenant.Value, asked.Id, cancellationToken) is not { } request
            || ApprovalRules.StateOf(request, now) != ApprovalState.Approved
        )
            return;
        if (request.BegunAt is null)
        {
            // On record before anything is erased, and never again: a record would give the person a name in the ledger once more.
            await course.RecordAsync(cancellationToken);
            await approvals.RecordAsync(request, cancellationToken);
            await approvals.BeginAsync(tenant.Value, request.Id, now, cancellationToken);
        }
        string[] people =
        [
            .. request
                .Answers.Where(a => a.Approve && ApprovalRules.WhyNot(request, a.ApproverId) is null)
                .Select(a => a.ApproverId)
                .Distinct(StringComparer.OrdinalIgnoreCase),
        ];
        await erasure.EraseAsync(known.Id, $"approvers {string.Join(", ", people)}", people, policy.Sha256, cancellationToken);
    }

    private EvidenceRecord Record(ApprovalRequest request) =>
        new()
        {
            Id = $"{request.Id}-asked",
            Time = request.AskedAt,
            Actor = $"requester {request.Requesters[0]}",
            Action = AskedAction,
            TenantId = tenant.Value,
            PolicySha256 = request.PolicySha256,
            Controls = [],
            Outcome = "held",
            Counts = new Dictionary<string, long>(),
            Subject = request.CaseId,
            Reason = GuardNames.Erasure,
            PlanId = request.PlanId,
            CorrelationId = CorrelationId.Current(request.Id),
            People = [request.CaseId, request.Requesters[0]],
        };
}
