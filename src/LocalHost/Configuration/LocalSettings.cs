using LocalHost.Hosting;

namespace LocalHost.Configuration;

/// <summary>
/// local.settings.json as the Core Tools read it: <c>Values</c> become environment variables of the app (one that is there already wins),
/// <c>ConnectionStrings</c> too, and <c>Host.LocalHttpPort</c> is the port.
/// Sample: <c>{"IsEncrypted":false,"Values":{"AzureWebJobsStorage":"UseDevelopmentStorage=true"},"Host":{"LocalHttpPort":7071}}</c>.
/// </summary>
internal static class LocalSettings
{
    /// <summary>The file's settings as environment variables; none where there is no file.</summary>
    /// <exception cref="StartupException">The file cannot be used; the message names file, path and rule.</exception>
    public static IReadOnlyDictionary<string, string> Load(string folder)
    {
        var file = Path.Combine(folder, "local.settings.json");
        return File.Exists(file) ? Parse(File.ReadAllText(file), file) : new Dictionary<string, string>();
    }

    /// <summary>The settings in the text of a file.</summary>
    public static IReadOnlyDictionary<string, string> Parse(string text, string file)
    {
        var root = JsonFile.Parse(text, file);
        root.AllowOnly("IsEncrypted", "Values", "ConnectionStrings", "Host");
        if (root.IsTrue("IsEncrypted"))
            throw root.Wrong("IsEncrypted", "must be false: this host cannot decrypt settings");
        var settings = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (root.Object("Host")?.Whole("LocalHttpPort", 0, 65535) is { } port)
            settings[HostSettings.PortVariable] = port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        foreach (var (name, value) in root.Object("ConnectionStrings")?.Texts() ?? [])
            settings["ConnectionStrings__" + name] = value;
        foreach (var (name, value) in root.Object("Values")?.Texts() ?? [])
            settings[name] = value;
        return settings;
    }
}
