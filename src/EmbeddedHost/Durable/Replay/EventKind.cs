namespace EmbeddedHost.Durable;

/// <summary>What an event of the history says. The names are stored: they must not change.</summary>
internal enum EventKind
{
    /// <summary>A step began; its time is what the orchestrator sees.</summary>
    OrchestratorStarted,

    /// <summary>The orchestrator was called with its input.</summary>
    ExecutionStarted,

    TaskScheduled,
    TaskCompleted,
    TaskFailed,
    TimerCreated,
    TimerFired,
    SubOrchestrationCreated,
    SubOrchestrationCompleted,
    SubOrchestrationFailed,
    EventSent,
    EventRaised,
    ExecutionTerminated,
    ExecutionCompleted,

    /// <summary>Not seen by the orchestrator: the custom status from here on.</summary>
    CustomStatusSet,

    /// <summary>Not seen by the orchestrator: a message for another instance that has to go out.</summary>
    Outgoing,

    /// <summary>Not seen by the orchestrator: the other instance has the message on record.</summary>
    Delivered,

    /// <summary>Not seen by the orchestrator: a message from another instance that came before the last continue-as-new.</summary>
    Received,
}
