using Compliance.Controls;
using Compliance.Credentials;
using Compliance.Findings;

namespace Local.Tests;

public sealed class VerdictTests
{
    [Theory]
    [InlineData(Severity.High, FindingStatus.Open, null, 0)]
    [InlineData(Severity.Medium, FindingStatus.Open, Severity.High, 0)]
    [InlineData(Severity.High, FindingStatus.Open, Severity.High, 2)]
    [InlineData(Severity.Critical, FindingStatus.Open, Severity.High, 2)]
    [InlineData(Severity.Critical, FindingStatus.Waived, Severity.High, 0)]
    [InlineData(Severity.Critical, FindingStatus.Resolved, Severity.High, 0)]
    public void A_complete_run_fails_only_for_an_open_finding_at_or_above_the_limit(
        Severity severity,
        FindingStatus status,
        Severity? failOn,
        int expected
    ) => Assert.Equal(expected, Verdict.From(Reports.With(Reports.Finding(severity, "billing", status)), failOn));

    [Fact]
    public void A_gap_wins_over_a_finding()
    {
        CredentialReport report = Reports.Incomplete(Reports.With(Reports.Finding(Severity.Critical, "billing")));
        Assert.Equal((3, 3), (Verdict.From(report, Severity.High), Verdict.From(report, null)));
    }
}
