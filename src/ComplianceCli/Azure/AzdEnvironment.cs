using System.Text.Json;
using System.Text.RegularExpressions;

namespace ComplianceCli.Azure;

/// <summary>
/// The values of azd's environment. Within a hook they are environment variables; by hand they are asked of azd. Every value is checked
/// before it is used: it becomes part of paths.
/// </summary>
internal sealed partial class AzdEnvironment
{
    private readonly Dictionary<string, string> _values;
    private readonly AzureOutside _outside;

    private AzdEnvironment(Dictionary<string, string> values, AzureOutside outside) => (_values, _outside) = (values, outside);

    /// <summary>The environment's name.</summary>
    public string Name => Need("AZURE_ENV_NAME", Names(), "azd env new NAME");

    /// <summary>Its region.</summary>
    public string Location => Need("AZURE_LOCATION", Regions(), "azd env set AZURE_LOCATION REGION");

    /// <summary>Its subscription.</summary>
    public string SubscriptionId => NeedId("AZURE_SUBSCRIPTION_ID", "azd env set AZURE_SUBSCRIPTION_ID ID");

    /// <summary>This deployment among all of a tenant: what its tag names.</summary>
    public string DeploymentId => $"{SubscriptionId}/{Name}";

    /// <summary>Whether the app may change something in the tenant.</summary>
    /// <param name="mode">The mode that was given by hand; null for the environment's.</param>
    /// <exception cref="CliException">It is no mode.</exception>
    public bool IsEnforcing(string? mode = null) =>
        (mode ?? Find("COMPLIANCE_MODE") ?? "report") switch
        {
            "report" => false,
            "enforce" => true,
            var other => throw new CliException($"the mode is '{other}': it is report or enforce") { IsUsage = true },
        };

    /// <summary>The subscriptions that the app watches, and in mode <c>enforce</c> acts in: its own when none is named.</summary>
    /// <exception cref="CliException">The value is no JSON list of ids.</exception>
    public IReadOnlyList<string> WatchedSubscriptions()
    {
        // ["SUBSCRIPTION", …]
        var text = Find("COMPLIANCE_SUBSCRIPTIONS");
        if (text is null)
            return [SubscriptionId];
        try
        {
            var ids = JsonSerializer.Deserialize<List<string>>(text) ?? [];
            if (ids.TrueForAll(id => Guid.TryParseExact(id, "D", out _)))
                return ids.Count == 0 ? [SubscriptionId] : ids.ConvertAll(id => id.ToLowerInvariant());
        }
        catch (JsonException)
        {
            // Below.
        }
        throw new CliException("COMPLIANCE_SUBSCRIPTIONS is no JSON list of subscription ids");
    }

    /// <summary>Reads the values.</summary>
    /// <exception cref="CliException">There is no environment.</exception>
    public static async Task<AzdEnvironment> LoadAsync(AzureOutside outside, CancellationToken cancellationToken)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        if (string.IsNullOrEmpty(outside.Variable("AZURE_ENV_NAME")))
        {
            var asked = await outside.Tool("azd", ["env", "get-values", "--output", "json"], cancellationToken);
            if (asked.Code != 0)
                throw new CliException($"there is no azd environment here: run azd env new NAME first ({asked.Reason})");
            foreach (var (name, value) in Parse(asked.Output))
                values[name] = value;
        }
        return new(values, outside);
    }

    /// <summary>A value; null when it is not set.</summary>
    public string? Find(string name)
    {
        var value = _values.GetValueOrDefault(name) ?? _outside.Variable(name);
        return string.IsNullOrWhiteSpace(value) ? null : value.Trim();
    }

    /// <summary>A value that has to be there.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="pattern">What it has to be.</param>
    /// <param name="remedy">The command that sets it.</param>
    /// <exception cref="CliException">It is not set, or is none such.</exception>
    public string Need(string name, Regex pattern, string remedy) =>
        Find(name) switch
        {
            null => throw new CliException($"{name} is not set: {remedy}"),
            { } value when pattern.IsMatch(value) => value,
            { } value => throw new CliException($"{name} is '{value}', which it cannot be: {remedy}"),
        };

    /// <summary>A value that is a GUID.</summary>
    /// <inheritdoc cref="Need"/>
    public string NeedId(string name, string remedy) => Need(name, Ids(), remedy).ToLowerInvariant();

    /// <summary>A value that names a resource.</summary>
    /// <inheritdoc cref="Need"/>
    public string NeedResource(string name, string remedy) => Need(name, Resources(), remedy);

    /// <summary>Keeps a value in azd's environment.</summary>
    /// <exception cref="CliException">azd did not take it.</exception>
    public async Task SetAsync(string name, string value, CancellationToken cancellationToken)
    {
        var set = await _outside.Tool("azd", ["env", "set", name, value, "--environment", Name], cancellationToken);
        if (set.Code != 0)
            throw new CliException($"azd did not keep {name}: {set.Reason}");
        _values[name] = value;
    }

    private static Dictionary<string, string> Parse(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<Dictionary<string, string>>(json) ?? [];
        }
        catch (JsonException e)
        {
            throw new CliException("azd env get-values did not answer in JSON", e);
        }
    }

    [GeneratedRegex("^[A-Za-z0-9-]{1,64}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Names();

    [GeneratedRegex("^[a-z0-9]{1,40}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Regions();

    [GeneratedRegex("^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Ids();

    [GeneratedRegex("^[A-Za-z0-9_.()-]{1,90}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Resources();
}
