using Azure.Storage.Queues;

namespace EmbeddedHost.Queues;

/// <summary>Where a function's return value goes.</summary>
internal sealed record QueueOutput(QueueClient Queue);
