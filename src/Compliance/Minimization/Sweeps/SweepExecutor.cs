using System.Collections.Concurrent;
using Compliance.Changes.Execution;
using Compliance.Changes.Guards;
using Compliance.Changes.Plans;
using Compliance.Minimization.Policy;

namespace Compliance.Minimization.Sweeps;

/// <summary>
/// Carries the plan of a data set out, slice by slice. A pass ends after some minutes, so that no activity runs longer than the host lets
/// it; the next one goes on where it was.
/// </summary>
internal sealed class SweepExecutor(
    IRetentionPolicySource policies,
    SweepDocuments documents,
    SliceDeletion deletion,
    TablePolicyActs acts,
    TimeProvider time
) : IPlanExecutor
{
    // Slices that are carried out side by side in one activity.
    private const int MaxSlices = 4;

    private const string Permission = "Storage Blob Data: blobs/delete, blobs/deleteBlobVersion/action";

    // After this time no further part of a slice is begun.
    private static readonly TimeSpan PassWithin = TimeSpan.FromMinutes(4);

    /// <inheritdoc/>
    public async Task<PlanPass> RunAsync(
        ActionPlan plan,
        IReadOnlySet<string> settled,
        IReadOnlySet<string> tried,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(plan);
        var data = await documents.CaseAsync(plan.CaseId, cancellationToken);
        var policy = policies.Load();
        // What was planned by another policy is not carried out: the flow plans nothing then, and this is asked for no more.
        if (policy.Sha256 != plan.PolicySha256)
            return new([.. plan.Steps.Select(s => Outcome(s, StepResult.Refused, "the policy has changed since"))], TimeSpan.Zero);
        var whole = new ConcurrentDictionary<string, StepOutcome>(StringComparer.Ordinal);
        var left = plan.Steps.Where(s => !settled.Contains(s.Id) && !tried.Contains(s.Id)).ToList();
        var until = time.GetUtcNow() + PassWithin;
        await Parallel.ForEachAsync(
            left,
            new ParallelOptions { MaxDegreeOfParallelism = MaxSlices, CancellationToken = cancellationToken },
            async (step, stop) =>
            {
                var slice = SweepChange.SliceOf(data, step);
                try
                {
                    if (await deletion.RunAsync(new(data.Run, policy, slice, plan.Id()), until - time.GetUtcNow(), stop))
                        whole[step.Id] = await OutcomeAsync(step, slice, stop);
                }
                catch (UnreadException e)
                {
                    whole[step.Id] = Outcome(step, StepResult.NotPermitted, e.Message) with
                    {
                        Permission = e.Unread.Permission ?? "the account's network",
                        Remedy = e.Unread.Remedy,
                    };
                }
            }
        );
        await ActedAsync(plan, data, policy, whole.Values, cancellationToken);
        return whole.Count == left.Count
            ? new([.. left.Select(s => whole[s.Id])], TimeSpan.Zero)
            // A second, or until acts are not paused any more: the flow asks that before each pass.
            : new([], TimeSpan.FromSeconds(1));
    }

    private async Task<StepOutcome> OutcomeAsync(PlanStep step, Slice slice, CancellationToken cancellationToken)
    {
        var results = (await documents.ProgressAsync(slice, cancellationToken)).Results();
        long Of(SweepResult result) => results.GetValueOrDefault(result, SliceTotal.None).Items;
        if (Of(SweepResult.Refused) is > 0 and var refused)
            return Outcome(step, StepResult.NotPermitted, $"the service refused to delete {refused} items") with
            {
                Permission = Permission,
                Remedy = "grant it to this app at the account, or lift what denies it",
            };
        if (Of(SweepResult.Failed) is > 0 and var failed)
            return Outcome(step, StepResult.Failed, $"{failed} items could not be deleted");
        return Of(SweepResult.Deleted) > 0 ? Outcome(step, StepResult.Done) : Outcome(step, StepResult.AlreadySo);
    }

    // A rule that deleted something has had its first act.
    private async Task ActedAsync(
        ActionPlan plan,
        DataSetPlan data,
        RetentionPolicy policy,
        ICollection<StepOutcome> outcomes,
        CancellationToken cancellationToken
    )
    {
        if (policy.DataSets.FirstOrDefault(s => s.Id == data.DataSet) is not { } set || !StepOutcomes.IsActed(plan, [.. outcomes]))
            return;
        foreach (var rule in set.Rules.Where(r => data.Slices.Any(s => s.Due.ContainsKey(r.Id))))
            await acts.ActedAsync(plan.TenantId, RuleIdentity.Create(set, rule), plan.CaseId, time.GetUtcNow(), cancellationToken);
    }

    private StepOutcome Outcome(PlanStep step, StepResult result, string? reason = null) => new(step.Id, result, time.GetUtcNow(), reason);
}
