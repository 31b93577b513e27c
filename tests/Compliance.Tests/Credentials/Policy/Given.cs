using Compliance.Controls;
using Compliance.Credentials;
using Compliance.Findings;
using Compliance.Policies;

namespace Compliance.Tests.Credentials.Policy;

/// <summary>Policies and credentials as the tests of the policy give them.</summary>
internal static class Given
{
    public const string AppId = "11111111-2222-3333-4444-555555555555";

    /// <summary>A leap day, so that every count of days crosses one or ends on one.</summary>
    public static readonly DateTimeOffset Now = new(2028, 2, 29, 0, 0, 0, TimeSpan.Zero);

    public static CredentialPolicy Policy(string yaml = "") => CredentialPolicyLoader.Load("version: 1\n" + yaml, "p.yaml", Now);

    /// <summary>The problems of a policy that must not load.</summary>
    public static string[] Problems(string yaml) =>
        [.. Assert.Throws<PolicyException>(() => Policy(yaml)).Problems.Select(p => p.ToString())];

    public static Credential Credential(
        CredentialKind kind = CredentialKind.ClientSecret,
        DateTimeOffset? started = null,
        DateTimeOffset? expires = null,
        string name = "billing",
        string id = "o-1",
        params (string, string)[] tags
    ) =>
        new()
        {
            Kind = kind,
            Subject = new(TypeOf(kind), id, name),
            AppId = kind is CredentialKind.ClientSecret or CredentialKind.ClientCertificate or CredentialKind.SamlCertificate
                ? AppId
                : null,
            Part = kind
                is CredentialKind.VaultSecret
                    or CredentialKind.VaultKey
                    or CredentialKind.VaultCertificate
                    or CredentialKind.ResourceKeys
                ? ""
                : "k-1",
            Source = Sources.Applications,
            Started = started,
            Expires = expires,
            Tags = tags.ToDictionary(t => t.Item1, t => t.Item2, StringComparer.OrdinalIgnoreCase),
        };

    /// <summary>A client secret that is so many days old and ends in so many.</summary>
    public static Credential Secret(
        int age = 10,
        int left = 60,
        string name = "billing",
        string id = "o-1",
        params (string, string)[] tags
    ) => Credential(CredentialKind.ClientSecret, Now.AddDays(-age), Now.AddDays(left), name, id, tags);

    /// <summary>A secret in a vault, with its vault's tags and its own as the inventory gives them.</summary>
    public static Credential InVault((string Name, string Value)[] vault, (string Name, string Value)[] own)
    {
        var outer = vault.ToDictionary(t => t.Name, t => t.Value, StringComparer.OrdinalIgnoreCase);
        var all = new Dictionary<string, string>(outer, StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in own)
            all[name] = value;
        return Credential(CredentialKind.VaultSecret, Now.AddDays(-10), Now.AddDays(60), "kv-hr/db") with { Tags = all, VaultTags = outer };
    }

    public static ICredentialControl Control(string id) => CredentialControls.OfCredentials.Single(c => c.Control.Id == id);

    public static CredentialEvaluator Evaluator(CredentialPolicy policy, params (string Address, string[] Ids)[] owned) =>
        new(policy, owned.ToDictionary(o => o.Address, o => (IReadOnlySet<string>)o.Ids.ToHashSet()), Now);

    public static (string, Severity)[] Judge(CredentialPolicy policy, Credential credential) =>
        [.. Evaluator(policy).Evaluate(credential).Select(v => (v.ControlId, v.Severity))];

    private static string TypeOf(CredentialKind kind) =>
        kind switch
        {
            CredentialKind.ClientSecret or CredentialKind.ClientCertificate => SubjectTypes.Application,
            CredentialKind.SamlCertificate => SubjectTypes.ServicePrincipal,
            CredentialKind.VaultSecret => SubjectTypes.VaultSecret,
            CredentialKind.VaultKey => SubjectTypes.VaultKey,
            CredentialKind.VaultCertificate => SubjectTypes.VaultCertificate,
            CredentialKind.StorageKey => SubjectTypes.StorageAccount,
            _ => SubjectTypes.Resource,
        };
}
