using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using EmbeddedHost.Hosting;
using Microsoft.Extensions.Configuration;

namespace EmbeddedHost.Configuration;

/// <summary>The settings of this host itself.</summary>
internal sealed partial record HostSettings(int Port, TimeSpan DrainTime, string HostId, string? MasterKey, string? DefaultKey, string? EventGridKey)
{
    public const string PortKey = "EmbeddedHost:Port";
    public const string DrainKey = "EmbeddedHost:DrainSeconds";
    public const string MasterKeySetting = "EmbeddedHost:Keys:Master";
    public const string DefaultKeySetting = "EmbeddedHost:Keys:Default";
    public const string EventGridKeySetting = "EmbeddedHost:Keys:EventGrid";
    public const string HostIdKey = "AzureFunctionsWebHost:hostid";

    public static HostSettings Read(IConfiguration configuration, string contentRoot, Problems problems)
    {
        var id = configuration[HostIdKey] ?? DefaultHostId(contentRoot);
        if (!HostIdRule().IsMatch(id))
            problems.Add($"setting {HostIdKey}: '{id}' must be 1 to 32 lower-case letters, digits and single dashes, with no dash at either end");
        return new HostSettings(
            Whole(configuration, PortKey, 7071, 0, 65535, problems),
            TimeSpan.FromSeconds(Whole(configuration, DrainKey, 30, 0, 3600, problems)),
            id,
            Key(configuration, MasterKeySetting),
            Key(configuration, DefaultKeySetting),
            Key(configuration, EventGridKeySetting));
    }

    private static int Whole(IConfiguration configuration, string key, int unless, int atLeast, int atMost, Problems problems)
    {
        if (configuration[key] is not { } text)
            return unless;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= atLeast && number <= atMost)
            return number;
        problems.Add($"setting {key}: '{text}' must be a whole number from {atLeast} to {atMost}");
        return unless;
    }

    private static string? Key(IConfiguration configuration, string key) => configuration[key] is { Length: > 0 } value ? value : null;

    // As the real host does locally: the machine and a hash of the folder, so that two apps on one machine keep apart.
    private static string DefaultHostId(string contentRoot)
    {
        var machine = new string([.. Environment.MachineName.Where(char.IsAsciiLetterOrDigit).Take(20)]);
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path.TrimEndingDirectorySeparator(Path.GetFullPath(contentRoot)))))[..10];
        return $"{machine.ToLowerInvariant()}-{hash}".TrimStart('-');
    }

    [GeneratedRegex("^(?=.{1,32}$)[a-z0-9]+(-[a-z0-9]+)*$")]
    private static partial Regex HostIdRule();
}
