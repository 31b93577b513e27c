using System.Globalization;
using System.Text.Json;
using SandboxTenant.Data;
using SandboxTenant.Http;
using SandboxTenant.SignIn;

namespace SandboxTenant.ResourceManager;

/// <summary>
/// The part of Azure Resource Manager that the product uses: subscriptions, resources, storage keys' metadata, roles, tags, access policies
/// and Resource Graph.
/// </summary>
internal sealed class ResourceManagerService(TenantData tenant, Journal journal, SignInService signIn)
{
    private const int PageSize = 1000;
    private readonly AzureRoles _roles = new(tenant, journal);
    private readonly BlobServices _blobServices = new(tenant);
    private readonly ResourceChanges _changes = new(tenant, journal, new AzureRoles(tenant, journal));

    /// <summary>Answers one request.</summary>
    public Answer Handle(Call call)
    {
        if (!signIn.Accepts(call.Header("Authorization"), "https://management.azure.com", "https://management.core.windows.net"))
            return Error(
                    401,
                    call.Header("Authorization") is null ? "AuthenticationFailed" : "InvalidAuthenticationTokenAudience",
                    call.Header("Authorization") is null
                        ? "Authentication failed. The 'Authorization' header is missing."
                        : "The access token is invalid, expired or for another audience."
                )
                .With(
                    "WWW-Authenticate",
                    $"Bearer authorization_uri=\"{call.Root}/{tenant.TenantId}\", error=\"invalid_token\", error_description=\"The "
                        + "access token is missing or invalid.\""
                );
        if (!call.Query.ContainsKey("api-version"))
            return Error(
                400,
                "MissingApiVersionParameter",
                "The api-version query parameter (?api-version=) is required for all requests."
            );
        if (ResourceManagerActions.Lacking(tenant, call.Method, call.Path) is (var action, var scope))
            return Error(
                403,
                "AuthorizationFailed",
                $"The client '{signIn.ClientId}' with object id '{signIn.ClientId}' does not have authorization to perform action "
                    + $"'{action}' over scope '{scope}' "
                    + "or the scope is invalid. If access was recently granted, please refresh your credentials."
            );
        var segments = call.Segments;
        switch (call.Method, segments)
        {
            case ("GET", ["subscriptions"]):
                return Page(call, tenant.Subscriptions, null, Subscription);
            case ("POST", ["providers", var provider, "resources"])
                when provider.Equals("Microsoft.ResourceGraph", StringComparison.OrdinalIgnoreCase):
                return new ResourceGraph(tenant).Answer(call);
        }
        if (_roles.Handle(call) is { } ofRoles)
            return ofRoles;
        if (segments is not ["subscriptions", var id, .. var rest])
            return Error(404, "InvalidResourceType", $"The resource type could not be found at {call.Path}.");
        if (tenant.Subscriptions.Find(id) is not { } subscription)
            return Error(404, "SubscriptionNotFound", $"The subscription '{id}' could not be found.");
        if ((_changes.Handle(call) ?? _blobServices.Handle(call)) is { } answered)
            return answered;
        return (call.Method, rest) switch
        {
            ("GET", []) => Answer.Create(200, writer => Subscription(writer, subscription)),
            ("GET", ["resources"]) => Page(call, tenant.Resources, e => In(e, $"/subscriptions/{id}/"), Generic),
            ("GET", ["providers", var ns, var type]) => Page(
                call,
                tenant.Resources,
                e => In(e, $"/subscriptions/{id}/") && OfType(e, $"{ns}/{type}"),
                Whole
            ),
            ("GET", ["resourceGroups", var group, "providers", var ns, var type]) => Page(
                call,
                tenant.Resources,
                e => In(e, $"/subscriptions/{id}/resourceGroups/{group}/") && OfType(e, $"{ns}/{type}"),
                Whole
            ),
            ("GET", ["resourceGroups", var group, "resources"]) => Page(
                call,
                tenant.Resources,
                e => In(e, $"/subscriptions/{id}/resourceGroups/{group}/"),
                Generic
            ),
            ("POST", [.., "listKeys"]) => ListKeys(call.Path[..^"/listKeys".Length]),
            ("GET", [.., "localUsers"]) => tenant.Resources.Find(call.Path[..^"/localUsers".Length]) is null
                ? NotFound(call.Path[..^"/localUsers".Length])
                : Page(call, tenant.LocalUsers, e => In(e, call.Path + "/"), Whole),
            ("GET", _) => tenant.Resources.Find(call.Path) is { } resource ? One(resource) : NotFound(call.Path),
            _ => Error(405, "MethodNotAllowed", $"The sandbox does not answer {call.Method} {call.Path}."),
        };
    }

    /// <summary>An error as Resource Manager shapes it.</summary>
    public static Answer Error(int status, string code, string message) =>
        Answer.Create(
            status,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteStartObject("error");
                writer.WriteString("code", code);
                writer.WriteString("message", message);
                writer.WriteEndObject();
                writer.WriteEndObject();
            }
        );

    internal static Answer NotFound(string id) =>
        Error(
            404,
            "ResourceNotFound",
            $"The Resource '{ShortName(id)}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
        );

    private static string ShortName(string id)
    {
        var at = id.IndexOf("/providers/", StringComparison.OrdinalIgnoreCase);
        return at < 0 ? id : id[(at + "/providers/".Length)..];
    }

    private static bool In(Entity entity, string prefix) => entity.Id.StartsWith(prefix, StringComparison.OrdinalIgnoreCase);

    private static bool OfType(Entity entity, string type) =>
        (Json.Text(entity.Json, "type") ?? ResourceGraph.TypeOf(entity.Id)).Equals(type, StringComparison.OrdinalIgnoreCase);

    private static Answer One(Entity entity) => new(200, entity.Json);

    internal static void Whole(Utf8JsonWriter writer, Entity entity) => writer.WriteRawValue(entity.Json, skipInputValidation: true);

    // The generic list leaves the properties out.
    private static void Generic(Utf8JsonWriter writer, Entity entity)
    {
        writer.WriteStartObject();
        Json.CopyProperties(writer, entity.Json, GenericKeep);
        writer.WriteEndObject();
    }

    private static readonly Keep GenericKeep = Keep.AllBut("properties");

    private void Subscription(Utf8JsonWriter writer, Entity entity)
    {
        writer.WriteStartObject();
        Json.CopyProperties(writer, entity.Json, Keep.All);
        foreach (
            var (name, value) in ((string, string)[])[("subscriptionId", entity.Id), ("tenantId", tenant.TenantId), ("state", "Enabled")]
        )
            if (Json.Text(entity.Json, name) is null)
                writer.WriteString(name, value);
        writer.WriteEndObject();
    }

    internal static Answer Page(Call call, EntitySet set, Func<Entity, bool>? where, Action<Utf8JsonWriter, Entity> write) =>
        Page(call, (after, size) => set.Page(after, size, where), write);

    /// <summary>A page of what was found, in the order of its places.</summary>
    internal static Answer Page(Call call, IEnumerable<Entity> found, Action<Utf8JsonWriter, Entity> write)
    {
        var all = found.OrderBy(e => e.Seq).ToList();
        return Page(
            call,
            (after, size) =>
            {
                var rest = all.FindAll(e => e.Seq > after);
                return (rest.Count > size ? rest[..size] : rest, rest.Count > size);
            },
            write
        );
    }

    private static Answer Page(Call call, Func<long, int, (List<Entity> Items, bool More)> take, Action<Utf8JsonWriter, Entity> write)
    {
        var size = PageSize;
        if (
            (call.Query.TryGetValue("$top", out var top) || call.Query.TryGetValue("$maxpagesize", out top))
            && (!int.TryParse(top, NumberStyles.None, CultureInfo.InvariantCulture, out size) || size is < 1 or > PageSize)
        )
            return Error(400, "InvalidTopQueryOption", $"$top must be from 1 to {PageSize}.");
        if (Paging.Read(call.Query.GetValueOrDefault("$skiptoken")) is not { } at)
            return Error(400, "InvalidSkipToken", "The skip token is not valid.");
        var (items, more) = take(at.After, size);
        return Answer.Create(
            200,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteStartArray("value");
                foreach (var item in items)
                    write(writer, item);
                writer.WriteEndArray();
                if (Paging.Next(call, "$skiptoken", at, more ? items[^1].Seq : null) is { } next)
                    writer.WriteString("nextLink", next);
                writer.WriteEndObject();
            }
        );
    }

    // The keys' values are made up: what is read is their names and times.
    private Answer ListKeys(string id)
    {
        if (tenant.Resources.Find(id) is not { } account)
            return NotFound(id);
        if (!OfType(account, "Microsoft.Storage/storageAccounts"))
            return Error(400, "NoRegisteredProviderFound", "The sandbox lists the keys of storage accounts only.");
        using var document = JsonDocument.Parse(account.Json);
        var times = ResourceQuery.Value(document.RootElement, "properties.keyCreationTime");
        return Answer.Create(
            200,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteStartArray("keys");
                foreach (var name in (string[])["key1", "key2"])
                {
                    writer.WriteStartObject();
                    if (times is { } t && Json.Text(t, name) is { } created)
                        writer.WriteString("creationTime", created);
                    writer.WriteString("keyName", name);
                    writer.WriteString("value", "sandbox-planted-storage-key-" + Ids.Hex(account.Id + name, 32));
                    writer.WriteString("permissions", "FULL");
                    writer.WriteEndObject();
                }
                writer.WriteEndArray();
                writer.WriteEndObject();
            }
        );
    }
}
