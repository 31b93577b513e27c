using Compliance.Policies;

namespace Compliance.Tests.Policies;

public sealed class PolicySchemaTests
{
    [Theory]
    [InlineData("const")]
    [InlineData("if")]
    [InlineData("then")]
    [InlineData("else")]
    [InlineData("propertyNames")]
    [InlineData("contains")]
    [InlineData("minContains")]
    [InlineData("maxContains")]
    [InlineData("dependencies")]
    [InlineData("dependentRequired")]
    [InlineData("dependentSchemas")]
    [InlineData("unevaluatedProperties")]
    [InlineData("unevaluatedItems")]
    [InlineData("prefixItems")]
    [InlineData("$dynamicRef")]
    [InlineData("format")]
    public void A_keyword_that_the_validator_ignores_is_refused(string keyword) =>
        Assert.Contains($" #/items/{keyword},", Refusal($$"""{"items":{"{{keyword}}":1} }"""), StringComparison.Ordinal);

    [Fact]
    public void A_keyword_inside_a_list_of_schemas_is_refused() =>
        Texts.Policies.Expect(
            "a keyword of a schema that the validator ignores",
            Refusal("""{"anyOf":[{"type":"string"},{"const":1}]}""")
        );

    [Fact]
    public void A_property_may_be_named_as_an_ignored_keyword() =>
        Assert.Equal(["format"], PolicySchema.Parse("""{"properties":{"format":{"type":"string"}}}""").Schema.Properties.Keys);

    [Theory]
    [InlineData("""{"anyOf":[{"type":"string"},{"type":"null"}]}""")]
    [InlineData("""{"type":"object","required":["a"]}""")]
    public void A_list_in_a_schema_that_uses_checked_keywords_only_is_taken(string schema) =>
        Assert.Equal(schema, PolicySchema.Parse(schema).Text.ToString(Newtonsoft.Json.Formatting.None));

    [Fact]
    public void A_schema_that_is_not_in_the_build_is_named() =>
        Texts.Policies.Expect(
            "a schema that is not in the build",
            Assert.Throws<InvalidOperationException>(() => PolicySchema.Embedded("none.json")).Message
        );

    private static string Refusal(string schema) => Assert.Throws<InvalidOperationException>(() => PolicySchema.Parse(schema)).Message;
}
