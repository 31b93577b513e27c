using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using SandboxTenant.Data;
using SandboxTenant.Http;
using SandboxTenant.SignIn;

namespace SandboxTenant.Graph;

/// <summary>The part of Microsoft Graph v1.0 that the product reads and changes.</summary>
internal sealed partial class GraphService(TenantData tenant, Journal journal, SignInService signIn)
{
    private readonly AccessService _access = new(tenant, journal);

    private const int DefaultPage = 100;
    private const int MaxPage = 999;

    // What Graph returns for a user without $select; https://learn.microsoft.com/graph/api/user-get says so.
    private static readonly Keep DefaultUser = Keep.Only("@odata.type", "businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone",
        "officeLocation", "preferredLanguage", "surname", "userPrincipalName", "id");

    private static readonly Keep DefaultOther = Keep.AllBut("signInActivity");

    /// <summary>Answers one request.</summary>
    public Answer Handle(Call call)
    {
        if (!signIn.Accepts(call.Header("Authorization"), "https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000"))
            return Error(call, 401, "InvalidAuthenticationToken", call.Header("Authorization") is null ? "Access token is empty." : "Access token validation failure. Invalid audience.");
        try
        {
            return Route(call);
        }
        catch (FormatException e)
        {
            return Error(call, 400, "Request_UnsupportedQuery", e.Message);
        }
    }

    /// <summary>An error as Graph shapes it.</summary>
    public static Answer Error(Call call, int status, string code, string message) => Answer.Of(status, writer =>
    {
        writer.WriteStartObject();
        writer.WriteStartObject("error");
        writer.WriteString("code", code);
        writer.WriteString("message", message);
        writer.WriteStartObject("innerError");
        writer.WriteString("date", call.Now.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture));
        writer.WriteString("request-id", call.RequestId);
        writer.WriteString("client-request-id", call.Header("client-request-id") ?? call.RequestId);
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteEndObject();
    });

    private Answer Route(Call call)
    {
        var segments = call.Segments;
        // applications(appId='...') stands for applications/{id}.
        if (segments.Length > 0 && ByAppId().Match(segments[0]) is { Success: true } match)
            segments = [match.Groups[1].Value, match.Groups[2].Value, .. segments[1..]];
        if (_access.Handle(call, segments) is { } answer)
            return answer;
        if (segments is not [var name, ..] || Set(name) is not { } set)
            return Error(call, 400, "BadRequest", $"Resource not found for the segment '{segments.FirstOrDefault()}'.");
        return (call.Method, segments) switch
        {
            ("GET", [_]) => List(call, set),
            ("GET", [_, "$count"]) => call.Header("ConsistencyLevel") == "eventual"
                ? new Answer(200, Encoding.ASCII.GetBytes(set.Count.ToString(CultureInfo.InvariantCulture))).With("Content-Type", "text/plain")
                : Error(call, 400, "Request_BadRequest", "$count is not currently supported without the ConsistencyLevel header set to eventual."),
            (_, [_, var id, ..]) when set.Find(id) is { } entity => One(call, set, entity, segments[2..]),
            (_, [_, var id, ..]) => NotFound(call, id),
            _ => Error(call, 405, "Request_BadRequest", $"Specified HTTP method {call.Method} is not allowed for the request target."),
        };
    }

    private Answer One(Call call, EntitySet set, Entity entity, string[] rest)
    {
        switch (call.Method, set.Name, rest)
        {
            case ("GET", _, []):
                return Answer.Of(200, writer =>
                {
                    writer.WriteStartObject();
                    writer.WriteString("@odata.context", $"{call.Root}/$metadata#{set.Name}/$entity");
                    Json.CopyProperties(writer, entity.Json, Selected(call.Query.GetValueOrDefault("$select")) ?? Default(set.Name));
                    Expand(writer, call, set.Name, entity);
                    writer.WriteEndObject();
                });
            case ("GET", "applications", ["owners", .. var cast]):
                return Related(call, tenant.ApplicationOwners.Of(entity.Id), cast);
            case ("GET", "servicePrincipals", ["owners", .. var cast]):
                return Related(call, tenant.ServicePrincipalOwners.Of(entity.Id), cast);
            case ("GET", "groups", ["owners", .. var cast]):
                return Related(call, tenant.GroupOwners.Of(entity.Id), cast);
            case ("GET", "groups", ["members", .. var cast]):
                return Related(call, tenant.GroupMembers.Of(entity.Id), cast);
            case ("GET", "users", ["manager"]):
                return tenant.Managers.Find(entity.Id)?.All() is [var manager] && !tenant.DeletedUsers.ContainsKey(manager.Id)
                    ? Answer.Of(200, writer => WriteRelated(writer, manager, Selected(call.Query.GetValueOrDefault("$select"))))
                    : Error(call, 404, "Request_ResourceNotFound", "Resource 'manager' does not exist or one of its queried reference-property objects are not present.");
            case ("GET", "users", ["memberOf", .. var cast]):
                return Reverse(call, tenant.GroupMembers, [(tenant.Groups, "group")], entity.Id, cast);
            case ("GET", "users", ["ownedObjects", .. var cast]):
                return Reverse(call, null, [(tenant.Applications, "application"), (tenant.ServicePrincipals, "servicePrincipal"), (tenant.Groups, "group")], entity.Id, cast);
            case ("PATCH", "users" or "applications" or "servicePrincipals" or "groups" or "devices", []):
                return Patch(call, set, entity);
            case ("DELETE", "users" or "applications" or "servicePrincipals" or "groups", []):
                journal.Delete(set.Name, entity.Id);
                return Answer.Empty(204);
            case ("POST", "applications" or "servicePrincipals", ["addPassword"]):
                return AddPassword(call, set, entity);
            case ("POST", "applications" or "servicePrincipals", ["removePassword"]):
                return RemovePassword(call, set, entity);
            default:
                return Error(call, 400, "BadRequest", $"Resource not found for the segment '{rest.FirstOrDefault()}', or {call.Method} is not allowed on it.");
        }
    }

    private Answer List(Call call, EntitySet set)
    {
        var filter = call.Query.TryGetValue("$filter", out var text) ? GraphFilter.Parse(text) : null;
        foreach (var unsupported in (string[])["$orderby", "$search", "$skip"])
            if (call.Query.ContainsKey(unsupported))
                throw new FormatException($"The sandbox does not support {unsupported}.");
        Func<Entity, bool>? where = filter is null ? null : e => Passes(filter, e.Json);
        if (filter?.Exact is { Property: "id" or "appId" or "userPrincipalName" } exact)
        {
            // One look into an index a value instead of a walk over everything.
            var found = exact.Values.Select(set.Find).OfType<Entity>().Where(e => Passes(filter, e.Json)).Select(e => e.Seq).ToHashSet();
            where = e => found.Contains(e.Seq);
        }
        var select = Selected(call.Query.GetValueOrDefault("$select"));
        var keep = select ?? Default(set.Name);
        return Page(call, set, where, $"$metadata#{set.Name}{(select is null ? "" : $"({call.Query["$select"]})")}", (writer, entity) =>
        {
            if (keep.IsAll && !call.Query.ContainsKey("$expand"))
            {
                writer.WriteRawValue(entity.Json, skipInputValidation: true);
                return;
            }
            writer.WriteStartObject();
            Json.CopyProperties(writer, entity.Json, keep);
            Expand(writer, call, set.Name, entity);
            writer.WriteEndObject();
        });
    }

    private static bool Passes(GraphFilter filter, byte[] json)
    {
        using var document = JsonDocument.Parse(json);
        return filter.Passes(document.RootElement);
    }

    /// <summary>A page of a set.</summary>
    internal static Answer Page(Call call, EntitySet set, Func<Entity, bool>? where, string context, Action<Utf8JsonWriter, Entity> write)
    {
        var size = DefaultPage;
        if (call.Query.TryGetValue("$top", out var top) && (!int.TryParse(top, NumberStyles.None, CultureInfo.InvariantCulture, out size) || size is < 1 or > MaxPage))
            return Error(call, 400, "Request_UnsupportedQuery", $"Invalid page size specified: '{top}'. Must be between 1 and {MaxPage} inclusive.");
        if (Paging.Read(call.Query.GetValueOrDefault("$skiptoken")) is not { } at)
            return Error(call, 400, "Directory_ExpiredPageToken", "The specified page token value has expired and can no longer be included in your request.");
        var (items, more) = set.Page(at.After, size, where);
        return Answer.Of(200, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("@odata.context", $"{call.Root}/{context}");
            if (call.Query.GetValueOrDefault("$count") == "true" && call.Header("ConsistencyLevel") == "eventual")
                writer.WriteNumber("@odata.count", where is null ? set.Count : set.Page(0, int.MaxValue, where).Items.Count);
            if (Paging.Next(call, "$skiptoken", at, more ? items[^1].Seq : null) is { } next)
                writer.WriteString("@odata.nextLink", next);
            writer.WriteStartArray("value");
            foreach (var item in items)
                write(writer, item);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }, items.Count == 0 ? 1024 : items[0].Json.Length * items.Count);
    }

    private Answer Related(Call call, EntitySet related, string[] cast)
    {
        if (cast is not ([] or [['m', 'i', 'c', 'r', 'o', 's', 'o', 'f', 't', '.', 'g', 'r', 'a', 'p', 'h', '.', ..]]))
            return Error(call, 400, "BadRequest", $"Resource not found for the segment '{cast[0]}'.");
        var type = cast is [var only] ? "#" + only : null;
        var select = Selected(call.Query.GetValueOrDefault("$select"));
        return Page(call, related, e => !tenant.DeletedUsers.ContainsKey(e.Id) && (type is null || Json.Text(e.Json, "@odata.type") == type),
            "$metadata#directoryObjects", (writer, e) => WriteRelated(writer, e, select));
    }

    // What the tenant knows of the object now, or, for one it does not know, what the file said of it.
    private void WriteRelated(Utf8JsonWriter writer, Entity related, Keep? select)
    {
        var type = Json.Text(related.Json, "@odata.type") ?? "#microsoft.graph.directoryObject";
        var known = type switch
        {
            "#microsoft.graph.user" => tenant.Users.Find(related.Id),
            "#microsoft.graph.servicePrincipal" => tenant.ServicePrincipals.Find(related.Id),
            "#microsoft.graph.group" => tenant.Groups.Find(related.Id),
            _ => null,
        };
        WriteTyped(writer, type, known?.Json ?? related.Json, select ?? (type == "#microsoft.graph.user" ? DefaultUser : DefaultOther));
    }

    private static void WriteTyped(Utf8JsonWriter writer, string type, byte[] json, Keep keep)
    {
        writer.WriteStartObject();
        if (Json.Text(json, "@odata.type") is null || !keep.Wants("@odata.type"u8))
            writer.WriteString("@odata.type", type);
        Json.CopyProperties(writer, json, keep);
        writer.WriteEndObject();
    }

    // memberOf and ownedObjects read the relation from its other end.
    private Answer Reverse(Call call, RelationSet? relation, (EntitySet Set, string Type)[] sets, string id, string[] cast)
    {
        var found = new EntitySet("directoryObjects");
        foreach (var (set, type) in sets)
        {
            if (cast is [var only] && only != "microsoft.graph." + type)
                continue;
            var from = relation ?? type switch { "application" => tenant.ApplicationOwners, "group" => tenant.GroupOwners, _ => tenant.ServicePrincipalOwners };
            foreach (var (parent, children) in from.All())
                if (children.Find(id) is not null && set.Find(parent) is { } entity)
                    found.Add(entity.Id, Json.Bytes(writer => WriteTyped(writer, "#microsoft.graph." + type, entity.Json, Keep.All)));
        }
        var select = Selected(call.Query.GetValueOrDefault("$select"));
        return Page(call, found, null, "$metadata#directoryObjects", (writer, e) => WriteTyped(writer, Json.Text(e.Json, "@odata.type")!, e.Json, select ?? DefaultOther));
    }

    private void Expand(Utf8JsonWriter writer, Call call, string set, Entity entity)
    {
        if (!call.Query.TryGetValue("$expand", out var expand))
            return;
        if (ExpandShape().Match(expand) is not { Success: true } match || tenant.Relations.FirstOrDefault(r => r.Parent == set && r.Leaf == match.Groups[1].Value) is not { Relation: { } relation, Leaf: { } leaf })
            throw new FormatException($"The sandbox does not support $expand={expand} on {set}.");
        var select = Selected(match.Groups[2].Success ? match.Groups[2].Value : null);
        var related = (relation.Find(entity.Id)?.All() ?? []).Where(e => !tenant.DeletedUsers.ContainsKey(e.Id)).Take(20).ToList();
        writer.WritePropertyName(leaf);
        if (leaf == "manager")
        {
            if (related is [var manager])
                WriteRelated(writer, manager, select);
            else
                writer.WriteNullValue();
            return;
        }
        writer.WriteStartArray();
        foreach (var item in related)
            WriteRelated(writer, item, select);
        writer.WriteEndArray();
    }

    private Answer Patch(Call call, EntitySet set, Entity entity)
    {
        if (call.Body.ValueKind != JsonValueKind.Object)
            return Error(call, 400, "BadRequest", "Empty Payload. JSON content expected.");
        var changes = JsonObject.Create(call.Body)!;
        foreach (var property in (string[])["id", "appId", "createdDateTime", "passwordCredentials"])
            if (changes.ContainsKey(property) && (property != "passwordCredentials" || set.Name == "users"))
                return Error(call, 400, "Request_BadRequest", $"Property '{property}' is read-only and cannot be set.");
        foreach (var credentials in (string[])["keyCredentials", "passwordCredentials"])
            foreach (var credential in changes[credentials] as JsonArray ?? [])
                if (credential is JsonObject secret)
                    secret[credentials == "keyCredentials" ? "key" : "secretText"] = null;
        journal.Merge(set.Name, entity.Id, changes);
        return Answer.Empty(204);
    }

    private Answer AddPassword(Call call, EntitySet set, Entity entity)
    {
        var given = call.Body.ValueKind == JsonValueKind.Object && call.Body.TryGetProperty("passwordCredential", out var body) && body.ValueKind == JsonValueKind.Object ? JsonObject.Create(body)! : [];
        var passwords = Json.Object(entity.Json)["passwordCredentials"]?.AsArray() ?? [];
        var keyId = Ids.Guid($"{entity.Id}/password/{passwords.Count}/{call.RequestId}");
        var credential = new JsonObject
        {
            ["customKeyIdentifier"] = null,
            ["displayName"] = given["displayName"]?.DeepClone(),
            ["endDateTime"] = given["endDateTime"]?.DeepClone() ?? Time(call.Now.AddYears(2)),
            ["hint"] = "sbx",
            ["keyId"] = keyId,
            ["secretText"] = null,
            ["startDateTime"] = given["startDateTime"]?.DeepClone() ?? Time(call.Now),
        };
        journal.Merge(set.Name, entity.Id, new JsonObject { ["passwordCredentials"] = new JsonArray([.. passwords.Select(p => p!.DeepClone()), credential.DeepClone()]) });
        credential["secretText"] = "sbx~" + Ids.Guid($"{keyId}/text").Replace("-", "", StringComparison.Ordinal);
        return Answer.Of(200, writer => credential.WriteTo(writer));
    }

    private Answer RemovePassword(Call call, EntitySet set, Entity entity)
    {
        var keyId = Json.Text(call.Body, "keyId");
        var passwords = Json.Object(entity.Json)["passwordCredentials"]?.AsArray() ?? [];
        var left = passwords.Where(p => !string.Equals(p?["keyId"]?.GetValue<string>(), keyId, StringComparison.OrdinalIgnoreCase)).Select(p => p!.DeepClone()).ToArray();
        if (left.Length == passwords.Count)
            return Error(call, 400, "Request_BadRequest", $"No password credential found with keyId '{keyId}'.");
        journal.Merge(set.Name, entity.Id, new JsonObject { ["passwordCredentials"] = new JsonArray(left) });
        return Answer.Empty(204);
    }

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    internal static Answer NotFound(Call call, string id) =>
        Error(call, 404, "Request_ResourceNotFound", $"Resource '{id}' does not exist or one of its queried reference-property objects are not present.");

    private static Keep Default(string set) => set == "users" ? DefaultUser : DefaultOther;

    internal static Keep? Selected(string? select) =>
        string.IsNullOrWhiteSpace(select) || select == "*" ? null : Keep.Only(select.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));

    private EntitySet? Set(string name) => name switch
    {
        "applications" => tenant.Applications,
        "servicePrincipals" => tenant.ServicePrincipals,
        "users" => tenant.Users,
        "groups" => tenant.Groups,
        "devices" => tenant.Devices,
        "organization" => tenant.Organization,
        _ => null,
    };

    [GeneratedRegex(@"^(applications|servicePrincipals)\(appId='([^']+)'\)$")]
    private static partial Regex ByAppId();

    [GeneratedRegex(@"^(owners|members|manager)(?:\(\$select=([^)]*)\))?$")]
    private static partial Regex ExpandShape();
}
