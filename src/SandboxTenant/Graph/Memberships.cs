using System.Text.Json;
using System.Text.Json.Nodes;
using SandboxTenant.Data;
using SandboxTenant.Http;
using static SandboxTenant.Graph.GraphAnswer;

namespace SandboxTenant.Graph;

/// <summary>Who is in which group, who owns what, and what an object is a member of.</summary>
internal sealed class Memberships(TenantData tenant, Journal journal) : IGraphArea
{
    /// <inheritdoc/>
    public Answer? Handle(Call call, string[] segments)
    {
        switch (call.Method, segments)
        {
            case (
                "GET",
                ["applications" or "servicePrincipals" or "groups" or "administrativeUnits", var id, "owners" or "members", .. var cast]
            ):
                return Parent(segments) is { } relation
                    ? Object(segments[0], id) is { } parent
                        ? DirectoryObjects.Related(tenant, call, relation.Of(parent.Id), cast)
                        : NotFound(call, id)
                    : null;
            case ("GET", ["groups", var id, "transitiveMembers", .. var cast]):
                return tenant.Groups.Find(id) is { } group ? DirectoryObjects.Mixed(call, cast, Below(group)) : NotFound(call, id);
            case ("GET", ["users" or "groups" or "servicePrincipals", var id, "memberOf" or "transitiveMemberOf", .. var cast]):
                return Object(segments[0], id) is { } member
                    ? DirectoryObjects.Mixed(call, cast, Above(member.Id, segments[2] == "transitiveMemberOf"))
                    : NotFound(call, id);
            case ("GET", ["users" or "servicePrincipals", var id, "ownedObjects", .. var cast]):
                return Object(segments[0], id) is { } owner ? DirectoryObjects.Mixed(call, cast, Owned(owner.Id)) : NotFound(call, id);
            case ("GET", ["users", var id, "manager"]):
                if (tenant.Users.Find(id) is not { } report)
                    return NotFound(call, id);
                return tenant.Managers.Find(report.Id)?.All() is [var manager] && !tenant.DeletedUsers.ContainsKey(manager.Id)
                    ? Answer.Create(
                        200,
                        writer => DirectoryObjects.WriteRelated(tenant, writer, manager, Selected(call.Query.GetValueOrDefault("$select")))
                    )
                    : Error(
                        call,
                        404,
                        "Request_ResourceNotFound",
                        "Resource 'manager' does not exist or one of its queried reference-property objects are not present."
                    );
            case ("POST", ["applications" or "servicePrincipals" or "groups", var id, "owners" or "members", "$ref"]):
                return Parent(segments) is { } to
                    ? Object(segments[0], id) is { } target
                        ? Add(call, segments[0], target, segments[2], to.Of(target.Id))
                        : NotFound(call, id)
                    : null;
            case ("DELETE", ["applications" or "servicePrincipals" or "groups", var id, "owners" or "members", var child, "$ref"]):
                return Parent(segments) is { } from
                    ? Object(segments[0], id) is { } source
                        ? Remove(call, segments[0], source, segments[2], from.Of(source.Id), child)
                        : NotFound(call, id)
                    : null;
            default:
                return null;
        }
    }

    private RelationSet? Parent(string[] segments) =>
        tenant.Relations.FirstOrDefault(r => r.Parent == segments[0] && r.Leaf == segments[2]).Relation;

    private Entity? Object(string set, string id) => tenant.Set(set).Find(id);

    private (string, IEnumerable<Entity>)[] Above(string member, bool transitive)
    {
        List<string> groups = [.. tenant.GroupsOf(member)];
        for (var i = 0; transitive && i < groups.Count; i++)
            groups.AddRange(tenant.GroupsOf(groups[i]).Where(g => !groups.Contains(g, StringComparer.OrdinalIgnoreCase)));
        var holders = transitive ? groups.Append(member) : [member];
        return
        [
            ("group", groups.Select(tenant.Groups.Find).OfType<Entity>()),
            (
                "directoryRole",
                holders
                    .SelectMany(h => tenant.DirectoryRoleAssignments.By("principalId", h))
                    .Where(a => Json.Text(a.Json, "directoryScopeId") == "/")
                    .DistinctBy(a => Json.Text(a.Json, "roleDefinitionId"))
                    .Select(DirectoryRole)
            ),
            ("administrativeUnit", tenant.UnitMembers.ParentsOf(member).Select(tenant.AdministrativeUnits.Find).OfType<Entity>()),
        ];
    }

    // A role that is held over the whole directory shows as a membership; one over an administrative unit does not.
    private Entity DirectoryRole(Entity assignment)
    {
        var definition = Json.Text(assignment.Json, "roleDefinitionId")!;
        var id = Ids.Guid($"{tenant.TenantId}/directoryRole/{definition}");
        return new Entity(
            assignment.Seq,
            id,
            Json.Bytes(writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("id", id);
                writer.WriteString(
                    "displayName",
                    tenant.DirectoryRoleDefinitions.Find(definition) is { } known ? Json.Text(known.Json, "displayName") : null
                );
                writer.WriteString("roleTemplateId", definition);
                writer.WriteEndObject();
            })
        );
    }

    private (string, IEnumerable<Entity>)[] Below(Entity group)
    {
        List<string> groups = [group.Id];
        Dictionary<string, Entity> found = new(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < groups.Count; i++)
            foreach (var member in tenant.GroupMembers.Find(groups[i])?.All() ?? [])
                if (
                    !tenant.DeletedUsers.ContainsKey(member.Id)
                    && found.TryAdd(member.Id, member)
                    && tenant.Groups.Find(member.Id) is not null
                )
                    groups.Add(member.Id);
        return
        [
            ("user", found.Keys.Select(tenant.Users.Find).OfType<Entity>()),
            ("group", found.Keys.Select(tenant.Groups.Find).OfType<Entity>()),
            ("servicePrincipal", found.Keys.Select(tenant.ServicePrincipals.Find).OfType<Entity>()),
        ];
    }

    private (string, IEnumerable<Entity>)[] Owned(string owner) =>
        [
            ("application", tenant.ApplicationOwners.ParentsOf(owner).Select(tenant.Applications.Find).OfType<Entity>()),
            ("servicePrincipal", tenant.ServicePrincipalOwners.ParentsOf(owner).Select(tenant.ServicePrincipals.Find).OfType<Entity>()),
            ("group", tenant.GroupOwners.ParentsOf(owner).Select(tenant.Groups.Find).OfType<Entity>()),
        ];

    private Answer Add(Call call, string set, Entity parent, string leaf, EntitySet related)
    {
        if (Refused(call, set, parent, leaf) is { } refused)
            return refused;
        var reference = Json.Text(call.Body, "@odata.id");
        if (reference is null || !Uri.TryCreate(reference, UriKind.Absolute, out var uri))
            return Error(call, 400, "Request_BadRequest", "The request body must contain the @odata.id of a directory object.");
        var id = uri.Segments[^1].Trim('/');
        var (type, entity) =
            tenant.Users.Find(id) is { } user ? ("user", user)
            : tenant.ServicePrincipals.Find(id) is { } principal ? ("servicePrincipal", principal)
            : tenant.Groups.Find(id) is { } group && leaf == "members" ? ("group", group)
            : default;
        if (entity is null)
            return NotFound(call, id);
        if (related.Find(entity.Id) is not null)
            return Error(
                call,
                400,
                "Request_BadRequest",
                $"One or more added object references already exist for the following modified properties: '{leaf}'."
            );
        journal.Put(
            related.Name,
            entity.Id,
            new JsonObject
            {
                ["@odata.type"] = "#microsoft.graph." + type,
                ["id"] = entity.Id,
                ["displayName"] = Json.Text(entity.Json, "displayName"),
            }
        );
        return Answer.Empty(204);
    }

    private Answer Remove(Call call, string set, Entity parent, string leaf, EntitySet related, string child)
    {
        if (Refused(call, set, parent, leaf) is { } refused)
            return refused;
        if (related.Find(child) is not { } there || tenant.DeletedUsers.ContainsKey(child))
            return NotFound(call, child);
        // It is the last user that has to stay, whatever service principals own the group beside;
        // https://learn.microsoft.com/graph/api/group-delete-owners says so.
        if (
            set == "groups"
            && leaf == "owners"
            && tenant.Users.Find(there.Id) is not null
            && related.All().Count(o => tenant.Users.Find(o.Id) is not null) == 1
        )
            return Error(call, 400, "Request_BadRequest", "The group must have at least one owner, hence this owner cannot be removed.");
        journal.Delete(related.Name, there.Id);
        return Answer.Empty(204);
    }

    // Whose members are not Graph's to change; https://learn.microsoft.com/graph/api/group-delete-members names the limits.
    private Answer? Refused(Call call, string set, Entity parent, string leaf)
    {
        if (set != "groups")
            return null;
        using var document = JsonDocument.Parse(parent.Json);
        var group = document.RootElement;
        bool Is(string flag) => group.TryGetProperty(flag, out var value) && value.ValueKind == JsonValueKind.True;
        bool Type(string type) =>
            group.TryGetProperty("groupTypes", out var types)
            && types.ValueKind == JsonValueKind.Array
            && types.EnumerateArray().Any(t => t.ValueKind == JsonValueKind.String && t.GetString() == type);
        if (Is("isAssignableToRole") && tenant.Denied.ContainsKey("RoleManagement.ReadWrite.Directory"))
            return Denied(call);
        if (Is("onPremisesSyncEnabled"))
            return Error(
                call,
                400,
                "Request_BadRequest",
                "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently "
                    + "undergoing migration."
            );
        if (Is("mailEnabled") && !Type("Unified"))
            return Error(call, 400, "Request_BadRequest", "Cannot Update a mail-enabled security groups and or distribution list.");
        return leaf == "members" && Type("DynamicMembership")
            ? Error(call, 400, "Request_BadRequest", "The members of a group with dynamic membership cannot be changed.")
            : null;
    }
}
