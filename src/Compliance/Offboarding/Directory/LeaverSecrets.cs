using System.Globalization;
using System.Text.Json;
using Compliance.Credentials;
using Compliance.Findings;

namespace Compliance.Offboarding.Directory;

/// <summary>Something that holds secrets which a leaver could read.</summary>
/// <param name="Subject">As the credential capability names it: an app registration, a vault (or one secret of it) or a storage
/// account.</param>
/// <param name="ResourceId">Resource Manager id; null for app registrations.</param>
/// <param name="Via">How it could be read, each once: <c>owner</c>, a role's name, <c>access policy</c>, <c>shared keys</c>.</param>
internal sealed record KnownSecret(Subject Subject, string? ResourceId, IReadOnlyList<string> Via);

/// <summary>
/// What a leaver knows goes on working after every access is gone: the secrets of owned app registrations and of vaults that could be read,
/// and shared keys. Pure; the credential capability is asked to have them rotated.
/// </summary>
internal static class LeaverSecrets
{
    /// <summary>The source under which these findings are kept: a run of the credential check resolves none of them.</summary>
    public static string Source(string caseId) => $"leaver/{caseId}/secrets";

    /// <summary>What the leaver could read, by subject. Take the snapshot from before anything was removed.</summary>
    public static IReadOnlyList<KnownSecret> KnownBy(AccessSnapshot snapshot) =>
        [
            .. snapshot
                .Accesses.SelectMany(Readable)
                .GroupBy(k => (k.Subject.Type, k.Subject.Id.ToUpperInvariant()))
                .Select(g =>
                    g.First() with
                    {
                        Via = [.. g.SelectMany(k => k.Via).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
                    }
                )
                .OrderBy(k => k.Subject.Type, StringComparer.Ordinal)
                .ThenBy(k => k.Subject.Id, StringComparer.Ordinal),
        ];

    /// <summary>LEAVE-020: one for each of <see cref="KnownBy"/>.</summary>
    /// <param name="snapshot">The access before anything was removed.</param>
    /// <param name="caseId">The case: each leaver has findings of their own.</param>
    /// <param name="blockedAt">When the leaver was blocked (UTC): what was made before it is known.</param>
    /// <param name="policy">For severity and contact.</param>
    public static IReadOnlyList<Detection> Detections(
        AccessSnapshot snapshot,
        string caseId,
        DateTimeOffset blockedAt,
        OffboardingPolicy policy
    )
    {
        var severity = OffboardingControls.SeverityOf(OffboardingControls.KnownByLeaver, policy);
        var owner = policy.Contact is { } contact ? new Person(null, contact, contact, "policy") : null;
        var until = blockedAt.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
        return
        [
            .. KnownBy(snapshot)
                .Select(known => new Detection
                {
                    ControlId = OffboardingControls.KnownByLeaver,
                    Severity = severity,
                    Subject = known.Subject,
                    Part = caseId,
                    Source = Source(caseId),
                    ResourceId = known.ResourceId,
                    Reason = $"The leaver of case {caseId} could read it until {until} UTC ({string.Join(", ", known.Via)}).",
                    NextStep =
                        $"{(owner is null ? "" : $"{owner.Address}: ")}{NextStep(known)} What was made before {until} UTC counts as known.",
                    Owner = owner,
                }),
        ];
    }

    /// <summary>
    /// True when everything in it was made after the leaver was blocked. Ask it only of an inventory whose sources were read to their ends.
    /// </summary>
    public static bool IsRotated(KnownSecret known, IEnumerable<Credential> inventory, DateTimeOffset blockedAt) =>
        inventory.Where(c => IsIn(known, c)).All(c => c.Started > blockedAt);

    private static bool IsIn(KnownSecret known, Credential credential) =>
        known.Subject.Type switch
        {
            SubjectTypes.Vault => Same(known.ResourceId, credential.ResourceId)
                && credential.Kind is CredentialKind.VaultSecret or CredentialKind.VaultCertificate,
            SubjectTypes.VaultSecret => Same(known.ResourceId, credential.ResourceId)
                && credential.Kind is CredentialKind.VaultSecret or CredentialKind.VaultCertificate
                && Same(known.Subject.Name, credential.Subject.Name),
            _ => credential.Subject.Type == known.Subject.Type && Same(known.Subject.Id, credential.Subject.Id),
        };

    private static IEnumerable<KnownSecret> Readable(Access access)
    {
        switch (access.Kind)
        {
            // An owner cannot read an app's secrets, but may have made each of them. One that has none gives nothing away.
            case AccessKind.OwnedApplication when access.Details.GetValueOrDefault("credentials") != "0":
                yield return new(new(SubjectTypes.Application, access.Id, access.Name), null, ["owner"]);
                break;
            case AccessKind.AzureRole or AccessKind.EligibleAzureRole when access.Details.TryGetValue(AzureAccess.Vaults, out var vaults):
                foreach (var vault in vaults.Split('\n', StringSplitOptions.RemoveEmptyEntries))
                    yield return SecretIn(vault, access.Scope) is { } secret
                        ? new(new(SubjectTypes.VaultSecret, $"{vault}/secrets/{secret}", secret), vault, [access.Name])
                        : new(new(SubjectTypes.Vault, vault, vault.Split('/')[^1]), vault, [access.Name]);
                break;
            case AccessKind.VaultAccessPolicy when ReadsSecrets(access.Details.GetValueOrDefault("permissions")):
                yield return new(
                    new(SubjectTypes.Vault, access.Scope.ToLowerInvariant(), access.Name),
                    access.Scope.ToLowerInvariant(),
                    ["access policy"]
                );
                break;
            case AccessKind.SharedSecret:
                yield return new(
                    new(SubjectTypes.StorageAccount, access.Id.ToLowerInvariant(), access.Name),
                    access.Id.ToLowerInvariant(),
                    ["shared keys"]
                );
                break;
        }
    }

    // A role may be assigned at one secret of a vault.
    private static string? SecretIn(string vault, string scope) =>
        scope.StartsWith(vault + "/secrets/", StringComparison.OrdinalIgnoreCase)
            ? scope[(vault.Length + "/secrets/".Length)..].Split('/')[0]
            : null;

    // {"secrets":["get","list"],"keys":["list"]}: list shows names, get the value.
    private static bool ReadsSecrets(string? permissions)
    {
        if (permissions is null)
            return true;
        using var document = JsonDocument.Parse(permissions);
        return document.RootElement.Items("secrets").Any(p => p.ToString() is { } verb && (Same(verb, "get") || Same(verb, "all")));
    }

    private static string NextStep(KnownSecret known) =>
        known.Subject.Type switch
        {
            SubjectTypes.Application => "give the app new credentials, move what uses it over, and remove every older one.",
            SubjectTypes.StorageAccount =>
                $"rotate both keys of {known.Subject.Name}, or switch shared keys off (az storage account update --name "
                    + $"{known.Subject.Name} --allow-shared-key-access false).",
            SubjectTypes.VaultSecret =>
                $"rotate what the secret {known.Subject.Name} opens, store the new value, and disable the older versions.",
            _ => $"rotate what the secrets of {known.Subject.Name} open, store the new values, and disable the older versions.",
        };

    private static bool Same(string? a, string? b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);
}
