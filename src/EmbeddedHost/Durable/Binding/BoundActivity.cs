using System.Text.Json;
using EmbeddedHost.Hosting;
using EmbeddedHost.Invocation;

namespace EmbeddedHost.Durable;

/// <summary>An activity.</summary>
internal sealed class BoundActivity(string name) : IBoundTrigger
{
    private static readonly HashSet<string> None = [];

    public string Name => name;

    public string Type => "activityTrigger";

    public IReadOnlySet<string> Names => None;

    public IListener? CreateListener(Function function) => null;

    public TriggerEvent FromAdmin(Function function, string? input)
    {
        try
        {
            return new TriggerEvent(ActivityTriggerBinding.Read(function.Method.Trigger.ParameterType, input));
        }
        catch (JsonException e)
        {
            throw new FormatException($"\"input\" is not the JSON of a {function.Method.Trigger.ParameterType.Name}: {e.Message}", e);
        }
    }
}
