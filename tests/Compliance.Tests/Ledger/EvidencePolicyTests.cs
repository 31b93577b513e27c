using Compliance.Ledger;
using Compliance.Policies;
using Local;

namespace Compliance.Tests.Ledger;

/// <summary>How long evidence is kept.</summary>
public sealed class EvidencePolicyTests
{
    private static EvidencePolicy Load(string yaml) => EvidencePolicy.Load(yaml, "evidence.yaml", new string('a', 64));

    [Fact]
    public void Each_class_has_its_time_and_the_rest_the_default()
    {
        var policy = Load("version: 1\nretention:\n  default: 30d\n  offboarding: 2555d\n  credentials: 365d\n");

        Assert.Equal([2555, 365, 30], new[] { "offboarding", "credentials", "approval" }.Select(c => policy.For(c).TotalDays));
        Assert.Equal(2555, policy.Longest.TotalDays);
    }

    [Fact]
    public void The_default_may_be_the_longest() =>
        Assert.Equal(40, Load("version: 1\nretention: { default: 40d, approval: 30d }\n").Longest.TotalDays);

    [Theory]
    [InlineData("version: 1\n")]
    [InlineData("version: 2\nretention: { default: 30d }\n")]
    [InlineData("version: 1\nretention: { offboarding: 30d }\n")]
    [InlineData("version: 1\nretention: { default: 0d }\n")]
    [InlineData("version: 1\nretention: { default: 7y }\n")]
    [InlineData("version: 1\nretention: { default: \"30d\\n\" }\n")]
    [InlineData("version: 1\nretention: { default: 30d, Offboarding: 30d }\n")]
    [InlineData("version: 1\nretention: { default: 30d }\nkeep: 1\n")]
    public void What_is_not_a_policy_is_refused_by_place(string yaml) =>
        Assert.Contains("evidence.yaml", Assert.Throws<PolicyException>(() => Load(yaml)).Message, StringComparison.Ordinal);

    [Fact]
    public void The_shipped_policy_keeps_seven_years()
    {
        var path = Path.Combine(RepositoryRoot.Find(), "src/ComplianceFunctions/policy/evidence.yaml");
        var policy = EvidencePolicy.LoadFile(Tests.Storage.Settings.Of(("Policy__Evidence", path)));

        Assert.Equal((2555, 2555), (policy.Default.TotalDays, policy.For("offboarding").TotalDays));
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path))), policy.Sha256);
    }
}
