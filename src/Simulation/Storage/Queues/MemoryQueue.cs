using System.Collections.Immutable;

namespace Simulation.Storage.Queues;

/// <summary>A message. Never changed: a read puts another in its place.</summary>
internal sealed record MemoryMessage
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>What was put, as it is on the wire.</summary>
    public required string Text { get; init; }

    /// <summary>When it was put.</summary>
    public required DateTimeOffset Inserted { get; init; }

    /// <summary>When it vanishes by itself.</summary>
    public required DateTimeOffset Expires { get; init; }

    /// <summary>From when on it can be got.</summary>
    public required DateTimeOffset Visible { get; init; }

    /// <summary>What whoever got it last needs to delete it.</summary>
    public required string PopReceipt { get; init; }

    /// <summary>How often it was got.</summary>
    public long DequeueCount { get; init; }
}

/// <summary>A queue.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Metadata">Its metadata.</param>
/// <param name="Messages">Messages in the order in which they were put.</param>
internal sealed record MemoryQueue(string Name, ImmutableSortedDictionary<string, string> Metadata, ImmutableList<MemoryMessage> Messages);
