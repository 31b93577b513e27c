using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Compliance.Minimization.Policy;
using Compliance.Policies;
using CsCheck;
using Local;
using Newtonsoft.Json.Linq;
using Testing;

namespace Compliance.Tests.Minimization;

/// <summary>The schema and the loader have the same keys, and nothing that the schema lets pass breaks the loader.</summary>
public sealed partial class RetentionSchemaParityTests
{
    private const string Id = "11111111-2222-3333-4444-555555555555";

    private static readonly JObject Schema = PolicySchema.Embedded("retention.schema.json").Text;

    private static readonly JsonSerializerOptions Shown = new() { Converters = { new JsonStringEnumConverter() } };

    /// <summary>
    /// Each key with a value that is not its default, what of the policy it changes and nothing else, and what that becomes.
    /// </summary>
    public static TheoryData<string, string, string, string> Effects =>
        new()
        {
            { "holdTag", "court", "HoldTag", "\"court\"" },
            { "approvals.firstAct", "false", "ApproveFirstAct", "false" },
            { "approvals.within", "36h", "ApprovalWithin", "\"1.12:00:00\"" },
            { "approvals.validFor", "9999d", "ApprovalValidFor", "\"9999.00:00:00\"" },
            { "certificates.keep", "P1Y6M", "KeepCertificates", """{"Months":18,"Days":0}""" },
            { "dataSets.id", "other", "DataSets.0.Id", "\"other\"" },
            { "dataSets.accounts", "[a, b*]", "DataSets.0.Place.Accounts", """["a","b*"]""" },
            { "dataSets.containers", "[x]", "DataSets.0.Place.Containers", """["x"]""" },
            { "dataSets.prefix", "2026/", "DataSets.0.Place.Prefix", "\"2026/\"" },
            { "dataSets.tags", "{ stage: raw }", "DataSets.0.Place.Tags", """{"stage":"raw"}""" },
            { "dataSets.metadata", "{ Team: claims }", "DataSets.0.Place.Metadata", """{"Team":"claims"}""" },
            { "dataSets.tables", "[x, y?]", "DataSets.0.Tables.Names", """["x","y?"]""" },
            { "dataSets.partition.prefix", "'2026-'", "DataSets.0.Tables.PartitionPrefix", "\"2026-\"" },
            { "dataSets.partition.values", "[a, '']", "DataSets.0.Tables.Partitions", """["a",""]""" },
            { "dataSets.rows", "{ kind: '3' }", "DataSets.0.Tables.Rows", """{"kind":"3"}""" },
            { "dataSets.classification", "restricted", "DataSets.0.Classification", "\"Restricted\"" },
            { "dataSets.purpose", "Another", "DataSets.0.Purpose", "\"Another\"" },
            { "dataSets.lawfulBasis", "Another", "DataSets.0.LawfulBasis", "\"Another\"" },
            { "dataSets.owner", Id, "DataSets.0.Owner", $"\"{Id}\"" },
            { "dataSets.approver", "ada@contoso.com", "DataSets.0.Approver", "\"ada@contoso.com\"" },
            { "dataSets.purposeEnds", "\"2027-06-30\"", "DataSets.0.PurposeEnds", "\"2027-06-30\"" },
            { "dataSets.hold", "Case 17", "DataSets.0.Hold", "\"Case 17\"" },
            { "dataSets.except", "['*.keep']", "DataSets.0.Except", """["*.keep"]""" },
            { "dataSets.keepNewest", "3", "DataSets.0.KeepNewest", "3" },
            { "dataSets.caps.share", "12.5%", "DataSets.0.MaxShare", "0.125" },
            { "dataSets.caps.bytes", "2TB", "DataSets.0.MaxBytes", "2000000000000" },
            { "dataSets.rules.id", "other", "DataSets.0.Rules.0.Id", "\"other\"" },
            { "dataSets.rules.after", "P2W", "DataSets.0.Rules.0.After", """{"Months":0,"Days":14}""" },
            { "dataSets.rules.from", "lastModified", "DataSets.0.Rules.0.From", "\"LastModified\"" },
            { "dataSets.rules.template", "'x/{yyyy}/*'", "DataSets.0.Rules.0.Template.Text", "\"x/{yyyy}/*\"" },
            { "dataSets.rules.keepNewest", "0", "DataSets.0.Rules.0.KeepNewest", "0" },
            { "dataSets.rules.action", "report", "DataSets.0.Rules.0.Action", "\"Report\"" },
        };

    /// <summary>A key, values at its limits, and values one past them.</summary>
    public static TheoryData<string, string[], string[]> Limits =>
        new()
        {
            { "approvals.within", ["1h", "9999h", "1d", "9999d"], ["0h", "10000h", "90m", "P1D", "01d", "24"] },
            { "approvals.firstAct", ["true", "false"], ["yes", "'true'", "1"] },
            { "certificates.keep", ["P1D", "P100Y"], ["P101Y", "P0D", "PT1H", "3y", "''"] },
            { "dataSets.approver", [Id], ["the data team", "''", "owner@contoso.com", "OWNER@contoso.com"] },
            { "dataSets.keepNewest", ["1", "100000"], ["0", "100001", "1.5", "'3'"] },
            { "dataSets.rules.keepNewest", ["0", "100000"], ["-1", "100001", "'3'"] },
            { "dataSets.metadata", ["{}", "{ a: x }"], ["{ a: x, A: y }", "{ a: 3 }"] },
            { "dataSets.tags", ["{ a: x, A: y }"], ["[a]"] },
            { "dataSets.tables", ["[a]"], ["[]", "a", "['']"] },
            {
                "dataSets.partition",
                ["{ prefix: a }", "{ values: [a] }"],
                ["{}", "{ values: [] }", "{ prefix: a, values: [a] }", "{ keys: [a] }"]
            },
            { "dataSets.rows", ["{ a: x, A: y }"], ["{ a: 3 }", "{ a: true }"] },
            { "dataSets.rules.from", ["lastAccessed", "'tag:x'"], ["timestamp", "'property:x'", "name", "tag"] },
            { "dataSets.rules.action", ["archive"], ["shred"] },
        };

    [Fact]
    public void The_loader_reads_each_property_of_the_schema_and_no_other()
    {
        var source = File.ReadAllText(Path.Combine(RepositoryRoot.Find(), "src/Compliance/Minimization/Policy/RetentionPolicyLoader.cs"));
        var read = Literal().Matches(source).Select(m => m.Groups[1].Value).Append("version");
        var written = Schema
            .DescendantsAndSelf()
            .OfType<JProperty>()
            .Where(p => p.Name == "properties")
            .SelectMany(p => ((JObject)p.Value).Properties())
            .Select(p => p.Name);

        Assert.Equal(written.Distinct().Order(StringComparer.Ordinal), read.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_key_of_the_schema_has_a_row_here() =>
        Assert.Equal(
            Leaves(Schema, "").Where(p => p != "version").Order(StringComparer.Ordinal),
            Effects.Select(e => e.Data.Item1).Order(StringComparer.Ordinal)
        );

    [Theory]
    [MemberData(nameof(Effects))]
    public void Each_key_changes_what_it_is_for_and_nothing_else(string key, string value, string changes, string becomes)
    {
        var (before, after) = (Show(Load(Base(key).Yaml())), Show(Load(Base(key).With(key, value).Yaml())));

        var (left, right) = (Flat(before, ""), Flat(after, ""));
        var differences = left.Keys.Union(right.Keys).Where(k => left.GetValueOrDefault(k) != right.GetValueOrDefault(k)).ToList();
        Assert.NotEmpty(differences);
        Assert.All(differences, d => Assert.StartsWith(changes, d, StringComparison.Ordinal));
        Assert.Equal(becomes, changes.Split('.').Aggregate((JsonNode?)after, Step)?.ToJsonString());
    }

    [Theory]
    [MemberData(nameof(Limits))]
    public void A_value_at_the_limit_is_taken_and_one_past_it_refused(string key, string[] taken, string[] refused)
    {
        foreach (var value in taken)
            Assert.NotNull(Load(Base(key).With(key, value).Yaml()));
        foreach (var value in refused)
            Assert.NotEmpty(Assert.Throws<PolicyException>(() => Load(Base(key).With(key, value).Yaml())).Problems);
    }

    [Theory]
    [InlineData("dataSets.containers", "[x]")]
    [InlineData("dataSets.prefix", "x")]
    [InlineData("dataSets.tags", "{ a: x }")]
    [InlineData("dataSets.metadata", "{ a: x }")]
    [InlineData("dataSets.except", "[x]")]
    [InlineData("dataSets.keepNewest", "1")]
    [InlineData("dataSets.rules.keepNewest", "1")]
    [InlineData("dataSets.rules.from", "created")]
    [InlineData("dataSets.rules.action", "cool")]
    public void What_blobs_have_and_rows_of_tables_do_not_is_refused_for_them(string key, string value)
    {
        var tables = Base("dataSets.tables");

        Assert.NotNull(Load(tables.Yaml()));
        Assert.Single(Assert.Throws<PolicyException>(() => Load(tables.With(key, value).Yaml())).Problems);
    }

    [Theory]
    [InlineData("dataSets.partition.prefix", "x")]
    [InlineData("dataSets.rows", "{ a: x }")]
    public void What_rows_of_tables_have_and_blobs_do_not_is_refused_for_them(string key, string value) =>
        Assert.Single(Assert.Throws<PolicyException>(() => Load(Base("holdTag").With(key, value).Yaml())).Problems);

    [Fact]
    public void A_data_set_without_containers_and_tables_is_refused()
    {
        var error = Assert.Throws<PolicyException>(() => Load(Base("holdTag").Without("dataSets.containers").Yaml()));

        Texts.Minimization.Expect("neither containers nor tables", error.Problems.Select(p => p.ToString()));
    }

    [Fact]
    public void Whatever_is_at_a_key_is_taken_or_refused_by_the_policys_own_error()
    {
        string[] values =
        [
            .. Effects.Select(e => e.Data.Item2),
            "",
            "null",
            "[]",
            "{}",
            "[[]]",
            "[null]",
            "{ a: b }",
            "{ a: null }",
            "0",
            "-1",
            "1e9",
            "99999999999999999999",
            "3.0",
            "true",
            "''",
            "' '",
            "\"\\0\"",
            "\"\\u0660%\"",
            "\"\\u0661d\"",
            "P9999999Y",
            "P99999M",
            "9999999999TB",
            "'property:'",
            "\"9999-12-31\"",
        ];
        var keys = Effects.Select(e => e.Data.Item1).ToArray();

        Gen.Select(
                Gen.Int[0, keys.Length - 1],
                Gen.Int[0, values.Length - 1],
                Gen.Int[0, 12],
                Gen.Char["0159dhPYM%.-@ xA\u00e9\u0661*"],
                Gen.Bool
            )
            .Sample(
                (k, v, at, c, changed) =>
                {
                    var value = changed ? values[v].Insert(Math.Min(at, values[v].Length), $"{c}") : values[v];
                    try
                    {
                        Load(Base(keys[k]).With(keys[k], value).Yaml());
                    }
                    catch (PolicyException e)
                    {
                        Assert.All(e.Problems, p => Assert.Equal("p.yaml", p.File));
                    }
                },
                iter: TestSize.Times(4000)
            );
    }

    [GeneratedRegex("\\[\"([A-Za-z]+)\"\\]")]
    private static partial Regex Literal();

    private static RetentionPolicy Load(string yaml) => RetentionPolicyLoader.Load(yaml, "p.yaml");

    // One data set of the kind that has the key.
    private static Mapping Base(string key)
    {
        var isOfTables = key.StartsWith("dataSets.tables", StringComparison.Ordinal)
            || key.StartsWith("dataSets.partition", StringComparison.Ordinal)
            || key.StartsWith("dataSets.rows", StringComparison.Ordinal);
        var mapping = new Mapping([])
            .With("version", "1")
            .With("dataSets.id", "one")
            .With("dataSets.accounts", "[st*]")
            .With(isOfTables ? "dataSets.tables" : "dataSets.containers", "[raw]")
            .With("dataSets.classification", "internal")
            .With("dataSets.purpose", "Training")
            .With("dataSets.lawfulBasis", "None")
            .With("dataSets.owner", "owner@contoso.com")
            .With("dataSets.rules.id", "one")
            .With("dataSets.rules.after", "P1Y")
            .With("dataSets.rules.from", isOfTables ? "timestamp" : "created")
            .With("dataSets.rules.action", "delete");
        return key == "dataSets.rules.template" ? mapping.With("dataSets.rules.from", "name").With(key, "'{yyyy}/*'") : mapping;
    }

    private static JsonNode Show(RetentionPolicy policy) =>
        JsonSerializer.SerializeToNode(
            policy with
            {
                Sha256 = "",
                DataSets = [.. policy.DataSets],
            },
            Shown
        )!;

    // What follows from other properties is left out.
    private static Dictionary<string, string> Flat(JsonNode? node, string path) =>
        node switch
        {
            JsonObject o => o.Where(p => p.Key != nameof(DataSet.MaxKeepNewest))
                .SelectMany(p => Flat(p.Value, path.Length == 0 ? p.Key : $"{path}.{p.Key}"))
                .ToDictionary(),
            JsonArray a => a.SelectMany((item, i) => Flat(item, $"{path}.{i}")).ToDictionary(),
            _ => new() { [path] = node?.ToJsonString() ?? "null" },
        };

    private static JsonNode? Step(JsonNode? node, string name) =>
        node is JsonArray a ? a[int.Parse(name, CultureInfo.InvariantCulture)] : node![name];

    private static IEnumerable<string> Leaves(JObject schema, string path)
    {
        var at = schema["items"] is JObject items && items["properties"] is not null ? items : schema;
        return at["properties"] is JObject properties
            ? properties.Properties().SelectMany(p => Leaves((JObject)p.Value, path.Length == 0 ? p.Name : $"{path}.{p.Name}"))
            : [path];
    }

    /// <summary>A policy with one data set that has one rule, by the path of each key, as YAML on one line.</summary>
    private sealed record Mapping(IReadOnlyList<(string Path, string Value)> Entries)
    {
        public Mapping With(string path, string value) => new([.. Without(path).Entries, (path, value)]);

        public Mapping Without(string path) => new([.. Entries.Where(e => e.Path != path)]);

        public string Yaml() => Yaml("");

        private string Yaml(string under)
        {
            var here = Entries.Where(e => e.Path.StartsWith(under, StringComparison.Ordinal)).ToList();
            var keys = here.Select(e => e.Path[under.Length..].Split('.')[0]).Distinct();
            return $"{{ {string.Join(", ", keys.Select(k => $"{k}: {Value(under + k, here)}"))} }}";
        }

        private string Value(string path, List<(string Path, string Value)> entries)
        {
            if (entries.Find(e => e.Path == path) is { Path: not null } own)
                return own.Value;
            var inner = Yaml($"{path}.");
            return path is "dataSets" or "dataSets.rules" ? $"[{inner}]" : inner;
        }
    }
}
