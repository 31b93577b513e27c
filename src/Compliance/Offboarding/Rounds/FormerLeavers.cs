using Compliance.Findings;
using Compliance.Observability;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Certificates;
using Compliance.Runs;
using Microsoft.Extensions.Logging;

namespace Compliance.Offboarding.Rounds;

/// <summary>
/// Looks once a day at everybody who left within the policy's days: who can sign in again, or has a membership the certificate did not
/// leave, has their case reopened.
/// </summary>
internal sealed partial class FormerLeavers(
    LeaverRounds rounds,
    ILeaverDirectory directory,
    CaseFindings findings,
    ScheduledRuns runs,
    ILogger<FormerLeavers> log
)
{
    private const string Name = nameof(FormerLeavers);

    /// <summary>What the watch over the controls expects of it.</summary>
    public static ScheduledControl Itself { get; } = DailyCheck.Expected(Name);

    /// <summary>Looks. Who could not be read whole is a finding, and acted on as far as they were.</summary>
    /// <returns>Cases that were reopened, each in its next round.</returns>
    public Task<IReadOnlyList<LeaverCase>> RunAsync(CancellationToken cancellationToken) =>
        runs.RunAsync(rounds.Tenant, Name, run => RunAsync(run, cancellationToken), cancellationToken);

    private async Task<IReadOnlyList<LeaverCase>> RunAsync(ScheduledRun run, CancellationToken cancellationToken)
    {
        var policy = rounds.LoadPolicy();
        var now = run.StartedAt;
        var (watched, refused) = await WatchedAsync(now, cancellationToken);
        var seen = await directory.RecheckAsync(
            [.. watched.Select(c => c.UserId!).Distinct(StringComparer.OrdinalIgnoreCase)],
            cancellationToken
        );
        var unreadBefore = await findings.CasesAsync(rounds.Tenant, CasePhase.Reading, cancellationToken);
        var reopened = new List<LeaverCase>();
        // Each on its own: what keeps one from being acted on must not keep the others. The sweep starts those that were reopened.
        await Each.RunAsync(watched, CheckAsync, cancellationToken);
        // Who is watched no more is not shown as unread for ever.
        foreach (var gone in unreadBefore.Except(watched.Select(c => c.Id), StringComparer.Ordinal))
            await findings.SetAsync(rounds.Tenant, gone, [CasePhase.Reading], [], now, cancellationToken);
        run.IsComplete = watched.TrueForAll(c => seen.GetValueOrDefault(c.UserId!) is { Unread: null });
        return reopened;

        async Task CheckAsync(LeaverCase former)
        {
            var state = seen.GetValueOrDefault(former.UserId!);
            var unread = state is null ? "no answer" : state.Unread;
            if (unread is not null || unreadBefore.Contains(former.Id))
            {
                Detection[] detections = unread is null ? [] : [Unread(former, unread, policy)];
                await findings.ReportAsync(former, [CasePhase.Reading], detections, now, cancellationToken);
            }
            if (refused.Contains(former))
                await CheckRefusedAsync(former, state, policy, now, cancellationToken);
            else if (state is not null && await WhyAsync(former, state, cancellationToken) is { } why)
                reopened.AddRange(await ReopenAsync(former, state, why, policy, now, cancellationToken));
            // Read once more after the last day: what happened since the day before it counts.
            else if (unread is null)
                await CloseAsync(former, c => CaseRules.IsWatchedLongEnough(c, policy.WatchFor, now), cancellationToken);
        }
    }

    // Whom to read; whoever is employed again is not watched any more.
    private async Task<(List<LeaverCase> Watched, List<LeaverCase> Refused)> WatchedAsync(
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var all = await rounds.AllCasesAsync(cancellationToken);
        foreach (var again in all.Where(c => c is { Stage: LeaverStage.Clear, UserId: not null, ClearAt: not null }))
            if (CaseRules.IsEmployedAgain(again, all, now))
                await CloseAsync(again, _ => true, cancellationToken);
        // Where an approver refused to take the access away, the account was blocked all the same.
        var refused = all.Where(c => c is { BlockedAt: not null, UserId: not null } && CaseRules.IsRefused(c, now)).ToList();
        return ([.. all.Where(c => CaseRules.IsWatched(c) && !CaseRules.IsEmployedAgain(c, all, now)), .. refused], refused);
    }

    // Nothing is done about it: people decided that the case takes nothing away.
    private async Task CheckRefusedAsync(
        LeaverCase former,
        Relapse? state,
        OffboardingPolicy policy,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        if (state is { Exists: true, Enabled: null } or null)
            return;
        await findings.SetAsync(
            rounds.Tenant,
            former.Id,
            [CasePhase.Watch],
            state.Enabled != true
                ? []
                :
                [
                    CaseFindings.Create(
                        former,
                        policy,
                        CasePhase.Watch,
                        OffboardingControls.Relapsed,
                        "The account can sign in again, and an approver refused to take its access away.",
                        CaseCourse.RefusedNextStep
                    ),
                ],
            now,
            cancellationToken
        );
    }

    // None when HR reported meanwhile that the person stays.
    private async Task<IReadOnlyList<LeaverCase>> ReopenAsync(
        LeaverCase former,
        Relapse state,
        string why,
        OffboardingPolicy policy,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        if (await rounds.FindCaseAsync(former.Id, cancellationToken) is not { } present || !IsSame(present, former))
            return [];
        var detection = CaseFindings.Create(
            former,
            policy,
            CasePhase.Watch,
            OffboardingControls.Relapsed,
            why,
            "Find out who gave it back; the case is open again and removes it."
        );
        await findings.OpenAsync(rounds.Tenant, former.Id, [OffboardingControls.Relapsed], [detection], now, cancellationToken);
        // Its evidence comes later: an outage of the ledger must not leave the account enabled.
        var act = new UnrecordedAct(
            $"{former.Id}-{former.Round}-reopened",
            now,
            "FormerLeavers (timer)",
            "offboarding.reopened",
            OffboardingControls.Relapsed,
            state.Enabled == true ? "enabled" : "access",
            CorrelationId.Current(former.InstanceId),
            PolicySha256: policy.Sha256
        );
        var next = await rounds.ChangeAsync(
            former.Id,
            c => IsSame(c, former) ? CaseRules.Unrecorded(CaseRules.NextRound(c), act) with { Note = why } : c,
            cancellationToken
        );
        if (next.Round == former.Round)
        {
            await findings.SetAsync(rounds.Tenant, former.Id, [CasePhase.Watch], [], now, cancellationToken);
            return [];
        }
        Reopened(log, former.Id, next.Round);
        return [next];
    }

    private static bool IsSame(LeaverCase present, LeaverCase former) => present.Round == former.Round && CaseRules.IsWatched(present);

    private async Task CloseAsync(LeaverCase done, Func<LeaverCase, bool> isOver, CancellationToken cancellationToken) =>
        await rounds.ChangeAsync(
            done.Id,
            c =>
                c.Round == done.Round && c.Stage == LeaverStage.Clear && isOver(c) ? LeaverTransitions.Apply(c, StageChange.WatchEnded) : c,
            cancellationToken
        );

    private Detection Unread(LeaverCase former, string reason, OffboardingPolicy policy)
    {
        Unread(log, former.Id, reason);
        return CaseFindings.Create(
            former,
            policy,
            CasePhase.Reading,
            OffboardingControls.Relapsed,
            $"Whether the former leaver has access again could not be read: {reason}",
            "Remove what keeps the directory from being read; it is read again every day."
        ) with
        {
            Part = "unread",
            Unknown = true,
        };
    }

    private async Task<string?> WhyAsync(LeaverCase former, Relapse state, CancellationToken cancellationToken)
    {
        if (!state.Exists)
            return null;
        if (state.Enabled == true)
            return "The account can sign in again.";
        var kept = await rounds.StateAsync(new CaseRun(former.Id, former.Round, ""), cancellationToken);
        var left =
            kept.Verified?.Accesses.Where(a => a.State != AccessState.Removed)
                .Select(a => a.Access.Id)
                .ToHashSet(StringComparer.OrdinalIgnoreCase)
            ?? [];
        // The block groups that the policy names now, and named then.
        left.UnionWith(new[] { rounds.LoadPolicy().BlockGroup, kept.Group?.Id }.OfType<string>());
        var given = state.Memberships?.Where(m => !left.Contains(m)).ToList() ?? [];
        return given.Count > 0 ? $"{given.Count} memberships or roles are there that the certificate did not leave." : null;
    }

    [LoggerMessage(5400, LogLevel.Warning, "Case {CaseId}: reopened as round {Round}, because the former leaver has access again")]
    private static partial void Reopened(ILogger logger, string caseId, int round);

    [LoggerMessage(5401, LogLevel.Warning, "Case {CaseId}: the former leaver could not be read again: {Reason}")]
    private static partial void Unread(ILogger logger, string caseId, string reason);
}
