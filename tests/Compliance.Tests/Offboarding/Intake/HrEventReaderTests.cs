using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Azure.Messaging;
using Compliance.Offboarding;
using Compliance.Offboarding.Intake;
using Local;
using static Compliance.Tests.Offboarding.Intake.Hr;

namespace Compliance.Tests.Offboarding.Intake;

public sealed class HrEventReaderTests
{
    private const string Sample = """
        {"specversion":"1.0","id":"8f1c","source":"/hr/core","type":"hr.employee.terminated","time":"2026-11-23T09:30:00+02:00","data":{"employeeId":"E-1","employment":"1",
        "sequence":3,"leaves":{"local":"2026-11-30T17:00:00","timeZone":"Europe/Berlin"},"forCause":true,"userPrincipalName":"a@x.example","mail":"b@x.example"}}
        """;

    [Fact]
    public void Every_field_of_an_event_is_read()
    {
        var expected = new HrEvent(
            "/hr/core", "8f1c", HrEventKind.Terminated, new(2026, 11, 23, 7, 30, 0, TimeSpan.Zero), "E-1", "1", 3, new(new DateTime(2026, 11, 30, 17, 0, 0), "Europe/Berlin"), true,
            "a@x.example", "b@x.example");

        Assert.Equal(expected, HrEventReader.Read(Sample, Noon));
        Assert.Equal(expected, HrEventReader.Read(CloudEvent.Parse(BinaryData.FromString(Sample))!, Noon));
    }

    [Fact]
    public void Every_documented_example_is_read()
    {
        var page = File.ReadAllText(Path.Combine(RepositoryRoot.Find(), "docs/hr-events.md"));
        var examples = Regex.Matches(page, "```json\n(.*?)```", RegexOptions.Singleline).Select(m => HrEventReader.Read(m.Groups[1].Value, Noon)).ToList();

        Assert.Equal(
            [(HrEventKind.Terminated, "1"), (HrEventKind.Terminated, "1"), (HrEventKind.Rescheduled, "1"), (HrEventKind.Cancelled, "1"), (HrEventKind.Rehired, "2")],
            examples.Select(e => (e.Kind, e.Employment)));
    }

    [Theory]
    [InlineData("specversion", "\"0.3\"", "#/specversion: must be 1.0")]
    [InlineData("id", "\"\"", "#/id: must be text of 1 to 256 characters")]
    [InlineData("id", "7", "#/id: must be text of 1 to 256 characters")]
    [InlineData("source", null, "#/source: is missing")]
    [InlineData("type", "\"hr.employee.promoted\"", "#/type: must be hr.employee.terminated, hr.employee.termination.rescheduled, hr.employee.termination.cancelled or hr.employee.rehired")]
    [InlineData("time", "\"2026-11-23 09:30\"", "#/time: must be a date and time with offset such as 2026-11-23T09:30:00Z")]
    [InlineData("time", "\"2026-02-30T09:30:00Z\"", "#/time: there is no such date or time")]
    [InlineData("time", "\"2028-11-23T12:00:01Z\"", "#/time: lies more than two years ahead")]
    [InlineData("time", "\"2025-11-23T11:59:59Z\"", "#/time: lies more than a year back")]
    [InlineData("datacontenttype", "\"text/xml\"", "#/datacontenttype: must be application/json")]
    [InlineData("subject", "\"a\\u0007b\"", "#/subject: must not hold control characters")]
    [InlineData("data.employeeId", "\"E\\u202e1\"", "#/data/employeeId: must not hold control characters")]
    [InlineData("data.employeeId", "\" E-1\"", "#/data/employeeId: must be text of 1 to 128 characters that neither begins nor ends with a space")]
    [InlineData("data.employment", null, "#/data/employment: is missing")]
    [InlineData("data.sequence", "-1", "#/data/sequence: must be a whole number from 0 to 9007199254740991")]
    [InlineData("data.sequence", "9007199254740992", "#/data/sequence: must be a whole number from 0 to 9007199254740991")]
    [InlineData("data.sequence", "\"3\"", "#/data/sequence: must be a whole number from 0 to 9007199254740991")]
    [InlineData("data.forcause", "true", "#/data: holds a name that is not known; known are employeeId, employment, sequence, leaves, forCause, userPrincipalName, mail")]
    [InlineData("data.forCause", "\"yes\"", "#/data/forCause: must be true or false")]
    [InlineData("data.leaves.timeZone", "\"Europe/Atlantis\"", "#/data/leaves/timeZone: is not a known IANA time zone")]
    [InlineData("data.leaves.timeZone", "\"../../etc/passwd\"", "#/data/leaves/timeZone: must be an IANA time zone such as Europe/Berlin")]
    [InlineData("data.leaves.timeZone", "\"localtime\"", "#/data/leaves/timeZone: must be an IANA time zone such as Europe/Berlin")]
    [InlineData("data.leaves.timeZone", "\"right/Europe/Berlin\"", "#/data/leaves/timeZone: must be an IANA time zone such as Europe/Berlin")]
    [InlineData("data.leaves.local", "\"2026-11-30T17:00:00Z\"", "#/data/leaves/local: must be a date and time without offset such as 2026-11-30T17:00:00")]
    [InlineData("data.leaves.local", "\"2026-11-31T17:00:00\"", "#/data/leaves/local: there is no such date or time")]
    [InlineData("data.leaves.local", "\"2062-11-30T17:00:00\"", "#/data/leaves/local: lies more than two years ahead")]
    [InlineData("data.leaves.local", null, "#/data/leaves/local: is missing")]
    [InlineData("data.mail", "\"ada\"", "#/data/mail: must be a mail address")]
    [InlineData("data", "[]", "#/data: must be an object")]
    public void A_broken_rule_is_named_with_its_path(string path, string? value, string problem)
    {
        var refused = Assert.Throws<HrEventException>(() => HrEventReader.Read(With(path, value), Noon));

        Assert.Equal([problem], refused.Problems);
        Assert.Equal(problem, refused.Message[(refused.Message.IndexOf(": ", StringComparison.Ordinal) + 2)..]);
    }

    [Theory]
    [InlineData("time", "\"2028-11-23T12:00:00Z\"")]
    [InlineData("time", "\"2025-11-23T12:00:00Z\"")]
    [InlineData("data.sequence", "9007199254740991")]
    [InlineData("data.leaves", null)]
    [InlineData("extension", "\"of the sender's own\"")]
    public void What_is_just_allowed_is_read(string path, string? value) => Assert.Equal("8f1c", HrEventReader.Read(With(path, value), Noon).Id);

    [Theory]
    [InlineData("hr.employee.terminated", "false", "#/data/leaves: is missing: an employment's end that is not for cause needs a date")]
    [InlineData("hr.employee.termination.rescheduled", "true", "#/data/leaves: is missing: a new date is needed")]
    public void An_end_needs_a_date_unless_it_is_for_cause(string type, string forCause, string problem)
    {
        var text = With("data.leaves", null).Replace("hr.employee.terminated", type, StringComparison.Ordinal).Replace("\"forCause\":true", $"\"forCause\":{forCause}", StringComparison.Ordinal);

        Assert.Equal([problem], Assert.Throws<HrEventException>(() => HrEventReader.Read(text, Noon)).Problems);
    }

    [Fact]
    public void Taking_back_has_no_date_and_no_cause_whatever_is_sent_along()
    {
        var read = HrEventReader.Read(Sample.Replace("hr.employee.terminated", "hr.employee.rehired", StringComparison.Ordinal), Noon);

        Assert.Equal((HrEventKind.Rehired, null, false), (read.Kind, read.Leaves, read.ForCause));
    }

    [Fact]
    public void Several_problems_are_told_at_once_and_no_value_is_repeated()
    {
        var refused = Assert.Throws<HrEventException>(() => HrEventReader.Read(
            """{"specversion":"1.0","id":"x1","source":"/hr","type":"hr.employee.fired","time":"soon","data":{"employeeId":"Ada Lovelace\u0000","sequence":"many","Ada":1}}""", Noon));

        Assert.Equal(6, refused.Problems.Count);
        Assert.Equal((HrEventLog.KeyOf("/hr", "x1"), "x1"), (refused.Key, refused.EventId));
        Assert.DoesNotMatch("Ada|fired|soon|many", refused.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{'id':'x'}")]
    [InlineData("""{"id":"x",/* no comments */"source":"y"}""")]
    [InlineData("""{"id":"x","id":"y"}""")]
    [InlineData("""{"data":{"forCause":false,"forCause":true}}""")]
    [InlineData("""{"id":"x"} {}""")]
    [InlineData("""{"x":1e999999999}""")]
    [InlineData("""{"id":"\ud800"}""")]
    public void Text_that_is_not_one_JSON_object_is_refused(string text) =>
        Assert.NotEmpty(Assert.Throws<HrEventException>(() => HrEventReader.Read(text, Noon)).Problems);

    [Fact]
    public void Bytes_that_are_not_UTF_8_are_refused()
    {
        var bytes = Encoding.UTF8.GetBytes(Sample.Replace("E-1", "E#1", StringComparison.Ordinal));
        bytes[Array.IndexOf(bytes, (byte)'#')] = 0xFF;

        Assert.NotEmpty(Assert.Throws<HrEventException>(() => HrEventReader.Read(bytes, Noon)).Problems);
    }

    [Fact]
    public void An_event_is_read_up_to_64_KiB_and_not_a_byte_beyond()
    {
        var longest = Sample.TrimEnd() + new string(' ', HrEventReader.LongestBytes - Sample.TrimEnd().Length);

        Assert.Equal("8f1c", HrEventReader.Read(longest, Noon).Id);
        Assert.Equal(["#: it is longer than 64 KiB"], Assert.Throws<HrEventException>(() => HrEventReader.Read(longest + " ", Noon)).Problems);
    }

    private static string With(string path, string? json)
    {
        var root = JsonNode.Parse(Sample)!;
        var steps = path.Split('.');
        var parent = steps[..^1].Aggregate(root, (node, step) => node[step]!).AsObject();
        parent.Remove(steps[^1]);
        if (json is not null)
            parent[steps[^1]] = JsonNode.Parse(json);
        return root.ToJsonString(new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }
}
