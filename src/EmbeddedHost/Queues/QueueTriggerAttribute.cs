namespace EmbeddedHost;

/// <summary>
/// Runs a function for each message of a storage queue.
/// Stands for Microsoft.Azure.Functions.Worker.QueueTriggerAttribute.
/// </summary>
/// <param name="queueName">The queue; <c>%Name%</c> stands for the setting Name.</param>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class QueueTriggerAttribute(string queueName) : TriggerBindingAttribute
{
    /// <summary>The queue's name as written.</summary>
    public string QueueName { get; } = queueName;

    /// <summary>The setting that holds the connection string; AzureWebJobsStorage when null.</summary>
    public string? Connection { get; set; }
}
