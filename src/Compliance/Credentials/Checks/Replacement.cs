using static Compliance.Credentials.CredentialCommands;
using static Compliance.Text.Shell;

namespace Compliance.Credentials;

/// <summary>How a credential is replaced by one that policy allows.</summary>
internal static class Replacement
{
    // A certificate's policy counts in months, which have from 28 to 31 days.
    private const int ShortestMonth = 28;
    private const int LongestMonth = 31;

    /// <summary>The rest of a sentence that may begin with the owner's name.</summary>
    public static string Step(Credential c, in CredentialRules rules)
    {
        var within = $"that ends within {Ages.Days(rules.MaxLifetimeDays)}";
        return c.Kind switch
        {
            CredentialKind.ClientSecret => $"add a new secret to {ObjectOf(c)}, deploy it, then remove {PartOf(c)}: "
                + $"`az ad {GraphNoun(c)} credential reset {GraphId(c)} --append --end-date {NewEnd(rules)}`, then {GraphDelete(c)}",
            CredentialKind.ClientCertificate => $"add a new certificate {within} to {ObjectOf(c)}, deploy it, then remove {PartOf(c)}: "
                + $"`az ad {GraphNoun(c)} credential reset {GraphId(c)} --cert @new-certificate.pem --append`, then {GraphDelete(c)}",
            CredentialKind.SamlCertificate => $"make a new SAML signing certificate {within} for {ObjectOf(c)} "
                + "(Entra admin center, Enterprise applications, Single sign-on), give it to the service, make it active, then remove "
                + $"{PartOf(c)}",
            CredentialKind.VaultSecret =>
                $"make a new value for {ObjectOf(c)}, write it to new-value.txt, set it and restart what reads it: {NewValue(c, rules)}",
            CredentialKind.VaultKey => $"rotate {ObjectOf(c)} and give the new version an end: {Rotate(c, rules)}",
            CredentialKind.VaultCertificate => $"issue a new version of {ObjectOf(c)} by its own policy, but {Validity(rules)}: "
                + $"`az keyvault certificate show {VaultName(c)} --query policy > policy.json`, "
                + $"then `az keyvault certificate create {VaultName(c)} --policy @policy.json`",
            CredentialKind.StorageKey => $"move what uses {PartOf(c)} of {ObjectOf(c)} to its other key, then renew it: "
                + $"`az storage account keys renew {Resource(c, "--account-name")} {Option("--key", c.Part)}`",
            _ => AcceptsKeys.TurnOff(c),
        };
    }

    /// <summary>The command that gives a secret in a vault its new value.</summary>
    public static string NewValue(Credential c, in CredentialRules rules) =>
        $"`az keyvault secret set {VaultName(c)} --file new-value.txt --expires {NewEnd(rules)}`, then delete the file";

    /// <summary>The commands that rotate a key in a vault.</summary>
    public static string Rotate(Credential c, in CredentialRules rules) =>
        $"`az keyvault key rotate {VaultName(c)}`, then `az keyvault key set-attributes {VaultName(c)} --expires {NewEnd(rules)}`";

    // The shell reads the date when the command is run: the text stays the same from day to day.
    private static string NewEnd(in CredentialRules rules) => $"\"$(date -u -d '+{rules.MaxLifetimeDays} days' +%FT%TZ)\"";

    // A certificate that is warned of from its first day is of no use either.
    private static string Validity(in CredentialRules rules)
    {
        var months = rules.MaxLifetimeDays / LongestMonth;
        return months * ShortestMonth > rules.WarnBeforeDays.FirstOrDefault(0)
            ? $"with {months} for validityInMonths in policy.json"
            : $"from an issuer that issues for {Ages.Days(rules.MaxLifetimeDays)}";
    }
}
