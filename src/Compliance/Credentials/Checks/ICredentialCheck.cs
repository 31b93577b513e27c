namespace Compliance.Credentials;

/// <summary>Judges one credential by one control. Pure: it reads nothing but its arguments.</summary>
internal interface ICredentialCheck : ICredentialControl
{
    /// <summary>What is wrong; null when nothing is, or when the control is not about this kind of credential.</summary>
    CheckFailure? Evaluate(Credential credential, in CredentialRules rules, DateTimeOffset now);
}

/// <summary>What a check found wrong.</summary>
/// <param name="Reason">Why, with dates rather than ages.</param>
/// <param name="Unknown">True when the check could not decide.</param>
/// <param name="StepDays">The warning step that was reached; null for all but <see cref="ExpiresSoon"/>.</param>
/// <param name="WholeSubject">True when it is about the object rather than this one credential of it.</param>
internal readonly record struct CheckFailure(string Reason, bool Unknown = false, int? StepDays = null, bool WholeSubject = false);
