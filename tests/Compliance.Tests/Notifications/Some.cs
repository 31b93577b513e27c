using Compliance.Changes.Approvals;
using Compliance.Controls;
using Compliance.Notifications.Messages;

namespace Compliance.Tests.Notifications;

internal static class Some
{
    public const string Tenant = "11111111-1111-1111-1111-111111111111";

    /// <summary>A Monday, at 10 h UTC.</summary>
    public static readonly DateTimeOffset Monday = new(2027, 1, 4, 10, 0, 0, TimeSpan.Zero);

    public static readonly IReadOnlySet<string> NoOne = new HashSet<string>();

    public static ApprovalRequest Request(params ApprovalAnswer[] answers) =>
        new()
        {
            Id = "leaver-1-abc",
            TenantId = Tenant,
            PlanId = new string('a', 64),
            CaseId = "leaver-1",
            SubjectId = "lea",
            Requesters = ["rita"],
            Reasons = ["Lea Lambert is a protected account"],
            Guards = ["protected"],
            PolicySha256 = new string('b', 64),
            AskedAt = Monday,
            Deadline = Monday.AddHours(24),
            InstanceId = "i",
            Answers = answers,
        };

    public static Recipient Mail(string address, string? id = null, params NotificationRole[] roles) =>
        new(ChannelKind.Mail, address, id, roles.ToHashSet(), WorkingHours.Default);

    public static NotificationItem Item(
        string key,
        bool isUrgent = true,
        Severity severity = Severity.High,
        NotificationRole? role = NotificationRole.Admin,
        string? address = null
    ) => new(key, isUrgent, severity, $"Title of {key}", $"Detail of {key}", $"compliance show {key}", new(role, address, NoOne));
}
