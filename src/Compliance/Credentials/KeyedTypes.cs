using System.Text.Json;

namespace Compliance.Credentials;

/// <summary>A type of Azure resource that can accept keys or passwords of its own, and the setting that shows whether it does.</summary>
/// <param name="Type">The type as Azure writes it.</param>
/// <param name="Setting">Path of the setting below <c>properties</c>.</param>
/// <param name="Off">The setting's value when none are accepted, as text.</param>
/// <param name="Accepts">What is accepted while it is on, as the first half of a sentence.</param>
internal sealed record KeyedType(string Type, string Setting, string Off, string Accepts)
{
    /// <summary>What accepts keys under the setting that most services share.</summary>
    public const string LocalAuthentication = "Local authentication is enabled, so the resource's keys are accepted";

    /// <summary>Whether a missing setting means off. Elsewhere it means on: that is what services assume.</summary>
    public bool OffWhenMissing { get; init; }

    /// <summary>The one value, or entry of a list, that means on; null where everything but <see cref="Off"/> does.</summary>
    public string? On { get; init; }

    /// <summary>The command that turns it off, <c>{0}</c> for the resource; null where <c>az resource update</c> does.</summary>
    public string? Command { get; init; }

    /// <summary>Whether the resource accepts keys.</summary>
    /// <param name="properties">
    /// Its <c>properties</c>, for example <c>{"disableLocalAuth":false}</c> or <c>{"allowedAuthenticationModes":["SharedKey","AAD"]}</c>.
    /// </param>
    public bool IsOn(JsonElement properties)
    {
        var value = properties;
        foreach (var name in Setting.Split('.'))
            if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(name, out value))
                return !OffWhenMissing;
        return value.ValueKind switch
        {
            JsonValueKind.Null => !OffWhenMissing,
            JsonValueKind.Array => value.EnumerateArray().Any(IsOnValue),
            _ => IsOnValue(value),
        };
    }

    private bool IsOnValue(JsonElement value) => On is not null ? Same(value, On) : !Same(value, Off);

    private static bool Same(JsonElement value, string text) => text.Equals(value.ToString(), StringComparison.OrdinalIgnoreCase);
}

/// <summary>Which types of Azure resource have keys, apart from Key Vault and storage accounts, whose keys have an age.</summary>
internal static class KeyedTypes
{
    /// <summary>The setting that most services share; a type that has it is judged by it even when it is not listed here.</summary>
    public const string SharedSetting = "disableLocalAuth";

    private const string AccessKeys = "Access keys are enabled";
    private const string Passwords = "The administrator's password is accepted";

    /// <summary>Types whose setting is in Resource Graph.</summary>
    public static IReadOnlyList<KeyedType> Judged { get; } =
    [
        Shared("Microsoft.AppConfiguration/configurationStores"),
        Shared("Microsoft.Automation/automationAccounts"),
        Shared("Microsoft.BotService/botServices"),
        Shared("Microsoft.CognitiveServices/accounts"),
        Shared("Microsoft.Communication/communicationServices"),
        Shared("Microsoft.Devices/IotHubs"),
        Shared("Microsoft.DocumentDB/databaseAccounts"),
        Shared("Microsoft.EventGrid/domains"),
        Shared("Microsoft.EventGrid/partnerNamespaces"),
        Shared("Microsoft.EventGrid/topics"),
        Shared("Microsoft.EventHub/namespaces"),
        Shared("Microsoft.Maps/accounts"),
        Shared("Microsoft.Relay/namespaces"),
        Shared("Microsoft.Search/searchServices") with
        {
            Command = "az search service update {0} --disable-local-auth true",
        },
        Shared("Microsoft.ServiceBus/namespaces"),
        Shared("Microsoft.SignalRService/SignalR"),
        Shared("Microsoft.SignalRService/webPubSub"),
        new("Microsoft.Insights/components", "DisableLocalAuth", "true", KeyedType.LocalAuthentication),
        new("Microsoft.OperationalInsights/workspaces", "features.disableLocalAuth", "true", KeyedType.LocalAuthentication),
        new("Microsoft.Batch/batchAccounts", "allowedAuthenticationModes", "[\"AAD\"]", "Shared keys are an allowed way to sign in")
        {
            On = "SharedKey",
        },
        new("Microsoft.Cache/Redis", "disableAccessKeyAuthentication", "true", AccessKeys),
        new("Microsoft.ContainerRegistry/registries", "adminUserEnabled", "false", "The admin user's passwords are accepted")
        {
            OffWhenMissing = true,
            Command = "az acr update {0} --admin-enabled false",
        },
        new("Microsoft.ContainerService/managedClusters", "disableLocalAccounts", "true", "The credentials of local accounts are accepted")
        {
            Command = "az aks update {0} --disable-local-accounts",
        },
        new("Microsoft.DBforPostgreSQL/flexibleServers", "authConfig.passwordAuth", "Disabled", Passwords),
        new("Microsoft.DocumentDB/mongoClusters", "authConfig.allowedModes", "[\"MicrosoftEntraID\"]", Passwords) { On = "NativeAuth" },
        new("Microsoft.MachineLearningServices/workspaces/onlineEndpoints", "authMode", "AADToken", AccessKeys) { On = "Key" },
        new("Microsoft.MachineLearningServices/workspaces/serverlessEndpoints", "authMode", "AAD", AccessKeys),
        new("Microsoft.Sql/managedInstances", "administrators.azureADOnlyAuthentication", "true", Passwords)
        {
            Command = "az sql mi ad-only-auth enable {0}",
        },
        new("Microsoft.Sql/servers", "administrators.azureADOnlyAuthentication", "true", Passwords)
        {
            Command = "az sql server ad-only-auth enable {0}",
        },
        new("Microsoft.Storage/storageAccounts", "isSftpEnabled", "false", "SFTP accepts the passwords and SSH keys of local users")
        {
            OffWhenMissing = true,
            Command = "az storage account update {0} --enable-sftp false",
        },
        new("Microsoft.Synapse/workspaces", "azureADOnlyAuthentication", "true", Passwords),
    ];

    /// <summary>
    /// Types with keys, tokens or passwords that Resource Graph does not show: no rule judges them, and that is a finding. Where a part of
    /// a resource has the setting and Resource Graph lists no parts (a database of Redis Enterprise), it is the resource.
    /// </summary>
    public static IReadOnlyList<string> NotJudged { get; } =
    [
        "Microsoft.ApiManagement/service",
        "Microsoft.App/containerApps",
        "Microsoft.App/jobs",
        "Microsoft.AppPlatform/Spring",
        "Microsoft.AVS/privateClouds",
        "Microsoft.AzurePlaywrightService/accounts",
        "Microsoft.Bing/accounts",
        "Microsoft.Cache/redisEnterprise",
        "Microsoft.Confluent/organizations",
        "Microsoft.ContainerInstance/containerGroups",
        "Microsoft.Dashboard/grafana",
        "Microsoft.Databricks/workspaces",
        "Microsoft.Datadog/monitors",
        "Microsoft.DataFactory/factories",
        "Microsoft.DBforMariaDB/servers",
        "Microsoft.DBforMySQL/flexibleServers",
        "Microsoft.DBforMySQL/servers",
        "Microsoft.DBforPostgreSQL/serverGroupsv2",
        "Microsoft.DBforPostgreSQL/servers",
        "Microsoft.DesktopVirtualization/hostPools",
        "Microsoft.Devices/provisioningServices",
        "Microsoft.DocumentDB/cassandraClusters",
        "Microsoft.Elastic/monitors",
        "Microsoft.EventGrid/namespaces",
        "Microsoft.FluidRelay/fluidRelayServers",
        "Microsoft.HDInsight/clusters",
        "Microsoft.HealthBot/healthBots",
        "Microsoft.IoTCentral/iotApps",
        "Microsoft.KeyVault/managedHSMs",
        "Microsoft.Logic/integrationAccounts",
        "Microsoft.Logic/workflows",
        "Microsoft.MachineLearningServices/workspaces",
        "Microsoft.MixedReality/remoteRenderingAccounts",
        "Microsoft.MixedReality/spatialAnchorsAccounts",
        "Microsoft.Network/connections",
        "Microsoft.Network/expressRouteCircuits",
        "Microsoft.Network/vpnGateways",
        "Microsoft.NotificationHubs/namespaces",
        "Microsoft.PlayFab/titles",
        "Microsoft.Purview/accounts",
        "Microsoft.Quantum/workspaces",
        "Microsoft.RedHatOpenShift/openShiftClusters",
        "Microsoft.VisualStudio/account",
        "Microsoft.Web/connections",
        "Microsoft.Web/sites",
        "Microsoft.Web/sites/slots",
        "Microsoft.Web/staticSites",
        "Microsoft.WeightsAndBiases/instances",
        "MongoDB.Atlas/organizations",
        "Neon.Postgres/organizations",
        "NewRelic.Observability/monitors",
        "Oracle.Database/autonomousDatabases",
        "Pinecone.VectorDb/organizations",
    ];

    private static readonly Dictionary<string, KeyedType> ByType = Judged.ToDictionary(t => t.Type, StringComparer.OrdinalIgnoreCase);
    private static readonly Dictionary<string, string> Unjudged = NotJudged.ToDictionary(t => t, StringComparer.OrdinalIgnoreCase);

    /// <summary>How a type is judged: by its own setting, or by the one most services share; null for <see cref="NotJudged"/>.</summary>
    public static KeyedType? Find(string type) => ByType.GetValueOrDefault(type) ?? (Unjudged.ContainsKey(type) ? null : Shared(type));

    /// <summary>The type as Azure writes it, when no rule judges it; else null.</summary>
    public static string? FindUnjudged(string type) => Unjudged.GetValueOrDefault(type);

    private static KeyedType Shared(string type) => new(type, SharedSetting, "true", KeyedType.LocalAuthentication);
}
