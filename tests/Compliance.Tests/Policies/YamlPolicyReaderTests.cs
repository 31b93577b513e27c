using Compliance.Policies;
using Compliance.Tests.Credentials.Policy;

namespace Compliance.Tests.Policies;

public sealed class YamlPolicyReaderTests
{
    private const string Keys = "version, rules, kinds, severity, overrides, waivers, ownerTag, fallbackOwner, scope, runs";
    private const string Days = "allowed: a number of days from 1 to 9999 with its unit, such as 90d; the only unit is d";

    // Every case stands on line 2, under "version: 1".
    [Theory]
    [InlineData("rules: { maxAge: 90 }", "p.yaml(2,18): 'rules.maxAge' is the bare number 90; " + Days)]
    [InlineData("rules: { maxAge: 90h }", "p.yaml(2,18): 'rules.maxAge' is '90h'; " + Days)]
    [InlineData("rules: { maxAge: 0d }", "p.yaml(2,18): 'rules.maxAge' is '0d'; " + Days)]
    [InlineData("rules: { maxAge: 10000d }", "p.yaml(2,18): 'rules.maxAge' is '10000d'; " + Days)]
    [InlineData("rules: { warnBefore: [] }", "p.yaml(2,22): 'rules.warnBefore' needs at least 1 entries")]
    [InlineData("rules: { requireExpiry: yes }", "p.yaml(2,25): 'rules.requireExpiry' is 'yes'; allowed: true or false")]
    [InlineData("rulez: {}", "p.yaml(2,1): unknown key 'rulez', did you mean 'rules'?; known keys: " + Keys)]
    [InlineData("colour: red", "p.yaml(2,1): unknown key 'colour'; known keys: " + Keys)]
    [InlineData("version: 1", "p.yaml(2,1): the key 'version' is here twice; first on line 1")]
    [InlineData("ownerTag: &a owner", "p.yaml(2,11): anchors (&a) are not allowed in a policy; repeat the value")]
    [InlineData("ownerTag: !t owner", "p.yaml(2,11): tags (!t) are not allowed in a policy")]
    [InlineData(
        "runs: { every: 1w }",
        "p.yaml(2,16): 'runs.every' is '1w'; allowed: a number from 1 to 9999 with its unit, such as 6h or 1d; the units are h and d"
    )]
    [InlineData(
        "fallbackOwner: sec",
        "p.yaml(2,16): 'fallbackOwner' is 'sec'; allowed: a user principal name or mail address such as ada@contoso.com"
    )]
    public void A_mistake_is_told_with_its_place_and_what_is_allowed(string yaml, string problem) =>
        Assert.Equal([problem], Given.Problems(yaml));

    [Theory]
    [InlineData("ownerTag: *a", "aliases (*a) are not allowed in a policy; repeat the value")]
    [InlineData("rules: { <<: 1 }", "merge keys (<<) are not allowed in a policy; repeat the values")]
    [InlineData("? [a]\n: b", "a key must be plain text")]
    [InlineData("rules: [", "this is not YAML: ")]
    [InlineData("---\nversion: 1", "a policy file holds one document; remove what follows '---'")]
    public void What_could_grow_or_surprise_is_refused_where_it_stands(string yaml, string message) =>
        Assert.Contains(
            Given.Problems(yaml),
            p => p.StartsWith("p.yaml(", StringComparison.Ordinal) && p.Contains(message, StringComparison.Ordinal)
        );

    [Theory]
    [InlineData("")]
    [InlineData("# nothing\n")]
    [InlineData("[1]")]
    [InlineData("version")]
    public void A_file_that_is_no_mapping_is_refused(string yaml) =>
        Assert.Equal(
            "p.yaml(1,1): the file must be a mapping of keys to values",
            Assert
                .Throws<PolicyException>(() => Compliance.Credentials.CredentialPolicyLoader.Load(yaml, "p.yaml", Given.Now))
                .Problems[0]
                .ToString()
        );

    [Fact]
    public void A_file_may_be_as_large_as_the_limit_and_no_larger()
    {
        const string Start = "version: 1\n#";
        string Sized(int bytes) => Start + new string('x', bytes - Start.Length);
        Assert.NotNull(Compliance.Credentials.CredentialPolicyLoader.Load(Sized(YamlPolicyReader.MaxBytes), "p.yaml", Given.Now));
        Assert.Equal(
            "p.yaml(1,1): the file is larger than 1024 KiB",
            Assert
                .Throws<PolicyException>(() =>
                    Compliance.Credentials.CredentialPolicyLoader.Load(Sized(YamlPolicyReader.MaxBytes + 1), "p.yaml", Given.Now)
                )
                .Message
        );
    }

    [Theory]
    [InlineData(32, false)]
    [InlineData(33, true)]
    [InlineData(100_000, true)]
    public void Nesting_is_read_to_its_limit_and_no_deeper(int depth, bool refused) =>
        Assert.Equal(
            refused,
            Given
                .Problems("rules: " + new string('[', depth - 1) + "x" + new string(']', depth - 1))
                .Any(p => p.EndsWith("nested more than 32 deep", StringComparison.Ordinal))
        );

    [Fact]
    public void A_hundred_problems_are_listed_and_the_rest_counted()
    {
        var problems = Given.Problems(string.Concat(Enumerable.Range(0, 103).Select(i => $"unknownkey{i:000}: 1\n")));
        Assert.Equal((101, "p.yaml(101,1): and 3 more problems"), (problems.Length, problems[^1]));
    }

    [Fact]
    public void A_schema_that_says_more_than_is_checked_is_refused() =>
        Assert.Equal(
            "the schema uses #/properties/a/const, which the validator ignores: check it in code",
            Assert
                .Throws<InvalidOperationException>(() => PolicySchema.Parse("""{"type":"object","properties":{"a":{"const":1}}}"""))
                .Message
        );
}
