using System.Globalization;
using Azure;
using Compliance.Changes.Approvals;
using Compliance.Controls;
using Compliance.Findings;
using Compliance.Ledger;
using Compliance.Observability;
using Compliance.Runs;
using Compliance.Storage;
using Compliance.Text;

namespace Compliance.Changes.Pauses;

/// <summary>A pause as an administrator sees it.</summary>
/// <param name="Paused">Whether acts are held now.</param>
/// <param name="Number">The latest pause's number; zero before the first.</param>
/// <param name="By">Object id of who paused; null when acts are not held, as all that follows.</param>
/// <param name="At">Since when (UTC).</param>
/// <param name="Reason">Why.</param>
/// <param name="Blocking">Whether blocking a leaver is held too.</param>
/// <param name="RequestId">The open request whether to resume; null while there is none.</param>
/// <param name="PlanId">What an answer to it names.</param>
public sealed record PauseView(
    bool Paused,
    int Number,
    string? By = null,
    DateTimeOffset? At = null,
    string? Reason = null,
    bool Blocking = false,
    string? RequestId = null,
    string? PlanId = null
);

/// <summary>
/// Pauses acts, asks two people whether to resume, and resumes. One write makes a pause effective; its finding, its evidence and its
/// questions follow, and what is cut off is made up for by <see cref="SettleAsync"/>.
/// </summary>
internal sealed class PauseSwitch(
    TenantId tenant,
    TablePause pauses,
    ApprovalBoard approvals,
    FindingWriter findings,
    IEvidenceLog evidence,
    TimeProvider time
)
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromHours(24);

    private static readonly string[] Controls = [PauseControls.Paused];

    /// <summary>Whether a request asks whether to resume.</summary>
    public static bool Asks(ApprovalRequest request) => request.Guards.Contains(PauseControls.Resume, StringComparer.Ordinal);

    /// <summary>What is paused now.</summary>
    public async Task<PauseView> ShowAsync(CancellationToken cancellationToken) => View(await pauses.LoadAsync(cancellationToken));

    /// <summary>
    /// Holds all acts from now on. While they are held already, it is another pause with its own reason, so that nothing that was agreed
    /// for the one before resumes it; blocking stays held where it was. The same again changes nothing.
    /// </summary>
    /// <param name="reason">Why.</param>
    /// <param name="blocking">Whether blocking a leaver is held too.</param>
    /// <param name="by">Object id of who pauses.</param>
    /// <param name="cancellationToken">Gives up before it is kept, and afterwards harms nothing.</param>
    public async Task<PauseView> PauseAsync(string reason, bool blocking, string by, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var after = await pauses.ChangeAsync(state => Paused(state, reason, blocking, by, now), cancellationToken);
        await TrySettleAsync(cancellationToken);
        return View(after);
    }

    /// <summary>Asks two other people whether to resume. Asked again, the question stays until somebody refused.</summary>
    /// <param name="by">Object id of who asks.</param>
    /// <param name="cancellationToken">Gives up before it is kept, and afterwards harms nothing.</param>
    /// <returns>Null when nothing is paused.</returns>
    public async Task<PauseView?> AskToResumeAsync(string by, CancellationToken cancellationToken)
    {
        await TrySettleAsync(cancellationToken);
        var now = time.GetUtcNow();
        var after = await pauses.ChangeAsync(state => AskedToResume(state, by, now), cancellationToken);
        if (after.Latest is not { Holds: true })
            return null;
        await TrySettleAsync(cancellationToken);
        return View(after);
    }

    /// <summary>The same as <see cref="SettleAsync"/>; what can't be done now is done by the next scheduled run.</summary>
    public async Task TrySettleAsync(CancellationToken cancellationToken)
    {
        try
        {
            await SettleAsync(cancellationToken);
        }
        catch (AggregateException e) when (e.InnerExceptions.All(i => i is RequestFailedException or AggregateException))
        {
            // The pause itself is kept, and so is every answer.
        }
        catch (RequestFailedException)
        {
            // The same.
        }
    }

    /// <summary>
    /// Places the question, takes its answers, brings the finding in line, and writes what is not in evidence yet. Safe to repeat; a part
    /// that fails keeps no other from being done.
    /// </summary>
    /// <exception cref="AggregateException">Some of it failed: repeat it later.</exception>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        if (await pauses.LoadAsync(cancellationToken) is null)
            return;
        await Each.RunAsync<Func<Task>>(
            [
                () => VoidAsync(cancellationToken),
                () => PlaceAsync(cancellationToken),
                () => AnswerAsync(cancellationToken),
                () => ReportAsync(cancellationToken),
                () => RecordAsync(cancellationToken),
            ],
            act => act(),
            cancellationToken
        );
    }

    private static PauseState Paused(PauseState state, string reason, bool blocking, string by, DateTimeOffset now)
    {
        var before = state.Latest is { Holds: true } latest ? latest : null;
        if (before is not null && before.PausedBy == by && before.Reason == reason && (before.Blocking || !blocking))
            return state;
        var pause = new ActPause
        {
            Number = (state.Latest?.Number ?? 0) + 1,
            PausedBy = by,
            Reason = reason,
            At = now,
            Blocking = blocking || before is { Blocking: true },
        };
        return state with
        {
            Latest = pause,
            ToVoid = before is { Asked.IsRefused: false } ? [.. state.ToVoid, before.RequestId()] : state.ToVoid,
            Unrecorded = [.. state.Unrecorded, new($"pause-{Text(pause.Number)}", "changes.pause", now, [by], pause)],
        };
    }

    private static PauseState AskedToResume(PauseState state, string by, DateTimeOffset now)
    {
        if (state.Latest is not { Holds: true } pause || pause.Asked is { IsRefused: false })
            return state;
        var asked = pause with { Asked = new((pause.Asked?.Number ?? 0) + 1, by, now) };
        return state with
        {
            Latest = asked,
            Unrecorded = [.. state.Unrecorded, new($"{asked.RequestId()}-asked", "changes.resume.asked", now, [by], asked)],
        };
    }

    private async Task VoidAsync(CancellationToken cancellationToken)
    {
        foreach (var id in (await LoadAsync(cancellationToken)).ToVoid)
        {
            await approvals.VoidAsync(tenant.Value, id, time.GetUtcNow(), cancellationToken);
            await pauses.ChangeAsync(
                s => s.ToVoid.Contains(id) ? s with { ToVoid = [.. s.ToVoid.Where(v => v != id)] } : s,
                cancellationToken
            );
        }
    }

    private async Task PlaceAsync(CancellationToken cancellationToken)
    {
        if ((await LoadAsync(cancellationToken)).Latest is not { Holds: true, Asked: { IsPlaced: false } asked } pause)
            return;
        await approvals.AskAsync(
            new ApprovalRequest
            {
                Id = pause.RequestId(),
                TenantId = tenant.Value,
                PlanId = pause.Digest(),
                CaseId = "",
                SubjectId = "",
                Requesters = [asked.AskedBy],
                Reasons =
                [
                    $"{Held(pause)} It was paused by {pause.PausedBy}: {pause.Reason}",
                    "Two people other than who asked agree, and acts continue; a refusal keeps them held.",
                ],
                Guards = [PauseControls.Resume],
                Controls = Controls,
                PolicySha256 = "",
                AskedAt = asked.At,
                Deadline = asked.At + AnswerWithin,
                InstanceId = "",
            },
            time.GetUtcNow(),
            cancellationToken
        );
        await ChangeAsync(pause, p => p with { Asked = p.Asked! with { IsPlaced = true } }, [], cancellationToken);
    }

    private async Task AnswerAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (
            (await LoadAsync(cancellationToken)).Latest is not { Holds: true, Asked: { IsPlaced: true, IsRefused: false } } pause
            || await approvals.FindAsync(tenant.Value, pause.RequestId(), cancellationToken) is not { } request
            || request.PlanId != pause.Digest()
        )
            return;
        var state = ApprovalRules.StateOf(request, now);
        if (state == ApprovalState.Open)
            return;
        // On record before anything is done about it.
        await approvals.RecordAsync(request, cancellationToken);
        if (state == ApprovalState.Refused)
        {
            await ChangeAsync(pause, p => p with { Asked = p.Asked! with { IsRefused = true } }, [], cancellationToken);
            return;
        }
        // From here on the answers do not lapse.
        await approvals.BeginAsync(tenant.Value, request.Id, now, cancellationToken);
        var people = request.Answers.Where(a => a.Approve && ApprovalRules.WhyNot(request, a.ApproverId) is null).Select(a => a.ApproverId);
        var resumed = pause with { ResumedAt = now };
        var act = new PauseAct(
            $"pause-{Text(pause.Number)}-resumed",
            "changes.resume",
            now,
            [.. people.Distinct(StringComparer.OrdinalIgnoreCase)],
            resumed
        );
        await ChangeAsync(pause, p => p with { ResumedAt = now }, [act], cancellationToken);
    }

    // Nothing where another pause, or another question, has taken its place meanwhile.
    private Task<PauseState> ChangeAsync(
        ActPause pause,
        Func<ActPause, ActPause> change,
        IReadOnlyList<PauseAct> acts,
        CancellationToken cancellationToken
    ) =>
        pauses.ChangeAsync(
            s =>
                s.Latest is { Holds: true } latest && latest.Number == pause.Number && latest.Asked?.Number == pause.Asked?.Number
                    ? s with
                    {
                        Latest = change(latest),
                        Unrecorded = [.. s.Unrecorded, .. acts],
                    }
                    : s,
            cancellationToken
        );

    private async Task ReportAsync(CancellationToken cancellationToken)
    {
        // Taken before the pause is read: what a later pause opened is not resolved by what is known of an earlier one.
        var now = time.GetUtcNow();
        var none = new HashSet<string>();
        var latest = (await LoadAsync(cancellationToken)).Latest;
        await findings.ReconcileAsync(
            tenant.Value,
            Controls,
            _ => latest is { Holds: true } pause ? [Found(pause)] : [],
            new Coverage([new SourceOutcome(Sources.Pause, Complete: true, 1)], none, none),
            new RunStamp(RunIds.Create("ActPause", now, $"{tenant.Value} {now:O}"), now),
            cancellationToken
        );
    }

    private async Task RecordAsync(CancellationToken cancellationToken)
    {
        foreach (var act in (await LoadAsync(cancellationToken)).Unrecorded)
        {
            await evidence.AppendAsync(Record(act), cancellationToken);
            await pauses.ChangeAsync(
                s => s.Unrecorded.Any(u => u.Id == act.Id) ? s with { Unrecorded = [.. s.Unrecorded.Where(u => u.Id != act.Id)] } : s,
                cancellationToken
            );
        }
    }

    private async Task<PauseState> LoadAsync(CancellationToken cancellationToken) =>
        await pauses.LoadAsync(cancellationToken) ?? new PauseState();

    // The reason is written by a person: the ledger, which can't be erased, has a digest of it.
    private EvidenceRecord Record(PauseAct act) =>
        new()
        {
            Id = act.Id,
            Time = act.At,
            Actor = $"{(act.Action == "changes.resume" ? "approvers" : "administrator")} {string.Join(", ", act.By)}",
            Action = act.Action,
            TenantId = tenant.Value,
            PolicySha256 = "",
            Controls = Controls,
            Outcome = act.Pause.Holds ? "held" : "complete",
            Counts = new Dictionary<string, long> { ["pause"] = act.Pause.Number },
            Reason = act.Pause.Blocking ? "blocking-is-held" : "blocking-continues",
            PlanId = act.Pause.Digest(),
            DetailsSha256 = new Dictionary<string, string>
            {
                ["pause"] = CanonicalJson.Sha256Of(
                    new
                    {
                        act.Pause.Number,
                        act.Pause.PausedBy,
                        act.Pause.At,
                        act.Pause.Reason,
                        act.Pause.Blocking,
                    }
                ),
            },
            CorrelationId = CorrelationId.Current(act.Id),
            People = act.By,
        };

    private static Detection Found(ActPause pause) =>
        new()
        {
            ControlId = PauseControls.Paused,
            // A leaver who is not blocked is worse than one whose access is removed later.
            Severity = pause.Blocking ? Severity.Critical : PauseControls.Catalogue.Get(PauseControls.Paused).Severity,
            Subject = new(SubjectTypes.Pause, "acts", "acts"),
            Source = Sources.Pause,
            Reason = $"{Held(pause)} Paused by {pause.PausedBy}: {Plain.Text(pause.Reason)}",
            NextStep = "Once the reason is gone, ask two people to let acts continue: compliance resume.",
            Since = pause.At,
        };

    private static string Held(ActPause pause) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"Nothing is changed in the tenant since {pause.At.UtcDateTime:yyyy-MM-dd HH:mm}Z, "
                + $"{(pause.Blocking ? "and leavers are not blocked either" : "except that leavers are blocked")}."
        );

    private static PauseView View(PauseState? state) =>
        state?.Latest switch
        {
            null => new(false, 0),
            { Holds: false } over => new(false, over.Number),
            { Asked.IsRefused: false } pause => Shown(pause) with { RequestId = pause.RequestId(), PlanId = pause.Digest() },
            var pause => Shown(pause),
        };

    private static PauseView Shown(ActPause pause) => new(true, pause.Number, pause.PausedBy, pause.At, pause.Reason, pause.Blocking);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
