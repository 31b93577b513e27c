using System.Text.RegularExpressions;
using Compliance.Credentials;
using Compliance.Policies;
using Local;
using Newtonsoft.Json.Linq;

namespace Compliance.Tests.Credentials.Policy;

/// <summary>The schema, the loader and the shipped policy say the same.</summary>
public sealed partial class SchemaParityTests
{
    private static readonly JObject Schema = PolicySchema.Embedded("credentials.schema.json").Text;

    // Names that the loader takes from an enumeration rather than from a literal.
    private static IEnumerable<string> Enumerated =>
        Enum.GetValues<CredentialKind>()
            .Select(CredentialPolicyLoader.NameOf)
            .Concat(CredentialControls.All)
            .Concat(["appId", "owner", "tag", "namePattern"]);

    [Fact]
    public void The_loader_reads_each_property_of_the_schema_and_no_other()
    {
        var source = File.ReadAllText(Path.Combine(RepositoryRoot.Find(), "src/Compliance/Credentials/Policy/CredentialPolicyLoader.cs"));
        var read = Literal().Matches(source).Select(m => m.Groups[1].Value).Concat(Enumerated).Append("version");
        var written = Schema
            .DescendantsAndSelf()
            .OfType<JProperty>()
            .Where(p => p.Name == "properties")
            .SelectMany(p => ((JObject)p.Value).Properties())
            .Select(p => p.Name);
        Assert.Equal(written.Distinct().Order(StringComparer.Ordinal), read.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_schema_names_every_kind_and_every_control_of_this_check()
    {
        string[] Names(string path) => [.. ((JObject)Schema.SelectToken(path)!).Properties().Select(p => p.Name)];
        string[] Listed(string path) => [.. Schema.SelectToken(path)!.Values<string>().OfType<string>()];
        Assert.Equal(Enum.GetValues<CredentialKind>().Select(CredentialPolicyLoader.NameOf), Names("properties.kinds.properties"));
        Assert.Equal(CredentialControls.All, Names("properties.severity.properties.controls.properties"));
        Assert.Equal(CredentialControls.All, Listed("properties.waivers.items.properties.control.enum"));

        // A finding about something unread is about no credential, and so has neither a kind nor tags.
        var ofCredentials = CredentialControls.All.Except(CredentialControls.Gaps);
        Assert.Equal(ofCredentials, Names("definitions.kind.properties.severity.properties"));
        Assert.Equal(ofCredentials, Listed("properties.severity.properties.byTag.items.properties.controls.items.enum"));
    }

    // A change of each rule of the shipped policy, and the findings on one credential that it changes: no rule there is without effect.
    [Theory]
    [InlineData("  maxAge: 90d", "  maxAge: 91d", CredentialKind.ClientSecret, 90, 60, "CRED-001 High", "")]
    [InlineData("  maxLifetime: 180d", "  maxLifetime: 181d", CredentialKind.ClientSecret, 80, 101, "CRED-004 Medium", "")]
    [InlineData("[30d, ", "[29d, ", CredentialKind.ClientSecret, 10, 30, "CRED-003 Low", "")]
    [InlineData("requireExpiry: true", "requireExpiry: false", CredentialKind.ClientSecret, 10, null, "CRED-004 Medium", "")]
    [InlineData("CRED-004: low  ", "CRED-004: info ", CredentialKind.VaultSecret, 10, null, "CRED-004 Low", "CRED-004 Info")]
    [InlineData("maxAge: 365d                       # a", "maxAge: 366d #", CredentialKind.VaultKey, 365, 60, "CRED-001 High", "")]
    [InlineData("maxLifetime: 730d", "maxLifetime: 731d", CredentialKind.VaultKey, 300, 431, "CRED-004 Low", "")]
    [InlineData(
        "maxAge: 365d                       # public",
        "maxAge: 366d #",
        CredentialKind.VaultCertificate,
        365,
        33,
        "CRED-001 High",
        ""
    )]
    [InlineData("maxLifetime: 398d", "maxLifetime: 399d", CredentialKind.VaultCertificate, 300, 99, "CRED-004 Medium", "")]
    [InlineData(
        "maxAge: 1095d",
        "maxAge: 1094d",
        CredentialKind.SamlCertificate,
        1094,
        null,
        "CRED-004 Medium",
        "CRED-001 High,CRED-004 Medium"
    )]
    [InlineData("maxLifetime: 1096d", "maxLifetime: 1097d", CredentialKind.SamlCertificate, 1000, 97, "CRED-004 Medium", "")]
    [InlineData("CRED-001: high", "CRED-001: low", CredentialKind.ClientSecret, 90, 60, "CRED-001 High", "CRED-001 Low")]
    [InlineData("CRED-002: medium", "CRED-002: low", CredentialKind.ClientSecret, 90, 0, "CRED-002 Medium", "CRED-002 Low")]
    [InlineData("CRED-003: low", "CRED-003: info", CredentialKind.ClientSecret, 10, 30, "CRED-003 Low", "CRED-003 Info")]
    [InlineData("CRED-005: medium", "CRED-005: low", CredentialKind.ClientSecret, null, 60, "CRED-005 Medium", "CRED-005 Low")]
    [InlineData("CRED-008: low", "CRED-008: info", CredentialKind.StorageKey, 10, null, "CRED-008 Low", "CRED-008 Info")]
    [InlineData("CRED-009: medium", "CRED-009: low", CredentialKind.ResourceKeys, null, null, "CRED-009 Medium", "CRED-009 Low")]
    [InlineData(
        "within: 14d, severity: medium",
        "within: 14d, severity: info",
        CredentialKind.ClientSecret,
        10,
        14,
        "CRED-003 Medium",
        "CRED-003 Info"
    )]
    [InlineData(
        "within: 7d, severity: high",
        "within: 7d, severity: info",
        CredentialKind.ClientSecret,
        10,
        7,
        "CRED-003 High",
        "CRED-003 Info"
    )]
    [InlineData(
        "within: 1d, severity: critical",
        "within: 1d, severity: info",
        CredentialKind.ClientSecret,
        10,
        1,
        "CRED-003 Critical",
        "CRED-003 Info"
    )]
    public void Each_rule_of_the_shipped_policy_has_an_effect(
        string rule,
        string changed,
        object kind,
        int? age,
        int? left,
        string before,
        string after
    )
    {
        var shipped = File.ReadAllText(Path.Combine(RepositoryRoot.Find(), "src/ComplianceFunctions/policy/credentials.yaml"));
        var credential = Given.Credential(
            (CredentialKind)kind,
            age is { } a ? Given.Now.AddDays(-a) : null,
            left is { } l ? Given.Now.AddDays(l) : null
        );
        string Judge(string yaml) =>
            string.Join(
                ',',
                Given.Judge(CredentialPolicyLoader.Load(yaml, "p.yaml", Given.Now), credential).Select(f => $"{f.Item1} {f.Item2}")
            );
        Assert.Contains(rule, shipped, StringComparison.Ordinal);
        var at = shipped.IndexOf(rule, StringComparison.Ordinal);
        Assert.Equal(
            (before, after),
            (Judge(shipped), Judge(string.Concat(shipped.AsSpan(0, at), changed, shipped.AsSpan(at + rule.Length))))
        );
    }

    [GeneratedRegex("\\[\"([A-Za-z]+)\"\\]")]
    private static partial Regex Literal();
}
