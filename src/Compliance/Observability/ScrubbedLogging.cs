using System.Collections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Compliance.Observability;

/// <summary>Puts <see cref="SecretScrubber"/> between every logger and every log provider.</summary>
internal static class ScrubbedLogging
{
    /// <summary>
    /// Wraps the logger factory. Message, named values, scopes and exceptions pass the scrubber before any provider sees them, also providers added later.
    /// Call it once, after <c>AddLogging</c> (a host has done that).
    /// </summary>
    /// <exception cref="InvalidOperationException">There is no logger factory to wrap yet.</exception>
    public static IServiceCollection AddScrubbedLogging(this IServiceCollection services)
    {
        var inner = services.LastOrDefault(s => s.ServiceType == typeof(ILoggerFactory) && !s.IsKeyedService)
            ?? throw new InvalidOperationException("AddScrubbedLogging has nothing to wrap: call AddLogging first");
        services.Remove(inner);
        // By its own type, so that the container chooses the constructor as it would have, and disposes what it made.
        if (inner.ImplementationType is { } type)
            services.Add(ServiceDescriptor.Singleton(type, type));
        services.AddSingleton<ILoggerFactory>(provider => new ScrubbingLoggerFactory(inner switch
        {
            { ImplementationType: { } made } => (ILoggerFactory)provider.GetRequiredService(made),
            { ImplementationFactory: { } make } => (ILoggerFactory)make(provider),
            _ => (ILoggerFactory)inner.ImplementationInstance!,
        }));
        return services;
    }
}

/// <summary>Makes loggers that scrub.</summary>
internal sealed class ScrubbingLoggerFactory(ILoggerFactory inner) : ILoggerFactory
{
    /// <inheritdoc/>
    public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new ScrubbingLogger(inner.CreateLogger(categoryName));

    /// <inheritdoc/>
    public void Dispose() => inner.Dispose();
}

/// <summary>Scrubs what is logged and passes it on.</summary>
internal sealed class ScrubbingLogger(ILogger inner) : ILogger
{
    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => inner.BeginScope<object>(ScrubbedState.Of(state, state.ToString()));

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(logLevel);

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (inner.IsEnabled(logLevel))
            inner.Log(logLevel, eventId, ScrubbedState.Of(state, formatter(state, exception)), ScrubbedException.Of(exception), static (s, _) => s.ToString());
    }
}

/// <summary>A log entry's text and named values without secrets.</summary>
internal sealed class ScrubbedState : IReadOnlyList<KeyValuePair<string, object?>>
{
    private readonly KeyValuePair<string, object?>[] _values;
    private readonly string _text;

    private ScrubbedState(string text, KeyValuePair<string, object?>[] values) => (_text, _values) = (text, values);

    /// <inheritdoc/>
    public int Count => _values.Length;

    /// <inheritdoc/>
    public KeyValuePair<string, object?> this[int index] => _values[index];

    /// <summary>The entry's values, scrubbed.</summary>
    public static ScrubbedState Of(object? state, string? text) => new(
        SecretScrubber.Scrub(text ?? ""),
        state is IEnumerable<KeyValuePair<string, object?>> values ? [.. values.Select(v => KeyValuePair.Create(v.Key, Value(v.Key, v.Value)))] : []);

    /// <inheritdoc/>
    public override string ToString() => _text;

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => _values.AsEnumerable().GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    // A value alone may say less than its name: "client_secret" = "abc". Numbers, times and the like hold no secret and keep their type.
    private static object? Value(string name, object? value) => value switch
    {
        null => null,
        string text => Text(name, text),
        Exception e => ScrubbedException.Of(e),
        IEnumerable items and not IFormattable => items.Cast<object?>().Select(i => Value(name, i)).ToArray(),
        IFormattable or bool => value,
        _ => value.ToString() is { } text && Text(name, text) is var clean && clean != text ? clean : value,
    };

    private static string Text(string name, string text)
    {
        var prefix = name + "=";
        var whole = SecretScrubber.Scrub(prefix + text);
        return whole.StartsWith(prefix, StringComparison.Ordinal) ? whole[prefix.Length..] : SecretScrubber.Scrub(text);
    }
}

/// <summary>Stands for an exception whose text holds a secret.</summary>
internal sealed class ScrubbedException : Exception
{
    private readonly string _text;

    private ScrubbedException(Exception original, string text)
        : base($"{original.GetType().Name}: {SecretScrubber.Scrub(original.Message)}")
    {
        _text = text;
        HResult = original.HResult;
    }

    /// <inheritdoc/>
    public override string? StackTrace => null;

    /// <summary>The exception itself when nothing in it is secret, else a stand-in with the scrubbed text of it and of all its inner exceptions.</summary>
    public static Exception? Of(Exception? exception)
    {
        if (exception is null or ScrubbedException)
            return exception;
        var text = exception.ToString();
        var clean = SecretScrubber.Scrub(text);
        return clean == text ? exception : new ScrubbedException(exception, clean);
    }

    /// <inheritdoc/>
    public override string ToString() => _text;
}
