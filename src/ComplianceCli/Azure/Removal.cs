using System.Text.Json;

namespace ComplianceCli.Azure;

/// <summary>
/// Before <c>azd down</c>: takes away what the app was given outside the groups that azd deletes. The evidence and the app registration
/// stay.
/// </summary>
/// <param name="calls">Asks Graph and Resource Manager.</param>
/// <param name="environment">azd's values.</param>
internal sealed class Removal(AzureCalls calls, AzdEnvironment environment)
{
    /// <summary>The value of azd's environment in place of the flag, as a hook is given none: it holds the environment's name.</summary>
    public const string Variable = "COMPLIANCE_YES_REMOVE";

    private const string Needs = "Owner or User Access Administrator at the subscription";

    /// <summary>The steps.</summary>
    /// <param name="isConfirmed">Whether <c>--yes-remove</c> was given.</param>
    /// <param name="isPrint">Whether it is only shown.</param>
    /// <exception cref="CliException">It was not confirmed.</exception>
    public IReadOnlyList<AzureStep> Steps(bool isConfirmed, bool isPrint)
    {
        if (!isPrint && !isConfirmed && environment.Find(Variable) != environment.Name)
            throw new CliException(
                $"azd down ends the app: no leaver is blocked after it. compliance azure predown --print shows what is taken away; for azd "
                    + $"down confirm it with azd env set {Variable} {environment.Name}, by hand with --yes-remove"
            );
        var steps = new List<AzureStep>();
        if (environment.Find("COMPLIANCE_IDENTITY_PRINCIPAL_ID") is not null)
        {
            var principal = environment.NeedId("COMPLIANCE_IDENTITY_PRINCIPAL_ID", "azd provision");
            steps.AddRange(new GraphGrant(calls, principal, mayBeGone: true).Steps([]));
            steps.AddRange(Subscriptions().Select(s => TakeRoles(s, principal)));
        }
        steps.AddRange(Subscriptions().Select(TakeDefinitions));
        // Last: as long as it may act, no other deployment shall.
        if (environment.Find(AppRegistration.Variable) is not null)
            steps.Add(
                new EnforcementTag(calls, environment.DeploymentId).Release(environment.NeedId(AppRegistration.Variable, "azd provision"))
            );
        return steps;
    }

    /// <summary>What stays, and how it is removed.</summary>
    public IEnumerable<string> Notes() =>
        [
            $"Stays: group rg-{environment.Name}-evidence with the ledger and its key. Its lock is removed by hand once retention ended.",
            $"Stays: the app registration. az ad app delete --id {environment.Find(AppRegistration.Variable) ?? "CLIENT_ID"}",
        ];

    private AzureStep TakeRoles(string subscription, string principal)
    {
        Task<IReadOnlyList<string>> HeldAsync(CancellationToken cancellationToken) =>
            ListAsync(
                $"/subscriptions/{subscription}/providers/Microsoft.Authorization/roleAssignments?$filter="
                    + $"principalId%20eq%20'{principal}'&api-version=2022-04-01",
                "reading the identity's roles",
                properties => IsSame(properties, "scope", $"/subscriptions/{subscription}"),
                cancellationToken
            );
        return new(
            $"Take the identity's roles at subscription {subscription} away",
            "azd provision",
            async cancellationToken => (await HeldAsync(cancellationToken)).Count == 0,
            async cancellationToken => await DeleteAsync(await HeldAsync(cancellationToken), cancellationToken)
        );
    }

    private AzureStep TakeDefinitions(string subscription)
    {
        Task<IReadOnlyList<string>> MadeAsync(CancellationToken cancellationToken) =>
            ListAsync(
                $"/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions?$filter="
                    + "type%20eq%20'CustomRole'&api-version=2022-04-01",
                "reading the app's own role definitions",
                properties =>
                    properties.TryGetProperty("roleName", out var name)
                    && (name.GetString() ?? "").StartsWith("Compliance ", StringComparison.Ordinal)
                    && name.GetString()!.EndsWith($" of leavers ({environment.Name}, {subscription})", StringComparison.Ordinal),
                cancellationToken
            );
        return new(
            $"Delete the app's own role definitions in subscription {subscription}",
            "azd provision",
            async cancellationToken => (await MadeAsync(cancellationToken)).Count == 0,
            async cancellationToken => await DeleteAsync(await MadeAsync(cancellationToken), cancellationToken)
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
                new(AzureRequest.ResourceManager, "DELETE", $"{id}?api-version=2022-04-01", "taking a role away")
                {
                    MayBeMissing = true,
                    Needs = Needs,
                },
                cancellationToken
            );
    }

    // ["SUBSCRIPTION", …]; the app's own when none is named.
    private List<string> Subscriptions()
    {
        var text = environment.Find("COMPLIANCE_SUBSCRIPTIONS");
        if (text is null)
            return [environment.SubscriptionId];
        try
        {
            var ids = JsonSerializer.Deserialize<List<string>>(text) ?? [];
            if (ids.TrueForAll(id => Guid.TryParseExact(id, "D", out _)))
                return ids.Count == 0 ? [environment.SubscriptionId] : ids.ConvertAll(id => id.ToLowerInvariant());
        }
        catch (JsonException)
        {
            // Below.
        }
        throw new CliException("COMPLIANCE_SUBSCRIPTIONS is no JSON list of subscription ids");
    }

    private static bool IsSame(JsonElement properties, string name, string value) =>
        properties.TryGetProperty(name, out var found) && string.Equals(found.GetString(), value, StringComparison.OrdinalIgnoreCase);
}
