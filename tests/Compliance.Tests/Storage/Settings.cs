using Microsoft.Extensions.Configuration;

namespace Compliance.Tests.Storage;

internal static class Settings
{
    public static IConfiguration Of(params (string Key, string Value)[] settings)
    {
        var section = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (key, value) in settings)
            section[key.Replace("__", ":", StringComparison.Ordinal)] = value;
        return new ConfigurationBuilder().AddInMemoryCollection(section).Build();
    }
}
