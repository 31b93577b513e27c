using Compliance.Tenants;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Compliance.Approvals;

/// <summary>A person who may approve, as their token says.</summary>
/// <param name="ObjectId">Entra object id.</param>
public sealed record ApproverIdentity(string ObjectId);

/// <summary>What a token is worth.</summary>
/// <param name="Identity">Who it is; null when it is refused.</param>
/// <param name="Status">HTTP status of a refusal: 401 for a token that is not valid, 403 for one without the role, 503 when the signing keys could not be read.</param>
/// <param name="Reason">Why it is refused, without the token; null when it is not.</param>
public sealed record ApproverCheck(ApproverIdentity? Identity, int Status, string? Reason);

/// <summary>
/// Validates approvers' tokens here, in the app: a platform setting that somebody switches off must not let anybody approve. Entra v2 access tokens of this tenant
/// for this app, of a person, with the role. Whatever is not certain is refused.
/// </summary>
public sealed class ApproverTokenValidator
{
    /// <summary>The app role an approver needs.</summary>
    public const string Role = "Compliance.Approver";

    /// <summary>Setting with the audience of approvers' tokens: the client id of this app's registration.</summary>
    public const string AudienceSetting = "Approvals:Audience";

    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(2);

    private readonly string _tenantId;
    private readonly IReadOnlyList<string> _audiences;
    private readonly IConfigurationManager<OpenIdConnectConfiguration> _metadata;
    private readonly TimeProvider _time;
    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false };

    internal ApproverTokenValidator(TenantConnection tenant, string? audience, TimeProvider time)
        : this(tenant.Options.Id, audience, new ConfigurationManager<OpenIdConnectConfiguration>(
            $"{tenant.Options.Authority.ToString().TrimEnd('/')}/{tenant.Options.Id}/v2.0/.well-known/openid-configuration",
            new OpenIdConnectConfigurationRetriever(), new HttpDocumentRetriever(tenant.SignIn) { RequireHttps = true }), time)
    {
    }

    internal ApproverTokenValidator(string tenantId, string? audience, IConfigurationManager<OpenIdConnectConfiguration> metadata, TimeProvider time)
    {
        (_tenantId, _metadata, _time) = (tenantId, metadata, time);
        _audiences = string.IsNullOrWhiteSpace(audience) ? [] : [audience, $"api://{audience}"];
    }

    /// <summary>Checks the Authorization header of a request.</summary>
    /// <param name="authorization">The header as sent; null for none.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<ApproverCheck> CheckAsync(string? authorization, CancellationToken stop)
    {
        if (_audiences.Count == 0)
            return new(null, 503, $"approvals are not set up: setting {AudienceSetting} is missing");
        const string scheme = "Bearer ";
        if (authorization is null || !authorization.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) || authorization[scheme.Length..].Trim() is not { Length: > 0 and < 16_384 } token)
            return new(null, 401, "an Entra access token is needed: Authorization: Bearer …");
        var result = await ValidateAsync(token, stop);
        if (result is null)
            return new(null, 503, "the signing keys of the sign-in service could not be read: try again later");
        if (!result.IsValid && result.Exception is SecurityTokenSignatureKeyNotFoundException)
        {
            // Keys are rolled over: they are asked for once more.
            _metadata.RequestRefresh();
            result = await ValidateAsync(token, stop);
        }
        if (result is not { IsValid: true, SecurityToken: JsonWebToken jwt })
            return new(null, 401, $"the token is not valid: {Reason(result?.Exception)}");
        if (Claim(jwt, "tid") is not { } tenant || !string.Equals(tenant, _tenantId, StringComparison.OrdinalIgnoreCase))
            return new(null, 401, "the token is of another tenant");
        if (Claim(jwt, "idtyp") == "app" || Claim(jwt, "scp") is null)
            return new(null, 403, "the token is an application's: a person has to approve");
        if (Claim(jwt, "oid") is not { } id || !Guid.TryParse(id, out var oid) || oid == Guid.Empty)
            return new(null, 401, "the token does not say whose it is");
        return jwt.Claims.Any(c => c.Type == "roles" && c.Value == Role)
            ? new(new ApproverIdentity(oid.ToString("D")), 200, null)
            : new(null, 403, $"the role {Role} is missing");
    }

    private async Task<TokenValidationResult?> ValidateAsync(string token, CancellationToken stop)
    {
        OpenIdConnectConfiguration configuration;
        try
        {
            configuration = await _metadata.GetConfigurationAsync(stop);
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or HttpRequestException && !stop.IsCancellationRequested)
        {
            return null;
        }
        return await _handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidIssuer = configuration.Issuer,
            ValidAudiences = _audiences,
            IssuerSigningKeys = configuration.SigningKeys,
            ValidAlgorithms = [SecurityAlgorithms.RsaSha256],
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            ValidateIssuer = true,
            ValidateAudience = true,
            ValidateLifetime = true,
            ValidateIssuerSigningKey = true,
            TryAllIssuerSigningKeys = false,
            LifetimeValidator = Lives,
        });
    }

    // By the app's own clock.
    private bool Lives(DateTime? from, DateTime? until, SecurityToken token, TokenValidationParameters parameters)
    {
        var now = _time.GetUtcNow().UtcDateTime;
        return until is { } end && now < end + Skew && (from is not { } begin || now >= begin - Skew);
    }

    private static string? Claim(JsonWebToken token, string name) => token.TryGetPayloadValue<string>(name, out var value) ? value : null;

    // The library's messages can hold parts of the token.
    private static string Reason(Exception? e) => e switch
    {
        SecurityTokenInvalidLifetimeException or SecurityTokenExpiredException or SecurityTokenNotYetValidException or SecurityTokenNoExpirationException => "it is not within its lifetime",
        SecurityTokenInvalidAudienceException => "it is for another audience",
        SecurityTokenInvalidIssuerException => "it is of another issuer",
        SecurityTokenInvalidAlgorithmException => "it is signed with another algorithm than RS256",
        SecurityTokenInvalidSignatureException or SecurityTokenSignatureKeyNotFoundException => "its signature does not hold",
        _ => "it cannot be read",
    };
}
