using Azure.Messaging;
using EmbeddedHost.Hosting;
using EmbeddedHost.Invocation;

namespace EmbeddedHost.EventGrid;

/// <summary>Event Grid triggers.</summary>
internal sealed class EventGridTriggerBinding : ITriggerBinding
{
    public Type Attribute => typeof(EventGridTriggerAttribute);

    public IBoundTrigger? Bind(FunctionMethod method, Problems problems)
    {
        var batched = ((EventGridTriggerAttribute)method.Attribute).IsBatched;
        var type = method.Trigger.ParameterType;
        var cloudEvents = batched ? typeof(CloudEvent[]) : typeof(CloudEvent);
        var text = batched ? typeof(string[]) : typeof(string);
        if (type == cloudEvents || type == text)
            return new BoundEventGrid(batched, type == cloudEvents);
        problems.Add($"{method.Where}: with IsBatched {(batched ? "" : "not ")}set, Event Grid gives {cloudEvents.Name} or {text.Name}, not {type.Name}");
        return null;
    }
}
