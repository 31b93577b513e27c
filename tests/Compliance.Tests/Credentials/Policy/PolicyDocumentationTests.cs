using System.Text.RegularExpressions;
using Compliance.Credentials;
using Compliance.Policies;
using Local;
using Newtonsoft.Json.Linq;

namespace Compliance.Tests.Credentials.Policy;

public sealed partial class PolicyDocumentationTests
{
    private static readonly string Text = File.ReadAllText(Path.Combine(RepositoryRoot.Find(), "docs/reference/policy-credentials.md"));

    private static List<(bool Error, string Yaml)> Examples =>
        [.. Fence().Matches(Text).Select(m => (m.Groups[1].Success, m.Groups[2].Value))];

    [Fact]
    public void Every_example_loads_without_a_warning_and_every_example_of_an_error_does_not()
    {
        Assert.Equal((5, 5), (Examples.Count(e => !e.Error), Examples.Count(e => e.Error)));
        Assert.All(
            Examples,
            e =>
            {
                if (e.Error)
                    Assert.Throws<PolicyException>(() => CredentialPolicyLoader.Load(e.Yaml, "p.yaml", Given.Now));
                else
                    Assert.Empty(CredentialPolicyLoader.Load(e.Yaml, "p.yaml", Given.Now).Warnings);
            }
        );
    }

    [Fact]
    public void Every_key_of_the_schema_is_explained()
    {
        var keys = PolicySchema
            .Embedded("credentials.schema.json")
            .Text.DescendantsAndSelf()
            .OfType<JProperty>()
            .Where(p => p.Name == "properties")
            .SelectMany(p => ((JObject)p.Value).Properties())
            .Select(p => p.Name)
            .Distinct()
            .Where(name => !name.Contains('-', StringComparison.Ordinal));
        Assert.All(keys, name => Assert.Matches($@"[`.]{name}`|\b{name}:", Text));
    }

    [Fact]
    public void The_first_example_shows_the_defaults() =>
        Assert.Equal((90, 180, "30,14,7,1", true, "owner", TimeSpan.FromDays(1), TimeSpan.FromHours(6)), Show(Examples[0].Yaml));

    [Fact]
    public void The_defaults_are_what_a_policy_that_says_nothing_means() => Assert.Equal(Show(Examples[0].Yaml), Show("version: 1"));

    private static (int, int, string, bool, string, TimeSpan, TimeSpan) Show(string yaml)
    {
        var policy = CredentialPolicyLoader.Load(yaml, "p.yaml", Given.Now);
        var rules = policy.Rules[CredentialKind.ClientSecret];
        return (
            rules.MaxAgeDays,
            rules.MaxLifetimeDays,
            string.Join(',', rules.WarnBeforeDays),
            rules.RequireExpiry,
            policy.OwnerTag,
            policy.RunEvery,
            policy.RunTolerance
        );
    }

    [GeneratedRegex("^```yaml( error)?\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}
