using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Compliance.Offboarding;
using Compliance.Offboarding.Directory;
using Compliance.Offboarding.Policy;
using Compliance.Policies;
using CsCheck;
using Local;
using Newtonsoft.Json.Linq;
using Testing;

namespace Compliance.Tests.Offboarding.Policy;

/// <summary>
/// The schema, the loader and the shipped policy say the same: no rule is without effect, and nothing that the schema lets pass breaks the
/// loader.
/// </summary>
public sealed partial class OffboardingSchemaParityTests
{
    private const string Id = "11111111-2222-3333-4444-555555555555";

    private static readonly JObject Schema = PolicySchema.Embedded("offboarding.schema.json").Text;

    private static readonly JsonSerializerOptions Shown = new() { Converters = { new JsonStringEnumConverter() } };

    /// <summary>
    /// Each key with a value that is not its default, the one property of the policy that it changes, and what that becomes.
    /// </summary>
    public static TheoryData<string, string, string, string> Effects =>
        new()
        {
            { "match", "[[employeeId]]", nameof(OffboardingPolicy.Match), """[{"Attributes":["employeeId"]}]""" },
            { "protected.groups", $"[{Id}]", nameof(OffboardingPolicy.ProtectedGroups), $"[\"{Id}\"]" },
            { "protected.accounts", "[ada@contoso.com]", nameof(OffboardingPolicy.ProtectedAccounts), "[\"ada@contoso.com\"]" },
            { "serviceAccounts.patterns", "[x-*]", nameof(OffboardingPolicy.ServiceAccounts), "[\"x-*\"]" },
            { "serviceAccounts.employeeTypes", "[' Robot ']", nameof(OffboardingPolicy.ServiceEmployeeTypes), "[\"Robot\"]" },
            { "caps.leaversPerHour", "11", nameof(OffboardingPolicy.MaxPerHour), "11" },
            { "caps.shareOfStaffPerDay", "2.75%", nameof(OffboardingPolicy.MaxOfStaffPerDay), "0.0275" },
            { "approvals.firstAct", "false", nameof(OffboardingPolicy.ApproveFirstAct), "false" },
            { "approvals.within", "2d", nameof(OffboardingPolicy.ApprovalWithin), "\"2.00:00:00\"" },
            { "approvals.validFor", "48h", nameof(OffboardingPolicy.ApprovalValidFor), "\"2.00:00:00\"" },
            { "approvals.confirmWithin", "2h", nameof(OffboardingPolicy.ConfirmWithin), "\"02:00:00\"" },
            { "blockGroup", Id, nameof(OffboardingPolicy.BlockGroup), $"\"{Id}\"" },
            { "clearWithin", "5h", nameof(OffboardingPolicy.ClearWithin), "\"05:00:00\"" },
            { "watchFor", "9999d", nameof(OffboardingPolicy.WatchFor), "\"9999.00:00:00\"" },
            { "tokenLifetime", "45m", nameof(OffboardingPolicy.TokenLifetime), "\"00:45:00\"" },
            { "privilegedRemovals", "true", nameof(OffboardingPolicy.PrivilegedRemovals), "true" },
            { "signInMethods", "false", nameof(OffboardingPolicy.RemoveSignInMethods), "false" },
            { "devices", "true", nameof(OffboardingPolicy.RetireDevices), "true" },
            { "licences", "true", nameof(OffboardingPolicy.RemoveLicences), "true" },
            { "mailAndFiles", "true", nameof(OffboardingPolicy.HandOverMailAndFiles), "true" },
            { "owners.privileged", Id, nameof(OffboardingPolicy.PrivilegedOwner), $"\"{Id}\"" },
            { "owners.fallback", Id, nameof(OffboardingPolicy.FallbackOwner), $"\"{Id}\"" },
            { "assets.tag", "kind", nameof(OffboardingPolicy.AssetTag), "\"kind\"" },
            { "assets.productionModel", "[live]", nameof(OffboardingPolicy.ProductionModelValues), "[\"live\"]" },
            { "assets.trainingData", "[corpus]", nameof(OffboardingPolicy.TrainingDataValues), "[\"corpus\"]" },
            { "ownerTag", "who", nameof(OffboardingPolicy.OwnerTag), "\"who\"" },
            { "hr.roster", "people/roster.json", nameof(OffboardingPolicy.Roster), "\"people/roster.json\"" },
            { "hr.heartbeat", "never", nameof(OffboardingPolicy.Heartbeat), "null" },
            { "notInspected", "[' paper ']", nameof(OffboardingPolicy.NotInspected), "[\"paper\"]" },
            { "severity", "{ LEAVE-011: critical }", nameof(OffboardingPolicy.Severities), """{"LEAVE-011":"Critical"}""" },
            { "contact", "people@contoso.com", nameof(OffboardingPolicy.Contact), "\"people@contoso.com\"" },
        };

    /// <summary>A key, values at its limits, and values one past them; <c>xN</c> stands for N letters.</summary>
    public static TheoryData<string, string[], string[]> Limits =>
        new()
        {
            { "version", ["1"], ["0", "2", "'1'"] },
            { "caps.leaversPerHour", ["1", "5000"], ["0", "5001", "1.5", "'10'", "many"] },
            { "caps.shareOfStaffPerDay", ["0%", "0.01%", "99.99%", "100%"], ["101%", "100.01%", "5.125%", "-1%", "5", ".5%", "5 %"] },
            { "approvals.within", ["1h", "9999h", "1d", "9999d"], ["0h", "10000h", "90m", "1.5d", "1w", "01d", "24"] },
            { "clearWithin", ["1h", "9999d"], ["0d", "90m"] },
            { "watchFor", ["1d", "9999d"], ["0d", "10000d", "24h"] },
            { "tokenLifetime", ["1m", "9999m", "1h", "9999h"], ["0m", "1d", "90s"] },
            { "hr.heartbeat", ["1h", "9999d", "never"], ["0h", "Never", "60m"] },
            {
                "hr.roster",
                ["hr0/a.csv", "people-data/sub/a.json"],
                ["a.csv", "hr0/a.txt", "HR0/a.csv", "hr/a.csv", "hr-/a.csv", "'hr0/a b.csv'"]
            },
            {
                "match",
                ["[[mail, employeeId]]", "[[userPrincipalName, mail]]"],
                ["[]", "[[]]", "[[mail]]", "[[userPrincipalName]]", "[[mail, mail]]", "[[displayName]]", "[employeeId]"]
            },
            { "protected.groups", ["[]"], [$"[{Id}, {Id}]", "[break-glass]", $"['{{{Id}}}']", "[ada@contoso.com]"] },
            { "protected.accounts", ["[]", $"[{Id}, ada@contoso.com]"], ["[ada]", "[a@b@c]", "['a b@c']"] },
            { "serviceAccounts.patterns", ["[]", "['?x']", "[x]"], ["['*']", "['**?']", "['svc *']", "['']"] },
            { "serviceAccounts.employeeTypes", ["[x256]"], ["[x257]", "['']", "[' ']"] },
            { "owners.privileged", [Id], ["ada@contoso.com"] },
            { "owners.fallback", [Id], ["ada@contoso.com"] },
            { "assets.productionModel", ["[x256]"], ["[]", "[x257]", "[training-data]", "[Training-Data]"] },
            {
                "severity",
                ["{}", "{ LEAVE-001: info, LEAVE-020: critical }"],
                ["{ LEAVE-999: low }", "{ CRED-001: low }", "{ LEAVE-001: Low }", "{ LEAVE-001: severe }"]
            },
            { "contact", [Id, "x314@b.com"], ["x315@b.com", "ada", "''"] },
            { "ownerTag", ["x256", "' x '"], ["x257", "' '"] },
            { "privilegedRemovals", ["true", "false"], ["yes", "'true'", "1", "null"] },
        };

    [Fact]
    public void The_loader_reads_each_property_of_the_schema_and_no_other()
    {
        var source = File.ReadAllText(Path.Combine(RepositoryRoot.Find(), "src/Compliance/Offboarding/Policy/OffboardingPolicyLoader.cs"));
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
    public void Every_key_of_the_schema_and_every_property_of_the_policy_has_a_row_here()
    {
        Assert.Equal(
            Leaves(Schema, "").Where(p => p != "version").Order(StringComparer.Ordinal),
            Effects.Select(e => e.Data.Item1).Order(StringComparer.Ordinal)
        );
        Assert.Equal(
            typeof(OffboardingPolicy)
                .GetProperties()
                .Select(p => p.Name)
                .Where(n => n != nameof(OffboardingPolicy.Sha256))
                .Order(StringComparer.Ordinal),
            Effects.Select(e => e.Data.Item3).Order(StringComparer.Ordinal)
        );
    }

    [Theory]
    [MemberData(nameof(Effects))]
    public void Each_key_changes_what_it_is_for_and_nothing_else(string key, string value, string property, string becomes)
    {
        var (before, after) = (Show(Load("version: 1")), Show(Load(Yaml(key, value))));

        Assert.Equal([property], before.Select(p => p.Key).Where(n => !JsonNode.DeepEquals(before[n], after[n])));
        Assert.Equal(becomes, after[property]?.ToJsonString() ?? "null");
    }

    [Theory]
    [MemberData(nameof(Limits))]
    public void A_value_at_the_limit_is_taken_and_one_past_it_refused_with_its_line(string key, string[] taken, string[] refused)
    {
        foreach (var value in taken)
            Assert.NotNull(Load(Yaml(key, Long(value))));
        foreach (var value in refused)
        {
            var problems = Record.Exception(() => Load(Yaml(key, Long(value)))) is PolicyException e ? e.Problems : [];
            Assert.True(problems.Count > 0 && problems.All(p => p.Line == 2), $"{key}: {value} gave {string.Join("; ", problems)}");
        }
    }

    [Theory]
    [InlineData("match", 10)]
    [InlineData("protected.groups", 100)]
    [InlineData("protected.accounts", 1000)]
    [InlineData("serviceAccounts.patterns", 100)]
    [InlineData("serviceAccounts.employeeTypes", 100)]
    [InlineData("assets.productionModel", 100)]
    [InlineData("assets.trainingData", 100)]
    [InlineData("notInspected", 200)]
    public void A_list_has_an_end(string key, int most)
    {
        string Of(int count) =>
            Yaml(
                key,
                $"[{string.Join(", ", Enumerable.Range(0, count).Select(i => key switch
        {
            "match" => "[employeeId]",
            "protected.groups" => $"{i:x8}{Id[8..]}",
            "protected.accounts" => $"p{i}@contoso.com",
            _ => $"v{i}",
        }))}]"
            );

        Assert.NotNull(Load(Of(most)));
        Assert.Contains(
            $"more than {most} entries",
            Assert.Throws<PolicyException>(() => Load(Of(most + 1))).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Whatever_stands_at_a_key_is_taken_or_refused_by_the_policys_own_error()
    {
        var words = Effects
            .Select(e => e.Data.Item2)
            .Concat([
                "",
                "null",
                "~",
                "[]",
                "{}",
                "[[]]",
                "[null]",
                "{a: b}",
                "0",
                "-1",
                "1e9",
                "99999999999999999999",
                ".inf",
                "true",
                "yes",
                "''",
                "' '",
                "\"\\0\"",
                "\"\\u0660%\"",
                "\"\\u0661d\"",
                "1D",
                "1 d",
                "9999d",
                "00%",
                "0x1h",
                "+1d",
                "2026-11-23",
                "*x",
                "&x y",
                "!!str 5h",
                "never",
            ])
            .ToArray();
        var keys = Effects.Select(e => e.Data.Item1).ToArray();

        Gen.Select(
                Gen.Int[0, keys.Length - 1],
                Gen.Int[0, words.Length - 1],
                Gen.Int[0, 12],
                Gen.Char["0159dhm%.-@ xA\u00e9\u0661*"],
                Gen.Bool
            )
            .Sample(
                (k, w, at, c, changed) =>
                {
                    var (key, word) = (keys[k], words[w]);
                    var value = changed ? word.Insert(Math.Min(at, word.Length), $"{c}") : word;
                    try
                    {
                        Load(Yaml(key, value));
                    }
                    catch (PolicyException e)
                    {
                        Assert.All(e.Problems, p => Assert.Equal("p.yaml", p.File));
                    }
                },
                iter: TestSize.Times(4000)
            );
    }

    [Theory]
    [InlineData("watchFor")]
    [InlineData("tokenLifetime")]
    [InlineData("caps.shareOfStaffPerDay")]
    [InlineData("owners.privileged")]
    public void A_value_with_a_line_break_at_its_end_is_refused(string key)
    {
        var value = Effects.Select(e => e.Data).Single(e => e.Item1 == key).Item2;

        Assert.Throws<PolicyException>(() => Load(Yaml(key, $"\"{value}\\n\"")));
    }

    [Fact]
    public void What_the_shipped_policy_has_commented_out_can_be_put_in()
    {
        var shipped = File.ReadAllText(Path.Combine(RepositoryRoot.Find(), "src/ComplianceFunctions/policy/offboarding.yaml"));
        var whole = Regex.Replace(
            shipped.Replace("owners: {}", "owners:", StringComparison.Ordinal),
            @"^#( *)(privileged|fallback|roster|severity|contact):",
            m => $"{(m.Groups[1].Length > 1 ? "  " : "")}{m.Groups[2]}:",
            RegexOptions.Multiline
        );

        Assert.Equal("people-operations@contoso.com", Load(whole).Contact);
    }

    [Fact]
    public void Every_control_of_leavers_can_be_given_a_severity() =>
        Assert.All(OffboardingControls.Catalogue.Ids, id => Assert.Equal([id], Load(Yaml("severity", $"{{ {id}: low }}")).Severities.Keys));

    [Fact]
    public void Every_attribute_of_the_schema_finds_people()
    {
        var someone = new HrEvent(
            "hr",
            "1",
            HrEventKind.Terminated,
            default,
            "E1",
            "1",
            1,
            null,
            false,
            "ada@contoso.com",
            "ada@contoso.com"
        );

        Assert.All(
            Schema.SelectToken("properties.match.items.items.enum")!.Values<string>(),
            name => Assert.NotNull(Matching.ValueOf(someone, name!))
        );
    }

    [Fact]
    public void The_shipped_policy_is_what_a_policy_that_says_nothing_means_but_for_what_it_lists_as_not_inspected()
    {
        var shipped = OffboardingPolicyLoader.LoadFile(
            Path.Combine(RepositoryRoot.Find(), "src/ComplianceFunctions/policy/offboarding.yaml")
        );

        Assert.Equal(2, shipped.NotInspected.Count);
        Assert.Equal(Show(Load("version: 1")).ToJsonString(), Show(shipped with { NotInspected = [] }).ToJsonString());
    }

    [GeneratedRegex("\\[\"([A-Za-z]+)\"\\]")]
    private static partial Regex Literal();

    [GeneratedRegex("x(\\d{3})")]
    private static partial Regex Letters();

    private static OffboardingPolicy Load(string yaml) => OffboardingPolicyLoader.Load(yaml, "p.yaml");

    private static string Yaml(string key, string value) =>
        key == "version"
            ? $"\nversion: {value}"
            : $"version: 1\n{(key.Split('.') is [var outer, var inner] ? $"{outer}: {{ {inner}: {value} }}" : $"{key}: {value}")}";

    private static string Long(string value) =>
        Letters().Replace(value, m => new string('x', int.Parse(m.Groups[1].ValueSpan, CultureInfo.InvariantCulture)));

    private static JsonObject Show(OffboardingPolicy policy) =>
        (JsonObject)JsonSerializer.SerializeToNode(policy with { Sha256 = "" }, Shown)!;

    private static IEnumerable<string> Leaves(JObject schema, string path) =>
        schema["properties"] is JObject properties
            ? properties.Properties().SelectMany(p => Leaves((JObject)p.Value, path.Length == 0 ? p.Name : $"{path}.{p.Name}"))
            : [path];
}
