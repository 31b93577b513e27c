using Compliance.Text;
using CsCheck;
using Testing;

namespace Compliance.Tests.Text;

public sealed class GlobTests
{
    [Theory]
    [InlineData("billing", "Billing", true)]
    [InlineData("billing", "billing2", false)]
    [InlineData("bill*", "bill", true)]
    [InlineData("*ing", "billing", true)]
    [InlineData("*ing", "billings", false)]
    [InlineData("b*l*g", "billing", true)]
    [InlineData("b?lling", "billing", true)]
    [InlineData("b?lling", "blling", false)]
    [InlineData("billing?", "billing", false)]
    [InlineData("*", "", true)]
    [InlineData("?", "", false)]
    [InlineData("a.c", "abc", false)] // a dot is a dot
    [InlineData("[a-z]+", "abc", false)]
    public void A_pattern_matches_the_whole_name_without_case(string pattern, string name, bool expected) =>
        Assert.Equal(expected, Glob.Matches(pattern, name));

    [Theory]
    [InlineData("pay*", "*ing", "paying")]
    [InlineData("?", "*", "x")]
    [InlineData("a*", "b*", null)]
    [InlineData("??", "?", null)]
    [InlineData("*", "*", "")]
    public void Two_patterns_have_a_name_in_common_or_not(string a, string b, string? name) => Assert.Equal(name, Glob.Common(a, b));

    [Fact]
    public void A_common_name_is_matched_by_both_and_is_found_whenever_there_is_one()
    {
        var pattern = Gen.String[Gen.Char["ab*?"], 0, 5];
        Gen.Select(pattern, pattern, Gen.String[Gen.Char["ab"], 0, 6])
            .Sample(
                (a, b, name) =>
                {
                    var common = Glob.Common(a, b);
                    if (common is not null)
                        Assert.Equal((true, true), (Glob.Matches(a, common), Glob.Matches(b, common)));
                    if (Glob.Matches(a, name) && Glob.Matches(b, name))
                        Assert.NotNull(common);
                },
                iter: TestSize.Times(5_000)
            );
    }

    [Fact]
    public void Matching_agrees_with_a_regular_expression_of_the_same_meaning() =>
        Gen.Select(Gen.String[Gen.Char["ab*?"], 0, 6], Gen.String[Gen.Char["abA"], 0, 8])
            .Sample(
                (pattern, name) =>
                    Assert.Equal(
                        System.Text.RegularExpressions.Regex.IsMatch(
                            name,
                            "^" + pattern.Replace("*", ".*", StringComparison.Ordinal).Replace('?', '.') + "$",
                            System.Text.RegularExpressions.RegexOptions.IgnoreCase
                                | System.Text.RegularExpressions.RegexOptions.CultureInvariant
                        ),
                        Glob.Matches(pattern, name)
                    ),
                iter: TestSize.Times(5_000)
            );
}
