using Microsoft.Extensions.Logging;

namespace LocalHost.WebJobs;

/// <summary>Sends what the WebJobs host logs to the host's log, without what is there already.</summary>
internal static class WebJobsLogging
{
    /// <summary>Sets the log up.</summary>
    public static void Configure(ILoggingBuilder logging, ILoggerFactory log) =>
        logging
            .ClearProviders()
            .AddProvider(new Relay(log))
            .SetMinimumLevel(LogLevel.Trace)
            // Each call to a function, and how it ended: the worker channel logs them for all triggers alike.
            .AddFilter("Function", LogLevel.None)
            .AddFilter("Host.Results", LogLevel.None)
            .AddFilter("Host", LogLevel.Warning)
            .AddFilter("DurableTask", LogLevel.Warning)
            .AddFilter("Microsoft", LogLevel.Warning)
            // Storage answers "not found" and "conflict" in the normal course of work. What is left of Azure holds the warning that a
            // message could not be decoded.
            .AddFilter("Azure.Core", LogLevel.None)
            .AddFilter("Azure", LogLevel.Warning);

    private sealed class Relay(ILoggerFactory log) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => log.CreateLogger(categoryName);

        public void Dispose()
        {
            // The log is the host's.
        }
    }
}
