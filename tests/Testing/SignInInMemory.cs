using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Compliance.Callers;
using Compliance.Tenants;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Testing;

/// <summary>A tenant's sign-in service in memory: it gives tokens, and a validator that takes them.</summary>
public sealed class SignInInMemory : IDisposable
{
    /// <summary>Object id of the caller of every token.</summary>
    public const string CallerId = "33333333-3333-3333-3333-333333333333";

    private const string TenantId = "11111111-1111-1111-1111-111111111111";
    private const string Audience = "22222222-2222-2222-2222-222222222222";
    private const string Host = "https://login.example.com";
    private const string Issuer = $"{Host}/{TenantId}/v2.0";

    private readonly RSA _key = RSA.Create(2048);

    /// <summary>Whether the keys can be read.</summary>
    public bool IsAway { get; set; }

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    /// <summary>The header Authorization with a person's token for the app, good for an hour from a time.</summary>
    public string Person(DateTimeOffset now, params IEnumerable<string> roles) => Header(now, roles, c => c["scp"] = "user_impersonation");

    /// <summary>The header Authorization with an application's token for the app, good for an hour from a time.</summary>
    public string Application(DateTimeOffset now, params IEnumerable<string> roles) => Header(now, roles, c => c["idtyp"] = "app");

    /// <summary>What takes its tokens.</summary>
    internal CallerTokenValidator Validator(TimeProvider time) =>
        new(
            new TenantOptions
            {
                Id = TenantId,
                Graph = new("https://graph.example.com/v1.0"),
                ResourceManager = new("https://azure.example.com"),
                Authority = new(Host),
            },
            new CallerOptions([Audience], []),
            new Keys(this),
            time,
            NullLogger<CallerTokenValidator>.Instance
        );

    private string Header(DateTimeOffset now, IEnumerable<string> roles, Action<JsonObject> kind)
    {
        var claims = new JsonObject
        {
            ["iss"] = Issuer,
            ["aud"] = Audience,
            ["tid"] = TenantId,
            ["oid"] = CallerId,
            ["ver"] = "2.0",
            ["roles"] = new JsonArray([.. roles.Select(r => (JsonNode)r)]),
            ["nbf"] = now.ToUnixTimeSeconds(),
            ["exp"] = now.AddHours(1).ToUnixTimeSeconds(),
        };
        kind(claims);
        var signing = new SigningCredentials(new RsaSecurityKey(_key) { KeyId = "key" }, SecurityAlgorithms.RsaSha256);
        var handler = new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false };
        return $"Bearer {handler.CreateToken(claims.ToJsonString(), signing)}";
    }

    private sealed class Keys(SignInInMemory signIn) : ISignInKeys
    {
        public Task<OpenIdConnectConfiguration> CurrentAsync(string? unknownKey, CancellationToken cancellationToken)
        {
            if (signIn.IsAway)
                throw new HttpRequestException("unreachable");
            var published = new RsaSecurityKey(signIn._key.ExportParameters(includePrivateParameters: false)) { KeyId = "key" };
            return Task.FromResult(new OpenIdConnectConfiguration { Issuer = Issuer, SigningKeys = { published } });
        }
    }
}
