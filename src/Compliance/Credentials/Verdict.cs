using Compliance.Controls;

namespace Compliance.Credentials;

/// <summary>What a check says of one credential. A pass makes no verdict.</summary>
/// <param name="Failed">The control that failed or could not decide.</param>
/// <param name="Severity">Severity after policy.</param>
/// <param name="Unknown">True when the check could not decide.</param>
/// <param name="Reason">Why, with dates rather than ages.</param>
/// <param name="Credential">The credential.</param>
/// <param name="Rules">The rules that hold for it: what replaces it has to keep to them too.</param>
internal sealed record Verdict(
    ICredentialControl Failed,
    Severity Severity,
    bool Unknown,
    string Reason,
    Credential Credential,
    CredentialRules Rules
)
{
    /// <summary>Id of the control.</summary>
    public string ControlId => Failed.Control.Id;
}
