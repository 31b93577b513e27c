using System.Globalization;
using Compliance.Controls;
using Compliance.Findings;
using Compliance.Offboarding.Cases;

namespace Compliance.Offboarding.Intake;

/// <summary>Findings about HR events.</summary>
internal static class IntakeFindings
{
    /// <summary>Kind of subject: an HR event, by its key.</summary>
    public const string EventSubject = "hrEvent";

    /// <summary>The feed of HR events as a whole.</summary>
    public static Subject Feed { get; } = new(SubjectTypes.Source, "hr/events", "HR events");

    /// <summary>The source of findings about contradictions in one case: the next event of the case settles them.</summary>
    public static string CaseSource(string caseId) => $"hr/case/{caseId}";

    /// <summary>The source of a finding about one refused event.</summary>
    public static string EventSource(string key) => $"hr/event/{key}";

    /// <summary>Two events with one sequence say different things.</summary>
    public static Detection Contradiction(OffboardingPolicy policy, LeaverCase @case, string key) => new()
    {
        ControlId = LeaverControls.RefusedEvent,
        Severity = SeverityOf(policy, LeaverControls.RefusedEvent),
        Subject = CaseFindings.SubjectOf(@case.Id),
        Part = @case.Sequence.ToString(CultureInfo.InvariantCulture),
        Source = CaseSource(@case.Id),
        Reason = string.Create(CultureInfo.InvariantCulture, $"HR sent two different events with sequence {@case.Sequence} (the last to come is event {key[..16]}); the first was kept"),
        NextStep = "Ask HR which of the two holds, and have it sent again with a higher sequence: that settles it.",
        Owner = Contact(policy),
    };

    /// <summary>An event that could not be taken in.</summary>
    public static Detection Refused(OffboardingPolicy policy, string key, string? id, string reason) => new()
    {
        ControlId = LeaverControls.RefusedEvent,
        Severity = SeverityOf(policy, LeaverControls.RefusedEvent),
        Subject = new(EventSubject, key, id ?? "(no id)"),
        Source = EventSource(key),
        Reason = $"it was not taken in: {reason}",
        NextStep = "Find the message in the poison queue, have HR mend what the reason names, and have the event sent again.",
        Owner = Contact(policy),
    };

    /// <summary>Severity of a control under the policy.</summary>
    public static Severity SeverityOf(OffboardingPolicy policy, string controlId) =>
        policy.Severities.TryGetValue(controlId, out var set) ? set : ControlCatalogue.Get(controlId).Severity;

    /// <summary>Whom the policy names for findings.</summary>
    public static Person? Contact(OffboardingPolicy policy) => policy.Contact is { } contact ? new(null, contact, contact, "policy") : null;
}
