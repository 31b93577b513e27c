using System.Text.Json.Nodes;
using SandboxTenant.Data;
using SandboxTenant.Demo;

namespace SandboxTenant.Tests;

/// <summary>What a leaver has in the demo tenant, and what it takes to end it.</summary>
public sealed class LeaverTests(DemoFixture demo)
{
    private const string Dana = DemoLeaver.LeaverId;
    private const string User = "/v1.0/users/" + Dana;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    // A tenant of one's own, since the others read theirs while this one changes.
    private static Task<Sandbox> StartAsync(SandboxOptions? options = null) =>
        Sandbox.StartAsync((options ?? new SandboxOptions()) with { Now = DemoFixture.Now }, TimeProvider.System, Stop);

    private static string Group(Sandbox sandbox, string name) =>
        sandbox.Tenant.Groups.All().Single(g => Json.Text(g.Json, "displayName") == name).Id;

    private static string? Message(JsonNode? body) => (string?)body?["error"]?["message"];

    private static async Task<List<string?>> Names(PinnedClients clients, string url, string property = "displayName") =>
        [.. (await clients.AllAsync(url)).Items.Select(i => (string?)i[property])];

    [Fact]
    public async Task A_leaver_is_found_by_employee_id_and_shows_what_offboarding_asks()
    {
        var found = (
            await demo.Clients.SendAsync(
                "GET",
                "/v1.0/users?$filter=employeeId eq "
                    + "'NW-1042'&$select=id,displayName,mail,department,userType,employeeType,createdDateTime,"
                    + "signInSessionsValidFromDateTime"
            )
        ).Body!["value"]!.AsArray();
        var user = Assert.Single(found)!;

        Assert.Equal(
            (Dana, "Dana Whitlock", "dana.whitlock@northwynd.example", "Data", "Member", "Employee"),
            (
                (string?)user["id"],
                (string?)user["displayName"],
                (string?)user["mail"],
                (string?)user["department"],
                (string?)user["userType"],
                (string?)user["employeeType"]
            )
        );
        Assert.Equal("Team Lead", (string?)(await demo.Clients.SendAsync("GET", User + "/manager?$select=jobTitle")).Body!["jobTitle"]);
        Assert.Equal(
            [3, 1],
            [
                demo.Sandbox.Tenant.Users.All().Count(u => Json.Text(u.Json, "employeeLeaveDateTime") is not null),
                demo
                    .Sandbox.Tenant.Users.All()
                    .Count(u =>
                        Json.Text(u.Json, "employeeLeaveDateTime") is { } left
                        && left.CompareTo("2026-11-23") < 0
                        && Json.Object(u.Json)["accountEnabled"]!.GetValue<bool>()
                    ),
            ]
        );
        Assert.Equal(
            301,
            demo.Sandbox.Tenant.Users.All().Select(u => Json.Text(u.Json, "employeeId")).OfType<string>().Distinct().Count() - 1
        );
    }

    [Fact]
    public async Task Memberships_show_nested_and_with_a_cast_and_a_count()
    {
        var direct = await Names(demo.Clients, User + "/memberOf?$select=id,displayName&$top=7");
        var all = await Names(demo.Clients, User + "/transitiveMemberOf/microsoft.graph.group?$select=id,displayName");
        var count = await demo.Clients.SendAsync("GET", User + "/transitiveMemberOf/$count", null, null, ("ConsistencyLevel", "eventual"));

        Assert.Equal((20, 21, "21"), (direct.Count, all.Count, count.Body!.ToString()));
        Assert.Equal(["research-everyone"], all.Except(direct));
        Assert.Contains(
            "Dana Whitlock",
            await Names(demo.Clients, $"/v1.0/groups/{Group(demo.Sandbox, "research-everyone")}/transitiveMembers?$select=displayName")
        );
        Assert.Equal(400, (await demo.Clients.SendAsync("GET", User + "/memberOf/$count")).Status);
    }

    [Fact]
    public async Task A_role_over_the_whole_directory_and_an_administrative_unit_show_as_memberships()
    {
        await using var sandbox = await StartAsync();
        using var clients = new PinnedClients(sandbox);
        var unit = sandbox.Tenant.AdministrativeUnits.All().Single().Id;
        sandbox.Tenant.Add(
            "directoryRoleAssignments",
            $$"""{"id":"whole","principalId":"{{Dana}}","roleDefinitionId":"fdd7a751-b60b-444a-984c-02652fe8fa1c","directoryScopeId":"/"}"""
        );
        sandbox.Tenant.Add($"administrativeUnits/{unit}/members", $$"""{"@odata.type":"#microsoft.graph.user","id":"{{Dana}}"}""");
        var others = (await clients.AllAsync(User + "/memberOf"))
            .Items.Where(m => (string?)m["@odata.type"] != "#microsoft.graph.group")
            .Select(m => ((string?)m["@odata.type"], (string?)m["displayName"]));

        Assert.Equal(
            [("#microsoft.graph.directoryRole", "Groups Administrator"), ("#microsoft.graph.administrativeUnit", "Research")],
            others
        );
    }

    [Fact]
    public async Task A_page_stays_right_while_memberships_go()
    {
        await using var sandbox = await StartAsync();
        using var clients = new PinnedClients(sandbox);
        var first = (await clients.SendAsync("GET", User + "/memberOf?$top=5")).Body!;
        foreach (var group in first["value"]!.AsArray().Where(g => (string?)g!["displayName"] != "all-of-data"))
            sandbox.Tenant.Remove($"groups/{group!["id"]}/members", Dana);
        var rest = (await clients.AllAsync((string)first["@odata.nextLink"]!)).Items;

        Assert.Equal(20, first["value"]!.AsArray().Concat(rest).Select(g => (string?)g!["id"]).Distinct().Count());
    }

    [Theory]
    [InlineData("all-of-data", 400, "The members of a group with dynamic membership cannot be changed.")]
    [InlineData(
        "ad-fileserver-users",
        400,
        "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing "
            + "migration."
    )]
    [InlineData("data-news", 400, "Cannot Update a mail-enabled security groups and or distribution list.")]
    [InlineData("directory-helpdesk", 403, "Insufficient privileges to complete the operation.")]
    public async Task A_membership_that_is_not_the_apps_to_end_is_refused_in_Graphs_words(string group, int status, string message)
    {
        await using var sandbox = await StartAsync(new SandboxOptions { WithoutPermissions = ["RoleManagement.ReadWrite.Directory"] });
        using var clients = new PinnedClients(sandbox);
        var (answered, body, _) = await clients.SendAsync("DELETE", $"/v1.0/groups/{Group(sandbox, group)}/members/{Dana}/$ref");

        Assert.Equal((status, message), (answered, Message(body)));
        Assert.NotNull(sandbox.Tenant.GroupMembers.Of(Group(sandbox, group)).Find(Dana));
    }

    [Fact]
    public async Task A_membership_ends_once_and_begins_once()
    {
        await using var sandbox = await StartAsync();
        using var clients = new PinnedClients(sandbox);
        var members = $"/v1.0/groups/{Group(sandbox, "directory-helpdesk")}/members";
        var reference = new JsonObject { ["@odata.id"] = "https://graph.microsoft.com/v1.0/directoryObjects/" + Dana };
        int[] statuses =
        [
            (await clients.SendAsync("DELETE", $"{members}/{Dana}/$ref")).Status,
            (await clients.SendAsync("DELETE", $"{members}/{Dana}/$ref")).Status,
            (await clients.SendAsync("POST", members + "/$ref", reference)).Status,
            (await clients.SendAsync("POST", members + "/$ref", reference)).Status,
        ];

        Assert.Equal([204, 404, 204, 400], statuses);
        Assert.Contains("directory-helpdesk", await Names(clients, User + "/memberOf"));
    }

    [Fact]
    public async Task The_last_owner_of_a_group_stays_until_another_is_there()
    {
        await using var sandbox = await StartAsync();
        using var clients = new PinnedClients(sandbox);
        var owners = $"/v1.0/groups/{Group(sandbox, "dataset-stewards")}/owners";
        var manager = sandbox.Tenant.Managers.Of(Dana).All()[0].Id;
        var alone = await clients.SendAsync("DELETE", $"{owners}/{Dana}/$ref");
        var owned = await Names(clients, User + "/ownedObjects/microsoft.graph.group");
        await clients.SendAsync(
            "POST",
            owners + "/$ref",
            new JsonObject { ["@odata.id"] = "https://graph.microsoft.com/v1.0/directoryObjects/" + manager }
        );

        Assert.Equal(
            (400, "The group must have at least one owner, hence this owner cannot be removed."),
            (alone.Status, Message(alone.Body))
        );
        Assert.Equal(["dataset-stewards"], owned);
        Assert.Equal(
            (204, 404),
            (
                (await clients.SendAsync("DELETE", $"{owners}/{Dana}/$ref")).Status,
                (await clients.SendAsync("DELETE", $"{owners}/{Dana}/$ref")).Status
            )
        );
        Assert.Equal([manager], await Names(clients, owners, "id"));
    }

    [Fact]
    public async Task Owned_applications_are_handed_over()
    {
        await using var sandbox = await StartAsync();
        using var clients = new PinnedClients(sandbox);
        var owned = await clients.AllAsync(User + "/ownedObjects/microsoft.graph.application?$select=id,displayName,appId");
        var newOwner = new JsonObject
        {
            ["@odata.id"] = "https://graph.microsoft.com/v1.0/directoryObjects/" + sandbox.Tenant.Managers.Of(Dana).All()[0].Id,
        };
        foreach (var app in owned.Items)
        {
            var owners = $"/v1.0/applications/{app["id"]}/owners";
            Assert.Equal(
                (204, 204),
                (
                    (await clients.SendAsync("POST", owners + "/$ref", newOwner)).Status,
                    (await clients.SendAsync("DELETE", $"{owners}/{Dana}/$ref")).Status
                )
            );
        }
        var privileged = owned.Items.Single(a => (string?)a["displayName"] == "Audit Exporter Worker");

        Assert.Equal(3, owned.Items.Count);
        Assert.Empty((await clients.AllAsync(User + "/ownedObjects/microsoft.graph.application")).Items);
        Assert.Equal(
            ["Microsoft Graph"],
            await Names(clients, $"/v1.0/servicePrincipals(appId='{privileged["appId"]}')/appRoleAssignments", "resourceDisplayName")
        );
    }

    [Theory]
    [InlineData("appRoleAssignments", 5)]
    [InlineData("oauth2PermissionGrants", 3)]
    public async Task App_access_goes_one_by_one_and_comes_back(string kind, int number)
    {
        await using var sandbox = await StartAsync();
        using var clients = new PinnedClients(sandbox);
        var all = (await clients.AllAsync($"{User}/{kind}")).Items;
        var (collection, one) = (kind == "appRoleAssignments" ? $"{User}/{kind}" : "/v1.0/" + kind, all[0]);
        var (gone, again) = (
            (await clients.SendAsync("DELETE", $"{collection}/{one["id"]}")).Status,
            (await clients.SendAsync("DELETE", $"{collection}/{one["id"]}")).Status
        );
        var left = (await clients.AllAsync($"{User}/{kind}")).Items.Count;
        var given = await clients.SendAsync("POST", collection, one.DeepClone());
        var twice = await clients.SendAsync("POST", collection, one.DeepClone());

        Assert.Equal(
            (number, 204, 404, number - 1, 201, kind == "appRoleAssignments" ? 400 : 409),
            (all.Count, gone, again, left, given.Status, twice.Status)
        );
        Assert.Equal(number, (await clients.AllAsync($"{User}/{kind}")).Items.Count);
    }

    [Fact]
    public async Task A_resource_lists_who_has_its_app_roles_without_the_deleted()
    {
        await using var sandbox = await StartAsync();
        using var clients = new PinnedClients(sandbox);
        var compliance = "/v1.0/servicePrincipals/" + sandbox.Tenant.ServicePrincipals.Find(DemoLeaver.ComplianceAppId)!.Id;
        var before = await Names(clients, compliance + "/appRoleAssignedTo", "principalId");
        await clients.SendAsync("DELETE", "/v1.0/users/" + before[0]);

        Assert.Equal(before[1..], await Names(clients, compliance + "/appRoleAssignedTo", "principalId"));
        Assert.Equal(404, (await clients.SendAsync("GET", $"/v1.0/users/{before[0]}/appRoleAssignments")).Status);
    }

    [Fact]
    public async Task A_directory_role_at_a_unit_is_named_and_goes_once()
    {
        await using var sandbox = await StartAsync();
        using var clients = new PinnedClients(sandbox);
        var roles = $"/v1.0/roleManagement/directory/roleAssignments?$filter=principalId eq '{Dana}'&$expand=roleDefinition";
        var role = Assert.Single((await clients.AllAsync(roles)).Items);
        var delete = $"/v1.0/roleManagement/directory/roleAssignments/{role["id"]}";

        Assert.Equal(
            ("Application Administrator", "/administrativeUnits/" + sandbox.Tenant.AdministrativeUnits.All()[0].Id),
            ((string?)role["roleDefinition"]!["displayName"], (string?)role["directoryScopeId"])
        );
        Assert.Equal((204, 404), ((await clients.SendAsync("DELETE", delete)).Status, (await clients.SendAsync("DELETE", delete)).Status));
        Assert.Empty((await clients.AllAsync(roles)).Items);
        Assert.All(
            (
                await clients.AllAsync(
                    "/v1.0/roleManagement/directory/roleAssignments?$filter=roleDefinitionId eq "
                        + "'62e90394-69f5-4237-9190-012177145e10'&$expand=principal"
                )
            ).Items,
            r => Assert.Equal("#microsoft.graph.user", (string?)r["principal"]!["@odata.type"])
        );
    }

    [Theory]
    [InlineData("roleEligibilityScheduleInstances", "roleEligibilityScheduleRequests")]
    [InlineData("roleAssignmentScheduleInstances", "roleAssignmentScheduleRequests")]
    public async Task A_request_to_PIM_ends_a_schedule_once(string instances, string requests)
    {
        await using var sandbox = await StartAsync();
        using var clients = new PinnedClients(sandbox);
        var list = $"/v1.0/roleManagement/directory/{instances}?$filter=principalId eq '{Dana}'";
        object Ask(string action) =>
            new
            {
                action,
                principalId = Dana,
                roleDefinitionId = "fdd7a751-b60b-444a-984c-02652fe8fa1c",
                directoryScopeId = "/",
                justification = "the person has left",
            };
        if (requests.Contains("Assignment", StringComparison.Ordinal))
            Assert.Equal(201, (await clients.SendAsync("POST", "/v1.0/roleManagement/directory/" + requests, Ask("adminAssign"))).Status);
        var before = (await clients.AllAsync(list)).Items.Count;
        var removed = await clients.SendAsync("POST", "/v1.0/roleManagement/directory/" + requests, Ask("adminRemove"));
        var again = await clients.SendAsync("POST", "/v1.0/roleManagement/directory/" + requests, Ask("adminRemove"));

        Assert.Equal(
            (1, 201, "Revoked", 400, "RoleAssignmentDoesNotExist"),
            (before, removed.Status, (string?)removed.Body!["status"], again.Status, (string?)again.Body!["error"]!["code"])
        );
        Assert.Empty((await clients.AllAsync(list)).Items);
        Assert.DoesNotContain(
            (await clients.AllAsync($"/v1.0/roleManagement/directory/roleAssignments?$filter=principalId eq '{Dana}'")).Items,
            r => (string?)r["directoryScopeId"] == "/"
        );
    }

    [Fact]
    public async Task Sign_in_methods_go_but_the_password()
    {
        await using var sandbox = await StartAsync();
        using var clients = new PinnedClients(sandbox);
        var methods = (await clients.AllAsync(User + "/authentication/methods")).Items.ToDictionary(
            m => ((string)m["@odata.type"]!).Split('.')[^1],
            m => (string)m["id"]!
        );
        string At(string collection, string type) => $"{User}/authentication/{collection}/{methods[type]}";
        int[] statuses =
        [
            (await clients.SendAsync("DELETE", At("phoneMethods", "phoneAuthenticationMethod"))).Status,
            (await clients.SendAsync("DELETE", At("phoneMethods", "phoneAuthenticationMethod"))).Status,
            (await clients.SendAsync("DELETE", At("fido2Methods", "fido2AuthenticationMethod"))).Status,
            (await clients.SendAsync("DELETE", At("phoneMethods", "microsoftAuthenticatorAuthenticationMethod"))).Status,
            (await clients.SendAsync("DELETE", At("passwordMethods", "passwordAuthenticationMethod"))).Status,
        ];

        Assert.Equal([204, 404, 204, 404, 400], statuses);
        Assert.Equal(2, (await clients.AllAsync(User + "/authentication/methods")).Items.Count);
    }

    [Fact]
    public async Task Devices_are_disabled_and_retired()
    {
        await using var sandbox = await StartAsync();
        using var clients = new PinnedClients(sandbox);
        var devices = (await clients.AllAsync(User + "/registeredDevices?$select=id,accountEnabled")).Items;
        var managed = Assert.Single((await clients.AllAsync(User + "/managedDevices")).Items);
        var (disabled, retired, nobodys) = (
            (await clients.SendAsync("PATCH", $"/v1.0/devices/{devices[0]["id"]}", new { accountEnabled = false })).Status,
            (await clients.SendAsync("POST", $"/v1.0/deviceManagement/managedDevices/{managed["id"]}/retire")).Status,
            (await clients.SendAsync("POST", "/v1.0/deviceManagement/managedDevices/none/retire")).Status
        );

        Assert.Equal((2, 204, 204, 404), (devices.Count, disabled, retired, nobodys));
        Assert.Equal(
            [false, true],
            (await clients.AllAsync(User + "/registeredDevices?$select=id,accountEnabled")).Items.Select(d => (bool)d["accountEnabled"]!)
        );
        Assert.Equal(["retirePending"], await Names(clients, User + "/managedDevices", "managementState"));
    }

    [Fact]
    public async Task Without_the_permission_to_read_devices_their_ids_are_listed_and_nothing_else()
    {
        await using var sandbox = await StartAsync(new SandboxOptions { WithoutPermissions = ["Device.Read.All"] });
        using var clients = new PinnedClients(sandbox);

        var devices = (await clients.AllAsync(User + "/registeredDevices?$select=id,deviceId,accountEnabled")).Items;

        Assert.Equal(2, devices.Count);
        Assert.All(
            devices,
            d =>
                Assert.Equal(
                    ("#microsoft.graph.device", true, true, true, true),
                    (
                        (string?)d["@odata.type"],
                        d["id"] is not null,
                        d.AsObject().ContainsKey("deviceId"),
                        d["deviceId"] is null,
                        d["accountEnabled"] is null
                    )
                )
        );
    }

    [Fact]
    public async Task A_licence_of_ones_own_goes_and_an_inherited_one_does_not()
    {
        await using var sandbox = await StartAsync();
        using var clients = new PinnedClients(sandbox);
        var states = (await clients.SendAsync("GET", User + "?$select=licenseAssignmentStates")).Body![
            "licenseAssignmentStates"
        ]!.AsArray();
        Task<(int Status, JsonNode? Body, HttpResponseMessage)> Take(string sku) =>
            clients.SendAsync("POST", User + "/assignLicense", new { addLicenses = Array.Empty<object>(), removeLicenses = new[] { sku } });
        var own = (string)states.Single(s => s!["assignedByGroup"] is null)!["skuId"]!;
        var inherited = (string)states.Single(s => s!["assignedByGroup"] is not null)!["skuId"]!;
        var (first, second, third) = (await Take(own), await Take(own), await Take(inherited));

        Assert.Equal((200, 400, 400), (first.Status, second.Status, third.Status));
        Assert.Equal(
            [inherited],
            (await clients.SendAsync("GET", User + "?$select=assignedLicenses")).Body!["assignedLicenses"]!
                .AsArray()
                .Select(l => (string?)l!["skuId"])
        );
        Assert.Equal(
            200,
            (
                await clients.SendAsync(
                    "POST",
                    User + "/assignLicense",
                    new
                    {
                        addLicenses = new[] { new { skuId = own, disabledPlans = Array.Empty<string>() } },
                        removeLicenses = Array.Empty<string>(),
                    }
                )
            ).Status
        );
        Assert.Equal(2, (await clients.SendAsync("GET", User + "?$select=assignedLicenses")).Body!["assignedLicenses"]!.AsArray().Count);
    }

    [Fact]
    public async Task Sessions_end_and_the_account_is_disabled_in_one_batch_and_both_last()
    {
        var state = Directory.CreateTempSubdirectory("sandbox-").FullName;
        await using (var sandbox = await StartAsync(new SandboxOptions { StateDirectory = state }))
        {
            using var clients = new PinnedClients(sandbox);
            var (_, body, _) = await clients.SendAsync(
                "POST",
                "/v1.0/$batch",
                new
                {
                    requests = new object[]
                    {
                        new
                        {
                            id = "1",
                            method = "PATCH",
                            url = "/users/" + Dana,
                            body = new { accountEnabled = false },
                            headers = new Dictionary<string, string> { ["Content-Type"] = "application/json" },
                        },
                        new
                        {
                            id = "2",
                            method = "POST",
                            url = $"/users/{Dana}/revokeSignInSessions",
                            dependsOn = new[] { "1" },
                        },
                        new
                        {
                            id = "3",
                            method = "GET",
                            url = "/users/$count",
                            headers = new { ConsistencyLevel = "eventual" },
                        },
                    },
                }
            );
            Assert.Equal([204, 200, 200], body!["responses"]!.AsArray().Select(r => (int)r!["status"]!));
            Assert.Equal(
                ("true", "304"),
                (body["responses"]![1]!["body"]!["value"]!.ToString(), body["responses"]![2]!["body"]!.ToString())
            );
        }
        await using (var sandbox = await StartAsync(new SandboxOptions { StateDirectory = state }))
        {
            using var clients = new PinnedClients(sandbox);
            var user = (await clients.SendAsync("GET", User + "?$select=accountEnabled,signInSessionsValidFromDateTime")).Body!;
            Assert.Equal((false, "2026-11-23"), ((bool)user["accountEnabled"]!, ((string)user["signInSessionsValidFromDateTime"]!)[..10]));
        }
        Directory.Delete(state, recursive: true);
    }

    [Fact]
    public async Task An_app_without_a_directory_role_cannot_disable_an_administrator()
    {
        await using var sandbox = await StartAsync(new SandboxOptions { AppHoldsDirectoryRole = false });
        using var clients = new PinnedClients(sandbox);
        var forgotten = sandbox.Tenant.Users.All()[DemoLeaver.Forgotten].Id;

        Assert.Equal(
            (403, 204, 204),
            (
                (await clients.SendAsync("PATCH", User, new { accountEnabled = false })).Status,
                (await clients.SendAsync("PATCH", User, new { jobTitle = "x" })).Status,
                (await clients.SendAsync("PATCH", "/v1.0/users/" + forgotten, new { accountEnabled = false })).Status
            )
        );
    }

    [Fact]
    public async Task Everything_of_a_deleted_user_is_gone()
    {
        await using var sandbox = await StartAsync();
        using var clients = new PinnedClients(sandbox);
        await clients.SendAsync("DELETE", User);
        var statuses = new List<int>();
        foreach (
            var path in (string[])
                [
                    "",
                    "/memberOf",
                    "/transitiveMemberOf",
                    "/ownedObjects",
                    "/manager",
                    "/appRoleAssignments",
                    "/oauth2PermissionGrants",
                    "/authentication/methods",
                    "/registeredDevices",
                    "/managedDevices",
                ]
        )
            statuses.Add((await clients.SendAsync("GET", User + path)).Status);
        statuses.Add((await clients.SendAsync("PATCH", User, new { accountEnabled = false })).Status);
        statuses.Add((await clients.SendAsync("POST", User + "/revokeSignInSessions")).Status);

        Assert.All(statuses, s => Assert.Equal(404, s));
        Assert.Empty((await clients.AllAsync($"/v1.0/roleManagement/directory/roleAssignments?$filter=principalId eq '{Dana}'")).Items);
    }

    [Fact]
    public async Task The_tenant_with_all_of_it_exports_and_loads_back_the_same()
    {
        await Task.CompletedTask;
        var folder = Path.Combine(Directory.CreateTempSubdirectory("sandbox-").FullName, "tenant");
        TenantFolder.Save(demo.Sandbox.Tenant, folder);
        var back = TenantFolder.Load(folder);

        Assert.Equal(demo.Sandbox.Tenant.Sets.Select(s => (s.Name, s.Count)), back.Sets.Select(s => (s.Name, s.Count)));
        Assert.Equal(
            demo.Sandbox.Tenant.Relations.Select(r => (r.Leaf, r.Relation.All().Sum(a => a.Set.Count))),
            back.Relations.Select(r => (r.Leaf, r.Relation.All().Sum(a => a.Set.Count)))
        );
        Directory.Delete(Path.GetDirectoryName(folder)!, recursive: true);
    }

    [Fact]
    public async Task Generated_leavers_have_what_the_benchmark_measures()
    {
        var tenant = TenantGenerator.Generate(
            new GeneratorOptions(Applications: 10, VaultObjects: 0, Vaults: 0, Leavers: 3),
            7,
            DemoFixture.Now
        );
        await using var sandbox = await StartAsync(new SandboxOptions { Tenant = tenant });
        using var clients = new PinnedClients(sandbox);
        var user = (await clients.SendAsync("GET", "/v1.0/users?$filter=employeeId eq 'L-0002'")).Body!["value"]![0]!["id"]!;
        var azure = 0;
        foreach (var subscription in tenant.Subscriptions.All())
            azure += (
                await clients.AllAsync(
                    $"/subscriptions/{subscription.Id}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01&"
                        + "$filter=principalId "
                        + $"eq '{user}'"
                )
            )
                .Items
                .Count;

        Assert.Equal(
            (200, 30, 40, 10),
            (
                (await clients.AllAsync($"/v1.0/users/{user}/memberOf?$top=999")).Items.Count,
                (await clients.AllAsync($"/v1.0/users/{user}/appRoleAssignments")).Items.Count,
                azure,
                tenant.Subscriptions.Count
            )
        );
    }
}
