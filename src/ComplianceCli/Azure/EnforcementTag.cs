using System.Text.Json;
using System.Text.Json.Nodes;

namespace ComplianceCli.Azure;

/// <summary>
/// The tag that keeps a tenant from having two deployments that act on the same people. The service principal of the deployment's app
/// registration carries it: that of a managed identity takes no change.
/// </summary>
/// <param name="calls">Asks Graph.</param>
/// <param name="deploymentId">This deployment.</param>
internal sealed class EnforcementTag(AzureCalls calls, string deploymentId)
{
    /// <summary>What such a tag begins with.</summary>
    public const string Prefix = "compliance-enforce:";

    private const string Needs = "Application Administrator, or ownership of the app registration";

    private string Own => Prefix + deploymentId;

    /// <summary>Makes sure that no other deployment of the tenant acts.</summary>
    public AzureStep NoOther() =>
        AzureStep.Check(
            "Check that no other deployment of this tenant is in mode enforce",
            async cancellationToken =>
            {
                // An advanced filter: it asks an index that lags by minutes.
                var path = $"/servicePrincipals?$filter=tags/any(t:startsWith(t,'{Prefix}'))&$select=displayName,tags&$count=true";
                var holders = await calls.ListAsync(
                    new(AzureRequest.Graph, "GET", path, "reading who enforces in this tenant") { IsEventual = true },
                    cancellationToken
                );
                var other = holders
                    .SelectMany(h => Tags(h).Select(tag => (Tag: tag, Holder: h)))
                    .FirstOrDefault(t => t.Tag.StartsWith(Prefix, StringComparison.Ordinal) && t.Tag != Own);
                if (other.Tag is { } tag)
                    throw new CliException(
                        $"deployment {tag[Prefix.Length..]} enforces already ({Name(other.Holder)}): set its mode to report, or remove it "
                            + "with azd down, and run compliance azure grant --remove there"
                    );
            }
        );

    /// <summary>Puts the tag on the service principal of the registration.</summary>
    /// <param name="clientId">The registration.</param>
    public AzureStep Claim(string clientId) =>
        new(
            $"Tag the service principal of {clientId} with {Own}",
            "compliance azure grant --remove, or --mode report",
            async cancellationToken => Tags((await PrincipalAsync(clientId, cancellationToken)).Body).Contains(Own),
            cancellationToken => ChangeAsync(clientId, tags => tags.Append(Own), cancellationToken)
        );

    /// <summary>Takes the tag away.</summary>
    /// <param name="clientId">The registration.</param>
    public AzureStep Release(string clientId) =>
        new(
            $"Take the tag {Own} from the service principal of {clientId}",
            "compliance azure grant --mode enforce",
            async cancellationToken => !Tags((await PrincipalAsync(clientId, cancellationToken)).Body).Contains(Own),
            cancellationToken => ChangeAsync(clientId, tags => tags.Where(t => t != Own), cancellationToken)
        )
        {
            IsShownWhenDone = false,
        };

    private static IEnumerable<string> Tags(JsonElement principal) =>
        principal.ValueKind == JsonValueKind.Object
        && principal.TryGetProperty("tags", out var tags)
        && tags.ValueKind == JsonValueKind.Array
            ? tags.EnumerateArray().Select(t => t.GetString() ?? "")
            : [];

    private static string Name(JsonElement principal) =>
        principal.TryGetProperty("displayName", out var name) ? name.GetString() ?? "no name" : "no name";

    private Task<AzureAnswer> PrincipalAsync(string clientId, CancellationToken cancellationToken) =>
        calls.SendAsync(
            new(AzureRequest.Graph, "GET", $"/servicePrincipals(appId='{clientId}')?$select=id,tags", "reading the tags of the app")
            {
                MayBeMissing = true,
            },
            cancellationToken
        );

    private async Task ChangeAsync(
        string clientId,
        Func<IEnumerable<string>, IEnumerable<string>> change,
        CancellationToken cancellationToken
    )
    {
        var tags = change(Tags((await PrincipalAsync(clientId, cancellationToken)).Body)).Select(t => (JsonNode)t);
        var body = new JsonObject { ["tags"] = new JsonArray([.. tags]) };
        await calls.SendAsync(
            new(AzureRequest.Graph, "PATCH", $"/servicePrincipals(appId='{clientId}')", "tagging the app", body)
            {
                IsFresh = true,
                Needs = Needs,
            },
            cancellationToken
        );
    }
}
