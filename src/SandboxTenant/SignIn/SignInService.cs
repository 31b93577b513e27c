using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using SandboxTenant.Data;
using SandboxTenant.Graph;
using SandboxTenant.Http;

namespace SandboxTenant.SignIn;

/// <summary>
/// Sign-in of applications and people, as Microsoft Entra's v2.0 token endpoint does it. The signing key is made at start and never leaves
/// memory.
/// </summary>
internal sealed class SignInService(TenantData tenant, string clientId, string clientSecret, TimeProvider time) : IDisposable
{
    private const int LifetimeSeconds = 3600;
    private readonly RSA _key = RSA.Create(2048);
    private readonly ConcurrentDictionary<string, (string Audience, DateTimeOffset Expires)> _issued = new(StringComparer.Ordinal);
    private string? _keyId;

    private string KeyId => _keyId ??= Base64Url.EncodeToString(SHA256.HashData(_key.ExportSubjectPublicKeyInfo()))[..27];

    /// <summary>The client that may sign in.</summary>
    public string ClientId => clientId;

    /// <summary>Answers a sign-in request.</summary>
    /// <param name="call">The request.</param>
    /// <param name="expired">Whether a fault rule lets the client secret be expired.</param>
    public Answer Handle(Call call, bool expired) =>
        call.Segments switch
        {
            [_, "oauth2", "v2.0", "token"] when call.Method == "POST" => Token(call, expired),
            [_, "v2.0", ".well-known", "openid-configuration"] => Configuration(call),
            [_, "discovery", "v2.0", "keys"] => Keys(),
            _ => Error(call, 404, "invalid_request", 900144, "There is no such sign-in endpoint in the sandbox."),
        };

    /// <summary>Whether a bearer token is one this sandbox issued for one of these audiences and is still valid.</summary>
    public bool Accepts(string? authorization, params ReadOnlySpan<string> audiences)
    {
        if (
            authorization is null
            || !authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
            || !_issued.TryGetValue(authorization[7..], out var token)
            || token.Expires <= time.GetUtcNow()
        )
            return false;
        foreach (var audience in audiences)
            if (token.Audience.TrimEnd('/').Equals(audience, StringComparison.OrdinalIgnoreCase))
                return true;
        return false;
    }

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    private Answer Token(Call call, bool expired)
    {
        var form = call.Form;
        if (!call.Segments[0].Equals(tenant.TenantId, StringComparison.OrdinalIgnoreCase))
            return Error(
                call,
                400,
                "invalid_request",
                90002,
                $"Tenant '{call.Segments[0]}' not found. Check to make sure you have the correct tenant ID and are signing into the "
                    + "correct cloud."
            );
        if (form.GetValueOrDefault("grant_type") == "password")
            return PersonToken(call);
        if (form.GetValueOrDefault("grant_type") != "client_credentials")
            return Error(
                call,
                400,
                "unsupported_grant_type",
                70003,
                $"The app requested an unsupported grant type '{form.GetValueOrDefault("grant_type")}'."
            );
        var (id, secret) = Client(call);
        if (form.GetValueOrDefault("scope") is { } asked && asked.StartsWith("api://", StringComparison.Ordinal))
            return ApplicationToken(call, id, secret, asked);
        if (!string.Equals(id, clientId, StringComparison.OrdinalIgnoreCase))
            return UnknownClient(call, id);
        if (!IsSecret(secret))
            return WrongSecret(call, clientId);
        if (expired)
            return Error(call, 401, "invalid_client", 7000222, $"The provided client secret keys for app '{clientId}' are expired.");
        if (
            form.GetValueOrDefault("scope") is not { } scope
            || !scope.EndsWith("/.default", StringComparison.Ordinal)
            || !scope.StartsWith("https://", StringComparison.Ordinal)
        )
            return Error(
                call,
                400,
                "invalid_scope",
                1002012,
                $"The provided value for scope {form.GetValueOrDefault("scope")} is not valid. Client credential flows must have a scope "
                    + "value with /.default suffixed to the resource identifier."
            );
        return Granted(Issue(call, scope[..^"/.default".Length]));
    }

    /// <summary>
    /// The tenant's applications share the client's secret, as its people do: an application gets a token for another, with the app roles
    /// assigned to it there.
    /// </summary>
    private Answer ApplicationToken(Call call, string id, string secret, string scope)
    {
        if (tenant.ServicePrincipals.Find(id) is not { } caller || !Same(caller, "appId", id))
            return UnknownClient(call, id);
        if (!IsSecret(secret))
            return WrongSecret(call, id);
        if (AppOf(scope) is not { } app)
            return WrongScope(call, scope);
        return Granted(
            Sign(
                call,
                Json.Text(app.Json, "appId")!,
                call.Now,
                writer =>
                {
                    writer.WriteString("azp", id);
                    writer.WriteString("oid", caller.Id);
                    writer.WriteString("sub", caller.Id);
                    writer.WriteString("idtyp", "app");
                    WriteRoles(writer, app, caller.Id);
                }
            )
        );
    }

    /// <summary>
    /// The sandbox's people share one password: the client secret, which is made at each start. A person gets a token for an app of the
    /// tenant, with the app roles assigned to them on its service principal.
    /// </summary>
    private Answer PersonToken(Call call)
    {
        var form = call.Form;
        var user = tenant.Users.Find(form.GetValueOrDefault("username", ""));
        if (user is null || !IsSecret(form.GetValueOrDefault("password", "")))
            return Error(call, 400, "invalid_grant", 50126, "Error validating credentials due to invalid username or password.");
        var json = Json.Object(user.Json);
        if (json["accountEnabled"]?.GetValue<bool>() == false)
            return Error(call, 400, "invalid_grant", 50057, "The user account is disabled.");
        var scope = form.GetValueOrDefault("scope");
        if (AppOf(scope) is not { } app)
            return WrongScope(call, scope);
        // By the tenant's clock, on which the app that checks it runs too.
        return Granted(
            Sign(
                call,
                Json.Text(app.Json, "appId")!,
                call.Now,
                writer =>
                {
                    writer.WriteString("azp", clientId);
                    writer.WriteString("oid", user.Id);
                    writer.WriteString("sub", user.Id);
                    writer.WriteString("preferred_username", Json.Text(user.Json, "userPrincipalName"));
                    writer.WriteString("scp", "access_as_user");
                    WriteRoles(writer, app, user.Id);
                }
            )
        );
    }

    private bool IsSecret(string given) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(clientSecret));

    // The application that a scope such as api://APP/.default names.
    private Entity? AppOf(string? scope) =>
        scope is not null
        && scope.StartsWith("api://", StringComparison.Ordinal)
        && scope.EndsWith("/.default", StringComparison.Ordinal)
        && scope.Length > "api:///.default".Length
            ? tenant.ServicePrincipals.Find(scope["api://".Length..^"/.default".Length])
            : null;

    private void WriteRoles(System.Text.Json.Utf8JsonWriter writer, Entity app, string principal)
    {
        var granted = tenant
            .AppRoleAssignments.All()
            .Where(a => Same(a, "principalId", principal) && Same(a, "resourceId", app.Id))
            .Select(a => Json.Text(a.Json, "appRoleId"))
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        writer.WriteStartArray("roles");
        foreach (var role in Json.Object(app.Json)["appRoles"] as System.Text.Json.Nodes.JsonArray ?? [])
            if (granted.Contains(role!["id"]!.GetValue<string>()))
                writer.WriteStringValue(role["value"]!.GetValue<string>());
        writer.WriteEndArray();
    }

    private static Answer Granted(string token) =>
        Answer
            .Create(
                200,
                writer =>
                {
                    writer.WriteStartObject();
                    writer.WriteString("token_type", "Bearer");
                    writer.WriteNumber("expires_in", LifetimeSeconds);
                    writer.WriteNumber("ext_expires_in", LifetimeSeconds);
                    writer.WriteString("access_token", token);
                    writer.WriteEndObject();
                }
            )
            .With("Cache-Control", "no-store, no-cache");

    private Answer UnknownClient(Call call, string id) =>
        Error(
            call,
            400,
            "unauthorized_client",
            700016,
            $"Application with identifier '{id}' was not found in the directory '{tenant.TenantId}'."
        );

    private Answer WrongSecret(Call call, string id) =>
        Error(
            call,
            401,
            "invalid_client",
            7000215,
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client "
                + $"secret ID, for a secret added to app '{id}'."
        );

    private Answer WrongScope(Call call, string? scope) =>
        Error(
            call,
            400,
            "invalid_scope",
            70011,
            "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not "
                + $"valid: {scope}."
        );

    private static bool Same(Entity entity, string property, string value) =>
        string.Equals(Json.Text(entity.Json, property), value, StringComparison.OrdinalIgnoreCase);

    private static (string Id, string Secret) Client(Call call)
    {
        var header = call.Header("Authorization") ?? "";
        var basic = new byte[header.Length];
        if (
            header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase)
            && Convert.TryFromBase64String(header[6..], basic, out var length)
            && Encoding.UTF8.GetString(basic, 0, length).Split(':', 2) is [var id, var secret]
        )
            return (Uri.UnescapeDataString(id), Uri.UnescapeDataString(secret));
        return (call.Form.GetValueOrDefault("client_id", ""), call.Form.GetValueOrDefault("client_secret", ""));
    }

    private string Issue(Call call, string audience)
    {
        var token = Sign(
            call,
            audience,
            time.GetUtcNow(),
            writer =>
            {
                writer.WriteString("appid", clientId);
                writer.WriteString("azp", clientId);
                writer.WriteString("oid", tenant.ServicePrincipals.Find(clientId)?.Id ?? clientId);
                writer.WriteString("sub", tenant.ServicePrincipals.Find(clientId)?.Id ?? clientId);
                writer.WriteString("idtyp", "app");
                writer.WriteStartArray("roles");
                foreach (var role in GraphPermissions.All.Where(p => !tenant.Denied.ContainsKey(p)))
                    writer.WriteStringValue(role);
                writer.WriteEndArray();
            }
        );
        var now = time.GetUtcNow();
        foreach (var (old, _) in _issued.Where(i => i.Value.Expires <= now))
            _issued.TryRemove(old, out _);
        _issued[token] = (audience, now.AddSeconds(LifetimeSeconds));
        return token;
    }

    private string Sign(Call call, string audience, DateTimeOffset now, Action<System.Text.Json.Utf8JsonWriter> claims)
    {
        var header = Json.Bytes(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("typ", "JWT");
            writer.WriteString("alg", "RS256");
            writer.WriteString("kid", KeyId);
            writer.WriteEndObject();
        });
        var payload = Json.Bytes(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("aud", audience);
            writer.WriteString("iss", Issuer(call));
            writer.WriteNumber("iat", now.ToUnixTimeSeconds());
            writer.WriteNumber("nbf", now.ToUnixTimeSeconds());
            writer.WriteNumber("exp", now.ToUnixTimeSeconds() + LifetimeSeconds);
            writer.WriteString("tid", tenant.TenantId);
            claims(writer);
            writer.WriteString("uti", call.RequestId);
            writer.WriteString("ver", "2.0");
            writer.WriteEndObject();
        });
        var signed = $"{Base64Url.EncodeToString(header)}.{Base64Url.EncodeToString(payload)}";
        var signature = _key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    private string Issuer(Call call) => $"{call.Root}/{tenant.TenantId}/v2.0";

    private Answer Configuration(Call call) =>
        Answer.Create(
            200,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("issuer", Issuer(call));
                writer.WriteString("token_endpoint", $"{call.Root}/{tenant.TenantId}/oauth2/v2.0/token");
                writer.WriteString("authorization_endpoint", $"{call.Root}/{tenant.TenantId}/oauth2/v2.0/authorize");
                writer.WriteString("jwks_uri", $"{call.Root}/{tenant.TenantId}/discovery/v2.0/keys");
                foreach (
                    var (name, values) in ((string, string[])[])
                        [
                            ("token_endpoint_auth_methods_supported", ["client_secret_post", "client_secret_basic"]),
                            ("response_types_supported", ["code", "id_token"]),
                            ("subject_types_supported", ["pairwise"]),
                            ("id_token_signing_alg_values_supported", ["RS256"]),
                        ]
                )
                {
                    writer.WriteStartArray(name);
                    foreach (var value in values)
                        writer.WriteStringValue(value);
                    writer.WriteEndArray();
                }
                writer.WriteEndObject();
            }
        );

    private Answer Keys() =>
        Answer.Create(
            200,
            writer =>
            {
                var key = _key.ExportParameters(includePrivateParameters: false);
                writer.WriteStartObject();
                writer.WriteStartArray("keys");
                writer.WriteStartObject();
                writer.WriteString("kty", "RSA");
                writer.WriteString("use", "sig");
                writer.WriteString("alg", "RS256");
                writer.WriteString("kid", KeyId);
                writer.WriteString("n", Base64Url.EncodeToString(key.Modulus));
                writer.WriteString("e", Base64Url.EncodeToString(key.Exponent));
                writer.WriteEndObject();
                writer.WriteEndArray();
                writer.WriteEndObject();
            }
        );

    /// <summary>An error as the token endpoint words it.</summary>
    public Answer Error(Call call, int status, string error, int number, string message) =>
        Answer.Create(
            status,
            writer =>
            {
                var at = time.GetUtcNow().ToString("yyyy-MM-dd HH:mm:ssZ", CultureInfo.InvariantCulture);
                writer.WriteStartObject();
                writer.WriteString("error", error);
                writer.WriteString(
                    "error_description",
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"AADSTS{number}: {message} Trace ID: {call.RequestId} Correlation ID: {call.RequestId} Timestamp: {at}"
                    )
                );
                writer.WriteStartArray("error_codes");
                writer.WriteNumberValue(number);
                writer.WriteEndArray();
                writer.WriteString("timestamp", at);
                writer.WriteString("trace_id", call.RequestId);
                writer.WriteString("correlation_id", call.RequestId);
                writer.WriteEndObject();
            }
        );
}
