using Compliance.Offboarding.Planning;
using Compliance.Plans;

namespace Compliance.Offboarding.Acting;

/// <summary>An access that is still there or may be, and why.</summary>
/// <param name="Access">The access.</param>
/// <param name="Why">Why it is not seen removed, in words.</param>
/// <param name="Remedy">What a person can do; null when the case mends it by itself.</param>
internal sealed record Remaining(Access Access, string Why, string? Remedy);

/// <summary>How a case stands after a fresh read.</summary>
/// <param name="Removed">Seen removed: in the snapshot or in a plan, and not in a complete fresh read of its source.</param>
/// <param name="Left">Still there, or not seen because its source was not read: trying again may mend it.</param>
/// <param name="Stuck">Still there and not to be removed by trying again: a person or a permission is needed.</param>
/// <param name="Outside">There now and in no plan.</param>
/// <param name="Unread">Sources the fresh read did not read to their end.</param>
/// <param name="AccountDisabled">Whether the account was seen unable to sign in; a deleted one is.</param>
internal sealed record VerifiedCase(
    IReadOnlyList<Access> Removed, IReadOnlyList<Remaining> Left, IReadOnlyList<Remaining> Stuck, IReadOnlyList<Access> Outside, IReadOnlyList<string> Unread, bool AccountDisabled)
{
    /// <summary>True when the account was seen disabled and everything that can be removed here was seen removed. What a person has to do is told apart.</summary>
    public bool Clear => AccountDisabled && Left.Count == 0 && Outside.Count == 0 && Unread.Count == 0;
}

/// <summary>Compares what was planned with what is there now. Pure. A step counts only when its effect was seen.</summary>
internal static class Verification
{
    /// <summary>Compares.</summary>
    /// <param name="plans">Every plan of the case.</param>
    /// <param name="before">All access as it was at first.</param>
    /// <param name="after">All access as it is now.</param>
    /// <param name="outcomes">The last outcome of each step.</param>
    public static VerifiedCase Compare(IReadOnlyCollection<ActionPlan> plans, AccessSnapshot before, AccessSnapshot after, IEnumerable<StepOutcome> outcomes)
    {
        var byStep = outcomes.ToDictionary(o => o.StepId, StringComparer.Ordinal);
        var steps = plans.SelectMany(p => p.Steps).Where(s => s.Action is not (LeaverActions.AddOwner or LeaverActions.DisableAccount or LeaverActions.RevokeSessions))
            .GroupBy(s => Key(s.Target)).ToDictionary(g => g.Key, g => g.Last(), StringComparer.Ordinal);
        var manual = plans.SelectMany(p => p.Manual).GroupBy(m => Key(m.Target)).ToDictionary(g => g.Key, g => g.Last(), StringComparer.Ordinal);
        var now = after.Accesses.Where(a => a.Kind != AccessKind.Account).ToDictionary(a => Key(RemovalPlanner.TargetOf(a)), StringComparer.Ordinal);
        var unread = after.Sources.Where(s => !s.Complete).Select(s => s.Source).Order(StringComparer.Ordinal).ToList();

        var (removed, left, stuck) = (new List<Access>(), new List<Remaining>(), new List<Remaining>());
        foreach (var access in before.Accesses.Where(a => a.Kind != AccessKind.Account))
        {
            var key = Key(RemovalPlanner.TargetOf(access));
            if (!now.ContainsKey(key))
            {
                // Absence is believed only where everything was read: which source an access came from is not guessed.
                if (unread.Count == 0)
                    removed.Add(access);
                else
                    left.Add(new(access, $"not seen, but {string.Join(", ", unread.Take(3))} could not be read", null));
                continue;
            }
            Judge(access, steps.GetValueOrDefault(key), manual.GetValueOrDefault(key), byStep, left, stuck);
        }

        var known = before.Accesses.Select(a => Key(RemovalPlanner.TargetOf(a))).ToHashSet(StringComparer.Ordinal);
        var outside = new List<Access>();
        foreach (var (key, access) in now.Where(n => !known.Contains(n.Key)).OrderBy(n => n.Key, StringComparer.Ordinal))
            if (!steps.TryGetValue(key, out var step) && !manual.ContainsKey(key))
                outside.Add(access);
            else
                Judge(access, step, manual.GetValueOrDefault(key), byStep, left, stuck);
        var account = after.Accesses.FirstOrDefault(a => a.Kind == AccessKind.Account);
        if (account is not null)
            left.Add(new(account, "the account can sign in", null));
        return new(removed, left, stuck, outside, unread, account is null && unread.Count == 0);
    }

    private static void Judge(
        Access access, PlanStep? step, ManualStep? manual, Dictionary<string, StepOutcome> outcomes, List<Remaining> left, List<Remaining> stuck)
    {
        if (manual is not null && step is null)
            stuck.Add(new(access, manual.Why, manual.WhatToDo));
        else if (step is null)
            left.Add(new(access, "no plan covers it yet", null));
        else if (!outcomes.TryGetValue(step.Id, out var outcome))
            left.Add(new(access, "its step has not been done yet", null));
        else if (outcome.Result is StepResult.NotPermitted or StepResult.Refused)
            stuck.Add(new(access, outcome.Reason ?? outcome.Result.ToString(), outcome.Remedy));
        else
            left.Add(new(access, outcome.InEffect ? "done, but a fresh read still shows it" : outcome.Reason ?? "it failed", outcome.Remedy));
    }

    private static string Key(PlanTarget target) => $"{target.Type}:{target.Id}".ToLowerInvariant();
}
