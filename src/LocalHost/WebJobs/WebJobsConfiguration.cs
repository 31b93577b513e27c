using System.Security.Cryptography;
using System.Text;
using LocalHost.Configuration;
using Microsoft.Extensions.Configuration;

namespace LocalHost.WebJobs;

/// <summary>
/// The configuration of the WebJobs host: host.json and the settings lie where the Functions host has them, so that the extensions' own
/// binders read them.
/// </summary>
internal static class WebJobsConfiguration
{
    /// <summary>Setting with the connection of the app's storage account.</summary>
    public const string Storage = "AzureWebJobsStorage";

    /// <summary>Completes the configuration of the app.</summary>
    /// <param name="app">host.json and the settings over it.</param>
    /// <param name="slot">The host's number among those that run side by side on this machine.</param>
    public static IConfiguration Create(IConfiguration app, int slot) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(
                new Dictionary<string, string?>
                {
                    // Work under way is finished and stored before the host stops; host.json may say otherwise.
                    [$"{HostJson.Section}:extensions:durableTask:useGracefulShutdown"] = bool.TrueString,
                }
            )
            .AddConfiguration(app)
            .AddInMemoryCollection(
                new Dictionary<string, string?>
                {
                    ["AzureWebJobsConfigurationSection"] = HostJson.Section,
                    // The extension passes calls on to the worker instead of running them itself.
                    ["FUNCTIONS_WORKER_RUNTIME"] = "dotnet-isolated",
                    // A container's name in the environment would make the extension believe that it runs on the Consumption plan: other
                    // limits, and a log on standard output.
                    ["CONTAINER_NAME"] = "",
                    // The two that make up the id under which partitions are leased. It is the same after a restart, so that a host takes
                    // its own lease back at once, and another for each host that runs side by side.
                    ["WEBSITE_CURRENT_STAMPNAME"] = Environment.MachineName,
                    ["RoleInstanceId"] = $"local-{slot}",
                }
            )
            .Build();

    /// <summary>
    /// Folder of the journal of queue messages in work: <c>LocalHost__Journal</c>, else one under the temporary folder for each app and
    /// storage account.
    /// </summary>
    public static string JournalFolder(HostContext app) =>
        app.Configuration["LocalHost:Journal"]
        ?? Path.Combine(Path.GetTempPath(), "local-host", $"{app.Settings.HostId}-{Fingerprint(app.Configuration[Storage])}");

    /// <summary>
    /// How long a durable message stays invisible while it is worked on (<c>LocalHost__Durable__VisibilityTimeout</c>); null leaves it to
    /// host.json, where the extension takes no less than a minute. It is for tests that kill the host: whatever it had in work comes back
    /// after this time.
    /// </summary>
    public static TimeSpan? DurableVisibilityTimeout(IConfiguration app) => app.GetValue<TimeSpan?>("LocalHost:Durable:VisibilityTimeout");

    // Of the addresses alone: no key is put into a name.
    private static string Fingerprint(string? connection)
    {
        var addresses = (connection ?? "")
            .Split(';')
            .Where(p =>
                !p.StartsWith("AccountKey", StringComparison.OrdinalIgnoreCase)
                && !p.StartsWith("Shared", StringComparison.OrdinalIgnoreCase)
            );
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join(';', addresses))).AsSpan(0, 6));
    }
}
