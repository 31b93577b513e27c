namespace EmbeddedHost.Durable;

/// <summary>Something for an instance to take into account: an event to be, or <see cref="EventKind.OrchestratorStarted"/> to make it start.</summary>
internal sealed record Message(HistoryEvent Event)
{
    /// <summary>The execution it is for; null: whichever there is.</summary>
    public string? Execution { get; init; }

    /// <summary>Sets going what the instance waited for when it was loaded; the first of its messages.</summary>
    public bool Resumes { get; init; }

    /// <summary>Ended when it is on record, or failed when it cannot be.</summary>
    public TaskCompletionSource? Recorded { get; init; }

    public static Message For(string execution, HistoryEvent e) => new(e) { Execution = execution };
}
