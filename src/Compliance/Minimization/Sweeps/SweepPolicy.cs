using System.Globalization;
using Compliance.Changes.Flow;
using Compliance.Changes.Guards;
using Compliance.Minimization.Policy;

namespace Compliance.Minimization.Sweeps;

/// <summary>What holds a plan of a sweep. Pure.</summary>
internal static class SweepPolicy
{
    // A data set of so few items is no set of which a share could be taken.
    private const int MinItemsForWhole = 1;

    /// <summary>What the flow needs of a policy. Rules have their first act each, in place of the policy's.</summary>
    public static ChangePolicy Flow(RetentionPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return new(policy.Sha256, ApproveFirstAct: false, policy.ApprovalWithin, policy.ApprovalValidFor);
    }

    /// <summary>Why the plan of a data set waits for its owner and an approver; empty when nothing holds.</summary>
    /// <param name="observed">The plan.</param>
    /// <param name="set">The data set as the policy in force has it; null where it has none.</param>
    public static IReadOnlyList<Hold> Holds(SweepObservation observed, DataSet? set)
    {
        ArgumentNullException.ThrowIfNull(observed);
        var totals = observed.Plan.Totals();
        var (due, all) = (totals.Due, totals.All);
        var holds = new List<Hold>();
        if (set is null)
            holds.Add(new(Hold.Unreadable, $"The policy has no data set {observed.Plan.DataSet} any more."));
        foreach (var unread in observed.Plan.Unread)
            holds.Add(new(Hold.Unreadable, unread));
        if (due.Items == all.Items && all.Items >= MinItemsForWhole)
            holds.Add(new(SweepGuards.Whole, Text($"All {all.Items} items of data set {observed.Plan.DataSet} are due.")));
        else if (set is not null && (decimal)due.Items > (decimal)set.MaxShare * all.Items)
            holds.Add(
                new(SweepGuards.Share, Text($"{due.Items} of {all.Items} items are due, more than {set.MaxShare:P0} of the data set."))
            );
        if (set?.MaxBytes is { } max && due.Bytes > max)
            holds.Add(new(SweepGuards.Bytes, Text($"{due.Bytes} bytes are due, more than {max}.")));
        foreach (var rule in observed.FirstActs)
            holds.Add(
                new(SweepGuards.FirstActOfRule, $"Rule {rule} of data set {observed.Plan.DataSet} deletes for the first time as it is.")
            );
        return holds;
    }

    /// <summary>What is deleted, how old it is and whether it can be undone. Names are shown by the command of the last line.</summary>
    public static IReadOnlyList<string> Describe(DataSetPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var slices = plan.Slices.Where(s => s.Totals.Due.Items > 0).ToList();
        var due = plan.Totals().Due;
        var undo = slices.Select(s => s.UndoDays).ToList();
        var lines = new List<string>
        {
            Text($"{due.Items} items of {due.Bytes} bytes are deleted from {string.Join(", ", slices.Select(s => s.Place))}."),
            undo.Contains(null)
                ? "It cannot be undone everywhere: at least one of the accounts keeps nothing that was deleted, or may keep nothing."
                : Text($"Storage keeps what is deleted for {undo.Min()} days, in which it can be restored there."),
        };
        if (slices.Min(s => s.Oldest) is { } oldest && slices.Max(s => s.Newest) is { } newest)
            lines.Add(
                Text($"The oldest was last written on {oldest.UtcDateTime:yyyy-MM-dd}, the newest on {newest.UtcDateTime:yyyy-MM-dd}.")
            );
        lines.Add($"Samples of the names: compliance sweep show {plan.Run.SweepId}");
        return lines;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
