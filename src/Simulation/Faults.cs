namespace Simulation;

/// <summary>What can be made to go wrong.</summary>
public enum FaultKind
{
    /// <summary>
    /// The host ends before an episode or an activity is committed: its effects on the hub are lost, those outside remain.
    /// </summary>
    CrashBeforeCommit,

    /// <summary>The host ends after the commit: what it has in hand comes again, and the messages of the episode too.</summary>
    CrashAfterCommit,

    /// <summary>The host ends in an episode's commit: its messages have gone out, its history is lost. Azure Storage sends first.</summary>
    TornCommit,

    /// <summary>
    /// The host loses the instance to another one while it has an episode in hand, and hands it in later: its messages go out, its history
    /// is refused.
    /// </summary>
    StaleCommit,

    /// <summary>The host ends at a point within an activity (<see cref="DurableSimulation.PassAsync"/>).</summary>
    CrashInside,

    /// <summary>An activity is held up at a point within it, and others go on meanwhile.</summary>
    HoldUp,

    /// <summary>An activity's result is lost: it runs again.</summary>
    LostAnswer,

    /// <summary>An activity runs once more although its result was taken.</summary>
    Redelivery,

    /// <summary>An activity did its work, and is reported as failed: so the Functions host does when its worker process dies.</summary>
    ReportedFailed,

    /// <summary>An activity begins late, by a drawn time in which others go on.</summary>
    SlowActivity,

    /// <summary>A durable timer fires late, by a drawn time.</summary>
    LateTimer,

    /// <summary>A durable timer fires up to a second early, as the engine on Azure Storage does.</summary>
    EarlyTimer,

    /// <summary>
    /// A start of an id that runs is not refused, as when two clients start it at the same time: the later one replaces it.
    /// </summary>
    ConcurrentStart,
}

/// <summary>One fault: at which work item it is injected, or was.</summary>
/// <param name="Kind">What goes wrong.</param>
/// <param name="Instance">The instance of the work item.</param>
/// <param name="Name">The name of the orchestrator or activity; <c>timer</c> for a timer.</param>
/// <param name="Occurrence">Which work item of that instance and name, from 1.</param>
/// <param name="Point">Which point within it, from 1; 0 where that does not matter.</param>
/// <param name="Delay">By how much, for what is late, early or slow.</param>
public sealed record Fault(FaultKind Kind, string Instance, string Name, int Occurrence, int Point = 0, TimeSpan Delay = default);

/// <summary>Which faults a simulation injects: by chance at given rates, by a script, or both.</summary>
public sealed class FaultPlan
{
    /// <summary>How likely each kind is, from 0 to 1 for each work item, point, timer or start that it can meet.</summary>
    public IReadOnlyDictionary<FaultKind, double> Rates { get; init; } = new Dictionary<FaultKind, double>();

    /// <summary>Faults by name. <see cref="DurableSimulation.Injected"/> of an earlier run can be given here.</summary>
    public IReadOnlyList<Fault> Script { get; init; } = [];

    /// <summary>The longest time by which something is late or slow.</summary>
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Whether hosts also end at points in what runs in their background, outside of any work item. Background code runs at times of its
    /// own, so that the same seed may then give another run. Such a fault has no instance and the host's name.
    /// </summary>
    public bool InBackground { get; init; }

    /// <summary>Every kind at the same rate.</summary>
    public static FaultPlan AtRate(double rate) => new() { Rates = Enum.GetValues<FaultKind>().ToDictionary(k => k, _ => rate) };
}
