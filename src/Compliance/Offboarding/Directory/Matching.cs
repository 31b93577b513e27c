namespace Compliance.Offboarding.Directory;

/// <summary>Which users have one attribute of the HR event.</summary>
/// <param name="Users">Their object ids, each once.</param>
/// <param name="Unread">Why that could not be known; null when it could.</param>
internal sealed record AttributeAnswer(IReadOnlyList<string> Users, string? Unread);

/// <summary>Whom an HR event is about.</summary>
/// <param name="UserId">Object id; null when that is not certain.</param>
/// <param name="Problem">Why it is not, for people; null when it is certain or could not be asked.</param>
/// <param name="Candidates">Those who fit in part or in full.</param>
/// <param name="Unread">Why the directory could not decide; null when it could.</param>
internal sealed record MatchDecision(string? UserId, string? Problem, IReadOnlyList<string> Candidates, string? Unread);

/// <summary>
/// Finds the one person an HR event is about, or says why there is none. Pure, and never a guess: a rule counts only when each of its
/// attributes names the same one user, and two rules that name different users are a contradiction.
/// </summary>
internal static class Matching
{
    /// <summary>The event's value for an attribute; null when HR did not give it.</summary>
    public static string? ValueOf(HrEvent latest, string attribute) =>
        attribute switch
        {
            "employeeId" => NullIfBlank(latest.EmployeeId),
            "mail" => NullIfBlank(latest.Mail),
            "userPrincipalName" => NullIfBlank(latest.PrincipalName),
            _ => null,
        };

    /// <summary>The attributes to ask for: those of every rule for which HR gave all.</summary>
    public static IReadOnlyList<string> Asked(IReadOnlyList<MatchRule> rules, HrEvent latest) =>
        [.. rules.Where(r => Applies(r, latest)).SelectMany(r => r.Attributes).Distinct(StringComparer.Ordinal)];

    /// <summary>Decides.</summary>
    /// <param name="rules">The policy's rules, in its order.</param>
    /// <param name="answers">By attribute, for all of <see cref="Asked"/>.</param>
    /// <param name="latest">The event.</param>
    public static MatchDecision Decide(IReadOnlyList<MatchRule> rules, IReadOnlyDictionary<string, AttributeAnswer> answers, HrEvent latest)
    {
        var asked = Asked(rules, latest);
        if (asked.Count == 0)
            return new(null, "HR gave none of the attributes that policy finds people by.", [], null);
        // One unread attribute may be the one that contradicts: nobody is decided on, and nobody is called missing.
        var unread = asked.Where(a => answers[a].Unread is not null).Select(a => $"users by {a}: {answers[a].Unread}").ToList();
        if (unread.Count > 0)
            return new(null, null, [], string.Join("; ", unread));

        var candidates = asked
            .SelectMany(a => answers[a].Users)
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .Order(StringComparer.OrdinalIgnoreCase)
            .ToList();
        var applying = rules.Where(r => Applies(r, latest)).ToList();
        var (fit, contradiction) = Fit(applying, answers, latest);
        if (fit is not null || contradiction is not null)
            return new(contradiction is null ? fit : null, contradiction, candidates, null);
        var missing =
            candidates.Count == 0
                ? $"No account in the tenant has the {string.Join(" or the ", applying.Select(r => Words(r, latest)))} that HR gave."
                : "Somebody in the tenant fits what HR gave in part only.";
        return new(null, missing, candidates, null);
    }

    // The user that the first rule finds that is met, unless a rule contradicts itself or an earlier one.
    private static (string? Fit, string? Contradiction) Fit(
        IEnumerable<MatchRule> rules,
        IReadOnlyDictionary<string, AttributeAnswer> answers,
        HrEvent latest
    )
    {
        string? fit = null;
        foreach (var rule in rules)
        {
            var found = rule.Attributes.Select(a => answers[a].Users).ToList();
            // A rule that is met in part decides nothing: a mail address alone can be a successor's.
            if (found.Exists(users => users.Count == 0))
                continue;
            var one = OneOf(found);
            if (one is null && fit is null)
                return (
                    null,
                    found.Exists(users => users.Count > 1)
                        ? $"Several users have the {Words(rule, latest)} that HR gave."
                        : $"The {Words(rule, latest)} that HR gave belong to different users."
                );
            if (one is not null && fit is not null && !one.Equals(fit, StringComparison.OrdinalIgnoreCase))
                return (null, $"The {Words(rule, latest)} that HR gave belong to another user than an earlier rule found.");
            fit ??= one;
        }
        return (fit, null);
    }

    // The user whom all attributes of a rule name; null when they name several.
    private static string? OneOf(List<IReadOnlyList<string>> found) =>
        found.TrueForAll(users => users.Count == 1)
        && found.Select(users => users[0]).Distinct(StringComparer.OrdinalIgnoreCase).Count() == 1
            ? found[0][0]
            : null;

    private static bool Applies(MatchRule rule, HrEvent latest) =>
        rule.Attributes.Count > 0 && rule.Attributes.All(a => ValueOf(latest, a) is not null);

    private static string Words(MatchRule rule, HrEvent latest) =>
        string.Join(" and ", rule.Attributes.Select(a => $"{a} '{ValueOf(latest, a)}'"));

    private static string? NullIfBlank(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
