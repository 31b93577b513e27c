namespace EndToEnd.Faults;

/// <summary>The processes that an app is.</summary>
[Flags]
public enum Part
{
    /// <summary>What was started: it runs the durable engine and starts the worker.</summary>
    Host = 1,

    /// <summary>The app's own code.</summary>
    Worker = 2,

    /// <summary>The one and the other at once.</summary>
    Both = Host | Worker,
}

/// <summary>Where a write is when a process is cut off.</summary>
internal enum Cut
{
    /// <summary>It was asked for; the service never heard of it.</summary>
    Unsent,

    /// <summary>The service did it; whoever asked never heard of that.</summary>
    Unanswered,
}

/// <summary>
/// A write to storage or tenant. Between two writes the app changes nothing outside itself, so what a kill leaves behind depends only on
/// which write was the last that was done, and whether the app knew: the writes are all the moments there are.
/// </summary>
/// <param name="By">Whose write it is: what the engine stores is the host's, all else the worker's.</param>
/// <param name="What">Service, method and path; of a commit of an orchestration's history what it adds.</param>
/// <param name="After">The commit of the case's history that came before: a step done again after a kill writes at the same moments as
/// before it.</param>
/// <param name="Time">Which of the writes of the same kind since that commit, or since a process was killed, whichever was later.</param>
internal sealed record Moment(Part By, string What, string After, int Time)
{
    public override string ToString() => $"{What} #{Time} of the {By} after {After}";
}
