using System.Globalization;
using Compliance.Changes.Approvals;
using Compliance.Controls;
using Compliance.Notifications.Messages;
using Compliance.Storage;

namespace Compliance.Notifications.Sources;

/// <summary>Requests for approval that wait for answers.</summary>
internal sealed class RequestNotifications(TenantId tenant, ApprovalBoard approvals) : INotificationSource
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<NotificationItem>> LoadAsync(DateTimeOffset now, CancellationToken cancellationToken) =>
        [.. (await approvals.OpenAsync(tenant.Value, now, cancellationToken)).SelectMany(r => Items(r, now))];

    /// <summary>What is to be notified of an open request. Its reasons are left out: they may name people.</summary>
    public static IEnumerable<NotificationItem> Items(ApprovalRequest request, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(request);
        string[] agreed =
        [
            .. request
                .Answers.Where(a => a.Approve && ApprovalRules.IsValid(request, a, now))
                .Select(a => a.ApproverId.Trim())
                .Except(request.Ended, StringComparer.OrdinalIgnoreCase)
                .Distinct(StringComparer.OrdinalIgnoreCase),
        ];
        // Who has answered is not asked again; whom it is about and who asked for it may not answer.
        var except = request.Requesters.Append(request.SubjectId).Concat(agreed).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var due = request.Deadline.UtcDateTime.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);
        var detail = string.Create(
            CultureInfo.InvariantCulture,
            $"Request {request.Id}: {agreed.Length} of {request.PeopleNeeded} have agreed. Held by: {string.Join(", ", request.Guards)}."
        );
        // Who has agreed is asked again once their yes counts no more: that is another occasion, to them and to those who wait with them.
        var over = request.Answers.Count(a => a.Approve && !(ApprovalRules.IsValid(request, a, now) && !IsEnded(request, a)));
        var again = over == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" again {over}");
        var key = string.Create(CultureInfo.InvariantCulture, $"request {request.Id} {request.AskedAt.UtcDateTime:O}{again}");
        var missing = request.PeopleNeeded - agreed.Length;
        var audience = new Audience(NotificationRole.Approver, null, except, missing);
        yield return Item(key, Severity.High, "Your approval is asked for", $"{detail} Answer by {due}.", audience);
        // The owner's yes is one of those needed: a mail goes to them whatever their roles in the policy of notifications.
        if (ApprovalRules.NeededOwner(request) is { } owner && !agreed.Contains(owner, StringComparer.OrdinalIgnoreCase))
            if (request.OwnerAddress is { Length: > 0 } address)
                yield return Item(
                    $"{key} owner",
                    Severity.High,
                    "Your approval is asked for, as the owner of the data",
                    $"{detail} Answer by {due}.",
                    new Audience(null, address, except) { ObjectId = owner }
                );
        if (now <= request.Deadline)
            yield break;
        var late = $"{detail} The deadline was {due}; what is asked about stays as it is until enough have answered.";
        const string Overdue = "Request for approval is past its deadline";
        yield return Item($"{key} overdue", Severity.Critical, Overdue, late, audience with { PeopleNeeded = 0 });
        var admins = new Audience(NotificationRole.Admin, null, except);
        yield return Item($"{key} overdue admin", Severity.Critical, Overdue, late, admins);

        NotificationItem Item(string itsKey, Severity severity, string title, string text, Audience whom) =>
            new(itsKey, true, severity, title, text, $"compliance approvals show {request.Id}", whom)
            {
                Id = request.Id,
                CaseId = request.CaseId.Length == 0 ? null : request.CaseId,
            };
    }

    private static bool IsEnded(ApprovalRequest request, ApprovalAnswer answer) =>
        request.Ended.Contains(answer.ApproverId.Trim(), StringComparer.OrdinalIgnoreCase);
}
