using System.Globalization;

namespace Simulation;

/// <summary>What a step of a simulation was.</summary>
public enum StepKind
{
    /// <summary>A message of a client arrived at its instance.</summary>
    Message,

    /// <summary>An orchestrator ran until it had nothing to do but wait, and its decisions were handed in.</summary>
    Episode,

    /// <summary>An activity ran: to its end, or until it waited.</summary>
    Activity,

    /// <summary>A function of another trigger ran (<see cref="DurableSimulation.Call"/>): to its end, or until it waited.</summary>
    Function,

    /// <summary>A durable timer fired.</summary>
    Timer,

    /// <summary>A work item went on that had waited for the clock.</summary>
    Wait,

    /// <summary>A time-out took effect on a work item in hand.</summary>
    Timeout,

    /// <summary>A work item went on that had been held up for others.</summary>
    Turn,

    /// <summary>A host ended with all that it had in hand, and was started again.</summary>
    Crash,
}

/// <summary>One step of a simulation.</summary>
/// <param name="Number">Its number, from 1.</param>
/// <param name="Time">The virtual time.</param>
/// <param name="Kind">What it was.</param>
/// <param name="Host">The host that did it; empty for what needs none.</param>
/// <param name="Instance">The id of the orchestration instance.</param>
/// <param name="Name">The name of the orchestrator, activity or message.</param>
/// <param name="Outcome">What came of it.</param>
public sealed record Step(long Number, DateTimeOffset Time, StepKind Kind, string Host, string Instance, string Name, string Outcome)
{
    /// <summary>
    /// The message of an error, for people. It is not part of the trace's hash: it may name what the app drew at random.
    /// </summary>
    public string? Detail { get; init; }

    /// <summary>On one line, as it goes into the hash of the trace.</summary>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Number} {Time.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'} {Kind} {Host} {Instance} {Name}: {Outcome}"
        );
}
