namespace Simulation;

/// <summary>What a simulation runs, and how.</summary>
public sealed class SimulationOptions
{
    /// <summary>The same seed gives the same run.</summary>
    public ulong Seed { get; init; }

    /// <summary>The first time the clock shows.</summary>
    public DateTimeOffset Start { get; init; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The hosts that share the task hub: one, unless given otherwise.</summary>
    public required IReadOnlyList<HostOptions> Hosts { get; init; }

    /// <summary>What goes wrong: nothing, unless given otherwise.</summary>
    public FaultPlan Faults { get; init; } = new();

    /// <summary>
    /// Whether orchestrators are kept between their episodes and only see what is new. Otherwise each episode replays its history, as a
    /// host does that has just started.
    /// </summary>
    public bool KeepsOrchestrators { get; init; } = true;

    /// <summary>Whether each episode of a kept orchestrator is also replayed from its history, and must decide the same.</summary>
    public bool ReplaysEveryEpisode { get; init; }

    /// <summary>Whether histories are kept for <see cref="DurableSimulation.Histories"/>.</summary>
    public bool RecordsHistories { get; init; }

    /// <summary>How long, by the system's clock, a work item may take before it counts as stuck.</summary>
    public TimeSpan StuckAfter { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long, by the system's clock, a work item may take before others go on, when one of the same host rests that it may wait for:
    /// one that holds a lock while it waits for the clock.
    /// </summary>
    public TimeSpan BlockedAfter { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How many steps may be taken without the clock moving on, before it counts as an endless loop.</summary>
    public int MaxStepsAtOneTime { get; init; } = 100_000;
}

/// <summary>One host of an app.</summary>
public sealed class HostOptions
{
    /// <summary>Its name in the trace.</summary>
    public string Name { get; init; } = "host";

    /// <summary>The classes with its functions.</summary>
    public required IReadOnlyCollection<Type> Functions { get; init; }

    /// <summary>
    /// Its <c>defaultVersion</c>: instances that its client starts have it, and it takes no instance of a newer one
    /// (<c>versionMatchStrategy: CurrentOrOlder</c>, <c>versionFailureStrategy: Reject</c>). Null is an app without versions.
    /// </summary>
    public string? Version { get; init; }
}
