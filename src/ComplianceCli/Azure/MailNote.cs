using System.Text.RegularExpressions;

namespace ComplianceCli.Azure;

/// <summary>
/// How the app may send mail from one mailbox. Graph's Mail.Send would let it send as everybody, and only Exchange limits it to one: it is
/// never given here.
/// </summary>
internal static partial class MailNote
{
    /// <summary>What an administrator of Exchange enters.</summary>
    /// <param name="mailbox">The mailbox.</param>
    /// <param name="clientId">Client id of the identity.</param>
    /// <param name="principalId">Object id of the identity's service principal.</param>
    /// <exception cref="CliException">The mailbox is none.</exception>
    public static IReadOnlyList<string> Lines(string mailbox, string clientId, string principalId)
    {
        if (!Mailboxes().IsMatch(mailbox))
            throw new CliException($"--mailbox is '{mailbox}': give a mail address") { IsUsage = true };
        return
        [
            $"Mail.Send is not given here: Graph would let the app send as anybody. For {mailbox} alone, in Exchange Online PowerShell:",
            $"  New-ServicePrincipal -AppId {clientId} -ObjectId {principalId} -DisplayName 'Compliance app'",
            $"  New-ManagementScope -Name 'Compliance sender' -RecipientRestrictionFilter \"PrimarySmtpAddress -eq '{mailbox}'\"",
            $"  New-ManagementRoleAssignment -App {clientId} -Role 'Application Mail.Send' -CustomResourceScope 'Compliance sender'",
            "  undo: Remove-ManagementRoleAssignment, Remove-ManagementScope and Remove-ServicePrincipal with the same names",
        ];
    }

    [GeneratedRegex("^[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,190}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Mailboxes();
}
