using System.Collections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Compliance.Observability;

/// <summary>Puts <see cref="SecretScrubber"/> between every logger and every log provider.</summary>
internal static class ScrubbedLogging
{
    /// <summary>
    /// Wraps the logger factory. Message, named values, scopes and exceptions pass the scrubber before any provider sees them, also
    /// providers added later. Call it once, after <c>AddLogging</c> (a host has done that).
    /// </summary>
    /// <exception cref="InvalidOperationException">There is no logger factory to wrap yet.</exception>
    public static IServiceCollection AddScrubbedLogging(this IServiceCollection services)
    {
        var inner =
            services.LastOrDefault(s => s.ServiceType == typeof(ILoggerFactory) && !s.IsKeyedService)
            ?? throw new InvalidOperationException("AddScrubbedLogging has nothing to wrap: call AddLogging first");
        services.Remove(inner);
        // By its own type, so that the container chooses the constructor as it would have, and disposes what it made.
        if (inner.ImplementationType is { } type)
            services.Add(ServiceDescriptor.Singleton(type, type));
        services.AddSingleton<ILoggerFactory>(provider => new ScrubbingLoggerFactory(
            inner switch
            {
                { ImplementationType: { } made } => (ILoggerFactory)provider.GetRequiredService(made),
                { ImplementationFactory: { } make } => (ILoggerFactory)make(provider),
                _ => (ILoggerFactory)inner.ImplementationInstance!,
            }
        ));
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
        where TState : notnull => inner.BeginScope<object>(ScrubbedState.From(state, state.ToString()));

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(logLevel);

    /// <inheritdoc/>
    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    )
    {
        if (inner.IsEnabled(logLevel))
            inner.Log(
                logLevel,
                eventId,
                ScrubbedState.From(state, formatter(state, exception)),
                ScrubbedException.From(exception),
                static (s, _) => s.ToString()
            );
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
    public static ScrubbedState From(object? state, string? text)
    {
        if (state is not IEnumerable<KeyValuePair<string, object?>> values)
            return new(SecretScrubber.Scrub(text ?? ""), []);
        var pairs = values.ToArray();
        var template = Array.Find(pairs, p => p.Key == "{OriginalFormat}").Value as string ?? "";
        return new(
            SecretScrubber.Scrub(text ?? ""),
            [.. pairs.Select(p => KeyValuePair.Create(p.Key, Value([$"{p.Key}=", Before(p.Key, template)], p.Value)))]
        );
    }

    /// <inheritdoc/>
    public override string ToString() => _text;

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => _values.AsEnumerable().GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    // Numbers, times and the like hold no secret and keep their type.
    private static object? Value(string[] contexts, object? value) =>
        value switch
        {
            null => null,
            string text => Text(contexts, text),
            Exception e => ScrubbedException.From(e),
            bool or (ValueType and IFormattable) => value,
            IEnumerable items when items is not IFormattable => items.Cast<object?>().Select(i => Value(contexts, i)).ToArray(),
            _ => value.ToString() is { } text && Text(contexts, text) is var clean && clean != text ? clean : value,
        };

    // A value alone may say less than what stands before it: its name ("client_secret"), or the template ("AccountKey={Key}").
    private static string Text(string[] contexts, string text)
    {
        foreach (var context in contexts)
            if (SecretScrubber.Scrub(context + text) is var whole && whole.StartsWith(context, StringComparison.Ordinal))
                text = whole[context.Length..];
        return SecretScrubber.Scrub(text);
    }

    // In "to {Url}?sig={Sig}" what stands before Sig is "?sig=".
    private static string Before(string name, string template)
    {
        var at = template.IndexOf('{' + name, StringComparison.Ordinal);
        return at <= 0 ? "" : template[(template.LastIndexOf('}', at - 1) + 1)..at];
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

    /// <summary>
    /// The exception itself when nothing in it is secret, else a stand-in with the scrubbed text of it and of all its inner exceptions.
    /// </summary>
    public static Exception? From(Exception? exception)
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
