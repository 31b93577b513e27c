using System.Text.RegularExpressions;
using Compliance.Minimization.Policy;
using Compliance.Tests.Policies;
using Local;

namespace Compliance.Tests.Minimization;

/// <summary>docs/reference/policy-retention.md: its example loads, and each key is explained.</summary>
public sealed partial class RetentionPolicyDocumentationTests
{
    private static readonly string Text = File.ReadAllText(Path.Combine(RepositoryRoot.Find(), "docs/reference/policy-retention.md"));

    private static IEnumerable<string> Keys => SchemaKeys.In("retention.schema.json");

    [Fact]
    public void The_example_loads_and_uses_every_key()
    {
        var yaml = Fence().Match(Text).Groups[1].Value;

        Assert.Equal(["raw-training", "prediction-logs", "court"], RetentionPolicyLoader.Load(yaml, "p.yaml").DataSets.Select(s => s.Id));
        Assert.DoesNotContain(Keys, k => !Regex.IsMatch(yaml, $@"\b{k}:"));
    }

    [Fact]
    public void Every_key_is_explained() =>
        Assert.All(Keys, key => Assert.Matches($@"[`.]{key}`", Text[..Text.IndexOf("```yaml", StringComparison.Ordinal)]));

    [GeneratedRegex("```yaml\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Fence();
}
