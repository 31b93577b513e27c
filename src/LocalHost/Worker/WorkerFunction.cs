using System.Text.Json;
using LocalHost.Hosting;
using LocalHost.Rpc;

namespace LocalHost.Worker;

/// <summary>A function as the worker describes it when it is indexed.</summary>
/// <param name="Id">The id that invocations name.</param>
/// <param name="Name">The function's name.</param>
/// <param name="Trigger">What starts it.</param>
/// <param name="Inputs">Its further input bindings, such as a durable client.</param>
/// <param name="Outputs">Its output bindings.</param>
/// <param name="Metadata">The description itself, which a load request repeats.</param>
internal sealed record WorkerFunction(
    string Id,
    string Name,
    FunctionBinding Trigger,
    IReadOnlyList<FunctionBinding> Inputs,
    IReadOnlyList<FunctionBinding> Outputs,
    FunctionMetadata Metadata
)
{
    /// <summary>Reads the worker's description of a function.</summary>
    /// <exception cref="StartupException">It has no trigger, or more than one.</exception>
    public static WorkerFunction From(FunctionMetadata metadata)
    {
        var bindings = metadata.RawBindings.Select(FunctionBinding.Parse).ToList();
        var triggers = bindings.Where(b => b.IsTrigger).ToList();
        if (triggers.Count != 1)
            throw new StartupException($"function {metadata.Name}: must have exactly one trigger, has {triggers.Count}");
        return new WorkerFunction(
            metadata.FunctionId,
            metadata.Name,
            triggers[0],
            [.. bindings.Where(b => b.Direction == "in" && !b.IsTrigger)],
            [.. bindings.Where(b => b.Direction == "out")],
            metadata
        );
    }
}

/// <summary>One binding, such as <c>{"name":"message","type":"queueTrigger","direction":"In","queueName":"hr-events"}</c>.</summary>
/// <param name="Name">The parameter's name; <c>$return</c> for the returned value.</param>
/// <param name="Type">Such as <c>queueTrigger</c>.</param>
/// <param name="Direction"><c>in</c> or <c>out</c>.</param>
/// <param name="Json">All of it.</param>
internal sealed record FunctionBinding(string Name, string Type, string Direction, JsonElement Json)
{
    /// <summary>Whether it starts the function.</summary>
    public bool IsTrigger => Type.EndsWith("Trigger", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads one raw binding.</summary>
    public static FunctionBinding Parse(string json)
    {
        var root = JsonElement.Parse(json);
        return new FunctionBinding(
            root.GetProperty("name").GetString()!,
            root.GetProperty("type").GetString()!,
            root.GetProperty("direction").GetString()!.ToLowerInvariant(),
            root
        );
    }

    /// <summary>Whether it is of a type; letter case does not count.</summary>
    public bool IsOfType(string type) => Type.Equals(type, StringComparison.OrdinalIgnoreCase);

    /// <summary>A text property; null where it is absent.</summary>
    public string? Text(string property) =>
        Json.TryGetProperty(property, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>A yes-or-no property; null where it is absent.</summary>
    public bool? Flag(string property) =>
        Json.TryGetProperty(property, out var value) && (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
            ? value.GetBoolean()
            : null;
}
