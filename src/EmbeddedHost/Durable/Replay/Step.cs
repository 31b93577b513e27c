namespace EmbeddedHost.Durable;

/// <summary>What an orchestrator came to in one step.</summary>
internal sealed record Step
{
    /// <summary>What it asked for, in the order it did.</summary>
    public IReadOnlyList<HistoryEvent> Actions { get; init; } = [];

    /// <summary>Timers it still waits for, or could: id and time.</summary>
    public IReadOnlyList<(int Id, DateTime FireAt)> Timers { get; init; } = [];

    /// <summary>JSON.</summary>
    public string? CustomStatus { get; init; }

    /// <summary>How it ended; null: it waits.</summary>
    public HistoryEvent? Completed { get; init; }

    /// <summary>It wants to begin anew with this input and with these external events; null: it does not.</summary>
    public Renewal? Anew { get; init; }
}

internal sealed record Renewal(string? Input, IReadOnlyList<HistoryEvent> Events);
