using System.Text.RegularExpressions;

namespace Infra.Tests;

/// <summary>One role that something of the app has.</summary>
/// <param name="Name">The role.</param>
/// <param name="At">What it is at, without what differs from installation to installation.</param>
/// <param name="For">Who has it.</param>
/// <param name="Serves">The calls it is needed for.</param>
/// <param name="Condition">What limits it; null for nothing.</param>
internal sealed record Role(string Name, string At, string For, string Serves, string? Condition)
{
    /// <summary>Whether it is one of the app's own, and not built in.</summary>
    public bool IsCustom => Name.StartsWith("Compliance ", StringComparison.Ordinal);

    /// <summary>Whether it reaches beyond what the template makes.</summary>
    public bool IsAtSubscription => At.StartsWith("subscription ", StringComparison.Ordinal);

    /// <summary>As the reviewed list has it.</summary>
    public override string ToString() => $"{For}: {Name} at {At}" + (Condition is null ? "" : $"\n    if {Condition}");
}

/// <summary>Reads the roles of a deployment.</summary>
internal static partial class Roles
{
    /// <summary>The app's identity, as <see cref="Role.For"/> has it.</summary>
    public const string App = "the app";

    // Built-in roles have the same ids in every tenant.
    private static readonly Dictionary<string, string> BuiltIn = new()
    {
        ["d5a91429-5739-47e2-a06b-3470a27159e7"] = "EventGrid Data Sender",
        ["12338af0-0e69-4776-bea7-57ae8d297424"] = "Key Vault Crypto User",
        ["21090545-7ca7-4776-b22c-e363652d74d2"] = "Key Vault Reader",
        ["4633458b-17de-408a-b874-0445c86b69e6"] = "Key Vault Secrets User",
        ["3913510d-42f4-4e42-8a64-420c390055eb"] = "Monitoring Metrics Publisher",
        ["acdd72a7-3385-48ef-bd42-f606fba81ae7"] = "Reader",
        ["ba92f5b4-2d11-453d-a403-e96b0029c9fe"] = "Storage Blob Data Contributor",
        ["b7e6dc6d-f1e8-4753-8033-0f276bb0955b"] = "Storage Blob Data Owner",
        ["2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"] = "Storage Blob Data Reader",
        ["974c5e8b-45b9-4653-ba55-5f855dd0fb88"] = "Storage Queue Data Contributor",
        ["c6a89b2d-59bc-44d0-9896-0f6e12d7b80a"] = "Storage Queue Data Message Sender",
        ["0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"] = "Storage Table Data Contributor",
    };

    // By the module of roles.bicep that makes it.
    private static readonly Dictionary<string, string> Custom = new()
    {
        ["accessRole"] = "Compliance access of leavers",
        ["eligibilityRole"] = "Compliance eligibilities of leavers",
        ["resourceRole"] = "Compliance hand-over of leavers",
        ["tagsRole"] = "Compliance reading of index tags",
        ["deletionRole"] = "Compliance deletion of stored data",
    };

    /// <summary>Whoever deploys, as <see cref="Role.For"/> has it.</summary>
    public const string Deployer = "whoever deploys";

    // As the cases in tests/Infra.Tests/Cases give it.
    private const string DeployerId = "77777777-7777-7777-7777-777777777777";

    // By the module of main.bicep whose output the principal is.
    private static readonly Dictionary<string, string> Principals = new()
    {
        ["identity"] = App,
        ["hrTopic"] = "the HR topic",
        ["vaultTopics"] = "a vault's topic",
        ["existingVaultTopics"] = "a vault's topic",
    };

    /// <summary>All roles, in the order of the template.</summary>
    public static IReadOnlyList<Role> Of(Deployment deployment) =>
        [
            .. deployment
                .Of("Microsoft.Authorization/roleAssignments")
                .Select(r => new Role(
                    NameOf(r.Text("properties.roleDefinitionId")!),
                    Place(r.Scope, deployment),
                    PrincipalOf(r.Text("properties.principalId")!),
                    r.Text("properties.description")!,
                    r.Text("properties.condition")
                ))
                .Distinct(),
        ];

    /// <summary>What a role of the app's own allows: actions and data actions.</summary>
    public static IEnumerable<string> Actions(Resource definition) =>
        new[] { "actions", "dataActions" }.SelectMany(kind =>
            definition.At("properties.permissions")![0]![kind]!.AsArray().Select(a => a!.GetValue<string>())
        );

    /// <summary>A resource id without what differs from installation to installation.</summary>
    public static string Place(string id, Deployment deployment)
    {
        // The suffix of a private DNS zone depends on the cloud.
        if (Zone().Match(id) is { Success: true } zone)
            return $"{zone.Groups[1].Value}: {zone.Groups[2].Value}/{zone.Groups[3].Value}…";
        var parts = id.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length == 2)
            return "subscription " + (parts[1] == Templates.Subscription ? "of the app" : "named");
        var token = deployment.Outputs["COMPLIANCE_STATE_ACCOUNT"]!.GetValue<string>()["st".Length..];
        return $"{parts[3]}: {string.Join('/', parts[6..])}"
            .Replace("blobServices/default/", "", StringComparison.Ordinal)
            .Replace("queueServices/default/", "", StringComparison.Ordinal)
            .Replace(token, "…", StringComparison.Ordinal);
    }

    // /subscriptions/…/roleDefinitions/acdd72a7-…, or [subscriptionResourceId(…, format('accessRole-{0}-{1}', …)).outputs.id.value]
    private static string NameOf(string definition) =>
        definition[0] == '[' ? Custom[Module().Match(definition).Groups[1].Value] : BuiltIn[definition.Split('/')[^1]];

    // [reference(…, format('identity-{0}', …)).outputs.principalId.value], or an object id that was given
    private static string PrincipalOf(string principal) =>
        principal switch
        {
            ['[', ..] => Principals[Module().Match(principal).Groups[1].Value],
            DeployerId => Deployer,
            _ => "an HR system",
        };

    // [resourceId('1111…', 'rg-demo', 'Microsoft.Network/privateDnsZones', format('privatelink.blob.{0}', …))]
    [GeneratedRegex(@"^\[resourceId\('[^']+', '([^']+)', 'Microsoft\.Network/(privateDnsZones[^']*)'.*?'(privatelink\.[a-z]+)")]
    private static partial Regex Zone();

    [GeneratedRegex(@"format\('(\w+)-\{0\}")]
    private static partial Regex Module();
}
