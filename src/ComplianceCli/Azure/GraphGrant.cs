using System.Text.Json;
using System.Text.Json.Nodes;

namespace ComplianceCli.Azure;

/// <summary>Gives the app's identity Graph's permissions of its mode, by name, and takes away those that the mode does not need.</summary>
/// <param name="calls">Asks Graph.</param>
/// <param name="principalId">Object id of the identity's service principal.</param>
/// <param name="mayBeGone">Whether the identity may be gone already, and hold nothing then.</param>
internal sealed class GraphGrant(AzureCalls calls, string principalId, bool mayBeGone = false)
{
    /// <summary>Microsoft Graph itself.</summary>
    public const string GraphAppId = "00000003-0000-0000-c000-000000000000";

    private const string Needs = "Privileged Role Administrator or Global Administrator";

    // What is held and what Graph offers, read once.
    private State? _state;

    /// <summary>The steps.</summary>
    /// <param name="wanted">The permissions that it shall have. Others that this app never asks for are left alone.</param>
    public IEnumerable<AzureStep> Steps(IReadOnlyCollection<string> wanted) =>
        GraphPermissions.All.Select(permission => wanted.Contains(permission) ? Give(permission) : Take(permission));

    private AzureStep Give(string permission)
    {
        var power = GraphPermissions.PowerOf(permission) is { } why ? $" (powerful: whoever holds it {why})" : "";
        return new(
            $"Give the identity Graph's {permission}{power}",
            $"compliance azure grant --remove, or delete it under Enterprise applications, {principalId}, Permissions",
            async cancellationToken => (await StateAsync(cancellationToken)).Held.ContainsKey(permission),
            async cancellationToken => await GiveAsync(permission, cancellationToken)
        );
    }

    private AzureStep Take(string permission) =>
        new(
            $"Take Graph's {permission} from the identity: its mode does not need it",
            "compliance azure grant with the mode that needs it",
            async cancellationToken => !(await StateAsync(cancellationToken)).Held.ContainsKey(permission),
            async cancellationToken => await TakeAsync(permission, cancellationToken)
        )
        {
            IsShownWhenDone = false,
        };

    private async Task GiveAsync(string permission, CancellationToken cancellationToken)
    {
        var state = await StateAsync(cancellationToken);
        if (!state.Offered.TryGetValue(permission, out var role))
            throw new CliException($"Graph offers this tenant no application permission {permission}");
        var body = new JsonObject
        {
            ["principalId"] = principalId,
            ["resourceId"] = state.GraphId,
            ["appRoleId"] = role,
        };
        var answer = await calls.SendAsync(
            new(AzureRequest.Graph, "POST", $"/servicePrincipals/{state.GraphId}/appRoleAssignedTo", $"giving {permission}", body)
            {
                IsFresh = true,
                Needs = Needs,
            },
            cancellationToken
        );
        state.Held[permission] = answer["id"].ValueKind == JsonValueKind.String ? answer["id"].GetString()! : "";
    }

    private async Task TakeAsync(string permission, CancellationToken cancellationToken)
    {
        var state = await StateAsync(cancellationToken);
        var path = $"/servicePrincipals/{state.GraphId}/appRoleAssignedTo/{Uri.EscapeDataString(state.Held[permission])}";
        await calls.SendAsync(
            new(AzureRequest.Graph, "DELETE", path, $"taking {permission} away") { MayBeMissing = true, Needs = Needs },
            cancellationToken
        );
        state.Held.Remove(permission);
    }

    private async Task<State> StateAsync(CancellationToken cancellationToken)
    {
        if (_state is { } known)
            return known;
        var graph = await calls.SendAsync(
            new(AzureRequest.Graph, "GET", $"/servicePrincipals(appId='{GraphAppId}')?$select=id,appRoles", "reading what Graph offers"),
            cancellationToken
        );
        var graphId = graph["id"].GetString()!;
        var offered = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var role in graph["appRoles"].EnumerateArray())
            if (role.GetProperty("value").GetString() is { } value)
                offered[value] = role.GetProperty("id").GetString()!;
        var assignments = await calls.ListAsync(
            new(AzureRequest.Graph, "GET", $"/servicePrincipals/{principalId}/appRoleAssignments", "reading what the identity holds")
            {
                IsFresh = !mayBeGone,
                MayBeMissing = mayBeGone,
            },
            cancellationToken
        );
        var names = offered.ToDictionary(o => o.Value, o => o.Key, StringComparer.OrdinalIgnoreCase);
        var held = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var one in assignments)
            if (
                one.GetProperty("resourceId").GetString() == graphId
                && names.TryGetValue(one.GetProperty("appRoleId").GetString()!, out var name)
            )
                held[name] = one.GetProperty("id").GetString()!;
        return _state = new(graphId, offered, held);
    }

    /// <summary>What Graph offers, and what the identity holds of it.</summary>
    /// <param name="GraphId">Object id of Graph's service principal.</param>
    /// <param name="Offered">Ids of app roles by name.</param>
    /// <param name="Held">Ids of assignments by name.</param>
    private sealed record State(string GraphId, Dictionary<string, string> Offered, Dictionary<string, string> Held);
}
