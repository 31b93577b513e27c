using System.Globalization;
using DurableTask.Core;
using DurableTask.Core.Command;

namespace Simulation;

/// <summary>Compares what an orchestrator decided with what its replay decides.</summary>
internal static class Decisions
{
    /// <exception cref="NonDeterminismException">They differ.</exception>
    public static void Compare(Episode episode, OrchestratorExecutionResult first, OrchestratorExecutionResult replayed)
    {
        var (expected, actual) = (Describe(first), Describe(replayed));
        for (var i = 0; i < Math.Max(expected.Count, actual.Count); i++)
        {
            var (one, other) = (expected.ElementAtOrDefault(i), actual.ElementAtOrDefault(i));
            if (one != other)
                throw new NonDeterminismException(episode.InstanceId, episode.Number, i, one ?? "nothing", other ?? "nothing");
        }
    }

    /// <summary>Each decision on a line, and the custom status.</summary>
    public static IReadOnlyList<string> Describe(OrchestratorExecutionResult result) =>
        [.. result.Actions.Select(Describe), $"status {result.CustomStatus}"];

    private static string Describe(OrchestratorAction action) =>
        action switch
        {
            ScheduleTaskOrchestratorAction task => $"{task.Id} activity {task.Name} {task.Version} {task.Input}",
            CreateTimerOrchestratorAction timer =>
                $"{timer.Id} timer "
                    + $"{timer.FireAt.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff", CultureInfo.InvariantCulture)}",
            CreateSubOrchestrationAction sub => $"{sub.Id} sub-orchestration {sub.Name} {sub.Version} {sub.InstanceId} {sub.Input}",
            SendEventOrchestratorAction sent => $"{sent.Id} event {sent.EventName} to {sent.Instance?.InstanceId} {sent.EventData}",
            OrchestrationCompleteOrchestratorAction end => $"{end.Id} {end.OrchestrationStatus} {end.NewVersion} {end.Result} "
                + $"{end.FailureDetails?.ErrorType} {end.FailureDetails?.ErrorMessage}",
            _ => $"{action.Id} {action.OrchestratorActionType}",
        };
}

/// <summary>An orchestrator decided otherwise when its history was replayed.</summary>
/// <param name="instance">The instance's id.</param>
/// <param name="episode">The number of the episode.</param>
/// <param name="index">Which decision of the episode differs first, from 0.</param>
/// <param name="expected">What it decided at first.</param>
/// <param name="actual">What it decided when replayed.</param>
public sealed class NonDeterminismException(string instance, long episode, int index, string expected, string actual)
    : Exception($"instance {instance}, episode {episode}, decision {index}: decided \"{expected}\" and, when replayed, \"{actual}\"")
{
    /// <summary>The instance's id.</summary>
    public string Instance => instance;

    /// <summary>Which decision differs first.</summary>
    public int Index => index;

    /// <summary>What was decided at first.</summary>
    public string Expected => expected;

    /// <summary>What was decided when replayed.</summary>
    public string Actual => actual;
}
