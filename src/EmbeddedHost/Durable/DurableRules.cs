namespace EmbeddedHost.Durable;

/// <summary>extensions.durableTask of host.json, as far as this host uses it.</summary>
internal sealed record DurableRules
{
    /// <summary>The hub's name: its tables begin with it.</summary>
    public string HubName { get; init; } = "TestHubName";

    /// <summary>Activities run at the same time at most; the real host's ten a processor unless set.</summary>
    public int MaxConcurrentActivities { get; init; } = 10 * Environment.ProcessorCount;
}
