using System.Globalization;
using System.Text;
using System.Text.Json;
using Compliance.Tenants;

namespace Compliance.Offboarding.Directory;

/// <summary>
/// The person an HR event is about and all the guards need to know, in one round trip: everything that may be asked is asked together,
/// before the object id is known.
/// </summary>
internal sealed class LeaverLookups(GraphReads reads)
{
    /// <summary>The directory role Global Administrator; the same id in every tenant.</summary>
    public const string GlobalAdministrator = "62e90394-69f5-4237-9190-012177145e10";

    private const string Fields =
        "$select=id,userPrincipalName,displayName,employeeId,mail,userType,employeeType,accountEnabled,onPremisesSyncEnabled,"
            + "signInSessionsValidFromDateTime"
        + "&$expand=manager($select=id)";

    private const string Administrators = "administrators";
    private const string Staff = "staff";
    private const string ById = "user";
    private const string LeaveDate = "leave/";

    /// <summary>By what HR knows.</summary>
    public async Task<LeaverLookup> FindAsync(HrEvent latest, OffboardingPolicy policy, CancellationToken cancellationToken)
    {
        var asked = Matching.Asked(policy.Match, latest);
        var read = await reads.ReadAsync(
            [
                .. asked.Select(a => new GraphRead(a, UsersBy(a, latest, Fields), DeclaredCall.Users)),
                .. asked.Select(a => new GraphRead(
                    LeaveDate + a,
                    UsersBy(a, latest, "$select=id,employeeLeaveDateTime"),
                    DeclaredCall.UserLeaveDate
                )),
                .. Common(policy),
            ],
            cancellationToken
        );

        var decision = Matching.Decide(
            policy.Match,
            asked.ToDictionary(a => a, a => Answer(a, latest, read[a]), StringComparer.Ordinal),
            latest
        );
        if (decision.UserId is not { } id)
            return new(null, decision.Problem ?? decision.Unread, decision.Candidates, decision.Unread is not null);
        var user = asked.SelectMany(a => read[a].Items).First(u => Same(u.Text("id"), id));
        // Found by address alone, while the employee id says that it is somebody else: a successor may have been given the same address.
        if (
            policy.Match.Any(r => r.Attributes.Contains("employeeId", StringComparer.Ordinal))
            && user.Text("employeeId")?.Trim() is { Length: > 0 } own
            && !Same(own, Matching.ValueOf(latest, "employeeId"))
        )
            return new(
                null,
                $"The account {user.Text("userPrincipalName") ?? id} has the addresses that HR gave and another employee id ('{own}').",
                decision.Candidates,
                false
            );
        var leaves = asked.SelectMany(a => read[LeaveDate + a].Items).FirstOrDefault(u => Same(u.Text("id"), id));
        return new(await FactsAsync(user, leaves, read, policy, cancellationToken), null, decision.Candidates, false);
    }

    /// <summary>By object id.</summary>
    public async Task<LeaverLookup> FindAsync(string userId, OffboardingPolicy policy, CancellationToken cancellationToken)
    {
        var path = $"/users/{Uri.EscapeDataString(userId)}";
        var read = await reads.ReadAsync(
            [
                new(ById, $"{path}?{Fields}", DeclaredCall.User, Single: true),
                new(LeaveDate, $"{path}?$select=id,employeeLeaveDateTime", DeclaredCall.UserLeaveDate, Single: true),
                .. Common(policy),
            ],
            cancellationToken
        );
        var user = read[ById];
        if (user.Missing)
            return new(
                null,
                $"There is no user '{userId}' in the tenant, under this object id or principal name: "
                    + "it was mistyped, or the user was deleted.",
                [],
                false
            );
        if (user.Failure is { } failure || user.Body.Text("id") is null)
            return new(null, $"user {userId}: {user.Failure?.Reason ?? "the answer has no 'id'"}", [], true);
        return new(await FactsAsync(user.Body, read[LeaveDate].Body, read, policy, cancellationToken), null, [userId], false);
    }

    private static string UsersBy(string attribute, HrEvent latest, string fields) =>
        $"/users?$filter={attribute}"
            + $"%20eq%20'{Uri.EscapeDataString(Matching.ValueOf(latest, attribute)!.Replace("'", "''", StringComparison.Ordinal))}'&"
            + $"{fields}";

    private static IEnumerable<GraphRead> Common(OffboardingPolicy policy) =>
        [
            .. policy.ProtectedGroups.Select(g => new GraphRead(Group(g), MembersOf(g, "id"), DeclaredCall.TransitiveMembers)),
            new(
                Administrators,
                $"/roleManagement/directory/roleAssignments?$filter=roleDefinitionId%20eq%20'{GlobalAdministrator}'&$expand=principal",
                DeclaredCall.DirectoryRoles
            ),
            new(Staff, "/users/$count", DeclaredCall.UserCount, Single: true, Eventual: true),
        ];

    private static string Group(string id) => "group/" + id;

    private static string MembersOf(string group, string fields) =>
        $"/groups/{Uri.EscapeDataString(group)}/transitiveMembers?$select={fields}&$top=999";

    // An answer with somebody who was not asked for is no answer: a filter that is ignored returns everybody.
    private static AttributeAnswer Answer(string attribute, HrEvent latest, GraphReading reading)
    {
        if (reading.Failure is { } failure)
            return new([], failure.Reason);
        return reading.Items.All(u => u.Text("id") is not null && Same(u.Text(attribute), Matching.ValueOf(latest, attribute)))
            ? new([.. reading.Items.Select(u => u.Text("id")!).Distinct(StringComparer.OrdinalIgnoreCase)], null)
            : new([], "the answer holds users that were not asked for");
    }

    private async Task<LeaverFacts> FactsAsync(
        JsonElement user,
        JsonElement leaves,
        IReadOnlyDictionary<string, GraphReading> read,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var id = user.Text("id")!;
        var unread = new List<string>();
        var protectedBy = new List<string>();
        foreach (var group in policy.ProtectedGroups.Order(StringComparer.OrdinalIgnoreCase))
            if (read[Group(group)] is { Failure: { } failure })
                // A group that is not there protects nobody: policy names the wrong one.
                unread.Add($"members of protected group {group}: {failure.Reason}");
            else if (read[Group(group)].Items.Any(m => Same(m.Text("id"), id)))
                protectedBy.Add(group);

        var administrators = await GlobalAdministratorsAsync(read[Administrators], cancellationToken);
        unread.AddRange(administrators.Unread);
        var staff = read[Staff].Failure is null ? Count(read[Staff].Body) : null;
        if (staff is null)
            unread.Add($"number of users: {read[Staff].Failure?.Reason ?? "the answer is no number"}");
        var otherIds = administrators.Enabled.Where(a => !Same(a.Key, id) && a.Value == true).Select(a => a.Key).ToList();
        var others = otherIds.Count;
        return new()
        {
            UserId = id,
            PrincipalName = user.Text("userPrincipalName") ?? id,
            DisplayName = user.Text("displayName") ?? user.Text("userPrincipalName") ?? id,
            EmployeeId = user.Text("employeeId"),
            Mail = user.Text("mail"),
            UserType = user.Text("userType"),
            EmployeeType = user.Text("employeeType"),
            AccountEnabled = user.Flag("accountEnabled"),
            OnPremisesSynced = user.Flag("onPremisesSyncEnabled") == true,
            SessionsValidFrom = user.Instant("signInSessionsValidFromDateTime"),
            LeaveDate = leaves.Instant("employeeLeaveDateTime"),
            ManagerId = user.At("manager")?.Text("id"),
            ProtectedBy = protectedBy,
            GlobalAdministrator = administrators.Enabled.ContainsKey(id),
            // One that was seen is enough to say that there is another; none seen says nothing while something is unread.
            OtherGlobalAdministrators =
                others == 0 && (administrators.Unread.Count > 0 || administrators.Enabled.Any(a => !Same(a.Key, id) && a.Value is null))
                    ? null
                    : others,
            OtherGlobalAdministratorIds = [.. otherIds.Order(StringComparer.OrdinalIgnoreCase)],
            Staff = staff,
            Unread = unread,
        };
    }

    // {"principalId":"…","directoryScopeId":"/","principal":{"@odata.type":"#microsoft.graph.user","id":"…","accountEnabled":true,…}}
    private async Task<(Dictionary<string, bool?> Enabled, List<string> Unread)> GlobalAdministratorsAsync(
        GraphReading assignments,
        CancellationToken cancellationToken
    )
    {
        var enabled = new Dictionary<string, bool?>(StringComparer.OrdinalIgnoreCase);
        if (assignments.Failure is { } failure)
            return (enabled, [$"Global Administrators: {failure.Reason}"]);
        var doubtful = new Dictionary<string, GraphRead>(StringComparer.OrdinalIgnoreCase);
        foreach (var assignment in assignments.Items.Where(a => a.Text("directoryScopeId") is "/" or null))
        {
            if (assignment.Text("principalId") is not { } principal)
                continue;
            var type = assignment.At("principal")?.Text("@odata.type");
            var on = assignment.At("principal")?.Flag("accountEnabled");
            if (type == "#microsoft.graph.servicePrincipal")
                continue;
            if (type == "#microsoft.graph.user")
                enabled[principal] = on;
            // What the answer does not state is asked for in one more round trip: a group's members, a principal without its type or state.
            if (type != "#microsoft.graph.group" && on is null)
                doubtful["user/" + principal] = new(
                    "user/" + principal,
                    $"/users/{Uri.EscapeDataString(principal)}?$select=id,accountEnabled",
                    DeclaredCall.User,
                    Single: true
                );
            if (type is "#microsoft.graph.group" or null)
                doubtful["group/" + principal] = new(
                    "group/" + principal,
                    MembersOf(principal, "id,accountEnabled"),
                    DeclaredCall.TransitiveMembers
                );
        }
        var unread = new List<string>();
        foreach (var (key, reading) in await reads.ReadAsync(doubtful.Values, cancellationToken))
        {
            if (reading is { Failure: { } why, Missing: false })
                unread.Add($"Global Administrators ({key}): {why.Reason}");
            foreach (var person in reading.Items.Append(reading.Body).Where(p => p.Text("@odata.type") is "#microsoft.graph.user" or null))
                if (person.Text("id") is { } id)
                    enabled[id] = enabled.GetValueOrDefault(id) ?? person.Flag("accountEnabled");
        }
        return (enabled, unread);
    }

    /// <summary>
    /// A bare count inside a batch: a number, its digits, or the digits in Base64, as text bodies come there (Base64 of a digit begins with
    /// M, N or O).
    /// </summary>
    internal static long? Count(JsonElement body)
    {
        if (body.ValueKind == JsonValueKind.Number && body.TryGetInt64(out var number))
            return number;
        if (body.ValueKind != JsonValueKind.String || body.GetString() is not { Length: > 0 } text)
            return null;
        var bytes = new byte[text.Length];
        var digits =
            !char.IsAsciiDigit(text[0]) && Convert.TryFromBase64String(text, bytes, out var length)
                ? Encoding.ASCII.GetString(bytes, 0, length)
                : text;
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : null;
    }

    private static bool Same(string? a, string? b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);
}
