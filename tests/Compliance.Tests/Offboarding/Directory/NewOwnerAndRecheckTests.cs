using Compliance.Offboarding;

namespace Compliance.Tests.Offboarding.Directory;

public sealed class NewOwnerAndRecheckTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    // From the leaver upward: - cannot sign in, ? is not told of by the person below.
    [Theory]
    [InlineData("dana boss", "", "boss")]
    [InlineData("dana boss- chief", "", "chief")]
    [InlineData("dana boss chief", "boss", "chief")]
    [InlineData("dana boss- chief- ceo", "", "ceo")]
    [InlineData("dana boss? chief", "", "boss")]
    [InlineData("dana", "", null)]
    [InlineData("dana boss-", "", null)]
    [InlineData("dana boss- dana", "", null)]
    [InlineData("dana dana", "", null)]
    public async Task The_nearest_manager_above_who_can_sign_in_and_stays_inherits(string chain, string leaving, string? newOwner)
    {
        await using var tenant = await ScriptedTenant.StartAsync();
        var people = chain.Split(' ');
        // The first line for a person is the one that counts, so it is scripted last.
        for (var i = people.Length - 1; i >= 0; i--)
            tenant.When(
                $"GET /users/{people[i].TrimEnd('-', '?')}?",
                Person(people[i], i + 1 == people.Length ? "null" : Person(people[i + 1], null))
            );

        var found = await tenant.Directory.NewOwnerAsync("dana", new HashSet<string>(leaving.Split(',')), Stop);

        Assert.Equal(newOwner, found?.Id);
    }

    [Fact]
    public async Task A_chain_of_managers_that_has_no_end_is_given_up()
    {
        await using var tenant = await ScriptedTenant.StartAsync();
        for (var i = 0; i < 30; i++)
            tenant.When($"GET /users/m{i}?", $$"""{"id":"m{{i}}","manager":{"id":"m{{i + 1}}","accountEnabled":false} }""");

        Assert.Null(await tenant.Directory.NewOwnerAsync("m0", new HashSet<string>(), Stop));

        Assert.Equal(10, tenant.RoundTrips);
    }

    [Fact]
    public async Task A_manager_who_could_not_be_read_is_not_nobody()
    {
        await using var tenant = await ScriptedTenant.StartAsync();
        tenant.When("GET /users/dana?", """{"id":"dana","manager":{"id":"boss","accountEnabled":false} }""").Fails("GET /users/boss?", 403);

        var found = await tenant.Directory.NewOwnerAsync("dana", new HashSet<string>(), Stop);

        Assert.Equal(NewOwner.NotRead(found!.Unread!), found);
        Texts.Offboarding.Expect("a manager who could not be read", found.Unread);
    }

    [Fact]
    public async Task A_leaver_who_could_not_be_read_may_have_a_manager()
    {
        await using var tenant = await ScriptedTenant.StartAsync();
        tenant.Fails("GET /users/dana?", 500, "InternalServerError", "Try later.");

        Assert.NotNull((await tenant.Directory.NewOwnerAsync("dana", new HashSet<string>(), Stop))!.Unread);
    }

    [Fact]
    public async Task A_manager_whose_state_is_not_told_is_not_passed_over()
    {
        await using var tenant = await ScriptedTenant.StartAsync();
        tenant
            .When("GET /users/dana?", """{"id":"dana","manager":{"id":"boss"} }""")
            .When("GET /users/boss?", """{"id":"boss","manager":{"id":"chief","accountEnabled":true} }""");

        var found = await tenant.Directory.NewOwnerAsync("dana", new HashSet<string>(), Stop);
        var leaving = await tenant.Directory.NewOwnerAsync("dana", new HashSet<string> { "boss" }, Stop);

        Assert.Equal(("", true), (found!.Id, found.Unread is not null));
        Assert.Equal("chief", leaving!.Id);
    }

    [Fact]
    public async Task A_manager_who_was_deleted_is_nobody()
    {
        await using var tenant = await ScriptedTenant.StartAsync();
        tenant
            .When("GET /users/dana?", """{"id":"dana","manager":{"id":"boss","accountEnabled":false} }""")
            .Fails("GET /users/boss?", 404, "Request_ResourceNotFound", "Resource does not exist.");

        Assert.Null(await tenant.Directory.NewOwnerAsync("dana", new HashSet<string>(), Stop));
    }

    [Fact]
    public async Task Former_leavers_are_looked_at_again_twenty_reads_a_request()
    {
        await using var tenant = await ScriptedTenant.StartAsync();
        tenant
            .When("GET /users/", """{"id":"x","accountEnabled":false}""")
            .When("/memberOf", """{"value":[{"@odata.type":"#microsoft.graph.directoryRole","id":"role"}]}""")
            .When("/roleAssignments", """{"value":[]}""")
            .When("GET /users/back?", """{"id":"back","accountEnabled":true}""")
            .When(
                "GET /users/back/memberOf",
                """
                {"value":[{"@odata.type":"#microsoft.graph.group","id":"g"},{"@odata.type":"#microsoft.graph.administrativeUnit",
                 "id":"au"}]}
                """
            )
            .When("principalId eq 'back'", """{"value":[{"id":"assignment"}]}""")
            .Fails("GET /users/deleted", 404, "Request_ResourceNotFound", "Resource does not exist.")
            .Fails("GET /users/refused/memberOf", 403);

        var found = await tenant.Directory.RecheckAsync(
            ["back", "deleted", "refused", .. Enumerable.Range(0, 37).Select(i => $"still-{i}")],
            Stop
        );

        Assert.Equal(40, found.Count);
        Assert.Equal(6, tenant.RoundTrips);
        Assert.Equal((true, true, "assignment,g", null), Plain(found["back"]));
        Assert.Equal((false, null, "", null), Plain(found["deleted"]));
        Assert.Equal(
            (true, false, null, "memberOf: 403, refused: Authorization_RequestDenied: Insufficient privileges to complete the operation."),
            Plain(found["refused"])
        );
        Assert.Equal((true, false, "", null), Plain(found["still-36"]));
    }

    private static string Person(string person, string? manager)
    {
        var state = person.EndsWith('?') && manager is null ? "" : $",\"accountEnabled\":{(person.EndsWith('-') ? "false" : "true")}";
        return $$"""{"id":"{{person.TrimEnd('-', '?')}}"{{state}},"manager":{{manager ?? "null"}} }""";
    }

    private static (bool Exists, bool? Enabled, string? Memberships, string? Unread) Plain(Relapse relapse) =>
        (relapse.Exists, relapse.Enabled, relapse.Memberships is null ? null : string.Join(',', relapse.Memberships), relapse.Unread);
}
