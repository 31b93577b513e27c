using Compliance.Controls;

namespace Compliance.Notifications;

/// <summary>The controls of whether people learn what waits for them.</summary>
internal static class NotificationControls
{
    /// <summary>Every notification arrives.</summary>
    public const string NotDelivered = "NOTIFY-001";

    /// <summary>Whatever waits for people has people who are notified of it.</summary>
    public const string NoRecipient = "NOTIFY-002";

    /// <summary>All of them.</summary>
    public static ControlCatalogue Catalogue { get; } =
        new(
            new(
                NotDelivered,
                "Notification could not be delivered",
                Severity.High,
                "An approver who is never notified cannot approve, and a leaver keeps all access meanwhile.",
                [Clauses.CommonCriteriaMonitoring, Clauses.Evaluation, Clauses.AiEvaluation]
            ),
            new(
                NoRecipient,
                "Too few people are notified of what waits for them",
                Severity.High,
                "A request that reaches fewer people than have to agree waits for ever.",
                [Clauses.CommonCriteriaMonitoring, Clauses.Evaluation, Clauses.AiEvaluation]
            )
        );
}
