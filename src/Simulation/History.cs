using DurableTask.Core;
using DurableTask.Core.History;

namespace Simulation;

/// <summary>What happened to one generation of an instance: continue-as-new begins another one.</summary>
/// <param name="Instance">The instance's id.</param>
/// <param name="Name">The orchestrator's name.</param>
/// <param name="Version">The instance's version; empty when it has none.</param>
/// <param name="Generation">Which generation, from 1.</param>
/// <param name="Events">The events, in order.</param>
public sealed record History(string Instance, string Name, string Version, int Generation, IReadOnlyList<HistoryEvent> Events);

/// <summary>Keeps the histories of a simulation.</summary>
internal sealed class HistoryRecorder
{
    private readonly Dictionary<
        string,
        List<(string Execution, IReadOnlyList<HistoryEvent> Events, OrchestrationRuntimeState State)>
    > _kept = new(StringComparer.Ordinal);

    /// <summary>Keeps what an episode added.</summary>
    public void Add(Episode episode, EpisodeResult result)
    {
        if (!_kept.TryGetValue(episode.InstanceId, out var generations))
            _kept.Add(episode.InstanceId, generations = []);
        foreach (var state in episode.Generations.Append(result.RuntimeState))
        {
            if (state.ExecutionStartedEvent is null)
                continue;
            var execution = state.OrchestrationInstance!.ExecutionId;
            generations.RemoveAll(g => g.Execution == execution);
            generations.Add((execution, [.. state.Events], state));
        }
    }

    /// <summary>All histories, by instance and generation.</summary>
    public IReadOnlyList<History> All() =>
        [
            .. _kept
                .OrderBy(k => k.Key, StringComparer.Ordinal)
                .SelectMany(k => k.Value.Select((g, i) => new History(k.Key, g.State.Name, g.State.Version ?? "", i + 1, g.Events))),
        ];
}
