using Compliance.Changes.Plans;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Planning;
using Compliance.Runs;

namespace Compliance.Offboarding.Rounds;

/// <summary>
/// Reads daily what an undo could not give back. What is there again is kept no more, nor is what a deleted user had.
/// </summary>
internal sealed class NotGivenBackCheck(LeaverRounds rounds, TakenAccess taken, ILeaverDirectory directory)
{
    /// <summary>Reads it for all cases, each on its own.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var policy = rounds.LoadPolicy();
        var open = await rounds.OpenCasesAsync(dueSince: null, cancellationToken);
        await Each.RunAsync(open.Where(c => c.IsNotGivenBack), CheckAsync, cancellationToken);

        async Task CheckAsync(LeaverCase known)
        {
            var people = (await taken.NotGivenBackAsync(known, cancellationToken)).GroupBy(r => r.UserId, StringComparer.OrdinalIgnoreCase);
            foreach (var person in people)
                await CheckPersonAsync([.. person], policy, cancellationToken);
            await taken.ReportNotGivenBackAsync(known, policy, cancellationToken);
        }
    }

    private async Task CheckPersonAsync(IReadOnlyList<ActedRound> acted, OffboardingPolicy policy, CancellationToken cancellationToken)
    {
        var facts = acted[0].State.Facts!;
        if (!(await directory.RecheckAsync([facts.UserId], cancellationToken)).TryGetValue(facts.UserId, out var seen))
            return;
        var isAccess = seen.Exists && acted.Any(r => r.State.NotGivenBack.Any(l => IsAccess(l.Step)));
        var access = isAccess ? await directory.ReadAccessAsync(facts.UserId, facts.PrincipalName, policy, cancellationToken) : null;
        foreach (var (run, state) in acted)
        {
            var left = state.NotGivenBack.Where(l => seen.Exists && !IsThereAgain(l.Step)).ToList();
            if (left.Count < state.NotGivenBack.Count)
                await rounds.ChangeStateAsync(run, s => s with { NotGivenBack = left }, cancellationToken);
        }

        bool IsThereAgain(PlanStep step) =>
            step.Action switch
            {
                EnableAccount.Id => seen.Enabled == true,
                RemoveFromBlockGroup.Id => seen.Memberships?.Contains(step.Target.Id, StringComparer.OrdinalIgnoreCase) == false,
                _ => UndoPlanner.IsSeen(step, access!, facts, policy),
            };
    }

    private static bool IsAccess(PlanStep step) => step.Action is not (EnableAccount.Id or RemoveFromBlockGroup.Id);
}
