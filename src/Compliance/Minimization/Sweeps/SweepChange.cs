using System.Globalization;
using Compliance.Changes.Caps;
using Compliance.Changes.Flow;
using Compliance.Changes.Guards;
using Compliance.Changes.Plans;
using Compliance.Minimization.Policy;

namespace Compliance.Minimization.Sweeps;

/// <summary>
/// Deleting what a data set may not keep, as a change: one case a data set and sweep. The plan is made once, by the listing; what happens
/// to its items until the act is noticed at each of them.
/// </summary>
internal sealed class SweepChange(
    IRetentionPolicySource policies,
    TableSweeps sweeps,
    SweepDocuments documents,
    TablePolicyActs acts,
    SliceVerification verification,
    IDataOwners owners,
    TimeProvider time
) : IChange<SweepObservation>
{
    /// <summary>Action of a step that deletes what is due in a container.</summary>
    public const string DeleteAction = "blob.delete";

    /// <summary>Argument of a step: name of the slice's manifest.</summary>
    public const string ManifestArgument = "manifest";

    // What could not be deleted by then is certified as it is, and the next sweep plans it again.
    private static readonly TimeSpan GivesUpAfter = TimeSpan.FromDays(45);

    /// <inheritdoc/>
    public string Name => SweepControls.Actor;

    /// <inheritdoc/>
    public IReadOnlyList<string> Controls => SweepControls.Evidenced;

    /// <inheritdoc/>
    public bool IsAboutPeople => false;

    /// <inheritdoc/>
    public ChangePolicy LoadPolicy() => SweepPolicy.Flow(policies.Load());

    /// <inheritdoc/>
    public async Task<ChangeDue> IsDueAsync(ChangeRun run, CancellationToken cancellationToken)
    {
        var plan = await documents.CaseAsync(run.CaseId, cancellationToken);
        var sweep = await sweeps.FindAsync(run.TenantId, plan.Run.SweepId, cancellationToken);
        // A plan of another policy is over, however far it came: what it did is verified and certified.
        var isInForce = policies.Load().Sha256 == plan.PolicySha256;
        return new(isInForce && sweep is { Stage: SweepStage.Acting, IsDryRun: false } && time.GetUtcNow() - sweep.At < GivesUpAfter);
    }

    /// <inheritdoc/>
    public async Task<SweepObservation> ObserveAsync(ChangeRun run, CancellationToken cancellationToken)
    {
        var plan = await documents.CaseAsync(run.CaseId, cancellationToken);
        return new(plan, await FirstActsAsync(plan, cancellationToken), new Dictionary<string, SliceLeft>());
    }

    /// <inheritdoc/>
    public async Task<SweepObservation> ObserveAfterAsync(ChangeRun run, ActionPlan plan, CancellationToken cancellationToken)
    {
        var observed = await ObserveAsync(run, cancellationToken);
        var left = new Dictionary<string, SliceLeft>(StringComparer.Ordinal);
        foreach (var step in plan.Steps)
            left[step.Id] = await verification.VerifyAsync(SliceOf(observed.Plan, step), cancellationToken);
        return observed with { Left = left };
    }

    /// <inheritdoc/>
    public Task<ChangeOwner?> OwnerAsync(ChangeRun run, SweepObservation observed, CancellationToken cancellationToken)
    {
        var owner = policies.Load().DataSets.FirstOrDefault(s => s.Id == observed.Plan.DataSet)?.Owner;
        return owner is null ? Task.FromResult<ChangeOwner?>(null) : owners.FindAsync(owner, cancellationToken);
    }

    /// <inheritdoc/>
    public ActionPlan Plan(ChangeRun run, SweepObservation observed, ChangePolicy policy)
    {
        var plan = observed.Plan;
        // Planned by another policy than the one in force: nothing of it is wanted any more.
        var slices = plan.PolicySha256 == policy.Sha256 ? plan.Slices.Where(s => s.Totals.Due.Items > 0) : [];
        return new()
        {
            Kind = "sweep.delete",
            TenantId = run.TenantId,
            CaseId = run.CaseId,
            SubjectId = run.SubjectId,
            PolicySha256 = plan.PolicySha256,
            Steps = [.. slices.Select(s => Step(plan, s))],
        };
    }

    /// <inheritdoc/>
    public IReadOnlyList<Hold> Guard(ActionPlan plan, SweepObservation observed, ChangePolicy policy) =>
        SweepPolicy.Holds(observed, policies.Load().DataSets.FirstOrDefault(s => s.Id == observed.Plan.DataSet));

    /// <inheritdoc/>
    public IReadOnlyList<string> Describe(ActionPlan plan, SweepObservation observed) => SweepPolicy.Describe(observed.Plan);

    /// <inheritdoc/>
    public CapLimits? Limits(SweepObservation observed, ChangePolicy policy) => null;

    /// <inheritdoc/>
    public VerifiedChange Compare(ActionPlan plan, SweepObservation before, SweepObservation after, DateTimeOffset at)
    {
        var steps = plan.Steps.Select(s => Verified(s, after.Left.GetValueOrDefault(s.Id))).ToList();
        return new(at, steps, [.. after.Left.Values.Select(l => l.Unread).OfType<string>()]);
    }

    /// <summary>The slice that a step is about.</summary>
    /// <exception cref="InvalidOperationException">The plan has none of that manifest.</exception>
    public static Slice SliceOf(DataSetPlan plan, PlanStep step) =>
        plan.Slices.FirstOrDefault(s => s.Manifest == step.Arguments[ManifestArgument])
        ?? throw new InvalidOperationException($"step {step.Id} names a manifest that is not of its plan");

    private static VerifiedStep Verified(PlanStep step, SliceLeft? left)
    {
        if (left is null or { Unread: not null } or { Untried: > 0 })
            return new(step.Id, StepState.Unknown, left?.Unread ?? $"{left?.Untried ?? 0} items were not tried.");
        if (left.StillThere > 0)
            return new(step.Id, StepState.NotInEffect, $"{left.StillThere} items were answered as deleted and are there.");
        return left.NotDeleted > 0
            ? new(step.Id, StepState.NotInEffect, $"{left.NotDeleted} items could not be deleted.")
            : new(step.Id, StepState.InEffect);
    }

    private static PlanStep Step(DataSetPlan plan, Slice slice)
    {
        var target = new PlanTarget("blobContainer", slice.Place, slice.Place);
        var due = slice.Totals.Due;
        var rules = string.Join(", ", slice.Due.Keys.Order(StringComparer.Ordinal));
        return new(
            PlanStep.IdOf(DeleteAction, target),
            DeleteAction,
            target,
            0,
            string.Create(CultureInfo.InvariantCulture, $"{due.Items} items of {due.Bytes} bytes are due by {rules}."),
            $"retention.yaml#/dataSets/{plan.DataSet}",
            new Dictionary<string, string>
            {
                [ManifestArgument] = slice.Manifest,
                ["root"] = slice.PlanId,
                ["items"] = due.Items.ToString(CultureInfo.InvariantCulture),
                ["bytes"] = due.Bytes.ToString(CultureInfo.InvariantCulture),
            }
        );
    }

    // Rules of the plan that never deleted anything as they are now.
    private async Task<IReadOnlyList<string>> FirstActsAsync(DataSetPlan plan, CancellationToken cancellationToken)
    {
        var policy = policies.Load();
        if (!policy.ApproveFirstAct)
            return [];
        var set = policy.DataSets.FirstOrDefault(s => s.Id == plan.DataSet);
        var first = new List<string>();
        foreach (var id in plan.Slices.SelectMany(s => s.Due.Keys).Distinct().Order(StringComparer.Ordinal))
            if (
                set?.Rules.FirstOrDefault(r => r.Id == id) is not { } rule
                || await acts.IsFirstAsync(plan.Run.TenantId, RuleIdentity.Create(set, rule), cancellationToken)
            )
                first.Add(id);
        return first;
    }
}
