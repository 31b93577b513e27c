using System.Globalization;
using Compliance.Findings;
using Compliance.Offboarding.Cases;

namespace Compliance.Offboarding.Intake;

/// <summary>What a daily watch has seen.</summary>
/// <param name="Users">The users that HR should know of.</param>
/// <param name="Roster">HR's roster; null when policy has none or it cannot be used.</param>
/// <param name="RosterProblem">Why the roster cannot be used; null when it can, or there is none.</param>
/// <param name="Cases">All cases of the tenant.</param>
/// <param name="LastEvent">When the latest event arrived (UTC); null when none ever did.</param>
internal sealed record WatchSeen(
    LeavingUsers Users,
    HrRoster? Roster,
    string? RosterProblem,
    IReadOnlyList<LeaverCase> Cases,
    DateTimeOffset? LastEvent
);

/// <summary>Says who left without an event, and whether HR is still there. Pure.</summary>
internal static class LeaverWatchRules
{
    /// <summary>A roster with a smaller share of the last accepted one's people is not believed.</summary>
    public const double LeastShare = 0.5;

    /// <summary>The greatest age of a roster where policy sets no heartbeat.</summary>
    public static readonly TimeSpan OldestRoster = TimeSpan.FromDays(7);

    /// <summary>So long a refused event that cannot be distinguished, or an id used twice, stays a finding.</summary>
    public static readonly TimeSpan RefusedKept = TimeSpan.FromDays(90);

    private static readonly TimeSpan ClockSkew = TimeSpan.FromHours(1);

    /// <summary>Why a roster is not believed; null when it is.</summary>
    /// <param name="roster">The roster as read.</param>
    /// <param name="lastCount">How many people the last accepted one had; null when there was none.</param>
    /// <param name="policy">For the heartbeat.</param>
    /// <param name="now">The clock's time.</param>
    public static string? Disbelieve(HrRoster roster, long? lastCount, OffboardingPolicy policy, DateTimeOffset now)
    {
        var oldest = policy.Heartbeat ?? OldestRoster;
        if (roster.Employed.Count == 0)
            return "It lists no one";
        if (now - roster.AsOf > oldest)
            return $"It is as of {Text(roster.AsOf)}; policy expects one every "
                + $"{oldest.TotalHours.ToString("0.##", CultureInfo.InvariantCulture)} hours";
        if (roster.AsOf > now + ClockSkew)
            return $"It is as of {Text(roster.AsOf)}, which lies ahead";
        if (lastCount is { } last && roster.Employed.Count < last * LeastShare)
            return $"It lists {roster.Employed.Count} people, fewer than half of the {last} of the last accepted one";
        return null;
    }

    /// <summary>What is wrong now.</summary>
    public static IReadOnlyList<Detection> Evaluate(WatchSeen seen, OffboardingPolicy policy, DateTimeOffset now)
    {
        var found = new List<Detection>();
        if (seen.Users.Outcome.Complete)
        {
            var employees = seen.Cases.Where(IsUnderWay).Select(c => c.EmployeeId).ToHashSet(StringComparer.OrdinalIgnoreCase);
            var users = seen.Cases.Where(IsUnderWay).Select(c => c.UserId).OfType<string>().ToHashSet(StringComparer.OrdinalIgnoreCase);
            foreach (
                var user in seen.Users.Users.Where(u => !users.Contains(u.Id) && !(u.EmployeeId is { } id && employees.Contains(id.Trim())))
            )
            {
                if (user.LeavesAt < now)
                    found.Add(IntakeDetections.PastLeaveDate(user, policy));
                if (seen.Roster is { } roster && user.EmployeeId is { } id && !roster.Employed.Contains(id.Trim()))
                    found.Add(IntakeDetections.GoneFromRoster(user, policy));
            }
        }
        else
        {
            found.Add(IntakeDetections.UsersUnread(seen.Users.Outcome, policy));
        }
        if (seen.RosterProblem is { } problem)
            found.Add(IntakeDetections.RosterUnusable(problem, policy));
        var heard = seen.Roster is { } fresh && !(seen.LastEvent > fresh.AsOf) ? fresh.AsOf : seen.LastEvent;
        if (policy.Heartbeat is { } heartbeat && !(now - heard <= heartbeat))
            found.Add(IntakeDetections.Silent(heard, heartbeat, policy));
        return found;
    }

    /// <summary>What was read to its end, and so what may be resolved.</summary>
    public static Coverage Covered(WatchSeen seen, OffboardingPolicy policy)
    {
        var outcomes = new List<SourceOutcome>
        {
            seen.Users.Outcome,
            new(IntakeSources.HeartbeatSource, Complete: true, 1),
            new(IntakeSources.EventsSource, Complete: true, 1),
            new(IntakeSources.WebhookSource, Complete: true, 1),
        };
        if (policy.Roster is not null)
        {
            outcomes.Add(new(IntakeSources.RosterSource, seen.RosterProblem is null, seen.Roster?.Employed.Count ?? 0));
            outcomes.Add(
                new(IntakeSources.RosterPeopleSource, seen.RosterProblem is null && seen.Users.Outcome.Complete, seen.Users.Users.Count)
            );
        }
        var none = new HashSet<string>();
        return new(outcomes, none, none);
    }

    /// <summary>
    /// Whether a finding about refused events stands: a refused event until it came again and was taken in, a sequence used twice until a
    /// higher one holds, many refusals for a day.
    /// </summary>
    /// <param name="finding">The finding.</param>
    /// <param name="taken">The event it is about, when it was taken in; null when not.</param>
    /// <param name="cases">All cases of the tenant.</param>
    /// <param name="now">The clock's time.</param>
    public static bool HoldsStill(Finding finding, TakenEvent? taken, IReadOnlyList<LeaverCase> cases, DateTimeOffset now) =>
        finding.Detection.Subject.Type switch
        {
            IntakeSources.EventSubject => !(taken?.ReceivedAt >= finding.OpenedAt) && now - finding.ChangedAt <= RefusedKept,
            CaseFindings.SubjectType => !cases.Any(c => c.Id == finding.Detection.Subject.Id && IsPast(finding.Detection.Part, c.Sequence)),
            _ => now - finding.ChangedAt < TimeSpan.FromDays(1),
        };

    // A case that ended covers nobody any more.
    private static bool IsUnderWay(LeaverCase known) =>
        known.Stage is not (LeaverStage.Cancelled or LeaverStage.Closed or LeaverStage.Restored);

    private static bool IsPast(string part, long sequence) =>
        long.TryParse(part.AsSpan(part.LastIndexOf('-') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var used)
        && sequence > used;

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm'Z'", CultureInfo.InvariantCulture);
}
