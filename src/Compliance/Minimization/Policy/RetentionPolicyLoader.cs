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
        var otherwise = new RetentionPolicy(sha256, sets, root["holdTag"]?.Text ?? DefaultHoldTag);
        var approvals = root["approvals"];
        var policy = otherwise with
        {
            ApproveFirstAct = approvals?["firstAct"]?.Flag ?? otherwise.ApproveFirstAct,
            ApprovalWithin = Duration(approvals?["within"]) ?? otherwise.ApprovalWithin,
            ApprovalValidFor = Duration(approvals?["validFor"]) ?? otherwise.ApprovalValidFor,
            KeepCertificates = Period(root["certificates"]?["keep"], problems) ?? otherwise.KeepCertificates,
        };
        YamlPolicyReader.Throw(problems);
        return policy with { Overlaps = DataSetOverlap.Find(sets) };
    }

    private static DataSet DataSet(PolicyNode node, List<PolicyProblem> problems)
    {
        var rules = node["rules"]!.Value.Items().ToList();
        var (tables, caps) = (node["tables"], node["caps"]);
        var set = new DataSet
        {
            Id = node["id"]!.Value.Text,
            Place = Place(node, problems),
            Tables = tables is { } names ? Tables(node, names, problems) : null,
            Classification = Enum.Parse<Classification>(node["classification"]!.Value.Text, ignoreCase: true),
            Purpose = node["purpose"]!.Value.Text,
            LawfulBasis = node["lawfulBasis"]!.Value.Text,
            Owner = node["owner"]!.Value.Text,
            Approver = node["approver"]?.Text,
            PurposeEnds = Day(node["purposeEnds"], problems),
            Hold = node["hold"]?.Text,
            Except = Texts(node["except"]),
            KeepNewest = Number(node["keepNewest"]) ?? 0,
            Rules = [.. rules.Select(r => Rule(r, tables is not null, problems)).OfType<RetentionRule>()],
            MaxShare = caps?["share"] is { } share ? Share(share) : 0.5,
            MaxBytes = caps?["bytes"] is { } bytes ? Bytes(bytes, problems) : null,
            Line = node.Line,
        };
        foreach (var twice in set.Rules.GroupBy(r => r.Id, StringComparer.Ordinal).Where(g => g.Count() > 1))
            problems.Add(node.Problem($"data set '{set.Id}' has two rules '{twice.Key}': give each an id of its own"));
        if (node["approver"] is { } approver && string.Equals(set.Approver, set.Owner, StringComparison.OrdinalIgnoreCase))
            problems.Add(approver.Problem("the approver is the owner: name somebody else, since two people are asked"));
        CheckKind(node, problems);
        return set;
    }

    private static DataPlace Place(PolicyNode node, List<PolicyProblem> problems) =>
        new(
            Texts(node["accounts"]),
            Texts(node["containers"]),
            node["prefix"]?.Text ?? "",
            Pairs(node["tags"], StringComparer.Ordinal, problems),
            Pairs(node["metadata"], StringComparer.OrdinalIgnoreCase, problems)
        );

    private static TablePlace Tables(PolicyNode node, PolicyNode names, List<PolicyProblem> problems)
    {
        var partition = node["partition"];
        return new(
            Texts(names),
            partition?["prefix"]?.Text ?? "",
            Texts(partition?["values"]),
            Pairs(node["rows"], StringComparer.Ordinal, problems)
        );
    }

    // What a schema cannot require of one kind only.
    private static void CheckKind(PolicyNode node, List<PolicyProblem> problems)
    {
        var isOfTables = node["tables"] is not null;
        if (!isOfTables && node["containers"] is null)
            problems.Add(node.Problem("a data set has 'containers' for blobs or 'tables' for rows of tables; give one of them"));
        string[] foreign = isOfTables ? ["containers", "prefix", "tags", "metadata", "except", "keepNewest"] : ["partition", "rows"];
        var (kind, other) = isOfTables ? ("tables", "blobs") : ("blobs", "tables");
        foreach (var (name, value) in node.Properties().Where(p => foreign.Contains(p.Name)))
            problems.Add(value.Problem($"'{name}' is for {other}, and this data set is of {kind}: take it out, or make two data sets"));
        if (node["partition"] is { } partition && partition["prefix"] is not null && partition["values"] is not null)
            problems.Add(partition.Problem("a partition has 'prefix' or 'values'; give one of them"));
    }

    private static RetentionRule? Rule(PolicyNode node, bool isOfTables, List<PolicyProblem> problems)
    {
        var (from, key) = Source(node["from"]!.Value);
        var after = Period(node["after"], problems);
        NameTemplate? template = null;
        if (node["template"] is { } given && (template = NameTemplate.Parse(given.Text, out var problem)) is null)
            problems.Add(given.Problem(problem!));
        if (from == DateSource.Name != node["template"] is not null)
            problems.Add(node.Problem("a rule from 'name' has a template that says where the date is, and no other has one"));
        var action = Enum.Parse<RetentionAction>(node["action"]!.Value.Text, ignoreCase: true);
        if ((from is DateSource.Timestamp or DateSource.Property) != isOfTables)
            problems.Add(
                node["from"]!.Value.Problem(
                    isOfTables
                        ? $"'{node["from"]!.Value.Text}' is a date of blobs: rows of tables have 'timestamp' and 'property:NAME'"
                        : $"'{node["from"]!.Value.Text}' is a date of rows of tables, and this data set is of blobs"
                )
            );
        if (isOfTables && action is not (RetentionAction.Report or RetentionAction.Delete))
            problems.Add(node["action"]!.Value.Problem("rows of tables have no tier: give report or delete"));
        if (isOfTables && node["keepNewest"] is { } newest)
            problems.Add(newest.Problem("'keepNewest' is for blobs, and this data set is of tables: take it out"));
        return after is { } period
            ? new(node["id"]!.Value.Text, period, from, key, template, action) { KeepNewest = Number(node["keepNewest"]) }
            : null;
    }

    // "metadata:expires"
    private static (DateSource From, string? Key) Source(PolicyNode node)
    {
        var parts = node.Text.Split(':', 2);
        return (Enum.Parse<DateSource>(parts[0], ignoreCase: true), parts.Length > 1 ? parts[1] : null);
    }

    private static RetentionPeriod? Period(PolicyNode? node, List<PolicyProblem> problems)
    {
        if (node is not { } given)
            return null;
        var period = RetentionPeriod.Parse(given.Text);
        if (period is null)
            problems.Add(
                given.Problem(
                    $"'{given.Text}' is no time of keeping: give years, months, weeks and days such as P90D or P1Y6M, up to "
                        + "100 years and without hours"
                )
            );
        return period;
    }

    private static TimeSpan? Duration(PolicyNode? node)
    {
        if (node?.Text is not { } text)
            return null;
        var count = int.Parse(text.AsSpan(0, text.Length - 1), CultureInfo.InvariantCulture);
        return text[^1] == 'h' ? TimeSpan.FromHours(count) : TimeSpan.FromDays(count);
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

    private static int? Number(PolicyNode? node) => node is { } given ? int.Parse(given.Text, CultureInfo.InvariantCulture) : null;

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

    private static Dictionary<string, string> Pairs(PolicyNode? node, StringComparer comparer, List<PolicyProblem> problems)
    {
        var pairs = new Dictionary<string, string>(comparer);
        foreach (var (name, value) in node?.Properties() ?? [])
            if (!pairs.TryAdd(name, value.Text))
                problems.Add(value.Problem($"'{name}' is here twice, written differently: case does not count in these names"));
        return pairs;
    }
}
