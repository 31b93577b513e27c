using System.Text.Json;
using Compliance.Offboarding;
using Compliance.Offboarding.Directory;

namespace Compliance.Tests.Offboarding.Directory;

public sealed class LookUpTests
{
    private const string Dana = "da0a0000-0000-4000-8000-000000000001";
    private const string Group = "b9ea0000-0000-4000-8000-000000000002";

    private static readonly HrEvent Event = new(
        "hr",
        "1",
        HrEventKind.Terminated,
        DateTimeOffset.UnixEpoch,
        "NW-1",
        "1",
        1,
        null,
        false,
        "dana@x.example",
        "d'ana@x.example"
    );

    private static readonly OffboardingPolicy Policy = new()
    {
        Sha256 = "00",
        ProtectedGroups = new HashSet<string> { Group },
    };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_round_trip_tells_all_the_guards_need()
    {
        await using var tenant = await StartAsync();

        var lookup = await tenant.Directory.LookUpAsync(Event, Policy, Stop);

        Assert.Equal(1, tenant.RoundTrips);
        Assert.Equal((null, false), (lookup.Problem, lookup.Unreadable));
        Assert.Equal(
            JsonSerializer.Serialize(
                new LeaverFacts
                {
                    UserId = Dana,
                    PrincipalName = "dana@x.example",
                    DisplayName = "Dana Whitlock",
                    EmployeeId = "NW-1",
                    Mail = "d'ana@x.example",
                    UserType = "Member",
                    EmployeeType = "Employee",
                    AccountEnabled = true,
                    OnPremisesSynced = true,
                    SessionsValidFrom = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
                    LeaveDate = new DateTimeOffset(2026, 11, 30, 17, 0, 0, TimeSpan.Zero),
                    ManagerId = "manager",
                    ProtectedBy = [Group],
                    GlobalAdministrator = true,
                    OtherGlobalAdministrators = 1,
                    OtherGlobalAdministratorIds = ["other"],
                    Staff = 300,
                }
            ),
            JsonSerializer.Serialize(lookup.Facts)
        );
    }

    [Fact]
    public async Task By_object_id_the_same_is_told_in_one_round_trip()
    {
        await using var tenant = await StartAsync();
        var byEvent = await tenant.Directory.LookUpAsync(Event, Policy, Stop);

        var byId = await tenant.Directory.LookUpAsync(Dana, Policy, Stop);

        Assert.Equal(2, tenant.RoundTrips);
        Assert.Equal(JsonSerializer.Serialize(byEvent.Facts), JsonSerializer.Serialize(byId.Facts));
    }

    [Theory]
    [InlineData(403)]
    [InlineData(429)]
    [InlineData(503)]
    [InlineData(400)]
    public async Task A_directory_that_cannot_be_asked_calls_nobody_missing(int status)
    {
        await using var tenant = await StartAsync();
        tenant.Fails("filter=mail eq", status);

        var lookup = await tenant.Directory.LookUpAsync(Event, Policy, Stop);

        Assert.True(lookup.Unreadable);
        Assert.Null(lookup.Facts);
        Assert.Contains($"users by mail: {status}", lookup.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_batch_that_is_cut_off_calls_nobody_missing()
    {
        await using var tenant = await StartAsync();
        tenant.When("$batch", """{"responses":[{"id":"0","sta""");

        var lookup = await tenant.Directory.LookUpAsync(Event, Policy, Stop);

        Assert.True(lookup.Unreadable);
        Assert.Contains("not valid JSON", lookup.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_with_people_who_were_not_asked_for_is_no_answer()
    {
        await using var tenant = await StartAsync();
        tenant.When("filter=employeeId eq", """{"value":[{"id":"somebody","employeeId":"NW-2"}]}""");

        var lookup = await tenant.Directory.LookUpAsync(Event, Policy, Stop);

        Assert.True(lookup.Unreadable);
        Assert.Contains("not asked for", lookup.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_who_fit_are_candidates_and_none_is_chosen()
    {
        await using var tenant = await StartAsync();
        tenant.When(
            "filter=employeeId eq",
            """{"value":[{"id":"one","employeeId":"NW-1","accountEnabled":false},{"id":"two","employeeId":"NW-1","userType":"Guest"}]}"""
        );

        var lookup = await tenant.Directory.LookUpAsync(Event, Policy, Stop);

        Assert.Equal((null, false), (lookup.Facts, lookup.Unreadable));
        Assert.Contains("Several users", lookup.Problem, StringComparison.Ordinal);
        Assert.Equal([Dana, "one", "two"], lookup.Candidates.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("NW-2", false)]
    [InlineData(null, true)]
    [InlineData(" nw-1 ", true)]
    public async Task A_successor_who_got_the_leaver_s_addresses_is_told_by_the_employee_id(string? employeeId, bool fits)
    {
        await using var tenant = await StartAsync();
        var successor = JsonSerializer.Serialize(
            new
            {
                id = Dana,
                employeeId,
                mail = "d'ana@x.example",
                userPrincipalName = "dana@x.example",
                accountEnabled = true,
            }
        );
        tenant.When("filter=employeeId eq", """{"value":[]}""");
        foreach (var address in (string[])["filter=mail eq", "filter=userPrincipalName eq"])
            tenant.When(address, $$"""{"value":[{{successor}}]}""");

        var lookup = await tenant.Directory.LookUpAsync(Event, Policy, Stop);

        Assert.Equal((fits, false), (lookup.Facts is not null, lookup.Unreadable));
        Assert.Equal(fits, lookup.Problem is null);
        // Where policy finds nobody by employee id, the directory's may be another system's.
        var byAddress = await tenant.Directory.LookUpAsync(Event, Policy with { Match = [new(["mail", "userPrincipalName"])] }, Stop);
        Assert.NotNull(byAddress.Facts);
    }

    [Fact]
    public async Task A_second_user_on_a_second_page_is_seen()
    {
        await using var tenant = await StartAsync();
        tenant.When(
            "filter=employeeId eq",
            $$"""{"value":[{"id":"{{Dana}}","employeeId":"NW-1"}],"@odata.nextLink":"{{tenant.Root}}/v1.0/users?page=2"}"""
        );
        tenant.When("/users?page=2", """{"value":[{"id":"two","employeeId":"nw-1"}]}""");

        var lookup = await tenant.Directory.LookUpAsync(Event, Policy, Stop);

        Assert.Contains("Several users", lookup.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/transitiveMembers", "members of protected group")]
    [InlineData("roleDefinitionId eq", "Global Administrators")]
    [InlineData("/users/$count", "number of users")]
    public async Task What_the_guards_need_and_could_not_be_read_is_told(string contains, string unread)
    {
        await using var tenant = await StartAsync();
        tenant.Fails(contains, 403);

        var facts = (await tenant.Directory.LookUpAsync(Event, Policy, Stop)).Facts!;

        Assert.StartsWith(unread, Assert.Single(facts.Unread), StringComparison.Ordinal);
        Assert.Contains("403", facts.Unread[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_protected_group_that_does_not_exist_protects_nobody_and_is_told()
    {
        await using var tenant = await StartAsync();
        tenant.Fails("/transitiveMembers", 404, "Request_ResourceNotFound", "Resource does not exist.");

        var facts = (await tenant.Directory.LookUpAsync(Event, Policy, Stop)).Facts!;

        Assert.Contains("404", Assert.Single(facts.Unread), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Being_on_the_second_page_of_a_protected_group_counts()
    {
        await using var tenant = await StartAsync();
        tenant.When("/transitiveMembers", $$"""{"value":[{"id":"x"}],"@odata.nextLink":"{{tenant.Root}}/v1.0/groups/{{Group}}/next"}""");
        tenant.When($"/groups/{Group}/next", $$"""{"value":[{"id":"{{Dana.ToUpperInvariant()}}"}]}""");

        var lookup = await tenant.Directory.LookUpAsync(Event, Policy, Stop);

        Assert.Equal([Group], lookup.Facts!.ProtectedBy);
        Assert.Equal(2, tenant.RoundTrips);
    }

    [Theory]
    [InlineData(
        """
        {"principalId":"other","directoryScopeId":"/","principal":{"@odata.type":"#microsoft.graph.user","id":"other",
         "accountEnabled":true}}
        """,
        false,
        1
    )]
    [InlineData(
        """
        {"principalId":"other","directoryScopeId":"/","principal":{"@odata.type":"#microsoft.graph.user","id":"other",
         "accountEnabled":false}}
        """,
        false,
        0
    )]
    [InlineData(
        """
        {"principalId":"other","directoryScopeId":"/administrativeUnits/1","principal":{"@odata.type":"#microsoft.graph.user",
         "id":"other","accountEnabled":true}}
        """,
        false,
        0
    )]
    [InlineData(
        """
        {"principalId":"app","directoryScopeId":"/","principal":{"@odata.type":"#microsoft.graph.servicePrincipal","id":"app",
         "accountEnabled":true}}
        """,
        false,
        0
    )]
    [InlineData(
        """{"principalId":"silent","directoryScopeId":"/","principal":{"@odata.type":"#microsoft.graph.user","id":"silent"}}""",
        false,
        1
    )]
    [InlineData(
        """{"principalId":"admins","directoryScopeId":"/","principal":{"@odata.type":"#microsoft.graph.group","id":"admins"}}""",
        true,
        1
    )]
    [InlineData(
        """{"principalId":"refused","directoryScopeId":"/","principal":{"@odata.type":"#microsoft.graph.user","id":"refused"}}""",
        false,
        null
    )]
    [InlineData(
        """
        {"principalId":"third","directoryScopeId":"/","principal":{"@odata.type":"#microsoft.graph.user","id":"third",
         "accountEnabled":true}},{"principalId":"quiet","directoryScopeId":"/","principal":{"@odata.type":"#microsoft.graph.group",
         "id":"quiet"}}
        """,
        false,
        1
    )]
    public async Task Other_Global_Administrators_are_counted_only_as_far_as_they_are_told(string assignment, bool isOne, int? others)
    {
        await using var tenant = await StartAsync();
        tenant.When("roleDefinitionId eq", $$"""{"value":[{{assignment}}]}""");
        tenant.When("/users/silent?", """{"id":"silent","accountEnabled":true}""");
        tenant.Fails("/users/refused?", 403);
        tenant.When("/groups/quiet/transitiveMembers", """{"value":[{"@odata.type":"#microsoft.graph.user","id":"third"}]}""");
        tenant.When(
            "/groups/admins/transitiveMembers",
            $$"""
            {"value":[{"@odata.type":"#microsoft.graph.user","id":"{{Dana}}","accountEnabled":true},
             {"@odata.type":"#microsoft.graph.user","id":"third","accountEnabled":true}]}
            """
        );

        var facts = (await tenant.Directory.LookUpAsync(Event, Policy, Stop)).Facts!;

        Assert.Equal((isOne, others), (facts.GlobalAdministrator, facts.OtherGlobalAdministrators));
        Assert.Equal(others is null, facts.Unread.Count == 1);
    }

    [Fact]
    public async Task A_deleted_user_is_told_as_such_and_is_not_unreadable()
    {
        await using var tenant = await StartAsync();
        tenant.Fails($"/users/{Dana}", 404, "Request_ResourceNotFound", "Resource does not exist.");

        var lookup = await tenant.Directory.LookUpAsync(Dana, Policy, Stop);

        Assert.Equal((null, false), (lookup.Facts, lookup.Unreadable));
        Assert.Contains("deleted", lookup.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_leave_date_needs_a_permission_of_its_own_and_holds_nobody_up()
    {
        await using var tenant = await StartAsync();
        tenant.Fails("employeeLeaveDateTime", 403);

        var facts = (await tenant.Directory.LookUpAsync(Event, Policy, Stop)).Facts!;

        Assert.Null(facts.LeaveDate);
        Assert.Empty(facts.Unread);
    }

    [Theory]
    [InlineData("300", 300L)]
    [InlineData("\"300\"", 300L)]
    [InlineData("\"MzAw\"", 300L)]
    [InlineData("\"three\"", null)]
    [InlineData("{}", null)]
    public void A_bare_count_is_read_in_each_form_a_batch_gives_it(string json, long? count)
    {
        using var document = JsonDocument.Parse(json);

        Assert.Equal(count, LeaverLookups.Count(document.RootElement));
    }

    private static async Task<ScriptedTenant> StartAsync()
    {
        var user = $$"""
            {"id":"{{Dana}}","userPrincipalName":"dana@x.example","displayName":"Dana Whitlock","employeeId":"NW-1",
             "mail":"d'ana@x.example","userType":"Member","employeeType":"Employee",
             "accountEnabled":true,"onPremisesSyncEnabled":true,"signInSessionsValidFromDateTime":"2026-01-02T03:04:05Z",
              "employeeLeaveDateTime":"2026-11-30T17:00:00Z","manager":{"id":"manager"} }
            """;
        var tenant = await ScriptedTenant.StartAsync();
        return tenant
            .When("GET /users?$filter=employeeId eq 'NW-1'", $$"""{"value":[{{user}}]}""")
            .When("GET /users?$filter=mail eq 'd''ana@x.example'", $$"""{"value":[{{user}}]}""")
            .When("GET /users?$filter=userPrincipalName eq 'dana@x.example'", $$"""{"value":[{{user}}]}""")
            .When($"GET /users/{Dana}?", user)
            .When($"GET /groups/{Group}/transitiveMembers", $$"""{"value":[{"id":"{{Dana}}"}]}""")
            .When(
                $"roleAssignments?$filter=roleDefinitionId eq '{LeaverLookups.GlobalAdministrator}'",
                $$"""
                {"value":[{"principalId":"{{Dana}}","directoryScopeId":"/","principal":{"@odata.type":"#microsoft.graph.user",
                 "id":"{{Dana}}","accountEnabled":true} },
                          {"principalId":"other","directoryScopeId":"/","principal":{"@odata.type":"#microsoft.graph.user","id":"other",
                           "accountEnabled":true} }]}
                """
            )
            .When("GET /users/$count", "300");
    }
}
