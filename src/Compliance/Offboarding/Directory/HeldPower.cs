using System.Text.Json;
using Compliance.Tenants;

namespace Compliance.Offboarding.Directory;

/// <summary>
/// What a group of the leaver's, or an application the leaver owns, is assigned: a member has a group's power, an owner that of the group
/// or application. Through nested groups too, and directory roles over the whole directory. Pure.
/// </summary>
/// <param name="Principals">Object ids whose Azure roles count: its own and those of the groups above it.</param>
/// <param name="Roles">Names of the directory roles it gives, and of the groups that can hold some.</param>
/// <param name="Read">False when a part could not be read.</param>
internal sealed record HeldPower(IReadOnlyList<string> Principals, IReadOnlyList<string> Roles, bool Read)
{
    private const string Above = "transitiveMemberOf?$select=id,displayName,isAssignableToRole&$top=999";

    /// <summary>
    /// Whether an access has to be judged by what something else is assigned: only what this program would ever give back.
    /// </summary>
    public static bool IsHolder(Access access) =>
        access.NotRemovable is null
        && access.Kind
            is AccessKind.GroupMember
                or AccessKind.OwnedGroup
                or AccessKind.OwnedApplication
                or AccessKind.OwnedServicePrincipal;

    /// <summary>The object ids of all of them.</summary>
    public static IReadOnlySet<string> PrincipalsOf(IEnumerable<HeldPower> held) =>
        held.SelectMany(h => h.Principals).ToHashSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether there are groups above the person's own: only then does each of them have to be asked for those above it.</summary>
    /// <param name="direct">The groups the person is in.</param>
    /// <param name="all">These, and those above them.</param>
    public static bool IsNested(GraphReading direct, GraphReading all)
    {
        var known = direct.Items.Select(i => i.Text("id")).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return direct.Failure is not null
            || all.Failure is not null
            || all.Items.Any(i => i.Text("@odata.type") is "#microsoft.graph.group" or null && !known.Contains(i.Text("id")));
    }

    /// <summary>What to read of one.</summary>
    /// <param name="access">The access.</param>
    /// <param name="nested">See <see cref="IsNested"/>.</param>
    public static IEnumerable<GraphRead> Reads(Access access, bool nested)
    {
        var id = Uri.EscapeDataString(access.Id);
        switch (access.Kind)
        {
            case AccessKind.OwnedApplication when access.Details.TryGetValue("appId", out var appId):
                var principal = $"/servicePrincipals(appId='{Uri.EscapeDataString(appId)}')";
                yield return new("principal/" + access.Id, $"{principal}?$select=id", DeclaredCall.PrincipalByAppId, Single: true);
                yield return new("above/" + access.Id, $"{principal}/{Above}", DeclaredCall.PrincipalMemberOfByAppId);
                break;
            case AccessKind.OwnedServicePrincipal:
                yield return new("above/" + access.Id, $"/servicePrincipals/{id}/{Above}", DeclaredCall.PrincipalMemberOf);
                break;
            case AccessKind.OwnedGroup:
            case AccessKind.GroupMember when nested:
                yield return new("above/" + access.Id, $"/groups/{id}/{Above}", DeclaredCall.GroupMemberOf);
                break;
        }
    }

    /// <summary>What the reads say of one.</summary>
    /// <param name="access">The access.</param>
    /// <param name="read">What was read, of this and others.</param>
    /// <param name="nested">See <see cref="IsNested"/>.</param>
    // {"value":[{"@odata.type":"#microsoft.graph.group","id":"…","displayName":"Platform","isAssignableToRole":null},
    //  {"@odata.type":"#microsoft.graph.directoryRole","id":"…","displayName":"Application Administrator"}]}
    public static HeldPower From(Access access, IReadOnlyDictionary<string, GraphReading> read, bool nested)
    {
        if (!read.TryGetValue("above/" + access.Id, out var above))
            return access.Kind == AccessKind.GroupMember && !nested ? new([access.Id], [], Read: true) : new([], [], Read: false);
        // An app registration without a principal in this tenant has no power in it.
        var own = read.TryGetValue("principal/" + access.Id, out var principal) ? principal.Body.Text("id") : access.Id;
        var groups = above.Items.Where(i => i.Text("@odata.type") is "#microsoft.graph.group" or null).ToList();
        var roles = above
            .Items.Where(i => i.Text("@odata.type") == "#microsoft.graph.directoryRole")
            .Select(Name)
            .Concat(groups.Where(g => g.Flag("isAssignableToRole") == true).Select(Name));
        return new(
            [.. groups.Select(g => g.Text("id")).Append(own).OfType<string>().Distinct(StringComparer.OrdinalIgnoreCase)],
            [.. roles],
            IsRead(above) && (principal is null || IsRead(principal)) && !groups.Exists(GraphAccess.IsLimited)
        );
    }

    /// <summary>The access as judged by this and by the Azure roles of <see cref="Principals"/>.</summary>
    public Access Judged(Access access, PowerReading azure) =>
        Power.Judged(access, Roles.Concat(Principals.SelectMany(p => azure.Roles[p])), Read && azure.Source.Complete);

    private static bool IsRead(GraphReading reading) => reading.Failure is null || reading.Missing;

    private static string Name(JsonElement item) => item.Text("displayName") ?? item.Text("id") ?? "a directory role";
}
