namespace Compliance.Offboarding;

/// <summary>
/// What an HR system says of one employment. Parsed from a CloudEvents 1.0 event, see <c>schemas/hr-event.schema.json</c>.
/// </summary>
/// <param name="Source">CloudEvents <c>source</c>; with <paramref name="Id"/> it names the event, so that a repeat is known.</param>
/// <param name="Id">CloudEvents <c>id</c>.</param>
/// <param name="Kind">What happened.</param>
/// <param name="Time">When HR says it happened (UTC).</param>
/// <param name="EmployeeId">HR's id of the person.</param>
/// <param name="Employment">Which employment of that person: someone rehired has another.</param>
/// <param name="Sequence">Grows with every event of the employment; the highest wins, in whatever order events arrive.</param>
/// <param name="Leaves">When access ends; null for a cancellation or a rehiring.</param>
/// <param name="ForCause">True when access ends at once, whatever the date.</param>
/// <param name="PrincipalName">User principal name as HR knows it; null when not given.</param>
/// <param name="Mail">Mail address as HR knows it; null when not given.</param>
public sealed record HrEvent(
    string Source,
    string Id,
    HrEventKind Kind,
    DateTimeOffset Time,
    string EmployeeId,
    string Employment,
    long Sequence,
    Leaving? Leaves,
    bool ForCause,
    string? PrincipalName,
    string? Mail
);

/// <summary>The events of an employment's end.</summary>
public enum HrEventKind
{
    /// <summary><c>hr.employee.terminated</c></summary>
    Terminated,

    /// <summary><c>hr.employee.termination.rescheduled</c></summary>
    Rescheduled,

    /// <summary><c>hr.employee.termination.cancelled</c></summary>
    Cancelled,

    /// <summary><c>hr.employee.rehired</c></summary>
    Rehired,

    /// <summary>No event: the case was started for cause (<see cref="ForCauseStart"/>), and HR has not reported on it.</summary>
    NotReported,
}

/// <summary>The moment of leaving, as HR means it: a wall-clock time where the person works.</summary>
/// <param name="Local">Date and time on the wall, without an offset.</param>
/// <param name="TimeZone">IANA time zone, for example <c>Europe/Berlin</c>.</param>
public sealed record Leaving(DateTime Local, string TimeZone);
