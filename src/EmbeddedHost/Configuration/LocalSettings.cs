using System.Text.Json;
using EmbeddedHost.Hosting;

namespace EmbeddedHost.Configuration;

/// <summary>
/// local.settings.json as the Core Tools read it: <c>Values</c> become settings as if they were environment variables (which win over them),
/// <c>ConnectionStrings</c> too, and <c>Host.LocalHttpPort</c> is the port.
/// Sample: <c>{"IsEncrypted":false,"Values":{"AzureWebJobsStorage":"UseDevelopmentStorage=true"},"Host":{"LocalHttpPort":7071}}</c>.
/// </summary>
internal static class LocalSettings
{
    /// <exception cref="StartupException">The file cannot be used; says where and why.</exception>
    public static IReadOnlyDictionary<string, string?> Load(string folder)
    {
        var file = Path.Combine(folder, "local.settings.json");
        return File.Exists(file) ? Parse(File.ReadAllText(file), file) : new Dictionary<string, string?>();
    }

    public static IReadOnlyDictionary<string, string?> Parse(string text, string file)
    {
        using var document = JsonFile.Parse(text, file);
        var root = new JsonNodeReader(document.RootElement, "$", file);
        if (document.RootElement.EnumerateObject()
            .Any(p => p.Name.Equals("IsEncrypted", StringComparison.OrdinalIgnoreCase) && p.Value.ValueKind == JsonValueKind.True))
        {
            throw root.Wrong("IsEncrypted", "must be false: this host cannot decrypt settings");
        }

        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        if (root.Object("Host")?.Whole("LocalHttpPort", 0, 65535) is { } port)
            settings[HostSettings.PortKey] = port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        foreach (var (name, value) in root.Object("ConnectionStrings")?.Texts() ?? [])
            settings["ConnectionStrings:" + name] = value;
        foreach (var (name, value) in root.Object("Values")?.Texts() ?? [])
            settings[name.Replace("__", ":", StringComparison.Ordinal)] = value;
        return settings;
    }
}
