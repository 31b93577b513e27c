using System.Text.Json;

namespace ComplianceCli.Azure;

/// <summary>
/// The app's own roles at the subscriptions, which a deployment gives in mode <c>enforce</c> and never takes back: a template adds and
/// changes, and deletes nothing.
/// </summary>
/// <param name="calls">Asks Resource Manager.</param>
/// <param name="environment">azd's values.</param>
internal sealed class OwnRoles(AzureCalls calls, AzdEnvironment environment)
{
    private const string Version = "api-version=2022-04-01";
    private const string Needs = "Owner or User Access Administrator at the subscription";

    // As infra/modules/roles.bicep names them.
    private static readonly string[] OfActs =
    [
        "Compliance access of leavers",
        Eligibilities,
        "Compliance hand-over of leavers",
        "Compliance deletion of stored data",
    ];
    private static readonly string[] All = [.. OfActs, "Compliance reading of index tags"];

    private const string Eligibilities = "Compliance eligibilities of leavers";

    /// <summary>Takes what the mode does not need: assignments of these roles, whosever they are, and the roles themselves.</summary>
    /// <param name="isEnforcing">Whether the mode is <c>enforce</c>.</param>
    public IEnumerable<AzureStep> Steps(bool isEnforcing)
    {
        var subscriptions = environment.WatchedSubscriptions();
        if (!isEnforcing)
            return subscriptions.Select(s => Take(s, OfActs, "its mode changes nothing"));
        var ends = string.Equals(environment.Find("COMPLIANCE_ENDS_ELIGIBILITIES"), "true", StringComparison.OrdinalIgnoreCase);
        return ends ? [] : subscriptions.Select(s => Take(s, [Eligibilities], "COMPLIANCE_ENDS_ELIGIBILITIES is not true"));
    }

    /// <summary>Takes everything that the identity has at the subscriptions themselves, and the roles.</summary>
    /// <param name="principal">Object id of the identity's service principal; null where it is not known.</param>
    public IEnumerable<AzureStep> Remove(string? principal) =>
        [
            .. environment.WatchedSubscriptions().Where(_ => principal is not null).Select(s => TakeAll(s, principal!)),
            .. environment.WatchedSubscriptions().Select(s => Take(s, All, "the app ends")),
        ];

    private AzureStep TakeAll(string subscription, string principal)
    {
        Task<IReadOnlyList<string>> HeldAsync(CancellationToken cancellationToken) =>
            ListAsync(
                $"{Root(subscription)}/roleAssignments?$filter=principalId%20eq%20'{principal}'&{Version}",
                "reading the identity's roles",
                properties => IsAt(properties, subscription),
                cancellationToken
            );
        return new(
            $"Take the identity's roles at subscription {subscription} away",
            "azd provision",
            async cancellationToken => (await HeldAsync(cancellationToken)).Count == 0,
            async cancellationToken => await DeleteAsync(await HeldAsync(cancellationToken), cancellationToken)
        );
    }

    private AzureStep Take(string subscription, IReadOnlyList<string> roles, string why)
    {
        Task<IReadOnlyList<string>> MadeAsync(CancellationToken cancellationToken) =>
            ListAsync(
                $"{Root(subscription)}/roleDefinitions?$filter=type%20eq%20'CustomRole'&{Version}",
                "reading the app's own roles",
                properties =>
                    Text(properties, "roleName") is { } name
                    && roles.Any(role => name == $"{role} ({environment.Name}, {subscription})"),
                cancellationToken
            );
        return new(
            $"Take the app's own roles at subscription {subscription} away: {why}",
            "azd provision with the mode that needs them",
            async cancellationToken => (await MadeAsync(cancellationToken)).Count == 0,
            async cancellationToken =>
            {
                var made = await MadeAsync(cancellationToken);
                // A role cannot be deleted while anybody has it.
                var given = await ListAsync(
                    $"{Root(subscription)}/roleAssignments?$filter=atScope()&{Version}",
                    "reading who has the app's own roles",
                    properties => IsAt(properties, subscription) && made.Any(m => IsSame(m, Text(properties, "roleDefinitionId"))),
                    cancellationToken
                );
                await DeleteAsync([.. given, .. made], cancellationToken);
            }
        )
        {
            IsShownWhenDone = false,
        };
    }

    private async Task<IReadOnlyList<string>> ListAsync(
        string path,
        string what,
        Func<JsonElement, bool> isOurs,
        CancellationToken cancellationToken
    )
    {
        var all = await calls.ListAsync(new(AzureRequest.ResourceManager, "GET", path, what) { Needs = Needs }, cancellationToken);
        return
        [
            .. all.Where(one => one.TryGetProperty("properties", out var properties) && isOurs(properties))
                .Select(one => one.GetProperty("id").GetString()!),
        ];
    }

    private async Task DeleteAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        foreach (var id in ids)
            await calls.SendAsync(
                new(AzureRequest.ResourceManager, "DELETE", $"{id}?{Version}", "taking a role away") { MayBeMissing = true, Needs = Needs },
                cancellationToken
            );
    }

    private static string Root(string subscription) => $"/subscriptions/{subscription}/providers/Microsoft.Authorization";

    private static bool IsAt(JsonElement properties, string subscription) =>
        string.Equals(Text(properties, "scope"), $"/subscriptions/{subscription}", StringComparison.OrdinalIgnoreCase);

    // A definition has the same id under whichever scope it is read.
    private static bool IsSame(string definition, string? other) =>
        string.Equals(definition.Split('/')[^1], other?.Split('/')[^1], StringComparison.OrdinalIgnoreCase);

    private static string? Text(JsonElement properties, string name) =>
        properties.TryGetProperty(name, out var found) && found.ValueKind == JsonValueKind.String ? found.GetString() : null;
}
