using System.Text.Json;
using System.Text.Json.Nodes;
using Compliance.Tenants;

namespace ComplianceCli.Azure;

/// <summary>
/// The registration that callers of the app get tokens for, with the app's roles. One that azd's environment names is used as it is, and
/// gets what it lacks; nothing of it is taken away.
/// </summary>
/// <param name="calls">Asks Graph.</param>
/// <param name="environment">Keeps its client id.</param>
internal sealed class AppRegistration(AzureCalls calls, AzdEnvironment environment)
{
    /// <summary>The value of azd's environment with the client id.</summary>
    public const string Variable = "COMPLIANCE_ENTRA_CLIENT_ID";

    // Entra's id of the Azure CLI, with which approvers get their token.
    private const string AzureCli = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
    private const string ScopeId = "b4a56ba4-cb1c-4ce6-8b13-3a5daaa96741";
    private const string Needs = "Application Administrator, or Application Developer for a new registration";
    private const string Selected = "$select=id,appId,appRoles,api,identifierUris";

    private JsonElement _application;

    private bool IsKnown => _application.ValueKind == JsonValueKind.Object;

    private string ObjectId => _application.GetProperty("id").GetString()!;

    private string ClientId => _application.GetProperty("appId").GetString()!;

    // The registration's own key for upserts: what is made twice is made once, however late Graph's index is.
    private string UniqueName => $"compliance-{environment.SubscriptionId}-{environment.Name}".ToLowerInvariant();

    /// <summary>The steps, in their order.</summary>
    public IReadOnlyList<AzureStep> Steps() =>
        [
            new(
                $"Register the application Compliance ({environment.Name})",
                "az ad app delete --id CLIENT_ID, once nothing uses it",
                async cancellationToken => await ReadAsync(cancellationToken),
                CreateAsync
            ),
            new(
                $"Give it the roles {string.Join(", ", AppRole.All.Select(r => r.Value))} and tokens of version 2",
                "take them away under App registrations, App roles: disable a role first",
                async cancellationToken => await ReadAsync(cancellationToken) && HasAll(),
                CompleteAsync
            ),
            new(
                "Let the Azure CLI ask for its tokens",
                "take the Azure CLI away under App registrations, Expose an API",
                async cancellationToken => await ReadAsync(cancellationToken) && IsOpenToCli(),
                OpenToCliAsync
            ),
            new(
                "Make its service principal, for which a role is required",
                "az ad sp delete --id CLIENT_ID",
                HasPrincipalAsync,
                CreatePrincipalAsync
            ),
            new(
                $"Keep its client id in azd's environment as {Variable}",
                $"azd env set {Variable} \"\"",
                async cancellationToken =>
                    await ReadAsync(cancellationToken)
                    && string.Equals(environment.Find(Variable), ClientId, StringComparison.OrdinalIgnoreCase),
                cancellationToken => environment.SetAsync(Variable, ClientId, cancellationToken)
            ),
        ];

    private async Task<bool> ReadAsync(CancellationToken cancellationToken)
    {
        if (IsKnown)
            return true;
        var isNamed = environment.Find(Variable) is not null;
        var key = isNamed
            ? $"appId='{environment.NeedId(Variable, $"azd env set {Variable} CLIENT_ID")}'"
            : $"uniqueName='{UniqueName}'";
        var answer = await calls.SendAsync(
            new(AzureRequest.Graph, "GET", $"/applications({key})?{Selected}", "reading the app registration") { MayBeMissing = true },
            cancellationToken
        );
        if (answer.IsMissing && isNamed)
            throw new CliException($"{Variable} names an app registration that this tenant does not have: correct it, or set it to \"\"");
        if (answer.IsSuccess)
            _application = answer.Body;
        return answer.IsSuccess;
    }

    private async Task CreateAsync(CancellationToken cancellationToken)
    {
        var body = new JsonObject
        {
            ["displayName"] = $"Compliance ({environment.Name})",
            ["signInAudience"] = "AzureADMyOrg",
            ["notes"] = "Callers of the compliance app get tokens for it. Made by compliance azure preprovision.",
        };
        await calls.SendAsync(
            new(AzureRequest.Graph, "PATCH", $"/applications(uniqueName='{UniqueName}')", "registering the application", body)
            {
                CreatesIfMissing = true,
                Needs = Needs,
            },
            cancellationToken
        );
        var made = await calls.SendAsync(
            new(AzureRequest.Graph, "GET", $"/applications(uniqueName='{UniqueName}')?{Selected}", "reading the new app registration")
            {
                IsFresh = true,
            },
            cancellationToken
        );
        _application = made.Body;
    }

    private bool HasAll() =>
        AppRole.All.All(role => Roles().Any(r => r["value"]?.GetValue<string>() == role.Value && r["isEnabled"]?.GetValue<bool>() == true))
        && Api()["requestedAccessTokenVersion"]?.GetValue<int>() == 2
        && Uris().Contains($"api://{ClientId}")
        && Scopes().Any(s => s["isEnabled"]?.GetValue<bool>() == true);

    private bool IsOpenToCli() => Array(Api(), "preAuthorizedApplications").Any(a => a["appId"]?.GetValue<string>() == AzureCli);

    private async Task CompleteAsync(CancellationToken cancellationToken)
    {
        var roles = Roles().ToList();
        foreach (var role in AppRole.All)
            if (roles.Find(r => r["value"]?.GetValue<string>() == role.Value) is { } there)
                there["isEnabled"] = true;
            else
                roles.Add(New(role));
        var api = Api();
        api["requestedAccessTokenVersion"] = 2;
        if (!Scopes().Any(s => s["isEnabled"]?.GetValue<bool>() == true))
            api["oauth2PermissionScopes"] = new JsonArray([.. Scopes(), NewScope()]);
        var uris = Uris().Append($"api://{ClientId}").Distinct().Select(u => (JsonNode)u);
        await ChangeAsync(
            new JsonObject
            {
                ["appRoles"] = new JsonArray([.. roles]),
                ["api"] = api,
                ["identifierUris"] = new JsonArray([.. uris]),
            },
            "giving the application its roles",
            cancellationToken
        );
    }

    // After the scope: Graph takes no client for a scope that is not there yet.
    private async Task OpenToCliAsync(CancellationToken cancellationToken)
    {
        var api = Api();
        var scope = Scopes().First(s => s["isEnabled"]?.GetValue<bool>() == true)["id"]!.GetValue<string>();
        var client = new JsonObject { ["appId"] = AzureCli, ["delegatedPermissionIds"] = new JsonArray(scope) };
        api["preAuthorizedApplications"] = new JsonArray([.. Array(api, "preAuthorizedApplications"), client]);
        await ChangeAsync(new JsonObject { ["api"] = api }, "letting the Azure CLI ask for tokens", cancellationToken);
    }

    private async Task ChangeAsync(JsonObject body, string what, CancellationToken cancellationToken)
    {
        await calls.SendAsync(
            new(AzureRequest.Graph, "PATCH", $"/applications/{ObjectId}", what, body) { IsFresh = true, Needs = Needs },
            cancellationToken
        );
        // The next step begins with what was sent: a read may still give the state before.
        var known = JsonSerializer.SerializeToNode(_application)!.AsObject();
        foreach (var (name, value) in body)
            known[name] = value!.DeepClone();
        _application = JsonSerializer.SerializeToElement(known);
    }

    private async Task<bool> HasPrincipalAsync(CancellationToken cancellationToken)
    {
        if (!await ReadAsync(cancellationToken))
            return false;
        var answer = await calls.SendAsync(
            new(AzureRequest.Graph, "GET", $"/servicePrincipals(appId='{ClientId}')?$select=id", "reading the service principal")
            {
                MayBeMissing = true,
            },
            cancellationToken
        );
        return answer.IsSuccess;
    }

    private Task<AzureAnswer> CreatePrincipalAsync(CancellationToken cancellationToken) =>
        calls.SendAsync(
            new(
                AzureRequest.Graph,
                "POST",
                "/servicePrincipals",
                "making the service principal",
                new JsonObject { ["appId"] = ClientId, ["appRoleAssignmentRequired"] = true }
            )
            {
                IsFresh = true,
                Needs = Needs,
            },
            cancellationToken
        );

    private static JsonObject New(AppRole role) =>
        new()
        {
            ["id"] = role.Id,
            ["value"] = role.Value,
            ["displayName"] = role.Title,
            ["description"] = role.Description,
            ["allowedMemberTypes"] = new JsonArray(role.IsForPeople ? "User" : "Application"),
            ["isEnabled"] = true,
        };

    private static JsonObject NewScope() =>
        new()
        {
            ["id"] = ScopeId,
            ["value"] = "user_impersonation",
            ["type"] = "User",
            ["isEnabled"] = true,
            ["adminConsentDisplayName"] = "Call the compliance app as yourself",
            ["adminConsentDescription"] = "Lets a program call the compliance app as the signed-in person, within that person's roles.",
            ["userConsentDisplayName"] = "Call the compliance app as yourself",
            ["userConsentDescription"] = "Lets a program call the compliance app as you, within your roles.",
        };

    // Copies: a node of one document cannot be part of another.
    private JsonObject Api() => Copy("api") as JsonObject ?? [];

    private IEnumerable<JsonObject> Roles() => Array(new JsonObject { ["appRoles"] = Copy("appRoles") }, "appRoles");

    private IEnumerable<JsonObject> Scopes() => Array(Api(), "oauth2PermissionScopes");

    private IEnumerable<string> Uris() =>
        (Copy("identifierUris") as JsonArray ?? []).Select(u => u?.GetValue<string>() ?? "").Where(u => u.Length > 0);

    private JsonNode? Copy(string name) =>
        _application.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? JsonSerializer.SerializeToNode(value)
            : null;

    private static IEnumerable<JsonObject> Array(JsonObject holder, string name) =>
        (holder[name] as JsonArray ?? []).OfType<JsonObject>().Select(o => (JsonObject)o.DeepClone());
}
