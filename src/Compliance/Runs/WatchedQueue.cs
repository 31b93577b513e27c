namespace Compliance.Runs;

/// <summary>A queue that a function of this app reads. What fails there too often is moved by the host to its poison queue.</summary>
/// <param name="Name">The queue's name.</param>
internal sealed record WatchedQueue(string Name)
{
    /// <summary>What the host appends to a queue's name (Microsoft.Azure.WebJobs.Extensions.Storage.Queues).</summary>
    public const string PoisonSuffix = "-poison";

    /// <summary>The queue of the messages that were given up.</summary>
    public string Poison => Name + PoisonSuffix;
}
