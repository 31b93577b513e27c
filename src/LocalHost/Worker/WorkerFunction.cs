using System.Text.Json;
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
    string Id, string Name, FunctionBinding Trigger, IReadOnlyList<FunctionBinding> Inputs, IReadOnlyList<FunctionBinding> Outputs, FunctionMetadata Metadata);

/// <summary>One binding, such as <c>{"name":"message","type":"queueTrigger","direction":"In","queueName":"hr-events"}</c>.</summary>
/// <param name="Name">The parameter's name; <c>$return</c> for the returned value.</param>
/// <param name="Type">Such as <c>queueTrigger</c>.</param>
/// <param name="Direction"><c>in</c> or <c>out</c>.</param>
/// <param name="Json">All of it.</param>
internal sealed record FunctionBinding(string Name, string Type, string Direction, JsonElement Json)
{
    /// <summary>Whether it is of a type; letter case does not count.</summary>
    public bool IsOfType(string type) => Type.Equals(type, StringComparison.OrdinalIgnoreCase);

    /// <summary>A text property; null where it is absent.</summary>
    public string? Text(string property) => Json.TryGetProperty(property, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
