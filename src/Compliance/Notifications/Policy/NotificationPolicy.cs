using Compliance.Notifications.Messages;

namespace Compliance.Notifications.Policy;

/// <summary>Who is notified, and when. Read from <c>policy/notifications.yaml</c>, checked against the schema that ships with it.</summary>
/// <param name="Sha256">SHA-256 of the file, lower-case hex.</param>
/// <param name="Hours">Hours of everybody who has none of their own.</param>
/// <param name="People">The people by name.</param>
internal sealed record NotificationPolicy(string Sha256, WorkingHours Hours, IReadOnlyList<NotifiedPerson> People);

/// <summary>A person whom the policy names.</summary>
/// <param name="ObjectId">Entra object id; null when the policy gives none.</param>
/// <param name="Address">Mail address.</param>
/// <param name="Roles">What they are notified for; none for the owner of findings alone.</param>
/// <param name="Hours">Their hours.</param>
internal sealed record NotifiedPerson(string? ObjectId, string Address, IReadOnlySet<NotificationRole> Roles, WorkingHours Hours);
