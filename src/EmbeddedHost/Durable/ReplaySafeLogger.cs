using Microsoft.Extensions.Logging;

namespace EmbeddedHost.Durable;

/// <summary>Says nothing while the orchestrator runs over what has happened already.</summary>
internal sealed class ReplaySafeLogger(TaskOrchestrationContext context, ILogger logger) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => logger.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel) => logger.IsEnabled(logLevel);

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!context.IsReplaying)
            logger.Log(logLevel, eventId, state, exception, formatter);
    }
}
