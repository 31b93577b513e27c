using System.Text.Json.Nodes;
using Compliance.Tenants;
using Compliance.Text;

namespace Compliance.Offboarding.Actions;

/// <summary>The one request that carries a step out.</summary>
/// <param name="Call">As which it is declared, with the least permission.</param>
/// <param name="Path">Path and query below the service's address, escaped.</param>
/// <param name="Body">JSON body; null for none.</param>
/// <param name="Scope">Resource Manager scope the permission is needed at; null for Graph.</param>
internal sealed record StepRequest(DeclaredCall Call, string Path, JsonNode? Body, string? Scope)
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
