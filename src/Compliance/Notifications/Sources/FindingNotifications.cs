using System.Globalization;
using Compliance.Controls;
using Compliance.Findings;
using Compliance.Notifications.Messages;
using Compliance.Storage;

namespace Compliance.Notifications.Sources;

/// <summary>
/// Open findings: critical ones at once, all of them in the digest of their owner, and of the admins where there is none.
/// </summary>
/// <param name="tenant">The tenant.</param>
/// <param name="findings">The findings.</param>
/// <param name="controls">Every control.</param>
internal sealed class FindingNotifications(TenantId tenant, IFindingStore findings, ControlCatalogue controls) : INotificationSource
{
    // What these are about has a name of its own; any other may be a person.
    private static readonly HashSet<string> Nameable =
    [
        SubjectTypes.Application,
        SubjectTypes.ServicePrincipal,
        SubjectTypes.Vault,
        SubjectTypes.VaultSecret,
        SubjectTypes.VaultKey,
        SubjectTypes.VaultCertificate,
        SubjectTypes.StorageAccount,
        SubjectTypes.Resource,
        SubjectTypes.Subscription,
        SubjectTypes.Source,
        SubjectTypes.Queue,
        SubjectTypes.Container,
        SubjectTypes.Control,
        SubjectTypes.Pause,
    ];

    /// <inheritdoc/>
    public async Task<IReadOnlyList<NotificationItem>> LoadAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var items = new List<NotificationItem>();
        await foreach (var finding in findings.ListOpenAsync(tenant.Value, cancellationToken))
            if (finding.Status == FindingStatus.Open)
                items.AddRange(Items(finding, Title(finding.Detection.ControlId)));
        return items;
    }

    // A control of another version of this app has its id alone.
    private string Title(string control) => controls.Contains(control) ? controls.Get(control).Title : control;

    /// <summary>What is to be notified of an open finding. Its reason is left out: it may name people.</summary>
    /// <param name="finding">The finding.</param>
    /// <param name="title">Title of its control.</param>
    public static IEnumerable<NotificationItem> Items(Finding finding, string title)
    {
        ArgumentNullException.ThrowIfNull(finding);
        var d = finding.Detection;
        var isUrgent = d.Severity == Severity.Critical;
        var key = string.Create(CultureInfo.InvariantCulture, $"finding {finding.Id} {finding.OpenedAt.UtcDateTime:O} {finding.Reopened}");
        var detail = Nameable.Contains(d.Subject.Type)
            ? $"{finding.Id}: {d.Subject.Name}{(d.Unknown ? " (could not be read)" : "")}"
            : finding.Id;
        var next = $"compliance findings {finding.Id}";
        var isKnown = d.Owner is { Address.Length: > 0 } && !IsOnlyTag(d.Owner);
        if (isKnown)
            yield return Item(key, new Audience(null, d.Owner!.Address, new HashSet<string>()) { ObjectId = d.Owner.Id });
        // What is critical is the admins' as well.
        if (isUrgent || !isKnown)
            yield return Item($"{key} admin", new Audience(NotificationRole.Admin, null, new HashSet<string>()));

        // Whoever may tag a resource could name any address, outside the tenant too: mail goes where the directory or a policy knows it.
        static bool IsOnlyTag(Person owner) => owner is { Id: null, Via: "tag" };

        NotificationItem Item(string itsKey, Audience audience) =>
            new(itsKey, isUrgent, d.Severity, title, detail, next, audience) { Id = finding.Id };
    }
}
