using System.Text;
using Newtonsoft.Json.Linq;
using NJsonSchema;

namespace Compliance.Policies;

/// <summary>
/// A JSON Schema for a policy file. It may use only what the validator honours, so that no rule of a schema is silently without
/// effect; a schema that uses more is refused when it is loaded.
/// </summary>
internal sealed class PolicySchema
{
    /// <summary>What a value is allowed to be, in words, for the message when it is not: an extension keyword of these schemas.</summary>
    public const string AllowedKeyword = "x-allowed";

    // NJsonSchema reads these without a word and checks none of them: what they would say is checked in code instead.
    private static readonly HashSet<string> Ignored = new(StringComparer.Ordinal)
    {
        "const",
        "if",
        "then",
        "else",
        "propertyNames",
        "contains",
        "minContains",
        "maxContains",
        "dependencies",
        "dependentRequired",
        "dependentSchemas",
        "unevaluatedProperties",
        "unevaluatedItems",
        "prefixItems",
        "$dynamicRef",
        "format",
    };

    private PolicySchema(JsonSchema schema, JObject text) => (Schema, Text) = (schema, text);

    /// <summary>The schema as the validator holds it.</summary>
    public JsonSchema Schema { get; }

    /// <summary>The schema as written.</summary>
    public JObject Text { get; }

    /// <summary>Loads a schema that is embedded in this assembly.</summary>
    /// <exception cref="InvalidOperationException">It is missing, or uses a keyword that would not be checked.</exception>
    public static PolicySchema Embedded(string name)
    {
        using var stream =
            typeof(PolicySchema).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"the schema {name} is not in this build");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return Parse(reader.ReadToEnd());
    }

    /// <summary>Reads a schema.</summary>
    /// <exception cref="InvalidOperationException">It uses a keyword that would not be checked.</exception>
    public static PolicySchema Parse(string json)
    {
        var text = JObject.Parse(json);
        if (Unchecked(text, "#") is { } place)
            throw new InvalidOperationException($"the schema uses {place}, which the validator ignores: check it in code");

        // References point into the schema itself, so nothing is awaited.
        return new(JsonSchema.FromJsonAsync(json).GetAwaiter().GetResult(), text);
    }

    private static string? Unchecked(JObject schema, string path)
    {
        foreach (var property in schema.Properties())
        {
            var here = $"{path}/{property.Name}";
            if (Ignored.Contains(property.Name))
                return here;
            var found = property.Name switch
            {
                "properties" or "patternProperties" or "definitions" => property
                    .Value.Children<JProperty>()
                    .Select(p => p.Value is JObject o ? Unchecked(o, $"{here}/{p.Name}") : null)
                    .FirstOrDefault(p => p is not null),
                _ when property.Value is JObject o => Unchecked(o, here),
                _ when property.Value is JArray a => a.OfType<JObject>().Select(o => Unchecked(o, here)).FirstOrDefault(p => p is not null),
                _ => null,
            };
            if (found is not null)
                return found;
        }

        return null;
    }
}
