namespace EmbeddedHost.Configuration;

/// <summary>extensions.queues of host.json.</summary>
internal sealed record QueueRules
{
    /// <summary>Messages fetched at once, 1 to 32 (the service's limit).</summary>
    public int BatchSize { get; init; } = 16;

    /// <summary>More are fetched once no more than this many are in work; half a batch a processor unless set.</summary>
    public int NewBatchThreshold { get; init; } = 8 * Environment.ProcessorCount;

    /// <summary>Tries before a message goes to the poison queue.</summary>
    public int MaxDequeueCount { get; init; } = 5;

    /// <summary>How long a message that failed stays invisible.</summary>
    public TimeSpan VisibilityTimeout { get; init; } = TimeSpan.Zero;

    /// <summary>The longest wait between two looks at an empty queue.</summary>
    public TimeSpan MaxPollingInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Whether bodies are Base64 over UTF-8; else they are taken as they stand.</summary>
    public bool Base64 { get; init; } = true;
}
