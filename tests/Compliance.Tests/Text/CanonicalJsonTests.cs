using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Compliance.Changes.Plans;
using Compliance.Text;
using CsCheck;
using Testing;

namespace Compliance.Tests.Text;

/// <summary>RFC 8785: its own vectors, the numbers of its appendix B, and what it lets nobody write.</summary>
public sealed partial class CanonicalJsonTests
{
    [Theory]
    [InlineData("arrays")]
    [InlineData("french")]
    [InlineData("structures")]
    [InlineData("unicode")]
    [InlineData("values")]
    [InlineData("weird")]
    public async Task The_published_vectors_come_out_byte_for_byte(string name)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        Assert.SkipUnless(
            Vectors() is not null,
            $"the RFC's vectors are not here; set {PublishedFiles.Variable} to the folder that holds jcs/input and jcs/output"
        );
        var input = await File.ReadAllBytesAsync(Path.Combine(Vectors()!, "input", $"{name}.json"), cancellationToken);
        var output = await File.ReadAllTextAsync(Path.Combine(Vectors()!, "output", $"{name}.json"), cancellationToken);

        Assert.Equal(output.TrimEnd('\n'), Text(JsonNode.Parse(input)));
        Assert.Equal(output.TrimEnd('\n'), Text(JsonNode.Parse(output)));
    }

    [Fact]
    public void No_published_vector_is_left_out()
    {
        Assert.SkipUnless(
            Vectors() is not null,
            $"the RFC's vectors are not here; set {PublishedFiles.Variable} to the folder that holds jcs/input and jcs/output"
        );

        Assert.Equal(
            ["arrays", "french", "structures", "unicode", "values", "weird"],
            Directory
                .GetFiles(Path.Combine(Vectors()!, "input"), "*.json")
                .Select(Path.GetFileNameWithoutExtension)
                .Order(StringComparer.Ordinal)
        );
    }

    [Theory]
    [InlineData(0x0000000000000000UL, "0")]
    [InlineData(0x8000000000000000UL, "0")]
    [InlineData(0x0000000000000001UL, "5e-324")]
    [InlineData(0x8000000000000001UL, "-5e-324")]
    [InlineData(0x7fefffffffffffffUL, "1.7976931348623157e+308")]
    [InlineData(0xffefffffffffffffUL, "-1.7976931348623157e+308")]
    [InlineData(0x4340000000000000UL, "9007199254740992")]
    [InlineData(0xc340000000000000UL, "-9007199254740992")]
    [InlineData(0x4430000000000000UL, "295147905179352830000")]
    [InlineData(0x44b52d02c7e14af5UL, "9.999999999999997e+22")]
    [InlineData(0x44b52d02c7e14af6UL, "1e+23")]
    [InlineData(0x44b52d02c7e14af7UL, "1.0000000000000001e+23")]
    [InlineData(0x444b1ae4d6e2ef4eUL, "999999999999999700000")]
    [InlineData(0x444b1ae4d6e2ef4fUL, "999999999999999900000")]
    [InlineData(0x444b1ae4d6e2ef50UL, "1e+21")]
    [InlineData(0x3eb0c6f7a0b5ed8cUL, "9.999999999999997e-7")]
    [InlineData(0x3eb0c6f7a0b5ed8dUL, "0.000001")]
    [InlineData(0x41b3de4355555553UL, "333333333.3333332")]
    [InlineData(0x41b3de4355555554UL, "333333333.33333325")]
    [InlineData(0x41b3de4355555555UL, "333333333.3333333")]
    [InlineData(0x41b3de4355555556UL, "333333333.3333334")]
    [InlineData(0x41b3de4355555557UL, "333333333.33333343")]
    [InlineData(0xbecbf647612f3696UL, "-0.0000033333333333333333")]
    [InlineData(0x43143ff3c1cb0959UL, "1424953923781206.2")]
    // Beside the appendix: the ends of both ranges, and the last number with an exponent.
    [InlineData(0x000fffffffffffffUL, "2.225073858507201e-308")]
    [InlineData(0x0010000000000000UL, "2.2250738585072014e-308")]
    [InlineData(0x3e7ad7f29abcaf48UL, "1e-7")]
    [InlineData(0x433fffffffffffffUL, "9007199254740991")]
    [InlineData(0x3ff0000000000000UL, "1")]
    [InlineData(0xbfb999999999999aUL, "-0.1")]
    public void A_number_is_written_as_the_RFC_writes_it(ulong bits, string text) =>
        Assert.Equal(text, Text(JsonValue.Create(BitConverter.UInt64BitsToDouble(bits))));

    [Theory]
    [InlineData(0x7fffffffffffffffUL)]
    [InlineData(0xfff8000000000000UL)]
    [InlineData(0x7ff0000000000000UL)]
    [InlineData(0xfff0000000000000UL)]
    public void What_is_no_number_is_refused(ulong bits)
    {
        var value = BitConverter.UInt64BitsToDouble(bits);
        Assert.Throws<ArgumentException>(() => Text(JsonValue.Create(value)));
        Assert.Throws<ArgumentException>(() => CanonicalJson.Serialize(new { value }));
    }

    [Theory]
    [InlineData("1e309")]
    [InlineData("-1.8e308")]
    public void A_number_beyond_double_precision_is_refused(string number) =>
        Assert.Contains(
            number,
            Assert.Throws<ArgumentException>(() => Text(JsonNode.Parse($"[{number}]"))).Message,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("-0.0", "0")]
    [InlineData("1e-400", "0")]
    [InlineData("1.0", "1")]
    [InlineData("10E+1", "100")]
    [InlineData("0.00001e5", "1")]
    [InlineData("9007199254740993", "9007199254740992")]
    [InlineData("9223372036854775807", "9223372036854776000")]
    public void A_number_counts_by_the_double_it_is_however_it_is_written(string number, string text) =>
        Assert.Equal(text, Text(JsonNode.Parse(number)));

    [Fact]
    public void Any_number_comes_back_the_same_in_ECMAScripts_form_in_whatever_language() =>
        Gen
            .ULong.Select(BitConverter.UInt64BitsToDouble)
            .Where(double.IsFinite)
            .Sample(
                value =>
                {
                    var language = CultureInfo.CurrentCulture;
                    var other = (CultureInfo)CultureInfo.InvariantCulture.Clone();
                    (other.NumberFormat.NumberDecimalSeparator, other.NumberFormat.NegativeSign) = (",", "\u2212");
                    CultureInfo.CurrentCulture = other;
                    try
                    {
                        var text = Text(JsonValue.Create(value));
                        Assert.Matches(EcmaScript(), text);
                        Assert.Equal(value, double.Parse(text, CultureInfo.InvariantCulture));
                    }
                    finally
                    {
                        CultureInfo.CurrentCulture = language;
                    }
                },
                iter: TestSize.Times(20_000),
                threads: 1
            );

    [Fact]
    public void Names_are_ordered_by_UTF_16_code_units_at_every_depth()
    {
        // The names of section 3.2.3. By code points the face would come last.
        var names = JsonNode.Parse("""{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}""")!;

        Assert.Equal(
            $$"""[{"\r":2,"1":4,"{{"\u0080"}}":6,"{{"\u00f6"}}":7,"{{"\u20ac"}}":1,"{{"\ud83d\ude00"}}":5,"{{"\ufb33"}}":3}]""",
            Text(new JsonArray(names))
        );
        Assert.Equal("""{"":0,"A":1,"a":{"10":2,"9":3},"aa":4}""", Text(JsonNode.Parse("""{"aa":4,"a":{"9":3,"10":2},"A":1,"":0}""")));
    }

    [Fact]
    public void The_order_of_names_and_the_space_between_them_change_nothing() =>
        Gen.Shuffle(Enumerable.Range(0, 12).ToArray())
            .Sample(
                order =>
                {
                    string Written(IEnumerable<int> numbers, string space)
                    {
                        var members = numbers.Select(n =>
                            $"\"n{n}\"{space}:{space}[{n},{space}{{\"b\":{n},{space}\"a\":null}}]"
                        );
                        return $"{{{space}{string.Join($"{space},", members)}{space}}}";
                    }
                    Assert.Equal(
                        Text(JsonNode.Parse(Written(Enumerable.Range(0, 12), ""))),
                        Text(JsonNode.Parse(Written(order, " \r\n\t")))
                    );
                },
                iter: TestSize.Times(100)
            );

    [Fact]
    public void Only_quotes_backslashes_and_controls_are_escaped_and_these_in_one_way()
    {
        var controls = string.Concat(Enumerable.Range(0, 32).Select(i => (char)i));
        const string escaped =
            @"\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f"
            + @"\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f";
        const string plain = "/<>&'+`\u007f\u0080\u00a0\u2028\u2029\ufeff\uffff\ud83d\ude00";

        Assert.Equal($"\"{escaped}\\\"\\\\{plain}\"", Text(JsonValue.Create(controls + "\"\\" + plain)));
        Assert.Equal(
            $"{{\"{escaped}\":\"{plain}\"}}",
            Encoding.UTF8.GetString(CanonicalJson.Serialize(new Dictionary<string, string> { [controls] = plain }))
        );
        Assert.Equal(
            "\"\u20ac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"",
            Text(JsonNode.Parse("""  "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/"  """))
        );
    }

    [Theory]
    [InlineData("d800")]
    [InlineData("0078 dc00")]
    [InlineData("dc00 d800")]
    [InlineData("d83d de00 d83d")]
    public void Text_with_half_a_character_is_refused_as_value_and_as_name(string units)
    {
        // As numbers: an attribute cannot hold such a text.
        var text = string.Concat(units.Split(' ').Select(u => (char)ushort.Parse(u, NumberStyles.HexNumber, CultureInfo.InvariantCulture)));
        Assert.Throws<ArgumentException>(() => Text(JsonValue.Create(text)));
        Assert.Throws<ArgumentException>(() => Text(new JsonObject { [text] = 1 }));
        Assert.Throws<ArgumentException>(() => CanonicalJson.Serialize(new { text }));
        var escaped = string.Concat(text.Select(c => $"\\u{(int)c:x4}"));
        foreach (var json in new[] { $"[\"{escaped}\"]", $"{{\"{escaped}\":1}}" })
            Assert.Throws<ArgumentException>(() => Text(JsonNode.Parse(json)));
    }

    [Theory]
    [InlineData("""{"a":1,"a":1}""")]
    [InlineData("""[{"b":{"a":1,"\u0061":2}}]""")]
    public void A_name_that_is_there_twice_is_refused(string json) => Assert.Throws<ArgumentException>(() => Text(JsonNode.Parse(json)));

    [Fact]
    public void A_records_names_are_camel_case_and_its_nulls_left_out_but_a_dictionary_is_written_as_it_is() =>
        Assert.Equal(
            """{"at":"2026-11-23T12:00:00+01:00","day":"monday","kept":{"B":null,"a":"x"},"list":[null,{}],"number":0.1,"true":true}""",
            Encoding.UTF8.GetString(
                CanonicalJson.Serialize(
                    new
                    {
                        True = true,
                        Number = 0.1m,
                        Nothing = (string?)null,
                        List = new[] { null, new object() },
                        Kept = new Dictionary<string, string?> { ["a"] = "x", ["B"] = null },
                        Day = DayOfWeek.Monday,
                        At = new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.FromHours(1)),
                    }
                )
            )
        );

    [Fact]
    public void A_plans_id_is_the_hash_of_a_text_that_anybody_can_write()
    {
        // What an approval names must be the same tomorrow: a change here voids every open request.
        var target = new PlanTarget("group", "g-1", "Readers");
        var plan = new ActionPlan
        {
            Kind = "offboarding.remove",
            TenantId = "t",
            CaseId = "c",
            SubjectId = "s",
            PolicySha256 = "p",
            Steps =
            [
                new(
                    PlanStep.IdOf("group.member.remove", target),
                    "group.member.remove",
                    target,
                    2,
                    "why",
                    "f#/r",
                    new Dictionary<string, string> { ["z"] = "1", ["a"] = "2" }
                ),
            ],
            Manual = [new(target, "why", "what")],
        };
        var step = Hash("""{"action":"group.member.remove","id":"g-1","type":"group"}""")[..16];

        Assert.Equal(
            Hash(
                """
                {"caseId":"c","kind":"offboarding.remove",
                "manual":[{"target":{"id":"g-1","name":"Readers","type":"group"},"whatToDo":"what","why":"why"}],"policySha256":"p",
                "steps":[{"action":"group.member.remove","arguments":{"a":"2","z":"1"},"id":"STEP","reason":"why","rule":"f#/r",
                "target":{"id":"g-1","name":"Readers","type":"group"},"wave":2}],"subjectId":"s","tenantId":"t"}
                """.ReplaceLineEndings("").Replace("STEP", step, StringComparison.Ordinal)
            ),
            plan.Id()
        );
    }

    [GeneratedRegex(
        @"^-?(0|[1-9]\d{0,20}|(0|[1-9]\d{0,20})\.\d*[1-9]|[1-9](\.\d*[1-9])?e(\+(2[1-9]|[3-9]\d|[123]\d\d)|-([7-9]|[1-9]\d|[123]\d\d)))$"
    )]
    private static partial Regex EcmaScript();

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    // The overload for parsed JSON: the other one goes through the serializer first.
    private static string Text(JsonNode? node) => Encoding.UTF8.GetString(CanonicalJson.Serialize(node));

    private static string? Vectors() => PublishedFiles.Find("jcs");
}
