using Compliance.Policies;

namespace Compliance.Tests.Policies;

/// <summary>What the reader answers to a file that breaks a rule of its schema: line, column, rule and what is allowed.</summary>
public sealed class PolicyMessageTests
{
    private const string Keys = "version, name, flag, level, count, items, list, inner, few, one, choice";

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
    [InlineData("name: ''", "'name' must not be empty")]
    [InlineData("name: abcd", "'name' is longer than 3 characters")]
    [InlineData("name: 7", "'name' is the bare number 7; allowed: text")]
    [InlineData("name: 7.5", "'name' is the bare number 7.5; allowed: text")]
    [InlineData("name: [a]", "'name' is a list; allowed: text")]
    [InlineData("name: {}", "'name' is a mapping; allowed: text")]
    [InlineData("name: true", "'name' is true; allowed: text")]
    [InlineData("name: false", "'name' is false; allowed: text")]
    [InlineData("name: ~", "'name' is empty; allowed: text")]
    [InlineData("flag: off", "'flag' is 'off'; allowed: true or false")]
    [InlineData("list: 7", "'list' is the bare number 7; allowed: a list")]
    [InlineData("count: x", "'count' is 'x'; allowed: a whole number")]
    [InlineData("count: 9", "'count' is the bare number 9, which breaks the rule NumberTooSmall of the schema")]
    [InlineData("items: [a]", "'items' needs at least 2 entries")]
    [InlineData("items: [a, b, c, d]", "'items' has more than 3 entries")]
    [InlineData("items: [a, a]", "'items' names an entry twice")]
    [InlineData("few: {}", "'few' needs at least 1 of: a, b")]
    [InlineData("one: {}", "'one' must be either a or b")]
    [InlineData("one: { a: 1, b: 2 }", "'one' must be either a or b")]
    [InlineData("choice: c", "'choice' is 'c'; allowed: a or b")]
    [InlineData("choice: 7", "'choice' is the bare number 7; allowed: a or b")]
    [InlineData("level: mediun", "'level' is 'mediun'; allowed: low, medium, high, did you mean 'medium'?")]
    [InlineData("level: none", "'level' is 'none'; allowed: low, medium, high")]
    public void A_value_that_breaks_a_rule_is_named_with_the_rule(string yaml, string message) =>
        Assert.Equal([$"p.yaml(2,{yaml.IndexOf(':', StringComparison.Ordinal) + 3}): {message}"], Problems("version: 1\n" + yaml));

    [Fact]
    public void A_text_in_the_place_of_a_mapping_lacks_the_keys_of_it_as_well() =>
        Assert.Equal(
            ["p.yaml(2,8): 'id' is missing in 'inner'", "p.yaml(2,8): 'inner' is 'x'; allowed: a mapping of keys to values"],
            Problems("version: 1\ninner: x")
        );

    [Fact]
    public void An_empty_value_of_a_fixed_list_gets_no_suggestion() =>
        Assert.Equal(
            ["p.yaml(2,8): 'level' is empty; allowed: low, medium, high", "p.yaml(2,8): 'level' is empty; allowed: text"],
            Problems("version: 1\nlevel: ~")
        );

    [Theory]
    [InlineData("# head\nname: ab", "p.yaml(2,1): 'version' is missing")]
    [InlineData("version: 1\ninner: { deep: { id: 1 } }", "p.yaml(2,8): 'id' is missing in 'inner'")]
    [InlineData("version: 1\ninner: { id: a, deep: {} }", "p.yaml(2,23): 'id' is missing in 'inner.deep'")]
    public void A_missing_key_is_named_with_what_it_is_missing_in(string yaml, string problem) => Assert.Equal([problem], Problems(yaml));

    [Fact]
    public void A_rule_of_the_whole_file_names_the_file() =>
        Assert.Equal(
            ["p.yaml(2,1): the file needs at least 2 of: a, b"],
            Problems("# head\na: 1", """{"type":"object","minProperties":2,"properties":{"a":{},"b":{}}}""")
        );

    [Fact]
    public void A_list_entry_is_named_by_its_number_and_its_own_place() =>
        Assert.Equal(["p.yaml(4,5): 'items[1]' is the bare number 7; allowed: text"], Problems("version: 1\nitems:\n  - a\n  - 7\n"));

    [Fact]
    public void An_unknown_key_is_placed_at_the_key_and_a_wrong_value_at_the_value() =>
        Assert.Equal(
            ["p.yaml(3,3): 'name' is a list; allowed: text", $"p.yaml(4,1): unknown key 'colour'; known keys: {Keys}"],
            Problems("version: 1\nname:\n  - a\ncolour:\n  red")
        );

    [Theory]
    [InlineData("nme", "name")] // one of three letters
    [InlineData("nm", null)] // two letters away
    [InlineData("LEVAL", "level")] // without regard to case
    [InlineData("levall", null)] // two letters away from five: the shorter of both counts
    [InlineData("verzioon", "version")] // two letters away from seven
    [InlineData("verzzoon", null)] // three letters away from seven
    public void A_key_is_suggested_when_a_third_of_its_letters_or_less_differ(string key, string? suggestion) =>
        Assert.Equal(
            [$"p.yaml(2,1): unknown key '{key}'{(suggestion is null ? "" : $", did you mean '{suggestion}'?")}; known keys: {Keys}"],
            Problems($"version: 1\n{key}: 1")
        );

    [Fact]
    public void A_short_key_is_suggested_when_one_letter_differs() =>
        Assert.Equal(
            ["p.yaml(1,1): unknown key 'ax', did you mean 'ab'?; known keys: ab"],
            Problems("ax: 1", """{"type":"object","additionalProperties":false,"properties":{"ab":{}}}""")
        );

    [Fact]
    public void Where_no_key_is_known_none_is_suggested() =>
        Assert.Equal(
            ["p.yaml(1,1): unknown key 'a'; known keys: "],
            Problems("a: 1", """{"type":"object","additionalProperties":false}""")
        );

    [Theory]
    [InlineData(60, 60, "")]
    [InlineData(61, 57, "...")]
    public void A_text_of_more_than_sixty_characters_is_cut_in_the_message(int length, int shown, string end) =>
        Assert.Equal(
            [$"p.yaml(2,7): 'flag' is '{new string('x', shown)}{end}'; allowed: true or false"],
            Problems($"version: 1\nflag: {new string('x', length)}")
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
        Assert.Equal([$"'list' is {read}; allowed: a list"], Messages($"version: 1\nlist: {value}"));

    [Fact]
    public void An_alias_is_refused_and_counts_as_empty_at_its_own_place() =>
        Assert.Equal(
            ["p.yaml(2,7): 'name' is empty; allowed: text", "p.yaml(2,7): aliases (*a) are not allowed in a policy; repeat the value"],
            Problems("version: 1\nname: *a")
        );

    [Fact]
    public void An_anchor_on_a_key_is_refused() =>
        Assert.Equal(["p.yaml(2,1): anchors (&k) are not allowed in a policy; repeat the value"], Problems("version: 1\n&k name: a"));

    [Fact]
    public void A_merge_key_is_one_problem_and_merges_nothing() =>
        Assert.Equal(
            [
                "p.yaml(2,1): merge keys (<<) are not allowed in a policy; repeat the values",
                "p.yaml(3,7): 'name' is the bare number 8; allowed: text",
            ],
            Problems("version: 1\n<<: { name: a }\nname: 8")
        );

    [Fact]
    public void A_key_without_a_name_is_placed_as_any_other() =>
        Assert.Equal(["p.yaml(2,17): unknown key ''; known keys: id, deep"], Problems("version: 1\ninner: { id: a, \"\": 7 }"));

    [Fact]
    public void A_key_that_is_there_twice_moves_no_other_problem() =>
        Assert.Equal(
            [
                "p.yaml(2,8): 'id' is missing in 'inner'",
                "p.yaml(3,1): the key 'inner' is here twice; first on line 2",
                "p.yaml(4,7): 'name' is the bare number 8; allowed: text",
            ],
            Problems("version: 1\ninner: {}\ninner: { id: a, name: b }\nname: 8")
        );

    [Theory]
    [InlineData(
        "? { name: a }\n: { name: b }\nname: 8",
        "p.yaml(2,3): a key must be plain text",
        "p.yaml(4,7): 'name' is the bare number 8; allowed: text"
    )]
    [InlineData("? [a]\n: [b]\nname: ok", "p.yaml(2,3): a key must be plain text")]
    public void A_key_that_is_no_text_moves_no_other_problem(string yaml, params string[] problems) =>
        Assert.Equal(problems, Problems("version: 1\n" + yaml));

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
        Assert.Equal(["p.yaml(2,1): the file must be a mapping of keys to values"], Problems("# head\n- 1"));

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

    private static string Nested(int brackets) => new string('[', brackets) + "x" + new string(']', brackets);

    private static PolicyException Refused(string yaml, string? schema) =>
        Assert.Throws<PolicyException>(() => YamlPolicyReader.Read(yaml, "p.yaml", schema is null ? Schema : PolicySchema.Parse(schema)));
}
