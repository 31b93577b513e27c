using System.Globalization;
using Compliance.Changes.Plans;
using Compliance.Ledger;
using Compliance.Storage;

namespace Compliance.Changes.Flow;

/// <summary>What the steps of a change read and write: the documents of its rounds, their evidence, and the clock.</summary>
/// <param name="change">The capability.</param>
/// <param name="documents">Keeps plans, states and certificates.</param>
/// <param name="evidence">The ledger.</param>
/// <param name="time">The clock.</param>
internal sealed class ChangeStore<TObservation>(
    IChange<TObservation> change,
    BlobDocumentStore documents,
    IEvidenceLog evidence,
    TimeProvider time
)
    where TObservation : class
{
    private const string StateName = "state.json";

    /// <summary>The clock's time (UTC).</summary>
    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Id of the request about a plan: an answer counts in its own round only, and two rounds may have the same plan.</summary>
    public static string RequestId(ChangeRun run, string planId) => $"{run.CaseId}-{Text(run.Round)}-{planId[..12]}";

    /// <summary>Name of a document of a round.</summary>
    public static string Name(ChangeRun run, string document) => $"{run.CaseId}/{Text(run.Round)}/{document}";

    /// <summary>A point of time as part of a record's id.</summary>
    public static string Instant(DateTimeOffset at) => at.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);

    /// <summary>A number as part of an id.</summary>
    public static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>What the round did so far.</summary>
    public async Task<ChangeState> StateAsync(ChangeRun run, CancellationToken cancellationToken) =>
        await documents.LoadAsync<ChangeState>(Name(run, StateName), cancellationToken) ?? new ChangeState();

    /// <summary>Changes what the round did, by compare-and-set.</summary>
    public Task<ChangeState> ChangeStateAsync(ChangeRun run, Func<ChangeState, ChangeState> apply, CancellationToken cancellationToken) =>
        documents.ChangeAsync<ChangeState>(Name(run, StateName), s => apply(s ?? new ChangeState()), cancellationToken);

    /// <summary>Keeps a plan, and what it was made from.</summary>
    public async Task SavePlanAsync(ChangeRun run, ActionPlan plan, TObservation observed, CancellationToken cancellationToken)
    {
        await documents.SaveAsync(Name(run, $"plan-{plan.Id()}.json"), plan, cancellationToken);
        await documents.SaveAsync(Name(run, $"observed-{plan.Id()}.json"), observed, cancellationToken);
    }

    /// <exception cref="InvalidOperationException">The document is missing or was altered.</exception>
    public Task<ActionPlan> LoadPlanAsync(ChangeRun run, string planId, CancellationToken cancellationToken) =>
        documents.LoadPlanAsync(Name(run, $"plan-{planId}.json"), planId, cancellationToken);

    /// <summary>The plan that was let begin, and what it was made from.</summary>
    /// <exception cref="InvalidOperationException">None was, or the document is missing or was altered.</exception>
    public async Task<(ActionPlan Plan, TObservation Before)> BegunAsync(
        ChangeRun run,
        ChangeState state,
        CancellationToken cancellationToken
    )
    {
        var planId = state.Begun ?? throw new InvalidOperationException($"nothing of case {run.CaseId} was let begin");
        return (
            await LoadPlanAsync(run, planId, cancellationToken),
            await documents.LoadAsync<TObservation>(Name(run, $"observed-{planId}.json"), cancellationToken)
                ?? throw new InvalidOperationException($"what plan {planId} was made from is not there")
        );
    }

    /// <returns>SHA-256 of the certificate's canonical JSON, lower-case hex.</returns>
    public Task<string> SaveCertificateAsync(ChangeRun run, ChangeCertificate certificate, CancellationToken cancellationToken) =>
        documents.SaveAsync(Name(run, "certificate.json"), certificate, cancellationToken);

    /// <summary>A record about a plan of the round.</summary>
    /// <param name="run">The round.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="part">The part of the record's id after case and round.</param>
    /// <param name="action">What was done, for example <c>act</c>.</param>
    /// <param name="at">When (UTC): the same whenever it is sent again.</param>
    /// <param name="counts">Counts, by name.</param>
    public EvidenceRecord Record(
        ChangeRun run,
        ActionPlan plan,
        string part,
        string action,
        DateTimeOffset at,
        IReadOnlyDictionary<string, long> counts
    ) =>
        new()
        {
            Id = $"{run.CaseId}-{Text(run.Round)}-{part}",
            Time = at,
            Actor = change.Name,
            Action = $"{change.Name}.{action}",
            TenantId = run.TenantId,
            PolicySha256 = plan.PolicySha256,
            Controls = change.Controls,
            Outcome = action,
            Counts = counts,
            Subject = run.CaseId,
            PlanId = plan.Id(),
            CorrelationId = run.InstanceId,
            People = change.IsAboutPeople ? [run.CaseId] : [],
        };

    /// <summary>
    /// Appends a record, and notes in the state that it is on record: the certificate names the records it rests on.
    /// </summary>
    public async Task RecordAsync(
        ChangeRun run,
        EvidenceRecord record,
        Func<ChangeState, ChangeState> also,
        CancellationToken cancellationToken
    )
    {
        var id = (await evidence.AppendAsync(record, cancellationToken)).RecordId;
        await ChangeStateAsync(
            run,
            s => also(s.Evidence.Contains(id, StringComparer.Ordinal) ? s : s with { Evidence = [.. s.Evidence, id] }),
            cancellationToken
        );
    }
}
