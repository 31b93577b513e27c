using System.Text;
using Compliance.Findings;
using Compliance.Observability;
using Compliance.Tests.Findings;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Compliance.Tests.Observability;

public sealed class ScrubbedLoggingTests
{
    private static readonly string[] Planted =
    [
        "PLANTED0secret0value0000",
        "eyJhbGciOiJub25lIn0.eyJQTEFOVEVEIjoxfQ.",
        Convert.ToBase64String(Enumerable.Repeat((byte)7, 64).ToArray()),
    ];

    [Fact]
    public void No_planted_secret_reaches_a_provider_in_message_values_scopes_or_exceptions()
    {
        var everything = new Everything();
        using var services = Services(everything);
        var logger = services.GetRequiredService<ILogger<ScrubbedLoggingTests>>();

        foreach (var secret in Planted)
        {
            var thrown = Thrown(
                $"POST /token?client_secret={secret} failed",
                new InvalidOperationException($"Authorization: Bearer {secret}")
            );
            using (logger.BeginScope(new Dictionary<string, object?> { ["client_secret"] = secret }))
            using (logger.BeginScope("AccountKey={Key}", secret))
            {
                logger.LogError(
                    thrown,
                    "sig={Sig} count {Count} list {List} uri {Uri}",
                    secret,
                    3,
                    new[] { $"password={secret}" },
                    new Uri($"https://x/?sig={Uri.EscapeDataString(secret)}")
                );
                logger.Log(LogLevel.Warning, 7, $"access_token={secret}", thrown, (s, e) => $"{s} {e}");
            }
        }

        var text = everything.Text;
        Assert.Contains("sig=*** count 3", text);
        Assert.Contains("Count=3 (Int32)", text);
        Assert.Contains(nameof(InvalidOperationException), text);
        Assert.All(Planted, secret => Assert.DoesNotContain(secret, text));
        Assert.All(Planted, secret => Assert.DoesNotContain(Uri.EscapeDataString(secret), text));
    }

    [Fact]
    public void An_entry_without_a_secret_arrives_unchanged()
    {
        var everything = new Everything();
        using var services = Services(everything);
        var thrown = Thrown("nothing secret", null);

        services
            .GetRequiredService<ILoggerFactory>()
            .CreateLogger("a")
            .LogInformation(new EventId(5, "five"), thrown, "Read {Source} in {Time}", "graph/applications", TimeSpan.FromSeconds(2));

        Assert.Contains("Information 5 Read graph/applications in 00:00:02", everything.Text);
        Assert.Contains("Source=graph/applications (String)", everything.Text);
        Assert.Contains("Time=00:00:02 (TimeSpan)", everything.Text);
        Assert.Same(thrown, everything.Exceptions.Single());
    }

    [Fact]
    public void A_provider_added_later_is_behind_the_scrubber_as_well()
    {
        var later = new Everything();
        using var services = Services(new Everything());
        var factory = services.GetRequiredService<ILoggerFactory>();
        factory.AddProvider(later);

        factory.CreateLogger("a").LogInformation("client_secret={Secret}", Planted[0]);

        Assert.Contains("client_secret=***", later.Text);
        Assert.DoesNotContain(Planted[0], later.Text);
    }

    [Fact]
    public void A_level_that_is_off_costs_no_formatting()
    {
        using var services = Services(new Everything());

        services
            .GetRequiredService<ILoggerFactory>()
            .CreateLogger("a")
            .Log(LogLevel.Trace, 1, "x", null, (_, _) => throw new InvalidOperationException("formatted"));

        Assert.False(services.GetRequiredService<ILoggerFactory>().CreateLogger("a").IsEnabled(LogLevel.Trace));
    }

    [Fact]
    public void Wrapping_before_there_is_logging_is_refused() =>
        Assert.Throws<InvalidOperationException>(() => new ServiceCollection().AddScrubbedLogging());

    [Fact]
    public void The_correlation_id_is_the_trace_id_or_derived_from_the_act()
    {
        using var activity = new System.Diagnostics.Activity("run").SetIdFormat(System.Diagnostics.ActivityIdFormat.W3C).Start();
        Assert.Equal(activity.TraceId.ToHexString(), CorrelationId.Current("x"));
        activity.Stop();

        Assert.Matches("^[0-9a-f]{32}$", CorrelationId.Current("x"));
        Assert.Equal(CorrelationId.Current("x"), CorrelationId.Current("x"));
        Assert.NotEqual(CorrelationId.Current("x"), CorrelationId.Current("y"));
    }

    [Fact]
    public void Saved_changes_are_counted_by_control_and_severity()
    {
        var counted = new List<(string Name, long Value, string Tags)>();
        using var listener = new System.Diagnostics.Metrics.MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == Telemetry.Name && instrument.Name.StartsWith("compliance.findings", StringComparison.Ordinal))
                l.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>(
            (instrument, value, tags, _) =>
            {
                var text = string.Join(",", tags.ToArray().Select(t => $"{t.Key}={t.Value}"));
                // Other tests count on the same meter at the same time: a control id of this test's own tells them apart.
                if (text.Contains("METER-001", StringComparison.Ordinal))
                    counted.Add((instrument.Name, value, text));
            }
        );
        listener.Start();
        var detection = Samples.App() with { ControlId = "METER-001" };
        var opened = Reconciler.Reconcile(Samples.Tenant, Samples.Known(), [detection], Samples.Read(), Samples.Run(), Samples.Day1);
        var resolved = Reconciler.Reconcile(
            Samples.Tenant,
            Samples.Known(detection),
            [],
            Samples.Read(Samples.Complete(detection.Source)),
            Samples.Run(2),
            Samples.Day1.AddDays(1)
        );

        FindingTelemetry.Saved([
            .. opened.Changes,
            .. resolved.Changes,
            .. opened.Changes.Select(c => c with { Kind = ChangeKind.Reopened }),
        ]);

        const string Tags = "control=METER-001,severity=High";
        Assert.Equal(
            [
                ("compliance.findings.opened", 1L, Tags),
                ("compliance.findings.resolved", 1L, Tags),
                ("compliance.findings.opened", 1L, Tags),
            ],
            counted
        );
    }

    [Fact]
    public void An_exception_that_is_a_named_value_is_scrubbed_and_one_that_is_replaced_keeps_its_code_and_shows_no_stack()
    {
        var everything = new Everything();
        using var services = Services(everything);
        var thrown = Thrown("client_secret=PLANTED", null);

        services.GetRequiredService<ILoggerFactory>().CreateLogger("a").LogInformation(thrown, "It failed with {Error}", thrown);

        Assert.DoesNotContain("PLANTED", everything.Text, StringComparison.Ordinal);
        var replaced = Assert.Single(everything.Exceptions);
        Assert.Equal(
            (thrown.HResult, null, "InvalidOperationException: client_secret=***"),
            (replaced.HResult, replaced.StackTrace, replaced.Message)
        );
    }

    [Fact]
    public void An_activity_without_a_trace_gives_no_correlation_id_of_zeros()
    {
        using var activity = new System.Diagnostics.Activity("run").SetIdFormat(System.Diagnostics.ActivityIdFormat.Hierarchical).Start();

        Assert.NotEqual(new string('0', 32), CorrelationId.Current("x"));
    }

    [Fact]
    public void Runs_their_gaps_and_requests_are_counted()
    {
        var counted = new List<string>();
        using var listener = new System.Diagnostics.Metrics.MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == Telemetry.Name)
                l.EnableMeasurementEvents(instrument);
        };
        // Other tests count on the same meter at the same time: a name of this test's own tells them apart.
        void Count(string name, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var text = string.Join(",", tags.ToArray().Select(t => $"{t.Key}={t.Value}"));
            if (text.Contains("meter-test", StringComparison.Ordinal))
                counted.Add($"{name} {value} {text}");
        }
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Count(instrument.Name, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Count(instrument.Name, value, tags));
        listener.Start();

        Telemetry.RunEnded("meter-test", "complete", TimeSpan.FromSeconds(90));
        Telemetry.GapsSeen("meter-test", 3);
        Telemetry.Requested("meter-test", 429);

        Assert.Equal(
            [
                "compliance.runs 1 control=meter-test,outcome=complete",
                "compliance.run.duration 90 control=meter-test,outcome=complete",
                "compliance.gaps 3 control=meter-test",
                "compliance.requests 1 service=meter-test,status=429",
            ],
            counted
        );
    }

    private static InvalidOperationException Thrown(string message, Exception? inner)
    {
        try
        {
            throw new InvalidOperationException(message, inner);
        }
        catch (InvalidOperationException e)
        {
            return e;
        }
    }

    private static ServiceProvider Services(Everything provider) =>
        new ServiceCollection().AddLogging(b => b.AddProvider(provider)).AddScrubbedLogging().BuildServiceProvider(validateScopes: true);

    /// <summary>Writes down all a provider can see.</summary>
    private sealed class Everything : ILoggerProvider, ILogger
    {
        private readonly StringBuilder _text = new();

        public List<Exception> Exceptions { get; } = [];

        public string Text => _text.ToString();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            Write("scope", state);
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            Write($"{logLevel} {eventId.Id} {formatter(state, exception)}", state);
            for (var e = exception; e is not null; e = e.InnerException)
                _text.AppendLine($"{e} | {e.Message} | {e.StackTrace} | {e.GetType()}");
            if (exception is not null)
                Exceptions.Add(exception);
        }

        public void Dispose() { }

        private void Write(string what, object? state)
        {
            _text.AppendLine($"{what} {state}");
            if (state is IEnumerable<KeyValuePair<string, object?>> values)
                foreach (var (key, value) in values)
                {
                    var isList = value is System.Collections.IEnumerable and not string;
                    var text = isList ? string.Join(',', ((System.Collections.IEnumerable)value!).Cast<object>()) : value;
                    _text.AppendLine($"{key}={text} ({value?.GetType().Name})");
                }
        }
    }
}
