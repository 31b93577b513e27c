using System.Text.Json.Nodes;
using Compliance.Changes.Plans;
using Compliance.Tenants;
using Compliance.Text;

namespace Compliance.Offboarding.Actions;

/// <summary>The one request that carries a step out.</summary>
/// <param name="Call">As which it is declared, with the least permission.</param>
/// <param name="Path">Path and query below the service's address, escaped.</param>
/// <param name="Body">JSON body; null for none.</param>
/// <param name="Scope">Resource Manager scope the permission is needed at; null for Graph.</param>
internal sealed record StepRequest(DeclaredCall Call, string Path, JsonNode? Body = null, string? Scope = null)
{
    /// <summary>The address of Graph that commands for people name.</summary>
    public const string PublicGraph = "https://graph.microsoft.com/v1.0";

    private const string PublicResourceManager = "https://management.azure.com";

    /// <summary>True for Resource Manager.</summary>
    public bool IsAzure => Call.Service == "arm";

    /// <summary>The command with which a person does the same.</summary>
    public string Command()
    {
        var command = $"az rest --method {Call.Method} --url {Shell.Word((IsAzure ? PublicResourceManager : PublicGraph) + Path)}";
        return Body is null ? command : $"{command} --body {Shell.Word(Body.ToJsonString())}";
    }
}

/// <summary>What steps are made of: reads the arguments of one, and writes paths and bodies.</summary>
internal static class StepValues
{
    /// <summary>An argument.</summary>
    /// <exception cref="ArgumentException">The step does not have it.</exception>
    public static string Needed(this PlanStep step, string name) =>
        step.Optional(name) ?? throw new ArgumentException($"step {step.Id} ({step.Action}) has no argument '{name}'", nameof(step));

    /// <summary>An argument; null when the step does not have it.</summary>
    public static string? Optional(this PlanStep step, string name) => step.Arguments.GetValueOrDefault(name);

    /// <summary>Object id of the user.</summary>
    public static string UserId(this PlanStep step) => step.Needed(StepArguments.UserId);

    /// <summary>True for a group that can hold directory roles.</summary>
    public static bool IsRoleAssignable(this PlanStep step) => step.Optional(StepArguments.RoleAssignable) == "true";

    /// <summary>True for a group that can hold directory roles, by the snapshot.</summary>
    public static bool IsRoleAssignable(this Access access) => access.Details.GetValueOrDefault("isAssignableToRole") == "true";

    /// <summary>One segment of a path.</summary>
    public static string Escaped(string segment) => Uri.EscapeDataString(segment);

    /// <summary>
    /// An id of Resource Manager, which is a path: its segments are escaped one by one, so that none can add a query or another path.
    /// </summary>
    public static string AzurePath(string id) =>
        string.Join(
            '/',
            id.TrimEnd('/')
                .Split('/')
                .Select(s =>
                    s is "." or ".."
                        ? throw new ArgumentException($"'{id}' is no Resource Manager id", nameof(id))
                        : Uri.EscapeDataString(s)
                )
        );

    /// <summary>An object of the members that have a value.</summary>
    public static JsonObject Given(params IEnumerable<(string Name, string? Value)> members)
    {
        var given = new JsonObject();
        foreach (var (name, value) in members)
            if (value is not null)
                given[name] = value;
        return given;
    }

    /// <summary>The body that names an object of the directory.</summary>
    public static JsonObject Reference(string graph, string id) => new() { ["@odata.id"] = $"{graph}/directoryObjects/{Escaped(id)}" };
}
