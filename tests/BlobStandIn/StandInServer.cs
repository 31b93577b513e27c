using System.Net;
using BlobStandIn.Faults;
using BlobStandIn.Http;
using BlobStandIn.State;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace BlobStandIn;

/// <summary>
/// A small blob service on loopback: the wire format of the real one where the sweep needs it, with what Azurite lacks (conditions in
/// conjunction, versions, soft delete, holds), and with faults.
/// </summary>
internal sealed class StandInServer : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly int _port;

    private StandInServer(WebApplication server, StandInFaults faults, RequestLog log)
    {
        (_server, Faults, Log) = (server, faults, log);
        _port = new Uri(server.Urls.Single()).Port;
    }

    /// <summary>What is made to fail; may be changed while it serves.</summary>
    public StandInFaults Faults { get; }

    /// <summary>What was asked.</summary>
    public RequestLog Log { get; }

    /// <summary>Address of an account's blob service, as in <c>http://127.0.0.1:10000/acme</c>.</summary>
    public Uri Endpoint(StandInAccount account) => new($"http://127.0.0.1:{_port}/{account.Name}");

    /// <summary>A connection string for an account. The key is none: that a request is signed is checked, not by what.</summary>
    public string ConnectionString(StandInAccount account) =>
        $"DefaultEndpointsProtocol=http;AccountName={account.Name};AccountKey=bm9uZQ==;BlobEndpoint={Endpoint(account)};";

    /// <summary>Starts on a port that the system chooses, and returns when it answers.</summary>
    /// <param name="accounts">What it serves.</param>
    /// <param name="faults">What is made to fail.</param>
    /// <param name="cancellationToken">Gives up starting.</param>
    public static async Task<StandInServer> StartAsync(
        IEnumerable<StandInAccount> accounts,
        StandInFaults faults,
        CancellationToken cancellationToken
    )
    {
        var log = new RequestLog();
        var frontend = new Frontend(accounts.ToDictionary(a => a.Name, StringComparer.Ordinal), faults, log);
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // A batch that is too large has an answer of its own.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.MaxRequestLineSize = 64 * 1024;
            kestrel.Limits.MaxRequestHeadersTotalSize = 128 * 1024;
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(1));
        var server = builder.Build();
        server.Run(frontend.HandleAsync);
        try
        {
            await server.StartAsync(cancellationToken);
            return new(server, faults, log);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
