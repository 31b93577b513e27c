using System.Globalization;
using System.Text.Json;
using Compliance.Text;

namespace ComplianceCli.Azure;

/// <summary>What has to be so before anything is deployed: found now in seconds, and not by a deployment after ten minutes.</summary>
/// <param name="calls">Asks Resource Manager.</param>
/// <param name="environment">azd's values.</param>
/// <param name="outside">Runs azd.</param>
/// <param name="time">Drives waits.</param>
internal sealed class Preflight(AzureCalls calls, AzdEnvironment environment, AzureOutside outside, TimeProvider time)
{
    /// <summary>Resource providers of the templates. Microsoft.App delegates the subnet, and no template names it.</summary>
    public static readonly IReadOnlyList<string> Providers =
    [
        "Microsoft.App",
        "Microsoft.EventGrid",
        "Microsoft.Insights",
        "Microsoft.KeyVault",
        "Microsoft.ManagedIdentity",
        "Microsoft.Network",
        "Microsoft.OperationalInsights",
        "Microsoft.Storage",
        "Microsoft.Web",
    ];

    private const int MaxPolls = 30;
    private static readonly TimeSpan BetweenPolls = TimeSpan.FromSeconds(10);

    private string Subscription => $"/subscriptions/{environment.SubscriptionId}";

    /// <summary>The steps.</summary>
    public IReadOnlyList<AzureStep> Steps() =>
        [
            AzureStep.Check("Check that azd is there, and that the Azure CLI is signed in to the subscription", ToolsAsync),
            AzureStep.Check("Check that you may deploy to the subscription and give roles in it", OwnRightsAsync),
            .. environment.WatchedSubscriptions().Where(s => s != environment.SubscriptionId).Select(MayGiveRoles),
            AzureStep.Check($"Check that region {environment.Location} has Flex Consumption", RegionAsync),
            AzureStep.Check($"Check that the quota of Flex Consumption in {environment.Location} is not used up", QuotaAsync),
            .. Providers.Select(Register),
        ];

    private async Task ToolsAsync(CancellationToken cancellationToken)
    {
        // The Azure CLI answered before this step: the tenant comes from it.
        var azd = await outside.Tool("azd", ["version", "--output", "json"], cancellationToken);
        if (azd.Code != 0)
            throw new CliException($"azd does not work: {azd.Reason}");
    }

    private Task OwnRightsAsync(CancellationToken cancellationToken) =>
        RightsAsync(
            environment.SubscriptionId,
            ["Microsoft.Resources/subscriptions/resourceGroups/write", "Microsoft.Authorization/locks/write"],
            cancellationToken
        );

    // The template deploys to each watched subscription, where it makes nothing but roles.
    private AzureStep MayGiveRoles(string subscription) =>
        AzureStep.Check(
            $"Check that you may give roles in subscription {subscription}, which is watched",
            cancellationToken => RightsAsync(subscription, [], cancellationToken)
        );

    private async Task RightsAsync(string subscription, IEnumerable<string> more, CancellationToken cancellationToken)
    {
        List<string> needed =
        [
            "Microsoft.Resources/deployments/write",
            "Microsoft.Authorization/roleAssignments/write",
            .. more,
        ];
        if (environment.IsEnforcing() && environment.WatchedSubscriptions().Contains(subscription))
            needed.Add("Microsoft.Authorization/roleDefinitions/write");
        var path = $"/subscriptions/{subscription}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01";
        var held = await calls.ListAsync(Read(path, "reading what you may do"), cancellationToken);
        var missing = needed.Where(action => !held.Any(p => Matches(p, "actions", action) && !Matches(p, "notActions", action))).ToList();
        if (missing.Count > 0)
            throw new CliException(
                $"your account may not do {string.Join(", ", missing)} in subscription {subscription}: it takes Owner, or "
                    + "Contributor with User Access Administrator"
            );
    }

    private async Task RegionAsync(CancellationToken cancellationToken)
    {
        var path = $"{Subscription}/providers/Microsoft.Web/geoRegions?sku=FlexConsumption&api-version=2023-01-01";
        var regions = (await calls.ListAsync(Read(path, "reading the regions of Flex Consumption"), cancellationToken))
            .Select(r => Text(r, "name").Replace(" ", "", StringComparison.Ordinal).ToLowerInvariant())
            .Where(r => r.Length > 0)
            .Order(StringComparer.Ordinal)
            .ToList();
        if (!regions.Contains(environment.Location))
            throw new CliException(
                $"region {environment.Location} has no Flex Consumption. azd env set AZURE_LOCATION with one of: "
                    + string.Join(", ", regions)
            );
    }

    // What the service lists differs from region to region: only an entry that names Flex and is used up is in the way.
    private async Task QuotaAsync(CancellationToken cancellationToken)
    {
        var path = $"{Subscription}/providers/Microsoft.Web/locations/{environment.Location}/usages?api-version=2024-11-01";
        foreach (var usage in await calls.ListAsync(Read(path, "reading the quotas"), cancellationToken))
        {
            var name = usage.TryGetProperty("name", out var n) ? Text(n, "localizedValue") : "";
            if (
                name.Contains("flex", StringComparison.OrdinalIgnoreCase)
                && usage.TryGetProperty("currentValue", out var used)
                && usage.TryGetProperty("limit", out var limit)
                && limit.GetInt64() > 0
                && used.GetInt64() >= limit.GetInt64()
            )
                throw new CliException(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"quota '{Plain.Text(name, 100)}' is used up ({used.GetInt64()} of {limit.GetInt64()}): ask for more, or take "
                            + $"another region"
                    )
                );
        }
    }

    private AzureStep Register(string provider) =>
        new(
            $"Register resource provider {provider} in the subscription",
            $"az provider unregister --namespace {provider}, where nothing else uses it",
            cancellationToken => IsRegisteredAsync(provider, cancellationToken),
            async cancellationToken =>
            {
                var path = $"{Subscription}/providers/{provider}/register?api-version=2021-04-01";
                await calls.SendAsync(
                    new(AzureRequest.ResourceManager, "POST", path, $"registering {provider}")
                    {
                        Needs = "Contributor at the subscription",
                    },
                    cancellationToken
                );
                for (var poll = 0; !await IsRegisteredAsync(provider, cancellationToken); poll++)
                {
                    if (poll == MaxPolls)
                        throw new CliException($"{provider} is still being registered after five minutes: run this again later");
                    await Task.Delay(BetweenPolls, time, cancellationToken);
                }
            }
        )
        {
            IsShownWhenDone = false,
        };

    private async Task<bool> IsRegisteredAsync(string provider, CancellationToken cancellationToken)
    {
        var path = $"{Subscription}/providers/{provider}?api-version=2021-04-01";
        var answer = await calls.SendAsync(Read(path, $"reading {provider}"), cancellationToken);
        return answer["registrationState"].ValueKind == JsonValueKind.String && answer["registrationState"].GetString() == "Registered";
    }

    private static AzureRequest Read(string path, string what) =>
        new(AzureRequest.ResourceManager, "GET", path, what) { Needs = "Reader at the subscription" };

    private static bool Matches(JsonElement permission, string list, string action) =>
        permission.TryGetProperty(list, out var patterns)
        && patterns.ValueKind == JsonValueKind.Array
        && patterns.EnumerateArray().Any(p => Glob.Matches(p.GetString() ?? "", action));

    private static string Text(JsonElement holder, string name) =>
        holder.ValueKind == JsonValueKind.Object && holder.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : "";
}
