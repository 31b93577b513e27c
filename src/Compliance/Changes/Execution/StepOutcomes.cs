using System.Text.Json;
using Compliance.Changes.Plans;
using Compliance.Text;

namespace Compliance.Changes.Execution;

/// <summary>What is known of the steps of a plan. Pure.</summary>
internal static class StepOutcomes
{
    /// <summary>
    /// Of several outcomes of a step the last one is kept; one that found it done already adds nothing to a step that is in effect.
    /// </summary>
    public static IReadOnlyList<StepOutcome> Merge(IReadOnlyList<StepOutcome> before, IReadOnlyList<StepOutcome> newer)
    {
        var kept = before
            .Where(b => newer.FirstOrDefault(n => n.StepId == b.StepId) is not { } n || (b.InEffect && n.Result == StepResult.AlreadySo))
            .ToList();
        return [.. kept, .. newer.Where(n => !kept.Exists(k => k.StepId == n.StepId))];
    }

    /// <summary>Whether a plan changed anything: one without steps, or whose steps were all refused or needless, is no first act.</summary>
    public static bool IsActed(ActionPlan plan, IReadOnlyCollection<StepOutcome> outcomes) =>
        plan.Steps.Any(s => outcomes.Any(o => o.StepId == s.Id && o.Result == StepResult.Done));

    /// <summary>How many steps ended how, by the result's name in camel case: for an evidence record.</summary>
    public static Dictionary<string, long> Counts(IReadOnlyCollection<StepOutcome> outcomes) =>
        outcomes
            .GroupBy(o => o.Result)
            .ToDictionary(
                g => JsonNamingPolicy.CamelCase.ConvertName($"{g.Key}"),
                g => (long)g.Count(),
                StringComparer.Ordinal
            );

    /// <summary>The same for outcomes that differ in nothing but their times: what was recorded once is not recorded again.</summary>
    public static string SignatureOf(IReadOnlyCollection<StepOutcome> outcomes) =>
        CanonicalJson.Sha256Of(
            outcomes
                .OrderBy(o => o.StepId, StringComparer.Ordinal)
                .Select(o => new
                {
                    o.StepId,
                    Result = o.InEffect ? StepResult.Done : o.Result,
                    o.Permission,
                })
        )[..16];
}
