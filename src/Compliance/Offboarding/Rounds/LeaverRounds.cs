using System.Globalization;
using Compliance.Changes.Execution;
using Compliance.Changes.Plans;
using Compliance.Ledger;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Policy;
using Compliance.Storage;
using Compliance.Text;

namespace Compliance.Offboarding.Rounds;

/// <summary>
/// What the steps of a round read and write: the case, the documents of the round, the evidence, the policy in force and the clock.
/// Whatever a step learns is kept here before it returns.
/// </summary>
internal sealed class LeaverRounds(
    TenantId tenant,
    ILeaverCases cases,
    BlobDocumentStore documents,
    IEvidenceLog evidence,
    IOffboardingPolicySource policies,
    TimeProvider time
)
{
    private const string StateName = "state.json";
    private const string SnapshotName = "snapshot.json";
    private const string LaterName = "snapshot-later.json";

    public string Tenant => tenant.Value;

    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>The policy in force.</summary>
    /// <exception cref="Policies.PolicyException">The file has errors.</exception>
    public OffboardingPolicy LoadPolicy() => policies.Load();

    /// <summary>Name of a document of one round of a case.</summary>
    public static string Name(CaseRun run, string document) => CaseDocuments.Name(run.CaseId, run.Round, document);

    /// <exception cref="KeyNotFoundException">There is no such case.</exception>
    public async Task<LeaverCase> CaseAsync(CaseRun run, CancellationToken cancellationToken) =>
        await cases.FindAsync(Tenant, run.CaseId, cancellationToken) ?? throw new KeyNotFoundException($"there is no case {run.CaseId}");

    /// <summary>A case; null when there is none.</summary>
    public Task<LeaverCase?> FindCaseAsync(string caseId, CancellationToken cancellationToken) =>
        cases.FindAsync(Tenant, caseId, cancellationToken);

    /// <summary>Changes a case, whichever round it is in.</summary>
    public Task<LeaverCase> ChangeAsync(string caseId, Func<LeaverCase, LeaverCase> change, CancellationToken cancellationToken) =>
        cases.ChangeAsync(Tenant, caseId, change, cancellationToken);

    /// <summary>Changes the case, whichever round it is in: the change itself looks at that.</summary>
    public Task<LeaverCase> ChangeAsync(CaseRun run, Func<LeaverCase, LeaverCase> change, CancellationToken cancellationToken) =>
        cases.ChangeAsync(Tenant, run.CaseId, change, cancellationToken);

    /// <summary>Notes that a plan of the round is carried out.</summary>
    public Task<LeaverCase> NoteRemovingAsync(CaseRun run, string planId, CancellationToken cancellationToken) =>
        ChangeAsync(
            run,
            c =>
            {
                if (CaseRules.IsSupersededOrLater(c, run.Round, Now))
                    return c;
                // That the account could not be blocked yet is what has to be seen first.
                return c.BlockedAt is null
                    ? c with
                    {
                        PlanId = planId,
                    }
                    : LeaverTransitions.Apply(c, StageChange.RemovalReleased) with
                    {
                        PlanId = planId,
                        Note = null,
                    };
            },
            cancellationToken
        );

    /// <summary>Cases that are open, and those that were due since then.</summary>
    public Task<IReadOnlyList<LeaverCase>> OpenCasesAsync(DateTimeOffset? dueSince, CancellationToken cancellationToken) =>
        cases.OpenAsync(Tenant, dueSince, cancellationToken);

    public Task<IReadOnlyList<LeaverCase>> AllCasesAsync(CancellationToken cancellationToken) => cases.AllAsync(Tenant, cancellationToken);

    public Task<IReadOnlyList<LeaverCase>> CasesOfPersonAsync(string employeeId, CancellationToken cancellationToken) =>
        cases.OfPersonAsync(Tenant, employeeId, cancellationToken);

    /// <summary>Object ids of others who leave at the same time, or left not long ago: none of them is given anything.</summary>
    public async Task<IReadOnlySet<string>> LeavingAsync(CancellationToken cancellationToken) =>
        (await OpenCasesAsync(Now - CaseRules.Remembered, cancellationToken))
            .Where(c => c.UserId is not null && c.Stage is not (LeaverStage.Cancelled or LeaverStage.Restored))
            .Select(c => c.UserId!)
            .ToHashSet(StringComparer.OrdinalIgnoreCase);

    public async Task<CaseState> StateAsync(CaseRun run, CancellationToken cancellationToken) =>
        await documents.LoadAsync<CaseState>(Name(run, StateName), cancellationToken) ?? new CaseState();

    public Task<CaseState> ChangeStateAsync(CaseRun run, Func<CaseState, CaseState> change, CancellationToken cancellationToken) =>
        documents.ChangeAsync<CaseState>(Name(run, StateName), s => change(s ?? new CaseState()), cancellationToken);

    /// <returns>SHA-256 of the document's canonical JSON, lower-case hex.</returns>
    public Task<string> SaveAsync<T>(CaseRun run, string document, T content, CancellationToken cancellationToken)
        where T : class => documents.SaveAsync(Name(run, document), content, cancellationToken);

    /// <summary>Keeps a document once: one that is there under this name stays, and is what a record of it names.</summary>
    /// <returns>The document as it is kept, and the SHA-256 of its bytes (lower-case hex).</returns>
    public async Task<(T Kept, string Sha256)> KeepAsync<T>(CaseRun run, string document, T content, CancellationToken cancellationToken)
        where T : class
    {
        var kept = await documents.ChangeAsync<T>(Name(run, document), earlier => earlier ?? content, cancellationToken);
        return (kept, CanonicalJson.Sha256Of(kept));
    }

    public Task SavePageAsync(CaseRun run, string document, string html, CancellationToken cancellationToken) =>
        documents.SaveTextAsync(Name(run, document), "text/html; charset=utf-8", html, cancellationToken);

    /// <summary>The access before this round; null when it was not read yet.</summary>
    public Task<AccessSnapshot?> FindSnapshotAsync(CaseRun run, CancellationToken cancellationToken) =>
        documents.LoadAsync<AccessSnapshot>(Name(run, SnapshotName), cancellationToken);

    /// <summary>
    /// All access that the plans of this round were made from: the first snapshot, and what later reads showed beside it. Null when it was
    /// not read yet.
    /// </summary>
    public async Task<AccessSnapshot?> FindSeenAsync(CaseRun run, CancellationToken cancellationToken)
    {
        var later = await documents.LoadAsync<AccessSnapshot>(Name(run, LaterName), cancellationToken);
        return await FindSnapshotAsync(run, cancellationToken) is { } first ? first.With(later) : later;
    }

    /// <inheritdoc cref="FindSeenAsync"/>
    /// <exception cref="InvalidOperationException">The access was not read yet.</exception>
    public async Task<AccessSnapshot> SeenAsync(CaseRun run, CancellationToken cancellationToken) =>
        await FindSeenAsync(run, cancellationToken) ?? throw new InvalidOperationException($"case {run.CaseId} has no snapshot");

    /// <summary>Keeps what a later read shows that was not kept before, ahead of any plan that takes it away.</summary>
    public async Task KeepSeenAsync(CaseRun run, AccessSnapshot read, CancellationToken cancellationToken)
    {
        var seen = await SeenAsync(run, cancellationToken);
        if (read.Without(seen) is { Accesses.Count: > 0 } unknown)
            await documents.ChangeAsync<AccessSnapshot>(Name(run, LaterName), kept => kept?.With(unknown) ?? unknown, cancellationToken);
    }

    /// <summary>
    /// Keeps the first snapshot, which is on record and never replaced. Of two at once, as after a killed host whose worker went on, the
    /// first to keep it is right.
    /// </summary>
    public Task<AccessSnapshot> KeepSnapshotAsync(CaseRun run, AccessSnapshot snapshot, CancellationToken cancellationToken) =>
        documents.ChangeAsync<AccessSnapshot>(Name(run, SnapshotName), kept => kept ?? snapshot, cancellationToken);

    public Task SavePlanAsync(CaseRun run, ActionPlan plan, CancellationToken cancellationToken) =>
        SaveAsync(run, $"plan-{plan.Id()}.json", plan, cancellationToken);

    /// <exception cref="InvalidOperationException">The document is missing or was altered.</exception>
    public Task<ActionPlan> LoadPlanAsync(CaseRun run, string planId, CancellationToken cancellationToken) =>
        documents.LoadPlanAsync(Name(run, $"plan-{planId}.json"), planId, cancellationToken);

    /// <summary>The plans whose carrying out was begun.</summary>
    public async Task<IReadOnlyList<ActionPlan>> LoadBegunPlansAsync(CaseRun run, CaseState state, CancellationToken cancellationToken)
    {
        var plans = new List<ActionPlan>();
        foreach (var id in state.Begun)
            plans.Add(await LoadPlanAsync(run, id, cancellationToken));
        return plans;
    }

    /// <summary>The plan that blocking may be carried out by; null when there is none.</summary>
    public Task<ActionPlan?> FindBlockPlanAsync(CaseRun run, CaseState state, CancellationToken cancellationToken) =>
        FindBlockPlanAsync(run, state.Released, _ => true, cancellationToken);

    /// <summary>The plan by which a person may have been blocked, also one that was withdrawn since; null when there is none.</summary>
    public Task<ActionPlan?> FindBlockPlanAsync(CaseRun run, CaseState state, string userId, CancellationToken cancellationToken) =>
        FindBlockPlanAsync(run, state.EverReleased, plan => Ids.Same(plan.SubjectId, userId), cancellationToken);

    private async Task<ActionPlan?> FindBlockPlanAsync(
        CaseRun run,
        IEnumerable<string> ids,
        Predicate<ActionPlan> isMeant,
        CancellationToken cancellationToken
    )
    {
        foreach (var id in ids.Reverse())
            if (await LoadPlanAsync(run, id, cancellationToken) is { Kind: Steps.Block } plan && isMeant(plan))
                return plan;
        return null;
    }

    /// <summary>Takes back that a block may begin, of every block plan of the round: it is decided again.</summary>
    public async Task WithdrawBlockAsync(CaseRun run, CancellationToken cancellationToken)
    {
        var withdrawn = new HashSet<string>(StringComparer.Ordinal);
        foreach (var id in (await StateAsync(run, cancellationToken)).Released)
            if ((await LoadPlanAsync(run, id, cancellationToken)).Kind == Steps.Block)
                withdrawn.Add(id);
        if (withdrawn.Count > 0)
            await ChangeStateAsync(
                run,
                s =>
                    s with
                    {
                        Released = [.. s.Released.Where(r => !withdrawn.Contains(r))],
                        Withdrawn = [.. s.Withdrawn.Union(s.Released.Where(withdrawn.Contains), StringComparer.Ordinal)],
                    },
                cancellationToken
            );
    }

    /// <summary>Records something about the round, and keeps the record's id: the certificate names the records it rests on.</summary>
    public async Task<CaseState> RecordAsync(CaseRun run, OffboardingPolicy policy, RoundEvidence what, CancellationToken cancellationToken)
    {
        var receipt = await evidence.AppendAsync(
            new EvidenceRecord
            {
                Id = $"{run.CaseId}-{run.Round}-{what.Phase}",
                Time = what.At,
                Actor = "LeaverCase (HR event)",
                Action = what.Action,
                TenantId = Tenant,
                PolicySha256 = what.Plan?.PolicySha256 ?? policy.Sha256,
                Controls = what.Controls,
                Outcome = what.Outcome,
                Counts = what.Counts ?? new Dictionary<string, long>(),
                Subject = run.CaseId,
                Reason = what.Reason,
                PlanId = what.Plan?.Id() ?? what.PlanId,
                DetailsSha256 = what.Details,
                CorrelationId = run.CorrelationId,
                People = [run.CaseId],
            },
            cancellationToken
        );
        return await ChangeStateAsync(
            run,
            s => (what.Also ?? (same => same))(s with { Evidence = s.Evidence.With(receipt.RecordId) }),
            cancellationToken
        );
    }

    /// <summary>
    /// Records what a phase of a plan came to, once for each change of it: what stays as it is for months is recorded once.
    /// </summary>
    /// <param name="run">The round.</param>
    /// <param name="phase">The phase, for example <c>remove</c>.</param>
    /// <param name="planId">Id of the plan.</param>
    /// <param name="outcomes">What it came to.</param>
    /// <param name="recordAsync">Records it under the id, at the time and with the note that it is given.</param>
    /// <param name="isLast">Whether nothing more of it can come.</param>
    /// <param name="cancellationToken">Stops between writes.</param>
    /// <returns>Whether it was recorded now.</returns>
    public async Task<bool> RecordChangeAsync(
        CaseRun run,
        string phase,
        string planId,
        IReadOnlyCollection<StepOutcome> outcomes,
        Func<RecordedChange, Task> recordAsync,
        CancellationToken cancellationToken,
        bool isLast = false
    )
    {
        var key = $"{phase}-{planId[..12]}";
        // Part of the record's id: were a record written and the round's state not, another outcome would be taken for that record.
        var signature = StepOutcomes.SignatureOf(outcomes);
        var state = await StateAsync(run, cancellationToken);
        if (state.Recorded.GetValueOrDefault(key) == signature)
            return false;
        var number = state.Evidence.Count(e => e.Contains($"-{run.Round}-{key}-", StringComparison.Ordinal));
        await recordAsync(
            new(
                isLast ? $"{key}-done" : string.Create(CultureInfo.InvariantCulture, $"{key}-{number}-{signature}"),
                outcomes.Select(o => o.At).DefaultIfEmpty(Now).Max(),
                s => s with { Recorded = new Dictionary<string, string>(s.Recorded, StringComparer.Ordinal) { [key] = signature } }
            )
        );
        return true;
    }
}
