using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Azure.WebJobs.Extensions.DurableTask;
using Microsoft.Azure.WebJobs.Host;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Infra.Tests;

/// <summary>
/// What host.json sets is what the host and its extensions read: a name that none of them knows has no effect, and no message names it. The
/// schema that others publish lags behind the extensions, so the options of the extensions in use are asked themselves.
/// </summary>
public sealed class HostSettingsTests
{
    // https://learn.microsoft.com/azure/azure-functions/functions-host-json
    private static readonly string[] OfTheHost = ["version", "telemetryMode", "logging", "functionTimeout", "extensions"];

    private static string Text => File.ReadAllText(Templates.Folder("host.json"));

    [Fact]
    public void Each_is_one_that_the_host_or_an_extension_reads() => Check(Text);

    [Theory]
    [InlineData("\"functionTimeout\"", "\"timeout\"")]
    [InlineData("\"routePrefix\"", "\"prefix\"")]
    [InlineData("\"maxDequeueCount\"", "\"maxDequeueCounts\"")]
    [InlineData("\"defaultVersion\"", "\"version\"")]
    [InlineData("\"distributedTracingEnabled\"", "\"enabled\"")]
    [InlineData("\"maxQueuePollingInterval\"", "\"maxPollingInterval\"")]
    [InlineData("\"CurrentOrOlder\"", "\"Older\"")]
    [InlineData("\"default\": \"Information\"", "\"default\": \"Info\"")]
    [InlineData("\"00:30:00\"", "\"half an hour\"")]
    public void A_name_or_value_that_nothing_reads_is_refused(string known, string other)
    {
        Assert.Contains(known, Text, StringComparison.Ordinal);

        Assert.ThrowsAny<Exception>(() => Check(Text.Replace(known, other, StringComparison.Ordinal)));
    }

    // In this mode the host leaves traces and logs to the app, and the alerts ask the tables that they fill.
    [Fact]
    public void Telemetry_is_sent_as_the_alerts_count_on() =>
        Assert.Equal("OpenTelemetry", JsonNode.Parse(Text)!["telemetryMode"]!.GetValue<string>());

    private static void Check(string text)
    {
        var root = JsonNode.Parse(text)!.AsObject();
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(text));
        var settings = new ConfigurationBuilder().AddJsonStream(stream).Build();
        var extensions = settings.GetSection("extensions");

        Assert.Empty(root.Select(s => s.Key).Except(OfTheHost));
        Assert.Equal("2.0", settings["version"]);
        _ = TimeSpan.ParseExact(settings["functionTimeout"]!, "c", CultureInfo.InvariantCulture);
        Assert.Equal(["logLevel"], settings.GetSection("logging").GetChildren().Select(s => s.Key));
        Assert.All(settings.GetSection("logging:logLevel").GetChildren(), l => Assert.True(Enum.TryParse<LogLevel>(l.Value, out _)));
        Assert.Equal(["durableTask", "http", "queues"], extensions.GetChildren().Select(e => e.Key));
        Assert.Equal(["routePrefix"], extensions.GetSection("http").GetChildren().Select(s => s.Key));
        Bind<QueuesOptions>(extensions.GetSection("queues").GetChildren());
        // The options of the provider are kept as names and values there, and read by the provider.
        Bind<DurableTaskOptions>(extensions.GetSection("durableTask").GetChildren().Where(s => s.Key != "storageProvider"));
        Bind<AzureStorageOptions>(extensions.GetSection("durableTask:storageProvider").GetChildren());
    }

    private static void Bind<T>(IEnumerable<IConfigurationSection> sections)
    {
        var parts = sections.ToList();
        Assert.NotEmpty(parts);
        var values = parts.SelectMany(s => s.AsEnumerable()).Where(v => v.Value is not null);
        var prefix = parts[0].Path.Length - parts[0].Key.Length;
        var own = values.Select(v => KeyValuePair.Create(v.Key[prefix..], v.Value));
        _ = new ConfigurationBuilder().AddInMemoryCollection(own).Build().Get<T>(o => o.ErrorOnUnknownConfiguration = true);
    }
}
