using System.Text.Json;
using System.Text.RegularExpressions;
using Compliance.Offboarding;
using Compliance.Offboarding.Policy;
using Compliance.Policies;
using Compliance.Tests.Policies;
using Local;

namespace Compliance.Tests.Offboarding.Policy;

/// <summary>docs/reference/policy-offboarding.md: each example does what its text describes, and each key is explained.</summary>
public sealed partial class OffboardingPolicyDocumentationTests
{
    private static readonly string Text = File.ReadAllText(Path.Combine(RepositoryRoot.Find(), "docs/reference/policy-offboarding.md"));

    private static List<(bool Error, string Yaml)> Examples =>
        [.. Fence().Matches(Text).Select(m => (m.Groups[1].Success, m.Groups[2].Value))];

    [Fact]
    public void Every_example_loads_and_every_example_of_an_error_does_not()
    {
        Assert.Equal((3, 3), (Examples.Count(e => !e.Error), Examples.Count(e => e.Error)));
        Assert.All(
            Examples,
            e => Assert.Equal(e.Error, Record.Exception(() => OffboardingPolicyLoader.Load(e.Yaml, "p.yaml")) is PolicyException)
        );
    }

    [Fact]
    public void The_first_example_names_every_default()
    {
        static string Show(OffboardingPolicy policy) => JsonSerializer.Serialize(policy with { Sha256 = "" });

        Assert.Equal(
            Show(OffboardingPolicyLoader.Load("version: 1", "p.yaml")),
            Show(OffboardingPolicyLoader.Load(Examples[0].Yaml, "p.yaml"))
        );
        // What has no default is explained in the table: it cannot be written out.
        Assert.Equal(
            ["blockGroup", "contact", "fallback", "privileged", "roster"],
            Keys().Where(k => !Regex.IsMatch(Examples[0].Yaml, $@"\b{k}:")).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void Every_key_of_the_schema_is_explained() =>
        Assert.All(Keys(), key => Assert.Matches($@"[`.]{key}`", Text[..Text.IndexOf("```yaml", StringComparison.Ordinal)]));

    private static IEnumerable<string> Keys() => SchemaKeys.In("offboarding.schema.json");

    [GeneratedRegex("^```yaml( error)?\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}
