using System.Globalization;
using System.Text.RegularExpressions;
using EmbeddedHost.Durable;
using EmbeddedHost.Hosting;

namespace EmbeddedHost.Configuration;

/// <summary>
/// host.json as far as this host uses it, with the real host's defaults
/// (https://learn.microsoft.com/azure/azure-functions/functions-host-json).
/// </summary>
internal sealed partial record HostJson
{
    public string RoutePrefix { get; init; } = "api";

    /// <summary>How long a run may take; null: as long as it likes.</summary>
    public TimeSpan? FunctionTimeout { get; init; } = TimeSpan.FromMinutes(30);

    public QueueRules Queues { get; init; } = new();

    public DurableRules Durable { get; init; } = new();

    /// <summary>Log levels by category.</summary>
    public IReadOnlyDictionary<string, string> LogLevels { get; init; } = new Dictionary<string, string>();

    /// <exception cref="StartupException">The file cannot be used; says where and why.</exception>
    public static HostJson Load(string folder)
    {
        var file = Path.Combine(folder, "host.json");
        return File.Exists(file) ? Parse(File.ReadAllText(file), file) : new HostJson();
    }

    public static HostJson Parse(string text, string file)
    {
        using var document = JsonFile.Parse(text, file);
        var root = new JsonNodeReader(document.RootElement, "$", file);
        if (root.Text("version") is not "2.0")
            throw root.Wrong("version", "must be \"2.0\"");
        var queues = root.Object("extensions")?.Object("queues");
        queues?.AllowOnly("batchSize", "newBatchThreshold", "maxDequeueCount", "visibilityTimeout", "maxPollingInterval", "messageEncoding");
        var http = root.Object("extensions")?.Object("http");
        http?.AllowOnly("routePrefix", "maxOutstandingRequests", "maxConcurrentRequests", "dynamicThrottlesEnabled", "hsts", "customHeaders");
        var rules = new QueueRules();
        var batch = queues?.Whole("batchSize", 1, 32) ?? rules.BatchSize;
        return new HostJson
        {
            RoutePrefix = http?.Text("routePrefix")?.Trim('/') ?? "api",
            FunctionTimeout = Timeout(root),
            LogLevels = root.Object("logging")?.Object("logLevel")?.Texts() ?? new Dictionary<string, string>(),
            Queues = new QueueRules
            {
                BatchSize = batch,
                NewBatchThreshold = queues?.Whole("newBatchThreshold", 0, 1000) ?? batch / 2 * Environment.ProcessorCount,
                MaxDequeueCount = queues?.Whole("maxDequeueCount", 1, int.MaxValue) ?? rules.MaxDequeueCount,
                VisibilityTimeout = queues?.Period("visibilityTimeout", TimeSpan.Zero, TimeSpan.FromDays(7)) ?? rules.VisibilityTimeout,
                MaxPollingInterval = queues?.Period("maxPollingInterval", Periods.FirstRetry, TimeSpan.FromDays(1)) ?? rules.MaxPollingInterval,
                Base64 = Encoding(queues) ?? rules.Base64,
            },
            Durable = ReadDurable(root),
        };
    }

    // The official section has many more settings, for what this host does not have: they may stand there.
    private static DurableRules ReadDurable(JsonNodeReader root)
    {
        var unless = new DurableRules();
        if (root.Object("extensions")?.Object("durableTask") is not { } durable)
            return unless;
        var hub = durable.Text("hubName") ?? unless.HubName;
        if (!HubNameRule().IsMatch(hub))
            throw durable.Wrong("hubName", "must be 3 to 45 letters and digits, a letter first");
        return new DurableRules
        {
            HubName = hub,
            MaxConcurrentActivities = durable.Whole("maxConcurrentActivityFunctions", 1, 10_000) ?? unless.MaxConcurrentActivities,
            MaxConcurrentOrchestrators = durable.Whole("maxConcurrentOrchestratorFunctions", 1, 10_000) ?? unless.MaxConcurrentOrchestrators,
        };
    }

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9]{2,44}$")]
    private static partial Regex HubNameRule();

    private static TimeSpan? Timeout(JsonNodeReader root) =>
        root.Text("functionTimeout") == "-1" ? null : root.Period("functionTimeout", TimeSpan.FromSeconds(1), Periods.LongestWait) ?? new HostJson().FunctionTimeout;

    private static bool? Encoding(JsonNodeReader? queues) => queues?.Text("messageEncoding")?.ToLower(CultureInfo.InvariantCulture) switch
    {
        null => null,
        "base64" => true,
        "none" => false,
        _ => throw queues!.Wrong("messageEncoding", "must be \"base64\" or \"none\""),
    };
}
