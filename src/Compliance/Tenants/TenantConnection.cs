using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Azure.Core.Pipeline;
using Azure.ResourceManager;
using Azure.Security.KeyVault.Certificates;
using Azure.Security.KeyVault.Secrets;
using Microsoft.Extensions.Logging;
using Microsoft.Graph;
using Microsoft.Graph.Authentication;

namespace Compliance.Tenants;

/// <summary>
/// The one way to the tenant's services: their own SDKs over handlers that pin the sandbox's certificate (loopback only), keep each token
/// to its service's hosts, and wait as the services ask.
/// </summary>
internal sealed class TenantConnection : IDisposable
{
    private static readonly string[] VaultSuffixes = [".vault.azure.net", ".vault.azure.cn", ".vault.usgovcloudapi.net"];

    private readonly HttpMessageHandler _network;
    private readonly TenantOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<TenantConnection> _log;
    private readonly ConcurrentDictionary<string, Vault> _vaults = new(StringComparer.OrdinalIgnoreCase);

    // Made with the first use: whoever only validates a caller's token does not wait for the loading of these libraries.
    private readonly Lazy<GraphServiceClient> _graph;
    private readonly Lazy<(ArmClient Client, HttpPipeline Pipeline)> _resourceManager;

    /// <summary>Connects lazily: nothing is sent before the first read.</summary>
    /// <param name="options">Where the tenant is and how to sign in.</param>
    /// <param name="time">Drives waits and time-outs.</param>
    /// <param name="log">Gets what was tried again.</param>
    /// <param name="transport">How requests travel; null for the network.</param>
    public TenantConnection(TenantOptions options, TimeProvider time, ILogger<TenantConnection> log, TenantTransport? transport = null)
    {
        (_options, _time, _log) = (options, time, log);
        _network = transport?.Handler ?? Network(options.PinnedThumbprint);
        var managedIdentityOffered = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("IDENTITY_ENDPOINT"));
        SignIn = Client("sign-in", u => SameHost(u, options.Authority));
        Credential = TenantCredential.Create(options, new HttpClientTransport(SignIn), managedIdentityOffered);

        _graph = new(NewGraph);
        _resourceManager = new(NewResourceManager);
    }

    /// <summary>Signs in.</summary>
    public TenantCredential Credential { get; }

    /// <summary>The sign-in service alone, for its public metadata: who reads them needs no permission.</summary>
    public HttpClient SignIn { get; }

    /// <summary>Microsoft Graph.</summary>
    public GraphServiceClient Graph => _graph.Value;

    /// <summary>Resource Manager through its SDK.</summary>
    public ArmClient ResourceManager => _resourceManager.Value.Client;

    /// <summary>Resource Manager for what the SDK lacks.</summary>
    public HttpPipeline ResourceManagerPipeline => _resourceManager.Value.Pipeline;

    /// <summary>Address of Resource Manager, without a slash at the end.</summary>
    public string ResourceManagerAddress => _options.ResourceManager.ToString().TrimEnd('/');

    /// <summary>Address of Graph with its version, without a slash at the end.</summary>
    public string GraphAddress => _options.Graph.ToString().TrimEnd('/');

    /// <summary>The settings.</summary>
    public TenantOptions Options => _options;

    /// <summary>Requests sent so far.</summary>
    public RequestCounter Requests { get; } = new();

    /// <summary>The clients of one vault.</summary>
    /// <exception cref="ForeignHostException">The address is not a vault's.</exception>
    public Vault VaultAt(Uri address) =>
        IsVault(address) ? _vaults.GetOrAdd(address.Host, _ => NewVault(address)) : throw new ForeignHostException(address.Host);

    /// <summary>The clients of a vault that was asked for before; null for one that was not.</summary>
    public Vault? KnownVault(string host) => _vaults.GetValueOrDefault(host);

    /// <summary>True when an answer's link stays with the service that gave it.</summary>
    public bool IsGraph(string link) => Uri.TryCreate(link, UriKind.Absolute, out var uri) && SameHost(uri, _options.Graph);

    /// <inheritdoc/>
    public void Dispose()
    {
        SignIn.Dispose();
        _network.Dispose();
    }

    private static bool SameHost(Uri uri, Uri ours) =>
        string.Equals(uri.Host, ours.Host, StringComparison.OrdinalIgnoreCase) && uri.Port == ours.Port && uri.Scheme == Uri.UriSchemeHttps;

    private static SocketsHttpHandler Network(string? thumbprint)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.All,
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            MaxConnectionsPerServer = 64,
            ConnectTimeout = TimeSpan.FromSeconds(30),
        };
        if (thumbprint is null)
            return handler;
        handler.UseProxy = false;
        handler.SslOptions = new SslClientAuthenticationOptions
        {
            RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                certificate is X509Certificate2 shown
                && CryptographicOperations.FixedTimeEquals(
                    Convert.FromHexString(shown.GetCertHashString(HashAlgorithmName.SHA256)),
                    Convert.FromHexString(thumbprint)
                ),
        };
        // A pinned certificate speaks for this machine only, whatever a name resolves to.
        handler.ConnectCallback = async (context, cancellationToken) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        };
        return handler;
    }

    private bool IsVault(Uri uri) =>
        uri.Scheme == Uri.UriSchemeHttps
        && (
            _options.PinnedThumbprint is null
                ? Array.Exists(VaultSuffixes, s => uri.Host.EndsWith(s, StringComparison.OrdinalIgnoreCase)) && uri.IsDefaultPort
                : uri.Host.EndsWith(".vault.localhost", StringComparison.OrdinalIgnoreCase) && uri.Port == _options.ResourceManager.Port
        );

    private ThrottleAwareRetryHandler Handler(string service, Func<Uri, bool> isOurs) =>
        new(_network, service, isOurs, _options.MaxRetryWait, _time, Requests, _log);

    private HttpClient Client(string service, Func<Uri, bool> isOurs) =>
        new(Handler(service, isOurs), disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };

    private HttpClientTransport Transport(string service, Func<Uri, bool> isOurs) => new(Client(service, isOurs));

    private GraphServiceClient NewGraph()
    {
        var host = _options.Graph.Host;
        var scope = $"https://{(TenantOptions.IsLoopback(_options.Graph) ? "graph.microsoft.com" : host)}/.default";
        return new(
            Client("graph", u => SameHost(u, _options.Graph)),
            new AzureIdentityAuthenticationProvider(Credential, [host], null, true, [scope]),
            _options.Graph.ToString()
        );
    }

    private (ArmClient, HttpPipeline) NewResourceManager()
    {
        var audience = TenantOptions.IsLoopback(_options.ResourceManager)
            ? "https://management.azure.com"
            : _options.ResourceManager.GetLeftPart(UriPartial.Authority);
        var options = new ArmClientOptions
        {
            Environment = new ArmEnvironment(_options.ResourceManager, audience),
            Transport = Transport("arm", u => SameHost(u, _options.ResourceManager)),
            Retry = { MaxRetries = 0, NetworkTimeout = Timeout.InfiniteTimeSpan },
        };
        return (
            new ArmClient(Credential, defaultSubscriptionId: null, options),
            HttpPipelineBuilder.Build(options, new BearerTokenAuthenticationPolicy(Credential, $"{audience}/.default"))
        );
    }

    private Vault NewVault(Uri address)
    {
        var root = new Uri(address.GetLeftPart(UriPartial.Authority));
        // Each vault has a guard of its own: another vault is another host, whoever owns it.
        var transport = Transport("keyvault", u => SameHost(u, root));
        var scope = $"https://{root.Host[(root.Host.IndexOf('.', StringComparison.Ordinal) + 1)..]}/.default";
        return new Vault(
            root,
            new SecretClient(
                root,
                Credential,
                new SecretClientOptions { Transport = transport, Retry = { MaxRetries = 0, NetworkTimeout = Timeout.InfiniteTimeSpan } }
            ),
            new CertificateClient(
                root,
                Credential,
                new CertificateClientOptions
                {
                    Transport = transport,
                    Retry = { MaxRetries = 0, NetworkTimeout = Timeout.InfiniteTimeSpan },
                }
            ),
            HttpPipelineBuilder.Build(
                new SecretClientOptions { Transport = transport, Retry = { MaxRetries = 0, NetworkTimeout = Timeout.InfiniteTimeSpan } },
                new BearerTokenAuthenticationPolicy(Credential, scope)
            )
        );
    }
}

/// <summary>
/// How requests to the tenant travel when it is not by the network: to a sandbox of the same process. Not registered in a deployed app.
/// </summary>
/// <param name="Handler">Takes the requests; the connection owns it.</param>
internal sealed record TenantTransport(HttpMessageHandler Handler);

/// <summary>The clients of one vault. The keys SDK is not used: its list is read through the pipeline.</summary>
internal sealed record Vault(Uri Address, SecretClient Secrets, CertificateClient Certificates, HttpPipeline Pipeline);
