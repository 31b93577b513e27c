using System.Text;
using LocalHost.Hosting;
using LocalHost.Worker;
using Microsoft.Extensions.Configuration;

namespace LocalHost.Configuration;

/// <summary>The app that is hosted, and all settings.</summary>
/// <param name="AppDll">The app's assembly, a full path.</param>
/// <param name="Environment">The environment variables of this host over those of local.settings.json.</param>
/// <param name="Configuration">host.json under <see cref="HostJson.Section"/>, and over it the environment.</param>
/// <param name="Settings">This host's own settings.</param>
internal sealed record HostContext(
    string AppDll,
    IReadOnlyDictionary<string, string> Environment,
    IConfiguration Configuration,
    HostSettings Settings
)
{
    /// <summary>The app's folder.</summary>
    public string AppFolder { get; } = Path.GetDirectoryName(AppDll)!;

    /// <summary>Reads all settings of an app.</summary>
    /// <exception cref="StartupException">Something is missing or wrong; the message names it.</exception>
    public static HostContext Load(string appDll, IReadOnlyDictionary<string, string> environment)
    {
        var path = Path.GetFullPath(appDll);
        if (!File.Exists(path))
            throw new StartupException($"{path}: there is no such file; build the app first");
        var folder = Path.GetDirectoryName(path)!;
        var merged = environment.ToDictionary(v => v.Key, v => v.Value);
        foreach (var (name, value) in LocalSettings.Load(folder))
        {
            if (!environment.Keys.Contains(name, StringComparer.OrdinalIgnoreCase))
                merged[name] = value;
        }

        return Create(path, merged, HostJson.Load(folder));
    }

    /// <summary>The context of an app with given settings.</summary>
    public static HostContext Create(
        string appDll,
        IReadOnlyDictionary<string, string> environment,
        IEnumerable<KeyValuePair<string, string?>> hostJson
    )
    {
        // An environment may have names that differ in case alone, such as http_proxy; a configuration may not.
        var variables = environment
            .Select(v => KeyValuePair.Create(v.Key.Replace("__", ":", StringComparison.Ordinal), (string?)v.Value))
            .DistinctBy(v => v.Key, StringComparer.OrdinalIgnoreCase);
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(hostJson).AddInMemoryCollection(variables).Build();
        HostJson.CheckQueues(configuration);
        var settings = HostSettings.Read(environment, configuration, Path.GetDirectoryName(appDll)!);
        return new HostContext(appDll, environment, configuration, settings);
    }

    /// <summary>How the worker is run. The host's own settings, its keys above all, do not reach it.</summary>
    public WorkerOptions WorkerOptions(Uri address)
    {
        var variables = Environment.Where(v => !HostSettings.IsOwn(v.Key)).ToDictionary(v => v.Key, v => v.Value);
        variables["FUNCTIONS_APPLICATION_DIRECTORY"] = AppFolder;
        variables["FUNCTIONS_WORKER_DIRECTORY"] = AppFolder;
        variables["FUNCTIONS_WORKER_RUNTIME"] = "dotnet-isolated";
        variables["WEBSITE_HOSTNAME"] = address.Authority;
        variables["DOTNET_STARTUP_HOOKS"] = typeof(HostContext).Assembly.Location;
        // As the Core Tools do.
        variables.TryAdd("AZURE_FUNCTIONS_ENVIRONMENT", "Development");
        // A short-lived local process gains more from a quick start than from profiled code.
        variables.TryAdd("DOTNET_TieredPGO", "0");
        return new WorkerOptions(AppDll, variables, HostJson.FunctionTimeout(Configuration));
    }

    /// <summary>Whether a function is switched off by <c>AzureWebJobs.NAME.Disabled</c> (or its form with <c>__</c>).</summary>
    public bool IsDisabled(string function) =>
        IsOn(Configuration[$"AzureWebJobs.{function}.Disabled"]) || IsOn(Configuration[$"AzureWebJobs:{function}:Disabled"]);

    /// <summary>The text with the value of a setting for each <c>%Name%</c>, as in schedules and queue names.</summary>
    /// <exception cref="FormatException">A setting is not set, or a % has no partner.</exception>
    public string Resolve(string text)
    {
        var result = new StringBuilder();
        var position = 0;
        while (text.IndexOf('%', position) is var open and >= 0)
        {
            var close = text.IndexOf('%', open + 1);
            if (close < 0)
                throw new FormatException($"'{text}': the % at position {open} has no closing %");
            var name = text[(open + 1)..close];
            if (Configuration[name.Replace("__", ":", StringComparison.Ordinal)] is not { Length: > 0 } value)
                throw new FormatException($"'{text}': the setting {name} is not set");
            result.Append(text, position, open - position).Append(value);
            position = close + 1;
        }

        return result.Append(text, position, text.Length - position).ToString();
    }

    private static bool IsOn(string? value) => value == "1" || string.Equals(value, "true", StringComparison.OrdinalIgnoreCase);
}
