using Compliance.Policies;
using Newtonsoft.Json.Linq;

namespace Compliance.Tests.Policies;

/// <summary>The keys that a page about a policy has to explain.</summary>
internal static class SchemaKeys
{
    /// <summary>Every key of a schema that holds a value, but for the version.</summary>
    /// <param name="name">The embedded schema.</param>
    public static IEnumerable<string> In(string name) =>
        PolicySchema
            .Embedded(name)
            .Text.DescendantsAndSelf()
            .OfType<JProperty>()
            .Where(p => p.Name == "properties")
            .SelectMany(p => ((JObject)p.Value).Properties())
            .Where(p => p.Value["properties"] is null)
            .Select(p => p.Name)
            .Where(n => n != "version")
            .Distinct();
}
