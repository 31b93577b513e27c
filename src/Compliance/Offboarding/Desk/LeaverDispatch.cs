using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Intake;

namespace Compliance.Offboarding.Desk;

/// <summary>What an HR event asks of whoever runs the orchestrations.</summary>
/// <param name="Case">The case as it is now.</param>
/// <param name="Start">The orchestration of this round has to be started.</param>
/// <param name="Undo">
/// Something that was taken is to be given back: that has to be started, or the orchestration notified where it runs.
/// </param>
/// <param name="Notify">Running orchestrations have to be notified.</param>
/// <param name="CorrelationId">Joins event, logs and evidence.</param>
public sealed record LeaverDispatch(LeaverCase Case, bool Start, bool Undo, bool Notify, string CorrelationId)
{
    internal IntakeResult? Taken { get; init; }

    internal static LeaverDispatch Create(LeaverCase known, bool start, string correlation, IntakeResult? taken, DateTimeOffset now)
    {
        var notify = taken?.Outcome is IntakeOutcome.Updated or IntakeOutcome.Repeat;
        var undo = CaseRules.IsUndoWanted(known, now);
        return new(known, start && !CaseRules.IsTakenBack(known), undo, notify, correlation) { Taken = taken };
    }

    /// <summary>What the orchestration is started with.</summary>
    public CaseRun Run => new(Case.Id, Case.Round, CorrelationId);
}

/// <summary>An orchestration that should be running.</summary>
public sealed record LeaverRun
{
    internal LeaverRun(ExpectedRun expected, CaseRun input) => (Expected, Input) = (expected, input);

    internal ExpectedRun Expected { get; }

    /// <summary>What it is started with.</summary>
    public CaseRun Input { get; }

    /// <summary>Its instance id.</summary>
    public string InstanceId => Expected.InstanceId;

    /// <summary>Whether it gives access back.</summary>
    public bool IsUndo => Expected.IsUndo;

    /// <summary>Whether it was started before: one that is not there any more was lost then.</summary>
    public bool IsKnownStarted => Expected.IsKnownStarted;
}

/// <summary>How a request to the webhook was received.</summary>
/// <param name="Status">HTTP status to answer with.</param>
/// <param name="Reason">Why it is refused; null when it is not.</param>
/// <param name="Dispatch">What to do; null when refused.</param>
public sealed record WebhookReception(int Status, string? Reason, LeaverDispatch? Dispatch);
