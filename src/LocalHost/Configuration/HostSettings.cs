using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using LocalHost.Hosting;
using LocalHost.Timers;
using Microsoft.Extensions.Configuration;

namespace LocalHost.Configuration;

/// <summary>The settings of this host itself, all under <c>LocalHost__</c>; none of them reaches the app.</summary>
/// <param name="Port">The public port; 0 for a free one.</param>
/// <param name="DrainTime">How long running functions may go on after a stop.</param>
/// <param name="HostId">What timers and leases of this app are kept under.</param>
/// <param name="MasterKey">The key that opens everything; null when not set.</param>
/// <param name="DefaultKey">The key of all functions; null when not set.</param>
internal sealed partial record HostSettings(int Port, TimeSpan DrainTime, string HostId, string? MasterKey, string? DefaultKey)
{
    /// <summary>The public port.</summary>
    public const string PortVariable = "LocalHost__Port";

    /// <summary>The key that opens everything.</summary>
    public const string MasterKeyVariable = "LocalHost__Keys__Master";

    /// <summary>The key of all functions.</summary>
    public const string DefaultKeyVariable = "LocalHost__Keys__Default";

    private const string DrainVariable = "LocalHost__DrainSeconds";
    private const string VisibilityVariable = "LocalHost__Durable__VisibilityTimeout";
    private const string HostIdVariable = "AzureFunctionsWebHost__hostid";

    // The last three are read where they are used.
    private static readonly string[] Known =
    [
        PortVariable,
        DrainVariable,
        MasterKeyVariable,
        DefaultKeyVariable,
        "LocalHost__Journal",
        VisibilityVariable,
        SetClock.Variable,
    ];

    /// <summary>Reads the settings.</summary>
    /// <exception cref="StartupException">One is unknown or out of range; the message names all such.</exception>
    public static HostSettings Read(IReadOnlyDictionary<string, string> environment, IConfiguration configuration, string appFolder)
    {
        var problems = new List<string>();
        foreach (var name in environment.Keys.Where(n => (IsOwn(n) || IsMisspelt(n)) && !IsKnown(n)).Order(StringComparer.Ordinal))
            problems.Add($"setting {name}: is not a setting of this host; did you intend {SimilarName.Nearest(name, Known)}?");
        var id = Value(configuration, HostIdVariable) ?? DefaultHostId(appFolder);
        if (!HostIdRule().IsMatch(id))
            problems.Add($"setting {HostIdVariable}: '{id}' must be 1 to 32 lower-case letters and digits with single dashes between");
        var (min, max) = (TimeSpan.FromSeconds(1), TimeSpan.FromDays(7));
        if (
            Value(configuration, VisibilityVariable) is { } visibility
            && !(TimeSpan.TryParse(visibility, CultureInfo.InvariantCulture, out var period) && period >= min && period <= max)
        )
            problems.Add($"setting {VisibilityVariable}: '{visibility}' must be a time span hh:mm:ss from {min:c} to {max:c}");
        var settings = new HostSettings(
            Whole(configuration, PortVariable, 7071, 65535, problems),
            TimeSpan.FromSeconds(Whole(configuration, DrainVariable, 30, 3600, problems)),
            id,
            Value(configuration, MasterKeyVariable),
            Value(configuration, DefaultKeyVariable)
        );
        return problems.Count == 0 ? settings : throw new StartupException(string.Join("; ", problems));
    }

    /// <summary>Whether an environment variable is a setting of this host.</summary>
    public static bool IsOwn(string variable) => Plain(variable).StartsWith("LocalHost__", StringComparison.OrdinalIgnoreCase);

    // In a section whose name comes close to this host's: it would leave a default in force without a sign.
    private static bool IsMisspelt(string variable) =>
        Plain(variable).Split("__", 2) is [var section, _] && SimilarName.Edits(section, "LocalHost") <= 2;

    private static bool IsKnown(string variable) => Known.Contains(Plain(variable), StringComparer.OrdinalIgnoreCase);

    private static string Plain(string variable) => variable.Replace(":", "__", StringComparison.Ordinal);

    private static string? Value(IConfiguration configuration, string variable) =>
        configuration[variable.Replace("__", ":", StringComparison.Ordinal)] is { Length: > 0 } value ? value : null;

    private static int Whole(IConfiguration configuration, string variable, int unless, int max, List<string> problems)
    {
        if (Value(configuration, variable) is not { } text)
            return unless;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= max)
            return number;
        problems.Add($"setting {variable}: '{text}' must be a whole number from 0 to {max}");
        return unless;
    }

    // As the real host does locally: the machine and a hash of the folder, so that two apps on one machine keep apart.
    private static string DefaultHostId(string appFolder)
    {
        var machine = new string([.. Environment.MachineName.Where(char.IsAsciiLetterOrDigit).Take(20)]);
        var folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(appFolder));
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(folder)))[..10];
        return $"{machine.ToLowerInvariant()}-{hash}".TrimStart('-');
    }

    [GeneratedRegex("^(?=.{1,32}$)[a-z0-9]+(-[a-z0-9]+)*$")]
    private static partial Regex HostIdRule();
}
