using System.Text.Json;
using SandboxTenant.Data;
using SandboxTenant.Http;

namespace SandboxTenant.Graph;

/// <summary>Lists of directory objects of mixed types: owners, members, memberships.</summary>
internal static class DirectoryObjects
{
    private const string TypePrefix = "microsoft.graph.";

    /// <summary>The objects that hang on another, without those deleted in the sandbox.</summary>
    public static Answer Related(TenantData tenant, Call call, EntitySet related, string[] cast) =>
        List(call, cast, type =>
        {
            var select = GraphAnswer.Selected(call.Query.GetValueOrDefault("$select"));
            return GraphAnswer.Page(call, related, e => !tenant.DeletedUsers.ContainsKey(e.Id) && (type is null || Json.Text(e.Json, "@odata.type") == "#" + type),
                "$metadata#directoryObjects", (writer, e) => WriteRelated(tenant, writer, e, select));
        });

    /// <summary>Objects of several sets, each with its type. Places are kept apart set by set, so that pages stay right while some go.</summary>
    public static Answer Mixed(Call call, string[] cast, params (string Type, IEnumerable<Entity> Found)[] parts) =>
        List(call, cast, type =>
        {
            var select = GraphAnswer.Selected(call.Query.GetValueOrDefault("$select"));
            var found = parts.SelectMany((part, i) => type is null || type == TypePrefix + part.Type
                ? part.Found.Select(e => e with { Seq = ((long)i << 48) + e.Seq }) : []);
            return GraphAnswer.Page(call, found, "$metadata#directoryObjects",
                (writer, e) =>
                {
                    var name = "#" + TypePrefix + parts[(int)(e.Seq >> 48)].Type;
                    GraphAnswer.WriteTyped(writer, name, e.Json, select ?? GraphAnswer.Default(name));
                });
        });

    /// <summary>What the tenant knows of the object now, or, for one it does not know, what the file said of it.</summary>
    public static void WriteRelated(TenantData tenant, Utf8JsonWriter writer, Entity related, Keep? select)
    {
        var type = Json.Text(related.Json, "@odata.type") ?? "#microsoft.graph.directoryObject";
        var known = type switch
        {
            "#microsoft.graph.user" => tenant.Users.Find(related.Id),
            "#microsoft.graph.servicePrincipal" => tenant.ServicePrincipals.Find(related.Id),
            "#microsoft.graph.group" => tenant.Groups.Find(related.Id),
            "#microsoft.graph.device" => tenant.Devices.Find(related.Id),
            _ => null,
        };
        GraphAnswer.WriteTyped(writer, type, known?.Json ?? related.Json, select ?? GraphAnswer.Default(type));
    }

    // A cast may be followed by $count, which is a bare number.
    private static Answer List(Call call, string[] rest, Func<string?, Answer> page)
    {
        if (call.Query.ContainsKey("$filter"))
            throw new FormatException("The sandbox does not support $filter on a relation.");
        return (rest is [.., "$count"] ? rest[..^1] : rest) switch
        {
            [] => page(null),
            [var cast] when cast.StartsWith(TypePrefix, StringComparison.Ordinal) => page(cast),
            _ => GraphAnswer.Error(call, 400, "BadRequest", $"Resource not found for the segment '{rest[0]}'."),
        };
    }
}
