using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LocalHost.Hosting;

/// <summary>The lifetime of a web server inside this host: it does not listen for Ctrl-C itself.</summary>
internal sealed class OwnedLifetime : IHostLifetime
{
    /// <summary>Has a web server live and log as a part of this host.</summary>
    public static void Use(IServiceCollection services, ILoggerFactory loggers)
    {
        services.AddSingleton(loggers).AddLogging();
        services.AddSingleton<IHostLifetime, OwnedLifetime>();
    }

    /// <inheritdoc/>
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
