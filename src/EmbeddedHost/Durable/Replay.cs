using Microsoft.Extensions.Logging;

namespace EmbeddedHost.Durable;

/// <summary>What a step came to.</summary>
internal sealed record StepResult
{
    /// <summary>What the orchestrator decided in this step.</summary>
    public IReadOnlyList<HistoryEvent> Actions { get; init; } = [];

    /// <summary>True when the instance ended.</summary>
    public bool Ended { get; init; }

    /// <summary>The output; null for none or when it failed.</summary>
    public string? Output { get; init; }

    /// <summary>Why it failed; null when it did not.</summary>
    public TaskFailureDetails? Failure { get; init; }

    /// <summary>Set when it begins anew.</summary>
    public (string? Input, IReadOnlyList<(string Name, string? Data)> Events)? Anew { get; init; }

    /// <summary>The custom status.</summary>
    public string? CustomStatus { get; init; }

    /// <summary>Timers of the whole history that the orchestrator gave up.</summary>
    public IReadOnlySet<int> CancelledTimers { get; init; } = new HashSet<int>();
}

/// <summary>Runs an orchestrator over its history and then over new events. Pure but for the orchestrator's own logging.</summary>
internal static class Replay
{
    /// <summary>One step.</summary>
    /// <param name="instanceId">The instance.</param>
    /// <param name="parent">Who called it.</param>
    /// <param name="past">The history so far; its second event is <see cref="HistoryKind.ExecutionStarted"/>, or the new events' is.</param>
    /// <param name="news">The step's events, the first a <see cref="HistoryKind.StepStarted"/>.</param>
    /// <param name="orchestrator">The code.</param>
    /// <param name="loggers">For its logging.</param>
    public static StepResult Run(
        string instanceId, ParentOrchestrationInstance? parent, IReadOnlyList<HistoryEvent> past, IReadOnlyList<HistoryEvent> news,
        Func<TaskOrchestrationContext, Task<object?>> orchestrator, ILoggerFactory loggers)
    {
        var started = past.Concat(news).First(e => e.Kind == HistoryKind.ExecutionStarted);
        var context = new ReplayContext(instanceId, started.Name!, started.Data, parent, loggers);
        var before = SynchronizationContext.Current;
        var thread = new StepContext();
        SynchronizationContext.SetSynchronizationContext(thread);
        try
        {
            return Run(context, thread, past, news, orchestrator);
        }
        catch (NonDeterministicException e)
        {
            return new StepResult { Ended = true, Failure = TaskFailureDetails.FromException(e), CustomStatus = context.CustomStatus, CancelledTimers = context.CancelledTimers };
        }
        finally
        {
            thread.Close();
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    private static StepResult Run(
        ReplayContext context, StepContext thread, IReadOnlyList<HistoryEvent> past, IReadOnlyList<HistoryEvent> news, Func<TaskOrchestrationContext, Task<object?>> orchestrator)
    {
        Task<object?>? running = null;
        var number = 0;
        foreach (var e in past.Concat(news))
        {
            if (number == past.Count)
            {
                if (past.Count > 0 && context.NewActions.FirstOrDefault() is { } extra)
                {
                    throw new NonDeterministicException(
                        $"orchestration '{context.Name}' instance '{context.InstanceId}' is not deterministic: its code now {extra.Describe()} as task {extra.Id}, but its history of {past.Count} events does not have it");
                }

                context.Replaying = false;
            }

            if (e.Kind == HistoryKind.ExecutionTerminated)
                return new StepResult { Ended = true, Output = e.Data, CustomStatus = context.CustomStatus, CancelledTimers = context.CancelledTimers };
            if (e.Kind == HistoryKind.ExecutionStarted)
                running = orchestrator(context);
            else
                context.Take(e, number);
            thread.Pump();
            number++;
        }

        if (thread.Strayed || (running is { IsCompleted: false } && !context.Awaits))
        {
            throw new NonDeterministicException(
                $"orchestration '{context.Name}' instance '{context.InstanceId}' waits for something that is not its context's (Task.Delay, I/O, Task.Run): an orchestrator may await the tasks of its context only");
        }

        var result = new StepResult { Actions = [.. context.NewActions], CustomStatus = context.CustomStatus, CancelledTimers = context.CancelledTimers };
        if (running is not { IsCompleted: true })
            return result;
        if (running.IsCompletedSuccessfully)
        {
            return context.Anew is { } anew
                ? result with { Anew = (anew.Input, anew.KeepEvents ? [.. context.Untaken] : []) }
                : result with { Ended = true, Output = DurableJson.Write(running.Result) };
        }

        var error = running.Exception?.InnerException ?? new TaskCanceledException(running);
        return result with { Ended = true, Failure = TaskFailureDetails.FromException(error) };
    }
}
