using System.Collections.Concurrent;
using System.Collections.Frozen;
using Compliance.Text;

namespace Compliance.Credentials;

/// <summary>
/// Judges credentials by a policy. Pure, and safe to call from several threads at once; a credential that passes costs no memory.
/// </summary>
/// <param name="policy">The policy.</param>
/// <param name="ownedByOwner">Object ids that the owners named by overrides own, by address as in
/// <see cref="OwnersToResolve(CredentialPolicy)"/>.</param>
/// <param name="now">The instant that ages are counted to.</param>
/// <param name="checks">What judges each credential, in this order.</param>
internal sealed class CredentialEvaluator(
    CredentialPolicy policy,
    IReadOnlyDictionary<string, IReadOnlySet<string>> ownedByOwner,
    DateTimeOffset now,
    IEnumerable<ICredentialCheck> checks
)
{
    private readonly ICredentialCheck[] _checks = [.. checks];

    private readonly FrozenDictionary<string, PolicyOverride> _byAppId = policy
        .Overrides.Where(o => o.Kind == SelectorKind.AppId)
        .ToFrozenDictionary(o => o.Selector, StringComparer.OrdinalIgnoreCase);

    private readonly PolicyOverride[] _byTag = [.. policy.Overrides.Where(o => o.Kind == SelectorKind.Tag)];
    private readonly PolicyOverride[] _byName = [.. policy.Overrides.Where(o => o.Kind == SelectorKind.NamePattern)];

    private readonly (PolicyOverride Override, IReadOnlySet<string>? Owned)[] _byOwner =
    [
        .. policy
            .Overrides.Where(o => o.Kind == SelectorKind.Owner)
            .Select(o => (o, ownedByOwner.FirstOrDefault(p => p.Key.Equals(o.Selector, StringComparison.OrdinalIgnoreCase)).Value)),
    ];

    private readonly ConcurrentDictionary<(PolicyOverride First, PolicyOverride Second), (long Count, string Example)> _overlaps = new();

    /// <summary>Judges by every check there is.</summary>
    public CredentialEvaluator(
        CredentialPolicy policy,
        IReadOnlyDictionary<string, IReadOnlySet<string>> ownedByOwner,
        DateTimeOffset now
    )
        : this(policy, ownedByOwner, now, CredentialControls.Checks) { }

    /// <summary>Addresses named by overrides for owners; what they own has to be read before this is made.</summary>
    public static IReadOnlyList<string> OwnersToResolve(CredentialPolicy policy) =>
        [.. policy.Overrides.Where(o => o.Kind == SelectorKind.Owner).Select(o => o.Selector).Distinct(StringComparer.OrdinalIgnoreCase)];

    /// <summary>
    /// What the policy's author should know after the credentials were judged, in a stable order: overrides of one rank that met on the
    /// same credentials, and overrides for owners of whom it is not known what they own.
    /// </summary>
    public IReadOnlyList<string> Warnings =>
        [
            .. _byOwner
                .Where(o => o.Owned is null)
                .OrderBy(o => o.Override.Line)
                .Select(o =>
                    $"{policy.File}({o.Override.Line}): what {o.Override.Selector} owns could not be read, so override "
                        + $"'{o.Override.Name}' was applied by the tag '{policy.OwnerTag}' only"
                ),
            .. _overlaps
                .OrderBy(o => (o.Key.First.Line, o.Key.Second.Line))
                .Select(o =>
                    $"{policy.File}({o.Key.Second.Line}): override '{o.Key.Second.Name}' and override '{o.Key.First.Name}' on line "
                        + $"{o.Key.First.Line} both match {Credentials(o.Value.Count)}, "
                    + $"for example of {o.Value.Example}; the stricter value of each rule applies"
                ),
        ];

    /// <summary>What is wrong with a credential, by control; empty when nothing is.</summary>
    public IReadOnlyList<Verdict> Evaluate(Credential credential)
    {
        var rules = RulesFor(credential);
        List<Verdict>? verdicts = null;
        foreach (var check in _checks)
        {
            if (check.Evaluate(credential, rules, now) is not { } failure)
                continue;
            var severity = policy.Severity.For(check.Control, credential, failure.StepDays);
            // What still works past its end is at least as bad as its age alone makes it.
            if (check is EndedButPresent && verdicts?.Find(v => v.ControlId == OlderThanAllowed.Id) is { } old && old.Severity > severity)
                severity = old.Severity;
            var about = failure.WholeSubject ? credential.Whole() : credential;
            (verdicts ??= []).Add(new(check, severity, failure.Unknown, failure.Reason, about, rules));
        }

        return verdicts ?? (IReadOnlyList<Verdict>)[];
    }

    /// <summary>
    /// The rules that hold for a credential: its kind's, changed by each override that matches it, lowest rank first. Of an object in a
    /// vault the stricter of two: by the vault's tags alone, and with the object's own over them, which its holder can change.
    /// </summary>
    public CredentialRules RulesFor(Credential credential)
    {
        var rules = RulesBy(credential, isCounted: true);
        return policy.Overrides.Count > 0 && credential.VaultTags is { } outer && !ReferenceEquals(outer, credential.Tags)
            ? rules.Stricter(RulesBy(credential with { Tags = outer }, isCounted: false))
            : rules;
    }

    // Overrides that meet are counted once a credential.
    private CredentialRules RulesBy(Credential credential, bool isCounted)
    {
        var rules = policy.Rules[credential.Kind];
        if (policy.Overrides.Count == 0)
            return rules;

        var match = default(Match);
        foreach (var candidate in _byName)
        {
            if (Glob.Matches(candidate.Selector, credential.Subject.Name))
                match.Add(isCounted ? this : null, candidate, credential);
        }

        match.Apply(ref rules);
        foreach (var candidate in _byTag)
        {
            if (HasTag(credential, candidate))
                match.Add(isCounted ? this : null, candidate, credential);
        }

        match.Apply(ref rules);
        foreach (var (candidate, owned) in _byOwner)
        {
            if (owned?.Contains(credential.Subject.Id) == true || NamesOwner(credential, candidate))
                match.Add(isCounted ? this : null, candidate, credential);
        }

        match.Apply(ref rules);
        if (credential.AppId is { } appId && _byAppId.TryGetValue(appId, out var exact))
            rules = rules.With(exact.Changes);
        return rules;
    }

    private static bool HasTag(Credential credential, PolicyOverride candidate) =>
        credential.Tags.TryGetValue(candidate.TagName, out var value)
        && (candidate.TagValue is null || candidate.TagValue.Equals(value.Trim(), StringComparison.OrdinalIgnoreCase));

    private bool NamesOwner(Credential credential, PolicyOverride candidate) =>
        credential.Tags.TryGetValue(policy.OwnerTag, out var owner)
        && candidate.Selector.Equals(owner.Trim(), StringComparison.OrdinalIgnoreCase);

    private static string Credentials(long count) => count == 1 ? "1 credential" : $"{count} credentials";

    // The overrides of one rank that match one credential.
    private struct Match
    {
        private PolicyOverride? _first;
        private RuleChanges? _changes;

        public void Add(CredentialEvaluator? evaluator, PolicyOverride next, Credential credential)
        {
            if (_first is null)
            {
                (_first, _changes) = (next, next.Changes);
                return;
            }

            _changes = _changes!.Stricter(next.Changes);
            evaluator?._overlaps.AddOrUpdate(
                (_first, next),
                static (_, name) => (1, name),
                static (_, seen, name) => (seen.Count + 1, string.CompareOrdinal(name, seen.Example) < 0 ? name : seen.Example),
                credential.Subject.Name
            );
        }

        public void Apply(ref CredentialRules rules)
        {
            if (_changes is { } changes)
                rules = rules.With(changes);
            this = default;
        }
    }
}
