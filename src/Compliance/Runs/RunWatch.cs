using System.Globalization;
using Compliance.Controls;
using Compliance.Findings;

namespace Compliance.Runs;

/// <summary>Says which scheduled controls did not run as they should. Pure.</summary>
internal static class RunWatch
{
    /// <summary>The control: every scheduled control runs.</summary>
    public const string Missed = "RUN-001";

    /// <summary>Part of a finding about a run that is overdue.</summary>
    public const string OverduePart = "overdue";

    /// <summary>Part of a finding about runs that keep ending without having read everything.</summary>
    public const string IncompletePart = "incomplete";

    /// <summary>Part of a finding about a run later than now.</summary>
    public const string ClockPart = "clock";

    /// <summary>So many periods without a complete run are too many.</summary>
    public const int MaxPeriodsIncomplete = 3;

    /// <summary>Clocks of two machines may differ by so much.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(1);

    /// <summary>What is wrong now. The texts hold dates and not ages, so that they stay the same from one watch to the next.</summary>
    /// <param name="runs">What is remembered, by control.</param>
    /// <param name="expected">What should run.</param>
    /// <param name="now">The instant to judge by. A run is overdue from the instant after last run + every + tolerance.</param>
    public static IReadOnlyList<Detection> Evaluate(
        IReadOnlyDictionary<string, ControlRuns> runs,
        IReadOnlyCollection<ScheduledControl> expected,
        DateTimeOffset now
    ) =>
        [
            .. expected
                .OrderBy(c => c.Name, StringComparer.Ordinal)
                .SelectMany(control =>
                    runs.TryGetValue(control.Name, out var known) ? Evaluate(control, known, now) : [NothingKnown(control)]
                ),
        ];

    private static IEnumerable<Detection> Evaluate(ScheduledControl control, ControlRuns known, DateTimeOffset now)
    {
        var last = known.LastRun?.StartedAt;
        var latest = last > known.ExpectedSince ? last.Value : known.ExpectedSince;
        // A clock that went backwards would make every control look punctual for as long as it takes to catch up.
        if (latest > now + ClockSkew)
        {
            yield return LaterThanClock(control, latest);
            yield break;
        }
        var due = (last ?? known.ExpectedSince) + control.Every;
        if (now > due + control.Tolerance)
            yield return Overdue(control, known, due);
        var complete = known.LastComplete ?? known.ExpectedSince;
        if (last > complete && now > complete + (control.Every * MaxPeriodsIncomplete))
            yield return Incomplete(control, known);
    }

    private static Detection NothingKnown(ScheduledControl control) =>
        Found(control, OverduePart, "Nothing is known of its runs, not even since when it is expected", RunByHand(control)) with
        {
            Unknown = true,
        };

    private static Detection LaterThanClock(ScheduledControl control, DateTimeOffset latest) =>
        Found(
            control,
            ClockPart,
            $"Its last run or its begin is at {Text(latest)}, later than the clock: the clock went backwards, and until it "
                + "has caught up it is not known whether runs were missed",
            $"Set the clock right (an app started with a set time leaves such marks as well); then {LowerFirst(RunByHand(control))}"
        ) with
        {
            Unknown = true,
        };

    private static Detection Overdue(ScheduledControl control, ControlRuns known, DateTimeOffset due) =>
        Found(
            control,
            OverduePart,
            known.LastRun?.StartedAt is { } ran
                ? $"It last ran at {Text(ran)}, should have run again by {Text(due)} and did not within the "
                    + $"{Text(control.Tolerance)} allowed"
                : $"It never ran: it is expected since {Text(known.ExpectedSince)}, should have run by {Text(due)} and did "
                    + $"not within the {Text(control.Tolerance)} allowed",
            RunByHand(control)
        );

    private static Detection Incomplete(ScheduledControl control, ControlRuns known) =>
        Found(
            control,
            IncompletePart,
            known.LastComplete is { } good
                ? $"Its runs end without having read everything since the one at {Text(good)}"
                : $"None of its runs has read everything since {Text(known.ExpectedSince)}",
            "Correct what its unknown findings (GAP-001, RUN-002) name, usually a missing permission; then "
                + LowerFirst(RunByHand(control))
        );

    private static Detection Found(ScheduledControl control, string part, string reason, string next) =>
        new()
        {
            ControlId = Missed,
            Severity = Severity.High,
            Subject = new(SubjectTypes.Control, control.Name, control.Name),
            Part = part,
            Source = Sources.Schedule,
            Reason = reason,
            NextStep = next,
        };

    private static string RunByHand(ScheduledControl control) =>
        $"Fire it by hand: POST /admin/functions/{control.Function ?? control.Name} with the master key in header x-functions-key and "
        + $"the body {{\"input\":\"\"}}; then find out from the log why its timer did not";

    private static string LowerFirst(string text) => char.ToLowerInvariant(text[0]) + text[1..];

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Text(TimeSpan span) => span.ToString("c", CultureInfo.InvariantCulture);
}
