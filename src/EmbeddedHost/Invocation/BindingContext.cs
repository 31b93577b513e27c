namespace EmbeddedHost;

/// <summary>
/// What a trigger tells besides its value.
/// Stands for Microsoft.Azure.Functions.Worker.BindingContext.
/// </summary>
public abstract class BindingContext
{
    /// <summary>
    /// By name: for a queue QueueTrigger, Id, DequeueCount, PopReceipt, InsertionTime, ExpirationTime and NextVisibleTime; for HTTP the
    /// route's and the query's values; for Event Grid data. Text, except DequeueCount, which is a 64-bit integer; times are JSON strings, quotes included.
    /// </summary>
    public abstract IReadOnlyDictionary<string, object?> BindingData { get; }
}
