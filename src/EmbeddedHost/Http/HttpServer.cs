using System.Net;
using EmbeddedHost.Configuration;
using EmbeddedHost.Durable;
using EmbeddedHost.EventGrid;
using EmbeddedHost.Hosting;
using EmbeddedHost.Invocation;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EmbeddedHost.Http;

/// <summary>
/// Serves the functions' routes, the admin endpoints and the Event Grid webhook on loopback. Kestrel lives in an application of its own;
/// each request gets the app's services for its run.
/// </summary>
internal sealed class HttpServer(
    FunctionCatalog catalog,
    HostSettings settings,
    HttpFunctions functions,
    AdminEndpoints admin,
    EventGridWebhook eventGrid,
    DurableEndpoints durable,
    ILoggerFactory loggers) : IAsyncDisposable
{
    /// <summary>The real host's limit on a request's body: 100 MB.</summary>
    public const long LargestBody = 104_857_600;

    private WebApplication? _app;

    /// <summary>Where it listens, once started.</summary>
    public Uri Address { get; private set; } = new("http://127.0.0.1:0");

    /// <exception cref="StartupException">The port is taken.</exception>
    public async Task StartAsync(CancellationToken stop)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(o =>
        {
            o.Listen(IPAddress.Loopback, settings.Port);
            o.Limits.MaxRequestBodySize = LargestBody;
            o.AddServerHeader = false;
        });
        builder.Services.AddRouting();
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton<IHostLifetime, OwnedLifetime>();
        _app = builder.Build();
        admin.Map(_app);
        eventGrid.Map(_app);
        durable.Map(_app);
        foreach (var function in catalog.All)
        {
            // The real host does not serve a disabled function either.
            if (function is { Disabled: false, Trigger: BoundHttp http })
                functions.Map(_app, function, http);
        }

        try
        {
            await _app.StartAsync(stop);
        }
        catch (IOException e)
        {
            throw new StartupException($"port {settings.Port} on 127.0.0.1 is taken; choose another with --port N or the setting {HostSettings.PortKey}", e);
        }

        Address = new Uri(_app.Urls.First());
    }

    /// <summary>Takes no new requests and waits for those in work until <paramref name="stop"/> is cancelled.</summary>
    public Task StopAsync(CancellationToken stop) => _app?.StopAsync(stop) ?? Task.CompletedTask;

    public ValueTask DisposeAsync() => _app?.DisposeAsync() ?? ValueTask.CompletedTask;

    // The app's host listens for Ctrl-C; this one inside it must not.
    private sealed class OwnedLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
