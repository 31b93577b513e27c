using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Compliance.Tenants;
using Compliance.Tests.Tenants;
using ComplianceCli;
using ComplianceCli.Azure;
using Microsoft.Extensions.Logging.Abstractions;

namespace Compliance.Tests.Cli;

/// <summary>
/// A tenant and a subscription that remember what is written to them, the two programs that the commands start, and a clock on which no
/// wait takes time. Records every request, and refuses as often as a test asks.
/// </summary>
internal sealed class AzureStub : IDisposable
{
    public const string Subscription = "11111111-2222-4333-8444-555555555555";
    public const string Tenant = "5f0e1d2c-3b4a-4958-8776-655443322110";
    public const string Principal = "aaaaaaaa-0000-4000-8000-000000000001";
    public const string IdentityClient = "aaaaaaaa-0000-4000-8000-000000000002";
    public const string Registration = "aaaaaaaa-0000-4000-8000-000000000003";
    public const string Secret = "planted-secret-value";

    private const string GraphObject = "99999999-0000-4000-8000-000000000000";
    private const string SubscriptionPath = $"/subscriptions/{Subscription}";

    private int _made;

    public AzureStub()
    {
        Directory.CreateDirectory(Path.Combine(Folder, "infra", "modules"));
        File.WriteAllText(Path.Combine(Folder, "infra", "evidence.bicep"), "targetScope = 'subscription'");
        File.WriteAllText(Path.Combine(Folder, "infra", "abbreviations.json"), "{}");
    }

    /// <summary>azd's environment, as variables of the process.</summary>
    public Dictionary<string, string> Environment { get; } =
        new()
        {
            ["AZURE_ENV_NAME"] = "demo",
            ["AZURE_LOCATION"] = "westeurope",
            ["AZURE_SUBSCRIPTION_ID"] = Subscription,
        };

    public string Folder { get; } = Directory.CreateTempSubdirectory("azure-").FullName;

    public NoWaiting Time { get; } = new();

    public Func<Uri, QueueServiceClient> Queues { get; set; } = _ => throw new InvalidOperationException("no queue is expected");

    public Func<Uri, BlobServiceClient> Blobs { get; set; } = _ => throw new InvalidOperationException("no blob is expected");

    /// <summary>Requests that were sent, sign-in left out.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Programs that were started, with their arguments.</summary>
    public List<string> Started { get; } = [];

    /// <summary>App registrations by client id.</summary>
    public Dictionary<string, JsonObject> Applications { get; } = [];

    /// <summary>Service principals of registrations by client id.</summary>
    public Dictionary<string, JsonObject> Principals { get; } = [];

    /// <summary>Graph permissions of the identity: ids of assignments by name.</summary>
    public Dictionary<string, string> Held { get; } = new(StringComparer.Ordinal);

    /// <summary>Anything of Resource Manager by path.</summary>
    public Dictionary<string, JsonObject> Resources { get; } = new(StringComparer.OrdinalIgnoreCase);

    public List<string> Unregistered { get; } = [];

    public string[] Actions { get; set; } = ["*"];

    public string[] NotActions { get; set; } = [];

    /// <summary>What may be done in every other subscription.</summary>
    public string[] ActionsElsewhere { get; set; } = ["*"];

    /// <summary>How often a write is refused with 403 before it is done; each write counts by itself.</summary>
    public int Refusals { get; set; }

    /// <summary>Requests that change something.</summary>
    public IEnumerable<string> Writes => Requests.Where(r => !r.StartsWith("GET ", StringComparison.Ordinal));

    /// <summary>A deployment that azd has provisioned.</summary>
    public void Provision()
    {
        Environment["COMPLIANCE_IDENTITY_PRINCIPAL_ID"] = Principal;
        Environment["COMPLIANCE_IDENTITY_CLIENT_ID"] = IdentityClient;
        Environment["COMPLIANCE_ENTRA_CLIENT_ID"] = Registration;
        Environment["EVIDENCE_RESOURCE_GROUP"] = "rg-demo-evidence";
        Environment["EVIDENCE_ACCOUNT_NAME"] = "stevidence";
        Principals[Registration] = new() { ["id"] = "p", ["displayName"] = "Compliance (demo)", ["tags"] = new JsonArray("HideApp") };
    }

    /// <summary>A role of a tenant's own, and somebody who has it at the subscription.</summary>
    public void AddRole(string id, string name)
    {
        const string Root = $"{SubscriptionPath}/providers/Microsoft.Authorization";
        var definition = $"{Root}/roleDefinitions/{id}";
        Resources[definition] = new() { ["id"] = definition, ["properties"] = new JsonObject { ["roleName"] = name } };
        Resources[$"{Root}/roleAssignments/given-{id}"] = new()
        {
            ["id"] = $"{Root}/roleAssignments/given-{id}",
            ["properties"] = new JsonObject
            {
                ["scope"] = SubscriptionPath,
                ["roleDefinitionId"] = $"/providers/{definition.Split("providers/")[1]}",
            },
        };
    }

    /// <summary>Runs a command as it is typed.</summary>
    public async Task<(int Code, string Output, string Errors)> RunAsync(params string[] typed)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        var outside = new AzureOutside(
            n => Environment.GetValueOrDefault(n),
            StartAsync,
            (_, _) => Connect(),
            a => Queues(a),
            a => Blobs(a),
            Folder
        );
        var stop = TestContext.Current.CancellationToken;
        var code = await OneLine.RunAsync(
            () => Commands.InvokeAsync(["azure", .. typed], output, errors, stop, time: Time, azure: outside),
            errors,
            stop
        );
        return (code, output.ToString(), errors.ToString());
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private TenantConnection Connect() =>
        new(
            new TenantOptions
            {
                Id = Tenant,
                Graph = new Uri("https://localhost:7443/v1.0"),
                ResourceManager = new Uri("https://localhost:7443"),
                Authority = new Uri("https://localhost:7443"),
                ClientId = IdentityClient,
                ClientSecret = Secret,
                PinnedThumbprint = new string('A', 64),
            },
            Time,
            NullLogger<TenantConnection>.Instance,
            new TenantTransport(new Transport(this))
        );

    private Task<ToolResult> StartAsync(string tool, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        Started.Add($"{tool} {string.Join(' ', arguments)}");
        return Task.FromResult(
            (tool, arguments[0], arguments.Count > 1 ? arguments[1] : "") switch
            {
                ("az", "account", "show") => new ToolResult(0, $"\"{Tenant}\"", ""),
                ("az", "deployment", _) => new ToolResult(0, Deploy(), ""),
                ("azd", "version", _) => new ToolResult(0, "{}", ""),
                ("azd", "env", "set") => Keep(arguments[2], arguments[3]),
                _ => new ToolResult(1, "", "ERROR: unknown"),
            }
        );
    }

    private ToolResult Keep(string name, string value)
    {
        Environment[name] = value;
        return new(0, "", "");
    }

    // The case of the first letters is as Resource Manager returns it.
    private string Deploy()
    {
        const string Group = $"{SubscriptionPath}/resourceGroups/rg-demo-evidence/providers";
        Resources[$"{Group}/Microsoft.Storage/storageAccounts/stevidence"] = [];
        Resources[$"{Group}/Microsoft.KeyVault/vaults/kv-evidence"] = [];
        return """
            {"properties":{"outputs":{
            "evidencE_RESOURCE_GROUP":{"type":"String","value":"rg-demo-evidence"},
            "evidencE_ACCOUNT_NAME":{"type":"String","value":"stevidence"},
            "evidencE_VAULT_NAME":{"type":"String","value":"kv-evidence"},
            "evidencE_KEY_NAME":{"type":"String","value":"ledger-checkpoints"},
            "evidencE_SIGNING_KEY":{"type":"String","value":"https://kv-evidence.vault.azure.net/keys/ledger-checkpoints/1"}}}}
            """;
    }

    private (int Status, JsonNode? Body) Answer(string method, string path, string query, JsonObject body) =>
        path.StartsWith("/v1.0/", StringComparison.Ordinal)
            ? Graph(method, path["/v1.0".Length..], query, body)
            : Manage(method, path, query);

    private (int Status, JsonNode? Body) Graph(string method, string path, string query, JsonObject body)
    {
        if (path.StartsWith("/applications", StringComparison.Ordinal))
            return Application(method, path, body);
        if (path == $"/servicePrincipals(appId='{GraphGrant.GraphAppId}')")
            return (200, new JsonObject { ["id"] = GraphObject, ["appRoles"] = Roles() });
        if (path == $"/servicePrincipals/{Principal}/appRoleAssignments")
            return (200, List(Held.Select(h => Assignment(h.Key, h.Value))));
        if (path.StartsWith($"/servicePrincipals/{GraphObject}/appRoleAssignedTo", StringComparison.Ordinal))
            return Assign(method, path, body);
        if (path == "/servicePrincipals" && method == "GET")
            return (200, List(Principals.Values.Select(p => p.DeepClone())));
        if (path == "/servicePrincipals")
        {
            var clientId = body["appId"]!.GetValue<string>();
            Principals[clientId] = new() { ["id"] = $"p{++_made}", ["tags"] = new JsonArray() };
            return (201, Principals[clientId].DeepClone());
        }
        return Principals.GetValueOrDefault(Key(path)) is { } principal ? Change(method, principal, body) : Missing();
    }

    private (int Status, JsonNode? Body) Application(string method, string path, JsonObject body)
    {
        var key = Key(path);
        var found = Applications.Values.FirstOrDefault(a => a["appId"]!.GetValue<string>() == key || Text(a, "uniqueName") == key);
        found ??= Applications.Values.FirstOrDefault(a => path == $"/applications/{a["id"]!.GetValue<string>()}");
        if (found is not null)
            return Change(method, found, body);
        if (method != "PATCH" || !path.Contains("uniqueName", StringComparison.Ordinal))
            return Missing();
        var made = (JsonObject)body.DeepClone();
        (made["id"], made["appId"], made["uniqueName"]) = ($"o{++_made}", Registration, key);
        (made["appRoles"], made["api"], made["identifierUris"]) = (new JsonArray(), new JsonObject(), new JsonArray());
        Applications[Registration] = made;
        return (201, made.DeepClone());
    }

    private (int Status, JsonNode? Body) Assign(string method, string path, JsonObject body)
    {
        if (method == "POST")
        {
            var name = body["appRoleId"]!.GetValue<string>()["role-".Length..];
            Held[name] = $"held-{++_made}";
            return (201, Assignment(name, Held[name]));
        }
        var id = path[(path.LastIndexOf('/') + 1)..];
        return Held.Remove(Held.FirstOrDefault(h => h.Value == id).Key ?? "") ? (204, null) : Missing();
    }

    private (int Status, JsonNode? Body) Manage(string method, string path, string query)
    {
        if (path == $"{SubscriptionPath}/providers/Microsoft.Authorization/permissions")
            return (200, List([new JsonObject { ["actions"] = Texts(Actions), ["notActions"] = Texts(NotActions) }]));
        if (path.EndsWith("/providers/Microsoft.Authorization/permissions", StringComparison.Ordinal))
            return (200, List([new JsonObject { ["actions"] = Texts(ActionsElsewhere) }]));
        if (path == $"{SubscriptionPath}/providers/Microsoft.Web/geoRegions")
            return (200, List([new JsonObject { ["name"] = "North Europe" }, new JsonObject { ["name"] = "West Europe" }]));
        if (path.EndsWith("/register", StringComparison.Ordinal))
            return Unregistered.Remove(path.Split('/')[^2]) ? (200, new JsonObject()) : Missing();
        if (Resources.TryGetValue(path, out var known))
            return method == "DELETE" && Resources.Remove(path) ? (204, null) : (200, known.DeepClone());
        if (path.EndsWith("/lock", StringComparison.Ordinal) && Resources.TryGetValue(path[..^"/lock".Length], out var policy))
        {
            policy["properties"]!["state"] = "Locked";
            return (200, policy.DeepClone());
        }
        var under = Resources.Where(r => r.Key.StartsWith(path + "/", StringComparison.OrdinalIgnoreCase)).Select(r => r.Value.DeepClone());
        if (path.Split('/') is [_, _, _, "providers", var provider] && !query.Contains("filter", StringComparison.Ordinal))
            return (200, new JsonObject { ["registrationState"] = Unregistered.Contains(provider) ? "NotRegistered" : "Registered" });
        return path.Contains("resourceGroups", StringComparison.Ordinal) ? Missing() : (200, List(under));
    }

    private static (int Status, JsonNode? Body) Change(string method, JsonObject thing, JsonObject body)
    {
        if (method == "GET")
            return (200, thing.DeepClone());
        foreach (var (name, value) in body)
            thing[name] = value?.DeepClone();
        return (204, null);
    }

    private static (int Status, JsonNode? Body) Missing() =>
        (404, new JsonObject { ["error"] = new JsonObject { ["code"] = "NotFound", ["message"] = "There is no such thing." } });

    private static JsonArray Roles() =>
        [.. GraphPermissions.All.Append("Mail.Send").Select(p => new JsonObject { ["id"] = $"role-{p}", ["value"] = p })];

    private static JsonObject Assignment(string name, string id) =>
        new()
        {
            ["id"] = id,
            ["resourceId"] = GraphObject,
            ["appRoleId"] = $"role-{name}",
        };

    private static JsonObject List(IEnumerable<JsonNode> items) => new() { ["value"] = new JsonArray([.. items]) };

    private static JsonArray Texts(string[] texts) => [.. texts.Select(t => (JsonNode)t)];

    private static string? Text(JsonObject thing, string name) => thing[name]?.GetValue<string>();

    private static string Key(string path) => path.Split('\'') is [_, var key, ..] ? key : "";

    private sealed class Transport(AzureStub stub) : HttpMessageHandler
    {
        private readonly Dictionary<string, int> _refused = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var uri = request.RequestUri!;
            var path = Uri.UnescapeDataString(uri.AbsolutePath);
            if (path.EndsWith("/openid-configuration", StringComparison.Ordinal))
                return Json(
                    200,
                    """
                    {"issuer":"https://localhost:7443/t/v2.0","authorization_endpoint":"https://localhost:7443/a",
                    "token_endpoint":"https://localhost:7443/t/oauth2/v2.0/token"}
                    """
                );
            if (path.EndsWith("/token", StringComparison.Ordinal))
                return Json(200, $$"""{"token_type":"Bearer","expires_in":3599,"access_token":"{{Secret}}"}""");
            var text = request.Content is { } content ? await content.ReadAsStringAsync(cancellationToken) : "";
            var etag = request.Headers.TryGetValues("If-Match", out var tags) ? $" If-Match: {string.Join(',', tags)}" : "";
            var line = $"{request.Method} {path}{Uri.UnescapeDataString(uri.Query)}{etag} {text}".TrimEnd();
            stub.Requests.Enqueue(line);
            if (request.Method != HttpMethod.Get && _refused.GetValueOrDefault(line) < stub.Refusals)
            {
                _refused[line] = _refused.GetValueOrDefault(line) + 1;
                return Json(
                    403,
                    $$$"""{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges. Bearer {{{Secret}}}"}}"""
                );
            }
            var body = text.Length > 0 ? JsonNode.Parse(text)!.AsObject() : [];
            var (status, answer) = stub.Answer(request.Method.Method, path, Uri.UnescapeDataString(uri.Query), body);
            return Json(status, answer?.ToJsonString() ?? "");
        }

        private static HttpResponseMessage Json(int status, string body) =>
            new((HttpStatusCode)status) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
    }
}
