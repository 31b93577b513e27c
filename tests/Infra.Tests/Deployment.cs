using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Infra.Tests;

/// <summary>What one case would deploy. Sample of a resource:
/// <c>{"id":"/subscriptions/…/sites/func-x","type":"Microsoft.Web/sites","name":"func-x","properties":{…}}</c>.</summary>
internal sealed class Deployment(JsonObject snapshot)
{
    /// <summary>The resources, modules dissolved and conditions decided.</summary>
    public IReadOnlyList<Resource> Resources { get; } =
        [.. snapshot["predictedResources"]!.AsArray().Select(r => new Resource(r!.AsObject()))];

    /// <summary>The outputs; what Azure alone knows is an expression.</summary>
    public JsonObject Outputs => snapshot["outputs"]!.AsObject();

    /// <summary>Those of a type.</summary>
    public IReadOnlyList<Resource> Of(string type) => [.. Resources.Where(r => r.Type == type)];

    /// <summary>The one of a type.</summary>
    public Resource One(string type) => Assert.Single(Of(type));

    /// <summary>The one of a type whose name ends so.</summary>
    public Resource One(string type, string nameEnd) =>
        Assert.Single(Of(type), r => r.Name.EndsWith(nameEnd, StringComparison.Ordinal));

    /// <summary>The app's settings.</summary>
    public JsonObject Settings => One("Microsoft.Web/sites/config", "/appsettings").Json["properties"]!.AsObject();
}

/// <summary>One resource.</summary>
internal sealed partial class Resource(JsonObject json)
{
    /// <summary>As the compiler has it.</summary>
    public JsonObject Json { get; } = json;

    /// <summary>Resource id; of one whose name Azure alone knows, an expression.</summary>
    public string Id { get; } = json["id"]!.GetValue<string>();

    /// <summary>Type, for example <c>Microsoft.Web/sites</c>.</summary>
    public string Type { get; } = json["type"]!.GetValue<string>();

    /// <summary>Name, with those of its parents before it.</summary>
    public string Name { get; } = json["name"]!.GetValue<string>();

    /// <summary>What an extension such as a role or a diagnostic setting is for.</summary>
    public string Scope
    {
        get
        {
            // [extensionResourceId('/subscriptions/…', 'Microsoft.Authorization/roleAssignments', guid(…))]
            if (ScopeOfExpression().Match(Id) is { Success: true } expression)
            {
                var scope = expression.Groups[1].Value;
                return scope[0] == '/' ? scope : $"/subscriptions/{scope}";
            }
            return Id[..Id.LastIndexOf("/providers/", StringComparison.Ordinal)];
        }
    }

    /// <summary>A value by its path, for example <c>properties.networkAcls.bypass</c>; null when it is not there.</summary>
    public JsonNode? At(string path) => path.Split('.').Aggregate((JsonNode?)Json, (at, name) => (at as JsonObject)?[name]);

    /// <summary>A text, number or truth by its path, as text.</summary>
    public string? Text(string path) => At(path)?.ToString();

    /// <inheritdoc/>
    public override string ToString() => $"{Type} {Name}";

    [GeneratedRegex(@"^\[(?:extensionResourceId|subscriptionResourceId)\('([^']+)', 'Microsoft\.Authorization/")]
    private static partial Regex ScopeOfExpression();
}
