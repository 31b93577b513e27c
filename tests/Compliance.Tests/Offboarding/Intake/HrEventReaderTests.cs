using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Compliance.Offboarding;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Intake;
using Local;

namespace Compliance.Tests.Offboarding.Intake;

public sealed class HrEventReaderTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(RepositoryRoot.Find(), "docs/reference/hr-events.md"));

    [Fact]
    public void Every_documented_example_is_read()
    {
        var read = Regex
            .Matches(Page, "```json\n(.*?)```", RegexOptions.Singleline)
            .Select(m => HrEventReader.Read(m.Groups[1].Value, Hr.Now))
            .ToList();

        Assert.Equal(
            [HrEventKind.Terminated, HrEventKind.Terminated, HrEventKind.Rescheduled, HrEventKind.Cancelled, HrEventKind.Rehired],
            read.Select(e => e.Kind)
        );
        Assert.Equal(
            new HrEvent(
                Hr.Source,
                "9c1f",
                HrEventKind.Terminated,
                new(2026, 11, 20, 8, 0, 0, TimeSpan.Zero),
                "NW-1042",
                "2019-04",
                1,
                Hr.MonthEnd,
                ForCause: false,
                "ada@northwynd.example",
                "ada@northwynd.example"
            ),
            read[0]
        );
        Assert.Equal(
            (null, true, new DateTimeOffset(2026, 11, 23, 8, 12, 0, TimeSpan.Zero)),
            (read[1].Leaves, read[1].ForCause, read[1].Time)
        );
    }

    [Fact]
    public void Every_documented_time_of_leaving_is_what_the_code_says()
    {
        var rows = Regex.Matches(Page, @"^\| (\d\S+) \| (\S+/\S+) \| (\S+Z) \|$", RegexOptions.Multiline);

        Assert.Equal(4, rows.Count);
        Assert.All(
            rows,
            r =>
                Assert.Equal(
                    r.Groups[3].Value,
                    LeavingTime
                        .ToUtc(new(DateTime.Parse(r.Groups[1].Value, CultureInfo.InvariantCulture), r.Groups[2].Value))
                        .ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)
                )
        );
    }

    [Theory]
    [InlineData("specversion", "\"0.3\"")]
    [InlineData("id", null)]
    [InlineData("id", "\"\"")]
    [InlineData("source", "\"a b\"")]
    [InlineData("type", "\"hr.employee.promoted\"")]
    [InlineData("time", "\"2026-11-20T08:00:00\"")]
    [InlineData("time", "\"2026-02-30T08:00:00Z\"")]
    [InlineData("time", null)]
    [InlineData("datacontenttype", "\"text/xml\"")]
    [InlineData("data", null)]
    [InlineData("data", "7")]
    [InlineData("data.employeeId", null)]
    [InlineData("data.employeeId", "4711")]
    [InlineData("data.employeeId", "\" 4711\"")]
    [InlineData("data.employeeId", "\"47\\n11\"")]
    [InlineData("data.employeeId", "\"4711\\n\"")]
    [InlineData("data.employeeId", "\"47\\u202e11\"")]
    [InlineData("data.employeeId", "\"47\\ud80011\"")]
    [InlineData("data.sequence", "1.5")]
    [InlineData("data.sequence", "1.0")]
    [InlineData("data.sequence", "-1")]
    [InlineData("data.sequence", "9007199254740992")]
    [InlineData("data.sequence", "99999999999999999999999999999999999999")]
    [InlineData("data.sequence", "\"1\"")]
    [InlineData("data.forCause", "\"yes\"")]
    [InlineData("data.forcause", "true")]
    [InlineData("data.mail", "\"ada\"")]
    [InlineData("data.userPrincipalName", "\"a@b@c\"")]
    [InlineData("data.leaves", null)]
    [InlineData("time", "\"9999-11-23T12:00:00Z\"")]
    [InlineData("time", "\"0001-01-01T00:00:00Z\"")]
    // Files of the database that are no zone, or one with other rules.
    [InlineData("data.leaves.timeZone", "\"localtime\"")]
    [InlineData("data.leaves.timeZone", "\"posixrules\"")]
    [InlineData("data.leaves.timeZone", "\"right/Europe/Berlin\"")]
    [InlineData("data.leaves.timeZone", null)]
    [InlineData("data.leaves.timeZone", "\"Europe/Nowhere\"")]
    [InlineData("data.leaves.timeZone", "\"../../etc/localtime\"")]
    [InlineData("data.leaves.local", "\"2026-11-30\"")]
    [InlineData("data.leaves.local", "\"2026-11-30T17:00:00Z\"")]
    [InlineData("data.leaves.local", "\"2026-11-31T17:00:00\"")]
    [InlineData("data.leaves.local", "\"2062-11-30T17:00:00\"")]
    [InlineData("data.leaves.local", "\"2025-11-20T17:00:00\"")]
    public void A_wrong_value_is_refused_by_path_and_rule(string path, string? json)
    {
        var refused = Assert.Throws<HrEventException>(() => HrEventReader.Read(With(path, json), Hr.Now));

        Texts.Offboarding.Expect("a wrong value of an HR event", [path, json], string.Join('\n', refused.Problems));
    }

    [Theory]
    [InlineData("hr.employee.termination.cancelled")]
    [InlineData("hr.employee.rehired")]
    public void Who_stays_has_no_time_of_leaving(string type)
    {
        var json = JsonNode.Parse(With("data.forCause", "true"))!;
        json["type"] = type;

        Texts.Offboarding.Expect(
            "a time of leaving of a person who stays",
            type,
            Assert.Throws<HrEventException>(() => HrEventReader.Read(json.ToJsonString(), Hr.Now)).Problems
        );
    }

    [Fact]
    public void A_rescheduling_for_cause_needs_its_date_all_the_same()
    {
        var json = JsonNode.Parse(With("data.leaves", null))!;
        json["type"] = "hr.employee.termination.rescheduled";
        json["data"]!["forCause"] = true;

        Texts.Offboarding.Expect(
            "a rescheduling for cause without a date",
            Assert.Throws<HrEventException>(() => HrEventReader.Read(json.ToJsonString(), Hr.Now)).Problems
        );
    }

    [Fact]
    public void Several_problems_are_told_at_once_and_no_value_is_repeated()
    {
        var json = JsonNode.Parse(With("data.mail", "\"ada lovelace\""))!;
        json["type"] = "secret.type";
        json["data"]!["sequence"] = -77;
        json["data"]!["lord"] = 1;

        var refused = Assert.Throws<HrEventException>(() => HrEventReader.Read(json.ToJsonString(), Hr.Now));

        Assert.Equal(
            ["data", "data.mail", "data.sequence", "type"],
            refused.Problems.Select(p => p.Split(':')[0]).Order(StringComparer.Ordinal)
        );
        Assert.DoesNotMatch("lovelace|secret|-77|lord", refused.Message);
        Assert.Equal(HrEventKeys.Create(Hr.Source, "9c1f"), refused.Key);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"id\":1,}")]
    [InlineData("{\"id\":\"1\",\"id\":\"2\"}")]
    [InlineData("\u0000")]
    public void What_is_no_event_is_refused_and_named_by_its_bytes(string text)
    {
        var refused = Assert.Throws<HrEventException>(() => HrEventReader.Read(text, Hr.Now));

        Assert.Matches("^hr-unread-[0-9a-f]{32}$", refused.Key);
        Assert.Single(refused.Problems);
        Assert.False(refused.TooLarge);
    }

    [Fact]
    public void A_key_given_twice_is_refused_wherever_it_stands()
    {
        var text = With("id", "\"1\"");
        Assert.Equal("1", HrEventReader.Read(text, Hr.Now).Id);

        foreach (
            var twice in new[]
            {
                text.Replace("{\"local\"", "{\"timeZone\":\"UTC\",\"local\"", StringComparison.Ordinal),
                text.Replace("{\"specversion\"", "{\"id\":\"1\",\"specversion\"", StringComparison.Ordinal),
            }
        )
            Assert.Contains(
                "holds a key twice",
                Assert.Throws<HrEventException>(() => HrEventReader.Read(twice, Hr.Now)).Message,
                StringComparison.Ordinal
            );
    }

    [Theory]
    [InlineData("{\"specversion\"", "{\"x\\u0007y\":1,\"specversion\"", "the event: a key holds control")]
    [InlineData("\"employeeId\"", "\"e\\u202e\":1,\"employeeId\"", "data: a key holds control")]
    [InlineData("{\"specversion\"", "{\"x\":[\"a\",\"a\\u0007\"],\"specversion\"", "x[]: holds control")]
    [InlineData("{\"specversion\"", "{\"x\":{\"y\":[{\"z\":\"\\ud800\"}]},\"specversion\"", "x.y[].z: holds control")]
    public void Characters_that_make_a_text_read_other_than_it_is_are_refused_wherever_they_are(string before, string after, string problem)
    {
        var text = With("id", "\"1\"").Replace(before, after, StringComparison.Ordinal);

        var refused = Assert.Throws<HrEventException>(() => HrEventReader.Read(text, Hr.Now));

        Assert.StartsWith(problem, Assert.Single(refused.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void Deep_nesting_and_broken_UTF8_are_refused()
    {
        Assert.Throws<HrEventException>(() =>
            HrEventReader.Read(string.Concat(Enumerable.Repeat("{\"a\":", 2000)) + "1" + new string('}', 2000), Hr.Now)
        );
        var bytes = Encoding.UTF8.GetBytes(With("data.employeeId", "\"Z\""));
        bytes[Array.IndexOf(bytes, (byte)'Z')] = 0xff;
        Assert.Throws<HrEventException>(() => HrEventReader.Read(bytes, Hr.Now));
    }

    [Fact]
    public void An_event_of_64_KiB_is_read_and_one_byte_more_is_not()
    {
        var text = With("id", "\"1\"");
        var full = text + new string(' ', (64 * 1024) - Encoding.UTF8.GetByteCount(text));

        Assert.Equal("1", HrEventReader.Read(full, Hr.Now).Id);
        Assert.True(Assert.Throws<HrEventException>(() => HrEventReader.Read(full + " ", Hr.Now)).TooLarge);
    }

    [Theory]
    [InlineData("2026-11-20T08:00:00.5Z", 5_000_000)]
    [InlineData("2026-11-20T08:00:00.123456789Z", 1_234_567)]
    [InlineData("2026-11-20t09:00:00.123456789+01:00", 1_234_567)]
    [InlineData("2026-11-20T07:00:00-01:00", 0)]
    public void Every_time_of_RFC_3339_is_understood(string time, long ticks) =>
        Assert.Equal(
            new DateTimeOffset(2026, 11, 20, 8, 0, 0, TimeSpan.Zero).AddTicks(ticks),
            HrEventReader.Read(With("time", $"\"{time}\""), Hr.Now).Time
        );

    [Fact]
    public void Attributes_of_CloudEvents_that_are_not_used_are_passed_over() =>
        Assert.Equal(
            HrEventReader.Read(With("id", "\"1\""), Hr.Now),
            HrEventReader.Read(With("traceparent", "\"00-ab-cd-01\"", "id", "\"1\""), Hr.Now)
        );

    [Fact]
    public void An_event_is_the_same_in_Base64_as_Event_Grid_may_deliver_it()
    {
        var text = With("id", "\"1\"");

        Assert.Equal(HrEventReader.Read(text, Hr.Now), HrEventReader.Read(Convert.ToBase64String(Encoding.UTF8.GetBytes(text)), Hr.Now));
    }

    [Fact]
    public void An_event_in_the_Event_Grid_schema_is_refused_with_what_to_change()
    {
        const string Delivered =
            """
            {"id":"1","topic":"/t","subject":"NW-1042","eventType":"hr.employee.terminated","data":{},"dataVersion":"1",
             "eventTime":"2026-11-20T08:00:00Z"}
            """;

        var refused = Assert.Throws<HrEventException>(() => HrEventReader.Read(Delivered, Hr.Now));

        Texts.Offboarding.Expect("an HR event in the schema of Event Grid", refused.Problems);
    }

    // The first documented example with some values changed; null takes one away.
    private static string With(params string?[] changes)
    {
        var json = JsonNode.Parse(Regex.Match(Page, "```json\n(.*?)```", RegexOptions.Singleline).Groups[1].Value)!.AsObject();
        var raw = new Dictionary<string, string>();
        for (var i = 0; i < changes.Length; i += 2)
        {
            var steps = changes[i]!.Split('.');
            var owner = steps[..^1].Aggregate(json, (o, s) => o[s]!.AsObject());
            owner.Remove(steps[^1]);
            if (changes[i + 1] is not { } value)
                continue;
            // Text of its own, since numbers and escapes have to stay as they are written.
            owner.Add(steps[^1], $"@{i}@");
            raw[$"\"@{i}@\""] = value;
        }
        return raw.Aggregate(json.ToJsonString(), (text, r) => text.Replace(r.Key, r.Value, StringComparison.Ordinal));
    }
}
