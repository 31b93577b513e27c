namespace EmbeddedHost.Durable;

/// <summary>The kinds of history event. Stored by number: add at the end.</summary>
internal enum HistoryKind
{
    /// <summary>A step began; its time is the orchestrator's time.</summary>
    StepStarted = 0,

    /// <summary>The instance began: name, input.</summary>
    ExecutionStarted = 1,

    /// <summary>The orchestrator called an activity.</summary>
    TaskScheduled = 2,

    /// <summary>An activity ended well.</summary>
    TaskCompleted = 3,

    /// <summary>An activity failed.</summary>
    TaskFailed = 4,

    /// <summary>The orchestrator made a timer.</summary>
    TimerCreated = 5,

    /// <summary>A timer fired.</summary>
    TimerFired = 6,

    /// <summary>The orchestrator called another.</summary>
    SubOrchestrationStarted = 7,

    /// <summary>A called orchestration ended well.</summary>
    SubOrchestrationCompleted = 8,

    /// <summary>A called orchestration failed or was terminated.</summary>
    SubOrchestrationFailed = 9,

    /// <summary>An event was raised from outside.</summary>
    EventRaised = 10,

    /// <summary>Somebody ended the instance.</summary>
    ExecutionTerminated = 11,
}

/// <summary>One event of an instance's history.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="At">When (UTC).</param>
internal sealed record HistoryEvent(HistoryKind Kind, DateTimeOffset At)
{
    /// <summary>Number of the task, timer or sub-orchestration in its orchestration; -1 where it does not apply.</summary>
    public int Id { get; init; } = -1;

    /// <summary>Name of the orchestrator, activity or event.</summary>
    public string? Name { get; init; }

    /// <summary>Input, result or payload as JSON.</summary>
    public string? Data { get; init; }

    /// <summary>Instance id of a sub-orchestration.</summary>
    public string? Target { get; init; }

    /// <summary>When a timer fires (UTC).</summary>
    public DateTimeOffset? FireAt { get; init; }

    /// <summary>Why it failed.</summary>
    public TaskFailureDetails? Failure { get; init; }

    /// <summary>True for what the orchestrator itself decided.</summary>
    public bool IsAction => Kind is HistoryKind.TaskScheduled or HistoryKind.TimerCreated or HistoryKind.SubOrchestrationStarted;

    /// <summary>For messages: what was decided, in words.</summary>
    public string Describe() => Kind switch
    {
        HistoryKind.TaskScheduled => $"calls activity '{Name}'",
        HistoryKind.TimerCreated => "creates a timer",
        HistoryKind.SubOrchestrationStarted => $"calls orchestrator '{Name}'",
        _ => Kind.ToString(),
    };
}
