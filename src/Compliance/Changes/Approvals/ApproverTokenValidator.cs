using System.Buffers;
using Compliance.Tenants;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Compliance.Changes.Approvals;

/// <summary>
/// Shows who an approver is from an Entra v2.0 access token: signature (RS256, a key of this tenant's sign-in service), issuer, audience,
/// lifetime, tenant, a person and not an app, and the role. Whatever cannot be known is a refusal.
/// </summary>
/// <remarks>
/// Claims as documented for Entra access tokens (v2.0): <c>iss</c>, <c>aud</c>, <c>exp</c>, <c>nbf</c>, <c>tid</c>, <c>oid</c>,
/// <c>roles</c>, <c>scp</c> (only where a person is signed in), <c>idtyp</c>, <c>ver</c>.
/// </remarks>
internal sealed partial class ApproverTokenValidator(
    TenantOptions tenant,
    ApprovalOptions options,
    ISignInKeys keys,
    TimeProvider time,
    ILogger<ApproverTokenValidator> log
)
{
    /// <summary>The app role that approvers hold.</summary>
    public const string Role = "Compliance.Approver";

    /// <summary>How far the clocks may be apart.</summary>
    public static readonly TimeSpan Skew = TimeSpan.FromMinutes(2);

    private const string Scheme = "Bearer ";
    private const int MaxCharacters = 16 * 1024;
    private const string PublicCloud = "https://login.microsoftonline.com";

    // A signed token is three parts in base64url, without padding (RFC 7515 section 7.1).
    private static readonly SearchValues<char> TokenCharacters = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
    );

    private static readonly JsonWebTokenHandler Handler = new() { MapInboundClaims = false, MaximumTokenSizeInBytes = MaxCharacters };

    /// <summary>Judges an <c>Authorization</c> header.</summary>
    /// <param name="authorizationHeader">The header as it came; null when there was none.</param>
    /// <param name="cancellationToken">Stops reading the metadata.</param>
    public async Task<ApproverSignIn> ValidateAsync(string? authorizationHeader, CancellationToken cancellationToken)
    {
        var outcome = await JudgeAsync(authorizationHeader, cancellationToken);
        if (outcome.Identity is null)
            Refused(log, outcome.Status, outcome.Reason!);
        return outcome;
    }

    private async Task<ApproverSignIn> JudgeAsync(string? header, CancellationToken cancellationToken)
    {
        if (header is null || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return ApproverSignIn.Refused(401, "an Entra access token is needed: Authorization: Bearer <token>");
        // There may be several spaces between scheme and token (RFC 9110 section 11.4), and nothing else: what may be around a header's
        // value the server has taken off.
        var text = header[Scheme.Length..].TrimStart(' ');
        if (text.Length is 0 or > MaxCharacters || text.AsSpan().ContainsAnyExcept(TokenCharacters) || KeyIdOf(text) is not { } keyId)
            return ApproverSignIn.Refused(401, "the token is not a signed JSON Web Token that names its key and needs no extension");
        OpenIdConnectConfiguration metadata;
        try
        {
            metadata = await keys.CurrentAsync(keyId, cancellationToken);
        }
        catch (HttpRequestException)
        {
            return ApproverSignIn.Refused(
                503,
                "the sign-in service's keys could not be read, so that the token's owner is not known; try again later"
            );
        }
        var issuer = $"{tenant.Authority.ToString().TrimEnd('/')}/{tenant.Id}/v2.0";
        // A sandbox may issue under the public cloud's name; its keys are its own all the same.
        var issuers = tenant.PinnedThumbprint is null ? [issuer] : new[] { issuer, $"{PublicCloud}/{tenant.Id}/v2.0" };
        if (!issuers.Contains(metadata.Issuer, StringComparer.OrdinalIgnoreCase))
            return ApproverSignIn.Refused(503, "the sign-in service's metadata is not this tenant's");

        var result = await Handler.ValidateTokenAsync(
            text,
            new TokenValidationParameters
            {
                ValidAlgorithms = [SecurityAlgorithms.RsaSha256],
                // Only RSA keys: an HMAC over a public key has nothing to be checked with.
                IssuerSigningKeys = metadata.SigningKeys.Where(k => k is RsaSecurityKey or JsonWebKey { Kty: "RSA" } or X509SecurityKey),
                TryAllIssuerSigningKeys = false,
                RequireSignedTokens = true,
                ValidateIssuerSigningKey = true,
                // In place of the library's own check of a certificate, which goes by the machine's clock and not by the app's.
                IssuerSigningKeyValidator = (key, _, _) =>
                    key is not X509SecurityKey { Certificate: { } signer }
                    || InTime(signer.NotBefore.ToUniversalTime(), signer.NotAfter.ToUniversalTime()),
                ValidateIssuer = true,
                ValidIssuer = metadata.Issuer,
                ValidateAudience = true,
                ValidAudiences = options.Audiences,
                RequireExpirationTime = true,
                ValidateLifetime = true,
                LifetimeValidator = (notBefore, expires, _, _) => InTime(notBefore, expires),
            }
        );
        if (!result.IsValid || result.SecurityToken is not JsonWebToken token)
            return ApproverSignIn.Refused(401, Explain(result.Exception));
        return Judge(token);
    }

    private ApproverSignIn Judge(JsonWebToken token)
    {
        if (Claim(token, "ver") != "2.0")
            return ApproverSignIn.Refused(
                401,
                "the token is not a v2.0 access token: set the app registration's requestedAccessTokenVersion to 2"
            );
        if (!string.Equals(Claim(token, "tid"), tenant.Id, StringComparison.OrdinalIgnoreCase))
            return ApproverSignIn.Refused(401, "the token is of another tenant");
        if (!Guid.TryParse(Claim(token, "oid"), out var objectId))
            return ApproverSignIn.Refused(401, "the token names no object id");
        // An app's token has no scope; where idtyp is switched on it says so itself.
        if (Values(token, "idtyp").Any(kind => kind != "user"))
            return ApproverSignIn.Refused(403, "the token is an application's: only a person can approve");
        if (string.IsNullOrWhiteSpace(Claim(token, "scp")))
            return ApproverSignIn.Refused(403, "the token has no scope, so that no person is signed in: only a person can approve");
        if (!Values(token, "roles").Contains(Role, StringComparer.Ordinal))
            return ApproverSignIn.Refused(403, $"the person does not hold the app role {Role}");
        return ApproverSignIn.From(new(objectId.ToString("D"), tenant.Id, Claim(token, "uti") ?? Claim(token, "jti")));
    }

    private bool InTime(DateTime? notBefore, DateTime? expires)
    {
        var now = time.GetUtcNow().UtcDateTime;
        return expires is { } end && now < end + Skew && (notBefore is not { } start || now >= start - Skew);
    }

    private static string? KeyIdOf(string text)
    {
        try
        {
            // What a token calls critical and is not understood makes it invalid (RFC 7515 section 4.1.11); nothing is understood here.
            return
                new JsonWebToken(text) is { IsSigned: true, Kid: { Length: > 0 } kid } token
                && !token.TryGetHeaderValue<object>("crit", out _)
                ? kid
                : null;
        }
        catch (Exception e) when (e is ArgumentException or SecurityTokenException)
        {
            return null;
        }
    }

    private static IEnumerable<string> Values(JsonWebToken token, string name) =>
        token.Claims.Where(c => c.Type == name).Select(c => c.Value);

    private static string? Claim(JsonWebToken token, string name) => Values(token, name).ToList() is [var only] ? only : null;

    // The library's own words can hold parts of the token.
    private static string Explain(Exception? e) =>
        e switch
        {
            SecurityTokenInvalidLifetimeException or SecurityTokenNoExpirationException => "the token's lifetime has ended or not begun",
            SecurityTokenInvalidAudienceException => "the token is for another application",
            SecurityTokenInvalidIssuerException => "the token is of another issuer",
            SecurityTokenSignatureKeyNotFoundException => "the token is signed by a key that the sign-in service does not have",
            SecurityTokenInvalidAlgorithmException => "the token is not signed with RS256",
            _ => "the token's signature is not good",
        };

    [LoggerMessage(EventId = 3601, Level = LogLevel.Warning, Message = "An approver's token was refused with {Status}: {Reason}")]
    private static partial void Refused(ILogger logger, int status, string reason);
}
