using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Identity;
using Azure.ResourceManager;
using Azure.Security.KeyVault.Certificates;
using Azure.Security.KeyVault.Secrets;
using Microsoft.Graph;
using Microsoft.Graph.Authentication;

namespace SandboxTenant.Tests;

/// <summary>The official SDKs' clients on one sandbox, trusting its certificate by thumbprint.</summary>
internal sealed class PinnedClients(Sandbox sandbox) : IDisposable
{
    private readonly List<IDisposable> _disposables = [];

    public ClientSecretCredential Credential(string? secret = null) =>
        new(
            sandbox.TenantId,
            sandbox.ClientId,
            secret ?? sandbox.ClientSecret,
            new ClientSecretCredentialOptions
            {
                AuthorityHost = sandbox.BaseAddress,
                DisableInstanceDiscovery = true,
                Transport = new HttpClientTransport(Pinned()),
                Retry = { MaxRetries = 0 },
            }
        );

    public GraphServiceClient Graph() =>
        Own(
            new GraphServiceClient(
                GraphClientFactory.Create(finalHandler: Pinned()),
                new AzureIdentityAuthenticationProvider(Credential(), ["localhost"], null, true, ["https://graph.microsoft.com/.default"]),
                $"https://localhost:{sandbox.Port}/v1.0"
            )
        );

    public ArmClient Arm() => new(Credential(), default, ArmOptions());

    public HttpPipeline ArmPipeline() =>
        HttpPipelineBuilder.Build(ArmOptions(), new BearerTokenAuthenticationPolicy(Credential(), "https://management.azure.com/.default"));

    public SecretClient Secrets(string vault) =>
        new(
            sandbox.VaultAddress(vault),
            Credential(),
            new SecretClientOptions { Transport = new HttpClientTransport(Pinned()), Retry = { MaxRetries = 0 } }
        );

    public CertificateClient Certificates(string vault) =>
        new(
            sandbox.VaultAddress(vault),
            Credential(),
            new CertificateClientOptions { Transport = new HttpClientTransport(Pinned()), Retry = { MaxRetries = 0 } }
        );

    public async Task<string> TokenAsync(string resource) =>
        (await Credential().GetTokenAsync(new TokenRequestContext([resource + "/.default"]), TestContext.Current.CancellationToken)).Token;

    /// <summary>A bare request with a token for the service that the address belongs to.</summary>
    public async Task<(int Status, JsonNode? Body, HttpResponseMessage Response)> SendAsync(
        string method,
        string url,
        object? body = null,
        string? token = null,
        params (string Name, string Value)[] headers
    )
    {
        var response = await RawAsync(url, method, body, token, headers);
        var answer = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        JsonNode? json = null;
        if (answer.Length > 0 && answer[0] == '{')
            json = JsonNode.Parse(answer);
        return ((int)response.StatusCode, json ?? (answer.Length > 0 ? JsonValue.Create(answer) : null), response);
    }

    /// <summary>The same without reading the body.</summary>
    public async Task<HttpResponseMessage> RawAsync(
        string url,
        string method = "GET",
        object? body = null,
        string? token = null,
        params (string Name, string Value)[] headers
    )
    {
        var uri = url.StartsWith("https://", StringComparison.Ordinal) ? new Uri(url) : new Uri(sandbox.BaseAddress, url);
        token ??= await TokenAsync(
            uri.Host.EndsWith(".vault.localhost", StringComparison.Ordinal) ? "https://vault.azure.net"
            : uri.AbsolutePath.StartsWith("/v1.0/", StringComparison.Ordinal) ? "https://graph.microsoft.com"
            : "https://management.azure.com"
        );
        var http = Own(new HttpMessageInvoker(Pinned()));
        using var request = new HttpRequestMessage(new HttpMethod(method), uri);
        if (token.Length > 0)
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        if (body is HttpContent content)
            request.Content = content;
        else if (body is not null)
            request.Content = new StringContent(
                body is string text ? text
                    : body is JsonNode node ? node.ToJsonString()
                    : System.Text.Json.JsonSerializer.Serialize(body),
                Encoding.UTF8,
                "application/json"
            );
        return Own(await http.SendAsync(request, TestContext.Current.CancellationToken));
    }

    /// <summary>All objects of a Graph, Resource Manager or Key Vault list, following its links.</summary>
    public async Task<(List<JsonNode> Items, int Pages)> AllAsync(string url)
    {
        List<JsonNode> items = [];
        var pages = 0;
        for (var next = url; next is not null; pages++)
        {
            var (status, body, _) = await SendAsync("GET", next);
            Assert.Equal(200, status);
            items.AddRange(body!["value"]!.AsArray().Select(n => n!));
            next = (body["@odata.nextLink"] ?? body["nextLink"])?.GetValue<string>();
        }
        return (items, pages);
    }

    public void Dispose()
    {
        foreach (var disposable in _disposables)
            disposable.Dispose();
    }

    private ArmClientOptions ArmOptions() =>
        new()
        {
            Environment = new ArmEnvironment(sandbox.BaseAddress, "https://management.azure.com"),
            Transport = new HttpClientTransport(Pinned()),
            Retry = { MaxRetries = 0 },
        };

    private SocketsHttpHandler Pinned() =>
        Own(
            new SocketsHttpHandler
            {
                SslOptions = new()
                {
                    RemoteCertificateValidationCallback = (_, c, _, _) =>
                        c is X509Certificate2 x && x.GetCertHashString(HashAlgorithmName.SHA256) == sandbox.Thumbprint,
                },
                ConnectCallback = async (x, ct) =>
                {
                    var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                    try
                    {
                        await socket.ConnectAsync(IPAddress.Loopback, x.DnsEndPoint.Port, ct);
                        return new NetworkStream(socket, ownsSocket: true);
                    }
                    catch
                    {
                        socket.Dispose();
                        throw;
                    }
                },
            }
        );

    private T Own<T>(T disposable)
        where T : IDisposable
    {
        _disposables.Add(disposable);
        return disposable;
    }
}
