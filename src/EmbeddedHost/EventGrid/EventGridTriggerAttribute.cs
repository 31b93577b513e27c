namespace EmbeddedHost;

/// <summary>
/// Runs a function for each event that Event Grid posts to <c>/runtime/webhooks/EventGrid?functionName=NAME</c>.
/// Stands for Microsoft.Azure.Functions.Worker.EventGridTriggerAttribute.
/// </summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class EventGridTriggerAttribute : TriggerBindingAttribute
{
    /// <summary>Whether one run takes all events of a request, as an array; false unless set.</summary>
    public bool IsBatched { get; set; }
}
