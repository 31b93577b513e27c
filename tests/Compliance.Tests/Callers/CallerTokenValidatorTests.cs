using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Compliance.Callers;
using Compliance.Tenants;
using CsCheck;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;
using Testing;

namespace Compliance.Tests.Callers;

/// <summary>
/// Callers' tokens, signed with real keys, and what an attacker would send instead. Each bad token differs from the good one, an
/// approver's, in one thing alone.
/// </summary>
public sealed class CallerTokenValidatorTests : IClassFixture<SigningKeys>
{
    private const string TenantId = "11111111-1111-1111-1111-111111111111";
    private const string Audience = "22222222-2222-2222-2222-222222222222";
    private const string Person = "33333333-3333-3333-3333-333333333333";
    private const string Other = "44444444-4444-4444-4444-444444444444";
    private const string Client = "55555555-5555-5555-5555-55555555555a";
    private const string Host = "https://login.example.com";
    private const string Issuer = $"{Host}/{TenantId}/v2.0";

    private readonly SigningKeys _signing;
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
    private readonly FakeLogger<CallerTokenValidator> _log = new();
    private readonly Keys _keys = new();

    public CallerTokenValidatorTests(SigningKeys signing) =>
        (_signing, _keys.Configuration) = (
            signing,
            Metadata(
                Issuer,
                SigningKeys.Published(signing.Key, SigningKeys.First),
                SigningKeys.Published(signing.SecondKey, SigningKeys.Second)
            )
        );

    private long Now => _clock.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>What is wrong, and the status it is refused with.</summary>
    public static TheoryData<string, int> Bad =>
        new()
        {
            // The header.
            { "no header", 401 },
            { "another scheme", 401 },
            { "no token", 401 },
            { "no JWT", 401 },
            { "too long", 401 },
            { "the scheme twice", 401 },
            { "two tokens", 401 },
            { "five parts", 401 },
            // The signature.
            { "no key id", 401 },
            { "key id is a number", 401 },
            { "unknown key id", 401 },
            { "signed by a stranger under a known key id", 401 },
            { "signed by the second key under the first one's id", 401 },
            { "signed by a key that the header brings along", 401 },
            { "alg none", 401 },
            { "alg none with the old signature", 401 },
            { "alg None", 401 },
            { "RS384", 401 },
            { "PS256", 401 },
            { "rs256", 401 },
            { "no signature", 401 },
            { "altered payload", 401 },
            { "altered header", 401 },
            { "HMAC by a key that the metadata publishes", 401 },
            // What it is for, from whom, and when.
            { "other tenant", 401 },
            { "two tenants", 401 },
            { "other tenant named last", 401 },
            { "no tenant", 401 },
            { "other audience", 401 },
            { "no audience", 401 },
            { "other issuer", 401 },
            { "issuer of version 1", 401 },
            { "no issuer", 401 },
            { "ended", 401 },
            { "not begun", 401 },
            { "no end", 401 },
            { "no end within reach", 401 },
            { "end that is no time", 401 },
            // Who.
            { "version 1", 401 },
            { "no version", 401 },
            { "no object id", 401 },
            { "object id that is none", 401 },
            { "two object ids", 401 },
            { "no role", 403 },
            { "empty roles", 403 },
            { "another role", 403 },
            { "role in another case", 403 },
            { "longer role", 403 },
            { "role after a blank", 403 },
            { "an app with a scope", 403 },
            { "a user and an app", 403 },
            { "critical extension", 401 },
            { "an app that does not say so", 403 },
            { "empty scope", 403 },
            { "two scopes", 403 },
            { "a user without a scope", 403 },
            // The service.
            { "metadata of another tenant", 503 },
            { "metadata of the public cloud", 503 },
            { "metadata unreachable", 503 },
        };

    [Fact]
    public async Task A_good_token_names_its_person()
    {
        var outcome = await JudgeAsync(Signed(c => (c["oid"], c["uti"]) = ("ABCDEFAB-0000-0000-0000-000000000000", "token-id")));

        var caller = outcome.Identity!;
        Assert.Equal((200, null), (outcome.Status, outcome.Reason));
        Assert.Equal(
            ("abcdefab-0000-0000-0000-000000000000", TenantId, "token-id", true, "Compliance.Approver"),
            (caller.ObjectId, caller.TenantId, caller.TokenId, caller.IsPerson, caller.Roles.Single().Value)
        );
        Assert.Equal(0, _log.Collector.Count);
    }

    // With the optional claim idtyp, and without it.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_good_token_of_an_application_names_it_and_the_roles_that_applications_hold(bool isNamed)
    {
        var header = Signed(c => OfApplication(c, isNamed));

        var outcome = await Validator().ValidateAsync(header, AppRole.All, TestContext.Current.CancellationToken);

        Assert.Equal(
            (Person, false, "Compliance.HrSystem"),
            (outcome.Identity!.ObjectId, outcome.Identity.IsPerson, outcome.Identity.Roles.Single().Value)
        );
    }

    [Fact]
    public async Task A_person_holds_every_role_for_people_that_the_token_carries_and_none_that_is_for_applications()
    {
        var header = Signed(c => c["roles"] = new JsonArray([.. AppRole.All.Select(r => (JsonNode)r.Value), "Another"]));

        var caller = (await JudgeAsync(header)).Identity!;

        Assert.Equal([AppRole.Admin, AppRole.Approver, AppRole.Auditor, AppRole.Owner], caller.Roles);
        Assert.Equal(403, (await ValidateAsync(header, AppRole.HrSystem)).Status);
        Assert.Equal(403, (await ValidateAsync(Signed(c => OfApplication(c, isNamed: true)), AppRole.Approver)).Status);
    }

    [Fact]
    public async Task One_of_the_roles_is_enough()
    {
        Assert.Equal(200, (await ValidateAsync(Signed(), AppRole.Admin, AppRole.Approver)).Status);
        Assert.Equal(403, (await ValidateAsync(Signed(), AppRole.Admin, AppRole.Auditor)).Status);
        Assert.Equal(403, (await ValidateAsync(Signed())).Status);
    }

    // Each names what the caller can have corrected.
    [Fact]
    public async Task A_refusal_for_a_role_says_which_role_and_which_kind_of_caller_it_takes() =>
        Assert.Equal(
            [
                "the person does not hold the app role Compliance.Admin or Compliance.Auditor",
                "the token is a person's: it takes an application with the app role Compliance.HrSystem",
                "the token is an application's: it takes a person with the app role Compliance.Approver",
                "the application does not hold the app role Compliance.HrSystem",
            ],
            [
                (await ValidateAsync(Signed(), AppRole.Admin, AppRole.Auditor)).Reason,
                (await ValidateAsync(Signed(), AppRole.HrSystem)).Reason,
                (await ValidateAsync(Signed(c => OfApplication(c, isNamed: true)), AppRole.Approver)).Reason,
                (await ValidateAsync(Signed(c => c.Remove("scp")), AppRole.HrSystem)).Reason,
            ]
        );

    [Theory]
    [InlineData("\"55555555-5555-5555-5555-55555555555a\"", true)]
    [InlineData("\"55555555-5555-5555-5555-55555555555A\"", true)]
    [InlineData("\"66666666-6666-6666-6666-666666666666\"", true)]
    [InlineData("\"44444444-4444-4444-4444-444444444444\"", false)]
    [InlineData("\"\"", false)]
    [InlineData("null", false)]
    public async Task Where_programs_are_listed_the_token_must_have_been_asked_for_by_one_of_them(string azp, bool good)
    {
        var header = Signed(c => c["azp"] = JsonNode.Parse(azp));
        var listed = Tests.Storage.Settings.Of(
            ("Approvals__Audience", Audience),
            ("Callers__AllowedClientApplications", $"{Client}, 66666666-6666-6666-6666-666666666666")
        );

        var outcome = await Validator(options: CallerOptions.Read(listed))
            .ValidateAsync(header, [AppRole.Approver], TestContext.Current.CancellationToken);

        Assert.Equal(good ? 200 : 403, outcome.Status);
        Assert.Equal(200, (await JudgeAsync(header)).Status);
    }

    // A list that is half understood would let in whom it was meant to keep out, or keep out everybody.
    [Theory]
    [InlineData("the CLI")]
    [InlineData("55555555-5555-5555-5555-55555555555a,")]
    [InlineData("55555555-5555-5555-5555-55555555555a;66666666-6666-6666-6666-666666666666")]
    public void A_list_of_programs_with_a_mistake_stops_the_start(string setting) =>
        Assert.Contains(
            "Callers:AllowedClientApplications",
            Assert
                .Throws<Compliance.Storage.StateSettingException>(() =>
                    CallerOptions.Read(
                        Tests.Storage.Settings.Of(("Approvals__Audience", Audience), ("Callers__AllowedClientApplications", setting))
                    )
                )
                .Message,
            StringComparison.Ordinal
        );

    [Fact]
    public async Task A_token_that_the_library_makes_is_good_whatever_form_the_published_key_has()
    {
        using var certificate = Certificate(_clock.GetUtcNow().AddDays(-1), _clock.GetUtcNow().AddDays(1));
        SecurityKey plain = SigningKeys.Published(_signing.Key, SigningKeys.First),
            web = JsonWebKeyConverter.ConvertFromRSASecurityKey((RsaSecurityKey)plain);
        foreach (var published in new[] { plain, web, new X509SecurityKey(certificate, SigningKeys.First) })
        {
            _keys.Configuration = Metadata(Issuer, published);
            var token = new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(
                Claims().ToJsonString(),
                new SigningCredentials(new RsaSecurityKey(_signing.Key) { KeyId = SigningKeys.First }, SecurityAlgorithms.RsaSha256)
            );

            Assert.Equal(Person, (await JudgeAsync($"bearer {token}")).Identity?.ObjectId);
        }
    }

    // The certificate of a published key is judged by the same clock as the token. Its times are whole seconds, as the clock's are here.
    [Theory]
    [InlineData(-3600, -119, true)]
    [InlineData(-3600, -120, false)]
    [InlineData(120, 3600, true)]
    [InlineData(121, 3600, false)]
    public async Task A_published_certificate_must_be_in_force_by_the_app_s_clock(int begins, int ends, bool good)
    {
        using var certificate = Certificate(_clock.GetUtcNow().AddSeconds(begins), _clock.GetUtcNow().AddSeconds(ends));
        _keys.Configuration = Metadata(Issuer, new X509SecurityKey(certificate, SigningKeys.First));

        Assert.Equal(good ? 200 : 401, (await JudgeAsync(Signed())).Status);
    }

    [Theory]
    [InlineData("Bearer ", "", true)]
    [InlineData("bearer    ", "", true)]
    [InlineData("Bearer", "", false)]
    [InlineData("Bearer\t", "", false)]
    [InlineData("Bearer \t", "", false)]
    [InlineData("Bearer \u00a0", "", false)]
    [InlineData(" Bearer ", "", false)]
    [InlineData("Bearer ", " ", false)]
    [InlineData("Bearer ", "\n", false)]
    [InlineData("Bearer ", "=", false)]
    [InlineData("Bearer ", "\0", false)]
    public async Task Between_scheme_and_token_are_spaces_and_nothing_is_around_them(string before, string after, bool good) =>
        Assert.Equal(good ? 200 : 401, (await JudgeAsync(before + Signed()["Bearer ".Length..] + after)).Status);

    [Fact]
    public async Task Each_key_that_is_published_is_good_under_its_own_id() =>
        Assert.Equal(
            200,
            (
                await JudgeAsync(
                    $"Bearer {_signing.Token(Head(h => h["kid"] = SigningKeys.Second), Claims().ToJsonString(), _signing.SecondKey)}"
                )
            ).Status
        );

    [Theory]
    [InlineData("exp", -119, true)]
    [InlineData("exp", -120, false)]
    [InlineData("nbf", 120, true)]
    [InlineData("nbf", 121, false)]
    public async Task The_clocks_may_be_two_minutes_apart(string claim, int seconds, bool good) =>
        Assert.Equal(good, (await JudgeAsync(Signed(c => c[claim] = Now + seconds))).Identity is not null);

    [Theory]
    [InlineData("idtyp", "\"user\"")]
    [InlineData("roles", "\"Compliance.Approver\"")]
    [InlineData("roles", "[\"Other\",\"Compliance.Approver\"]")]
    [InlineData("pad", "{\"any\":[1,null]}")]
    public async Task What_a_good_token_may_say_as_well(string claim, string json) =>
        Assert.Equal(200, (await JudgeAsync(Signed(c => c[claim] = JsonNode.Parse(json)))).Status);

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task Anything_else_is_refused_and_neither_reason_nor_log_holds_a_part_of_it(string what, int status)
    {
        var header = HeaderOf(what);

        var outcome = await JudgeAsync(header);

        Assert.True(status == outcome.Status && outcome.Identity is null, $"{outcome.Status}: {outcome.Reason}");
        var said = Assert.Single(_log.Collector.GetSnapshot());
        Assert.Equal((LogLevel.Warning, null), (said.Level, said.Exception));
        // Nor the library's own words, IDX and a number, which can quote the token.
        foreach (var part in (header ?? "").Split('.', ' ', ',').Where(p => p.Length > 8).Concat([Other, Person, "unknown-key", "IDX"]))
            Assert.DoesNotContain(part, outcome.Reason + said.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SubjectPublicKeyInfo")]
    [InlineData("Pkcs1")]
    [InlineData("Pem")]
    [InlineData("Pem without its last line break")]
    [InlineData("Modulus")]
    [InlineData("Jwk")]
    [InlineData("nothing")]
    public async Task An_HMAC_over_the_public_key_in_any_form_is_no_signature(string form)
    {
        var secret = form switch
        {
            "SubjectPublicKeyInfo" => _signing.Key.ExportSubjectPublicKeyInfo(),
            "Pkcs1" => _signing.Key.ExportRSAPublicKey(),
            "Pem" => Encoding.ASCII.GetBytes(_signing.Key.ExportSubjectPublicKeyInfoPem() + "\n"),
            "Pem without its last line break" => Encoding.ASCII.GetBytes(_signing.Key.ExportSubjectPublicKeyInfoPem()),
            "Modulus" => _signing.Key.ExportParameters(false).Modulus!,
            "Jwk" => Encoding.ASCII.GetBytes(Base64UrlEncoder.Encode(_signing.Key.ExportParameters(false).Modulus!)),
            _ => [],
        };

        Assert.Equal(401, (await JudgeAsync($"Bearer {SigningKeys.Hmac(secret, Claims())}")).Status);
    }

    [Fact]
    public async Task Of_a_name_that_is_there_twice_the_last_counts_for_every_check()
    {
        // RFC 7519 section 4 lets a reader refuse or take the last; two readers that differ would be a hole.
        var (claims, validated) = (Claims().ToJsonString()[..^1], new List<string?>());
        foreach (var (name, good) in new[] { ("tid", TenantId), ("aud", Audience), ("iss", Issuer), ("oid", Person) })
            foreach (var last in new[] { Other, good })
                validated.Add(
                    (await JudgeAsync($"Bearer {_signing.Token(Head(), $$"""{{claims}},"{{name}}":"{{Other}}","{{name}}":"{{last}}"}""")}"))
                        .Identity
                        ?.ObjectId
                );

        Assert.Equal([null, Person, null, Person, null, Person, Other, Person], validated);
    }

    [Fact]
    public async Task A_sandbox_may_issue_under_the_public_clouds_name_but_not_for_another_tenant()
    {
        const string cloud = "https://login.microsoftonline.com";
        var published = SigningKeys.Published(_signing.Key, SigningKeys.First);

        _keys.Configuration = Metadata($"{cloud}/{TenantId}/v2.0", published);
        Assert.Equal(200, (await JudgeAsync(Signed(c => c["iss"] = $"{cloud}/{TenantId}/v2.0"), new string('A', 64))).Status);
        Assert.Equal(401, (await JudgeAsync(Signed(), new string('A', 64))).Status);
        _keys.Configuration = Metadata($"{cloud}/{Other}/v2.0", published);
        Assert.Equal(503, (await JudgeAsync(Signed(c => c["iss"] = $"{cloud}/{Other}/v2.0"), new string('A', 64))).Status);
    }

    [Fact]
    public async Task Giving_up_is_not_a_refusal()
    {
        using var cancellation = new CancellationTokenSource();
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            Validator().ValidateAsync(Signed(), [AppRole.Approver], cancellation.Token)
        );
    }

    [Fact]
    public async Task A_token_changed_at_any_place_names_nobody_else_and_breaks_nothing()
    {
        var good = Signed();
        var place = Gen.Int["Bearer ".Length, good.Length - 1];

        await Gen.Select(place, Gen.Char["AZaz09-_.= \0\u00e9\""], Gen.Int[0, 3])
            .SampleAsync(
                async (at, c, how) =>
                {
                    var changed = how switch
                    {
                        0 => good.Remove(at, 1),
                        1 => good.Insert(at, $"{c}"),
                        2 => good[..at],
                        _ => string.Concat(good.AsSpan(0, at), $"{c}", good.AsSpan(at + 1)),
                    };
                    var outcome = await JudgeAsync(changed);
                    // A further space after the scheme changes nothing, and the last character of a signature has bits that mean nothing.
                    var same =
                        changed.Replace("Bearer  ", "Bearer ", StringComparison.Ordinal) == good
                        || (outcome.Status == 200 && at == good.Length - 1);
                    Assert.Equal(same ? Person : null, outcome.Identity?.ObjectId);
                },
                iter: TestSize.Times(2000),
                threads: 1
            );
    }

    [Theory]
    [InlineData("22222222-2222-2222-2222-222222222222")]
    [InlineData("api://22222222-2222-2222-2222-222222222222")]
    public async Task The_setting_names_the_app_by_its_id_or_its_uri_and_the_token_by_either(string setting)
    {
        var options = CallerOptions.Read(Tests.Storage.Settings.Of(("Approvals__Audience", setting)));

        foreach (var audience in new[] { Audience, $"api://{Audience}" })
            Assert.Equal(
                200,
                (
                    await Validator(options: options)
                        .ValidateAsync(Signed(c => c["aud"] = audience), [AppRole.Approver], TestContext.Current.CancellationToken)
                ).Status
            );
    }

    [Theory]
    [InlineData("")]
    [InlineData("api://")]
    [InlineData("https://contoso.com/approvals")]
    [InlineData("api://contoso-approvals")]
    [InlineData("{22222222-2222-2222-2222-222222222222}")]
    public void Another_setting_is_refused_by_its_name(string setting) =>
        Assert.Contains(
            "Approvals:Audience",
            Assert
                .Throws<Compliance.Storage.StateSettingException>(() =>
                    CallerOptions.Read(Tests.Storage.Settings.Of(("Approvals__Audience", setting)))
                )
                .Message,
            StringComparison.Ordinal
        );

    private string? HeaderOf(string what)
    {
        var good = Signed();
        var parts = good["Bearer ".Length..].Split('.');
        var keys = _keys.Configuration!.SigningKeys.ToArray();
        switch (what)
        {
            case "no header":
                return null;
            case "another scheme":
                return good.Replace("Bearer", "Basic", StringComparison.Ordinal);
            case "no token":
                return "Bearer ";
            case "no JWT":
                return "Bearer something-that-is-no-token";
            case "the scheme twice":
                return $"Bearer {good}";
            case "two tokens":
                return $"{good}, {good}";
            case "five parts":
                return $"{good}.{parts[1]}.{parts[2]}";
            case "metadata of another tenant":
                _keys.Configuration = Metadata(Of(Other), keys);
                return Signed(c => (c["iss"], c["tid"]) = (Of(Other), Other));
            case "metadata of the public cloud":
                _keys.Configuration = Metadata($"https://login.microsoftonline.com/{TenantId}/v2.0", keys);
                return good;
            case "metadata unreachable":
                _keys.Configuration = null;
                return good;
            case "HMAC by a key that the metadata publishes":
                var secret = SHA256.HashData("known to all"u8);
                _keys.Configuration = Metadata(Issuer, new SymmetricSecurityKey(secret) { KeyId = SigningKeys.First });
                return $"Bearer {SigningKeys.Hmac(secret, Claims())}";
            default:
                return ByHeader(what, parts) is { } forged ? $"Bearer {forged}" : Signed(ByClaim(what));
        }
    }

    private string? ByHeader(string what, string[] parts)
    {
        string With(Action<JsonObject> header, RSA? key = null, HashAlgorithmName? hash = null, RSASignaturePadding? padding = null) =>
            _signing.Token(Head(header), Claims().ToJsonString(), key, hash, padding);
        return what switch
        {
            "no key id" => With(h => h.Remove("kid")),
            "key id is a number" => With(h => h["kid"] = 1),
            "unknown key id" => With(h => h["kid"] = "unknown-key"),
            "signed by a stranger under a known key id" => With(_ => { }, _signing.Stranger),
            "signed by the second key under the first one's id" => With(_ => { }, _signing.SecondKey),
            "signed by a key that the header brings along" => With(h => h["jwk"] = Jwk(_signing.Stranger), _signing.Stranger),
            "alg none" => $"{SigningKeys.Part(SigningKeys.Header("none"))}.{parts[1]}.",
            "alg none with the old signature" => $"{SigningKeys.Part(SigningKeys.Header("none"))}.{parts[1]}.{parts[2]}",
            "alg None" => $"{SigningKeys.Part(SigningKeys.Header("None"))}.{parts[1]}.",
            "RS384" => With(h => h["alg"] = "RS384", hash: HashAlgorithmName.SHA384),
            "PS256" => With(h => h["alg"] = "PS256", padding: RSASignaturePadding.Pss),
            "critical extension" => With(h => h["crit"] = new JsonArray("exp")),
            "rs256" => With(h => h["alg"] = "rs256"),
            "no signature" => $"{parts[0]}.{parts[1]}.",
            "altered payload" => $"{parts[0]}.{SigningKeys.Part(Claims(c => c["oid"] = Other))}.{parts[2]}",
            "altered header" => $"{Base64UrlEncoder.Encode(Head(h => h["typ"] = "at+jwt"))}.{parts[1]}.{parts[2]}",
            "other tenant named last" => _signing.Token(Head(), $$"""{{Claims().ToJsonString()[..^1]}},"tid":"{{Other}}"}"""),
            _ => null,
        };
    }

    private Action<JsonObject> ByClaim(string what) =>
        what switch
        {
            "too long" => c => c["pad"] = new string('x', 16 * 1024),
            "other tenant" => c => c["tid"] = Other,
            "two tenants" => c => c["tid"] = new JsonArray(TenantId, Other),
            "no tenant" => c => c.Remove("tid"),
            "other audience" => c => c["aud"] = Other,
            "no audience" => c => c.Remove("aud"),
            "other issuer" => c => c["iss"] = Of(Other),
            "issuer of version 1" => c => c["iss"] = $"https://sts.windows.net/{TenantId}/",
            "no issuer" => c => c.Remove("iss"),
            "ended" => c => c["exp"] = Now - 3600,
            "not begun" => c => c["nbf"] = Now + 3600,
            "no end" => c => c.Remove("exp"),
            "no end within reach" => c => c["exp"] = long.MaxValue,
            "end that is no time" => c => c["exp"] = "tomorrow",
            "version 1" => c => c["ver"] = "1.0",
            "no version" => c => c.Remove("ver"),
            "no object id" => c => c.Remove("oid"),
            "object id that is none" => c => c["oid"] = "ada@contoso.com",
            "two object ids" => c => c["oid"] = new JsonArray(Person, Other),
            "no role" => c => c.Remove("roles"),
            "empty roles" => c => c["roles"] = new JsonArray(),
            "another role" => c => c["roles"] = new JsonArray("Compliance.Reader"),
            "role in another case" => c => c["roles"] = new JsonArray("compliance.approver"),
            "longer role" => c => c["roles"] = new JsonArray("Compliance.Approver.ReadOnly"),
            "role after a blank" => c => c["roles"] = new JsonArray(" Compliance.Approver"),
            "a user and an app" => c => c["idtyp"] = new JsonArray("user", "app"),
            "an app with a scope" => c => c["idtyp"] = "app",
            "an app that does not say so" => c => c.Remove("scp"),
            "empty scope" => c => c["scp"] = " ",
            "two scopes" => c => c["scp"] = new JsonArray("access", "access"),
            "a user without a scope" => c =>
            {
                c.Remove("scp");
                c["idtyp"] = "user";
            }
            ,
            _ => throw new ArgumentException(what, nameof(what)),
        };

    private X509Certificate2 Certificate(DateTimeOffset begins, DateTimeOffset ends) =>
        new CertificateRequest("CN=sign-in", _signing.Key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(
            begins,
            ends
        );

    private Task<CallerSignIn> JudgeAsync(string? header, string? pinned = null) =>
        Validator(pinned).ValidateAsync(header, [AppRole.Approver], TestContext.Current.CancellationToken);

    private Task<CallerSignIn> ValidateAsync(string header, params AppRole[] roles) =>
        Validator().ValidateAsync(header, roles, TestContext.Current.CancellationToken);

    private static void OfApplication(JsonObject claims, bool isNamed)
    {
        claims.Remove("scp");
        claims["roles"] = new JsonArray([.. AppRole.All.Select(r => (JsonNode)r.Value)]);
        if (isNamed)
            claims["idtyp"] = "app";
    }

    private CallerTokenValidator Validator(string? pinned = null, CallerOptions? options = null) =>
        new(
            new TenantOptions
            {
                Id = TenantId,
                Graph = new("https://graph.example.com/v1.0"),
                ResourceManager = new("https://azure.example.com"),
                Authority = new(Host),
                PinnedThumbprint = pinned,
            },
            options ?? new CallerOptions([Audience], []),
            _keys,
            _clock,
            _log
        );

    private string Signed(Action<JsonObject>? change = null) => $"Bearer {_signing.Token(Head(), Claims(change).ToJsonString())}";

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
            ["roles"] = new JsonArray(AppRole.Approver.Value),
            ["nbf"] = Now - 60,
            ["exp"] = Now + 3600,
        };
        change?.Invoke(claims);
        return claims;
    }

    private static string Head(Action<JsonObject>? change = null)
    {
        var header = SigningKeys.Header();
        change?.Invoke(header);
        return header.ToJsonString();
    }

    private static string Of(string tenant) => Issuer.Replace(TenantId, tenant, StringComparison.Ordinal);

    private static JsonObject Jwk(RSA key)
    {
        var parameters = key.ExportParameters(includePrivateParameters: false);
        return new()
        {
            ["kty"] = "RSA",
            ["n"] = Base64UrlEncoder.Encode(parameters.Modulus),
            ["e"] = Base64UrlEncoder.Encode(parameters.Exponent),
        };
    }

    private static OpenIdConnectConfiguration Metadata(string issuer, params SecurityKey[] keys)
    {
        var configuration = new OpenIdConnectConfiguration { Issuer = issuer };
        foreach (var key in keys)
            configuration.SigningKeys.Add(key);
        return configuration;
    }

    private sealed class Keys : ISignInKeys
    {
        public OpenIdConnectConfiguration? Configuration { get; set; }

        public Task<OpenIdConnectConfiguration> CurrentAsync(string? unknownKey, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return Configuration is { } configuration
                ? Task.FromResult(configuration)
                : throw new HttpRequestException($"unreachable while asked for {unknownKey}");
        }
    }
}
