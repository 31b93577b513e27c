using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using SandboxTenant.Data;
using SandboxTenant.Demo;
using SandboxTenant.Faults;
using SandboxTenant.Graph;
using SandboxTenant.Http;

namespace SandboxTenant;

/// <summary>
/// A tenant on this machine: one HTTPS server on loopback that answers as Microsoft Graph, Azure Resource Manager, Key Vault and Entra
/// sign-in do, so that the official SDKs read it unchanged. docs/architecture/sandbox-tenant.md says what it serves.
/// </summary>
internal sealed class Sandbox : IAsyncDisposable
{
    private readonly WebApplication? _server;
    private readonly X509Certificate2 _certificate;
    private readonly Frontend _frontend;
    private readonly Journal _journal;

    private Sandbox(
        WebApplication? server,
        X509Certificate2 certificate,
        Frontend frontend,
        Journal journal,
        TenantData tenant,
        int port,
        string clientId,
        string clientSecret
    )
    {
        (_server, _certificate, _frontend, _journal, Tenant, Port, ClientId, ClientSecret) = (
            server,
            certificate,
            frontend,
            journal,
            tenant,
            port,
            clientId,
            clientSecret
        );
        Thumbprint = certificate.GetCertHashString(HashAlgorithmName.SHA256);
    }

    /// <summary>The port on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>
    /// https://localhost:port, with a slash at the end as every <see cref="Uri"/> root has: Graph is below /v1.0, Resource Manager and
    /// sign-in at the root; vaults have hosts of their own.
    /// </summary>
    public Uri BaseAddress => new(string.Create(CultureInfo.InvariantCulture, $"https://localhost:{Port}"));

    /// <summary>SHA-256 of the server's certificate, in hex: what a client pins.</summary>
    public string Thumbprint { get; }

    /// <summary>The tenant's id.</summary>
    public string TenantId => Tenant.TenantId;

    /// <summary>The client id that may sign in.</summary>
    public string ClientId { get; }

    /// <summary>Its secret.</summary>
    public string ClientSecret { get; }

    /// <summary>The tenant as it is now. It may be changed while the sandbox runs; such changes are not kept over a restart.</summary>
    public TenantData Tenant { get; }

    /// <summary>What a user should know of the load, one line each.</summary>
    public IReadOnlyList<string> Notices => Tenant.Notices;

    /// <summary>The last 50,000 requests, oldest first; those inside a batch come before the batch itself.</summary>
    public IReadOnlyList<RequestLogEntry> Requests => _frontend.Log.Entries;

    /// <summary>How close the requests so far came to the services' quotas.</summary>
    public IReadOnlyList<QuotaUse> Quotas => _frontend.Quotas.Uses;

    /// <summary>The fault rules in force that no request has fitted yet.</summary>
    public IReadOnlyList<string> UnmatchedFaults => _frontend.Faults.Unmatched;

    /// <summary>Forgets the requests in memory.</summary>
    public void ClearRequests() => _frontend.Log.Clear();

    /// <summary>The address of a vault.</summary>
    public Uri VaultAddress(string vault) => new(string.Create(CultureInfo.InvariantCulture, $"https://{vault}.vault.localhost:{Port}"));

    /// <summary>Puts these fault rules in the place of those in force; null or empty takes all away.</summary>
    /// <exception cref="SandboxException">A rule is wrong.</exception>
    public void SetFaults(string? spec) => _frontend.Faults = FaultPlan.Parse(spec, _frontend.Seed);

    /// <summary>Takes requests in this process, without a socket and in the thread of who asks.</summary>
    public HttpMessageHandler CreateHandler() => new InProcessHandler(_frontend);

    /// <summary>Starts a sandbox and returns when it answers.</summary>
    /// <param name="options">What it serves and where.</param>
    /// <param name="time">Drives token lifetimes, latency faults and the tenant's clock.</param>
    /// <param name="cancellationToken">Gives up starting.</param>
    /// <exception cref="SandboxException">The tenant, a fault rule, the state or the port cannot be used: one line says which and
    /// why.</exception>
    public static async Task<Sandbox> StartAsync(SandboxOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        var now = options.Now ?? time.GetUtcNow();
        var tenant =
            options.Tenant
            ?? (
                options.TenantDirectory is { } folder ? TenantFolder.Load(folder)
                : options.Generate is { } size ? TenantGenerator.Generate(size, options.Seed, now)
                : DemoTenant.Create(options.Seed, now)
            );
        var faults = FaultPlan.Parse(tenant.Faults is { } own ? own + "\n" + options.Faults : options.Faults, options.Seed);
        var clientId = options.ClientId ?? Ids.Guid($"{tenant.TenantId}/sandbox-client");
        var clientSecret = options.ClientSecret ?? "sbx~" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(20));
        foreach (var permission in options.WithoutPermissions)
            // A slip in the name would take nothing away, and nobody would see it.
            tenant.Denied[
                GraphPermissions.All.Contains(permission, StringComparer.OrdinalIgnoreCase)
                || permission.Contains('/', StringComparison.Ordinal)
                    ? permission
                    : throw new SandboxException(
                        $"the sandbox asks no call for the permission {permission}; it knows {string.Join(", ", GraphPermissions.All)} "
                            + "and Resource Manager's actions"
                    )
            ] = true;
        tenant.AppHoldsDirectoryRole &= options.AppHoldsDirectoryRole;
        var journal = new Journal(tenant, options.StateDirectory);
        Frontend? frontend = null;
        WebApplication? server = null;
        var certificate = Certificate(time.GetUtcNow());
        try
        {
            frontend = new Frontend(tenant, journal, new RequestLog(options.RequestLog), clientId, clientSecret, options, now, time)
            {
                Faults = faults,
            };
            if (!options.InProcess)
                server = await ListenAsync(options.Port, certificate, frontend, cancellationToken);
            var port = server is null ? options.Port : new Uri(server.Urls.Single()).Port;
            tenant.PointVaultsAt(port);
            return new Sandbox(server, certificate, frontend, journal, tenant, port, clientId, clientSecret);
        }
        catch (Exception e)
        {
            if (server is not null)
                await server.DisposeAsync();
            frontend?.Dispose();
            journal.Dispose();
            certificate.Dispose();
            if (e is IOException { InnerException: AddressInUseException } or AddressInUseException)
                throw new SandboxException(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"port {options.Port} on 127.0.0.1 is taken; stop what uses it or name another with --port"
                    ),
                    e
                );
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        _frontend.Dispose();
        _journal.Dispose();
        _certificate.Dispose();
    }

    private static async Task<WebApplication> ListenAsync(
        int port,
        X509Certificate2 certificate,
        Frontend frontend,
        CancellationToken cancellationToken
    )
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 4 * 1024 * 1024;
            kestrel.Listen(
                IPAddress.Loopback,
                port,
                listen =>
                {
                    listen.Protocols = HttpProtocols.Http1AndHttp2;
                    listen.UseHttps(new HttpsConnectionAdapterOptions { ServerCertificate = certificate });
                }
            );
        });
        // How long a stop waits for requests that are still on their way.
        builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(2));
        var server = builder.Build();
        server.Run(frontend.HandleAsync);
        try
        {
            await server.StartAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    // Made at every start and never written anywhere: a client trusts it by its thumbprint alone.
    private static X509Certificate2 Certificate(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=sandbox tenant on localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddDnsName("*.vault.localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
        // TLS on Windows and macOS wants a key that came in through PKCS#12.
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), password: null);
    }
}
