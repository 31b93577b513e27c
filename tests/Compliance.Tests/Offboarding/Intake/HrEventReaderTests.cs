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
    [InlineData("specversion", "\"0.3\"", "specversion: allowed: 1.0")]
    [InlineData("id", null, "id: missing")]
    [InlineData("id", "\"\"", "id: allowed: 1 to 256 characters")]
    [InlineData("source", "\"a b\"", "source: allowed: a URI reference of 1 to 512 characters without spaces")]
    [InlineData(
        "type",
        "\"hr.employee.promoted\"",
        "type: allowed: hr.employee.terminated, hr.employee.termination.rescheduled, hr.employee.termination.cancelled, hr.employee.rehired"
    )]
    [InlineData(
        "time",
        "\"2026-11-20T08:00:00\"",
        "time: allowed: a time with its offset as in RFC 3339, for example 2026-11-23T09:00:00Z"
    )]
    [InlineData("time", "\"2026-02-30T08:00:00Z\"", "time: no such date or time")]
    [InlineData("time", null, "time: missing")]
    [InlineData("datacontenttype", "\"text/xml\"", "datacontenttype: allowed: application/json")]
    [InlineData("data", null, "data: missing")]
    [InlineData("data", "7", "data: must be an object; data.employeeId: missing; data.employment: missing; data.sequence: missing")]
    [InlineData("data.employeeId", null, "data.employeeId: missing")]
    [InlineData("data.employeeId", "4711", "data.employeeId: allowed: 1 to 64 characters that neither begin nor end with a space")]
    [InlineData("data.employeeId", "\" 4711\"", "data.employeeId: allowed: 1 to 64 characters that neither begin nor end with a space")]
    [InlineData(
        "data.employeeId",
        "\"47\\n11\"",
        "data.employeeId: holds control or invisible formatting characters, or half a surrogate pair"
    )]
    [InlineData(
        "data.employeeId",
        "\"4711\\n\"",
        "data.employeeId: holds control or invisible formatting characters, or half a surrogate pair"
    )]
    [InlineData(
        "data.employeeId",
        "\"47\\u202e11\"",
        "data.employeeId: holds control or invisible formatting characters, or half a surrogate pair"
    )]
    [InlineData(
        "data.employeeId",
        "\"47\\ud80011\"",
        "data.employeeId: holds control or invisible formatting characters, or half a surrogate pair"
    )]
    [InlineData("data.sequence", "1.5", "data.sequence: allowed: a whole number from 0 to 9007199254740991")]
    [InlineData("data.sequence", "1.0", "data.sequence: allowed: a whole number from 0 to 9007199254740991")]
    [InlineData("data.sequence", "-1", "data.sequence: allowed: a whole number from 0 to 9007199254740991")]
    [InlineData("data.sequence", "9007199254740992", "data.sequence: allowed: a whole number from 0 to 9007199254740991")]
    [InlineData("data.sequence", "99999999999999999999999999999999999999", "the event holds a number with too many digits")]
    [InlineData("data.sequence", "\"1\"", "data.sequence: allowed: a whole number from 0 to 9007199254740991")]
    [InlineData("data.forCause", "\"yes\"", "data.forCause: allowed: true or false")]
    [InlineData(
        "data.forcause",
        "true",
        "data: has an unknown key; known keys: employeeId, employment, sequence, leaves, forCause, userPrincipalName, mail"
    )]
    [InlineData("data.mail", "\"ada\"", "data.mail: allowed: a mail address: name@domain")]
    [InlineData("data.userPrincipalName", "\"a@b@c\"", "data.userPrincipalName: allowed: a user principal name: name@domain")]
    [InlineData("data.leaves", null, "data.leaves: missing; hr.employee.terminated needs it unless forCause is true")]
    [InlineData("time", "\"9999-11-23T12:00:00Z\"", "time: more than 2 years ahead")]
    [InlineData("time", "\"0001-01-01T00:00:00Z\"", "time: more than 1 year back")]
    // Files of the database that are no zone, or one with other rules.
    [InlineData("data.leaves.timeZone", "\"localtime\"", "data.leaves.timeZone: allowed: an IANA time zone, for example Europe/Berlin")]
    [InlineData("data.leaves.timeZone", "\"posixrules\"", "data.leaves.timeZone: allowed: an IANA time zone, for example Europe/Berlin")]
    [InlineData(
        "data.leaves.timeZone",
        "\"right/Europe/Berlin\"",
        "data.leaves.timeZone: allowed: an IANA time zone, for example Europe/Berlin"
    )]
    [InlineData("data.leaves.timeZone", null, "data.leaves.timeZone: missing")]
    [InlineData(
        "data.leaves.timeZone",
        "\"Europe/Nowhere\"",
        "data.leaves.timeZone: no such time zone in the IANA database of this machine"
    )]
    [InlineData(
        "data.leaves.timeZone",
        "\"../../etc/localtime\"",
        "data.leaves.timeZone: allowed: an IANA time zone, for example Europe/Berlin"
    )]
    [InlineData(
        "data.leaves.local",
        "\"2026-11-30\"",
        "data.leaves.local: allowed: a date and time without an offset, for example 2026-11-30T17:00:00"
    )]
    [InlineData(
        "data.leaves.local",
        "\"2026-11-30T17:00:00Z\"",
        "data.leaves.local: allowed: a date and time without an offset, for example 2026-11-30T17:00:00"
    )]
    [InlineData("data.leaves.local", "\"2026-11-31T17:00:00\"", "data.leaves.local: no such date or time")]
    [InlineData("data.leaves.local", "\"2062-11-30T17:00:00\"", "data.leaves.local: more than 2 years ahead")]
    [InlineData("data.leaves.local", "\"2025-11-20T17:00:00\"", "data.leaves.local: more than 1 year back")]
    public void A_wrong_value_is_refused_by_path_and_rule(string path, string? json, string problem)
    {
        var refused = Assert.Throws<HrEventException>(() => HrEventReader.Read(With(path, json), Hr.Now));

        Assert.Equal(problem, string.Join("; ", refused.Problems));
    }

    [Theory]
    [InlineData("hr.employee.termination.cancelled")]
    [InlineData("hr.employee.rehired")]
    public void Who_stays_has_no_time_of_leaving(string type)
    {
        var json = JsonNode.Parse(With("data.forCause", "true"))!;
        json["type"] = type;

        Assert.Equal(
            [
                $"data.leaves: not allowed with {type}, which states that no employment ends",
                $"data.forCause: true is not allowed with {type}, which states that no employment ends",
            ],
            Assert.Throws<HrEventException>(() => HrEventReader.Read(json.ToJsonString(), Hr.Now)).Problems
        );
    }

    [Fact]
    public void A_rescheduling_for_cause_needs_its_date_all_the_same()
    {
        var json = JsonNode.Parse(With("data.leaves", null))!;
        json["type"] = "hr.employee.termination.rescheduled";
        json["data"]!["forCause"] = true;

        Assert.Equal(
            ["data.leaves: missing; hr.employee.termination.rescheduled needs it"],
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

        Assert.Equal(
            [
                "the event is in the Event Grid schema, and only CloudEvents 1.0 are taken in: replace the event subscription by one "
                    + "with --event-delivery-schema cloudeventschemav1_0",
            ],
            refused.Problems
        );
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
