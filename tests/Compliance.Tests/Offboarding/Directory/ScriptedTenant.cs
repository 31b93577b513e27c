using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Compliance.Offboarding;
using Compliance.Offboarding.Directory;
using Compliance.Tenants;
using Compliance.Tests.Tenants;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Compliance.Tests.Offboarding.Directory;

/// <summary>
/// A tenant over HTTPS that answers what a test says it answers, word for word, and keeps every request: for answers the sandbox tenant,
/// which behaves well, never gives. What no line of the script fits is answered 501.
/// </summary>
internal sealed class ScriptedTenant : IAsyncDisposable
{
    public const string Id = "5f0e1d2c-3b4a-4958-8776-655443322110";

    private readonly WebApplication _app;
    private readonly ServiceProvider _services;
    private readonly ConcurrentStack<(string Fits, Func<(int Status, string Json)> Answer)> _script = new();

    private ScriptedTenant(WebApplication app, string thumbprint)
    {
        _app = app;
        Root = app
            .Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!
            .Addresses.Single()
            .Replace("127.0.0.1", "localhost", StringComparison.Ordinal);
        _services = new ServiceCollection()
            .AddLogging()
            .AddSingleton<TimeProvider>(new NoWaiting())
            .AddTenant(
                new ConfigurationBuilder()
                    .AddInMemoryCollection(
                        new Dictionary<string, string?>
                        {
                            ["Tenant:Id"] = Id,
                            ["Tenant:GraphEndpoint"] = $"{Root}/v1.0",
                            ["Tenant:ResourceManagerEndpoint"] = Root,
                            ["Tenant:AuthorityHost"] = Root,
                            ["Tenant:ClientId"] = "c11e0000-0000-4000-8000-000000000000",
                            ["Tenant:ClientSecret"] = "scripted",
                            ["Tenant:PinnedThumbprint"] = thumbprint,
                        }
                    )
                    .Build()
            )
            .AddLeaverDirectory()
            .BuildServiceProvider();
    }

    /// <summary>Address without a slash at the end.</summary>
    public string Root { get; }

    public ILeaverDirectory Directory => _services.GetRequiredService<ILeaverDirectory>();

    public GraphReads Reads => _services.GetRequiredService<GraphReads>();

    /// <summary>Outer requests to Graph: one each round trip.</summary>
    public int RoundTrips => Requests.Count(r => r.StartsWith("POST /v1.0/$batch", StringComparison.Ordinal));

    /// <summary>Method and unescaped address; those inside a batch stand for themselves after it.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    public static async Task<ScriptedTenant> StartAsync()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var made = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        var certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder
            .WebHost.UseKestrelHttpsConfiguration()
            .ConfigureKestrel(k =>
                k.Listen(
                    IPAddress.Loopback,
                    0,
                    l =>
                    {
                        l.Protocols = HttpProtocols.Http1;
                        l.UseHttps(certificate);
                    }
                )
            );
        var app = builder.Build();
        ScriptedTenant? tenant = null;
        app.Run(context => tenant!.HandleAsync(context));
        await app.StartAsync(TestContext.Current.CancellationToken);
        return tenant = new ScriptedTenant(app, certificate.GetCertHashString(HashAlgorithmName.SHA256));
    }

    /// <summary>Answers every request whose method and address contain the text, unless a later line fits too.</summary>
    public ScriptedTenant When(string contains, string json, int status = 200) => When(contains, () => (status, json));

    public ScriptedTenant When(string contains, Func<(int Status, string Json)> answer)
    {
        _script.Push((contains, answer));
        return this;
    }

    /// <summary>A Graph error.</summary>
    public ScriptedTenant Fails(
        string contains,
        int status,
        string code = "Authorization_RequestDenied",
        string message = "Insufficient privileges to complete the operation."
    ) => When(contains, $$"""{"error":{"code":"{{code}}","message":"{{message}}"} }""", status);

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _app.DisposeAsync();
    }

    private (int Status, string Json) Answer(string method, string address)
    {
        var request = $"{method} {Uri.UnescapeDataString(address)}";
        Requests.Enqueue(request);
        foreach (var (fits, answer) in _script)
            if (request.Contains(fits, StringComparison.Ordinal))
                return answer();
        return (501, """{"error":{"code":"NotScripted","message":"The test did not say what to answer."}}""");
    }

    private async Task HandleAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        var (status, json) = path switch
        {
            _ when path.EndsWith("/.well-known/openid-configuration", StringComparison.Ordinal) => (
                200,
                $$"""
                {"issuer":"{{Root}}/{{Id}}/v2.0","authorization_endpoint":"{{Root}}/{{Id}}/oauth2/v2.0/authorize",
                 "token_endpoint":"{{Root}}/{{Id}}/oauth2/v2.0/token"}
                """
            ),
            _ when path.EndsWith("/oauth2/v2.0/token", StringComparison.Ordinal) => (
                200,
                """{"token_type":"Bearer","expires_in":3599,"access_token":"scripted"}"""
            ),
            "/v1.0/$batch" => await BatchAsync(context),
            _ => Answer(context.Request.Method, path + context.Request.QueryString.Value),
        };
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(json);
    }

    private async Task<(int Status, string Json)> BatchAsync(HttpContext context)
    {
        var outer = Answer("POST", "/v1.0/$batch");
        using var body = await JsonDocument.ParseAsync(context.Request.Body);
        if (outer.Status != 501)
            return outer;
        var responses = body
            .RootElement.GetProperty("requests")
            .EnumerateArray()
            .Select(r =>
            {
                var (status, json) = Answer(r.GetProperty("method").GetString()!, r.GetProperty("url").GetString()!);
                return (JsonNode)
                    new JsonObject
                    {
                        ["id"] = r.GetProperty("id").GetString(),
                        ["status"] = status,
                        ["body"] = JsonNode.Parse(json),
                    };
            });
        return (200, new JsonObject { ["responses"] = new JsonArray([.. responses]) }.ToJsonString());
    }
}
