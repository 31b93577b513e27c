using System.Text.Json;

namespace Compliance.Offboarding.Directory;

/// <summary>What Graph's objects mean as access of a person, and why some of it cannot be taken away here. Pure.</summary>
internal static class GraphAccess
{
    // Detail: id of the group through which something is held; Graph's own name for it in licences.
    private const string Group = "assignedByGroup";

    // Collection in the address by type of method; the type's name alone does not give it.
    private static readonly Dictionary<string, (string Collection, string Name)> Methods = new(StringComparer.Ordinal)
    {
        ["#microsoft.graph.phoneAuthenticationMethod"] = ("phoneMethods", "phone"),
        ["#microsoft.graph.microsoftAuthenticatorAuthenticationMethod"] = ("microsoftAuthenticatorMethods", "Microsoft Authenticator"),
        ["#microsoft.graph.fido2AuthenticationMethod"] = ("fido2Methods", "passkey"),
        ["#microsoft.graph.softwareOathAuthenticationMethod"] = ("softwareOathMethods", "authenticator code"),
        ["#microsoft.graph.emailAuthenticationMethod"] = ("emailMethods", "e-mail"),
        ["#microsoft.graph.windowsHelloForBusinessAuthenticationMethod"] = ("windowsHelloForBusinessMethods", "Windows Hello for Business"),
        ["#microsoft.graph.temporaryAccessPassAuthenticationMethod"] = ("temporaryAccessPassMethods", "temporary access pass"),
        ["#microsoft.graph.platformCredentialAuthenticationMethod"] = ("platformCredentialMethods", "platform credential"),
    };

    /// <summary>
    /// Whether Graph answered nothing but the id of an object, everything else null: so it lists what the app has no permission to read
    /// (Microsoft Graph, "Limited information returned for inaccessible member objects").
    /// </summary>
    // {"@odata.type":"#microsoft.graph.device","id":"…","deviceId":null,"displayName":null,"operatingSystem":null,"accountEnabled":null}
    public static bool IsLimited(JsonElement item)
    {
        // Roles and administrative units may be listed so: nothing of theirs is needed.
        if (
            item.ValueKind != JsonValueKind.Object
            || item.Text("@odata.type")
                is not (
                    null
                    or "#microsoft.graph.group"
                    or "#microsoft.graph.device"
                    or "#microsoft.graph.application"
                    or "#microsoft.graph.servicePrincipal"
                )
        )
            return false;
        var others = item.EnumerateObject().Where(p => p.Name != "id" && !p.Name.StartsWith('@')).ToList();
        return others.Count > 0 && others.TrueForAll(p => p.Value.ValueKind == JsonValueKind.Null);
    }

    /// <summary>The account, when it can sign in.</summary>
    public static Access? Account(JsonElement user) =>
        user.Flag("accountEnabled") == false
            ? null
            : new()
            {
                Kind = AccessKind.Account,
                Id = user.Text("id")!,
                Name = user.Text("userPrincipalName") ?? user.Text("id")!,
            };

    /// <summary>
    /// A membership; null for what <c>memberOf</c> lists besides groups (directory roles are read on their own, administrative units give
    /// no access).
    /// </summary>
    /// <param name="item">As Graph gives it.</param>
    /// <param name="principalName">User principal name of the person, which commands name.</param>
    public static Access? Membership(JsonElement item, string principalName)
    {
        if (item.Text("@odata.type") is not ("#microsoft.graph.group" or null) || item.Text("id") is not { } id)
            return null;
        var name = item.Text("displayName") ?? id;
        var (why, what) = Unremovable(item, name, principalName, owner: false);
        return new()
        {
            Kind = AccessKind.GroupMember,
            Id = id,
            Name = name,
            Privileged = item.Flag("isAssignableToRole") == true,
            NotRemovable = why,
            WhatToDo = what,
            Details = Kept(item, "securityEnabled", "mailEnabled", "isAssignableToRole", "onPremisesSyncEnabled"),
        };
    }

    /// <summary>Why this program puts no one into a group; null when it can.</summary>
    public static string? WhyNoneIsAdded(JsonElement group)
    {
        var types = group.Items("groupTypes").Select(t => t.ToString()).ToList();
        if (group.Flag("isAssignableToRole") == true)
            return "it can hold directory roles, so that its members are changed only with RoleManagement.ReadWrite.Directory";
        if (group.Flag("onPremisesSyncEnabled") == true)
            return "it comes from the on-premises directory, where its members are changed";
        if (types.Contains("DynamicMembership"))
            return "its members are chosen by a rule";
        return group.Flag("mailEnabled") == true && !types.Contains("Unified") ? "it is mail-enabled: Exchange changes its members" : null;
    }

    /// <summary>A sign-in method. What identifies it to the person (a number, an address) is not kept.</summary>
    public static Access? SignInMethod(JsonElement item)
    {
        if (item.Text("id") is not { } id)
            return null;
        var type = item.Text("@odata.type") ?? "";
        if (Methods.TryGetValue(type, out var known))
            return new()
            {
                Kind = AccessKind.SignInMethod,
                Id = $"{known.Collection}/{id}",
                Name = known.Name,
                Details = Given(("@odata.type", type)),
            };
        var password = type == "#microsoft.graph.passwordAuthenticationMethod";
        return new()
        {
            Kind = AccessKind.SignInMethod,
            Id = password ? $"passwordMethods/{id}" : $"methods/{id}",
            Name = password ? "password" : type.Split('.')[^1],
            NotRemovable = password
                ? "a password cannot be deleted; it opens nothing while the account is disabled"
                : "this kind of method cannot be deleted through Graph v1.0, or is newer than this program",
            WhatToDo = password
                ? "reset it before the account is ever enabled again"
                : "delete it in the Entra admin center: Users, the person, Authentication methods",
            Details = Given(("@odata.type", type)),
        };
    }

    /// <summary>An app role. Assigned to a group, it comes and goes with the membership.</summary>
    // {"id":"…","appRoleId":"…","principalId":"…","principalType":"User","resourceId":"…","resourceDisplayName":"Model registry"}
    public static Access? AppRole(JsonElement item, string userId)
    {
        if (item.Text("id") is not { } id)
            return null;
        var throughGroup =
            item.Text("principalType") == "Group"
            || (item.Text("principalId") is { } principal && !principal.Equals(userId, StringComparison.OrdinalIgnoreCase));
        var app = item.Text("resourceDisplayName") ?? item.Text("resourceId") ?? id;
        return new()
        {
            Kind = AccessKind.AppRole,
            Id = id,
            Name = app,
            NotRemovable = throughGroup
                ? $"assigned through the group {item.Text("principalDisplayName") ?? item.Text("principalId")}"
                : null,
            WhatToDo = throughGroup ? "take the person out of that group" : null,
            Details = With(
                Kept(item, "appRoleId", "principalId", "principalType", "resourceId"),
                (Group, throughGroup ? item.Text("principalId") : null)
            ),
        };
    }

    /// <summary>A delegated grant for this user alone; null for one for everybody.</summary>
    // {"id":"…","clientId":"…","consentType":"Principal","principalId":"…","resourceId":"…","scope":" User.Read Files.Read"}
    public static Access? Grant(JsonElement item) =>
        item.Text("id") is not { } id || item.Text("consentType") == "AllPrincipals"
            ? null
            : new()
            {
                Kind = AccessKind.DelegatedGrant,
                Id = id,
                Name = item.Text("scope")?.Trim() ?? "delegated grant",
                Details = Kept(item, "clientId", "consentType", "principalId", "resourceId", "scope"),
            };

    /// <summary>A directory role, in force or eligible; null for one that is held through a group.</summary>
    // {"id":"…","principalId":"…","roleDefinitionId":"…","directoryScopeId":"/","memberType":"Direct",
    // "roleDefinition":{"displayName":"Application
    // Administrator",…}}
    public static Access? DirectoryRole(AccessKind kind, JsonElement item, string userId)
    {
        if (
            item.Text("id") is not { } id
            || item.Text("principalId") is { } principal && !principal.Equals(userId, StringComparison.OrdinalIgnoreCase)
        )
            return null;
        var throughGroup = item.Text("memberType") == "Group";
        var scope = item.Text("directoryScopeId") ?? item.Text("appScopeId") ?? "/";
        return new()
        {
            Kind = kind,
            Id = id,
            Name = item.At("roleDefinition")?.Text("displayName") ?? item.Text("roleDefinitionId") ?? id,
            Scope = scope,
            Privileged = true,
            NotRemovable = throughGroup ? "held through a group" : null,
            WhatToDo = throughGroup ? "nothing more: it ends with the membership in that group" : null,
            Details = With(
                Kept(item, "roleDefinitionId", "appScopeId", "memberType"),
                ("principalId", userId),
                ("directoryScopeId", item.Text("appScopeId") is null ? scope : null)
            ),
        };
    }

    /// <summary>
    /// Detail: the schedule of a directory role that PIM manages, by Graph's own name; a role without it is deleted as an assignment.
    /// </summary>
    public const string Schedule = "roleAssignmentScheduleId";

    /// <summary>
    /// The directory role with its schedule, where PIM manages it: one that was activated, or has an end. Others are listed among the
    /// instances, too.
    /// </summary>
    /// <param name="role">A directory role in force.</param>
    /// <param name="instances">All instances of the person's schedules.</param>
    // {"id":"…","principalId":"…","roleDefinitionId":"…","directoryScopeId":"/","appScopeId":null,"assignmentType":"Activated",
    //  "memberType":"Direct","endDateTime":"2026-11-23T17:00:00Z","roleAssignmentOriginId":"…","roleAssignmentScheduleId":"…"}
    public static Access Scheduled(Access role, IEnumerable<JsonElement> instances)
    {
        var found = instances.FirstOrDefault(i =>
            Same(i.Text("roleAssignmentOriginId"), role.Id)
            || (
                Same(i.Text("roleDefinitionId"), role.Details.GetValueOrDefault("roleDefinitionId"))
                && Same(i.Text("directoryScopeId") ?? i.Text("appScopeId") ?? "/", role.Scope)
            )
        );
        return
            found.ValueKind == JsonValueKind.Object
            && (found.Text("assignmentType") == "Activated" || found.Text("endDateTime") is not null)
            ? role with
            {
                Details = With(
                    new Dictionary<string, string>(role.Details, StringComparer.Ordinal),
                    (Schedule, found.Text("roleAssignmentScheduleId") ?? found.Text("id")),
                    ("assignmentType", found.Text("assignmentType"))
                ),
            }
            : role;
    }

    /// <summary>A registered device that is enabled.</summary>
    public static Access? Device(JsonElement item) =>
        item.Text("id") is not { } id || item.Flag("accountEnabled") == false
            ? null
            : new()
            {
                Kind = AccessKind.Device,
                Id = id,
                Name = item.Text("displayName") ?? id,
                Details = Kept(item, "deviceId", "operatingSystem", "accountEnabled", "trustType"),
            };

    /// <summary>A device under management that is not being retired or wiped already.</summary>
    public static Access? ManagedDevice(JsonElement item) =>
        item.Text("id") is not { } id
        || item.Text("managementState") is { } state
            && (
                state.StartsWith("retire", StringComparison.OrdinalIgnoreCase)
                || state.StartsWith("wipe", StringComparison.OrdinalIgnoreCase)
            )
            && !state.EndsWith("Failed", StringComparison.OrdinalIgnoreCase)
            && !state.EndsWith("Canceled", StringComparison.OrdinalIgnoreCase)
            ? null
            : new()
            {
                Kind = AccessKind.ManagedDevice,
                Id = id,
                Name = item.Text("deviceName") ?? id,
                Details = Kept(item, "azureADDeviceId", "operatingSystem", "managementState"),
            };

    /// <summary>
    /// Licences. The same one can be assigned directly and inherited from groups: what is inherited has the group in its id, so that it
    /// stays apart from the one that can be taken away.
    /// </summary>
    // {"assignedLicenses":[{"skuId":"…","disabledPlans":[]}],"licenseAssignmentStates":[{"skuId":"…","assignedByGroup":null,
    // "disabledPlans":[],"state":"Active","error":"None"}]}
    public static IEnumerable<Access> Licences(JsonElement user)
    {
        var states = user.Items("licenseAssignmentStates").Where(s => s.Text("skuId") is not null).ToList();
        foreach (var state in states)
        {
            var (sku, group) = (state.Text("skuId")!, state.Text("assignedByGroup"));
            yield return Licence(group is null ? sku : $"{sku}/{group}", sku, state, group);
        }
        // Without its states, a licence counts as the user's own: taking it away says so if it is not.
        foreach (var licence in user.Items("assignedLicenses"))
            if (licence.Text("skuId") is { } sku && !states.Exists(s => s.Text("skuId") == sku))
                yield return Licence(sku, sku, licence, null);
    }

    /// <summary>
    /// The access with what becomes of it when it comes from a group: it ends with a membership that this program can end, and stays with
    /// any other.
    /// </summary>
    /// <param name="access">Any access; one that comes from no group is returned as it is.</param>
    /// <param name="all">All of the person's access in Graph.</param>
    public static Access ThroughGroup(Access access, IEnumerable<Access> all)
    {
        if (access.Kind is not (AccessKind.Licence or AccessKind.AppRole) || !access.Details.TryGetValue(Group, out var id))
            return access;
        var how = access.Kind == AccessKind.Licence ? "inherited from" : "assigned through";
        var membership = all.FirstOrDefault(a => a.Kind == AccessKind.GroupMember && a.Id.Equals(id, StringComparison.OrdinalIgnoreCase));
        if (membership is null)
            return access with
            {
                NotRemovable = $"{how} the group {id}, which the person's memberships do not show",
                WhatToDo =
                    $"it stays while the person is in that group: find it in the Entra admin center by its id {id}, and end the membership",
            };
        return membership.NotRemovable is { } why
            ? access with
            {
                NotRemovable = $"{how} the group {membership.Name}, a membership that this program cannot end ({why})",
                WhatToDo = $"it stays until that membership ends: {membership.WhatToDo}",
            }
            : access with
            {
                NotRemovable = $"{how} the group {membership.Name}",
                WhatToDo = $"nothing more: it ends with the membership in {membership.Name}",
            };
    }

    /// <summary>Something the person owns; null for kinds that give no power.</summary>
    /// <param name="item">As Graph gives it.</param>
    /// <param name="principalName">User principal name of the person, which commands name.</param>
    public static Access? Owned(JsonElement item, string principalName)
    {
        if (item.Text("id") is not { } id)
            return null;
        var name = item.Text("displayName") ?? id;
        switch (item.Text("@odata.type"))
        {
            case "#microsoft.graph.application":
                return new()
                {
                    Kind = AccessKind.OwnedApplication,
                    Id = id,
                    Name = name,
                    Details = With(Kept(item, "appId"), ("credentials", Credentials(item))),
                };
            case "#microsoft.graph.servicePrincipal":
                return new()
                {
                    Kind = AccessKind.OwnedServicePrincipal,
                    Id = id,
                    Name = name,
                    Details = With(Kept(item, "appId"), ("credentials", Credentials(item))),
                };
            case "#microsoft.graph.group":
                var (why, what) = Unremovable(item, name, principalName, owner: true);
                // Who owns a dynamic group is not decided by its rule.
                var dynamic = item.Items("groupTypes").Any(t => t.ToString() == "DynamicMembership");
                return new()
                {
                    Kind = AccessKind.OwnedGroup,
                    Id = id,
                    Name = name,
                    Privileged = item.Flag("isAssignableToRole") == true,
                    NotRemovable = dynamic ? null : why,
                    WhatToDo = dynamic ? null : what,
                    Details = Kept(item, "isAssignableToRole", "onPremisesSyncEnabled"),
                };
            default:
                return null;
        }
    }

    /// <summary>Other owners who are people and can sign in; null when that is not certain.</summary>
    public static int? OtherOwners(IReadOnlyList<JsonElement> owners, string userId)
    {
        var others = owners
            .Where(o =>
                o.Text("@odata.type") is "#microsoft.graph.user" or null
                && o.Text("id") is { } id
                && !id.Equals(userId, StringComparison.OrdinalIgnoreCase)
            )
            .DistinctBy(o => o.Text("id"), StringComparer.OrdinalIgnoreCase)
            .ToList();
        var living = others.Count(o => o.Flag("accountEnabled") == true);
        return living == 0 && others.Exists(o => o.Flag("accountEnabled") is null) ? null : living;
    }

    /// <summary>The names of the permissions that make an application privileged; empty when it has none.</summary>
    public static IReadOnlyList<string> PrivilegedNames(IReadOnlyList<JsonElement> appRoleAssignments) =>
        [
            .. appRoleAssignments
                .Select(a => a.Text("appRoleId"))
                .OfType<string>()
                .Select(id => PrivilegedPermissions.ById.GetValueOrDefault(id))
                .OfType<string>()
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal),
        ];

    /// <summary>Those details that were given, by Graph's own names.</summary>
    private static Dictionary<string, string> Kept(JsonElement item, params string[] names)
    {
        var details = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in names)
            if (item.At(name) is { } value)
                details[name] = value.ValueKind switch
                {
                    JsonValueKind.String => value.GetString()!,
                    JsonValueKind.True => "true",
                    JsonValueKind.False => "false",
                    _ => value.GetRawText(),
                };
        if (item.Items("groupTypes").Select(t => t.ToString()).ToList() is { Count: > 0 } types)
            details["groupTypes"] = string.Join(',', types);
        return details;
    }

    private static Dictionary<string, string> Given(params (string Name, string Value)[] details) =>
        details.ToDictionary(d => d.Name, d => d.Value, StringComparer.Ordinal);

    private static Dictionary<string, string> With(Dictionary<string, string> details, params (string Name, string? Value)[] more)
    {
        foreach (var (name, value) in more)
            if (value is not null)
                details[name] = value;
        return details;
    }

    // How many secrets and certificates there are; null when it was not given.
    private static string? Credentials(JsonElement item) =>
        item.At("passwordCredentials") is null && item.At("keyCredentials") is null
            ? null
            : (item.Items("passwordCredentials").Count() + item.Items("keyCredentials").Count()).ToString(
                System.Globalization.CultureInfo.InvariantCulture
            );

    private static Access Licence(string id, string sku, JsonElement item, string? group) =>
        new()
        {
            Kind = AccessKind.Licence,
            Id = id,
            Name = sku,
            NotRemovable = group is null ? null : $"inherited from the group {group}",
            WhatToDo = group is null ? null : "take the person out of that group",
            Details = With(
                Given(("skuId", sku), ("disabledPlans", string.Join(',', item.Items("disabledPlans").Select(p => p.ToString())))),
                (Group, group)
            ),
        };

    private static bool Same(string? a, string? b) => a is not null && a.Equals(b, StringComparison.OrdinalIgnoreCase);

    private static (string? Why, string? WhatToDo) Unremovable(JsonElement group, string name, string principalName, bool owner)
    {
        var whom = owner ? "the person's ownership" : "the person";
        var types = group.Items("groupTypes").Select(t => t.ToString()).ToList();
        if (group.Flag("onPremisesSyncEnabled") == true)
            return ("comes from the on-premises directory, which would bring it back", $"take {whom} out of {name} in Active Directory");
        if (types.Contains("DynamicMembership"))
            return (
                "its members follow a rule",
                $"change what the rule looks at{(group.Text("membershipRule") is { } rule ? $" ({rule})" : "")}, or the rule"
            );
        if (group.Flag("mailEnabled") == true && !types.Contains("Unified"))
        {
            var kind = group.Flag("securityEnabled") switch
            {
                true => "a mail-enabled security group",
                false => "a distribution group",
                null => "a distribution or mail-enabled security group",
            };
            var (of, person) = (PowerShell(group.Text("mail") ?? name), PowerShell(principalName));
            return (
                $"{kind}, which Graph only reads",
                $"take {whom} out of {name} in Exchange Online: "
                    + (
                        owner
                            ? $"Set-DistributionGroup -Identity {of} -ManagedBy @{{Remove={person}}} -BypassSecurityGroupManagerCheck"
                            : $"Remove-DistributionGroupMember -Identity {of} -Member {person} -BypassSecurityGroupManagerCheck "
                                + "-Confirm:$false"
                    )
            );
        }
        return (null, null);
    }

    // A single-quoted text of PowerShell, in which only the quotes themselves mean something. It takes typographic quotes for quotes, too.
    private static string PowerShell(string text) =>
        "'" + string.Concat(text.Select(c => c is '\'' or '\u2018' or '\u2019' or '\u201A' or '\u201B' ? $"{c}{c}" : $"{c}")) + "'";
}
