using System.Text.Json;
using SandboxTenant.Data;
using SandboxTenant.Http;

namespace SandboxTenant.Graph;

/// <summary>Lists of directory objects of mixed types: owners, members, memberships.</summary>
internal static class DirectoryObjects
{
    private const string TypePrefix = "microsoft.graph.";

    /// <summary>The objects that hang on another, without those deleted in the sandbox.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="call">The call.</param>
    /// <param name="related">What hangs on the other object.</param>
    /// <param name="cast">What follows in the path.</param>
    /// <param name="limited">
    /// Whether the app may not read objects of this type: their ids are listed and everything else is null, as
    /// https://learn.microsoft.com/graph/permissions-overview says of inaccessible member objects.
    /// </param>
    public static Answer Related(TenantData tenant, Call call, EntitySet related, string[] cast, bool limited = false) =>
        List(
            call,
            cast,
            type =>
            {
                var select = GraphAnswer.Selected(call.Query.GetValueOrDefault("$select"));
                return GraphAnswer.Page(
                    call,
                    related,
                    e => !tenant.DeletedUsers.ContainsKey(e.Id) && (type is null || Json.Text(e.Json, "@odata.type") == "#" + type),
                    "$metadata#directoryObjects",
                    (writer, e) =>
                    {
                        if (limited)
                            WriteLimited(writer, e, call.Query.GetValueOrDefault("$select", "id,displayName"));
                        else
                            WriteRelated(tenant, writer, e, select);
                    }
                );
            }
        );

    /// <summary>
    /// Objects of several sets, each with its type. Places are kept apart set by set, so that pages stay right while some go.
    /// </summary>
    public static Answer Mixed(Call call, string[] cast, params (string Type, IEnumerable<Entity> Found)[] parts) =>
        List(
            call,
            cast,
            type =>
            {
                var select = GraphAnswer.Selected(call.Query.GetValueOrDefault("$select"));
                var found = parts.SelectMany(
                    (part, i) =>
                        type is null || type == TypePrefix + part.Type
                            ? part.Found.Select(e => e with { Seq = ((long)i << 48) + e.Seq })
                            : []
                );
                return GraphAnswer.Page(
                    call,
                    found,
                    "$metadata#directoryObjects",
                    (writer, e) =>
                    {
                        var name = "#" + TypePrefix + parts[(int)(e.Seq >> 48)].Type;
                        GraphAnswer.WriteTyped(writer, name, e.Json, select ?? GraphAnswer.Default(name));
                    }
                );
            }
        );

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

    private static void WriteLimited(Utf8JsonWriter writer, Entity related, string select)
    {
        writer.WriteStartObject();
        writer.WriteString("@odata.type", Json.Text(related.Json, "@odata.type") ?? "#microsoft.graph.directoryObject");
        writer.WriteString("id", related.Id);
        foreach (var name in select.Split(',').Where(n => n != "id"))
            writer.WriteNull(name);
        writer.WriteEndObject();
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
