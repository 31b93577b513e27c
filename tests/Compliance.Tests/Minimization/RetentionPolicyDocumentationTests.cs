using System.Text.RegularExpressions;
using Compliance.Minimization.Policy;
using Compliance.Policies;
using Compliance.Tests.Policies;
using Local;

namespace Compliance.Tests.Minimization;

/// <summary>docs/reference/policy-retention.md: its examples do what its text describes, and each key is explained.</summary>
public sealed partial class RetentionPolicyDocumentationTests
{
    private static readonly string Text = File.ReadAllText(Path.Combine(RepositoryRoot.Find(), "docs/reference/policy-retention.md"));

    private static (string, bool, TimeSpan, TimeSpan, RetentionPeriod) Whole(RetentionPolicy policy) =>
        (policy.HoldTag, policy.ApproveFirstAct, policy.ApprovalWithin, policy.ApprovalValidFor, policy.KeepCertificates);

    private static List<(bool Error, string Yaml)> Examples =>
        [.. Fence().Matches(Text).Select(m => (m.Groups[1].Success, m.Groups[2].Value))];

    private static IEnumerable<string> Keys => SchemaKeys.In("retention.schema.json");

    [Fact]
    public void The_example_loads_and_uses_every_key()
    {
        var yaml = Assert.Single(Examples, e => !e.Error).Yaml;
        var policy = RetentionPolicyLoader.Load(yaml, "p.yaml");

        Assert.Equal(["raw-training", "prediction-logs", "prompts", "sessions", "court"], policy.DataSets.Select(s => s.Id));
        Assert.Empty(policy.Overlaps);
        Assert.DoesNotContain(Keys, k => !Regex.IsMatch(yaml, $@"\b{k}:"));
    }

    [Fact]
    public void The_example_names_every_default_that_a_policy_has_as_a_whole()
    {
        var example = RetentionPolicyLoader.Load(Examples.Single(e => !e.Error).Yaml, "p.yaml");
        var otherwise = RetentionPolicyLoader.Load("version: 1\ndataSets: []", "p.yaml");

        Assert.Equal(Whole(otherwise), Whole(example));
    }

    [Fact]
    public void Every_example_of_an_error_is_refused_for_what_its_text_names()
    {
        var problems = Examples
            .Where(e => e.Error)
            .SelectMany(e => Assert.Throws<PolicyException>(() => RetentionPolicyLoader.Load(e.Yaml, "p.yaml")).Problems);

        Texts.Minimization.Expect("errors that the page of the policy shows", problems.Select(p => p.ToString()));
    }

    [Fact]
    public void Every_key_is_explained() =>
        Assert.All(Keys, key => Assert.Matches($@"[`.]{key}`", Text[..Text.IndexOf("```yaml", StringComparison.Ordinal)]));

    [GeneratedRegex("^```yaml( error)?\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}
