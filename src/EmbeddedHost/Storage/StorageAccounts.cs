using Azure.Core;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using EmbeddedHost.Hosting;
using Microsoft.Extensions.Configuration;

namespace EmbeddedHost.Storage;

/// <summary>
/// Makes storage clients from the settings that hold connection strings, in the real host's order: AzureWebJobsNAME, NAME, ConnectionStrings:NAME.
/// Data-plane access by connection string needs no role.
/// </summary>
internal sealed class StorageAccounts(IConfiguration configuration, HostSetup setup)
{
    public const string DefaultConnection = "AzureWebJobsStorage";

    /// <summary>The connection string's queue service, or a problem that names the setting (never its value).</summary>
    public QueueServiceClient? Queues(string? connection, string where, Problems problems) =>
        Open(connection, where, problems, text => new QueueServiceClient(text, Settled(new QueueClientOptions { MessageEncoding = QueueMessageEncoding.None })));

    /// <summary>The default account's blob service, or a problem that names the setting (never its value).</summary>
    public BlobServiceClient? Blobs(string where, Problems problems) =>
        Open(null, where, problems, text => new BlobServiceClient(text, Settled(new BlobClientOptions())));

    /// <summary>The default account's table service, or a problem that names the setting (never its value).</summary>
    public TableServiceClient? Tables(string where, Problems problems) =>
        Open(null, where, problems, text => new TableServiceClient(text, Settled(new TableClientOptions())));

    private T? Open<T>(string? connection, string where, Problems problems, Func<string, T> make)
        where T : class
    {
        var name = string.IsNullOrEmpty(connection) ? DefaultConnection : connection;
        var text = configuration["AzureWebJobs" + name] ?? configuration[name] ?? configuration["ConnectionStrings:" + name];
        if (string.IsNullOrEmpty(text))
        {
            problems.Add($"{where}: the setting {name}, a storage connection string, is not set");
            return null;
        }

        try
        {
            return make(text);
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            problems.Add($"{where}: the setting {name} is not a storage connection string");
            return null;
        }
    }

    // Short, evenly spaced tries: the listeners above wait longer by themselves, on the app's clock.
    private T Settled<T>(T options)
        where T : ClientOptions
    {
        options.Retry.Mode = RetryMode.Fixed;
        options.Retry.Delay = TimeSpan.FromMilliseconds(200);
        options.Retry.MaxRetries = 2;
        options.Retry.NetworkTimeout = TimeSpan.FromSeconds(30);
        options.Diagnostics.IsDistributedTracingEnabled = false;
        setup.ConfigureStorage?.Invoke(options);
        return options;
    }
}
