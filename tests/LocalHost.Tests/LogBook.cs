using Microsoft.Extensions.Logging;

namespace LocalHost.Tests;

/// <summary>One entry of the log.</summary>
internal sealed record LogLine(
    string Category,
    LogLevel Level,
    EventId Event,
    string Text,
    Exception? Error,
    IReadOnlyDictionary<string, object?> Scope
);

/// <summary>Keeps the log of a host; a test can await an entry.</summary>
internal sealed class LogBook : ILoggerProvider, ISupportExternalScope
{
    private readonly Lock _lock = new();
    private readonly List<LogLine> _lines = [];
    private readonly List<(Func<LogLine, bool> Sought, TaskCompletionSource<LogLine> Found)> _waiting = [];
    private IExternalScopeProvider _scopes = new LoggerExternalScopeProvider();

    public IReadOnlyList<LogLine> Lines
    {
        get
        {
            lock (_lock)
                return [.. _lines];
        }
    }

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

    /// <summary>The first entry that fits, already written or yet to come.</summary>
    public Task<LogLine> SeenAsync(Func<LogLine, bool> sought)
    {
        lock (_lock)
        {
            if (_lines.FirstOrDefault(sought) is { } line)
                return Task.FromResult(line);
            var found = new TaskCompletionSource<LogLine>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((sought, found));
            return found.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        }
    }

    public Task<LogLine> SeenAsync(string text) => SeenAsync(l => l.Text == text);

    public int Count(int eventId) => Lines.Count(l => l.Event.Id == eventId);

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void Dispose() { }

    private void Write(LogLine line)
    {
        lock (_lock)
        {
            _lines.Add(line);
            foreach (var (sought, found) in _waiting)
            {
                if (sought(line))
                    found.TrySetResult(line);
            }
        }
    }

    private sealed class Logger(LogBook book, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => book._scopes.Push(state);

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            var scope = new Dictionary<string, object?>();
            book._scopes.ForEachScope(
                (entry, values) =>
                {
                    foreach (var (name, value) in entry as IEnumerable<KeyValuePair<string, object?>> ?? [])
                        values[name] = value;
                },
                scope
            );
            book.Write(new LogLine(category, logLevel, eventId, formatter(state, exception), exception, scope));
        }
    }
}
