using DurableTask.Core;
using DurableTask.Core.Command;
using DurableTask.Core.History;
using Microsoft.DurableTask.Converters;
using Microsoft.DurableTask.Worker;
using Microsoft.DurableTask.Worker.Shims;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Simulation;

/// <summary>Replays recorded histories on the present code: an instance that was begun before a deployment must go on after it.</summary>
public static class HistoryReplay
{
    /// <summary>Replays a history, episode by episode.</summary>
    /// <param name="history">What was recorded.</param>
    /// <param name="functions">The classes with the orchestrators.</param>
    /// <param name="comparesData">
    /// Whether inputs, results and due times must be equal too. The official engine replays on kinds, numbers and names alone.
    /// </param>
    /// <returns>The first difference; null when there is none.</returns>
    public static ReplayDifference? Replay(History history, IReadOnlyCollection<Type> functions, bool comparesData = false)
    {
        ArgumentNullException.ThrowIfNull(history);
        ArgumentNullException.ThrowIfNull(functions);
        var options = new DurableTaskWorkerOptions
        {
            DataConverter = new JsonDataConverter(DurableEngine.Json),
            EnableEntitySupport = false,
        };
        var shims = new DurableTaskShimFactory(options, NullLoggerFactory.Instance);
        using var services = new ServiceCollection().BuildServiceProvider();
        INameVersionObjectManager<TaskOrchestration> orchestrations = new DurableFunctions(
            functions,
            shims,
            DurableEngine.Json,
            () => services,
            CancellationToken.None
        );
        var state = new OrchestrationRuntimeState();
        TaskOrchestrationExecutor? executor = null;
        var number = 0;
        foreach (var (arrived, decided) in Episodes(history.Events))
        {
            number++;
            state.NewEvents.Clear();
            foreach (var added in arrived)
                state.AddEvent(added);
            OrchestratorExecutionResult result;
            if (executor is null)
            {
                executor = new(
                    state,
                    orchestrations.GetObject(history.Name, history.Version)!,
                    BehaviorOnContinueAsNew.Carryover,
                    ErrorPropagationMode.UseFailureDetails
                );
                result = executor.Execute();
            }
            else
            {
                result = executor.ExecuteNewEvents();
            }
            var expected = decided.Select(e => Describe(e, comparesData)).ToList();
            var actual = result.Actions.Select(a => Describe(a, comparesData)).ToList();
            for (var i = 0; i < Math.Max(expected.Count, actual.Count); i++)
                if (expected.ElementAtOrDefault(i) != actual.ElementAtOrDefault(i))
                    return new(history, number, i, expected.ElementAtOrDefault(i) ?? "nothing", actual.ElementAtOrDefault(i) ?? "nothing");
        }
        return null;
    }

    // An episode is what has arrived since the last one, after its OrchestratorStarted, and what was decided upon it.
    private static IEnumerable<(List<HistoryEvent> Arrived, List<HistoryEvent> Decided)> Episodes(IReadOnlyList<HistoryEvent> events)
    {
        var (arrived, decided) = (new List<HistoryEvent>(), new List<HistoryEvent>());
        foreach (var added in events)
        {
            if (added is OrchestratorStartedEvent && arrived.Count > 0)
            {
                yield return (arrived, decided);
                (arrived, decided) = ([], []);
            }
            if (IsDecision(added))
                decided.Add(added);
            else if (added is not OrchestratorCompletedEvent)
                arrived.Add(added);
        }
        if (arrived.Count > 0)
            yield return (arrived, decided);
    }

    private static bool IsDecision(HistoryEvent added) =>
        added
            is TaskScheduledEvent
                or TimerCreatedEvent
                or SubOrchestrationInstanceCreatedEvent
                or EventSentEvent
                or ExecutionCompletedEvent;

    private static string Describe(HistoryEvent decided, bool withData) =>
        decided switch
        {
            TaskScheduledEvent e => Line(e.EventId, "activity", e.Name, withData, e.Input),
            TimerCreatedEvent e => Line(e.EventId, "timer", null, withData, $"{e.FireAt.ToUniversalTime():O}"),
            SubOrchestrationInstanceCreatedEvent e => Line(e.EventId, "sub-orchestration", e.Name, withData, $"{e.InstanceId} {e.Input}"),
            EventSentEvent e => Line(e.EventId, "event", e.Name, withData, $"{e.InstanceId} {e.Input}"),
            ContinueAsNewEvent e => Line(e.EventId, "end", $"{OrchestrationStatus.ContinuedAsNew}", withData, e.Result),
            ExecutionCompletedEvent e => Line(e.EventId, "end", $"{e.OrchestrationStatus}", withData, e.Result),
            _ => $"{decided.EventType}",
        };

    private static string Describe(OrchestratorAction action, bool withData) =>
        action switch
        {
            ScheduleTaskOrchestratorAction a => Line(a.Id, "activity", a.Name, withData, a.Input),
            CreateTimerOrchestratorAction a => Line(a.Id, "timer", null, withData, $"{a.FireAt.ToUniversalTime():O}"),
            CreateSubOrchestrationAction a => Line(a.Id, "sub-orchestration", a.Name, withData, $"{a.InstanceId} {a.Input}"),
            SendEventOrchestratorAction a => Line(a.Id, "event", a.EventName, withData, $"{a.Instance?.InstanceId} {a.EventData}"),
            OrchestrationCompleteOrchestratorAction a => Line(a.Id, "end", $"{a.OrchestrationStatus}", withData, a.Result),
            _ => $"{action.OrchestratorActionType}",
        };

    private static string Line(int id, string kind, string? name, bool withData, string? data) =>
        string.Join(' ', new[] { $"{id}", kind, name, withData ? data : null }.Where(p => !string.IsNullOrEmpty(p)));
}

/// <summary>Where the present code decides otherwise than a recorded history.</summary>
/// <param name="History">What was recorded.</param>
/// <param name="Episode">The episode, from 1.</param>
/// <param name="Index">Which decision of the episode, from 0.</param>
/// <param name="Expected">What was decided when it was recorded.</param>
/// <param name="Actual">What is decided now.</param>
public sealed record ReplayDifference(History History, int Episode, int Index, string Expected, string Actual)
{
    /// <inheritdoc/>
    public override string ToString() =>
        $"{History.Name} {History.Instance}, generation {History.Generation}, episode {Episode}, decision {Index}: "
        + $"recorded \"{Expected}\", now \"{Actual}\"";
}
