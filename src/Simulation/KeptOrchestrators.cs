using DurableTask.Core;

namespace Simulation;

/// <summary>
/// The orchestrators that a host keeps between their episodes, so that each sees only what is new. In the mode that replays, each decision
/// is compared with that of a replay of the whole history.
/// </summary>
internal sealed class KeptOrchestrators(SimulationOptions options)
{
    private readonly Dictionary<string, Kept> _kept = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>Forgets all, as a process that ends does.</summary>
    public void Clear()
    {
        lock (_lock)
            _kept.Clear();
    }

    /// <summary>Runs an episode.</summary>
    /// <param name="episode">What is in hand.</param>
    /// <param name="state">The history, with what is new at its end.</param>
    /// <param name="orchestration">A new orchestrator, for when none was kept.</param>
    /// <exception cref="NonDeterminismException">A replay decided otherwise.</exception>
    public OrchestratorExecutionResult Execute(Episode episode, OrchestrationRuntimeState state, TaskOrchestration orchestration)
    {
        var kept = Take(episode, state);
        if (kept is null)
        {
            var own = Copy(state);
            var executor = Executor(own, orchestration);
            return Keep(episode, state, own, executor, executor.Execute());
        }
        kept.State.NewEvents.Clear();
        foreach (var added in state.NewEvents)
            kept.State.AddEvent(added);
        var result = Keep(episode, state, kept.State, kept.Executor, kept.Executor.ExecuteNewEvents());
        if (options.ReplaysEveryEpisode)
            Decisions.Compare(episode, result, Executor(Copy(state), orchestration).Execute());
        return result;
    }

    private static TaskOrchestrationExecutor Executor(OrchestrationRuntimeState state, TaskOrchestration orchestration) =>
        new(state, orchestration, BehaviorOnContinueAsNew.Carryover, ErrorPropagationMode.UseFailureDetails);

    private static OrchestrationRuntimeState Copy(OrchestrationRuntimeState state)
    {
        var copy = new OrchestrationRuntimeState(state.PastEvents);
        foreach (var added in state.NewEvents)
            copy.AddEvent(added);
        return copy;
    }

    // What was kept is of use only if the history is the one that it made last.
    private Kept? Take(Episode episode, OrchestrationRuntimeState state)
    {
        lock (_lock)
            return
                options.KeepsOrchestrators
                && _kept.Remove(episode.InstanceId, out var kept)
                && state.PastEvents.Count > 0
                && kept.Instance == episode.Instance
                && kept.Episode == episode.After
                ? kept
                : null;
    }

    private OrchestratorExecutionResult Keep(
        Episode episode,
        OrchestrationRuntimeState state,
        OrchestrationRuntimeState own,
        TaskOrchestrationExecutor executor,
        OrchestratorExecutionResult result
    )
    {
        // The executor clears its list when it goes on.
        result.Actions = [.. result.Actions];
        if (options.KeepsOrchestrators && !executor.IsCompleted && state.ExecutionStartedEvent is not null)
            lock (_lock)
                _kept[episode.InstanceId] = new(episode.Instance, episode.Number, own, executor);
        return result;
    }

    private sealed record Kept(HubInstance Instance, long Episode, OrchestrationRuntimeState State, TaskOrchestrationExecutor Executor);
}
