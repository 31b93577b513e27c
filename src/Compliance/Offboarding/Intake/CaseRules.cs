using Compliance.Plans;

namespace Compliance.Offboarding.Intake;

/// <summary>What an HR event did.</summary>
public enum IntakeOutcome
{
    /// <summary>The orchestration of the case is to be started. Said again at every event until <c>ConfirmDispatchedAsync</c>.</summary>
    Started,

    /// <summary>The case changed; an orchestration that runs is to be told.</summary>
    Updated,

    /// <summary>Known already: nothing changed.</summary>
    Repeat,

    /// <summary>A later event of the employment was taken in before: nothing changed.</summary>
    Stale,
}

/// <summary>What becomes of a case with an event.</summary>
/// <param name="Case">The case after it.</param>
/// <param name="Outcome">What the event did.</param>
/// <param name="Contradicts">True when the event has the sequence of the one that holds, and says something else: the first was kept.</param>
/// <param name="Replaces">True when the event took the place of one that held before.</param>
internal readonly record struct Taken(LeaverCase Case, IntakeOutcome Outcome, bool Contradicts = false, bool Replaces = false);

/// <summary>How HR events become cases. Pure: the highest sequence wins, so any order, repetition and concurrency of the same events ends in the same case.</summary>
internal static class CaseRules
{
    /// <summary>The id of the case an event is about.</summary>
    public static string IdOf(string tenantId, string employeeId, string employment) =>
        $"leaver-{CanonicalJson.Sha256Of(new { tenant = tenantId.ToLowerInvariant(), employeeId, employment })[..24]}";

    /// <summary>Takes an event in.</summary>
    /// <param name="known">The case so far; null when this is its first event.</param>
    /// <param name="event">An event of the same employment.</param>
    /// <param name="tenantId">Entra tenant id.</param>
    /// <param name="now">When the event arrived.</param>
    public static Taken Take(LeaverCase? known, HrEvent @event, string tenantId, DateTimeOffset now)
    {
        if (known is null)
            return Changed(new()
            {
                Id = IdOf(tenantId, @event.EmployeeId, @event.Employment),
                TenantId = tenantId,
                EmployeeId = @event.EmployeeId,
                Employment = @event.Employment,
                Sequence = @event.Sequence,
                Latest = @event,
                ReceivedAt = now,
                DueAt = DueOf(@event, now),
                Stage = IsEnd(@event) ? LeaverStage.Scheduled : LeaverStage.Cancelled,
            }, replaces: false);
        if (@event.Sequence < known.Sequence)
            return Unchanged(known, IntakeOutcome.Stale, contradicts: false);
        if (@event.Sequence == known.Sequence)
            return Unchanged(known, IntakeOutcome.Repeat, contradicts: !SameContent(known.Latest, @event));
        var after = known with { Sequence = @event.Sequence, Latest = @event, DueAt = DueOf(@event, now) };
        return Changed(IsEnd(@event) ? Ended(after) : TakenBack(after), replaces: true);
    }

    /// <summary>True when both say the same of the employment, whatever the events' own ids.</summary>
    public static bool SameContent(HrEvent a, HrEvent b) => a with { Source = b.Source, Id = b.Id, Time = b.Time } == b;

    // What was taken is given back by the orchestration, after approval; here only a case in which nothing was done yet can end.
    private static LeaverCase TakenBack(LeaverCase known) =>
        known is { BlockedAt: null, Stage: LeaverStage.Scheduled or LeaverStage.Unmatched or LeaverStage.Held } ? known with { Stage = LeaverStage.Cancelled } : known;

    private static LeaverCase Ended(LeaverCase known) => known.Stage switch
    {
        // No orchestration ever saw that it had been taken back.
        LeaverStage.Cancelled when !known.Dispatched => known with { Stage = LeaverStage.Scheduled },
        // An orchestration has ended, or is giving access back: another one takes the access away again.
        LeaverStage.Cancelled or LeaverStage.Restoring or LeaverStage.Restored => known with
        {
            Round = known.Round + 1,
            Dispatched = false,
            Stage = LeaverStage.Scheduled,
            Note = null,
            BlockedAt = null,
            ClearAt = null,
            PlanId = null,
            CertificateSha256 = null,
        },
        _ => known,
    };

    private static bool IsEnd(HrEvent @event) => @event.Kind is HrEventKind.Terminated or HrEventKind.Rescheduled;

    // For cause means at once: when HR decided it, and not in the future should HR's clock run ahead.
    private static DateTimeOffset? DueOf(HrEvent @event, DateTimeOffset now) => @event switch
    {
        _ when !IsEnd(@event) => null,
        { ForCause: true } => @event.Time < now ? @event.Time : now,
        { Leaves: { } leaves } => DueInstant.Of(leaves),
        _ => throw new ArgumentException("an employment's end that is not for cause needs a date", nameof(@event)),
    };

    private static Taken Changed(LeaverCase after, bool replaces) =>
        new(after, after.NeedsStart ? IntakeOutcome.Started : IntakeOutcome.Updated, Replaces: replaces);

    private static Taken Unchanged(LeaverCase known, IntakeOutcome outcome, bool contradicts) =>
        new(known, known.NeedsStart ? IntakeOutcome.Started : outcome, contradicts);
}
