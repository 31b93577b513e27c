using Compliance.Policies;
using Compliance.Tests.Credentials.Policy;

namespace Compliance.Tests.Policies;

public sealed class YamlPolicyReaderTests
{
    // Every case stands on line 2, under "version: 1".
    [Theory]
    [InlineData("rules: { maxAge: 90 }")]
    [InlineData("rules: { maxAge: 90h }")]
    [InlineData("rules: { maxAge: 0d }")]
    [InlineData("rules: { maxAge: 10000d }")]
    [InlineData("rules: { warnBefore: [] }")]
    [InlineData("rules: { requireExpiry: yes }")]
    [InlineData("rulez: {}")]
    [InlineData("colour: red")]
    [InlineData("version: 1")]
    [InlineData("ownerTag: &a owner")]
    [InlineData("ownerTag: !t owner")]
    [InlineData("runs: { every: 1w }")]
    [InlineData("fallbackOwner: sec")]
    public void A_mistake_is_told_with_its_place_and_what_is_allowed(string yaml) =>
        Texts.Policies.Expect("a mistake in the policy of credentials", yaml, Given.Problems(yaml));

    [Theory]
    [InlineData("ownerTag: *a")]
    [InlineData("rules: { <<: 1 }")]
    [InlineData("? [a]\n: b")]
    [InlineData("rules: [")]
    [InlineData("---\nversion: 1")]
    public void What_could_grow_or_surprise_is_refused_where_it_stands(string yaml) =>
        Texts.Policies.Expect("what could grow or surprise", yaml, Given.Problems(yaml));

    [Theory]
    [InlineData("")]
    [InlineData("# nothing\n")]
    [InlineData("[1]")]
    [InlineData("version")]
    public void A_file_that_is_no_mapping_is_refused(string yaml) =>
        Texts.Policies.Expect(
            "a file that is no mapping",
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
        Texts.Policies.Expect(
            "a file that is too large",
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
        Assert.Contains(
            " #/properties/a/const,",
            Assert
                .Throws<InvalidOperationException>(() => PolicySchema.Parse("""{"type":"object","properties":{"a":{"const":1}}}"""))
                .Message,
            StringComparison.Ordinal
        );
}
