using System.Globalization;
using Compliance.Policies;

namespace Compliance.Minimization.Policy;

/// <summary>Reads the policy of retention.</summary>
internal static class RetentionPolicyLoader
{
    private const string DefaultHoldTag = "legalhold";

    private static readonly Lazy<PolicySchema> Schema = new(() => PolicySchema.Embedded("retention.schema.json"));

    /// <summary>Reads a policy file. The hash is over its bytes.</summary>
    /// <exception cref="PolicyException">It cannot be used; every problem is listed.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static RetentionPolicy LoadFile(string path)
    {
        var file = PolicyText.Read(path);
        return Load(file.Text, file.Name, file.Sha256);
    }

    /// <summary>Reads a policy. The hash is over its text as UTF-8.</summary>
    /// <param name="yaml">The policy.</param>
    /// <param name="fileName">Name for messages.</param>
    /// <exception cref="PolicyException">It cannot be used; every problem is listed.</exception>
    public static RetentionPolicy Load(string yaml, string fileName) => Load(yaml, fileName, PolicyText.Sha256Of(yaml));

    private static RetentionPolicy Load(string yaml, string fileName, string sha256)
    {
        var root = YamlPolicyReader.Read(yaml, fileName, Schema.Value).Root;
        var problems = new List<PolicyProblem>();
        var nodes = root["dataSets"]!.Value.Items().ToList();
        List<DataSet> sets = [.. nodes.Select(n => DataSet(n, problems))];
        for (var i = 0; i < sets.Count; i++)
            if (sets.Take(i).Any(s => s.Id == sets[i].Id))
                problems.Add(nodes[i]["id"]!.Value.Problem($"there are two data sets '{sets[i].Id}': give each an id of its own"));
        YamlPolicyReader.Throw(problems);
        return new(sha256, sets, root["holdTag"]?.Text ?? DefaultHoldTag);
    }

    private static DataSet DataSet(PolicyNode node, List<PolicyProblem> problems)
    {
        var rules = node["rules"]!.Value.Items().ToList();
        var set = new DataSet
        {
            Id = node["id"]!.Value.Text,
            Place = new(
                Texts(node["accounts"]),
                Texts(node["containers"]),
                node["prefix"]?.Text ?? "",
                Pairs(node["tags"], StringComparer.Ordinal),
                Pairs(node["metadata"], StringComparer.OrdinalIgnoreCase)
            ),
            Classification = Enum.Parse<Classification>(node["classification"]!.Value.Text, ignoreCase: true),
            Purpose = node["purpose"]!.Value.Text,
            LawfulBasis = node["lawfulBasis"]!.Value.Text,
            Owner = node["owner"]!.Value.Text,
            PurposeEnds = Day(node["purposeEnds"], problems),
            Hold = node["hold"]?.Text,
            Except = Texts(node["except"]),
            KeepNewest = node["keepNewest"] is { } newest ? int.Parse(newest.Text, CultureInfo.InvariantCulture) : 0,
            Rules = [.. rules.Select(r => Rule(r, problems)).OfType<RetentionRule>()],
            MaxShare = node["caps"]?["share"] is { } share ? Share(share) : 0.5,
            MaxBytes = node["caps"]?["bytes"] is { } bytes ? Bytes(bytes, problems) : null,
            Line = node.Line,
        };
        foreach (var twice in set.Rules.GroupBy(r => r.Id, StringComparer.Ordinal).Where(g => g.Count() > 1))
            problems.Add(node.Problem($"data set '{set.Id}' has two rules '{twice.Key}': give each an id of its own"));
        return set;
    }

    private static RetentionRule? Rule(PolicyNode node, List<PolicyProblem> problems)
    {
        var (from, key) = Source(node["from"]!.Value);
        var after = RetentionPeriod.Parse(node["after"]!.Value.Text);
        if (after is null)
            problems.Add(
                node["after"]!.Value.Problem(
                    $"'{node["after"]!.Value.Text}' is no time of keeping: give years, months, weeks and days such as P90D or P1Y6M, up to "
                        + "100 years and without hours"
                )
            );
        NameTemplate? template = null;
        if (node["template"] is { } given && (template = NameTemplate.Parse(given.Text, out var problem)) is null)
            problems.Add(given.Problem(problem!));
        if (from == DateSource.Name != node["template"] is not null)
            problems.Add(node.Problem("a rule from 'name' has a template that says where the date is, and no other has one"));
        var action = Enum.Parse<RetentionAction>(node["action"]!.Value.Text, ignoreCase: true);
        return after is { } period ? new(node["id"]!.Value.Text, period, from, key, template, action) : null;
    }

    // "metadata:expires"
    private static (DateSource From, string? Key) Source(PolicyNode node)
    {
        var parts = node.Text.Split(':', 2);
        return (Enum.Parse<DateSource>(parts[0], ignoreCase: true), parts.Length > 1 ? parts[1] : null);
    }

    private static DateOnly? Day(PolicyNode? node, List<PolicyProblem> problems)
    {
        if (node is not { } given)
            return null;
        if (DateOnly.TryParseExact(given.Text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
            return day;
        problems.Add(given.Problem($"'{given.Text}' is no day of the calendar: give yyyy-MM-dd"));
        return null;
    }

    private static double Share(PolicyNode node) => (double)(decimal.Parse(node.Text.TrimEnd('%'), CultureInfo.InvariantCulture) / 100);

    // "500GB", decimal units as Azure's meters have them.
    private static long? Bytes(PolicyNode node, List<PolicyProblem> problems)
    {
        var number = decimal.Parse(node.Text[..^2], CultureInfo.InvariantCulture);
        var bytes =
            number
            * node.Text[^2..] switch
            {
                "MB" => 1_000_000m,
                "GB" => 1_000_000_000m,
                _ => 1_000_000_000_000m,
            };
        if (bytes <= long.MaxValue)
            return (long)bytes;
        problems.Add(node.Problem($"'{node.Text}' is more than there is: leave it out for no limit"));
        return null;
    }

    private static List<string> Texts(PolicyNode? list) => [.. list?.Items().Select(i => i.Text) ?? []];

    private static Dictionary<string, string> Pairs(PolicyNode? node, StringComparer comparer) =>
        (node?.Properties() ?? []).ToDictionary(p => p.Name, p => p.Value.Text, comparer);
}
