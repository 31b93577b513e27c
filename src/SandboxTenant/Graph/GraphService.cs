using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using SandboxTenant.Data;
using SandboxTenant.Http;
using SandboxTenant.SignIn;
using static SandboxTenant.Graph.GraphAnswer;

namespace SandboxTenant.Graph;

/// <summary>The part of Microsoft Graph v1.0 that the product reads and changes.</summary>
internal sealed partial class GraphService(TenantData tenant, Journal journal, SignInService signIn)
{
    private readonly IGraphArea[] _areas =
    [
        new Memberships(tenant, journal),
        new Accounts(tenant, journal),
        new AppAccess(tenant, journal),
        new DirectoryRoles(tenant, journal),
        new AuthenticationMethods(tenant, journal),
        new Devices(tenant, journal),
        new Mail(tenant),
    ];

    /// <summary>Answers one request.</summary>
    public Answer Handle(Call call)
    {
        if (!signIn.Accepts(call.Header("Authorization"), "https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000"))
            return Error(
                call,
                401,
                "InvalidAuthenticationToken",
                call.Header("Authorization") is null ? "Access token is empty." : "Access token validation failure. Invalid audience."
            );
        try
        {
            return Route(call);
        }
        catch (FormatException e)
        {
            return Error(call, 400, "Request_UnsupportedQuery", e.Message);
        }
    }

    private Answer Route(Call call)
    {
        var segments = call.Segments;
        // applications(appId='...') stands for applications/{id}.
        if (segments.Length > 0 && ByAppId().Match(segments[0]) is { Success: true } match)
            segments = [match.Groups[1].Value, match.Groups[2].Value, .. segments[1..]];
        var enables = call.Body.ValueKind == JsonValueKind.Object && call.Body.TryGetProperty("accountEnabled", out _);
        var leaving = call
            .Query.GetValueOrDefault("$select", "")
            .Split(',')
            .Contains("employeeLeaveDateTime", StringComparer.OrdinalIgnoreCase);
        if (GraphPermissions.From(call.Method, segments, enables, leaving).Any(tenant.Denied.ContainsKey))
            return Denied(call);
        foreach (var area in _areas)
            if (area.Handle(call, segments) is { } answer)
                return answer;
        if (segments is not [var name, ..] || Set(name) is not { } set)
            return Error(call, 400, "BadRequest", $"Resource not found for the segment '{segments.FirstOrDefault()}'.");
        return (call.Method, segments) switch
        {
            ("GET", [_]) => List(call, set),
            ("GET", [_, "$count"]) => call.Query.ContainsKey("$filter") ? List(call, set) : Count(call, set.Count),
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
                return Answer.Create(
                    200,
                    writer =>
                    {
                        writer.WriteStartObject();
                        writer.WriteString("@odata.context", $"{call.Root}/$metadata#{set.Name}/$entity");
                        Json.CopyProperties(writer, entity.Json, Selected(call.Query.GetValueOrDefault("$select")) ?? Default(set.Name));
                        Expand(writer, call, set.Name, entity);
                        writer.WriteEndObject();
                    }
                );
            case ("PATCH", "users" or "applications" or "servicePrincipals" or "groups", []):
                return Patch(call, set, entity);
            case ("DELETE", "users" or "applications" or "servicePrincipals" or "groups", []):
                journal.Delete(set.Name, entity.Id);
                return Answer.Empty(204);
            case ("POST", "applications" or "servicePrincipals", ["addPassword"]):
                return AddPassword(call, set, entity);
            case ("POST", "applications" or "servicePrincipals", ["removePassword"]):
                return RemovePassword(call, set, entity);
            default:
                return Error(
                    call,
                    400,
                    "BadRequest",
                    $"Resource not found for the segment '{rest.FirstOrDefault()}', or {call.Method} is not allowed on it."
                );
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
        return Page(
            call,
            set,
            where,
            $"$metadata#{set.Name}{(select is null ? "" : $"({call.Query["$select"]})")}",
            (writer, entity) =>
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
            }
        );
    }

    internal static bool Passes(GraphFilter filter, byte[] json)
    {
        using var document = JsonDocument.Parse(json);
        return filter.Passes(document.RootElement);
    }

    private void Expand(Utf8JsonWriter writer, Call call, string set, Entity entity)
    {
        if (!call.Query.TryGetValue("$expand", out var expand))
            return;
        if (
            ExpandShape().Match(expand) is not { Success: true } match
            || tenant.Relations.FirstOrDefault(r => r.Parent == set && r.Leaf == match.Groups[1].Value)
                is not { Relation: { } relation, Leaf: { } leaf }
        )
            throw new FormatException($"The sandbox does not support $expand={expand} on {set}.");
        var select = Selected(match.Groups[2].Success ? match.Groups[2].Value : null);
        var related = (relation.Find(entity.Id)?.All() ?? []).Where(e => !tenant.DeletedUsers.ContainsKey(e.Id)).Take(20).ToList();
        writer.WritePropertyName(leaf);
        if (leaf == "manager")
        {
            if (related is [var manager])
                DirectoryObjects.WriteRelated(tenant, writer, manager, select);
            else
                writer.WriteNullValue();
            return;
        }
        writer.WriteStartArray();
        foreach (var item in related)
            DirectoryObjects.WriteRelated(tenant, writer, item, select);
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
        var given =
            call.Body.ValueKind == JsonValueKind.Object
            && call.Body.TryGetProperty("passwordCredential", out var body)
            && body.ValueKind == JsonValueKind.Object
                ? JsonObject.Create(body)!
                : [];
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
        journal.Merge(
            set.Name,
            entity.Id,
            new JsonObject { ["passwordCredentials"] = new JsonArray([.. passwords.Select(p => p!.DeepClone()), credential.DeepClone()]) }
        );
        credential["secretText"] = "sbx~" + Ids.Guid($"{keyId}/text").Replace("-", "", StringComparison.Ordinal);
        return Answer.Create(200, writer => credential.WriteTo(writer));
    }

    private Answer RemovePassword(Call call, EntitySet set, Entity entity)
    {
        var keyId = Json.Text(call.Body, "keyId");
        var passwords = Json.Object(entity.Json)["passwordCredentials"]?.AsArray() ?? [];
        var left = passwords
            .Where(p => !string.Equals(p?["keyId"]?.GetValue<string>(), keyId, StringComparison.OrdinalIgnoreCase))
            .Select(p => p!.DeepClone())
            .ToArray();
        if (left.Length == passwords.Count)
            return Error(call, 400, "Request_BadRequest", $"No password credential found with keyId '{keyId}'.");
        journal.Merge(set.Name, entity.Id, new JsonObject { ["passwordCredentials"] = new JsonArray(left) });
        return Answer.Empty(204);
    }

    private EntitySet? Set(string name) =>
        name switch
        {
            "applications" => tenant.Applications,
            "servicePrincipals" => tenant.ServicePrincipals,
            "users" => tenant.Users,
            "groups" => tenant.Groups,
            "organization" => tenant.Organization,
            "administrativeUnits" => tenant.AdministrativeUnits,
            _ => null,
        };

    [GeneratedRegex(@"^(applications|servicePrincipals)\(appId='([^']+)'\)$")]
    private static partial Regex ByAppId();

    [GeneratedRegex(@"^(owners|members|manager)(?:\(\$select=([^)]*)\))?$")]
    private static partial Regex ExpandShape();
}
