using System.Net;
using System.Text;
using Compliance.Tenants;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Compliance.Tests.Tenants;

/// <summary>A connection whose requests never leave the process: sign-in succeeds, and a test says what else is answered.</summary>
internal sealed class PaperTenant : IDisposable
{
    public PaperTenant(params (string Key, string? Value)[] settings)
    {
        var values = new Dictionary<string, string?>
        {
            ["Tenant:Id"] = "5f0e1d2c-3b4a-4958-8776-655443322110",
            ["Tenant:GraphEndpoint"] = "https://localhost:7443/v1.0",
            ["Tenant:ResourceManagerEndpoint"] = "https://localhost:7443",
            ["Tenant:AuthorityHost"] = "https://localhost:7443",
            ["Tenant:ClientId"] = "c11e0000-0000-4000-8000-000000000000",
            ["Tenant:ClientSecret"] = "scripted",
            ["Tenant:PinnedThumbprint"] = new string('A', 64),
        };
        foreach (var (key, value) in settings)
            values[key] = value;
        Connection = new TenantConnection(
            TenantOptions.Read(new ConfigurationBuilder().AddInMemoryCollection(values).Build()),
            Time,
            NullLogger<TenantConnection>.Instance,
            new TenantTransport(new Transport(this))
        );
    }

    public NoWaiting Time { get; } = new();

    public TenantConnection Connection { get; }

    /// <summary>Method, address and body of every request, sign-in left out.</summary>
    public List<string> Requests { get; } = [];

    public Func<HttpRequestMessage, string, HttpResponseMessage> Answer { get; set; } = (_, _) => Json(200, "{}");

    public static HttpResponseMessage Json(int status, string body) =>
        new((HttpStatusCode)status) { Content = new StringContent(body, Encoding.UTF8, "application/json") };

    public void Dispose() => Connection.Dispose();

    private sealed class Transport(PaperTenant tenant) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var path = request.RequestUri!.AbsolutePath;
            if (path.EndsWith("/openid-configuration", StringComparison.Ordinal))
                return Json(
                    200,
                    """
                    {"issuer":"https://localhost:7443/t/v2.0","authorization_endpoint":"https://localhost:7443/a",
                    "token_endpoint":"https://localhost:7443/t/oauth2/v2.0/token"}
                    """
                );
            if (path.EndsWith("/token", StringComparison.Ordinal))
                return Json(200, """{"token_type":"Bearer","expires_in":3599,"access_token":"scripted"}""");
            var body = request.Content is { } content ? await content.ReadAsStringAsync(cancellationToken) : "";
            lock (tenant.Requests)
                tenant.Requests.Add($"{request.Method} {request.RequestUri} {body}".TrimEnd());
            return tenant.Answer(request, body);
        }
    }
}
