using System.Text.Json;
using Compliance.Text;

namespace Compliance.Tests.Text;

public sealed class CloudEventEnvelopeTests
{
    [Fact]
    public void A_whole_event_is_read_without_a_problem()
    {
        var (read, problems) = Read("""{"specversion":"1.0","id":"7","source":"/vaults/a","type":"SecretExpired","data":{"a":1}}""");

        Assert.Empty(problems);
        Assert.Equal(("7", "/vaults/a", "SecretExpired", """{"a":1}"""), (read.Id, read.Source, read.Type, read.Data.GetRawText()));
    }

    [Fact]
    public void An_event_without_data_has_undefined_data() =>
        Assert.Equal(JsonValueKind.Undefined, Read("""{"specversion":"1.0","id":"7","source":"s","type":"t"}""").Read.Data.ValueKind);

    [Fact]
    public void What_can_be_read_is_given_beside_the_problems()
    {
        var (read, problems) = Read("""{"id":7,"type":"t"}""");

        Assert.Equal(new CloudEventEnvelope("", "", "t", default), read);
        Texts.Text.Expect("an event without three of its attributes", problems);
    }

    [Theory]
    [InlineData("""{"id":"7","source":"s","type":"t"}""")]
    [InlineData("""{"specversion":"0.3","id":"7","source":"s","type":"t"}""")]
    [InlineData("""{"specversion":1.0,"id":"7","source":"s","type":"t"}""")]
    [InlineData("""{"specversion":"1.0","source":"s","type":"t"}""")]
    [InlineData("""{"specversion":"1.0","id":"","source":"s","type":"t"}""")]
    [InlineData("""{"specversion":"1.0","id":"7","type":"t"}""")]
    [InlineData("""{"specversion":"1.0","id":"7","source":null,"type":"t"}""")]
    [InlineData("""{"specversion":"1.0","id":"7","source":"s"}""")]
    [InlineData("""{"specversion":"1.0","id":"7","source":"s","type":[]}""")]
    public void An_attribute_that_is_missing_or_wrong_is_named_with_its_rule(string json) =>
        Texts.Text.Expect("a wrong attribute of an event", json, Read(json).Problems);

    [Theory]
    [InlineData("""{"eventType":"t","eventTime":"2026-11-20T08:00:00Z"}""", true)]
    [InlineData("""{"eventType":"t","dataVersion":"1"}""", true)]
    [InlineData("""{"eventType":"t","topic":"/t"}""", true)]
    [InlineData("""{"eventType":"t"}""", false)]
    [InlineData("""{"eventTime":"2026-11-20T08:00:00Z","dataVersion":"1","topic":"/t"}""", false)]
    [InlineData("""{"specversion":"1.0","eventType":"t","eventTime":"2026-11-20T08:00:00Z"}""", false)]
    public void An_event_of_Event_Grids_own_schema_is_known_by_its_attributes(string json, bool expected)
    {
        using var document = JsonDocument.Parse(json);

        Assert.Equal(expected, CloudEventEnvelope.IsEventGridSchema(document.RootElement));
    }

    [Fact]
    public void An_event_of_Event_Grids_own_schema_is_refused_with_what_to_do_and_nothing_else() =>
        Texts.Text.Expect(
            "an event in the schema of Event Grid",
            Read("""{"id":"7","eventType":"t","eventTime":"2026-11-20T08:00:00Z"}""").Problems
        );

    private static (CloudEventEnvelope Read, List<string> Problems) Read(string json)
    {
        using var document = JsonDocument.Parse(json);
        var problems = new List<string>();
        return (CloudEventEnvelope.Read(document.RootElement.Clone(), problems), problems);
    }
}
