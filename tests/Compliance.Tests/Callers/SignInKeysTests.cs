using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Compliance.Callers;
using Compliance.Tenants;
using Compliance.Tests.Tenants;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.Tokens;

namespace Compliance.Tests.Callers;

/// <summary>When the sign-in service's keys are read, over HTTPS from a service on loopback whose keys roll over.</summary>
public sealed class SignInKeysTests(SigningKeys signing) : IClassFixture<SigningKeys>, IAsyncLifetime
{
    private const string TenantId = "11111111-1111-1111-1111-111111111111";

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
    private readonly ConcurrentQueue<string> _reads = new();
    private readonly List<SecurityKey> _published = [];
    private WebApplication? _service;
    private TenantConnection? _connection;
    private SignInKeys? _keys;
    private string _root = "";
    private Func<string, (int Status, string Body)?> _instead = _ => null;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Times that the keys were read: the metadata and the list of keys, one after the other.</summary>
    private int Times => _reads.Count(r => r.EndsWith("/keys", StringComparison.Ordinal));

    public async ValueTask InitializeAsync()
    {
        var request = new CertificateRequest("CN=localhost", signing.Stranger, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var made = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        var certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.UseHttps(certificate)));
        _service = builder.Build();
        _service.Run(AnswerAsync);
        await _service.StartAsync(Stop);
        _root = $"https://localhost:{new Uri(_service.Urls.Single()).Port}";
        _published.Add(SigningKeys.Published(signing.Key, SigningKeys.First));
        var options = new TenantOptions
        {
            Id = TenantId,
            Graph = new($"{_root}/v1.0"),
            ResourceManager = new(_root),
            Authority = new(_root),
            PinnedThumbprint = certificate.GetCertHashString(HashAlgorithmName.SHA256),
        };
        _connection = new TenantConnection(options, new NoWaiting(), NullLogger<TenantConnection>.Instance);
        _keys = new SignInKeys(_connection, _clock);
    }

    public async ValueTask DisposeAsync()
    {
        _keys?.Dispose();
        _connection?.Dispose();
        if (_service is not null)
            await _service.DisposeAsync();
    }

    [Fact]
    public async Task They_are_read_once_a_day_for_keys_that_are_known()
    {
        await AskAsync(SigningKeys.First);
        _clock.Advance(TimeSpan.FromDays(1) - TimeSpan.FromSeconds(1));
        await AskAsync(SigningKeys.First);
        await AskAsync(null);
        Assert.Equal(1, Times);

        _clock.Advance(TimeSpan.FromSeconds(1));
        await AskAsync(SigningKeys.First);
        Assert.Equal(2, Times);
    }

    [Fact]
    public async Task An_unknown_key_makes_them_be_read_again_but_not_more_often_than_once_a_minute()
    {
        var times = new List<int>();
        foreach (var seconds in new[] { 0, 0, 59, 1, 0, 59, 1 })
        {
            _clock.Advance(TimeSpan.FromSeconds(seconds));
            await AskAsync($"invented-{times.Count}");
            times.Add(Times);
        }

        Assert.Equal([1, 1, 1, 2, 2, 2, 3], times);
    }

    [Fact]
    public async Task A_token_of_a_key_that_was_rolled_over_to_is_good_as_soon_as_a_minute_has_passed()
    {
        var token = Token(SigningKeys.Second, signing.SecondKey);
        Assert.Equal(200, (await JudgeAsync(Token(SigningKeys.First, signing.Key))).Status);
        _published.Add(SigningKeys.Published(signing.SecondKey, SigningKeys.Second));

        Assert.Equal(401, (await JudgeAsync(token)).Status);
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(200, (await JudgeAsync(token)).Status);
        Assert.Equal(2, Times);
    }

    [Fact]
    public async Task A_clock_that_was_ahead_keeps_no_key_from_being_read()
    {
        var token = Token(SigningKeys.Second, signing.SecondKey);
        var now = _clock.GetUtcNow();
        _clock.AdjustTime(now.AddYears(1));
        await AskAsync(SigningKeys.First);
        _published[0] = SigningKeys.Published(signing.SecondKey, SigningKeys.Second);
        _clock.AdjustTime(now);

        Assert.Equal(200, (await JudgeAsync(token)).Status);
        Assert.Equal(401, (await JudgeAsync(Token(SigningKeys.First, signing.Key))).Status);
    }

    [Fact]
    public async Task A_key_that_was_taken_back_is_good_no_more_once_they_are_read_again()
    {
        Assert.Equal(200, (await JudgeAsync(Token(SigningKeys.First, signing.Key))).Status);
        _published[0] = SigningKeys.Published(signing.SecondKey, SigningKeys.Second);
        _clock.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(200, (await JudgeAsync(Token(SigningKeys.Second, signing.SecondKey))).Status);
        Assert.Equal(401, (await JudgeAsync(Token(SigningKeys.First, signing.Key))).Status);
    }

    [Fact]
    public async Task A_key_that_another_reads_meanwhile_is_known_without_a_read_of_its_own()
    {
        var clock = new InterruptedClock(_clock);
        using var keys = new SignInKeys(_connection!, clock);
        await keys.CurrentAsync(SigningKeys.First, Stop);
        _published.Add(SigningKeys.Published(signing.SecondKey, SigningKeys.Second));
        _clock.Advance(SignInKeys.ReadAgainAfter);
        clock.Meanwhile = () => keys.CurrentAsync(SigningKeys.Second, Stop).GetAwaiter().GetResult();

        var known = await keys.CurrentAsync(SigningKeys.Second, Stop);

        Assert.Contains(known.SigningKeys, k => k.KeyId == SigningKeys.Second);
        Assert.Equal(2, Times);
    }

    [Fact]
    public async Task Many_at_once_read_them_once()
    {
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => AskAsync($"invented-{i}")));

        Assert.Equal(1, Times);
    }

    [Theory]
    [InlineData("openid-configuration", 404, "")]
    [InlineData("openid-configuration", 503, "")]
    [InlineData("openid-configuration", 200, "no JSON")]
    [InlineData("openid-configuration", 200, """{"issuer":"https://login.example.com","jwks_uri":"https://keys.example.com/keys"}""")]
    [InlineData("openid-configuration", 200, """{"issuer":"https://login.example.com","jwks_uri":"http://localhost/keys"}""")]
    [InlineData("/keys", 500, "")]
    [InlineData("/keys", 200, "no JSON")]
    public async Task What_cannot_be_read_is_a_503_that_is_not_remembered(string ending, int status, string body)
    {
        _instead = path => path.EndsWith(ending, StringComparison.Ordinal) ? (status, body) : null;
        Assert.Equal(503, (await JudgeAsync(Token(SigningKeys.First, signing.Key))).Status);

        _instead = _ => null;
        Assert.Equal(200, (await JudgeAsync(Token(SigningKeys.First, signing.Key))).Status);
    }

    [Fact]
    public async Task Old_keys_are_not_believed_while_new_ones_cannot_be_read()
    {
        Assert.Equal(200, (await JudgeAsync(Token(SigningKeys.First, signing.Key))).Status);
        _instead = _ => (404, "");

        // Known keys need no read; an invented one is refused without harm to them.
        _clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(503, (await JudgeAsync(Token("invented", signing.Stranger))).Status);
        Assert.Equal(200, (await JudgeAsync(Token(SigningKeys.First, signing.Key))).Status);
        _clock.Advance(TimeSpan.FromHours(23));
        Assert.Equal(503, (await JudgeAsync(Token(SigningKeys.First, signing.Key))).Status);
    }

    [Fact]
    public async Task Giving_up_ends_the_read()
    {
        using var cancellation = new CancellationTokenSource();
        using var answer = new SemaphoreSlim(0);
        _instead = _ =>
        {
            cancellation.Cancel();
            answer.Wait(CancellationToken.None);
            return null;
        };
        try
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
                _keys!.CurrentAsync(null, cancellation.Token).WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System, Stop)
            );
        }
        finally
        {
            answer.Release(100);
        }
    }

    [Fact]
    public async Task Who_gives_up_does_not_break_the_read_off_for_others()
    {
        using var cancellation = new CancellationTokenSource();
        using var answer = new SemaphoreSlim(0);
        _instead = _ =>
        {
            cancellation.Cancel();
            answer.Wait(CancellationToken.None);
            return null;
        };
        var impatient = _keys!.CurrentAsync(SigningKeys.First, cancellation.Token);
        var patient = AskAsync(SigningKeys.First);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);

        answer.Release(100);
        await patient;
        Assert.Equal(1, Times);
    }

    [Fact]
    public async Task A_service_that_does_not_answer_is_not_waited_for_longer_than_the_limit()
    {
        using var answer = new SemaphoreSlim(0);
        _instead = _ =>
        {
            answer.Wait(CancellationToken.None);
            return null;
        };
        using var keys = new SignInKeys(_connection!, _clock) { AnswerWithin = TimeSpan.FromMilliseconds(50) };
        try
        {
            await Assert.ThrowsAsync<HttpRequestException>(() =>
                keys.CurrentAsync(null, Stop).WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System, Stop)
            );
        }
        finally
        {
            answer.Release(100);
        }
    }

    [Fact]
    public async Task Reads_that_fail_are_not_repeated_more_often_than_once_a_minute_either()
    {
        await AskAsync(SigningKeys.First);
        _clock.Advance(TimeSpan.FromMinutes(1));
        _instead = _ => (404, "");
        _reads.Clear();

        for (var i = 0; i < 5; i++)
            await Assert.ThrowsAsync<HttpRequestException>(() => _keys!.CurrentAsync($"invented-{i}", Stop));

        Assert.Single(_reads);
        _clock.Advance(SignInKeys.ReadAgainAfter);
        _instead = _ => null;
        await AskAsync("invented");
        Assert.Equal(1, Times);
    }

    [Fact]
    public async Task A_known_key_is_told_while_an_unknown_one_is_being_looked_for()
    {
        await AskAsync(SigningKeys.First);
        _clock.Advance(TimeSpan.FromMinutes(1));
        using var answer = new SemaphoreSlim(0);
        var asked = new TaskCompletionSource();
        _instead = _ =>
        {
            asked.TrySetResult();
            answer.Wait(CancellationToken.None);
            return null;
        };
        var unknown = _keys!.CurrentAsync("invented", Stop);
        await asked.Task;
        try
        {
            await AskAsync(SigningKeys.First).WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System, Stop);
        }
        finally
        {
            answer.Release(100);
            await unknown;
        }
    }

    private sealed class InterruptedClock(TimeProvider clock) : TimeProvider
    {
        private Action? _meanwhile;

        /// <summary>Happens once, before the clock is read next.</summary>
        public Action Meanwhile
        {
            set => _meanwhile = value;
        }

        public override DateTimeOffset GetUtcNow()
        {
            Interlocked.Exchange(ref _meanwhile, null)?.Invoke();
            return clock.GetUtcNow();
        }
    }

    private async Task AskAsync(string? key) => Assert.Equal($"{_root}/{TenantId}/v2.0", (await _keys!.CurrentAsync(key, Stop)).Issuer);

    private Task<CallerSignIn> JudgeAsync(string token) =>
        new CallerTokenValidator(
            _connection!.Options,
            new CallerOptions(["app"], []),
            _keys!,
            _clock,
            NullLogger<CallerTokenValidator>.Instance
        ).ValidateAsync($"Bearer {token}", [AppRole.Approver], Stop);

    private string Token(string id, RSA key)
    {
        var header = SigningKeys.Header();
        header["kid"] = id;
        return signing.Token(
            header.ToJsonString(),
            new JsonObject
            {
                ["iss"] = $"{_root}/{TenantId}/v2.0",
                ["aud"] = "app",
                ["tid"] = TenantId,
                ["oid"] = "33333333-3333-3333-3333-333333333333",
                ["ver"] = "2.0",
                ["scp"] = "access",
                ["roles"] = new JsonArray(AppRole.Approver.Value),
                ["exp"] = _clock.GetUtcNow().AddDays(3).ToUnixTimeSeconds(),
            }.ToJsonString(),
            key
        );
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        _reads.Enqueue(path);
        var (status, body) =
            _instead(path)
            ?? (
                path.EndsWith("/keys", StringComparison.Ordinal)
                    ? (
                        200,
                        JsonSerializer.Serialize(
                            new
                            {
                                keys = _published
                                    .Cast<RsaSecurityKey>()
                                    .Select(JsonWebKeyConverter.ConvertFromRSASecurityKey)
                                    .Select(k => new
                                    {
                                        kty = k.Kty,
                                        use = "sig",
                                        kid = k.Kid,
                                        n = k.N,
                                        e = k.E,
                                    }),
                            }
                        )
                    )
                    : (
                        200,
                        JsonSerializer.Serialize(
                            new { issuer = $"{_root}/{TenantId}/v2.0", jwks_uri = $"{_root}/{TenantId}/discovery/v2.0/keys" }
                        )
                    )
            );
        context.Response.StatusCode = status;
        await context.Response.WriteAsync(body, context.RequestAborted);
    }
}
