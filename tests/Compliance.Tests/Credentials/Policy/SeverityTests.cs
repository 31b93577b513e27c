using Compliance.Controls;
using Compliance.Credentials;
using Compliance.Findings;

namespace Compliance.Tests.Credentials.Policy;

public sealed class SeverityTests
{
    private const string Shipped = """
        severity:
          expiresWithin:
            - { within: 14d, severity: medium }
            - { within: 7d, severity: high }
            - { within: 1d, severity: critical }
          byTag:
            - { tag: environment, values: [production, prod], controls: [CRED-001], atLeast: critical }
            - { tag: dataClassification, values: [restricted], atLeast: high }
            - { tag: environment, values: [dev], atMost: low }
            - { tag: frozen, atMost: info }
        """;

    private static Severity Of(string control, int? step, params (string, string)[] tags) =>
        Given.Policy(Shipped).Severity.For(Given.Control(control).Control, Given.Secret(tags: tags), step);

    [Theory]
    [InlineData("CRED-001", "team", "pay", Severity.High)] // no rule is about it
    [InlineData("CRED-001", "Environment", " PROD ", Severity.Critical)]
    [InlineData("CRED-002", "environment", "prod", Severity.Medium)] // the floor is for CRED-001 alone
    [InlineData("CRED-001", "environment", "production2", Severity.High)]
    [InlineData("CRED-002", "dataClassification", "Restricted", Severity.High)]
    [InlineData("CRED-002", "dataClassification", "public", Severity.Medium)]
    [InlineData("CRED-001", "environment", "dev", Severity.Low)]
    [InlineData("CRED-001", "frozen", "any", Severity.Info)]
    public void A_tag_raises_or_lowers_a_finding(string control, string tag, string value, Severity expected) =>
        Assert.Equal(expected, Of(control, null, (tag, value)));

    [Fact]
    public void Where_a_floor_and_a_ceiling_meet_the_floor_wins() =>
        Assert.Equal(Severity.High, Of("CRED-001", null, ("environment", "dev"), ("dataClassification", "restricted")));

    // What the vault is tagged with, what its secret is.
    [Theory]
    [InlineData("production", "dev", Severity.Critical)]
    [InlineData("dev", "production", Severity.Critical)]
    [InlineData("dev", "dev", Severity.Low)]
    [InlineData("dev", null, Severity.Low)]
    [InlineData(null, "dev", Severity.High)]
    [InlineData("production", null, Severity.Critical)]
    public void A_tag_on_an_object_in_a_vault_raises_its_severity_and_never_lowers_it(string? vault, string? own, Severity expected)
    {
        var secret = Given.InVault(Environment(vault), Environment(own));

        Assert.Equal(expected, Given.Policy(Shipped).Severity.For(Given.Control("CRED-001").Control, secret, null));

        static (string, string)[] Environment(string? value) => value is null ? [] : [("environment", value)];
    }

    [Theory]
    [InlineData(89, null, Severity.Low)]
    [InlineData(90, Severity.High, Severity.High)] // the policy below has CRED-002 at low
    public void What_works_past_its_end_is_at_least_as_bad_as_its_age(int age, Severity? old, Severity ended)
    {
        var policy = Given.Policy("severity:\n  controls: { CRED-002: low }\n");
        var secret = Given.Credential(CredentialKind.VaultSecret, Given.Now.AddDays(-age), Given.Now.AddDays(-1));
        (string, Severity)[] expected = old is { } severity ? [("CRED-001", severity), ("CRED-002", ended)] : [("CRED-002", ended)];
        Assert.Equal(expected, Given.Judge(policy, secret));
    }

    [Fact]
    public void What_ended_and_works_no_more_keeps_its_own_severity() =>
        Assert.Equal(
            [("CRED-002", Severity.Medium)],
            Given.Judge(Given.Policy(), Given.Credential(started: Given.Now.AddDays(-400), expires: Given.Now.AddDays(-1)))
        );

    [Theory]
    [InlineData(1, Severity.Critical)]
    [InlineData(2, Severity.High)]
    [InlineData(7, Severity.High)]
    [InlineData(8, Severity.Medium)]
    [InlineData(14, Severity.Medium)]
    [InlineData(15, Severity.Low)] // the control's own
    public void A_step_takes_the_first_entry_that_is_not_nearer_than_itself(int step, Severity expected) =>
        Assert.Equal(expected, Of("CRED-003", step));

    [Fact]
    public void A_kind_goes_before_a_control_before_the_catalogue()
    {
        const string Controls = "severity:\n  controls: { CRED-001: low, GAP-001: info }\n";
        const string Kinds = "kinds:\n  clientSecret:\n    severity: { CRED-001: critical, CRED-003: info }\n";
        Assert.Equal(
            (Severity.High, Severity.Low, Severity.Critical, Severity.Info, Severity.Info),
            (
                Given.Policy().Severity.For(Given.Control("CRED-001").Control, Given.Secret(), null),
                Given.Policy(Controls).Severity.For(Given.Control("CRED-001").Control, Given.Secret(), null),
                Given.Policy(Controls + Kinds).Severity.For(Given.Control("CRED-001").Control, Given.Secret(), null),
                Given.Policy(Kinds).Severity.For(Given.Control("CRED-003").Control, Given.Secret(), 1),
                Given.Policy(Controls).Severity.For(FindingControls.Catalogue.Get("GAP-001"))
            )
        );
    }

    [Theory]
    [InlineData("byTag:\n    - { tag: a }")]
    [InlineData("byTag:\n    - { tag: a, atLeast: high, atMost: low }")]
    [InlineData("expiresWithin: [{ within: 7d, severity: low }, { within: 7d, severity: high }]")]
    [InlineData("controls: { CRED-001: higth }")]
    public void A_severity_that_contradicts_itself_is_refused(string yaml) =>
        Texts.Credentials.Expect("a severity that contradicts itself", yaml, Given.Problems("severity:\n  " + yaml));

    [Fact]
    public void Every_control_has_its_own_severity_in_the_shipped_policy_or_the_catalogue() =>
        Assert.All(CredentialControls.Catalogue.All, c => Assert.Equal(c.Severity, Given.Policy().Severity.For(c)));

    [Fact]
    public void Apps_of_one_name_are_two_findings()
    {
        var policy = Given.Policy();
        var verdicts = new[] { Given.Secret(age: 90, id: "o-1"), Given.Secret(age: 90, id: "o-2") }
            .SelectMany(Given.Evaluator(policy).Evaluate)
            .ToList();
        Assert.Equal(
            [
                ("CRED-001", "o-1", "billing"),
                ("CRED-001", "o-2", "billing"),
                ("CRED-006", "o-1", "billing"),
                ("CRED-006", "o-2", "billing"),
            ],
            new DetectionBuilder(policy, Given.Now)
                .Build(verdicts, DetectionAnswers.None)
                .Select(d => (d.ControlId, d.Subject.Id, d.Subject.Name))
        );
    }
}
