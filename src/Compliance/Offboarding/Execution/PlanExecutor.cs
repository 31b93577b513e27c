using System.Collections.Concurrent;
using System.Globalization;
using Compliance.Changes.Execution;
using Compliance.Changes.Pauses;
using Compliance.Changes.Plans;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Directory;
using Compliance.Tenants;
using Microsoft.Extensions.Logging;

namespace Compliance.Offboarding.Execution;

/// <summary>Carries plans out through Graph's <c>$batch</c> and Resource Manager, wave by wave.</summary>
internal sealed partial class PlanExecutor(
    StepDispatch dispatch,
    GraphBatch graph,
    GraphWritePace pace,
    ResourceManagerWriter azure,
    IPause pause,
    ILogger<PlanExecutor> log
) : IPlanExecutor
{
    // A write that met another one on the same object, or a default sign-in method whose fellows go in the same wave.
    private const int MaxRoundsOfConflicts = 3;

    private static readonly TimeSpan UnreadFor = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    public async Task<PlanPass> RunAsync(
        ActionPlan plan,
        IReadOnlySet<string> settled,
        IReadOnlySet<string> tried,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(settled);
        ArgumentNullException.ThrowIfNull(tried);
        var run = new Run(plan, settled);
        var open = plan.Steps.Where(s => !settled.Contains(s.Id) && !tried.Contains(s.Id)).ToList();
        var wait = TimeSpan.Zero;
        if (await pause.HoldingAsync(run.IsBlocking, cancellationToken) is { } holding)
            return new([], open.Count == 0 ? wait : holding.Wait);
        if (plan.Kind == Steps.Block)
            await BlockAsync(run, open, cancellationToken);
        else if (plan.Kind == Steps.BlockGroup)
            await WavesAsync(run, open, 1, cancellationToken);
        else
        {
            (open, wait) = InQuota(plan, open);
            await WavesAsync(run, open, ThrottleAwareRetryHandler.MaxAttempts, cancellationToken);
        }
        var tries = open.Where(s => run.Outcomes.ContainsKey(s.Id)).ToList();
        foreach (var step in tries)
            if (run.Outcomes[step.Id] is { InEffect: false } outcome)
                NotDone(log, plan.CaseId, step.Action, step.Target.Id, outcome.Result, outcome.Reason ?? "");
        // Held before its first step, after it was not held yet a moment ago.
        if (tries.Count == 0 && run.HeldFor > wait)
            wait = run.HeldFor;
        return new([.. tries.Select(s => run.Outcomes[s.Id])], wait);
    }

    // Whether acts are paused by now. What can't be read in the midst of a pass holds the rest of it: what was done already is reported.
    private async Task<bool> IsHeldAsync(Run run, CancellationToken cancellationToken)
    {
        // A block is one act: an account that is disabled while its sessions live on is held half-way.
        if (run.IsBlocking || run.HeldFor > TimeSpan.Zero)
            return !run.IsBlocking;
        try
        {
            if (await pause.HoldingAsync(isBlocking: false, cancellationToken) is not { } holding)
                return false;
            run.HeldFor = holding.Wait;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            Unread(log, run.Plan.CaseId, e);
            run.HeldFor = UnreadFor;
        }
        return true;
    }

    // The first steps by wave whose writes Graph's quota has room for. What needs no Graph goes along up to the wave where room ends: what
    // comes after may rest on what is left out.
    private (List<PlanStep> Steps, TimeSpan Wait) InQuota(ActionPlan plan, List<PlanStep> open)
    {
        var writes = open.Count(dispatch.IsGraph);
        if (writes == 0)
            return (open, TimeSpan.Zero);
        var granted = pace.Take($"{plan.CaseId} {plan.Kind}", writes, out var wait);
        if (granted == writes)
            return (open, TimeSpan.Zero);
        if (granted == 0)
        {
            Paced(log, plan.CaseId, writes, wait.TotalSeconds);
            return ([], wait);
        }
        var allowed = new List<PlanStep>();
        foreach (var wave in open.GroupBy(s => s.Wave).OrderBy(w => w.Key))
        {
            allowed.AddRange(wave.Where(s => !dispatch.IsGraph(s) || granted-- > 0));
            if (granted <= 0)
                break;
        }
        return ([.. open.Where(allowed.ToHashSet().Contains)], TimeSpan.Zero);
    }

    // A disabling that fails must neither stop nor delay the revoking: each is tried once, at once, before what failed is tried with
    // patience. What a late step was to come before is done again.
    private async Task BlockAsync(Run run, List<PlanStep> open, CancellationToken cancellationToken)
    {
        await WavesAsync(run, open, 1, cancellationToken);
        foreach (var step in open.Where(s => run.Outcomes[s.Id].Result == StepResult.Failed).ToList())
        {
            await WavesAsync(run, [step], ThrottleAwareRetryHandler.MaxAttempts, cancellationToken);
            if (run.Outcomes[step.Id].InEffect)
                await WavesAsync(
                    run,
                    [.. open.Where(s => dispatch.IsRepeatedAfter(s, step))],
                    ThrottleAwareRetryHandler.MaxAttempts,
                    cancellationToken
                );
        }
    }

    private async Task WavesAsync(Run run, List<PlanStep> steps, int attempts, CancellationToken cancellationToken)
    {
        foreach (var wave in steps.GroupBy(s => s.Wave).OrderBy(w => w.Key))
        {
            if (await IsHeldAsync(run, cancellationToken))
                return;
            var ready = new List<(PlanStep Step, StepRequest Request)>();
            foreach (var step in wave)
                if (Obstacle(run, step) is { } outcome)
                    run.Outcomes[step.Id] = outcome;
                else if (dispatch.RequestOf(step) is { } request)
                    ready.Add((step, request));
                else
                    run.Outcomes[step.Id] = dispatch.Unworkable(step);
            await Task.WhenAll(
                AzureAsync(run, [.. ready.Where(r => r.Request.IsAzure)], cancellationToken),
                GraphAsync(run, [.. ready.Where(r => !r.Request.IsAzure)], attempts, cancellationToken)
            );
        }
    }

    // Why a step is not tried; null when it is.
    private StepOutcome? Obstacle(Run run, PlanStep step)
    {
        if (run.UserDeleted && dispatch.EndsWithTheUser(step))
            return dispatch.EndedWithTheUser(step);
        return run.Missing(step) is { } missing
            ? dispatch.Ended(step, StepResult.Failed, missing, "it is done once that is in effect")
            : null;
    }

    private async Task GraphAsync(
        Run run,
        List<(PlanStep Step, StepRequest Request)> steps,
        int attempts,
        CancellationToken cancellationToken
    )
    {
        var gone = false;
        for (var round = 1; steps.Count > 0; round++)
        {
            // Keys that sort as the plan does, so that those tried again keep their order.
            var answers = await graph.SendAsync(
                steps.Select(
                    (s, i) =>
                        new BatchRequest(
                            i.ToString("D6", CultureInfo.InvariantCulture),
                            s.Request.Call.Method,
                            s.Request.Path,
                            s.Request.Body
                        )
                ),
                cancellationToken,
                attempts,
                () => IsHeldAsync(run, cancellationToken)
            );
            var again = new List<(PlanStep, StepRequest)>();
            for (var i = 0; i < steps.Count; i++)
            {
                var (step, request) = steps[i];
                if (!answers.TryGetValue(i.ToString("D6", CultureInfo.InvariantCulture), out var answer))
                    continue;
                run.Outcomes[step.Id] = dispatch.Outcome(
                    step,
                    request,
                    new(answer.Status, answer.Code, answer.Message ?? answer.Reason, answer.Body.Flag("value"))
                );
                gone |= answer.Status == 404 && dispatch.EndsWithTheUser(step);
                if (answer.Status is 400 or 409 or 412 && run.Outcomes[step.Id].Result == StepResult.Failed && round < MaxRoundsOfConflicts)
                    again.Add(steps[i]);
            }
            steps = again;
        }
        if (gone && !run.UserDeleted && await IsDeletedAsync(run.Plan.SubjectId, cancellationToken))
            run.Deleted(dispatch);
    }

    // A 404 may be the membership's, the group's or the user's: only the last changes what the others mean.
    private async Task<bool> IsDeletedAsync(string userId, CancellationToken cancellationToken)
    {
        var answers = await graph.SendAsync([new("user", "GET", $"/users/{Uri.EscapeDataString(userId)}?$select=id")], cancellationToken);
        return answers["user"].Status == 404;
    }

    // Side by side; steps on one vault one after the other, since they change one list.
    private async Task AzureAsync(Run run, List<(PlanStep Step, StepRequest Request)> steps, CancellationToken cancellationToken)
    {
        await Task.WhenAll(
            steps
                .GroupBy(s => s.Step.Arguments.GetValueOrDefault(StepArguments.VaultId) ?? s.Step.Id, StringComparer.OrdinalIgnoreCase)
                .Select(async lane =>
                {
                    foreach (var (step, request) in lane)
                    {
                        if (await IsHeldAsync(run, cancellationToken))
                            return;
                        run.Outcomes[step.Id] = dispatch.Outcome(step, request, await azure.SendAsync(request, cancellationToken));
                    }
                })
        );
    }

    [LoggerMessage(3300, LogLevel.Warning, "Case {CaseId}: {Action} on {Target} ended as {Result}: {Reason}")]
    private static partial void NotDone(ILogger logger, string caseId, string action, string target, StepResult result, string reason);

    [LoggerMessage(3302, LogLevel.Information, "Case {CaseId}: {Writes} writes wait {Seconds:0} s for Graph's quota")]
    private static partial void Paced(ILogger logger, string caseId, int writes, double seconds);

    [LoggerMessage(3303, LogLevel.Warning, "Case {CaseId}: it could not be read whether acts are paused, so the rest of the pass waits")]
    private static partial void Unread(ILogger logger, string caseId, Exception e);

    /// <summary>What is known so far.</summary>
    private sealed class Run(ActionPlan plan, IReadOnlySet<string> settled)
    {
        private long _heldFor;

        public ActionPlan Plan => plan;

        public ConcurrentDictionary<string, StepOutcome> Outcomes { get; } = new(StringComparer.Ordinal);

        public bool UserDeleted { get; private set; }

        /// <summary>Whether it blocks the person.</summary>
        public bool IsBlocking => Steps.Blocks(plan.Kind);

        /// <summary>How long the rest of the pass waits; zero while nothing holds it. Steps side by side read and set it.</summary>
        public TimeSpan HeldFor
        {
            get => TimeSpan.FromTicks(Interlocked.Read(ref _heldFor));
            set => Interlocked.Exchange(ref _heldFor, value.Ticks);
        }

        /// <summary>Why a step cannot be done yet; null when it can.</summary>
        public string? Missing(PlanStep step)
        {
            foreach (
                var id in (step.Arguments.GetValueOrDefault(StepArguments.Needs) ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries)
            )
                if (!settled.Contains(id) && Outcomes.GetValueOrDefault(id) is not { InEffect: true })
                    return $"left alone, since {plan.Steps.FirstOrDefault(s => s.Id == id)?.Action ?? "a step"} before it is not in "
                        + $"effect: {Outcomes.GetValueOrDefault(id)?.Reason ?? "it was not done"}";
            return null;
        }

        /// <summary>What belonged to the user alone is gone with it, whatever its own answer was.</summary>
        public void Deleted(StepDispatch dispatch)
        {
            UserDeleted = true;
            foreach (var step in plan.Steps.Where(dispatch.EndsWithTheUser))
                if (Outcomes.TryGetValue(step.Id, out var outcome) && outcome.Result != StepResult.Done)
                    Outcomes[step.Id] = dispatch.EndedWithTheUser(step);
        }
    }
}
