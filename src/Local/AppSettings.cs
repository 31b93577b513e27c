using System.Globalization;
using Compliance.Minimization.Inventory;
using SandboxTenant.Demo;

namespace Local;

/// <summary>The settings of the app and of its host, as environment variables.</summary>
internal static class AppSettings
{
    private const string Clock = "Clock__Now";

    /// <summary>The people of the demo tenant who are notified.</summary>
    public static string DemoNotifications => Path.Combine(AppContext.BaseDirectory, "demo-notifications.yaml");

    /// <summary>What the demo tenant's data is kept for, and how long.</summary>
    public static string DemoRetention => Path.Combine(AppContext.BaseDirectory, "demo-retention.yaml");

    /// <summary>The app's settings together with those of <c>src/LocalHost</c> itself, which do not reach the app.</summary>
    /// <param name="app">The app's settings.</param>
    /// <param name="port">The port; 0 lets the host bind a free one.</param>
    /// <param name="keys">The host's keys.</param>
    /// <param name="journal">Folder in which the host notes the queue messages that it works on.</param>
    public static Dictionary<string, string> ForLocalHost(IReadOnlyDictionary<string, string> app, int port, HostKeys keys, string journal)
    {
        var settings = new Dictionary<string, string>(app)
        {
            ["LocalHost__Port"] = port.ToString(CultureInfo.InvariantCulture),
            ["LocalHost__Keys__Master"] = keys.Master,
            ["LocalHost__Journal"] = journal,
            ["Logs__Console"] = "json",
        };
        // Timers fire by the app's clock.
        if (app.TryGetValue(Clock, out var now))
            settings["LocalHost__Now"] = now;
        return settings;
    }

    /// <summary>The app's settings of one start, whichever host runs it.</summary>
    /// <param name="options">What was asked for.</param>
    /// <param name="keys">The key that HR events are signed with is among them.</param>
    /// <param name="azurite">The storage.</param>
    /// <param name="tenant">The sandbox; null for a real tenant, whose settings come from the environment or
    /// <c>local.settings.json</c>.</param>
    /// <param name="signingKey">Where the key lies that signs the evidence ledger; null signs nothing.</param>
    /// <param name="outbox">Folder that gets the sandbox's mail as files; null for none.</param>
    public static IReadOnlyDictionary<string, string> ForApp(
        RunOptions options,
        HostKeys keys,
        Azurite azurite,
        SandboxReady? tenant,
        string? signingKey = null,
        string? outbox = null
    )
    {
        var settings = new Dictionary<string, string>
        {
            ["AzureWebJobsStorage"] = azurite.StateConnection,
            ["EvidenceStorage"] = azurite.EvidenceConnection,
        };
        Default("CredentialRotationSchedule", "0 0 5 * * *");
        Default("NotificationSchedule", "0 3-58/5 * * * *");
        Default("ControlWatchSchedule", "0 15 * * * *");
        Default("LeaverSweepSchedule", "0 */5 * * * *");
        Default("SweepSchedule", "0 50 4 * * *");
        Default("LeaverWatchSchedule", "0 30 5 * * *");
        Default("LedgerCheckpointSchedule", "0 5 * * * *");
        Default("LedgerSelfCheckSchedule", "0 45 5 * * *");
        // The app makes the key at its first checkpoint, for its owner alone, and writes the public one beside it.
        if (signingKey is not null)
            Default("Evidence__SigningKey", signingKey);
        // Nobody can have a token for an app of zeros: without the real one nobody calls the app.
        Default("Approvals__Audience", tenant is null ? Guid.Empty.ToString() : DemoLeaver.ComplianceAppId);
        foreach (var name in new[] { "NO_PROXY", "no_proxy" })
            settings[name] = string.Join(
                ',',
                new[] { Environment.GetEnvironmentVariable(name), "localhost", "127.0.0.1" }.Where(host => !string.IsNullOrEmpty(host))
            );
        if (tenant is not null)
        {
            settings["Tenant__Id"] = tenant.TenantId;
            settings["Tenant__GraphEndpoint"] = $"{tenant.Url}/v1.0";
            settings["Tenant__ResourceManagerEndpoint"] = tenant.Url;
            settings["Tenant__AuthorityHost"] = tenant.Url;
            settings["Tenant__ClientId"] = tenant.ClientId;
            settings["Tenant__ClientSecret"] = tenant.ClientSecret;
            settings["Tenant__PinnedThumbprint"] = tenant.Thumbprint;
            settings["Hr__WebhookKeys"] = keys.Hr;
            if (outbox is not null)
                Default("Notifications__Outbox", outbox);
            if (options.Tenant is null)
            {
                Default("Policy__Notifications", DemoNotifications);
                Default("Policy__Retention", DemoRetention);
                foreach (var (name, connection) in azurite.DataConnections)
                    settings[$"{DataAccountOptions.Section.Replace(":", "__", StringComparison.Ordinal)}__{name}"] = connection;
            }
        }
        if (options.Now is { } now)
        {
            settings[Clock] = Iso(now);
            // One run at one instant: the same command gives the same ages, ids apart.
            if (options.Once)
                settings["Clock__Frozen"] = "true";
        }
        if (options.Policy is { } policy)
            settings["Policy__Credentials"] = Path.GetFullPath(policy);
        if (options.Once)
        {
            // The one run is asked for by hand; a timer that is due must not add a second.
            settings["AzureWebJobs.CredentialRotationCheck.Disabled"] = "true";
            settings["AzureWebJobs.ControlWatch.Disabled"] = "true";
            settings["AzureWebJobs.NotificationSweep.Disabled"] = "true";
            settings["AzureWebJobs.LeaverWatch.Disabled"] = "true";
            settings["AzureWebJobs.LeaverSweep.Disabled"] = "true";
            settings["AzureWebJobs.SweepSchedule.Disabled"] = "true";
            settings["AzureWebJobs.LedgerCheckpoint.Disabled"] = "true";
            settings["AzureWebJobs.LedgerSelfCheck.Disabled"] = "true";
        }
        return settings;

        void Default(string name, string value) =>
            settings[name] = Environment.GetEnvironmentVariable(name) is { Length: > 0 } given ? given : value;
    }

    /// <summary>ISO 8601 in UTC.</summary>
    public static string Iso(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);
}
