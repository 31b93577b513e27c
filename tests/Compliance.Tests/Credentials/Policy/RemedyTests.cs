using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Compliance.Credentials;
using Compliance.Findings;

namespace Compliance.Tests.Credentials.Policy;

/// <summary>Does what a next step says, and holds the result to the policy that asked for it: a remedy makes no finding itself.</summary>
public sealed partial class RemedyTests
{
    private const string KeyId = "aaaaaaaa-0000-0000-0000-000000000001";

    private static readonly string[] Policies =
    [
        "",
        "rules: { maxAge: 30d, maxLifetime: 60d, warnBefore: [14d, 1d] }\n",
        "rules: { maxAge: 365d, maxLifetime: 730d, warnBefore: [60d, 7d] }\n",
        "rules: { maxAge: 90d, maxLifetime: 400d, warnBefore: [30d], requireExpiry: false }\n",
        "overrides:\n  - { name: strict, match: { namePattern: 'bill*' }, rules: { maxLifetime: 45d, maxAge: 20d }, reason: r }\n",
    ];

    private static readonly (CredentialKind Kind, string Id, string Part)[] Kinds =
    [
        (CredentialKind.ClientSecret, "o-1", KeyId),
        (CredentialKind.ClientCertificate, "o-1", KeyId),
        (CredentialKind.SamlCertificate, "sp-1", "AB12"),
        (CredentialKind.VaultSecret, "https://pay.vault.azure.net/secrets/one", ""),
        (CredentialKind.VaultKey, "https://pay.vault.azure.net/keys/one", ""),
        (CredentialKind.VaultCertificate, "https://pay.vault.azure.net/certificates/one", ""),
        (CredentialKind.StorageKey, "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/pay", "key1"),
    ];

    // Days since the start and days left, as far as known.
    private static readonly (int?, int?)[] Ages =
    [
        (1, null),
        (1, 3000),
        (19, null),
        (100, null),
        (140, null),
        (170, null),
        (1000, 5),
        (1000, 1000),
        (50, -1),
        (1000, -1),
        (null, null),
        (null, 100),
    ];

    public static TheoryData<int, int, int?, int?> Situations
    {
        get
        {
            var rows = new TheoryData<int, int, int?, int?>();
            for (var policy = 0; policy < Policies.Length; policy++)
                for (var kind = 0; kind < Kinds.Length; kind++)
                    foreach (var (age, left) in Ages)
                        rows.Add(policy, kind, age, left);
            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Situations))]
    public void What_a_next_step_makes_is_no_finding_and_what_it_replaces_is_named(int policyNumber, int kindNumber, int? age, int? left)
    {
        var policy = Given.Policy(Policies[policyNumber]);
        var (kind, id, part) = Kinds[kindNumber];
        var evaluator = Given.Evaluator(policy);
        var credential = Given.Credential(kind, Given.Now.AddDays(-age ?? 0), Given.Now.AddDays(left ?? 0), id: id) with
        {
            Part = part,
            ResourceId = kind == CredentialKind.StorageKey ? id : null,
        };
        if (age is null)
            credential = credential with { Started = null };
        if (left is null)
            credential = credential with { Expires = null };
        var found = new DetectionBuilder(policy, Given.Now).Build([.. evaluator.Evaluate(credential)], DetectionAnswers.None);

        Assert.All(
            found.Where(d => d.ControlId != NoLivingOwner.Id),
            finding =>
            {
                // The account's key-expiration policy is a finding before and after.
                var after = Done(finding, credential).SelectMany(evaluator.Evaluate).Select(v => v.ControlId).ToList();
                after.RemoveAll(c => c == NoKeyExpirationPolicy.Id);
                Assert.True(after.Count == 0, $"{string.Join(' ', after)} after: {finding.NextStep}");
                if (part.Length > 0 && finding.Part.Length > 0)
                    Assert.Contains(part, finding.NextStep, StringComparison.Ordinal);
                else
                    Assert.Contains(id.Split('/')[^1], finding.NextStep, StringComparison.Ordinal);
                Assert.DoesNotMatch("YYYY|DAYS", finding.NextStep);
            }
        );
    }

    [Fact]
    public void A_key_expiration_policy_set_as_told_is_as_long_as_policy_allows() =>
        Assert.All(
            Policies,
            yaml =>
            {
                var evaluator = Given.Evaluator(Given.Policy(yaml));
                var key = Given.Credential(CredentialKind.StorageKey, Given.Now, id: Kinds[^1].Id) with { Part = "key1" };
                var step = NextSteps.For(Given.Control(NoKeyExpirationPolicy.Id), key, evaluator.RulesFor(key), null, Given.Now);

                Assert.Empty(evaluator.Evaluate(key with { KeyExpirationDays = Number(KeyExpiration().Match(step)) }));
            }
        );

    [Theory]
    [InlineData("", 83, 180)]
    [InlineData("rules: { maxAge: 365d, maxLifetime: 730d, warnBefore: [30d] }\n", 358, 730)]
    [InlineData("rules: { maxAge: 90d, maxLifetime: 100d, warnBefore: [30d] }\n", 63, 100)] // before the first warning of its end
    [InlineData("rules: { maxAge: 5d, maxLifetime: 10d, warnBefore: [1d] }\n", 7, 28)] // as short as Key Vault allows
    public void A_key_that_rotates_as_told_is_never_due_as_far_as_Key_Vault_can(string yaml, int after, int expiry)
    {
        var evaluator = Given.Evaluator(Given.Policy(yaml));
        var key = Given.Credential(CredentialKind.VaultKey, id: Kinds[4].Id);

        var step = NextSteps.For(CredentialControls.RotationPolicy, key, evaluator.RulesFor(key), null, Given.Now);
        using var policy = JsonDocument.Parse(step.Split('\'')[1]);

        var action = policy.RootElement.GetProperty("lifetimeActions")[0];
        Assert.Equal(
            ("Rotate", $"P{after}D", $"P{expiry}D"),
            (
                action.GetProperty("action").GetProperty("type").GetString(),
                action.GetProperty("trigger").GetProperty("timeAfterCreate").GetString(),
                policy.RootElement.GetProperty("attributes").GetProperty("expiryTime").GetString()
            )
        );
    }

    [Fact]
    public void A_step_is_the_same_from_day_to_day()
    {
        var rules = CredentialRules.Default;
        string[] controls = ["CRED-001", "CRED-002", "CRED-003", "CRED-004", "CRED-005", "CRED-007", "CRED-008"];
        Credential Of(CredentialKind kind, string id, string part) =>
            Given.Credential(kind, Given.Now.AddDays(-20), Given.Now.AddDays(5), id: id) with
            {
                Part = part,
            };
        string[] On(DateTimeOffset now) =>
            [.. Kinds.SelectMany(k => controls.Select(c => NextSteps.For(Given.Control(c), Of(k.Kind, k.Id, k.Part), rules, null, now)))];

        Assert.Equal(On(Given.Now), On(Given.Now.AddDays(1).AddHours(5)));
    }

    // What is there after the step was done: nothing where the credential is removed or its new end is not the step's to choose.
    private static IEnumerable<Credential> Done(Detection finding, Credential credential)
    {
        var step = finding.NextStep;
        var renewed = credential with { Started = Given.Now, Expires = null };
        if (SetEnd().Match(step) is { Success: true } end)
            return [credential with { Expires = DateTimeOffset.Parse(end.Groups[1].Value, CultureInfo.InvariantCulture) }];
        if (NewEnd().Match(step) is { Success: true } days)
            return [renewed with { Expires = Given.Now.AddDays(Number(days)) }];
        if (Months().Match(step) is { Success: true } months)
            return [renewed with { Expires = Given.Now.AddMonths(Number(months)) }];
        if (EndsWithin().Match(step) is { Success: true } within)
            return [renewed with { Expires = Given.Now.AddDays(Number(within)) }];
        if (step.Contains("keys renew", StringComparison.Ordinal))
            return [renewed];
        var nothingNew = finding.ControlId is EndedButPresent.Id or NoKeyExpirationPolicy.Id or NoRotationPolicy.Id;
        Assert.True(nothingNew, $"nobody knows what is there after: {finding.ControlId} {step}");
        return [];
    }

    private static int Number(Match match) => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"date -u -d '\+(\d+) days' \+%FT%TZ")]
    private static partial Regex NewEnd();

    [GeneratedRegex(@"set-attributes [^`]*--expires (\d{4}-\d\d-\d\dT00:00:00Z)`")]
    private static partial Regex SetEnd();

    [GeneratedRegex(@"with (\d+) for validityInMonths")]
    private static partial Regex Months();

    [GeneratedRegex(@"(?:certificate that ends within|issuer that issues for) (\d+) days")]
    private static partial Regex EndsWithin();

    [GeneratedRegex(@"--key-exp-days (\d+)`")]
    private static partial Regex KeyExpiration();
}
