using System.Net;
using LocalHost.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LocalHost.Worker;

/// <summary>The server that the worker process connects to, on a free loopback port.</summary>
internal sealed class WorkerServer : IAsyncDisposable
{
    private const int Window = 4 * 1024 * 1024;

    private readonly WebApplication _app;

    public WorkerServer(WorkerSupervisor supervisor, ILoggerFactory loggers)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(o =>
            {
                o.AddServerHeader = false;
                o.Limits.Http2.InitialStreamWindowSize = Window;
                o.Limits.Http2.InitialConnectionWindowSize = 2 * Window;
                o.Limits.MinRequestBodyDataRate = null;
                o.Listen(IPAddress.Loopback, 0, l => l.Protocols = HttpProtocols.Http2);
            });
        builder.Services.AddRouting();
        builder.Services.AddGrpc(o =>
        {
            o.MaxReceiveMessageSize = null;
            o.MaxSendMessageSize = null;
        });
        builder.Services.AddSingleton(supervisor);
        OwnedLifetime.Use(builder.Services, loggers);
        _app = builder.Build();
        _app.MapGrpcService<FunctionRpcService>();
    }

    /// <summary>Its port, once started.</summary>
    public int Port { get; private set; }

    /// <summary>Listens.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await _app.StartAsync(cancellationToken);
        Port = new Uri(_app.Urls.First()).Port;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
