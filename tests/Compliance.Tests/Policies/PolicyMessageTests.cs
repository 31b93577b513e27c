using Compliance.Policies;

namespace Compliance.Tests.Policies;

/// <summary>What the reader answers to a file that breaks a rule of its schema: line, column, rule and what is allowed.</summary>
public sealed class PolicyMessageTests
{
    private static readonly PolicySchema Schema = PolicySchema.Parse(
        """
        {
          "type": "object", "additionalProperties": false, "required": ["version"],
          "properties": {
            "version": { "type": "integer" },
            "name": { "type": "string", "minLength": 1, "maxLength": 3 },
            "flag": { "type": "boolean" },
            "level": { "type": "string", "enum": ["low", "medium", "high"] },
            "count": { "type": "integer", "minimum": 10 },
            "items": { "type": "array", "minItems": 2, "maxItems": 3, "uniqueItems": true, "items": { "type": "string" } },
            "list": { "type": "array" },
            "inner": {
              "type": "object", "additionalProperties": false, "required": ["id"],
              "properties": { "id": { "type": "string" }, "deep": { "type": "object", "required": ["id"] } }
            },
            "few": { "type": "object", "minProperties": 1, "properties": { "a": {}, "b": {} } },
            "one": { "type": "object", "minProperties": 1, "maxProperties": 1, "x-allowed": "either a or b" },
            "choice": { "x-allowed": "a or b", "type": "string", "pattern": "^[ab]$" }
          }
        }
        """
    );

    [Theory]
    [InlineData("name: ''")]
    [InlineData("name: abcd")]
    [InlineData("name: 7")]
    [InlineData("name: 7.5")]
    [InlineData("name: [a]")]
    [InlineData("name: {}")]
    [InlineData("name: true")]
    [InlineData("name: false")]
    [InlineData("name: ~")]
    [InlineData("flag: off")]
    [InlineData("list: 7")]
    [InlineData("count: x")]
    [InlineData("count: 9")]
    [InlineData("items: [a]")]
    [InlineData("items: [a, b, c, d]")]
    [InlineData("items: [a, a]")]
    [InlineData("few: {}")]
    [InlineData("one: {}")]
    [InlineData("one: { a: 1, b: 2 }")]
    [InlineData("choice: c")]
    [InlineData("choice: 7")]
    [InlineData("level: mediun")]
    [InlineData("level: none")]
    public void A_value_that_breaks_a_rule_is_named_with_the_rule(string yaml) =>
        Texts.Policies.Expect("a value that breaks a rule", yaml, Problems("version: 1\n" + yaml));

    [Fact]
    public void A_text_in_the_place_of_a_mapping_lacks_the_keys_of_it_as_well() =>
        Texts.Policies.Expect("a text in the place of a mapping", Problems("version: 1\ninner: x"));

    [Fact]
    public void An_empty_value_of_a_fixed_list_gets_no_suggestion() =>
        Texts.Policies.Expect("an empty value of a fixed list", Problems("version: 1\nlevel: ~"));

    [Theory]
    [InlineData("# head\nname: ab")]
    [InlineData("version: 1\ninner: { deep: { id: 1 } }")]
    [InlineData("version: 1\ninner: { id: a, deep: {} }")]
    public void A_missing_key_is_named_with_what_it_is_missing_in(string yaml) =>
        Texts.Policies.Expect("a missing key", yaml, Problems(yaml));

    [Fact]
    public void A_rule_of_the_whole_file_names_the_file() =>
        Texts.Policies.Expect(
            "a rule of the whole file",
            Problems("# head\na: 1", """{"type":"object","minProperties":2,"properties":{"a":{},"b":{}}}""")
        );

    [Fact]
    public void A_list_entry_is_named_by_its_number_and_its_own_place() =>
        Texts.Policies.Expect("a wrong entry of a list", Problems("version: 1\nitems:\n  - a\n  - 7\n"));

    [Fact]
    public void An_unknown_key_is_placed_at_the_key_and_a_wrong_value_at_the_value() =>
        Texts.Policies.Expect("a wrong value and an unknown key", Problems("version: 1\nname:\n  - a\ncolour:\n  red"));

    [Theory]
    [InlineData("nme", "name")] // one of three letters
    [InlineData("nm", null)] // two letters away
    [InlineData("LEVAL", "level")] // without regard to case
    [InlineData("levall", null)] // two letters away from five: the shorter of both counts
    [InlineData("verzioon", "version")] // two letters away from seven
    [InlineData("verzzoon", null)] // three letters away from seven
    public void A_key_is_suggested_when_a_third_of_its_letters_or_less_differ(string key, string? suggestion) =>
        Assert.Equal(suggestion, Suggestion(Assert.Single(Problems($"version: 1\n{key}: 1"))));

    [Fact]
    public void A_short_key_is_suggested_when_one_letter_differs() =>
        Assert.Equal(
            "ab",
            Suggestion(Assert.Single(Problems("ax: 1", """{"type":"object","additionalProperties":false,"properties":{"ab":{}}}""")))
        );

    [Fact]
    public void Where_no_key_is_known_none_is_suggested() =>
        Texts.Policies.Expect("a key where none is known", Problems("a: 1", """{"type":"object","additionalProperties":false}"""));

    [Theory]
    [InlineData(60, 60, "")]
    [InlineData(61, 57, "...")]
    public void A_text_of_more_than_sixty_characters_is_cut_in_the_message(int length, int shown, string end) =>
        Assert.Contains(
            $"'{new string('x', shown)}{end}'",
            Assert.Single(Problems($"version: 1\nflag: {new string('x', length)}")),
            StringComparison.Ordinal
        );

    // What a plain scalar is: only the spellings of YAML 1.2's core schema are more than text.
    [Theory]
    [InlineData("", "empty")]
    [InlineData("~", "empty")]
    [InlineData("null", "empty")]
    [InlineData("Null", "empty")]
    [InlineData("NULL", "empty")]
    [InlineData("nULL", "'nULL'")]
    [InlineData("''", "''")]
    [InlineData("'null'", "'null'")]
    [InlineData("true", "true")]
    [InlineData("True", "true")]
    [InlineData("TRUE", "true")]
    [InlineData("tRUE", "'tRUE'")]
    [InlineData("yes", "'yes'")]
    [InlineData("on", "'on'")]
    [InlineData("\"true\"", "'true'")]
    [InlineData("! \"true\"", "'true'")]
    [InlineData("false", "false")]
    [InlineData("False", "false")]
    [InlineData("FALSE", "false")]
    [InlineData("fALSE", "'fALSE'")]
    [InlineData("no", "'no'")]
    [InlineData("'7'", "'7'")]
    [InlineData("-7", "the bare number -7")]
    [InlineData("1e3", "the bare number 1000.0")]
    [InlineData(".5", "the bare number 0.5")]
    [InlineData("7d", "'7d'")]
    public void A_plain_value_is_typed_by_its_spelling(string value, string read) =>
        Assert.StartsWith($"'list' is {read}; ", Assert.Single(Messages($"version: 1\nlist: {value}")), StringComparison.Ordinal);

    [Fact]
    public void An_alias_is_refused_and_counts_as_empty_at_its_own_place() =>
        Texts.Policies.Expect("an alias", Problems("version: 1\nname: *a"));

    [Fact]
    public void An_anchor_on_a_key_is_refused() =>
        Texts.Policies.Expect("an anchor on a key", Problems("version: 1\n&k name: a"));

    [Fact]
    public void A_merge_key_is_one_problem_and_merges_nothing() =>
        Texts.Policies.Expect("a merge key before a wrong value", Problems("version: 1\n<<: { name: a }\nname: 8"));

    [Fact]
    public void A_key_without_a_name_is_placed_as_any_other() =>
        Texts.Policies.Expect("a key without a name", Problems("version: 1\ninner: { id: a, \"\": 7 }"));

    [Fact]
    public void A_key_that_is_there_twice_moves_no_other_problem() =>
        Texts.Policies.Expect("a key that is there twice", Problems("version: 1\ninner: {}\ninner: { id: a, name: b }\nname: 8"));

    [Theory]
    [InlineData("? { name: a }\n: { name: b }\nname: 8")]
    [InlineData("? [a]\n: [b]\nname: ok")]
    public void A_key_that_is_no_text_moves_no_other_problem(string yaml) =>
        Texts.Policies.Expect("a key that is no text", yaml, Problems("version: 1\n" + yaml));

    [Theory]
    [InlineData("? {0}\n: b", 31, false)]
    [InlineData("? {0}\n: b", 32, true)]
    [InlineData("? [a]\n: {0}", 31, false)]
    [InlineData("? [a]\n: {0}", 32, true)]
    public void A_key_that_is_no_text_counts_to_the_depth_as_well(string yaml, int brackets, bool refused) =>
        Assert.Equal(
            refused,
            Messages("version: 1\n" + yaml.Replace("{0}", Nested(brackets), StringComparison.Ordinal)).Contains("nested more than 32 deep")
        );

    [Fact]
    public void A_file_that_is_a_list_is_refused_once_where_the_list_begins() =>
        Texts.Policies.Expect("a file that is a list", Problems("# head\n- 1"));

    [Fact]
    public void Problems_are_listed_by_line_then_column_then_text()
    {
        PolicyProblem[] ordered =
        [
            new("p", 1, 9, "z"),
            new("p", 2, 1, "y"),
            new("p", 2, 3, "a"),
            new("p", 2, 3, "b"),
            new("p", 10, 1, "a"),
        ];

        Assert.Equal(ordered, Assert.Throws<PolicyException>(() => YamlPolicyReader.Throw([.. ordered.Reverse(), ordered[0]])).Problems);
    }

    [Fact]
    public void A_hundred_problems_are_all_listed()
    {
        PolicyProblem[] all = [.. Enumerable.Range(1, YamlPolicyReader.MaxProblems).Select(i => new PolicyProblem("p", i, 1, "a"))];

        Assert.Equal(all, Assert.Throws<PolicyException>(() => YamlPolicyReader.Throw(all)).Problems);
    }

    [Fact]
    public void The_root_of_a_document_has_an_empty_path_and_an_empty_value_an_empty_text()
    {
        var root = YamlPolicyReader.Read("# head\nempty:", "p.yaml", PolicySchema.Parse("""{"type":"object"}""")).Root;

        Assert.Equal(("", 2, "empty", ""), (root.Path, root.Line, root["empty"]!.Value.Path, root["empty"]!.Value.Text));
    }

    private static string[] Problems(string yaml, string? schema = null) => [.. Refused(yaml, schema).Problems.Select(p => p.ToString())];

    private static string[] Messages(string yaml) => [.. Refused(yaml, schema: null).Problems.Select(p => p.Message)];

    private static string? Suggestion(string problem) => problem.Split("did you mean '").ElementAtOrDefault(1)?.Split('\'')[0];

    private static string Nested(int brackets) => new string('[', brackets) + "x" + new string(']', brackets);

    private static PolicyException Refused(string yaml, string? schema) =>
        Assert.Throws<PolicyException>(() => YamlPolicyReader.Read(yaml, "p.yaml", schema is null ? Schema : PolicySchema.Parse(schema)));
}
