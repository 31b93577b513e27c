using Compliance.Controls;

namespace Compliance.Credentials;

/// <summary>A control of credentials: what it is, and what corrects it.</summary>
internal interface ICredentialControl
{
    /// <summary>The control as the catalogue lists it.</summary>
    Control Control { get; }

    /// <summary>
    /// What to do about a finding, as the rest of a sentence that may begin with the owner's name; see <see cref="NextSteps"/>. What it
    /// makes keeps to the rules of what it replaces: it is no finding itself.
    /// </summary>
    /// <param name="credential">The credential that failed.</param>
    /// <param name="rules">The rules that hold for it.</param>
    /// <param name="now">The instant of the run.</param>
    string NextStep(Credential credential, in CredentialRules rules, DateTimeOffset now);
}
