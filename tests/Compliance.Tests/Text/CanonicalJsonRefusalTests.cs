using System.Text;
using System.Text.Json.Nodes;
using Compliance.Text;

namespace Compliance.Tests.Text;

public sealed class CanonicalJsonRefusalTests
{
    private const string Halved = "a text holds a lone surrogate, which has no UTF-8 form";

    [Fact]
    public void True_false_and_null_are_written_as_they_are() =>
        Assert.Equal("[true,false,null]", Text(JsonNode.Parse("[ true, false, null ]")));

    [Fact]
    public void A_space_is_not_escaped() => Assert.Equal("""{"a b":" c "}""", Text(JsonNode.Parse("""{"a b":" c "}""")));

    [Fact]
    public void Half_a_character_in_a_made_value_is_refused_as_text() =>
        Assert.Equal($"{Halved} (Parameter 'node')", Refusal(() => Text(JsonValue.Create("a\ud800"))));

    [Fact]
    public void Half_a_character_in_a_parsed_value_is_refused_as_text() =>
        Assert.Equal($"{Halved} (Parameter 'value')", Refusal(() => Text(JsonNode.Parse("""["\ud800"]"""))));

    [Fact]
    public void Half_a_character_in_a_parsed_name_is_refused_as_name() =>
        Texts.Text.Expect(
            "half a character in a name",
            Refusal(() => Text(JsonNode.Parse("""{"\ud800":1}""")))
        );

    [Fact]
    public void Half_a_character_in_a_records_text_is_refused() =>
        Assert.Equal($"{Halved} (Parameter 'value')", Refusal(() => CanonicalJson.Serialize(new { Text = "\udc00" })));

    [Fact]
    public void Half_a_character_in_a_dictionarys_key_is_refused() =>
        Assert.Equal(
            $"{Halved} (Parameter 'value')",
            Refusal(() => CanonicalJson.Serialize(new Dictionary<string, int> { ["a\ud800b"] = 1 }))
        );

    private static string Refusal(Action write) => Assert.Throws<ArgumentException>(write).Message;

    // The overload for parsed JSON: the other one goes through the serializer first.
    private static string Text(JsonNode? node) => Encoding.UTF8.GetString(CanonicalJson.Serialize(node));
}
