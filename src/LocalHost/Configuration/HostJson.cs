using System.Globalization;
using System.Text;
using LocalHost.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace LocalHost.Configuration;

/// <summary>
/// host.json (https://learn.microsoft.com/azure/azure-functions/functions-host-json): checked here, then given to the rest of the host and
/// to the official extensions as configuration under <see cref="Section"/>, as the real host does; so a setting such as
/// <c>AzureFunctionsJobHost__functionTimeout</c> wins over the file.
/// </summary>
internal static class HostJson
{
    /// <summary>Where host.json lies in the configuration.</summary>
    public const string Section = "AzureFunctionsJobHost";

    private static readonly TimeSpan DefaultFunctionTimeout = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan MinFunctionTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxFunctionTimeout = TimeSpan.FromDays(24);
    private static readonly (string Key, int Min, int Max)[] QueueNumbers =
    [
        ("batchSize", 1, 32),
        ("newBatchThreshold", 0, 1000),
        ("maxDequeueCount", 1, int.MaxValue),
    ];

    private static readonly (string Key, TimeSpan Min, TimeSpan Max)[] QueuePeriods =
    [
        ("visibilityTimeout", TimeSpan.Zero, TimeSpan.FromDays(7)),
        ("maxPollingInterval", TimeSpan.FromMilliseconds(100), TimeSpan.FromDays(1)),
    ];

    private static readonly string[] Levels = [.. Enum.GetNames<LogLevel>()];

    /// <summary>The file beside the app as configuration pairs; none where there is no file.</summary>
    /// <exception cref="StartupException">The file cannot be used; the message names file, path and rule.</exception>
    public static IEnumerable<KeyValuePair<string, string?>> Load(string folder)
    {
        var file = Path.Combine(folder, "host.json");
        return File.Exists(file) ? Parse(File.ReadAllText(file), file) : [];
    }

    /// <summary>The text of a file as configuration pairs.</summary>
    public static IEnumerable<KeyValuePair<string, string?>> Parse(string text, string file)
    {
        Check(JsonFile.Parse(text, file));
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(text));
        var values = new ConfigurationBuilder().AddJsonStream(stream).Build().AsEnumerable();
        return [.. values.Select(v => KeyValuePair.Create($"{Section}:{v.Key}", v.Value))];
    }

    /// <summary>The prefix of HTTP routes, without slashes.</summary>
    public static string RoutePrefix(IConfiguration configuration) =>
        configuration[$"{Section}:extensions:http:routePrefix"]?.Trim('/') ?? "api";

    /// <summary>How long a function may run; null for as long as it likes.</summary>
    public static TimeSpan? FunctionTimeout(IConfiguration configuration) =>
        configuration[$"{Section}:functionTimeout"] switch
        {
            null => DefaultFunctionTimeout,
            "-1" => null,
            { } text => TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var timeout)
            && timeout >= MinFunctionTimeout
            && timeout <= MaxFunctionTimeout
                ? timeout
                : throw new StartupException(
                    $"setting {Section}:functionTimeout: '{text}' must be a time span hh:mm:ss from {MinFunctionTimeout:c} to "
                        + $"{MaxFunctionTimeout:c}, or -1"
                ),
        };

    /// <summary>Checks the settings that win over the file: the extensions would name neither the setting nor the rule.</summary>
    /// <exception cref="StartupException">One is out of range; the message names it and the rule.</exception>
    public static void CheckQueues(IConfiguration configuration)
    {
        foreach (var (key, min, max) in QueueNumbers)
        {
            var setting = $"{Section}:extensions:queues:{key}";
            if (
                configuration[setting] is { } text
                && !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max)
            )
                throw new StartupException($"setting {setting}: '{text}' must be a whole number from {min} to {max}");
        }

        foreach (var (key, min, max) in QueuePeriods)
        {
            var setting = $"{Section}:extensions:queues:{key}";
            if (
                configuration[setting] is { } text
                && !(TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var period) && period >= min && period <= max)
            )
                throw new StartupException($"setting {setting}: '{text}' must be a time span hh:mm:ss from {min:c} to {max:c}");
        }
    }

    private static void Check(JsonObjectReader root)
    {
        if (root.Text("version") is not "2.0")
            throw root.Wrong("version", "must be \"2.0\"");
        if (root.Has("extensionBundle"))
        {
            throw root.Wrong(
                "extensionBundle",
                "must not be there: an isolated app brings its own extensions, and with a bundle the Functions host finds no function"
            );
        }

        if (root.Text("functionTimeout") != "-1")
            _ = root.Period("functionTimeout", MinFunctionTimeout, MaxFunctionTimeout);
        if (root.Object("logging")?.Object("logLevel") is { } levels)
        {
            foreach (var category in levels.Texts().Keys)
                _ = levels.OneOf(category, Levels);
        }

        if (root.Object("extensions") is { } extensions)
            CheckExtensions(extensions);
    }

    private static void CheckExtensions(JsonObjectReader extensions)
    {
        if (extensions.Object("http") is { } http)
        {
            http.AllowOnly(
                "routePrefix",
                "maxOutstandingRequests",
                "maxConcurrentRequests",
                "dynamicThrottlesEnabled",
                "hsts",
                "customHeaders"
            );
            _ = http.Text("routePrefix");
        }

        if (extensions.Object("queues") is { } queues)
        {
            queues.AllowOnly(
                "batchSize",
                "newBatchThreshold",
                "maxDequeueCount",
                "visibilityTimeout",
                "maxPollingInterval",
                "messageEncoding"
            );
            foreach (var (key, min, max) in QueueNumbers)
                _ = queues.Whole(key, min, max);
            foreach (var (key, min, max) in QueuePeriods)
                _ = queues.Period(key, min, max);
            _ = queues.OneOf("messageEncoding", "base64", "none");
        }

        // Its own options check the values; here only what would else be read past, or give no line of host.json.
        if (extensions.Object("durableTask") is { } durable)
        {
            _ = durable.Text("hubName");
            // As a number, 1.10 would be 1.1 on the real host.
            _ = durable.Text("defaultVersion");
            _ = durable.OneOf("versionMatchStrategy", "None", "Strict", "CurrentOrOlder");
            _ = durable.OneOf("versionFailureStrategy", "Reject", "Fail");
        }
    }
}
