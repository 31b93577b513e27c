using Compliance.Callers;
using Compliance.Changes.Guards;
using Compliance.Credentials;
using Compliance.Ledger;
using Compliance.Ledger.Checkpoints;
using Compliance.Minimization;
using Compliance.Minimization.Inventory;
using Compliance.Notifications;
using Compliance.Notifications.Policy;
using Compliance.Offboarding.Intake;
using Compliance.Offboarding.Policy;
using Compliance.Runs;
using Compliance.Storage;
using Compliance.Text;
using Microsoft.Extensions.Configuration;

namespace ComplianceFunctions;

/// <summary>
/// The settings of the app's own sections. A misspelt one would leave a default in force without a sign, so it stops the start.
/// </summary>
internal static class KnownSettings
{
    // A setting that has entries of its own, such as Evidence:TrustedKeys:0.
    private static readonly string[] Lists =
    [
        EvidenceOptions.TrustedKeysSetting,
        EvidenceOptions.CopiesSetting,
        DataAccountOptions.Section,
    ];

    private static readonly string[] Names =
    [
        TenantId.Setting,
        "Tenant:GraphEndpoint",
        "Tenant:ResourceManagerEndpoint",
        "Tenant:AuthorityHost",
        "Tenant:ClientId",
        "Tenant:ClientSecret",
        "Tenant:PinnedThumbprint",
        "Tenant:MaxRetryWaitSeconds",
        "Tenant:GraphWriteLimit",
        CredentialServices.PolicySetting,
        OffboardingPolicyFile.Setting,
        EvidencePolicy.Setting,
        WebhookKeySettings.KeysSetting,
        WebhookKeySettings.VaultSetting,
        OwnIdentity.Setting,
        CallerOptions.AudienceSetting,
        CallerOptions.ClientsSetting,
        EvidenceOptions.SigningKeySetting,
        EvidenceOptions.WriteOnceSetting,
        EvidenceOptions.AccountSetting,
        .. Lists,
        DeadLetterOptions.Setting,
        MinimizationServices.PolicySetting,
        NotificationPolicyFile.Setting,
        NotificationOptions.MailboxSetting,
        NotificationOptions.OutboxSetting,
        NotificationOptions.VaultSetting,
        NotificationOptions.RoomsSetting,
        "Clock:Now",
        "Clock:Frozen",
    ];

    /// <summary>Every setting of the app's own sections, with a colon after its section.</summary>
    public static IReadOnlyList<string> All => Names;

    // More edits make another name.
    private const int MaxEdits = 2;

    /// <summary>Refuses settings of the app's own sections that the app does not know, also where the section is misspelt.</summary>
    /// <exception cref="InvalidOperationException">There are some; the message names each, and what is known in its section.</exception>
    public static void Check(IConfiguration configuration)
    {
        var unknown = configuration
            .AsEnumerable()
            // A bare variable such as TENANT is somebody else's: the app's settings are all below their section.
            .Where(setting => setting.Value is not null && setting.Key.Contains(':', StringComparison.Ordinal) && !IsKnown(setting.Key))
            .Select(setting => (setting.Key, Section: IntendedSection(setting.Key)))
            .Where(setting => setting.Section is not null)
            .Select(setting =>
                $"{Form(setting.Key)} is not a setting of this app; known are "
                + string.Join(", ", Names.Where(n => Section(n) == setting.Section).Select(Form))
            )
            .Order(StringComparer.Ordinal)
            .ToArray();
        if (unknown.Length > 0)
            throw new InvalidOperationException(string.Join("; ", unknown));
    }

    // The app's section that a setting is in, or that its misspelt section was meant to be; null for what is another program's.
    private static string? IntendedSection(string key)
    {
        var (nearest, edits) = Names
            .Select(Section)
            .Distinct(StringComparer.Ordinal)
            .Select(section => (section, EditDistance.Between(Section(key), section)))
            .MinBy(s => s.Item2);
        // Another program's Cloud__Region is no misspelt Clock__Now: a short section, or one with another first letter, may differ by
        // less unless the rest is a setting of the section.
        var isRestKnown = IsKnown(nearest + key[key.IndexOf(':', StringComparison.Ordinal)..]);
        var isAlike = char.ToUpperInvariant(key[0]) == nearest[0];
        var otherwise = isAlike ? Math.Min(MaxEdits, nearest.Length / 3) : 0;
        var allowed = isRestKnown ? MaxEdits : otherwise;
        return edits <= allowed ? nearest : null;
    }

    private static bool IsKnown(string key) =>
        Names.Contains(key, StringComparer.OrdinalIgnoreCase)
        || Array.Exists(Lists, list => key.StartsWith(list + ":", StringComparison.OrdinalIgnoreCase));

    private static string Section(string key) => key.Split(':', 2)[0];

    // As an environment variable has it, which is where a reader finds it.
    private static string Form(string key) => key.Replace(":", "__", StringComparison.Ordinal);
}
