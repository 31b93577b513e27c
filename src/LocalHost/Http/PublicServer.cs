using System.Net;
using System.Net.Sockets;
using LocalHost.Configuration;
using LocalHost.Hosting;
using LocalHost.Worker;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace LocalHost.Http;

/// <summary>The public web server, on loopback: the functions' routes, the admin endpoints and the webhooks of extensions.</summary>
internal sealed class PublicServer : IAsyncDisposable
{
    /// <summary>The real host's limit on a request's body: 100 MB.</summary>
    public const long MaxBody = 104_857_600;

    private readonly WebApplication _app;
    private readonly FunctionEndpoints _functions;
    private readonly int _port;

    public PublicServer(HostContext context, WorkerSupervisor worker, HostStatus status, ILoggerFactory loggers)
    {
        _port = context.Settings.Port;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(o =>
            {
                o.Listen(IPAddress.Loopback, _port);
                o.Limits.MaxRequestBodySize = MaxBody;
                o.AddServerHeader = false;
            });
        builder.Services.AddRouting().AddHttpForwarder();
        OwnedLifetime.Use(builder.Services, loggers);
        _app = builder.Build();
        var keys = new FunctionKeys(context.Settings);
        _functions = new FunctionEndpoints(context, worker, keys, _app.Services.GetRequiredService<IHttpForwarder>(), loggers);
        _app.UseRouting();
        _app.Use((http, next) => BeforeEndpointAsync(http, next, status));
        new AdminEndpoints(status, keys).Map(_app);
        ((IEndpointRouteBuilder)_app).DataSources.Add(_functions);
    }

    /// <summary>Where it listens, once started.</summary>
    public Uri Address { get; private set; } = new("http://127.0.0.1:0");

    /// <summary>Listens.</summary>
    /// <exception cref="StartupException">The port is taken, or may not be used.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _app.StartAsync(cancellationToken);
        }
        catch (IOException e)
        {
            throw new StartupException(
                $"port {_port} on 127.0.0.1 is taken; choose another with the setting {HostSettings.PortVariable}",
                e
            );
        }
        catch (SocketException e)
        {
            // Ports below 1024 want more rights than a user has.
            throw new StartupException(
                $"port {_port} on 127.0.0.1 cannot be used ({e.SocketErrorCode}); "
                    + $"choose another with the setting {HostSettings.PortVariable}",
                e
            );
        }

        Address = new Uri(_app.Urls.First());
    }

    /// <summary>Serves the functions from now on.</summary>
    public void Serve(IEnumerable<HttpRoute> routes) => _functions.Serve(routes);

    /// <summary>Takes no new requests and waits for those under way.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => _app.StopAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _functions.Dispose();
    }

    private static Task BeforeEndpointAsync(HttpContext http, RequestDelegate next, HostStatus status)
    {
        if (http.GetEndpoint() is RouteEndpoint)
            return next(http);
        if (!status.IsRunning)
        {
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            http.Response.Headers.RetryAfter = "1";
            return Task.CompletedTask;
        }

        // Routing would answer a route's wrong method with 405; the real host with 404.
        http.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }
}
