using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Compliance.Approvals;
using Compliance.Tenants;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Compliance.Tests.Approvals;

/// <summary>Approvers' tokens, signed with real keys, and what an attacker would send instead. Each forged token differs from the good one in one thing alone.</summary>
public sealed class ApproverTokenValidatorTests : IDisposable
{
    private const string TenantId = "11111111-1111-1111-1111-111111111111";
    private const string Audience = "22222222-2222-2222-2222-222222222222";
    private const string Person = "33333333-3333-3333-3333-333333333333";
    private const string Other = "44444444-4444-4444-4444-444444444444";
    private const string Issuer = $"https://login.example.com/{TenantId}/v2.0";

    private readonly RSA _key = RSA.Create(2048);
    private readonly RSA _strange = RSA.Create(2048);
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
    private readonly Keys _keys = new();

    public ApproverTokenValidatorTests() => _keys.Configuration = Metadata(Issuer);

    private long Now => _clock.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>What is wrong, and the status it is refused with.</summary>
    public static TheoryData<string, int> Bad => new()
    {
        { "no header", 401 }, { "another scheme", 401 }, { "no token", 401 }, { "no JWT", 401 }, { "too long", 401 }, { "no key id", 401 }, { "unknown key id", 401 },
        { "signed by a stranger under a known key id", 401 }, { "alg none", 401 }, { "alg none with the old signature", 401 }, { "HS256 over the public key", 401 }, { "RS384", 401 },
        { "altered payload", 401 }, { "other tenant", 401 }, { "two tenants", 401 }, { "other audience", 401 }, { "other issuer", 401 }, { "ended", 401 }, { "not begun", 401 }, { "no end", 401 },
        { "version 1", 401 }, { "no object id", 401 }, { "no role", 403 }, { "role in another case", 403 }, { "longer role", 403 }, { "an app", 403 }, { "no scope", 403 },
        { "metadata of another tenant", 503 }, { "metadata unreachable", 503 },
    };

    [Fact]
    public async Task A_good_token_names_its_person()
    {
        var outcome = await JudgeAsync($"Bearer {Signed(Claims())}");

        Assert.Equal((200, Person, TenantId), (outcome.Status, outcome.Identity!.ObjectId, outcome.Identity.TenantId));
    }

    [Theory]
    [InlineData(119, true)]
    [InlineData(121, false)]
    public async Task The_clocks_may_be_two_minutes_apart(int seconds, bool good)
    {
        var ended = await JudgeAsync($"Bearer {Signed(Claims(c => c["exp"] = Now - seconds))}");
        var early = await JudgeAsync($"Bearer {Signed(Claims(c => c["nbf"] = Now + seconds))}");

        Assert.Equal((good, good), (ended.Identity is not null, early.Identity is not null));
    }

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task Anything_else_is_refused_and_the_reason_holds_no_part_of_it(string what, int status)
    {
        var header = HeaderOf(what);

        var outcome = await JudgeAsync(header);

        Assert.Null(outcome.Identity);
        Assert.True(status == outcome.Status, $"{outcome.Status}: {outcome.Reason}");
        foreach (var part in (header ?? "").Split('.', ' ').Where(p => p.Length > 8))
            Assert.DoesNotContain(part, outcome.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain(Other, outcome.Reason, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _key.Dispose();
        _strange.Dispose();
    }

    private string? HeaderOf(string what)
    {
        switch (what)
        {
            case "no header": return null;
            case "another scheme": return $"Basic {Signed(Claims())}";
            case "no token": return "Bearer ";
            case "no JWT": return "Bearer something-that-is-no-token";
            case "too long": return $"Bearer {Signed(Claims(c => c["pad"] = new string('x', 16 * 1024)))}";
            case "metadata of another tenant": _keys.Configuration = Metadata(Issuer.Replace(TenantId, Other, StringComparison.Ordinal)); break;
            case "metadata unreachable": _keys.Configuration = null; break;
        }

        var whole = Signed(Claims()).Split('.');
        return "Bearer " + what switch
        {
            "no key id" => Signed(Claims(), header: h => h.Remove("kid")),
            "unknown key id" => Signed(Claims(), header: h => h["kid"] = "unknown-key"),
            "signed by a stranger under a known key id" => Signed(Claims(), _strange),
            "alg none" => $"{Part(new JsonObject { ["alg"] = "none", ["typ"] = "JWT", ["kid"] = "key-1" })}.{whole[1]}.",
            "alg none with the old signature" => $"{Part(new JsonObject { ["alg"] = "none", ["typ"] = "JWT", ["kid"] = "key-1" })}.{whole[1]}.{whole[2]}",
            "HS256 over the public key" => Hmac(),
            "RS384" => Signed(Claims(), hash: HashAlgorithmName.SHA384, header: h => h["alg"] = "RS384"),
            "altered payload" => $"{whole[0]}.{Part(Claims(c => c["oid"] = Other))}.{whole[2]}",
            "other tenant" => Signed(Claims(c => c["tid"] = Other)),
            "two tenants" => Signed(Claims(c => c["tid"] = new JsonArray(TenantId, Other))),
            "other audience" => Signed(Claims(c => c["aud"] = Other)),
            "other issuer" => Signed(Claims(c => c["iss"] = Issuer.Replace(TenantId, Other, StringComparison.Ordinal))),
            "ended" => Signed(Claims(c => c["exp"] = Now - 3600)),
            "not begun" => Signed(Claims(c => c["nbf"] = Now + 3600)),
            "no end" => Signed(Claims(c => c.Remove("exp"))),
            "version 1" => Signed(Claims(c => c["ver"] = "1.0")),
            "no object id" => Signed(Claims(c => c.Remove("oid"))),
            "no role" => Signed(Claims(c => c.Remove("roles"))),
            "role in another case" => Signed(Claims(c => c["roles"] = new JsonArray("compliance.approver"))),
            "longer role" => Signed(Claims(c => c["roles"] = new JsonArray("Compliance.Approver.ReadOnly"))),
            "an app" => Signed(Claims(c => c["idtyp"] = "app")),
            "no scope" => Signed(Claims(c => c.Remove("scp"))),
            "metadata of another tenant" or "metadata unreachable" => Signed(Claims()),
            _ => throw new ArgumentException(what, nameof(what)),
        };
    }

    private Task<ApproverSignIn> JudgeAsync(string? header) => new ApproverTokenValidator(
        new TenantOptions { Id = TenantId, Graph = new("https://graph.example.com/v1.0"), ResourceManager = new("https://azure.example.com"), Authority = new("https://login.example.com") },
        new ApprovalOptions([Audience]), _keys, _clock, NullLogger<ApproverTokenValidator>.Instance).ValidateAsync(header, TestContext.Current.CancellationToken);

    private OpenIdConnectConfiguration Metadata(string issuer)
    {
        var configuration = new OpenIdConnectConfiguration { Issuer = issuer };
        configuration.SigningKeys.Add(new RsaSecurityKey(_key.ExportParameters(includePrivateParameters: false)) { KeyId = "key-1" });
        return configuration;
    }

    private JsonObject Claims(Action<JsonObject>? change = null)
    {
        var claims = new JsonObject
        {
            ["iss"] = Issuer,
            ["aud"] = Audience,
            ["tid"] = TenantId,
            ["oid"] = Person,
            ["ver"] = "2.0",
            ["scp"] = "access",
            ["roles"] = new JsonArray(ApproverTokenValidator.Role),
            ["nbf"] = Now - 60,
            ["exp"] = Now + 3600,
        };
        change?.Invoke(claims);
        return claims;
    }

    // Made by hand: no library makes the tokens that matter here.
    private string Signed(JsonObject claims, RSA? key = null, HashAlgorithmName? hash = null, Action<JsonObject>? header = null)
    {
        var head = new JsonObject { ["alg"] = "RS256", ["typ"] = "JWT", ["kid"] = "key-1" };
        header?.Invoke(head);
        var text = $"{Part(head)}.{Part(claims)}";
        return $"{text}.{Base64UrlEncoder.Encode((key ?? _key).SignData(Encoding.ASCII.GetBytes(text), hash ?? HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    private string Hmac()
    {
        var text = $"{Part(new JsonObject { ["alg"] = "HS256", ["typ"] = "JWT", ["kid"] = "key-1" })}.{Part(Claims())}";
        return $"{text}.{Base64UrlEncoder.Encode(HMACSHA256.HashData(_key.ExportSubjectPublicKeyInfo(), Encoding.ASCII.GetBytes(text)))}";
    }

    private static string Part(JsonObject json) => Base64UrlEncoder.Encode(json.ToJsonString());

    private sealed class Keys : ISignInKeys
    {
        public OpenIdConnectConfiguration? Configuration { get; set; }

        public Task<OpenIdConnectConfiguration> CurrentAsync(string? unknownKey, CancellationToken stop) =>
            Configuration is { } configuration ? Task.FromResult(configuration) : throw new HttpRequestException("unreachable");
    }
}
