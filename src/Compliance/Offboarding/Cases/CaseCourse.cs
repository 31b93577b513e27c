using System.Globalization;
using Compliance.Controls;
using Compliance.Findings;
using Compliance.Ledger;
using Compliance.Observability;
using Compliance.Offboarding.Policy;
using Compliance.Runs;
using Compliance.Storage;

namespace Compliance.Offboarding.Cases;

/// <summary>An orchestration that should be running.</summary>
/// <param name="Case">The case.</param>
/// <param name="InstanceId">Its instance id.</param>
/// <param name="IsUndo">Whether it gives access back.</param>
/// <param name="IsKnownStarted">Whether it was started: one that is not there any more was lost then.</param>
internal sealed record ExpectedRun(LeaverCase Case, string InstanceId, bool IsUndo, bool IsKnownStarted);

/// <summary>Sees to it that cases go on: which orchestrations should be running, and who is due and can still sign in.</summary>
internal sealed class CaseCourse(
    TenantId tenant,
    IOffboardingPolicySource policies,
    ILeaverCases cases,
    CaseFindings findings,
    IEvidenceLog evidence,
    TimeProvider time
)
{
    /// <summary>The function that starts what should be running.</summary>
    public const string Sweep = "LeaverSweep";

    /// <summary>What to do where an approver refused.</summary>
    public const string RefusedNextStep =
        "If the person stays, have HR take the leaving back; else have HR send it again, and people are asked again.";

    // By then a case that nothing holds is blocked, and one that is held is known to be.
    private static readonly TimeSpan BlockWithin = TimeSpan.FromHours(2);

    /// <summary>What the watch over the controls expects of the sweep.</summary>
    public static ScheduledControl Itself { get; } = new(Sweep, TimeSpan.FromMinutes(5), TimeSpan.FromHours(2));

    /// <summary>What should be running by now.</summary>
    public async Task<IReadOnlyList<ExpectedRun>> ExpectedAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var expected = new List<ExpectedRun>();
        foreach (var kept in await cases.OpenAsync(tenant.Value, dueSince: null, cancellationToken))
        {
            var known = kept;
            // The other employment has ended as well: what was to end by this one ends now.
            if (
                known.EmployedIn is not null
                && CaseRules.EmployedIn(known, await cases.OfPersonAsync(tenant.Value, known.EmployeeId, cancellationToken), now) is null
            )
                known = await cases.ChangeAsync(tenant.Value, known.Id, CaseRules.EmployedNoMore, cancellationToken);
            if (CaseRules.IsActing(known) && (known.Dispatched || known.ReceivedAt <= now - CaseRules.Grace))
                expected.Add(new(known, known.InstanceId, IsUndo: false, known.Dispatched));
            if (CaseRules.IsUndoWanted(known, now))
                expected.Add(new(known, known.UndoInstanceId, IsUndo: true, IsKnownStarted: false));
        }
        return expected;
    }

    /// <summary>
    /// Keeps, before it is started again, that an orchestration was lost. Its evidence comes later: an outage of the ledger must not keep
    /// a case from going on.
    /// </summary>
    /// <param name="run">The orchestration.</param>
    /// <param name="found">What was found of it, in words.</param>
    /// <param name="cancellationToken">Stops between writes.</param>
    /// <returns>False when the case has come to rest meanwhile: nothing was lost, and nothing is kept.</returns>
    public async Task<bool> LostAsync(ExpectedRun run, string found, CancellationToken cancellationToken)
    {
        var (policy, now) = (policies.Load(), time.GetUtcNow());
        if (
            await cases.FindAsync(tenant.Value, run.Case.Id, cancellationToken) is not { } known
            || known.Round != run.Case.Round
            || !(run.IsUndo ? CaseRules.IsUndoWanted(known, now) : CaseRules.IsActing(known))
        )
            return false;
        await findings.SetAsync(
            tenant.Value,
            known.Id,
            [CasePhase.Course],
            [
                CaseFindings.Create(
                    known,
                    policy,
                    CasePhase.Course,
                    OffboardingControls.Stalled,
                    $"The orchestration {run.InstanceId} was {found}, and the case was not at rest. It was started again.",
                    "Find out who ended it, or why it failed; the case continues by itself."
                ) with
                {
                    Part = "orchestration",
                },
            ],
            now,
            cancellationToken
        );
        var act = new UnrecordedAct(
            $"{run.InstanceId}-restarted-{now.UtcDateTime:yyyyMMddTHHmm}",
            now,
            $"{Sweep} (timer)",
            "offboarding.restarted",
            OffboardingControls.Stalled,
            found,
            CorrelationId.Current(run.InstanceId),
            PolicySha256: policy.Sha256
        );
        await cases.ChangeAsync(tenant.Value, known.Id, c => CaseRules.Unrecorded(c, act), cancellationToken);
        return true;
    }

    /// <summary>Writes the evidence of what was done to cases and is not on record yet.</summary>
    public async Task RecordAsync(CancellationToken cancellationToken)
    {
        var open = await cases.OpenAsync(tenant.Value, dueSince: null, cancellationToken);
        await Each.RunAsync(open.SelectMany(c => c.Unrecorded ?? [], (known, act) => (known, act)), RecordOneAsync, cancellationToken);

        async Task RecordOneAsync((LeaverCase Known, UnrecordedAct Act) one)
        {
            var (known, act) = one;
            await evidence.AppendAsync(
                new EvidenceRecord
                {
                    Id = act.Id,
                    Time = act.At,
                    Actor = act.Actor,
                    Action = act.Action,
                    TenantId = tenant.Value,
                    PolicySha256 = act.PolicySha256 ?? policies.Load().Sha256,
                    Controls = [act.Control],
                    Outcome = "complete",
                    Counts = act.Times == 1 ? new Dictionary<string, long>() : new Dictionary<string, long> { ["times"] = act.Times },
                    Subject = known.Id,
                    Reason = act.Reason,
                    CorrelationId = act.CorrelationId,
                    People = [known.Id],
                },
                cancellationToken
            );
            await cases.ChangeAsync(tenant.Value, known.Id, c => CaseRules.Recorded(c, act), cancellationToken);
        }
    }

    /// <summary>The daily look: whoever is due and can still sign in is a finding, whatever the reason.</summary>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        var (policy, now) = (policies.Load(), time.GetUtcNow());
        var open = await findings.CasesAsync(tenant.Value, CasePhase.Course, cancellationToken);
        var resting = await findings.CasesAsync(tenant.Value, CasePhase.Rest, cancellationToken);
        await Each.RunAsync(await cases.AllAsync(tenant.Value, cancellationToken), CheckAsync, cancellationToken);

        async Task CheckAsync(LeaverCase known)
        {
            if (Wrong(known, policy, now) is { } wrong)
                await findings.SetAsync(tenant.Value, known.Id, [CasePhase.Course], [wrong], now, cancellationToken);
            else if (open.Contains(known.Id))
                await findings.SetAsync(tenant.Value, known.Id, [CasePhase.Course], [], now, cancellationToken);
            var worksOn = known.EmployedIn is null
                ? null
                : WorksOn(known, await cases.OfPersonAsync(tenant.Value, known.EmployeeId, cancellationToken), policy, now);
            if (worksOn is not null || resting.Contains(known.Id))
                await findings.SetAsync(tenant.Value, known.Id, [CasePhase.Rest], worksOn is null ? [] : [worksOn], now, cancellationToken);
        }
    }

    /// <summary>What is wrong with a case that does not go on; null when nothing is.</summary>
    public static Detection? Wrong(LeaverCase known, OffboardingPolicy policy, DateTimeOffset now)
    {
        if (CaseRules.IsRefused(known, now))
            return CaseFindings.Create(
                known,
                policy,
                CasePhase.Course,
                OffboardingControls.Stalled,
                $"Access was to end at {known.DueAt:yyyy-MM-dd HH:mm}Z, and an approver refused the plan: "
                    + (
                        known.BlockedAt is null
                            ? "the account was not seen blocked."
                            : "the account is blocked, and what it had access to was left as it was."
                    ),
                RefusedNextStep
            ) with
            {
                Part = "refused",
            };
        var isStalled =
            CaseRules.IsActing(known) && known.BlockedAt is null && !CaseRules.IsLater(known, now) && known.DueAt < now - BlockWithin;
        return !isStalled
            ? null
            : CaseFindings.Create(
                known,
                policy,
                CasePhase.Course,
                OffboardingControls.Stalled,
                $"Access was to end at {known.DueAt:yyyy-MM-dd HH:mm}Z and the account was not seen blocked. "
                    + $"The case is at {known.Stage}: {known.Note ?? "no reason is noted"}",
                $"compliance offboard show {known.Id} shows what it waits for; disable the account by hand meanwhile."
            ) with
            {
                Part = "unblocked",
            };
    }

    /// <summary>
    /// That a case takes nothing away because its person works on in another employment; null when it is otherwise. Where HR reported on
    /// that one after the case's end, it is certain, and shown for as long as a former leaver is watched. Else HR may never end it, and it
    /// is shown until HR or a person decides.
    /// </summary>
    /// <param name="known">The case.</param>
    /// <param name="ofPerson">All cases of the person.</param>
    /// <param name="policy">In force.</param>
    /// <param name="now">The clock's time.</param>
    public static Detection? WorksOn(LeaverCase known, IEnumerable<LeaverCase> ofPerson, OffboardingPolicy policy, DateTimeOffset now)
    {
        if (
            known.EmployeeId == LeaverCase.Erased
            || !(CaseRules.RestsForOther(known) || (known.EmployedIn is not null && CaseRules.IsActing(known)))
            || CaseRules.OtherEmployment(known, ofPerson, now) is not { } other
            || (CaseRules.IsReportedLater(other, known) && known.RestedAt + policy.WatchFor < now)
        )
            return null;
        var isAhead = known.DueAt > now;
        var employment = known.Employment.Length == 0 ? "An employment" : $"Employment {known.Employment}";
        var next = string.Create(CultureInfo.InvariantCulture, $"for employment {other.Employment} with a sequence above {other.Sequence}");
        var detection = CaseFindings.Create(
            known,
            policy,
            CasePhase.Rest,
            OffboardingControls.Stalled,
            $"{employment} {(isAhead ? "ends" : "ended")} on {Text(known.DueAt)}, and HR reported on {Text(other.Latest.Time)} that the "
                + $"person works on in employment {other.Employment}: this case takes nothing "
                + (known.IsTaken ? "more away, and gives nothing back." : "away."),
            $"If the person leaves altogether, have HR send hr.employee.terminated {next}, or end all access now: compliance offboard "
                + "start USER --for-cause --reason TEXT, USER being the account's address or object id. If the person works on, have HR "
                + $"send hr.employee.rehired {next}, and see that the account can sign in and holds what that employment needs and nothing "
                + $"else: compliance offboard show {known.Id}."
        ) with
        {
            Part = "employed",
        };
        return isAhead ? detection with { Severity = Less(Severity.High, policy) } : detection;
    }

    // Until the day there is time to ask HR.
    private static Severity Less(Severity severity, OffboardingPolicy policy) =>
        policy.Severities.TryGetValue(OffboardingControls.Stalled, out var set) && set < severity ? set : severity;

    private static string Text(DateTimeOffset? time) =>
        time is { } at ? at.UtcDateTime.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture) : "a day that is not known";
}
