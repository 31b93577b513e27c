namespace Compliance.Offboarding.Cases;

/// <summary>What an event did to its case.</summary>
public enum IntakeOutcome
{
    /// <summary>The case's orchestration has to be started; given again until it is confirmed to be.</summary>
    Started,

    /// <summary>The case was changed; its orchestration is to be notified.</summary>
    Updated,

    /// <summary>The event was taken in before.</summary>
    Repeat,

    /// <summary>A later event of the employment is in force.</summary>
    Stale,
}

/// <summary>What becomes of a case by an event.</summary>
/// <param name="Case">The case afterwards.</param>
/// <param name="Outcome">What to do.</param>
/// <param name="Conflict">True when another event with the same sequence says something else: the first stays.</param>
internal sealed record Taken(LeaverCase Case, IntakeOutcome Outcome, bool Conflict = false);

/// <summary>
/// Folds events into cases. Pure. The event with the highest sequence is what holds, so that any order and any repeats of the same events
/// give the same case.
/// </summary>
internal static class CaseRules
{
    /// <summary>How long a case or the evidence of an event may take by itself before the sweep starts it.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(2);

    /// <summary>How many acts a case keeps one by one until they are on record.</summary>
    public const int MaxUnrecorded = 20;

    /// <summary>So long somebody who left is known as a leaver by whatever does not read all cases ever.</summary>
    public static readonly TimeSpan Remembered = TimeSpan.FromDays(400);

    /// <summary>Takes an event in.</summary>
    /// <param name="tenantId">Entra tenant id.</param>
    /// <param name="known">The employment's case; null when there is none.</param>
    /// <param name="hrEvent">The event.</param>
    /// <param name="now">When it arrived.</param>
    /// <param name="caseId">Id of the case, when it is not the employment's own: see <see cref="IdOf"/>.</param>
    public static Taken Take(string tenantId, LeaverCase? known, HrEvent hrEvent, DateTimeOffset now, string? caseId = null)
    {
        if (known is null)
            return Outcome(First(tenantId, hrEvent, now, caseId), IntakeOutcome.Updated);
        if (hrEvent.Sequence < known.Sequence)
            return Outcome(known, IntakeOutcome.Stale);
        if (hrEvent.Sequence > known.Sequence)
            return Outcome(Next(known, hrEvent, now), IntakeOutcome.Updated);
        // What an event held whose details were erased is not known any more.
        return known.EmployeeId == LeaverCase.Erased || SameContent(known.Latest, hrEvent)
            ? Outcome(known, IntakeOutcome.Repeat)
            : Outcome(known, IntakeOutcome.Stale) with
            {
                Conflict = true,
            };
    }

    /// <summary>
    /// Which of a person's cases an event is about: its employment's own, or one that was started for cause while HR had not reported on
    /// the employment.
    /// </summary>
    /// <param name="own">Id of the employment's own case.</param>
    /// <param name="started">Id that a case has which was started for cause without HR.</param>
    /// <param name="employment">The event's employment.</param>
    /// <param name="ids">Ids of the person's cases.</param>
    /// <param name="cases">Those of them that are there.</param>
    public static string IdOf(string own, string started, string employment, IReadOnlyList<string> ids, IReadOnlyList<LeaverCase> cases)
    {
        if (ids.Contains(own, StringComparer.Ordinal))
            return own;
        if (cases.FirstOrDefault(c => c.Employment == employment) is { } joined)
            return joined.Id;
        if (cases.FirstOrDefault(c => c.Employment.Length == 0) is { } free)
            return free.Id;
        return cases.All(c => c.Id != started) && ids.Contains(started, StringComparer.Ordinal) ? started : own;
    }

    /// <summary>
    /// Which of a person's cases a start for cause joins: one that goes on, or whose employment does, or that is watched; else one of its
    /// own.
    /// </summary>
    /// <param name="started">Id of a case of its own.</param>
    /// <param name="ids">Ids of the person's cases, in the order in which they were first heard of.</param>
    /// <param name="cases">Those of them that are there. One whose details were erased is joined no more.</param>
    /// <param name="now">The clock's time.</param>
    public static string IdOfStart(string started, IReadOnlyList<string> ids, IReadOnlyList<LeaverCase> cases, DateTimeOffset now)
    {
        // One that is noted and not there is just being made.
        if (ids.FirstOrDefault(id => cases.All(c => c.Id != id)) is { } coming)
            return coming;
        return cases
                .Where(c =>
                    c.EmployeeId != LeaverCase.Erased
                    && c.EmployedIn is null
                    && (IsActing(c) || IsTakenBack(c) || c.DueAt > now || c.Stage == LeaverStage.Clear)
                )
                .OrderByDescending(IsActing)
                .ThenBy(c => c.Stage == LeaverStage.Clear)
                .ThenByDescending(c => c.Latest.Time)
                .FirstOrDefault()
                ?.Id
            ?? started;
    }

    /// <summary>
    /// Starts a case for cause. What HR reported stays; whoever starts again what is under way, or not confirmed yet, is answered with
    /// that.
    /// </summary>
    /// <param name="known">The person's case; null when there is none.</param>
    /// <param name="tenantId">Entra tenant id.</param>
    /// <param name="caseId">Id of the case.</param>
    /// <param name="employeeId">HR's id of the person.</param>
    /// <param name="mail">The account's mail address; null when there is none.</param>
    /// <param name="cause">The start.</param>
    public static LeaverCase Start(LeaverCase? known, string tenantId, string caseId, string employeeId, string? mail, ForCauseStart cause)
    {
        if (known is null)
        {
            // Before every sequence that HR may send.
            var latest = new HrEvent(
                "urn:compliance:for-cause",
                caseId,
                HrEventKind.NotReported,
                cause.At,
                employeeId,
                "",
                -1,
                null,
                ForCause: false,
                cause.PrincipalName,
                mail
            );
            return LeaverTransitions.Apply(First(tenantId, latest, cause.At, caseId), StageChange.Scheduled) with
            {
                Cause = cause,
                DueAt = cause.At,
            };
        }
        // Another account of the person: whoever asks gives it a case of its own.
        if (IsForCause(known) && IsOfOtherAccount(known, cause.UserId))
            return known;
        // What a refused question, or another employment, ended without a block is begun again; so is what is not watched any more.
        if (
            IsForCause(known)
            && (
                IsActing(known)
                || (known is { BlockedAt: not null, EmployedIn: null, Cause: { Outcome: null, Settled: false } } && !IsWatchOver(known))
            )
        )
            return known;
        var next = known with
        {
            EmployeeId = employeeId,
            EmployedIn = null,
            UndoRefusedAt = null,
            Cause = cause with { Number = (known.Cause?.Number ?? 0) + 1 },
        };
        next = next with { DueAt = DueOf(next, cause.At) };
        // What waits for a day, for a match or for people begins afresh; what has begun goes on.
        return next.BegunAt is not null && IsActing(next) ? next : NextRound(next);
    }

    /// <summary>True when the case's latest start named another account.</summary>
    public static bool IsOfOtherAccount(LeaverCase known, string userId) =>
        known.Cause is { UserId: not LeaverCase.Erased } cause && !string.Equals(cause.UserId, userId, StringComparison.OrdinalIgnoreCase);

    /// <summary>The second person has answered a start for cause.</summary>
    public static LeaverCase Answered(LeaverCase known, ForCauseOutcome outcome, DateTimeOffset now)
    {
        var next = known with { Cause = known.Cause! with { Outcome = outcome } };
        if (outcome == ForCauseOutcome.Confirmed)
            return next;
        next = next with { DueAt = DueOf(next, now) };
        return Leaves(next) && !IsLater(next, now) ? next : Follow(known, next, now);
    }

    /// <summary>True while a leaver who is clear is watched: the case acts again when they get access.</summary>
    public static bool IsWatched(LeaverCase known) =>
        known is { Stage: LeaverStage.Clear, UserId: not null, ClearAt: not null, EmployedIn: null } && !IsTakenBack(known);

    /// <summary>
    /// True once a leaver was watched for as long as policy has it. HR may give a later day to whom a start for cause has ended already:
    /// the watch goes on after that day.
    /// </summary>
    public static bool IsWatchedLongEnough(LeaverCase known, TimeSpan watchFor, DateTimeOffset now) =>
        known.ClearAt < now - watchFor && !(DueAt(known.Latest, now) >= now - watchFor);

    // The account may have been enabled since, without being seen.
    private static bool IsWatchOver(LeaverCase known) => known is { Stage: LeaverStage.Closed, ClearAt: not null };

    /// <summary>True while access ends for cause, beside HR.</summary>
    public static bool IsForCause(LeaverCase known) => known.Cause is { Holds: true };

    /// <summary>True when the case wants an orchestration that is not known to be started.</summary>
    public static bool IsUndispatched(LeaverCase known) => !known.Dispatched && !IsOver(known.Stage);

    /// <summary>True when an orchestration of the case has something to do: it is neither at rest nor over.</summary>
    public static bool IsActing(LeaverCase known) =>
        !IsTakenBack(known)
        && !IsOver(known.Stage)
        && known.RestedAt is null
        && known.Stage is not (LeaverStage.Clear or LeaverStage.Restoring);

    /// <summary>
    /// True when nothing is done about a case any more unless HR says something new, or somebody gets access again. Whatever the time: what
    /// could be wanted at some time is not settled.
    /// </summary>
    public static bool IsSettled(LeaverCase known) =>
        !IsActing(known)
        && known is { EmployedIn: null, IsGroupDue: false, IsNotGivenBack: false, Unrecorded: null, Cause: null or { Settled: true } }
        && (
            known.UndoRefusedAt == known.Sequence
            || !(known.IsTakenFromOther || (known.IsTaken && (IsTakenBack(known) || known.BegunAt is null)))
        );

    /// <summary>
    /// True when an approver refused to block, or to take access away, and access was to end by now. Nothing more is done, and the person
    /// keeps what they have.
    /// </summary>
    public static bool IsRefused(LeaverCase known, DateTimeOffset now) =>
        known is { Stage: LeaverStage.Closed, RestedAt: not null, ClearAt: null, EmployedIn: null }
        && known.EmployeeId != LeaverCase.Erased
        && !IsTakenBack(known)
        && !IsLater(known, now);

    /// <summary>
    /// The case with something that was done to it and is to be recorded. Beyond <see cref="MaxUnrecorded"/> the latest of its kind is
    /// replaced and counted, so that a long outage of the ledger does not let the case outgrow its row.
    /// </summary>
    public static LeaverCase Unrecorded(LeaverCase known, UnrecordedAct act)
    {
        var acts = (known.Unrecorded ?? []).ToList();
        var before = acts.Count < MaxUnrecorded ? -1 : acts.FindLastIndex(a => a.Action == act.Action);
        if (before < 0)
            acts.Add(act);
        else
            acts[before] = act with { Times = acts[before].Times + 1 };
        return known with { Unrecorded = acts };
    }

    /// <summary>The case once that is on record.</summary>
    public static LeaverCase Recorded(LeaverCase known, UnrecordedAct act) =>
        known with
        {
            Unrecorded = known.Unrecorded?.Where(u => u.Id != act.Id).ToList() is { Count: > 0 } left ? left : null,
        };

    /// <summary>True when both say the same of the employment, whatever the event's own id and time.</summary>
    public static bool SameContent(HrEvent a, HrEvent b) =>
        HrEventKeys.SameEmployee(a.EmployeeId, b.EmployeeId)
        && a with { Source = "", Id = "", Time = default } == b with { Source = "", Id = "", Time = default, EmployeeId = a.EmployeeId };

    /// <summary>
    /// True when the person of a case works on in another employment, see <see cref="OtherEmployment"/>: what they can do then is not that
    /// case's residue, and its watch ends.
    /// </summary>
    /// <param name="old">The case that is watched.</param>
    /// <param name="all">All cases of the tenant.</param>
    /// <param name="now">The clock's time: an employment whose end lies ahead still is one.</param>
    public static bool IsEmployedAgain(LeaverCase old, IEnumerable<LeaverCase> all, DateTimeOffset now) =>
        OtherEmployment(old, all.Where(c => HrEventKeys.SameEmployee(c.EmployeeId, old.EmployeeId)), now) is not null;

    /// <summary>The employment of <see cref="OtherEmployment"/>; null when there is none.</summary>
    public static string? EmployedIn(LeaverCase old, IEnumerable<LeaverCase> ofPerson, DateTimeOffset now) =>
        OtherEmployment(old, ofPerson, now)?.Employment;

    /// <summary>
    /// The case of the other employment in which the person of a case works on, as HR reported: later than on the case, or before that and
    /// the employment outlasts the case's, unless HR ends that one for cause. Null when there is none.
    /// </summary>
    /// <param name="old">The case.</param>
    /// <param name="ofPerson">
    /// All cases of the person; also those whose details were erased, since an employment may go on for longer than its details are kept.
    /// </param>
    /// <param name="now">The clock's time: an employment whose end lies ahead still is one.</param>
    public static LeaverCase? OtherEmployment(LeaverCase old, IEnumerable<LeaverCase> ofPerson, DateTimeOffset now) =>
        ofPerson
            .Where(c =>
                c.Employment != old.Employment
                && c.Employment.Length > 0
                && (IsReportedLater(c, old) || Outlasts(c, old))
                && !(IsForCause(old) && c.Latest.Time <= old.Cause!.At)
                // HR's notice of a later end does not outweigh an end for cause, unless HR had reported since that the person works there.
                && (!Leaves(c) || (c.DueAt > now && (!IsForCause(old) || old.EmployedIn == c.Employment)))
            )
            .MaxBy(c => c.Latest.Time);

    /// <summary>True when HR reported on another employment after its latest event about this one: it knows of both.</summary>
    public static bool IsReportedLater(LeaverCase other, LeaverCase old) => other.Latest.Time > old.Latest.Time;

    private static bool Outlasts(LeaverCase other, LeaverCase ending) =>
        Ends(ending.Latest) && !ending.Latest.ForCause && (!Leaves(other) || other.DueAt > DueAt(ending.Latest, ending.ReceivedAt));

    /// <summary>When access ends (UTC); null when the person stays. For cause: at once.</summary>
    public static DateTimeOffset? DueAt(HrEvent hrEvent, DateTimeOffset now)
    {
        if (!Ends(hrEvent))
            return null;
        var due = hrEvent.Leaves is { } leaves ? LeavingTime.ToUtc(leaves) : DateTimeOffset.MaxValue;
        // HR's own time rather than the arrival's, so that a repeat gives the same; a clock that runs ahead delays nothing.
        return hrEvent.ForCause ? Earliest(due, Earliest(hrEvent.Time, now)) : due;
    }

    // A start for cause ends access at once, whatever HR's date is.
    private static DateTimeOffset? DueOf(LeaverCase known, DateTimeOffset now)
    {
        var due = DueAt(known.Latest, now);
        return known.Cause is { Holds: true } cause ? Earliest(due ?? cause.At, cause.At) : due;
    }

    private static LeaverCase First(string tenantId, HrEvent hrEvent, DateTimeOffset now, string? caseId) =>
        new()
        {
            Id = caseId ?? HrEventKeys.CaseOf(tenantId, hrEvent.EmployeeId, hrEvent.Employment),
            TenantId = tenantId,
            EmployeeId = hrEvent.EmployeeId,
            Employment = hrEvent.Employment,
            Sequence = hrEvent.Sequence,
            Latest = hrEvent,
            ReceivedAt = now,
            DueAt = DueAt(hrEvent, now),
            Stage = Ends(hrEvent) ? LeaverStage.Scheduled : LeaverStage.Cancelled,
        };

    /// <summary>True when HR took the leaving back, or a start for cause was refused, whatever was done so far.</summary>
    public static bool IsTakenBack(LeaverCase known) => !Leaves(known);

    private static bool Leaves(LeaverCase known) => Ends(known.Latest) || IsForCause(known);

    /// <summary>
    /// True when a round is over for its orchestration: HR took it back, the person is employed again, or another round goes on in its
    /// place.
    /// </summary>
    public static bool IsSuperseded(LeaverCase known, int round) =>
        IsTakenBack(known) || known.EmployedIn is not null || known.Round != round;

    /// <summary>
    /// The same, or the person stays until a time that lies ahead: a change to such a case would be about the next round what is true of
    /// this one.
    /// </summary>
    public static bool IsSupersededOrLater(LeaverCase known, int round, DateTimeOffset now) =>
        IsSuperseded(known, round) || IsLater(known, now);

    /// <summary>Why a case is taken back, for people.</summary>
    public static string WhyTakenBack(LeaverCase known) =>
        known.Cause is { Outcome: ForCauseOutcome.Refused } && known.Sequence < 0
            ? "a second person refused the start for cause"
            : "HR took the leaving back";

    /// <summary>The case once its round rests, because nothing of it may act any more; the same when the round goes on.</summary>
    public static LeaverCase Rested(LeaverCase known, DateTimeOffset now)
    {
        if (IsTakenBack(known))
            return known is { BegunAt: null, BlockedAt: null } && known.Stage != LeaverStage.Cancelled
                ? LeaverTransitions.Apply(known, StageChange.TakenBack) with
                {
                    RestedAt = now,
                    Note = $"{WhyTakenBack(known)} before anything was done",
                }
                : known with
                {
                    RestedAt = now,
                };
        if (known.EmployedIn is not null)
            return AtRest(known, now);
        return known.BegunAt is not null && IsLater(known, now) ? NextRound(known) : known;
    }

    /// <summary>True when the person stays until a time that lies ahead.</summary>
    public static bool IsLater(LeaverCase known, DateTimeOffset now) =>
        Ends(known.Latest) && !known.Latest.ForCause && !IsForCause(known) && known.DueAt > now;

    /// <summary>
    /// True when what was taken is to be given back, once two people agree: all of it while the person stays, and what was taken from
    /// somebody else once the leaver is known.
    /// </summary>
    public static bool IsUndoWanted(LeaverCase known, DateTimeOffset now) =>
        known.UndoRefusedAt != known.Sequence
        && (IsStaying(known, now) ? known.IsTaken || known.IsTakenFromOther : known.IsTakenFromOther && known.BegunAt is not null);

    /// <summary>True when the person may keep working now, as HR says, and no round acts against it any more.</summary>
    public static bool IsStaying(LeaverCase known, DateTimeOffset now) =>
        IsTakenBack(known) || (known.BegunAt is null && IsLater(known, now));

    private static LeaverCase Next(LeaverCase known, HrEvent hrEvent, DateTimeOffset now)
    {
        // The employee id too: a case whose details were erased has none.
        var next = known with
        {
            EmployeeId = hrEvent.EmployeeId,
            Sequence = hrEvent.Sequence,
            Latest = hrEvent,
            Employment = hrEvent.Employment,
        };
        // HR reported after the start that the person stays, or after its watch that they leave. What HR sent before it is outweighed.
        if (known.Cause is { Holds: true } cause && hrEvent.Time > cause.At && (!Ends(hrEvent) || IsWatchOver(known)))
            next = next with
            {
                Cause = cause with { Outcome = Ends(hrEvent) ? ForCauseOutcome.Ended : ForCauseOutcome.TakenBack, Settled = false },
            };
        next = next with { DueAt = DueOf(next, now) };
        var after = Follow(known, next, now);
        // With another identity the person is looked for again; what a round has begun stays with whom it began with.
        return after.BegunAt is null && (hrEvent.PrincipalName, hrEvent.Mail) != (known.Latest.PrincipalName, known.Latest.Mail)
            ? after with
            {
                UserId = null,
            }
            : after;
    }

    private static LeaverCase Follow(LeaverCase known, LeaverCase next, DateTimeOffset now) =>
        (Leaves(next), known.Stage) switch
        {
            (false, LeaverStage.Scheduled or LeaverStage.Unmatched or LeaverStage.Held) when known is { BegunAt: null, BlockedAt: null } =>
                LeaverTransitions.Apply(next, StageChange.TakenBack) with
                {
                    Note = null,
                },
            // One that came to rest meanwhile is a round of its own, also where it is not noted that its orchestration was started.
            (true, LeaverStage.Cancelled) => LeaverTransitions.Apply(
                known.Dispatched || known.RestedAt is not null ? Another(next) : next,
                StageChange.Scheduled
            ) with
            {
                Note = null,
            },
            // It was taken back and came to rest before anything was given back, or the person stays for longer after all.
            (true, not LeaverStage.Clear) when known.RestedAt is not null => NextRound(next),
            (true, LeaverStage.Clear) when IsLater(next, now) => NextRound(next),
            (true, LeaverStage.Closed or LeaverStage.Restored or LeaverStage.Restoring) => NextRound(next),
            // Whoever carries the case out decides on the news. What is given back after the act comes from the snapshot of this very
            // round.
            _ => next,
        };

    // Another round begins with nothing done.
    internal static LeaverCase Another(LeaverCase known) =>
        known with
        {
            Round = known.Round + 1,
            Dispatched = false,
            BegunAt = null,
            BlockedAt = null,
            IsGroupDue = false,
            ClearAt = null,
            RestedAt = null,
        };

    /// <summary>The case of an employment whose person is there again in another one.</summary>
    internal static LeaverCase AtRest(LeaverCase known, DateTimeOffset now) =>
        LeaverTransitions.Apply(known, StageChange.Ended) with
        {
            RestedAt = known.RestedAt ?? now,
            Note = $"the person is employed again (employment {known.EmployedIn}): nothing more is taken away",
        };

    /// <summary>The same once that employment has ended as well: what it had to end goes on in another round.</summary>
    internal static LeaverCase EmployedNoMore(LeaverCase known)
    {
        var rests = RestsForOther(known);
        known = known with { EmployedIn = null };
        return rests ? NextRound(known) : known;
    }

    /// <summary>True when a case came to rest because its person works on in another employment, before it was clear.</summary>
    public static bool RestsForOther(LeaverCase known) =>
        known is { EmployedIn: not null, Stage: LeaverStage.Closed, RestedAt: not null, ClearAt: null } && !IsTakenBack(known);

    /// <summary>Another round, to be decided from the beginning.</summary>
    internal static LeaverCase NextRound(LeaverCase known) =>
        LeaverTransitions.Apply(Another(known), StageChange.Scheduled) with
        {
            Note = null,
            PlanId = null,
            CertificateSha256 = null,
        };

    private static Taken Outcome(LeaverCase after, IntakeOutcome otherwise) =>
        new(after, IsUndispatched(after) ? IntakeOutcome.Started : otherwise);

    private static bool Ends(HrEvent hrEvent) => hrEvent.Kind is HrEventKind.Terminated or HrEventKind.Rescheduled;

    /// <summary>Whether nothing more is done in a case at this stage, so that its details may be erased.</summary>
    public static bool IsOver(LeaverStage stage) => stage is LeaverStage.Cancelled or LeaverStage.Closed or LeaverStage.Restored;

    private static DateTimeOffset Earliest(DateTimeOffset a, DateTimeOffset b) => a <= b ? a : b;
}
