using Compliance.Minimization.Policy;
using Compliance.Text;

namespace Compliance.Minimization.Sweeps;

/// <summary>
/// Which rule of which data set, as it is now: a rule that was changed, or whose data set now is elsewhere, is another one, and its first
/// act waits for two people again.
/// </summary>
internal static class RuleIdentity
{
    /// <summary>SHA-256 over what decides what the rule deletes, lower-case hex.</summary>
    public static string Create(DataSet set, RetentionRule rule) =>
        CanonicalJson.Sha256Of(
            new
            {
                set.Id,
                set.Place.Accounts,
                set.Place.Containers,
                set.Place.Prefix,
                Tags = Pairs(set.Place.Tags),
                Metadata = Pairs(set.Place.Metadata),
                set.Except,
                KeepNewest = rule.KeepNewest ?? set.KeepNewest,
                PurposeEnds = set.PurposeEnds?.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture),
                Rule = rule.Id,
                rule.After.Months,
                rule.After.Days,
                From = rule.From.ToString(),
                rule.Key,
                Template = rule.Template?.Text,
                Action = rule.Action.ToString(),
            }
        );

    private static IReadOnlyList<string> Pairs(IReadOnlyDictionary<string, string> pairs) =>
        [.. pairs.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}={p.Value}")];
}
