using Compliance.Controls;
using Compliance.Findings;
using static Compliance.Credentials.Shell;

namespace Compliance.Credentials;

/// <summary>
/// Says what to do about a finding: an instruction for its owner, with the command where there is one. Objects are named with their ids,
/// since display names are not unique. Commands are those of the Azure CLI; none contains a secret or puts one on a command line.
/// </summary>
internal static class NextSteps
{
    /// <summary>The next step for a verdict, or for a control that was derived from one.</summary>
    public static string For(string controlId, Credential credential, Person? owner) => Addressed(owner, controlId switch
    {
        EndedButPresent.Id => Remove(credential),
        LivesTooLong.Id => Shorten(credential),
        AgeUnknown.Id => $"find out when {PartOf(credential)} was made, or replace it so that its age is known: {Replace(credential)}",
        NoKeyExpirationPolicy.Id => $"set a key-expiration policy no longer than the maximum age that policy allows on {ObjectOf(credential)}: `az storage account update {Resource(credential)} --key-exp-days DAYS`",
        AcceptsKeys.Id => DisableKeys(credential),
        ControlCatalogue.NoLivingOwner => NameOwner(credential),
        ControlCatalogue.NoRotationPolicy =>
            $"let {ObjectOf(credential)} rotate by itself: write its rotation policy to policy.json, then `az keyvault key rotation-policy update {VaultName(credential)} --value policy.json`",
        ExpiresSoon.Id => $"before {Ages.Day(credential.Expires!.Value)}, {Replace(credential)}",
        _ => Replace(credential),
    });

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

    private static string Replace(Credential c) => c.Kind switch
    {
        CredentialKind.ClientSecret =>
            $"add a new secret to {ObjectOf(c)}, deploy it, then remove {PartOf(c)}: `az ad {Noun(c)} credential reset {GraphId(c)} --append`, then {DeleteCommand(c)}",
        CredentialKind.ClientCertificate =>
            $"add a new certificate to {ObjectOf(c)}, deploy it, then remove {PartOf(c)}: `az ad {Noun(c)} credential reset {GraphId(c)} --cert @new-certificate.pem --append`, then {DeleteCommand(c)}",
        CredentialKind.SamlCertificate =>
            $"make a new SAML signing certificate for {ObjectOf(c)} (Entra admin center, Enterprise applications, Single sign-on), give it to the service, make it active, then remove {PartOf(c)}",
        CredentialKind.VaultSecret =>
            $"make a new value for {ObjectOf(c)}, write it to new-value.txt, set it and restart what reads it: `az keyvault secret set {VaultName(c)} --file new-value.txt`, then delete the file",
        CredentialKind.VaultKey => $"rotate {ObjectOf(c)}: `az keyvault key rotate {VaultName(c)}`",
        CredentialKind.VaultCertificate =>
            $"issue a new version of {ObjectOf(c)} by its own policy: `az keyvault certificate show {VaultName(c)} --query policy > policy.json`, then `az keyvault certificate create {VaultName(c)} --policy @policy.json`",
        CredentialKind.StorageKey =>
            $"move what uses {PartOf(c)} of {ObjectOf(c)} to its other key, then renew it: `az storage account keys renew {Resource(c, "--account-name")} {Option("--key", c.Part)}`",
        _ => DisableKeys(c),
    };

    private static string Remove(Credential c) => c.Kind switch
    {
        CredentialKind.ClientSecret or CredentialKind.ClientCertificate => $"check that nothing still presents it, then remove {PartOf(c)} from {ObjectOf(c)}: {DeleteCommand(c)}",
        CredentialKind.SamlCertificate => $"remove {PartOf(c)} from {ObjectOf(c)} (Entra admin center, Enterprise applications, Single sign-on)",
        CredentialKind.VaultSecret => $"replace {ObjectOf(c)} if it is still needed, else delete it: `az keyvault secret delete {VaultName(c)}`",
        CredentialKind.VaultKey => $"rotate {ObjectOf(c)} if it still protects data, else delete it: `az keyvault key delete {VaultName(c)}`",
        CredentialKind.VaultCertificate => $"renew {ObjectOf(c)} if it is still needed, else delete it: `az keyvault certificate delete {VaultName(c)}`",
        _ => $"remove {PartOf(c)} from {ObjectOf(c)}",
    };

    private static string Shorten(Credential c) => c.Kind switch
    {
        CredentialKind.ClientSecret =>
            $"replace {PartOf(c)} of {ObjectOf(c)} by one that ends in time: `az ad {Noun(c)} credential reset {GraphId(c)} --append --end-date YYYY-MM-DD`, deploy it, then {DeleteCommand(c)}",
        CredentialKind.VaultSecret => $"give {ObjectOf(c)} an end that policy allows: `az keyvault secret set-attributes {VaultName(c)} --expires YYYY-MM-DDT00:00:00Z`",
        CredentialKind.VaultKey => $"give {ObjectOf(c)} an end that policy allows: `az keyvault key set-attributes {VaultName(c)} --expires YYYY-MM-DDT00:00:00Z`",
        _ => $"use a certificate that ends in time: {Replace(c)}",
    };

    private static string DisableKeys(Credential c)
    {
        var step = $"let what calls {ObjectOf(c)} sign in with a managed identity, then turn its keys off: ";
        return step + (string.Equals(c.ResourceType, "Microsoft.Search/searchServices", StringComparison.OrdinalIgnoreCase)
            ? $"`az search service update {Resource(c)} --disable-local-auth true`"
            : $"`az resource update {Option("--ids", c.ResourceId ?? c.Subject.Id)} --set properties.disableLocalAuth=true`");
    }

    private static string NameOwner(Credential c) => c.Subject.Type == SubjectTypes.Application
        ? $"find who answers for {ObjectOf(c)} and make that person its owner: `az ad app owner add {GraphId(c)} --owner-object-id OBJECT-ID`"
        : $"find who answers for {ObjectOf(c)} and make that person its owner (Entra admin center, Enterprise applications, Owners)";

    private static string PartOf(Credential c)
    {
        var label = c.Label is { Length: > 0 } l ? $" ({OneLine(l)})" : "";
        return c.Kind switch
        {
            CredentialKind.ClientSecret => $"key id {OneLine(c.Part)}{label}",
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
            : $"find its key id with `az ad {Noun(c)} credential list {GraphId(c)}{cert}` and remove it with `az ad {Noun(c)} credential delete {GraphId(c)} --key-id KEY-ID{cert}`";
    }

    private static string Noun(Credential c) => c.Subject.Type == SubjectTypes.ServicePrincipal ? "sp" : "app";

    private static string GraphId(Credential c) =>
        Option("--id", c.Subject.Type == SubjectTypes.ServicePrincipal ? c.Subject.Id : c.AppId ?? c.Subject.Id);

    // The subject's id is https://VAULT.HOST/COLLECTION/NAME.
    private static string VaultName(Credential c)
    {
        if (!Uri.TryCreate(c.Subject.Id, UriKind.Absolute, out var url))
            return Option("--id", c.Subject.Id);
        var path = url.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return path.Length < 2 ? Option("--id", c.Subject.Id) : $"{Option("--vault-name", url.Host.Split('.')[0])} {Option("--name", path[1])}";
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
