using Compliance.Controls;
using Compliance.Findings;
using Compliance.Text;
using static Compliance.Credentials.CredentialCommands;

namespace Compliance.Credentials;

/// <summary>CRED-006: an application with a finding has no owner who is known to be able to sign in. Once an application.</summary>
internal sealed class NoLivingOwner : ICredentialControl
{
    /// <summary>Id of the control.</summary>
    public const string Id = "CRED-006";

    /// <inheritdoc/>
    public Control Control { get; } =
        new(
            Id,
            "Flagged application has no living owner",
            Severity.Medium,
            "A problem without an owner is not corrected.",
            [Clauses.CommonCriteriaAccess, Clauses.AssetInventory]
        );

    /// <summary>What is wrong with the owners of a flagged application; null when one of them can sign in.</summary>
    public static CheckFailure? Evaluate(OwnerAnswer answer)
    {
        if (answer.Unread is null && answer.Owners.Any(o => o.IsLiving))
            return null;
        if (answer.Unread is { } unread)
            return new($"Its owners could not be read: {Plain.Sentence(unread)}.", Unknown: true);
        if (answer.Owners.Count == 0)
            return new("It has no owner.");
        return answer.Owners.FirstOrDefault(o => o is { IsUser: true, Enabled: null }) is { } doubtful
            ? new($"Whether {Plain.Sentence(doubtful.Name)}, one of its owners, can sign in is not known.", Unknown: true)
            : new("None of its owners is a person whose account can sign in.");
    }

    /// <inheritdoc/>
    public string NextStep(Credential credential, in CredentialRules rules, DateTimeOffset now) =>
        credential.Subject.Type == SubjectTypes.Application
            ? $"find who answers for {ObjectOf(credential)} and make that person its owner: `az ad app owner add {GraphId(credential)} "
                + "--owner-object-id OBJECT-ID`"
            : $"find who answers for {ObjectOf(credential)} and make that person its owner (Entra admin center, Enterprise applications, "
                + "Owners)";
}
