namespace EmbeddedHost;

/// <summary>
/// Writes what a function returns to a storage queue: text as it stands, a sequence as one message an element, null not at all, anything else as JSON.
/// Stands for Microsoft.Azure.Functions.Worker.QueueOutputAttribute.
/// </summary>
/// <param name="queueName">The queue, made when missing; <c>%Name%</c> stands for the setting Name.</param>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Property)]
public sealed class QueueOutputAttribute(string queueName) : OutputBindingAttribute
{
    /// <summary>The queue's name as written.</summary>
    public string QueueName { get; } = queueName;

    /// <summary>The setting that holds the connection string; AzureWebJobsStorage when null.</summary>
    public string? Connection { get; set; }
}
