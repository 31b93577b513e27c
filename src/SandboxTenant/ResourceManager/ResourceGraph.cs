using System.Globalization;
using System.Text.Json;
using SandboxTenant.Data;
using SandboxTenant.Http;

namespace SandboxTenant.ResourceManager;

/// <summary>Answers Resource Graph queries over the tenant's resources, subscriptions and role assignments.</summary>
internal sealed class ResourceGraph(TenantData tenant)
{
    private const int MaxRows = 1000;
    private static readonly string[] Columns =
    [
        "id",
        "name",
        "type",
        "tenantId",
        "kind",
        "location",
        "resourceGroup",
        "subscriptionId",
        "managedBy",
        "sku",
        "plan",
        "properties",
        "tags",
        "identity",
        "zones",
        "extendedLocation",
    ];

    /// <summary>The type in a resource id: the namespace and every second part after it.</summary>
    public static string TypeOf(string id)
    {
        var at = id.LastIndexOf("/providers/", StringComparison.OrdinalIgnoreCase);
        if (at < 0)
            return "";
        var parts = id[(at + "/providers/".Length)..].Split('/');
        return string.Join('/', parts.Where((_, i) => i == 0 || i % 2 == 1));
    }

    /// <summary>Answers one request.</summary>
    public Answer Answer(Call call)
    {
        if (Json.Text(call.Body, "query") is not { } text)
            return Error("InvalidQuery", "The request body must have a query.");
        ResourceQuery query;
        try
        {
            query = ResourceQuery.Parse(text);
        }
        catch (FormatException e)
        {
            return Error(
                "InvalidQuery",
                "Query is invalid. Please refer to the documentation for the Azure Resource Graph service and fix the error before "
                    + $"retrying: {e.Message}."
            );
        }
        JsonElement? options = call.Body.TryGetProperty("options", out var given) && given.ValueKind == JsonValueKind.Object ? given : null;
        if (
            options is { } o
            && Json.Text(o, "resultFormat") is { } format
            && !format.Equals("objectArray", StringComparison.OrdinalIgnoreCase)
        )
            return Error("UnsupportedResultFormat", "The sandbox answers in objectArray format only.");
        var top = Number(options, "$top", MaxRows);
        var skip = Number(options, "$skip", 0);
        if (top is < 1 or > MaxRows || skip < 0)
            return Error("InvalidPagingOptions", $"$top must be from 1 to {MaxRows} and $skip not negative.");
        if (Paging.Read(options is { } p ? Json.Text(p, "$skipToken") : null) is not { } at)
            return Error("InvalidSkipToken", "The skip token is not valid.");

        var rows = Rows(query, Subscriptions(call.Body));
        try
        {
            var start = at.After > 0 || at.Again ? (int)at.After : skip;
            var end = Math.Min(start + top, rows.Count);
            var more = end < rows.Count;
            // Rows can be paged only by a query that returns their ids; the service then truncates without a token.
            var pageable = query.Project is null || query.Project.Any(c => c.Name.Equals("id", StringComparison.OrdinalIgnoreCase));
            var token = pageable ? Paging.Token(call, at, more ? end : null) : null;
            return Http.Answer.Create(
                200,
                writer =>
                {
                    writer.WriteStartObject();
                    writer.WriteNumber("totalRecords", rows.Count);
                    writer.WriteNumber("count", Math.Max(0, end - start));
                    writer.WriteStartArray("data");
                    for (var i = start; i < end; i++)
                        Row(writer, rows[i].RootElement, query.Project);
                    writer.WriteEndArray();
                    writer.WriteStartArray("facets");
                    writer.WriteEndArray();
                    writer.WriteString("resultTruncated", more && !pageable ? "true" : "false");
                    if (token is not null)
                        writer.WriteString("$skipToken", token);
                    writer.WriteEndObject();
                }
            );
        }
        finally
        {
            foreach (var row in rows)
                row.Dispose();
        }
    }

    private static void Row(Utf8JsonWriter writer, JsonElement row, IReadOnlyList<(string Name, string Path)>? project)
    {
        if (project is null)
        {
            row.WriteTo(writer);
            return;
        }
        writer.WriteStartObject();
        foreach (var (name, path) in project)
        {
            writer.WritePropertyName(name);
            if (ResourceQuery.Value(row, path) is { } value)
                value.WriteTo(writer);
            else
                writer.WriteNullValue();
        }
        writer.WriteEndObject();
    }

    private static HashSet<string>? Subscriptions(JsonElement body) =>
        body.TryGetProperty("subscriptions", out var list) && list.ValueKind == JsonValueKind.Array && list.GetArrayLength() > 0
            ? new HashSet<string>(list.EnumerateArray().Select(s => s.ToString()), StringComparer.OrdinalIgnoreCase)
            : null;

    private static int Number(JsonElement? options, string name, int otherwise) =>
        options is { } o
        && o.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.Number
        && value.TryGetInt32(out var number)
            ? number
            : otherwise;

    private List<JsonDocument> Rows(ResourceQuery query, HashSet<string>? subscriptions)
    {
        EntitySet[] sets = query.Table switch
        {
            "resources" => [tenant.Resources],
            "resourcecontainers" => [tenant.Subscriptions],
            _ => [tenant.RoleAssignments, tenant.RoleDefinitions],
        };
        List<JsonDocument> rows = [];
        foreach (var entity in sets.SelectMany(s => s.All()))
        {
            var row = JsonDocument.Parse(Row(query.Table, entity));
            if (
                (
                    subscriptions is null
                    || query.Table == "authorizationresources"
                    || subscriptions.Contains(row.RootElement.GetProperty("subscriptionId").GetString()!)
                ) && query.Passes(row.RootElement)
            )
                rows.Add(row);
            else
                row.Dispose();
        }
        // The service orders by id where the query does not say.
        var order = query.Order.Count > 0 ? query.Order : [("id", false)];
        IOrderedEnumerable<JsonDocument>? ordered = null;
        foreach (var (path, descending) in order)
        {
            string Key(JsonDocument d) => ResourceQuery.Text(ResourceQuery.Value(d.RootElement, path));
            ordered = (ordered, descending) switch
            {
                (null, false) => rows.OrderBy(Key, StringComparer.OrdinalIgnoreCase),
                (null, true) => rows.OrderByDescending(Key, StringComparer.OrdinalIgnoreCase),
                (_, false) => ordered.ThenBy(Key, StringComparer.OrdinalIgnoreCase),
                (_, true) => ordered.ThenByDescending(Key, StringComparer.OrdinalIgnoreCase),
            };
        }
        var all = ordered!.ToList();
        return query.Take is { } take ? [.. all.Take(take)] : all;
    }

    // A row has every column of its table, null where the resource has none, and a lower-case type.
    private byte[] Row(string table, Entity entity)
    {
        using var document = JsonDocument.Parse(entity.Json);
        var root = document.RootElement;
        var parts = root.GetProperty("id").GetString()!.Split('/');
        return Json.Bytes(writer =>
        {
            writer.WriteStartObject();
            foreach (var column in Columns)
            {
                writer.WritePropertyName(column);
                var value = ResourceQuery.Value(root, column);
                switch (column)
                {
                    case "type":
                        writer.WriteStringValue(
                            (
                                table == "resourcecontainers"
                                    ? "microsoft.resources/subscriptions"
                                    : value?.GetString() ?? TypeOf(entity.Id)
                            ).ToLowerInvariant()
                        );
                        break;
                    case "name" when value is null:
                        writer.WriteStringValue(table == "resourcecontainers" ? Json.Text(root, "displayName") : parts[^1]);
                        break;
                    case "subscriptionId" when value is null:
                        writer.WriteStringValue(parts is ["", "subscriptions", var id, ..] ? id : "");
                        break;
                    case "resourceGroup" when value is null:
                        writer.WriteStringValue(
                            parts is ["", "subscriptions", _, var groups, var name, ..]
                            && groups.Equals("resourceGroups", StringComparison.OrdinalIgnoreCase)
                                ? name
                                : ""
                        );
                        break;
                    case "tenantId" when value is null:
                        writer.WriteStringValue(tenant.TenantId);
                        break;
                    case "kind" or "location" when value is null:
                        writer.WriteStringValue("");
                        break;
                    default:
                        if (value is { } found)
                            found.WriteTo(writer);
                        else
                            writer.WriteNullValue();
                        break;
                }
            }
            writer.WriteEndObject();
        });
    }

    private static Answer Error(string code, string message) =>
        Http.Answer.Create(
            400,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteStartObject("error");
                writer.WriteString("code", "BadRequest");
                writer.WriteString("message", "Please provide below info when asking for support: the query.");
                writer.WriteStartArray("details");
                writer.WriteStartObject();
                writer.WriteString("code", code);
                writer.WriteString("message", string.Create(CultureInfo.InvariantCulture, $"{message}"));
                writer.WriteEndObject();
                writer.WriteEndArray();
                writer.WriteEndObject();
                writer.WriteEndObject();
            }
        );
}
