using LocalHost.Configuration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LocalHost.Hosting;

/// <summary>The one log of the host, its servers, its extensions and the app.</summary>
internal static class HostLogging
{
    // What speaks at every request or poll; logging.logLevel of host.json can let it.
    private static readonly string[] Noisy = ["Microsoft", "System", "Grpc", "DurableTask", "Azure", "Host", "Function"];

    // What warns of nothing that a user of this host could act on, or reports with a stack trace what this host reports in one line.
    private static readonly string[] Pointless = ["Yarp", "Microsoft.AspNetCore.DataProtection", "Host.Startup"];

    /// <summary>The log with the levels of host.json; nothing is written before <see cref="AddConsole"/>.</summary>
    public static ILoggerFactory Create(IConfiguration configuration, ILoggerProvider? provider = null) =>
        LoggerFactory.Create(logging =>
        {
            logging.SetMinimumLevel(LogLevel.Information);
            foreach (var category in Noisy)
                logging.AddFilter(category, LogLevel.Warning);
            foreach (var category in Pointless)
                logging.AddFilter(category, LogLevel.None);
            logging.AddConfiguration(configuration.GetSection($"{HostJson.Section}:logging"));
            if (provider is not null)
                logging.AddProvider(provider);
        });

    /// <summary>
    /// Writes to standard output from now on: a line an entry, or with <c>Logs__Console=json</c> a JSON object with its scopes.
    /// </summary>
    public static void AddConsole(ILoggerFactory loggers, IConfiguration configuration)
    {
        var services = new ServiceCollection();
        services.AddLogging(logging =>
        {
            if (configuration["Logs:Console"] == "json")
            {
                logging.AddJsonConsole(o =>
                {
                    o.IncludeScopes = true;
                    o.UseUtcTimestamp = true;
                    o.TimestampFormat = "O";
                });
            }
            else
            {
                logging.AddSimpleConsole(o =>
                {
                    o.SingleLine = true;
                    o.UseUtcTimestamp = true;
                    o.TimestampFormat = "HH:mm:ss.fff ";
                });
            }
        });
        loggers.AddProvider(services.BuildServiceProvider().GetRequiredService<ILoggerProvider>());
    }
}
