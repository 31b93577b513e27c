using System.Globalization;
using Compliance.Controls;
using Compliance.Findings;
using static Compliance.Text.Shell;

namespace Compliance.Credentials;

/// <summary>
/// Says what to do about a finding: an instruction for its owner, with the command where there is one. Objects are named with their ids,
/// since display names are not unique. Commands are those of the Azure CLI in a POSIX shell with GNU date (the Azure Cloud Shell); none
/// contains a secret or puts one on a command line. What a step makes keeps to the rules of what it replaces: it is no finding itself.
/// </summary>
internal static class NextSteps
{
    // Key Vault's own limits for a rotation policy, in days.
    private const int LeastRotation = 7;
    private const int LeastExpiry = 28;

    // A certificate's policy counts in months, which have from 28 to 31 days.
    private const int ShortestMonth = 28;
    private const int LongestMonth = 31;

    /// <summary>The next step for a verdict, or for a control that was derived from one.</summary>
    /// <param name="controlId">The control.</param>
    /// <param name="credential">The credential.</param>
    /// <param name="rules">The rules that hold for it.</param>
    /// <param name="owner">Who should act; null when nobody was found.</param>
    /// <param name="now">The instant of the run.</param>
    public static string For(string controlId, Credential credential, CredentialRules rules, Person? owner, DateTimeOffset now) =>
        Addressed(
            owner,
            controlId switch
            {
                _ when IsOlderVersion(credential) => $"make sure that nothing asks {ObjectOf(credential)} for version "
                    + $"{OneLine(credential.Part)}, then disable it: "
                    + $"`az keyvault {VaultNoun(credential)} set-attributes {VaultName(credential)} "
                    + $"{Option("--version", credential.Part)} --enabled false`",
                EndedButPresent.Id => Remove(credential, rules),
                LivesTooLong.Id => Shorten(credential, rules, now),
                AgeUnknown.Id =>
                    $"find out when {PartOf(credential)} was made, or replace it so that its age is known: {Replace(credential, rules)}",
                NoKeyExpirationPolicy.Id =>
                    $"set a key-expiration policy on {ObjectOf(credential)}, whose keys must have been renewed once: "
                        + $"`az storage account update {Resource(credential)} --key-exp-days {rules.MaxAgeDays}`",
                AcceptsKeys.Id => DisableKeys(credential),
                ControlCatalogue.NoLivingOwner => NameOwner(credential),
                ControlCatalogue.NoRotationPolicy => $"let {ObjectOf(credential)} rotate by itself: "
                    + $"`az keyvault key rotation-policy update {VaultName(credential)} --value '{RotationPolicy(rules)}'`",
                ExpiresSoon.Id => $"before {Ages.Day(credential.Expires!.Value)}, {Replace(credential, rules)}",
                _ => Replace(credential, rules),
            }
        );

    /// <summary>An instruction as a sentence to a person, or to nobody in particular.</summary>
    public static string Addressed(Person? owner, string step) =>
        (owner is null ? char.ToUpperInvariant(step[0]) + step[1..] : $"{OneLine(owner.Name)}, {step}") + ".";

    /// <summary>An object with its id, for people.</summary>
    public static string ObjectOf(Credential c)
    {
        var name = OneLine(c.Subject.Name);
        return c.Subject.Type switch
        {
            SubjectTypes.Application => $"app {name} (appId {c.AppId})",
            SubjectTypes.ServicePrincipal => $"service principal {name} (object id {c.Subject.Id})",
            SubjectTypes.VaultSecret => $"secret {name} ({OneLine(c.Subject.Id)})",
            SubjectTypes.VaultKey => $"key {name} ({OneLine(c.Subject.Id)})",
            SubjectTypes.VaultCertificate => $"certificate {name} ({OneLine(c.Subject.Id)})",
            SubjectTypes.StorageAccount => $"storage account {name} ({OneLine(c.Subject.Id)})",
            _ => $"{name} ({OneLine(c.Subject.Id)})",
        };
    }

    private static string Replace(Credential c, CredentialRules rules)
    {
        var within = $"that ends within {Ages.Days(rules.MaxLifetimeDays)}";
        return c.Kind switch
        {
            CredentialKind.ClientSecret => $"add a new secret to {ObjectOf(c)}, deploy it, then remove {PartOf(c)}: "
                + $"`az ad {Noun(c)} credential reset {GraphId(c)} --append --end-date {NewEnd(rules)}`, then {DeleteCommand(c)}",
            CredentialKind.ClientCertificate => $"add a new certificate {within} to {ObjectOf(c)}, deploy it, then remove {PartOf(c)}: "
                + $"`az ad {Noun(c)} credential reset {GraphId(c)} --cert @new-certificate.pem --append`, then {DeleteCommand(c)}",
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
            _ => DisableKeys(c),
        };
    }

    private static string Remove(Credential c, CredentialRules rules) =>
        c.Kind switch
        {
            CredentialKind.ClientSecret or CredentialKind.ClientCertificate =>
                $"check that nothing still presents it, then remove {PartOf(c)} from {ObjectOf(c)}: {DeleteCommand(c)}",
            CredentialKind.SamlCertificate =>
                $"remove {PartOf(c)} from {ObjectOf(c)} (Entra admin center, Enterprise applications, Single sign-on)",
            CredentialKind.VaultSecret => $"delete {ObjectOf(c)} if nothing needs it: `az keyvault secret delete {VaultName(c)}`; "
                + $"else write a new value to new-value.txt and set it: {NewValue(c, rules)}",
            CredentialKind.VaultKey => $"delete {ObjectOf(c)} if it protects no data any more: `az keyvault key delete {VaultName(c)}`; "
                + $"else rotate it: {Rotate(c, rules)}",
            CredentialKind.VaultCertificate =>
                $"delete {ObjectOf(c)} if nothing needs it: `az keyvault certificate delete {VaultName(c)}`; else {Replace(c, rules)}",
            _ => $"remove {PartOf(c)} from {ObjectOf(c)}",
        };

    // An end that policy allows is counted from the start. One so near that it would be warned of at once helps nobody.
    private static string Shorten(Credential c, CredentialRules rules, DateTimeOffset now)
    {
        if (c.Kind is not (CredentialKind.VaultSecret or CredentialKind.VaultKey) || c.Started is not { } started)
            return Replace(c, rules);
        var end = Ages.After(started, rules.MaxLifetimeDays);
        if (end - now <= TimeSpan.FromDays(rules.WarnBeforeDays.FirstOrDefault(0) + 1) || now >= Ages.After(started, rules.MaxAgeDays))
            return Replace(c, rules);
        return $"give {ObjectOf(c)} an end that policy allows: "
            + $"`az keyvault {VaultNoun(c)} set-attributes {VaultName(c)} --expires {Ages.Day(end)}T00:00:00Z`";
    }

    private static string NewValue(Credential c, CredentialRules rules) =>
        $"`az keyvault secret set {VaultName(c)} --file new-value.txt --expires {NewEnd(rules)}`, then delete the file";

    private static string Rotate(Credential c, CredentialRules rules) =>
        $"`az keyvault key rotate {VaultName(c)}`, then `az keyvault key set-attributes {VaultName(c)} --expires {NewEnd(rules)}`";

    // The shell reads the date when the command is run: the text stays the same from day to day.
    private static string NewEnd(CredentialRules rules) => $"\"$(date -u -d '+{rules.MaxLifetimeDays} days' +%FT%TZ)\"";

    // A certificate that is warned of from its first day helps nobody either.
    private static string Validity(CredentialRules rules)
    {
        var months = rules.MaxLifetimeDays / LongestMonth;
        return months * ShortestMonth > rules.WarnBeforeDays.FirstOrDefault(0)
            ? $"with {months} for validityInMonths in policy.json"
            : $"from an issuer that issues for {Ages.Days(rules.MaxLifetimeDays)}";
    }

    // Rotates a week before the key is due and before the first warning of its end, as far as Key Vault's limits allow.
    private static string RotationPolicy(CredentialRules rules)
    {
        var expiry = Math.Max(rules.MaxLifetimeDays, LeastExpiry);
        var warned = expiry - rules.WarnBeforeDays.FirstOrDefault(0);
        var after = Math.Max(Math.Min(rules.MaxAgeDays, warned) - LeastRotation, LeastRotation);
        var action = $$$"""{"trigger":{"timeAfterCreate":"P{{{after}}}D"},"action":{"type":"Rotate"}}""";
        return $$$"""{"lifetimeActions":[{{{action}}}],"attributes":{"expiryTime":"P{{{expiry}}}D"}}""";
    }

    private static string DisableKeys(Credential c)
    {
        if (KeyedTypes.Find(c.ResourceType ?? "") is not { } type)
        {
            var subscription = (c.ResourceId ?? c.Subject.Id).Split('/') is ["", _, var id, ..] ? id : "";
            return "check by hand who can use the keys of these resources and when they were last changed, and record it in a waiver: "
                + $"`az resource list {Option("--resource-type", c.ResourceType!)} {Option("--subscription", subscription)}`";
        }
        var command = type.Command is { } own
            ? string.Format(CultureInfo.InvariantCulture, own, Resource(c))
            : $"az resource update {Option("--ids", c.ResourceId ?? c.Subject.Id)} --set {Setting(type)}";
        return $"let what calls {ObjectOf(c)} sign in with a managed identity, then turn its keys off: `{command}`";
    }

    // A plain name and value is one word as it is; a list has brackets and quotes.
    private static string Setting(KeyedType type)
    {
        var assignment = $"properties.{type.Setting}={type.Off}";
        return type.Off[0] == '[' ? Word(assignment) : assignment;
    }

    private static string NameOwner(Credential c) =>
        c.Subject.Type == SubjectTypes.Application
            ? $"find who answers for {ObjectOf(c)} and make that person its owner: `az ad app owner add {GraphId(c)} --owner-object-id "
                + "OBJECT-ID`"
            : $"find who answers for {ObjectOf(c)} and make that person its owner (Entra admin center, Enterprise applications, Owners)";

    private static string PartOf(Credential c)
    {
        var label = c.Label is { Length: > 0 } l ? $" ({OneLine(l)})" : "";
        return c.Kind switch
        {
            CredentialKind.ClientSecret when c.Part.Length == 0 => $"the old secret{label}",
            CredentialKind.ClientSecret => $"key id {OneLine(c.Part)}{label}",
            CredentialKind.ClientCertificate or CredentialKind.SamlCertificate when c.Part.Length == 0 => $"the old certificate{label}",
            CredentialKind.ClientCertificate or CredentialKind.SamlCertificate => $"certificate {OneLine(c.Part)}{label}",
            CredentialKind.StorageKey => OneLine(c.Part),
            _ => ObjectOf(c),
        };
    }

    private static string DeleteCommand(Credential c)
    {
        var cert = c.Kind == CredentialKind.ClientCertificate ? " --cert" : "";

        // A certificate may be known by its thumbprint only; the command wants its key id.
        return Guid.TryParse(c.Part, out _)
            ? $"`az ad {Noun(c)} credential delete {GraphId(c)} {Option("--key-id", c.Part)}{cert}`"
            : $"find its key id with `az ad {Noun(c)} credential list {GraphId(c)}{cert}` and remove it with `az ad {Noun(c)} credential "
                + $"delete {GraphId(c)} --key-id KEY-ID{cert}`";
    }

    private static string Noun(Credential c) => c.Subject.Type == SubjectTypes.ServicePrincipal ? "sp" : "app";

    private static string GraphId(Credential c) =>
        Option("--id", c.Subject.Type == SubjectTypes.ServicePrincipal ? c.Subject.Id : c.AppId ?? c.Subject.Id);

    // The newest version is the object itself and has no part.
    private static bool IsOlderVersion(Credential c) =>
        c is { Kind: CredentialKind.VaultSecret or CredentialKind.VaultKey or CredentialKind.VaultCertificate, Part.Length: > 0 };

    private static string VaultNoun(Credential c) =>
        c.Kind switch
        {
            CredentialKind.VaultSecret => "secret",
            CredentialKind.VaultKey => "key",
            _ => "certificate",
        };

    // The subject's id is https://VAULT.HOST/COLLECTION/NAME.
    private static string VaultName(Credential c)
    {
        if (!Uri.TryCreate(c.Subject.Id, UriKind.Absolute, out var url))
            return Option("--id", c.Subject.Id);
        var path = url.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return path.Length < 2
            ? Option("--id", c.Subject.Id)
            : $"{Option("--vault-name", url.Host.Split('.')[0])} {Option("--name", path[1])}";
    }

    // /subscriptions/S/resourceGroups/G/providers/P/T/NAME
    private static string Resource(Credential c, string nameOption = "--name")
    {
        var id = c.ResourceId ?? c.Subject.Id;
        return id.Split('/') is ["", _, var subscription, _, var group, _, _, _, var name]
            ? $"{Option(nameOption, name)} {Option("--resource-group", group)} {Option("--subscription", subscription)}"
            : Option("--ids", id);
    }
}
