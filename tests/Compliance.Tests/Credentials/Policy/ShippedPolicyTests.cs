using Compliance.Controls;
using Compliance.Credentials;
using Compliance.Findings;
using Compliance.Policies;
using Local;

namespace Compliance.Tests.Credentials.Policy;

public sealed class ShippedPolicyTests
{
    private static readonly DateTimeOffset Now = new(2028, 2, 29, 0, 0, 0, TimeSpan.Zero);

    private static CredentialPolicy Shipped =>
        CredentialPolicyLoader.LoadFile(Path.Combine(RepositoryRoot.Find(), "src/ComplianceFunctions/policy/credentials.yaml"), Now);

    private static Credential Secret(DateTimeOffset started, DateTimeOffset? expires) =>
        new()
        {
            Kind = CredentialKind.ClientSecret,
            Subject = new(SubjectTypes.Application, "o-1", "billing"),
            AppId = "11111111-2222-3333-4444-555555555555",
            Part = "k-1",
            Source = Sources.Applications,
            Started = started,
            Expires = expires,
        };

    private static (string, Severity)[] Judge(Credential c) =>
        [
            .. new CredentialEvaluator(Shipped, new Dictionary<string, IReadOnlySet<string>>(), Now)
                .Evaluate(c)
                .Select(v => (v.ControlId, v.Severity)),
        ];

    [Fact]
    public void The_shipped_policy_loads_without_a_warning() => Assert.Empty(Shipped.Warnings);

    [Fact]
    public void Rotation_is_due_on_day_90_and_not_before()
    {
        var end = Now.AddDays(60);
        Assert.Equal([("CRED-001", Severity.High)], Judge(Secret(Now.AddDays(-90), end)));
        Assert.Empty(Judge(Secret(Now.AddDays(-90).AddTicks(1), end)));
    }

    [Fact]
    public void An_ended_credential_is_reported_once_and_one_ending_in_a_day_is_critical()
    {
        Assert.Equal([("CRED-002", Severity.Medium)], Judge(Secret(Now.AddDays(-120), Now)));
        Assert.Equal([("CRED-003", Severity.Critical)], Judge(Secret(Now.AddDays(-80), Now.AddDays(1))));
    }

    [Fact]
    public void Unknown_keys_wrong_units_duplicates_and_aliases_are_each_reported_with_their_place()
    {
        var problems = Assert
            .Throws<PolicyException>(() =>
                CredentialPolicyLoader.Load(
                    "version: 1\nrules:\n  maxAeg: 90d\n  maxLifetime: 90\nrules: 1\nownerTag: &x {b: *x}\n",
                    "p.yaml",
                    Now
                )
            )
            .Problems;
        Assert.Equal([3L, 4, 5, 6], problems.Select(p => p.Line).Distinct());
        Assert.Contains("did you mean 'maxAge'", problems[0].Message, StringComparison.Ordinal);
    }
}
