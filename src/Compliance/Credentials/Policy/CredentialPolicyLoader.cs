using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using Compliance.Controls;
using Compliance.Policies;
using Compliance.Text;

namespace Compliance.Credentials;

/// <summary>Reads the policy of the credential-rotation check.</summary>
internal static class CredentialPolicyLoader
{
    /// <summary>Days before its end from which a waiver is warned about.</summary>
    public const int WaiverWarningDays = 14;

    private static readonly Lazy<PolicySchema> Schema = new(() => PolicySchema.Embedded("credentials.schema.json"));

    /// <summary>Name of a kind of credential in a policy.</summary>
    public static string NameOf(CredentialKind kind) => JsonNamingPolicy.CamelCase.ConvertName(kind.ToString());

    /// <summary>Reads a policy file. The hash is over its bytes.</summary>
    /// <exception cref="PolicyException">It cannot be used; every problem is listed.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static CredentialPolicy LoadFile(string path, DateTimeOffset now)
    {
        var file = PolicyText.Read(path);
        return Load(file.Text, file.Name, file.Sha256, now);
    }

    /// <summary>Reads a policy. The hash is over its text as UTF-8.</summary>
    /// <param name="yaml">The policy.</param>
    /// <param name="fileName">Name for messages.</param>
    /// <param name="now">The instant at which waivers are judged.</param>
    /// <exception cref="PolicyException">It cannot be used; every problem is listed.</exception>
    public static CredentialPolicy Load(string yaml, string fileName, DateTimeOffset now) =>
        Load(yaml, fileName, PolicyText.Sha256Of(yaml), now);

    private static CredentialPolicy Load(string yaml, string fileName, string sha256, DateTimeOffset now)
    {
        var root = YamlPolicyReader.Read(yaml, fileName, Schema.Value).Root;
        var problems = new List<PolicyProblem>();
        var warnings = new List<PolicyProblem>();

        var defaults = CredentialRules.Default.With(Changes(root["rules"]));
        var kinds = root["kinds"];
        var policy = new CredentialPolicy
        {
            Sha256 = sha256,
            File = fileName,
            Warnings = warnings,
            Rules = Enum.GetValues<CredentialKind>().ToFrozenDictionary(k => k, k => defaults.With(Changes(kinds?[NameOf(k)]))),
            Severity = Severities(root["severity"], kinds, problems),
            Overrides = [.. Items(root["overrides"]).Select(Override)],
            Waivers = [.. Items(root["waivers"]).Select(w => ReadWaiver(w, now, problems, warnings)).OfType<PolicyWaiver>()],
            OwnerTag = root["ownerTag"]?.Text ?? "owner",
            FallbackOwner = root["fallbackOwner"]?.Text,
            RetiredSubscriptions = Items(root["scope"]?["retiredSubscriptions"])
                .Select(s => s.Text)
                .ToFrozenSet(StringComparer.OrdinalIgnoreCase),
            RunEvery = Duration(root["runs"]?["every"]) ?? TimeSpan.FromDays(1),
            RunTolerance = Duration(root["runs"]?["tolerance"]) ?? TimeSpan.FromHours(6),
        };
        Unique(root["overrides"], "name", problems);
        Unique(root["waivers"], "id", problems);
        Overlaps(root["overrides"], policy.Overrides, problems, warnings);
        YamlPolicyReader.Throw(problems);
        warnings.Sort((a, b) => (a.Line, a.Column, a.Message).CompareTo((b.Line, b.Column, b.Message)));
        return policy;
    }

    private static IEnumerable<PolicyNode> Items(PolicyNode? list) => list?.Items() ?? [];

    private static RuleChanges Changes(PolicyNode? node) =>
        node is not { } n
            ? RuleChanges.None
            : new(
                Days(n["maxAge"]),
                Days(n["maxLifetime"]),
                n["warnBefore"] is { } steps ? [.. steps.Items().Select(s => Days(s)!.Value).Distinct().OrderDescending()] : null,
                n["requireExpiry"]?.Flag
            );

    private static int? Days(PolicyNode? node) =>
        node is { } n ? int.Parse(n.Text.AsSpan(0, n.Text.Length - 1), CultureInfo.InvariantCulture) : null;

    private static TimeSpan? Duration(PolicyNode? node)
    {
        if (Days(node) is not { } count)
            return null;
        return node!.Value.Text.EndsWith('h') ? TimeSpan.FromHours(count) : TimeSpan.FromDays(count);
    }

    private static Severity Level(PolicyNode node) => Enum.Parse<Severity>(node.Text, ignoreCase: true);

    private static Severity? Level(PolicyNode? node) => node is { } n ? Level(n) : null;

    private static SeverityPolicy Severities(PolicyNode? severity, PolicyNode? kinds, List<PolicyProblem> problems)
    {
        var controls = severity?["controls"]?.Properties().ToFrozenDictionary(p => p.Name, p => Level(p.Value), StringComparer.Ordinal);
        var ofKinds =
            from kind in Enum.GetValues<CredentialKind>()
            from control in kinds?[NameOf(kind)]?["severity"]?.Properties() ?? []
            select KeyValuePair.Create((kind, control.Name), Level(control.Value));
        var steps = severity?["expiresWithin"] is not { } list
            ? [(1, Severity.Critical), (7, Severity.High), (14, Severity.Medium)]
            : Steps(list, problems);
        var tags = Items(severity?["byTag"]).Select(t => TagRule(t, problems)).ToList();
        return new(controls ?? FrozenDictionary<string, Severity>.Empty, steps, ofKinds.ToFrozenDictionary(), tags);
    }

    private static List<(int WithinDays, Severity Severity)> Steps(PolicyNode list, List<PolicyProblem> problems)
    {
        var first = new Dictionary<int, long>();
        var steps = new List<(int, Severity)>();
        foreach (var item in list.Items())
        {
            var within = Days(item["within"])!.Value;
            if (first.TryAdd(within, item.Line))
                steps.Add((within, Level(item["severity"]!.Value)));
            else
                problems.Add(item.Problem($"'{within}d' is here twice; first on line {first[within]}"));
        }

        steps.Sort();
        return steps;
    }

    private static TagSeverity TagRule(PolicyNode node, List<PolicyProblem> problems)
    {
        var rule = new TagSeverity(
            node["tag"]!.Value.Text.Trim(),
            node["values"] is { } v ? v.Items().Select(i => i.Text.Trim()).ToFrozenSet(StringComparer.OrdinalIgnoreCase) : null,
            node["controls"] is { } c ? c.Items().Select(i => i.Text).ToFrozenSet(StringComparer.Ordinal) : null,
            Level(node["atLeast"]),
            Level(node["atMost"])
        );
        if (rule.AtLeast is null && rule.AtMost is null)
            problems.Add(node.Problem($"'{node.Path}' needs atLeast or atMost"));
        if (rule.AtLeast > rule.AtMost)
            problems.Add(node.Problem($"'{node.Path}' has atLeast above atMost"));
        return rule;
    }

    private static PolicyOverride Override(PolicyNode node)
    {
        var (kind, selector) = node["match"]!.Value.Properties().Single();
        return new(
            node["name"]!.Value.Text,
            Enum.Parse<SelectorKind>(kind, ignoreCase: true),
            selector.Text.Trim(),
            Changes(node["rules"]),
            node["reason"]!.Value.Text,
            node.Line
        );
    }

    private static PolicyWaiver? ReadWaiver(PolicyNode node, DateTimeOffset now, List<PolicyProblem> problems, List<PolicyProblem> warnings)
    {
        var approved = Date(node["approvedOn"]!.Value, problems);
        var last = Date(node["expires"]!.Value, problems);
        if (approved is not { } from || last is not { } to)
            return null;
        var id = node["id"]!.Value.Text;
        if (from.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc) > now.UtcDateTime)
            problems.Add(node["approvedOn"]!.Value.Problem($"waiver '{id}' is approved on {from:yyyy-MM-dd}, which is in the future"));
        if (to < from)
            problems.Add(node["expires"]!.Value.Problem($"waiver '{id}' expires before it was approved"));
        if (from.Year < 9998 && to > from.AddYears(1))
            problems.Add(
                node["expires"]!.Value.Problem(
                    $"waiver '{id}' lasts longer than a year from its approval; the last day allowed is {from.AddYears(1):yyyy-MM-dd}"
                )
            );
        if (problems.Count > 0)
            return null;
        var subject = node["subject"]!.Value;
        return new(
            id,
            node["control"]!.Value.Text,
            subject["id"]?.Text,
            subject["appId"]?.Text,
            node["part"]?.Text,
            node["reason"]!.Value.Text,
            node["approvedBy"]!.Value.Text,
            Ends(node, id, to, now, warnings)
        );
    }

    // The last day still counts: it ends at midnight UTC after it.
    private static DateTimeOffset Ends(PolicyNode node, string id, DateOnly last, DateTimeOffset now, List<PolicyProblem> warnings)
    {
        var ends = new DateTimeOffset(last.AddDays(1).ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
        if (now >= ends)
            warnings.Add(
                node["expires"]!.Value.Problem(
                    $"waiver '{id}' ended after {last:yyyy-MM-dd} and no longer holds; remove it or have it approved again"
                )
            );
        else if (ends - now < TimeSpan.FromDays(WaiverWarningDays))
            warnings.Add(node["expires"]!.Value.Problem($"waiver '{id}' ends after {last:yyyy-MM-dd}"));
        return ends;
    }

    private static DateOnly? Date(PolicyNode node, List<PolicyProblem> problems)
    {
        if (
            DateOnly.TryParseExact(node.Text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
            && date.Year < 9999
        )
            return date;
        problems.Add(node.Problem($"'{node.Path}' is '{node.Text}', which is no day of the calendar"));
        return null;
    }

    private static void Unique(PolicyNode? list, string key, List<PolicyProblem> problems)
    {
        var first = new Dictionary<string, long>(StringComparer.OrdinalIgnoreCase);
        foreach (var value in Items(list).Select(item => item[key]!.Value))
        {
            if (!first.TryAdd(value.Text.Trim(), value.Line))
                problems.Add(value.Problem($"'{value.Text}' is here twice; first on line {first[value.Text.Trim()]}"));
        }
    }

    // Two overrides with one selector contradict each other: an error. Two that can meet on one object are allowed (the stricter value
    // of each rule applies) but their author should know.
    private static void Overlaps(
        PolicyNode? list,
        IReadOnlyList<PolicyOverride> overrides,
        List<PolicyProblem> problems,
        List<PolicyProblem> warnings
    )
    {
        var nodes = Items(list).Select(n => n["match"]!.Value).ToList();
        for (var j = 1; j < overrides.Count; j++)
        {
            for (var i = 0; i < j; i++)
            {
                var (a, b) = (overrides[i], overrides[j]);
                if (a.Kind != b.Kind)
                    continue;
                if (Identical(a, b))
                    problems.Add(
                        nodes[j].Problem($"override '{b.Name}' selects the same as override '{a.Name}' on line {a.Line}; make them one")
                    );
                else if (Meeting(a, b) is { } where)
                    warnings.Add(
                        nodes[j]
                            .Problem(
                                $"override '{b.Name}' overlaps override '{a.Name}' on line {a.Line} ({where}); where both match, the "
                                    + "stricter value of each rule applies"
                            )
                    );
            }
        }
    }

    private static bool Identical(PolicyOverride a, PolicyOverride b) =>
        a.Kind == SelectorKind.Tag
            ? a.TagName.Equals(b.TagName, StringComparison.OrdinalIgnoreCase)
                && string.Equals(a.TagValue, b.TagValue, StringComparison.OrdinalIgnoreCase)
            : a.Selector.Equals(b.Selector, StringComparison.OrdinalIgnoreCase);

    private static string? Meeting(PolicyOverride a, PolicyOverride b) =>
        a.Kind switch
        {
            SelectorKind.NamePattern => Glob.Common(a.Selector, b.Selector) is { } name ? $"both match the name '{name}'" : null,
            SelectorKind.Tag
                when a.TagName.Equals(b.TagName, StringComparison.OrdinalIgnoreCase) && (a.TagValue is null || b.TagValue is null) =>
                $"both match {a.TagName}={a.TagValue ?? b.TagValue}",
            _ => null,
        };
}
