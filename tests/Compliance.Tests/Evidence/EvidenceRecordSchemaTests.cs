using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Compliance.Evidence;
using Compliance.Plans;
using Newtonsoft.Json.Linq;
using NJsonSchema;

namespace Compliance.Tests.Evidence;

public sealed class EvidenceRecordSchemaTests
{
    private static readonly EvidenceRecord Least = new()
    {
        Id = "r1",
        Time = TestLog.Start,
        Actor = "a",
        Action = "b",
        TenantId = "t",
        PolicySha256 = "",
        Controls = [],
        Outcome = "complete",
        Counts = new Dictionary<string, long>(),
        CorrelationId = "c",
    };

    private static readonly EvidenceRecord Most = Least with
    {
        PolicySha256 = new('a', 64),
        Controls = ["A-1", "A-2"],
        Counts = new Dictionary<string, long> { ["z"] = -1, ["\u20ac"] = 5, ["\r"] = 6, ["\ud83d\ude02"] = 7 },
        FindingsSha256 = new('b', 64),
        Subject = "case-1",
        Reason = "\"why\"\n\u00e9\u2028",
        PlanId = new('c', 64),
        DetailsSha256 = new Dictionary<string, string> { ["b.json"] = new('d', 64), ["a.json"] = new('e', 64) },
    };

    [Fact]
    public async Task The_schema_has_the_properties_of_the_record_and_when_it_was_appended()
    {
        var schema = JObject.Parse(await File.ReadAllTextAsync(TestLog.SchemaFile, TestContext.Current.CancellationToken));
        var properties = typeof(EvidenceRecord).GetProperties().Where(p => p.Name != "EqualityContract").Select(p => JsonNamingPolicy.CamelCase.ConvertName(p.Name)).Append("loggedAt").Order(StringComparer.Ordinal).ToList();
        var written = JsonNode.Parse(EvidenceLine.Of(Most, TestLog.Start))!.AsObject().Select(p => p.Key);

        Assert.Equal(properties, ((JObject)schema["properties"]!).Properties().Select(p => p.Name).Order(StringComparer.Ordinal));
        // All of them are written where they are set, in the order of canonical JSON; those that must be there are those that are always set.
        Assert.Equal(properties, written);
        Assert.Equal(JsonNode.Parse(EvidenceLine.Of(Least, TestLog.Start))!.AsObject().Select(p => p.Key), schema["required"]!.Values<string>().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_is_written_is_valid_and_canonical_whether_little_or_all_is_set()
    {
        var schema = await JsonSchema.FromFileAsync(TestLog.SchemaFile, TestContext.Current.CancellationToken);
        foreach (var record in new[] { Least, Most })
        {
            var line = EvidenceLine.Of(record, TestLog.Start.AddMilliseconds(7));

            Assert.Empty(schema.Validate(Encoding.UTF8.GetString(line)));
            Assert.Equal(CanonicalJson.Of(JsonNode.Parse(line)), line);
            Assert.Contains("\"loggedAt\":\"2026-03-01T06:00:00.007Z\"", Encoding.UTF8.GetString(line), StringComparison.Ordinal);
            Assert.DoesNotContain((byte)'\n', line);
        }
    }

    [Theory]
    [InlineData("loggedAt", "\"2026-03-01T06:00:00Z\"")]
    [InlineData("version", "2")]
    [InlineData("counts", """{"n":1.5}""")]
    [InlineData("counts", """{"n":9007199254740992}""")]
    [InlineData("findingsSha256", "\"ab\"")]
    [InlineData("name", "\"a person\"")]
    [InlineData("id", null)]
    public async Task What_is_not_written_like_that_is_not_valid(string property, string? value)
    {
        var schema = await JsonSchema.FromFileAsync(TestLog.SchemaFile, TestContext.Current.CancellationToken);
        var json = JsonNode.Parse(EvidenceLine.Of(Most, TestLog.Start))!.AsObject();
        json.Remove(property);
        if (value is not null)
            json[property] = JsonNode.Parse(value);

        Assert.NotEmpty(schema.Validate(json.ToJsonString()));
    }

    [Fact]
    public void Two_lines_hold_the_same_record_whenever_they_were_appended_and_not_when_anything_else_differs()
    {
        var line = EvidenceLine.Of(Most, TestLog.Start);

        Assert.True(EvidenceLine.Same(line, EvidenceLine.Of(Most, TestLog.Start.AddYears(1))));
        Assert.False(EvidenceLine.Same(line, EvidenceLine.Of(Most with { Outcome = "incomplet3" }, TestLog.Start)));
        Assert.False(EvidenceLine.Same(line, EvidenceLine.Of(Most with { CorrelationId = "d" }, TestLog.Start)));
        Assert.False(EvidenceLine.Same(line, line.AsSpan(0, line.Length - 1)));
        Assert.False(EvidenceLine.Same("{}"u8, "{}"u8));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"id\":5}")]
    [InlineData("{\"x\":{\"id\":\"r\"}}")]
    [InlineData("{\"id\":\"r\"")]
    [InlineData("{\"id\":\"r\"} x")]
    [InlineData("{\"id\":\"\\ud800\"}")]
    public void A_line_that_is_no_record_has_no_id(string line) => Assert.Null(EvidenceLine.Read(Encoding.UTF8.GetBytes(line)));
}
