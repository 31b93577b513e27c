using Compliance.Plans;

namespace Compliance.Offboarding.Planning;

/// <summary>Makes the plan that gives back what a case took away. Pure. Privileged access is never given back by itself, and what cannot be is said.</summary>
internal static class UndoPlanner
{
    /// <summary>The kind of plan.</summary>
    public const string Kind = "offboarding.undo";

    /// <summary>The plan.</summary>
    /// <param name="tenantId">Entra tenant id.</param>
    /// <param name="caseId">The case.</param>
    /// <param name="facts">The person.</param>
    /// <param name="before">All access as it was before anything was done.</param>
    /// <param name="plans">The plans that were carried out.</param>
    /// <param name="outcomes">How each step ended: only what was done is undone.</param>
    /// <param name="policy">The policy in force.</param>
    public static ActionPlan Plan(
        string tenantId, string caseId, LeaverFacts facts, AccessSnapshot before, IReadOnlyCollection<ActionPlan> plans, IReadOnlyCollection<StepOutcome> outcomes, OffboardingPolicy policy)
    {
        var done = outcomes.Where(o => o.InEffect).Select(o => o.StepId).ToHashSet(StringComparer.Ordinal);
        var accesses = before.Accesses.GroupBy(a => a.Key).ToDictionary(g => g.Key, g => g.First(), StringComparer.Ordinal);
        var steps = new Dictionary<string, PlanStep>(StringComparer.Ordinal);
        var manual = new Dictionary<string, ManualStep>(StringComparer.Ordinal);
        // Only an account that could sign in before is enabled again.
        if (facts.AccountEnabled == true)
        {
            var account = new PlanTarget(BlockPlanner.User, facts.UserId, facts.PrincipalName);
            Add(steps, LeaverActions.EnableAccount, account, 1, new Dictionary<string, string>(StringComparer.Ordinal));
        }
        foreach (var step in plans.SelectMany(p => p.Steps).Where(s => done.Contains(s.Id)))
        {
            var access = accesses.GetValueOrDefault($"{step.Target.Type}:{step.Target.Id}".ToLowerInvariant());
            void NotBack(string why, string what) => manual[step.Target.Type + step.Target.Id] = new(step.Target, why, what);
            switch (step.Action)
            {
                case LeaverActions.DisableAccount or LeaverActions.RevokeSessions or LeaverActions.AddOwner:
                    break;
                case LeaverActions.RemoveSignInMethod:
                    NotBack("a deleted sign-in method cannot be restored", "the person registers a new one");
                    break;
                case LeaverActions.RemoveDirectoryRole or LeaverActions.RemoveEligibleDirectoryRole or LeaverActions.RemoveEligibleAzureRole:
                    NotBack("an administrator's role is never given back by an undo", "ask for it anew");
                    break;
                case LeaverActions.RetireManagedDevice:
                    NotBack("a retired device cannot be restored", "enrol it again");
                    break;
                case var _ when access is null || access.Privileged:
                    NotBack("privileged access is never given back by an undo", "ask for it anew");
                    break;
                default:
                    if (Reverse(step.Action) is { } action)
                        Add(steps, action, step.Target, 0, step.Arguments);
                    break;
            }
        }
        return new ActionPlan
        {
            Kind = Kind,
            TenantId = tenantId,
            CaseId = caseId,
            SubjectId = facts.UserId,
            PolicySha256 = policy.Sha256,
            Steps = [.. steps.Values.OrderBy(s => s.Wave).ThenBy(s => s.Action, StringComparer.Ordinal).ThenBy(s => s.Target.Id, StringComparer.Ordinal)],
            Manual = [.. manual.Values.OrderBy(m => m.Target.Type, StringComparer.Ordinal).ThenBy(m => m.Target.Id, StringComparer.Ordinal)],
        };
    }

    private static string? Reverse(string action) => action switch
    {
        LeaverActions.RemoveGroupMember => LeaverActions.AddGroupMember,
        LeaverActions.RemoveAppRole => LeaverActions.AddAppRole,
        LeaverActions.RemoveDelegatedGrant => LeaverActions.AddDelegatedGrant,
        LeaverActions.RemoveAzureRole => LeaverActions.AddAzureRole,
        LeaverActions.RemoveVaultAccessPolicy => LeaverActions.AddVaultAccessPolicy,
        // The heir stays: the person is added beside.
        LeaverActions.RemoveOwner => LeaverActions.AddOwner,
        LeaverActions.HandOverResource => LeaverActions.TakeBackResource,
        LeaverActions.RemoveLicence => LeaverActions.AddLicence,
        LeaverActions.DisableDevice => LeaverActions.EnableDevice,
        _ => null,
    };

    private static void Add(Dictionary<string, PlanStep> steps, string action, PlanTarget target, int wave, IReadOnlyDictionary<string, string> arguments)
    {
        if (action == LeaverActions.AddOwner)
            arguments = new SortedDictionary<string, string>(arguments.ToDictionary(), StringComparer.Ordinal) { [RemovalPlanner.HeirId] = arguments[RemovalPlanner.UserId] };
        var id = PlanStep.IdOf(action, target);
        steps[id] = new PlanStep(id, action, target, wave, "the leaving was taken back", "offboarding.yaml#/", arguments);
    }
}
