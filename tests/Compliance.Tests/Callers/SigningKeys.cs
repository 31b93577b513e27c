using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.IdentityModel.Tokens;

namespace Compliance.Tests.Callers;

/// <summary>
/// A sign-in service's two keys and a stranger's, and tokens made with them by hand: no library makes the tokens that matter here.
/// </summary>
public sealed class SigningKeys : IDisposable
{
    public const string First = "key-1";
    public const string Second = "key-2";

    public RSA Key { get; } = RSA.Create(2048);

    public RSA SecondKey { get; } = RSA.Create(2048);

    public RSA Stranger { get; } = RSA.Create(2048);

    public static JsonObject Header(string algorithm = SecurityAlgorithms.RsaSha256) =>
        new()
        {
            ["alg"] = algorithm,
            ["typ"] = "JWT",
            ["kid"] = First,
        };

    public static string Part(JsonObject json) => Base64UrlEncoder.Encode(json.ToJsonString());

    /// <summary>What is published of a key: no private part.</summary>
    public static RsaSecurityKey Published(RSA key, string id) => new(key.ExportParameters(includePrivateParameters: false)) { KeyId = id };

    /// <summary>A token signed with RSA.</summary>
    /// <param name="header">The header as JSON.</param>
    /// <param name="claims">The claims as JSON: text, so that a name can be there twice.</param>
    /// <param name="key">Who signs; the service's first key unless given.</param>
    /// <param name="hash">SHA-256 unless given.</param>
    /// <param name="padding">PKCS #1 unless given.</param>
    public string Token(string header, string claims, RSA? key = null, HashAlgorithmName? hash = null, RSASignaturePadding? padding = null)
    {
        var text = $"{Base64UrlEncoder.Encode(header)}.{Base64UrlEncoder.Encode(claims)}";
        var signature = (key ?? Key).SignData(
            Encoding.ASCII.GetBytes(text),
            hash ?? HashAlgorithmName.SHA256,
            padding ?? RSASignaturePadding.Pkcs1
        );
        return $"{text}.{Base64UrlEncoder.Encode(signature)}";
    }

    /// <summary>A token whose signature is an HMAC over bytes that everybody knows.</summary>
    public static string Hmac(byte[] secret, JsonObject claims)
    {
        var text = $"{Part(Header(SecurityAlgorithms.HmacSha256))}.{Part(claims)}";
        return $"{text}.{Base64UrlEncoder.Encode(HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes(text)))}";
    }

    public void Dispose()
    {
        Key.Dispose();
        SecondKey.Dispose();
        Stranger.Dispose();
    }
}
