namespace Compliance.Runs;

/// <summary>Where messages lie that the app could not process, or events that Event Grid could not deliver.</summary>
/// <param name="Name">The poison queue or the container.</param>
/// <param name="Queue">The queue whose poison queue it is; null for the dead-letter container.</param>
internal sealed record LeftPlace(string Name, string? Queue);

/// <summary>What lies in one place.</summary>
/// <param name="Place">The place.</param>
internal sealed record LeftMessages(LeftPlace Place)
{
    /// <summary>How many messages, or files of events, lie there. Storage may give more than there are, never fewer.</summary>
    public long Count { get; init; }

    /// <summary>True when counting ended before the last one.</summary>
    public bool IsMore { get; init; }

    /// <summary>Since when the oldest lies there (UTC, by the clock of storage); null when none can be looked at now.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>When storage deletes the first of them (UTC); null when they stay.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>Why the place could not be read; null when it was.</summary>
    public string? Unread { get; init; }

    /// <summary>What to do about that.</summary>
    public string? Remedy { get; init; }
}
