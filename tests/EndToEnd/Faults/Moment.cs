namespace EndToEnd.Faults;

/// <summary>Where a write stands when the app is cut off.</summary>
internal enum Cut
{
    /// <summary>The app asked for it; the service never heard of it.</summary>
    Unsent,

    /// <summary>The service did it; the app never heard of that.</summary>
    Unanswered,
}

/// <summary>
/// A write of the app to storage or tenant. Between two writes the app changes nothing outside itself, so what a kill leaves behind depends only on which write was the last that
/// was done, and whether the app knew: the writes are all the moments there are.
/// </summary>
/// <param name="What">Service, method and path; of a commit of an orchestration's history also the row.</param>
/// <param name="After">The commit of the case's history that came before: a step done again after a kill writes at the same moments as before it.</param>
/// <param name="Time">Which of the writes of the same kind since that commit, or since the app started, whichever was later.</param>
internal sealed record Moment(string What, string After, int Time)
{
    public override string ToString() => $"{What} #{Time} after {After}";
}
