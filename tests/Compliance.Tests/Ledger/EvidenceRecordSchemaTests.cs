using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Compliance.Ledger;
using Compliance.Ledger.Format;
using Compliance.Observability;
using Compliance.Tests.Ledger.Append;
using Compliance.Text;
using CsCheck;
using Newtonsoft.Json.Linq;
using NJsonSchema;

namespace Compliance.Tests.Ledger;

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
        Counts = new Dictionary<string, long>
        {
            ["z"] = -1,
            ["\u20ac"] = 5,
            ["\r"] = 6,
            ["\ud83d\ude02"] = 7,
        },
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
        var properties = typeof(EvidenceRecord)
            .GetProperties()
            .Where(p => p.GetCustomAttribute<JsonIgnoreAttribute>() is not { Condition: JsonIgnoreCondition.Always })
            .Select(p => JsonNamingPolicy.CamelCase.ConvertName(p.Name))
            .Append("loggedAt")
            .Order(StringComparer.Ordinal)
            .ToList();
        var written = JsonNode.Parse(EvidenceLine.Create(Most, TestLog.Start))!.AsObject().Select(p => p.Key);

        Assert.Equal(properties, ((JObject)schema["properties"]!).Properties().Select(p => p.Name).Order(StringComparer.Ordinal));
        // All of them are written where they are set, in the order of canonical JSON; those that must be there are those that are always
        // set.
        Assert.Equal(properties, written);
        Assert.Equal(
            JsonNode.Parse(EvidenceLine.Create(Least, TestLog.Start))!.AsObject().Select(p => p.Key),
            schema["required"]!.Values<string>().Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task What_is_written_is_valid_and_canonical_whether_little_or_all_is_set()
    {
        var schema = await JsonSchema.FromFileAsync(TestLog.SchemaFile, TestContext.Current.CancellationToken);
        foreach (var record in new[] { Least, Most })
        {
            var line = EvidenceLine.Create(record, TestLog.Start.AddMilliseconds(7));

            Assert.Empty(schema.Validate(Encoding.UTF8.GetString(line)));
            Assert.Equal(CanonicalJson.Serialize(JsonNode.Parse(line)), line);
            Assert.Contains("\"loggedAt\":\"2026-03-01T06:00:00.007Z\"", Encoding.UTF8.GetString(line), StringComparison.Ordinal);
            Assert.DoesNotContain((byte)'\n', line);
        }
    }

    [Fact]
    public void Whatever_a_record_holds_it_is_written_as_canonical_json_writes_it()
    {
        var (written, refused) = (0, 0);
        var text = Gen.Frequency(
            (1, Gen.Const("\ud800")),
            (60, Gen.String[Gen.Char[(char)0, (char)127], 0, 40]),
            (20, Gen.String[Gen.Char[(char)0, '\ud7ff'], 0, 40]),
            (10, Gen.Const("\ud83d\ude02\u2028 \\\"\b\f\n\r\t\u0000\u001f\u007f"))
        );
        var count = Gen.OneOf(Gen.Long[-9007199254740991, 9007199254740991], Gen.Long[-10, 10]);
        Gen.Select(
                text.Array[14],
                Gen.Dictionary(text, count)[0, 5],
                Gen.Dictionary(text, text)[0, 4],
                text.Array[0, 3],
                Gen.DateTimeOffset,
                Gen.Int[0, 31]
            )
            .Sample(
                (t, counts, details, controls, time, set) =>
                {
                    var record = new EvidenceRecord
                    {
                        Id = t[0],
                        Time = time,
                        Actor = t[1],
                        Action = t[2],
                        TenantId = t[3],
                        PolicySha256 = t[4],
                        Controls = controls,
                        Outcome = t[5],
                        Counts = counts,
                        CorrelationId = t[6],
                        FindingsSha256 = (set & 1) > 0 ? t[7] : null,
                        Subject = (set & 2) > 0 ? t[8] : null,
                        Reason = (set & 4) > 0 ? t[9] : null,
                        PlanId = (set & 8) > 0 ? t[10] : null,
                        DetailsSha256 = (set & 16) > 0 ? details : null,
                    };
                    byte[]? expected;
                    try
                    {
                        expected = CanonicalJson.Serialize((JsonNode)Json(record));
                    }
                    catch (ArgumentException)
                    {
                        expected = null;
                    }
                    _ = expected is null ? Interlocked.Increment(ref refused) : Interlocked.Increment(ref written);
                    if (expected is null)
                        Assert.Throws<ArgumentException>(() => RecordWriter.Write(record, "now"));
                    else
                        Assert.Equal(Encoding.UTF8.GetString(expected), Encoding.UTF8.GetString(RecordWriter.Write(record, "now")));
                }
            );
        Assert.True(written >= 10 && refused >= 1, $"{written} written, {refused} refused");
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
        var json = JsonNode.Parse(EvidenceLine.Create(Most, TestLog.Start))!.AsObject();
        json.Remove(property);
        if (value is not null)
            json[property] = JsonNode.Parse(value);

        Assert.NotEmpty(schema.Validate(json.ToJsonString()));
    }

    [Fact]
    public void Two_lines_hold_the_same_record_whenever_they_were_appended_and_not_when_anything_else_differs()
    {
        var line = EvidenceLine.Create(Most, TestLog.Start);

        Assert.True(EvidenceLine.Same(line, EvidenceLine.Create(Most, TestLog.Start.AddYears(1))));
        Assert.False(EvidenceLine.Same(line, EvidenceLine.Create(Most with { Outcome = "incomplet3" }, TestLog.Start)));
        Assert.False(EvidenceLine.Same(line, EvidenceLine.Create(Most with { CorrelationId = "d" }, TestLog.Start)));
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
    public void A_line_that_is_no_record_has_no_id(string line) => Assert.Null(RecordFacts.Parse(Encoding.UTF8.GetBytes(line)).ExactId);

    // The plain way to the same.
    private static JsonObject Json(EvidenceRecord record)
    {
        var json = new JsonObject
        {
            ["version"] = record.Version,
            ["id"] = record.Id,
            ["time"] = record.Time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture),
            ["actor"] = SecretScrubber.Scrub(record.Actor),
            ["action"] = SecretScrubber.Scrub(record.Action),
            ["tenantId"] = record.TenantId,
            ["policySha256"] = record.PolicySha256,
            ["controls"] = new JsonArray([.. record.Controls.Select(c => JsonValue.Create(c))]),
            ["outcome"] = record.Outcome,
            ["counts"] = new JsonObject(record.Counts.Select(c => KeyValuePair.Create(c.Key, (JsonNode?)c.Value))),
            ["correlationId"] = record.CorrelationId,
            ["loggedAt"] = "now",
        };
        foreach (
            var (name, value) in new[]
            {
                ("findingsSha256", record.FindingsSha256),
                ("subject", record.Subject),
                ("reason", record.Reason is { } reason ? SecretScrubber.Scrub(reason) : null),
                ("planId", record.PlanId),
            }
        )
            if (value is not null)
                json[name] = value;
        if (record.DetailsSha256 is { } details)
            json["detailsSha256"] = new JsonObject(details.Select(d => KeyValuePair.Create(d.Key, (JsonNode?)d.Value)));
        return json;
    }
}
