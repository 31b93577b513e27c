using System.Buffers;
using Compliance.Tenants;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Compliance.Callers;

/// <summary>
/// Shows who calls from an Entra v2.0 access token: signature (RS256, a key of this tenant's sign-in service), issuer, audience, lifetime,
/// tenant, the program that asked for it, a person or an application, and the roles. Whatever cannot be known is a refusal.
/// </summary>
/// <remarks>
/// Claims as documented for Entra access tokens (v2.0): <c>iss</c>, <c>aud</c>, <c>exp</c>, <c>nbf</c>, <c>tid</c>, <c>oid</c>, <c>azp</c>
/// (the client), <c>roles</c>, <c>scp</c> (only where a person is signed in), <c>idtyp</c>, <c>ver</c>.
/// </remarks>
internal sealed partial class CallerTokenValidator(
    TenantOptions tenant,
    CallerOptions options,
    ISignInKeys keys,
    TimeProvider time,
    ILogger<CallerTokenValidator> log
)
{
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
    /// <param name="roles">Roles of which the caller has to hold one.</param>
    /// <param name="cancellationToken">Stops reading the metadata.</param>
    public async Task<CallerSignIn> ValidateAsync(
        string? authorizationHeader,
        IReadOnlyList<AppRole> roles,
        CancellationToken cancellationToken
    )
    {
        var outcome = await JudgeAsync(authorizationHeader, cancellationToken);
        if (outcome.Identity is { } caller && !caller.HoldsAny(roles))
            outcome = CallerSignIn.Refused(403, Lacking(caller, roles));
        if (outcome.Identity is null)
            Refused(log, outcome.Status, outcome.Reason!);
        return outcome;
    }

    private async Task<CallerSignIn> JudgeAsync(string? header, CancellationToken cancellationToken)
    {
        if (header is null || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return CallerSignIn.Refused(401, "an Entra access token is needed: Authorization: Bearer <token>");
        // There may be several spaces between scheme and token (RFC 9110 section 11.4), and nothing else: what may be around a header's
        // value the server has taken off.
        var text = header[Scheme.Length..].TrimStart(' ');
        if (text.Length is 0 or > MaxCharacters || text.AsSpan().ContainsAnyExcept(TokenCharacters) || KeyIdOf(text) is not { } keyId)
            return CallerSignIn.Refused(401, "the token is not a signed JSON Web Token that names its key and needs no extension");
        OpenIdConnectConfiguration metadata;
        try
        {
            metadata = await keys.CurrentAsync(keyId, cancellationToken);
        }
        catch (HttpRequestException)
        {
            return CallerSignIn.Refused(
                503,
                "the sign-in service's keys could not be read, so that the token's owner is not known; try again later"
            );
        }
        var issuer = $"{tenant.Authority.ToString().TrimEnd('/')}/{tenant.Id}/v2.0";
        // A sandbox may issue under the public cloud's name; its keys are its own all the same.
        var issuers = tenant.PinnedThumbprint is null ? [issuer] : new[] { issuer, $"{PublicCloud}/{tenant.Id}/v2.0" };
        if (!issuers.Contains(metadata.Issuer, StringComparer.OrdinalIgnoreCase))
            return CallerSignIn.Refused(503, "the sign-in service's metadata is not this tenant's");

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
            return CallerSignIn.Refused(401, Explain(result.Exception));
        return Judge(token);
    }

    private CallerSignIn Judge(JsonWebToken token)
    {
        if (Claim(token, "ver") != "2.0")
            return CallerSignIn.Refused(
                401,
                "the token is not a v2.0 access token: set the app registration's requestedAccessTokenVersion to 2"
            );
        if (!string.Equals(Claim(token, "tid"), tenant.Id, StringComparison.OrdinalIgnoreCase))
            return CallerSignIn.Refused(401, "the token is of another tenant");
        if (!Guid.TryParse(Claim(token, "oid"), out var objectId))
            return CallerSignIn.Refused(401, "the token names no object id");
        if (options.Clients.Count > 0 && !options.Clients.Contains(Claim(token, "azp") ?? "", StringComparer.OrdinalIgnoreCase))
            return CallerSignIn.Refused(
                403,
                "the program that asked for the token is not among those that may: see setting Callers__AllowedClientApplications"
            );
        if (IsPerson(token) is not { } isPerson)
            return CallerSignIn.Refused(403, "the token does not show whether a person or an application calls");
        var held = Values(token, "roles").ToList();
        return CallerSignIn.From(
            new(
                objectId.ToString("D"),
                tenant.Id,
                Claim(token, "uti") ?? Claim(token, "jti"),
                isPerson,
                // A role that an administrator gave to the wrong kind of caller opens nothing.
                [.. AppRole.All.Where(r => r.IsForPeople == isPerson && held.Contains(r.Value, StringComparer.Ordinal))]
            )
        );
    }

    // An app's token has no scope; where idtyp is switched on it says so itself. Null where that does not fit together.
    private static bool? IsPerson(JsonWebToken token)
    {
        var isPerson = Values(token, "scp").ToList() switch
        {
            [] => false,
            [var only] when !string.IsNullOrWhiteSpace(only) => true,
            _ => (bool?)null,
        };
        return Values(token, "idtyp").All(kind => kind == (isPerson == true ? "user" : "app")) ? isPerson : null;
    }

    private static string Lacking(CallerIdentity caller, IReadOnlyList<AppRole> roles)
    {
        var fitting = roles.Where(r => r.IsForPeople == caller.IsPerson).ToList();
        if (fitting.Count > 0)
            return $"the {(caller.IsPerson ? "person" : "application")} does not hold the app role {Either(fitting)}";
        return caller.IsPerson
            ? $"the token is a person's: it takes an application with the app role {Either(roles)}"
            : $"the token is an application's: it takes a person with the app role {Either(roles)}";
    }

    private static string Either(IEnumerable<AppRole> roles) => string.Join(" or ", roles.Select(r => r.Value));

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

    [LoggerMessage(EventId = 3601, Level = LogLevel.Warning, Message = "A caller's token was refused with {Status}: {Reason}")]
    private static partial void Refused(ILogger logger, int status, string reason);
}
