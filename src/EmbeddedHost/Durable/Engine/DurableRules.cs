namespace EmbeddedHost.Durable;

/// <summary>extensions.durableTask of host.json, with the official defaults.</summary>
internal sealed record DurableRules
{
    /// <summary>Names the tables and the lease; 3 to 45 letters and digits, a letter first.</summary>
    public string HubName { get; init; } = "TestHubName";

    /// <summary>Activities at once.</summary>
    public int MaxConcurrentActivities { get; init; } = 10 * Environment.ProcessorCount;

    /// <summary>Steps of orchestrators at once.</summary>
    public int MaxConcurrentOrchestrators { get; init; } = 10 * Environment.ProcessorCount;
}
