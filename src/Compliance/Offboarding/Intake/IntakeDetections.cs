using System.Globalization;
using Compliance.Findings;
using Compliance.Offboarding.Cases;

namespace Compliance.Offboarding.Intake;

/// <summary>Words the intake's findings. Pure. Texts hold dates and not ages, so that they stay the same from day to day.</summary>
internal static class IntakeDetections
{
    /// <summary>Another event with a sequence that is taken says something else.</summary>
    public static Detection Conflicting(LeaverCase known, HrEvent second, OffboardingPolicy policy) =>
        Create(
            OffboardingControls.EventRefused,
            CaseFindings.SubjectOf(known.Id),
            SequencePart(second.Sequence),
            IntakeSources.EventsSource,
            $"Two events of this employment have sequence {Text(second.Sequence)} and differ; the first to arrive, "
                + $"{HrEventKeys.Create(known.Latest.Source, known.Latest.Id)}, holds, "
                + $"the other, {HrEventKeys.Create(second.Source, second.Id)}, has no effect",
            "Let HR send what is right with a higher sequence",
            policy
        );

    /// <summary>An event that cannot be taken in.</summary>
    public static Detection Refused(HrEventException refused, string trigger, OffboardingPolicy policy) =>
        Create(
            OffboardingControls.EventRefused,
            new(IntakeSources.EventSubject, refused.Key, refused.Key),
            "",
            IntakeSources.EventsSource,
            $"It came by {trigger} and cannot be taken in: {string.Join("; ", refused.Problems)}",
            "Ask HR to correct the event (docs/reference/hr-events.md has its rules) and send it again with the same source and "
                + "id; whoever leaves "
                + "by it "
                + "is not blocked until then",
            policy
        );

    /// <summary>The webhook refused many requests in an hour.</summary>
    public static Detection ManyRefused(long count, DateTimeOffset hour, OffboardingPolicy policy) =>
        Create(
            OffboardingControls.EventRefused,
            new(SubjectTypes.Source, IntakeSources.WebhookSource, "the HR webhook"),
            "",
            IntakeSources.WebhookSource,
            $"It refused {Text(count)} requests or more in the hour that began at {Text(hour)}: somebody forges events, or HR signs with "
                + "a wrong key or clock",
            "See the reasons in the log and the evidence records offboarding.hr-event.refused. If HR sends them, check the key (secret "
                + "hr-webhook-key) and HR's clock; if not, close the address to whoever does",
            policy
        );

    /// <summary>Somebody is past the leave date in the directory and can still sign in, and no event came.</summary>
    public static Detection PastLeaveDate(LeavingUser user, OffboardingPolicy policy) =>
        NeverCame(
            user,
            IntakeSources.UsersSource,
            "leave-date",
            $"According to the directory, this person left at {Text(user.LeavesAt!.Value)}. The account can sign in, and no HR event came",
            policy
        );

    /// <summary>Somebody with an employee id is not on HR's roster any more, and no event came.</summary>
    public static Detection GoneFromRoster(LeavingUser user, OffboardingPolicy policy) =>
        NeverCame(
            user,
            IntakeSources.RosterPeopleSource,
            "roster",
            $"HR's roster does not list employee id {user.EmployeeId} as employed. The account can sign in, and no HR event came",
            policy
        );

    /// <summary>The roster cannot be used.</summary>
    public static Detection RosterUnusable(string why, OffboardingPolicy policy) =>
        Create(
            OffboardingControls.HrSilent,
            new(SubjectTypes.Source, IntakeSources.RosterSource, $"the HR roster {policy.Roster}"),
            "",
            IntakeSources.RosterSource,
            $"{why}. No user was compared with it",
            "Let HR write its roster again as docs/reference/hr-events.md describes, or correct the policy's roster",
            policy
        ) with
        {
            Unknown = true,
        };

    /// <summary>HR was not heard of for too long.</summary>
    public static Detection Silent(DateTimeOffset? lastHeard, TimeSpan heartbeat, OffboardingPolicy policy) =>
        Create(
            OffboardingControls.HrSilent,
            new(SubjectTypes.Source, IntakeSources.HeartbeatSource, "HR"),
            "",
            IntakeSources.HeartbeatSource,
            $"{(lastHeard is { } at ? $"HR was last heard of at {Text(at)}" : "HR was never heard of")}; policy expects an event or a "
                + $"roster every {Text(heartbeat)}",
            "Check that HR's events and roster still arrive: a leaver who is not reported keeps all access",
            policy
        ) with
        {
            Unknown = true,
        };

    /// <summary>The users of the tenant could not be read.</summary>
    public static Detection UsersUnread(SourceOutcome outcome, OffboardingPolicy policy) =>
        Create(
            FindingControls.SourceNotRead,
            outcome.Subject ?? new(SubjectTypes.Source, IntakeSources.UsersSource, "users"),
            "",
            IntakeSources.UsersSource,
            $"{outcome.Reason}. No user could be compared with "
                + $"HR{(outcome.Permission is { } missing ? $". Missing permission: {missing}" : "")}",
            outcome.Remedy ?? "Run the check again",
            policy
        ) with
        {
            Unknown = true,
        };

    /// <summary>The part of a finding about events with one sequence.</summary>
    public static string SequencePart(long sequence) => $"sequence-{Text(sequence)}";

    private static Detection NeverCame(LeavingUser user, string source, string part, string reason, OffboardingPolicy policy) =>
        Create(
            OffboardingControls.EventNeverCame,
            new(IntakeSources.UserSubject, user.Id, user.PrincipalName),
            part,
            source,
            reason,
            "Ask HR. If the person left: let HR send hr.employee.terminated with forCause, or offboard by hand; if not: correct the "
                + "leave date in the directory, or the roster",
            policy
        );

    private static Detection Create(
        string control,
        Subject subject,
        string part,
        string source,
        string reason,
        string next,
        OffboardingPolicy policy
    ) =>
        new()
        {
            ControlId = control,
            Severity = OffboardingControls.SeverityOf(control, policy),
            Subject = subject,
            Part = part,
            Source = source,
            Reason = reason,
            NextStep = next,
            Owner = policy.Contact is { } contact ? new(null, contact, contact, "policy") : null,
        };

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm'Z'", CultureInfo.InvariantCulture);

    private static string Text(TimeSpan span) =>
        span.TotalHours % 24 == 0
            ? $"{span.TotalDays.ToString(CultureInfo.InvariantCulture)} days"
            : $"{span.TotalHours.ToString("0.##", CultureInfo.InvariantCulture)} hours";
}
