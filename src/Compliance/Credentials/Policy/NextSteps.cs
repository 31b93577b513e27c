using Compliance.Findings;
using Compliance.Text;
using static Compliance.Credentials.CredentialCommands;
using static Compliance.Text.Shell;

namespace Compliance.Credentials;

/// <summary>What to do about a finding: an instruction for its owner, with the command where there is one.</summary>
internal static class NextSteps
{
    /// <summary>The next step for a control that failed.</summary>
    /// <param name="control">The control.</param>
    /// <param name="credential">The credential.</param>
    /// <param name="rules">The rules that hold for it.</param>
    /// <param name="owner">Who should act; null when nobody was found.</param>
    /// <param name="now">The instant of the run.</param>
    public static string For(
        ICredentialControl control,
        Credential credential,
        in CredentialRules rules,
        Person? owner,
        DateTimeOffset now
    ) =>
        // An older version is not made again, whatever is wrong with it.
        Addressed(owner, IsOlderVersion(credential) ? DisableVersion(credential) : control.NextStep(credential, rules, now));

    /// <summary>An instruction as a sentence to a person, or to nobody in particular.</summary>
    public static string Addressed(Person? owner, string step) =>
        (owner is null ? char.ToUpperInvariant(step[0]) + step[1..] : $"{Plain.Sentence(owner.Name)}, {step}") + ".";

    private static string DisableVersion(Credential credential) =>
        $"make sure that nothing asks {ObjectOf(credential)} for version {Plain.Sentence(credential.Part)}, then disable it: "
        + $"`az keyvault {VaultNoun(credential)} set-attributes {VaultName(credential)} "
        + $"{Option("--version", credential.Part)} --enabled false`";
}
