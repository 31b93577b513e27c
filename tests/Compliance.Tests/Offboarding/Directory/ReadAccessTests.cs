using System.Globalization;
using System.Text.Json;
using Compliance.Offboarding;
using Compliance.Offboarding.Directory;
using Compliance.Tests.Tenants;

namespace Compliance.Tests.Offboarding.Directory;

/// <summary>The whole of a person's access, against answers as the services' documentation shows them.</summary>
public sealed class ReadAccessTests
{
    private const string Dana = "da0a0000-0000-4000-8000-000000000001";
    private const string Sub = "5b000000-0000-4000-8000-000000000001";
    private const string Rg = $"/subscriptions/{Sub}/resourceGroups/rg";
    private const string SecretsUser = "4633458b-17de-408a-b874-0445c86b69e6";
    private const string Owner = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";
    private const string Contributor = "b24988ac-6180-42a0-ab88-20f7382dd24c";

    private static readonly OffboardingPolicy Policy = new() { Sha256 = "00" };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_kind_of_access_is_read_in_two_round_trips_of_Graph()
    {
        await using var tenant = await StartAsync();

        var snapshot = await ReadAsync(tenant);

        Assert.Empty(snapshot.Sources.Where(s => !s.Complete).Select(s => $"{s.Source} {s.Reason}"));
        Assert.Equal(
            [
                $"Account {Dana} dana@x.example",
                "GroupMember g-assigned Data scientists",
                "GroupMember g-dynamic Everybody!",
                "GroupMember g-mail Newsletter!",
                "GroupMember g-onprem Old world!",
                "GroupMember g-role Role admins*",
                "GroupMember g-team Team",
                "SignInMethod fido2Methods/m2 passkey",
                "SignInMethod methods/m4 somethingNewAuthenticationMethod!",
                "SignInMethod passwordMethods/m1 password!",
                "SignInMethod phoneMethods/m3 phone",
                "AppRole ar-direct Model registry",
                "AppRole ar-group Model registry!",
                "DelegatedGrant grant-1 User.Read Files.Read",
                "DirectoryRole ra-1 Application Administrator*",
                "EligibleDirectoryRole re-1 User Administrator*",
                $"AzureRole {Rg}/providers/Microsoft.Authorization/roleAssignments/1 Contributor",
                $"AzureRole {Rg}/providers/Microsoft.KeyVault/vaults/kv/providers/Microsoft.Authorization/roleAssignments/2 Key Vault "
                    + "Secrets User",
                $"EligibleAzureRole /subscriptions/{Sub}/providers/Microsoft.Authorization/roleEligibilityScheduleInstances/e1 Contributor",
                $"VaultAccessPolicy {Rg}/providers/Microsoft.KeyVault/vaults/kv-old kv-old",
                "OwnedApplication app-1 Trainer*",
                "OwnedApplication app-2 Viewer",
                "OwnedServicePrincipal sp-1 Trainer*",
                "OwnedGroup g-owned Owned",
                $"OwnedResource {Rg}/providers/Microsoft.MachineLearningServices/workspaces/ws ws",
                "Device d-1 Laptop",
                "ManagedDevice md-1 Laptop",
                "Licence sku-1 sku-1",
                "Licence sku-1/g-lic sku-1!",
                $"SharedSecret {Rg}/providers/Microsoft.Storage/storageAccounts/stdata stdata!",
            ],
            snapshot.Accesses.Select(a => $"{a.Kind} {a.Id} {a.Name}{(a.Privileged ? "*" : "")}{(a.NotRemovable is null ? "" : "!")}")
        );
        Assert.All(snapshot.Accesses, a => Assert.Equal(a.NotRemovable is null, a.WhatToDo is null));
        Assert.Equal(2, tenant.RoundTrips);
    }

    [Fact]
    public async Task What_removing_and_restoring_need_is_kept_by_the_services_own_names()
    {
        await using var tenant = await StartAsync();

        var snapshot = await ReadAsync(tenant);

        Assert.Equal(
            "appRoleId=role-1 principalId=" + Dana + " principalType=User resourceId=res-1",
            Details(snapshot, "AppRole:ar-direct")
        );
        Assert.Equal(
            "clientId=client-1 consentType=Principal principalId=" + Dana + " resourceId=res-1 scope= User.Read Files.Read",
            Details(snapshot, "DelegatedGrant:grant-1")
        );
        Assert.Equal(
            "directoryScopeId=/administrativeUnits/au-1 principalId=" + Dana + " roleDefinitionId=rd-1",
            Details(snapshot, "DirectoryRole:ra-1")
        );
        Assert.Equal("/administrativeUnits/au-1", Of(snapshot, "DirectoryRole:ra-1").Scope);
        Assert.Equal("disabledPlans=p-1 skuId=sku-1", Details(snapshot, "Licence:sku-1"));
        Assert.Equal(
            "appId=trainer credentials=1 power=none privilegedPermissions=Application.ReadWrite.All,Directory.ReadWrite.All",
            Details(snapshot, "OwnedApplication:app-1")
        );
        Assert.Equal(
            $"objectId={Dana} permissions={{\"keys\":[],\"secrets\":[\"Get\",\"list\"]}} tenantId=t "
                + $"vaultId={Rg}/providers/Microsoft.KeyVault/vaults/kv-old",
            Details(snapshot, $"VaultAccessPolicy:{Rg}/providers/Microsoft.KeyVault/vaults/kv-old")
        );
        Assert.Equal(
            "tag=owner type=microsoft.machinelearningservices/workspaces value=DANA@x.example; Eve@x.example",
            Details(snapshot, $"OwnedResource:{Rg}/providers/Microsoft.MachineLearningServices/workspaces/ws")
        );
    }

    [Fact]
    public async Task Other_owners_are_people_who_can_sign_in()
    {
        await using var tenant = await StartAsync();

        var snapshot = await ReadAsync(tenant);

        Assert.Equal(
            [("app-1", 0), ("app-2", 1), ("sp-1", 0), ("g-owned", 1), ("ws", 1)],
            snapshot.Accesses.Where(a => a.OtherOwners is not null).Select(a => (a.Id.Split('/')[^1], a.OtherOwners!.Value))
        );
    }

    [Fact]
    public async Task A_scope_counts_as_the_most_sensitive_thing_at_or_below_it()
    {
        await using var tenant = await StartAsync();

        var snapshot = await ReadAsync(tenant);

        Assert.Equal(
            [
                ("1", AssetClass.ProductionModel),
                ("2", AssetClass.Other),
                ("e1", AssetClass.ProductionModel),
                ("kv-old", AssetClass.Other),
                ("ws", AssetClass.ProductionModel),
                ("stdata", AssetClass.TrainingData),
            ],
            snapshot
                .Accesses.Where(a => a.Scope.StartsWith("/subscriptions", StringComparison.Ordinal))
                .Select(a => (a.Id.Split('/')[^1], a.Asset))
        );
    }

    [Theory]
    [InlineData("/memberOf", "memberOf", "GroupMember.Read.All")]
    [InlineData($"/users/{Dana}/transitiveMemberOf", "transitiveMemberOf", "GroupMember.Read.All")]
    [InlineData("/authentication/methods", "authentication/methods", "UserAuthenticationMethod.Read.All")]
    [InlineData($"/users/{Dana}/appRoleAssignments", "appRoleAssignments", "Directory.Read.All")]
    [InlineData("/oauth2PermissionGrants", "oauth2PermissionGrants", "Directory.Read.All")]
    [InlineData("directory/roleAssignments", "roleAssignments", "RoleManagement.Read.Directory")]
    [InlineData("directory/roleEligibilityScheduleInstances", "roleEligibilityScheduleInstances", "RoleEligibilitySchedule.Read.Directory")]
    [InlineData("directory/roleAssignmentScheduleInstances", "roleAssignmentScheduleInstances", "RoleAssignmentSchedule.Read.Directory")]
    [InlineData("/ownedObjects", "ownedObjects", "User.Read.All and Application.Read.All")]
    [InlineData("/registeredDevices", "registeredDevices", "Device.Read.All and User.Read.All")]
    [InlineData("/managedDevices", "managedDevices", "DeviceManagementManagedDevices.Read.All")]
    [InlineData("/applications/app-1/owners", "owners/app-1", "Application.Read.All")]
    [InlineData("/groups/g-owned/owners", "owners/g-owned", "GroupMember.Read.All")]
    public async Task A_source_that_refuses_is_told_with_its_permission_and_the_rest_is_read(
        string contains,
        string part,
        string permission
    )
    {
        await using var tenant = await StartAsync();
        tenant.Fails(contains, 403);

        var snapshot = await ReadAsync(tenant);

        var source = Assert.Single(snapshot.Sources, s => !s.Complete);
        Assert.Equal((LeaverSources.Graph(Dana, part), permission), (source.Source, source.Permission));
        Assert.StartsWith("az ad app permission add", source.Remedy, StringComparison.Ordinal);
        Assert.NotEmpty(snapshot.Accesses);
    }

    [Theory]
    [InlineData("roleAssignments?api-version=2022-04-01&$filter=principalId", $"arm/subscriptions/{Sub}/roleAssignments")]
    [InlineData("roleAssignments?api-version=2022-04-01&$filter=atScope()", LeaverSources.PowerOfOthers)]
    [InlineData(
        "providers/Microsoft.Authorization/roleEligibilityScheduleInstances",
        $"arm/subscriptions/{Sub}/roleEligibilityScheduleInstances"
    )]
    [InlineData("Microsoft.ResourceGraph/resources", "arm/resources", LeaverSources.PowerOfOthers)]
    [InlineData("GET /subscriptions?", LeaverSources.PowerOfOthers, "arm/subscriptions")]
    [InlineData("roleDefinitions/" + Contributor, "arm/roleDefinitions")]
    public async Task A_refusal_of_Resource_Manager_is_told_with_its_role_and_Graph_is_read(string contains, params string[] sources)
    {
        await using var tenant = await StartAsync();
        tenant.Fails(contains, 403, "AuthorizationFailed", "The client does not have authorization to perform the action.");

        var snapshot = await ReadAsync(tenant);

        Assert.Equal(
            sources.Select(s => (s, "Reader")),
            snapshot.Sources.Where(s => !s.Complete).Select(s => (s.Source, s.Permission!)).Order()
        );
        Assert.Contains(snapshot.Accesses, a => a.Kind == AccessKind.GroupMember);
    }

    [Fact]
    public async Task A_throttled_read_inside_a_batch_is_asked_again_and_nothing_is_lost()
    {
        await using var tenant = await StartAsync();
        var times = 0;
        tenant.When(
            "/authentication/methods",
            () =>
                Interlocked.Increment(ref times) <= 3
                    ? (429, """{"error":{"code":"TooManyRequests","message":"Slow down."} }""")
                    : (200, """{"value":[{"@odata.type":"#microsoft.graph.phoneAuthenticationMethod","id":"m3"}]}""")
        );

        var snapshot = await ReadAsync(tenant);

        Assert.True(snapshot.Complete);
        Assert.Equal(4, times);
        Assert.Contains(snapshot.Accesses, a => a.Id == "phoneMethods/m3");
    }

    [Fact]
    public async Task An_answer_that_is_cut_off_leaves_every_part_of_Graph_unread_and_none_empty()
    {
        await using var tenant = await StartAsync();
        tenant.When("$batch", """{"responses":[{"id":"0","status":200,"body":{"val""");

        var snapshot = await ReadAsync(tenant);

        Assert.Equal(12, snapshot.Sources.Count(s => !s.Complete));
        Assert.All(snapshot.Sources, s => Assert.Equal(s.Source.StartsWith("arm", StringComparison.Ordinal), s.Complete));
    }

    [Fact]
    public async Task All_pages_are_read_each_round_of_them_in_one_batch()
    {
        await using var tenant = await StartAsync();
        tenant.When(
            $"/users/{Dana}/memberOf",
            $$"""{"value":[{"@odata.type":"#microsoft.graph.group","id":"p1"}],"@odata.nextLink":"{{tenant.Root}}/v1.0/page/groups2"}"""
        );
        tenant.When(
            "/page/groups2",
            $$"""
            {"value":[{"@odata.type":"#microsoft.graph.group","id":"p2"},{"@odata.type":"#microsoft.graph.group","id":"p1"}],
             "@odata.nextLink":"{{tenant.Root}}/v1.0/page/groups3"}
            """
        );
        tenant.When("/page/groups3", """{"value":[{"@odata.type":"#microsoft.graph.group","id":"p3"}]}""");
        tenant.When($"/users/{Dana}/appRoleAssignments", $$"""{"value":[],"@odata.nextLink":"{{tenant.Root}}/v1.0/page/roles2"}""");
        tenant.When("/page/roles2", """{"value":[{"id":"ar-2"}]}""");

        var snapshot = await ReadAsync(tenant);

        Assert.True(snapshot.Complete);
        Assert.Equal(["p1", "p2", "p3"], snapshot.Accesses.Where(a => a.Kind == AccessKind.GroupMember).Select(a => a.Id));
        Assert.Contains(snapshot.Accesses, a => a.Id == "ar-2");
        // First pages, second pages, third page, owners.
        Assert.Equal(4, tenant.RoundTrips);
    }

    [Theory]
    [InlineData("https://evil.example/v1.0/users", "another host (evil.example)")]
    [InlineData("{root}/beta/users", "outside the version")]
    [InlineData("{root}/v1.0/page/again", "twice")]
    public async Task A_next_page_that_leads_away_or_round_is_not_followed_and_is_told(string link, string reason)
    {
        await using var tenant = await StartAsync();
        var page = $$"""
            {"value":[{"@odata.type":"#microsoft.graph.group","id":"p1"}],
             "@odata.nextLink":"{{link.Replace("{root}", tenant.Root, StringComparison.Ordinal)}}"}
            """;
        tenant.When("/memberOf", page).When("/page/again", page);

        var snapshot = await ReadAsync(tenant);

        var source = Assert.Single(snapshot.Sources, s => !s.Complete);
        Assert.Contains(reason, source.Reason, StringComparison.Ordinal);
        Assert.Contains(snapshot.Accesses, a => a.Id == "p1");
    }

    [Fact]
    public async Task A_next_page_of_Azure_roles_is_read_and_a_foreign_one_is_not_followed()
    {
        await using var tenant = await StartAsync();
        tenant.When(
            $"/subscriptions/{Sub}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01&$filter=principalId",
            $$"""{"value":[{{Assignment("p1", Rg, Contributor)}}],"nextLink":"{{tenant.Root}}/page/azure2"}"""
        );
        tenant.When("/page/azure2", $$"""{"value":[{{Assignment("p2", Rg, Contributor)}}],"nextLink":"https://evil.example/3"}""");

        var snapshot = await ReadAsync(tenant);

        Assert.Equal(["p1", "p2"], snapshot.Accesses.Where(a => a.Kind == AccessKind.AzureRole).Select(a => a.Id.Split('/')[^1]));
        Assert.Contains("another host (evil.example)", Assert.Single(snapshot.Sources, s => !s.Complete).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_next_page_of_Azure_roles_that_repeats_is_no_end_and_is_told()
    {
        await using var tenant = await StartAsync();
        var page = $$"""{"value":[{{Assignment("p1", Rg, Contributor)}}],"nextLink":"{{tenant.Root}}/page/again"}""";
        tenant
            .When(
                $"/subscriptions/{Sub}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01&$filter=principalId",
                page
            )
            .When("/page/again", page);

        var snapshot = await ReadAsync(tenant);

        Assert.Contains("twice", Assert.Single(snapshot.Sources, s => !s.Complete).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_deleted_meanwhile_has_nothing_left_in_Graph_and_keeps_what_Azure_has()
    {
        await using var tenant = await StartAsync();
        tenant.Fails($"/users/{Dana}", 404, "Request_ResourceNotFound", "Resource does not exist.");
        tenant.When("directory/role", """{"value":[]}""");

        var snapshot = await ReadAsync(tenant);

        Assert.True(snapshot.Complete);
        Assert.All(
            snapshot.Sources.Where(s =>
                s.Source.StartsWith($"graph/users/{Dana}", StringComparison.Ordinal)
                && !s.Source.Contains("role", StringComparison.OrdinalIgnoreCase)
            ),
            s => Assert.Equal("the user was deleted", s.Reason)
        );
        Assert.All(snapshot.Accesses, a => Assert.StartsWith("/subscriptions/", a.Id, StringComparison.Ordinal));
        Assert.NotEmpty(snapshot.Accesses);
    }

    [Fact]
    public async Task Something_missing_of_a_user_who_is_there_is_not_nothing()
    {
        await using var tenant = await StartAsync();
        tenant.Fails("/memberOf", 404, "Request_ResourceNotFound", "Resource does not exist.");

        var snapshot = await ReadAsync(tenant);

        Assert.Contains("404", Assert.Single(snapshot.Sources, s => !s.Complete).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tenant_without_the_licences_for_PIM_and_Intune_has_none_of_it()
    {
        await using var tenant = await StartAsync();
        tenant.Fails("roleEligibilityScheduleInstances", 400, "AadPremiumLicenseRequired", "The tenant needs a license.");
        tenant.Fails("roleAssignmentScheduleInstances", 400, "AadPremiumLicenseRequired", "The tenant needs a license.");
        tenant.Fails("/managedDevices", 400, "BadRequest", "Request not applicable to target tenant.");

        var snapshot = await ReadAsync(tenant);

        Assert.True(snapshot.Complete);
        Assert.DoesNotContain(
            snapshot.Accesses,
            a => a.Kind is AccessKind.ManagedDevice or AccessKind.EligibleDirectoryRole or AccessKind.EligibleAzureRole
        );
    }

    [Fact]
    public async Task An_app_whose_permissions_could_not_be_read_is_treated_as_privileged()
    {
        await using var tenant = await StartAsync();
        tenant.Fails("servicePrincipals(appId='viewer')/appRoleAssignments", 403);

        var snapshot = await ReadAsync(tenant);

        Assert.True(Of(snapshot, "OwnedApplication:app-2").Privileged);
        Assert.Equal("Application.Read.All", Assert.Single(snapshot.Sources, s => !s.Complete).Permission);
    }

    [Fact]
    public async Task A_role_above_all_subscriptions_is_listed_in_each_and_counts_once()
    {
        await using var tenant = await StartAsync();
        const string Other = "5b000000-0000-4000-8000-000000000002";
        tenant.When(
            "GET /subscriptions?",
            $$"""
            {"value":[{"id":"/subscriptions/{{Sub}}","subscriptionId":"{{Sub}}","displayName":"one"},{"id":"/subscriptions/{{Other}}",
             "subscriptionId":"{{Other}}","displayName":"two"}]}
            """
        );
        const string Group = "/providers/Microsoft.Management/managementGroups/mg";
        tenant.When("Microsoft.Authorization/roleAssignments?", $$"""{"value":[{{Assignment("root", Group, Contributor)}}]}""");
        foreach (var sub in (string[])[Sub, Other])
            tenant.When(
                $"{sub}/providers/Microsoft.Authorization/roleEligibilityScheduleInstances?",
                $$"""{"value":[{{Eligibility($"e-{sub}", sub, Group)}}]}"""
            );

        var snapshot = await ReadAsync(tenant);

        var role = Assert.Single(snapshot.Accesses, a => a.Kind == AccessKind.AzureRole);
        Assert.Equal((Group, AssetClass.ProductionModel), (role.Scope, role.Asset));
        Assert.Single(snapshot.Accesses, a => a.Kind == AccessKind.EligibleAzureRole);
        Assert.Contains(snapshot.Accesses, a => a.Kind == AccessKind.SharedSecret);
    }

    [Fact]
    public async Task A_role_that_is_a_groups_is_never_taken_for_the_persons()
    {
        await using var tenant = await StartAsync();
        var groups = Assignment("group", Rg, Contributor).Replace(Dana, "a-group", StringComparison.Ordinal);
        tenant.When("Microsoft.Authorization/roleAssignments?", $$"""{"value":[{{groups}},{{Assignment("own", Rg, Contributor)}}]}""");

        var snapshot = await ReadAsync(tenant);

        // The person's own beside it is read, so that the list was: the group's is left out for what it is.
        var role = Assert.Single(snapshot.Accesses, a => a.Kind == AccessKind.AzureRole);
        Assert.EndsWith("/own", role.Id, StringComparison.Ordinal);
        Assert.Equal(Dana, role.Details["principalId"]);
        Assert.True(Assert.Single(snapshot.Sources, s => s.Source == LeaverSources.AzureRoles(Sub)).Complete);
    }

    [Fact]
    public async Task Definitions_of_built_in_roles_are_read_once()
    {
        await using var tenant = await StartAsync();

        await ReadAsync(tenant);
        await ReadAsync(tenant);

        Assert.Single(tenant.Requests, r => r.Contains("roleDefinitions/" + Contributor, StringComparison.Ordinal));
    }

    [Fact]
    public async Task No_subscription_in_view_is_no_proof_of_no_access()
    {
        await using var tenant = await StartAsync();
        tenant.When("GET /subscriptions?", """{"value":[]}""");

        var snapshot = await ReadAsync(tenant);

        var unread = snapshot.Sources.Where(s => !s.Complete).ToList();
        Assert.Equal([LeaverSources.PowerOfOthers, "arm/subscriptions"], unread.Select(s => s.Source).Order(StringComparer.Ordinal));
        Assert.All(unread, s => Assert.Contains("no subscription is shown", s.Reason, StringComparison.Ordinal));
        Assert.Equal(Power.NotRead, Of(snapshot, "GroupMember:g-assigned").Details[Power.Detail]);
    }

    [Fact]
    public async Task Nothing_is_asked_about_owners_and_groups_where_there_are_none()
    {
        await using var tenant = await StartAsync();
        tenant.When("/ownedObjects", """{"value":[]}""").When("/memberOf", """{"value":[]}""");

        await ReadAsync(tenant);

        Assert.Equal(1, tenant.RoundTrips);
        Assert.DoesNotContain(tenant.Requests, r => r.Contains("atScope()", StringComparison.Ordinal));
    }

    [Theory]
    // At the subscription or above, in a group above, below the subscription, a directory role above, a role-assignable group above.
    [InlineData("atScope()", "g-assigned", "Owner")]
    [InlineData("atScope()", "g-above", "Owner")]
    [InlineData("ResourceGraph", "G-ASSIGNED", "Owner")]
    [InlineData("ResourceGraph", "g-above", "Owner")]
    [InlineData("directoryRole", "User Administrator", "User Administrator")]
    [InlineData("isAssignableToRole", "Helpdesk", "Helpdesk")]
    public async Task A_plain_group_has_the_power_of_what_it_is_assigned(string where, string who, string power)
    {
        await using var tenant = await StartAsync();
        Nest(tenant);
        tenant.When(
            "GET /groups/g-assigned/transitiveMemberOf",
            """{"value":[{"@odata.type":"#microsoft.graph.group","id":"g-above","displayName":"Platform","isAssignableToRole":null}]}"""
        );
        var assignment = OwnerRole("power", who);
        _ = where switch
        {
            "atScope()" => tenant.When("atScope()", $$"""{"value":[{{assignment}}]}"""),
            "ResourceGraph" => tenant.When(
                "POST /providers/Microsoft.ResourceGraph/resources",
                $$"""
                {"totalRecords":1,"count":1,"resultTruncated":"false","data":[{{Row(assignment)}}]}
                """
            ),
            "directoryRole" => tenant.When(
                "GET /groups/g-assigned/transitiveMemberOf",
                $$"""{"value":[{"@odata.type":"#microsoft.graph.directoryRole","id":"dr","displayName":"{{who}}"}]}"""
            ),
            _ => tenant.When(
                "GET /groups/g-assigned/transitiveMemberOf",
                $$"""{"value":[{"@odata.type":"#microsoft.graph.group","id":"g-x","displayName":"{{who}}","isAssignableToRole":true}]}"""
            ),
        };

        var snapshot = await ReadAsync(tenant);

        Assert.True(snapshot.Complete);
        var group = Of(snapshot, "GroupMember:g-assigned");
        Assert.Equal((true, power), (group.Privileged, group.Details[Power.Detail]));
        var other = Of(snapshot, "GroupMember:g-team");
        Assert.Equal((false, Power.None), (other.Privileged, other.Details[Power.Detail]));
    }

    [Theory]
    // Activated; assigned with an end; assigned for ever; another role, another scope; told by the assignment alone.
    [InlineData("rd-1", "/administrativeUnits/au-1", """ "assignmentType":"Activated" """, true)]
    [InlineData("RD-1", "/administrativeUnits/au-1", """ "assignmentType":"Assigned","endDateTime":"2027-01-01T00:00:00Z" """, true)]
    [InlineData("rd-1", "/administrativeUnits/au-1", """ "assignmentType":"Assigned","endDateTime":null """, false)]
    [InlineData("rd-2", "/administrativeUnits/au-1", """ "assignmentType":"Activated" """, false)]
    [InlineData("rd-1", "/", """ "assignmentType":"Activated" """, false)]
    [InlineData("rd-2", "/", """ "assignmentType":"Activated","roleAssignmentOriginId":"ra-1" """, true)]
    public async Task A_directory_role_that_PIM_manages_is_known_by_its_schedule(string role, string scope, string more, bool managed)
    {
        await using var tenant = await StartAsync();
        tenant.When(
            "roleAssignmentScheduleInstances",
            $$"""
            {"value":[{"roleDefinitionId":"{{role}}","directoryScopeId":"{{scope}}","roleAssignmentScheduleId":"s",{{more}} }]}
            """
        );

        var snapshot = await ReadAsync(tenant);

        Assert.Equal(managed ? "s" : null, Of(snapshot, "DirectoryRole:ra-1").Details.GetValueOrDefault(GraphAccess.Schedule));
    }

    [Fact]
    public async Task A_group_that_carries_a_role_without_power_has_none()
    {
        await using var tenant = await StartAsync();
        tenant.When(
            "atScope()",
            $$"""{"value":[{{Assignment("power", Rg, Contributor).Replace(Dana, "g-assigned", StringComparison.Ordinal)}}]}"""
        );

        var snapshot = await ReadAsync(tenant);

        Assert.Equal(
            (false, Power.None),
            (Of(snapshot, "GroupMember:g-assigned").Privileged, Of(snapshot, "GroupMember:g-assigned").Details[Power.Detail])
        );
    }

    [Fact]
    public async Task An_owned_app_and_an_owned_group_have_the_power_of_what_they_are_assigned()
    {
        await using var tenant = await StartAsync();
        tenant
            .When("GET /servicePrincipals(appId='viewer')/", """{"value":[]}""")
            .When("GET /servicePrincipals(appId='viewer')?", """{"id":"sp-viewer"}""")
            .When("atScope()", $$"""{"value":[{{OwnerRole("1", "sp-viewer")}},{{OwnerRole("2", "g-owned")}}]}""");

        var snapshot = await ReadAsync(tenant);

        Assert.All(
            new[] { Of(snapshot, "OwnedApplication:app-2"), Of(snapshot, "OwnedGroup:g-owned") },
            a => Assert.Equal((true, "Owner"), (a.Privileged, a.Details[Power.Detail]))
        );
    }

    [Theory]
    [InlineData("GET /groups/g-assigned/transitiveMemberOf", 403)]
    [InlineData("atScope()", 403)]
    [InlineData("POST /providers/Microsoft.ResourceGraph/resources", 403)]
    [InlineData("roleDefinitions/" + Owner, 403)]
    public async Task A_group_of_which_a_part_was_not_read_counts_as_privileged(string contains, int status)
    {
        await using var tenant = await StartAsync();
        tenant.When("atScope()", $$"""{"value":[{{OwnerRole("power", "g-assigned")}}]}""");
        Nest(tenant);
        if (!contains.StartsWith("roleDefinitions", StringComparison.Ordinal))
            tenant.When("atScope()", """{"value":[]}""");
        tenant.Fails(contains, status);

        var snapshot = await ReadAsync(tenant);

        Assert.False(snapshot.Complete);
        Assert.True(Of(snapshot, "GroupMember:g-assigned").Privileged);
    }

    [Fact]
    public async Task Groups_that_are_listed_without_more_than_their_ids_are_not_read()
    {
        await using var tenant = await StartAsync();
        Nest(tenant);
        tenant.When(
            "GET /groups/g-assigned/transitiveMemberOf",
            """{"value":[{"@odata.type":"#microsoft.graph.group","id":"g-above","displayName":null,"isAssignableToRole":null}]}"""
        );

        var snapshot = await ReadAsync(tenant);

        Assert.Equal(
            (true, Power.NotRead),
            (Of(snapshot, "GroupMember:g-assigned").Privileged, Of(snapshot, "GroupMember:g-assigned").Details[Power.Detail])
        );
    }

    [Theory]
    [InlineData("registeredDevices", "#microsoft.graph.device", "Device", "Device.Read.All and User.Read.All")]
    [InlineData("memberOf", "#microsoft.graph.group", "GroupMember", "GroupMember.Read.All")]
    [InlineData("ownedObjects", "#microsoft.graph.application", "OwnedApplication", "User.Read.All and Application.Read.All")]
    public async Task What_is_listed_by_its_id_alone_is_access_and_unread(string part, string type, string kind, string permission)
    {
        await using var tenant = await StartAsync();
        tenant
            .When("/hidden/", """{"value":[]}""")
            .When(
                $"GET /users/{Dana}/{part}",
                $$"""
                {"value":[{"@odata.type":"{{type}}","id":"hidden","displayName":null,"accountEnabled":null,"mailEnabled":null}]}
                """
            );

        var snapshot = await ReadAsync(tenant);

        Assert.NotNull(Of(snapshot, $"{kind}:hidden"));
        var source = Assert.Single(snapshot.Sources, s => s.Source == LeaverSources.Graph(Dana, part));
        Assert.Equal((false, permission), (source.Complete, source.Permission));
        Assert.All(permission.Split(" and "), p => Assert.Contains($"value=='{p}'", source.Remedy, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("g-team")]
    [InlineData("g-mail")]
    [InlineData("g-onprem")]
    [InlineData("g-lic")]
    public async Task What_comes_from_a_group_stays_with_a_membership_that_cannot_be_ended_here(string group)
    {
        await using var tenant = await StartAsync();
        tenant.When(
            $"GET /users/{Dana}?",
            $$"""
            {"id":"{{Dana}}","userPrincipalName":"dana@x.example","accountEnabled":true,
             "licenseAssignmentStates":[{"skuId":"sku-1","assignedByGroup":"{{group}}","disabledPlans":[],"state":"Active"}]}
            """
        );
        tenant.When(
            $"GET /users/{Dana}/appRoleAssignments",
            $$"""{"value":[{"id":"ar","appRoleId":"role-1","principalId":"{{group}}","principalType":"Group","resourceId":"res-1"}]}"""
        );

        var snapshot = await ReadAsync(tenant);

        var licence = Of(snapshot, $"Licence:sku-1/{group}");
        Texts.Offboarding.Expect("a licence that comes from a group", group, [licence.NotRemovable!, licence.WhatToDo!]);
        var role = Of(snapshot, "AppRole:ar");
        Texts.Offboarding.Expect("an app role that comes from a group", group, [role.NotRemovable!, role.WhatToDo!]);
    }

    [Theory]
    [InlineData("true")]
    [InlineData("false")]
    [InlineData("null")]
    public async Task A_group_that_only_Exchange_changes_is_named_by_its_kind(string security)
    {
        await using var tenant = await StartAsync();
        var group = $$"""
            {"@odata.type":"#microsoft.graph.group","id":"g","displayName":"News","mail":"news@x.example","mailEnabled":true,
             "securityEnabled":{{security}},"groupTypes":[]}
            """;
        tenant
            .When($"GET /users/{Dana}/memberOf", $$"""{"value":[{{group}}]}""")
            .When($"GET /users/{Dana}/ownedObjects", $$"""{"value":[{{group}}]}""");

        var snapshot = await ReadAsync(tenant);

        Assert.All(
            new[] { Of(snapshot, "GroupMember:g"), Of(snapshot, "OwnedGroup:g") },
            a => Texts.Offboarding.Expect("a mail-enabled group, by whether it is a security group", security, a.NotRemovable)
        );
        Texts.Offboarding.Expect("ownership of a group that only Exchange changes", Of(snapshot, "OwnedGroup:g").WhatToDo);
    }

    [Fact]
    public async Task Every_request_is_one_that_is_declared_with_its_permission()
    {
        await using var tenant = await StartAsync();
        tenant.When("roleDefinitionId eq", """{"value":[{"principalId":"admins","directoryScopeId":"/"}]}""");
        var latest = new HrEvent(
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
            "dana@x.example"
        );
        var policy = Policy with { ProtectedGroups = new HashSet<string> { "a-group" } };

        await ReadAsync(tenant);
        await tenant.Directory.LookUpAsync(latest, policy, Stop);
        await tenant.Directory.LookUpAsync(Dana, policy, Stop);
        await tenant.Directory.NewOwnerAsync(Dana, new HashSet<string>(), Stop);
        await tenant.Directory.RecheckAsync([Dana], Stop);

        Assert.True(tenant.Requests.Count > 40);
        Assert.Equal(
            [],
            tenant
                .Requests.Select(r => r.Split(' ', 2))
                .Where(r =>
                    !ReadingTests.Declared(
                        r[0],
                        r[1].StartsWith("/subscriptions", StringComparison.Ordinal)
                        || r[1].StartsWith("/providers", StringComparison.Ordinal)
                            ? "arm"
                            : "graph",
                        r[1]
                    )
                )
        );
    }

    [Fact]
    public async Task Two_reads_of_the_same_tenant_are_the_same()
    {
        await using var tenant = await StartAsync();

        var (first, second) = (await ReadAsync(tenant), await ReadAsync(tenant));

        Assert.Equal(JsonSerializer.Serialize(first.Accesses), JsonSerializer.Serialize(second.Accesses));
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 3)]
    public async Task The_groups_above_each_group_are_asked_for_only_when_there_are_some(bool nested, int asked)
    {
        await using var tenant = await StartAsync();
        if (nested)
            Nest(tenant);

        await ReadAsync(tenant);

        // g-assigned, g-team and g-role: what is left to a person is never given back, and g-owned is not the person's own.
        Assert.Equal(
            asked,
            tenant.Requests.Count(r =>
                r.StartsWith("GET /groups/", StringComparison.Ordinal)
                && r.Contains("/transitiveMemberOf", StringComparison.Ordinal)
                && !r.Contains("g-owned", StringComparison.Ordinal)
            )
        );
    }

    private static void Nest(ScriptedTenant tenant) =>
        tenant.When(
            $"GET /users/{Dana}/transitiveMemberOf",
            """
            {"value":[{"@odata.type":"#microsoft.graph.group","id":"g-assigned"},{"@odata.type":"#microsoft.graph.group","id":"g-above"}]}
            """
        );

    private static Task<AccessSnapshot> ReadAsync(ScriptedTenant tenant) =>
        tenant.Directory.ReadAccessAsync(Dana, "dana@x.example", Policy, Stop);

    private static Access Of(AccessSnapshot snapshot, string key) =>
        snapshot.Accesses.Single(a => a.Key.Equals(key, StringComparison.OrdinalIgnoreCase));

    private static string Details(AccessSnapshot snapshot, string key) =>
        string.Join(
            ' ',
            Of(snapshot, key)
                .Details.OrderBy(d => d.Key, StringComparer.Ordinal)
                .Select(d => string.Create(CultureInfo.InvariantCulture, $"{d.Key}={d.Value}"))
        );

    private static string Assignment(string name, string scope, string role) =>
        $$"""
            {"id":"{{scope}}/providers/Microsoft.Authorization/roleAssignments/{{name}}","properties":{"principalId":"{{Dana}}",
             "principalType":"User","scope":"{{scope}}",
             "roleDefinitionId":"/subscriptions/{{Sub}}/providers/Microsoft.Authorization/roleDefinitions/{{role}}"} }
            """;

    // Owner of the resource group, for somebody else than the person.
    private static string OwnerRole(string name, string principal) =>
        Assignment(name, Rg, Owner).Replace(Dana, principal, StringComparison.Ordinal);

    private static string Row(string assignment) =>
        assignment
            .Trim()
            .Insert(1, $"\"name\":\"a\",\"type\":\"microsoft.authorization/roleassignments\",\"subscriptionId\":\"{Sub}\",\"tags\":null,");

    private static string Eligibility(string name, string sub, string scope) =>
        $$"""
            {"id":"/subscriptions/{{sub}}/providers/Microsoft.Authorization/roleEligibilityScheduleInstances/{{name}}",
             "properties":{"principalId":"{{Dana}}","scope":"{{scope}}","memberType":"Inherited",
             "roleEligibilityScheduleId":"{{scope}}/providers/Microsoft.Authorization/roleEligibilitySchedules/s1",
             "roleDefinitionId":"/subscriptions/{{sub}}/providers/Microsoft.Authorization/roleDefinitions/{{Contributor}}"} }
            """;

    private static string Definition(string role, string name) =>
        $$"""
            {"id":"/providers/Microsoft.Authorization/roleDefinitions/{{role}}","properties":{"roleName":"{{name}}","type":"BuiltInRole",
             "permissions":[]} }
            """;

    private static string Resource(string type, string name, string tags, string properties) =>
        $$"""
            {"id":"{{Rg}}/providers/{{type}}/{{name}}","name":"{{name}}","type":"{{type.ToLowerInvariant()}}","subscriptionId":"{{Sub}}",
             "tags":{{tags}},"properties":{{properties}} }
            """;

    private static async Task<ScriptedTenant> StartAsync()
    {
        var tenant = await ScriptedTenant.StartAsync();
        return tenant
            .When(
                $"GET /users/{Dana}?",
                $$"""
                {"id":"{{Dana}}","userPrincipalName":"dana@x.example","accountEnabled":true,"assignedLicenses":[{"skuId":"sku-1",
                 "disabledPlans":["p-1"]}],
                 "licenseAssignmentStates":[{"skuId":"sku-1","assignedByGroup":null,"disabledPlans":["p-1"],"state":"Active"},
                  {"skuId":"sku-1","assignedByGroup":"g-lic","disabledPlans":[],"state":"Active"}]}
                """
            )
            .When(
                $"GET /users/{Dana}/memberOf",
                """
                {"value":[
                 {"@odata.type":"#microsoft.graph.group","id":"g-assigned","displayName":"Data scientists","groupTypes":[],
                  "securityEnabled":true,"mailEnabled":false},
                 {"@odata.type":"#microsoft.graph.group","id":"g-team","displayName":"Team","groupTypes":["Unified"],"mailEnabled":true},
                 {"@odata.type":"#microsoft.graph.group","id":"g-role","displayName":"Role admins","isAssignableToRole":true,
                  "groupTypes":[]},
                 {"@odata.type":"#microsoft.graph.group","id":"g-dynamic","displayName":"Everybody","groupTypes":["DynamicMembership"],
                  "membershipRule":"user.accountEnabled -eq true"},
                 {"@odata.type":"#microsoft.graph.group","id":"g-onprem","displayName":"Old world","onPremisesSyncEnabled":true,
                  "groupTypes":[]},
                 {"@odata.type":"#microsoft.graph.group","id":"g-mail","displayName":"Newsletter","mail":"it's@x.example",
                  "mailEnabled":true,"securityEnabled":false,"groupTypes":[]},
                 {"@odata.type":"#microsoft.graph.directoryRole","id":"role","displayName":"Application Administrator"},
                 {"@odata.type":"#microsoft.graph.administrativeUnit","id":"au-1","displayName":"Research"}]}
                """
            )
            .When(
                $"GET /users/{Dana}/authentication/methods",
                """
                {"value":[{"@odata.type":"#microsoft.graph.passwordAuthenticationMethod","id":"m1"},
                 {"@odata.type":"#microsoft.graph.fido2AuthenticationMethod","id":"m2"},
                 {"@odata.type":"#microsoft.graph.phoneAuthenticationMethod","id":"m3","phoneNumber":"+1 555 0100"},
                  {"@odata.type":"#microsoft.graph.somethingNewAuthenticationMethod","id":"m4"}]}
                """
            )
            .When(
                $"GET /users/{Dana}/appRoleAssignments",
                $$"""
                {"value":[{"id":"ar-direct","appRoleId":"role-1","principalId":"{{Dana}}","principalType":"User","resourceId":"res-1",
                 "resourceDisplayName":"Model registry"},
                 {"id":"ar-group","appRoleId":"role-1","principalId":"g-assigned","principalType":"Group",
                  "principalDisplayName":"Data scientists","resourceId":"res-1","resourceDisplayName":"Model registry"}]}
                """
            )
            .When(
                $"GET /users/{Dana}/oauth2PermissionGrants",
                $$"""
                {"value":[{"id":"grant-1","clientId":"client-1","consentType":"Principal","principalId":"{{Dana}}","resourceId":"res-1",
                 "scope":" User.Read Files.Read"},
                 {"id":"grant-all","clientId":"client-1","consentType":"AllPrincipals","resourceId":"res-1","scope":"User.Read"}]}
                """
            )
            .When(
                $"GET /roleManagement/directory/roleAssignments?$filter=principalId eq '{Dana}'",
                $$"""
                {"value":[{"id":"ra-1","principalId":"{{Dana}}","roleDefinitionId":"rd-1","directoryScopeId":"/administrativeUnits/au-1",
                 "roleDefinition":{"displayName":"Application Administrator"} }]}
                """
            )
            .When(
                $"GET /roleManagement/directory/roleEligibilityScheduleInstances?$filter=principalId eq '{Dana}'",
                $$"""
                {"value":[{"id":"re-1","principalId":"{{Dana}}","roleDefinitionId":"rd-2","directoryScopeId":"/","memberType":"Direct",
                 "roleDefinition":{"displayName":"User Administrator"} }]}
                """
            )
            .When($"GET /roleManagement/directory/roleAssignmentScheduleInstances?$filter=principalId eq '{Dana}'", """{"value":[]}""")
            .When(
                $"GET /users/{Dana}/ownedObjects",
                """
                {"value":[{"@odata.type":"#microsoft.graph.application","id":"app-1","appId":"trainer","displayName":"Trainer",
                 "passwordCredentials":[{"keyId":"k"}],"keyCredentials":[]},
                 {"@odata.type":"#microsoft.graph.application","id":"app-2","appId":"viewer","displayName":"Viewer",
                  "passwordCredentials":[],"keyCredentials":[]},
                 {"@odata.type":"#microsoft.graph.servicePrincipal","id":"sp-1","appId":"trainer","displayName":"Trainer"},
                 {"@odata.type":"#microsoft.graph.group","id":"g-owned","displayName":"Owned","groupTypes":["DynamicMembership"]}]}
                """
            )
            .When(
                "/owners",
                $$"""
                {"value":[{"@odata.type":"#microsoft.graph.user","id":"{{Dana}}","accountEnabled":true},
                 {"@odata.type":"#microsoft.graph.user","id":"gone","accountEnabled":false},
                 {"@odata.type":"#microsoft.graph.servicePrincipal","id":"robot","accountEnabled":true}]}
                """
            )
            .When(
                "GET /applications/app-2/owners",
                """{"value":[{"@odata.type":"#microsoft.graph.user","id":"eve","accountEnabled":true}]}"""
            )
            .When(
                "GET /groups/g-owned/owners",
                """
                {"value":[{"@odata.type":"#microsoft.graph.user","id":"eve","accountEnabled":true},
                 {"@odata.type":"#microsoft.graph.user","id":"EVE","accountEnabled":true},{"@odata.type":"#microsoft.graph.user",
                 "id":"silent"}]}
                """
            )
            .When(
                "GET /servicePrincipals(appId='trainer')/appRoleAssignments",
                """
                {"value":[{"appRoleId":"19dbc75e-c2e2-444c-a770-ec69d8559fc7"},{"appRoleId":"1BFEFB4E-e0b5-418b-a88f-73c46d2cc8e9"},
                 {"appRoleId":"df021288-bdef-4463-88db-98f22de89214"}]}
                """
            )
            .When("GET /servicePrincipals/sp-1/appRoleAssignments", """{"value":[{"appRoleId":"9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8"}]}""")
            .Fails("GET /servicePrincipals(appId='viewer')", 404, "Request_ResourceNotFound", "Resource does not exist.")
            .When(
                $"GET /users/{Dana}/registeredDevices",
                """
                {"value":[{"id":"d-1","deviceId":"dev-1","displayName":"Laptop","accountEnabled":true},{"id":"d-2","deviceId":"dev-2",
                 "displayName":"Old laptop","accountEnabled":false}]}
                """
            )
            .When(
                $"GET /users/{Dana}/managedDevices",
                """
                {"value":[{"id":"md-1","deviceName":"Laptop","managementState":"managed"},{"id":"md-2","deviceName":"Old laptop",
                 "managementState":"retirePending"}]}
                """
            )
            .When("GET /subscriptions?", $$"""{"value":[{"id":"/subscriptions/{{Sub}}","subscriptionId":"{{Sub}}","displayName":"one"}]}""")
            .When(
                $"GET /subscriptions/{Sub}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01&$filter=principalId "
                    + $"eq '{Dana}'",
                $$"""
                {"value":[{{Assignment("1", Rg, Contributor)}},{{Assignment(
                    "2",
                    $"{Rg}/providers/Microsoft.KeyVault/vaults/kv",
                    SecretsUser
                )}}]}
                """
            )
            .When(
                "GET "
                    + $"/subscriptions/{Sub}/providers/Microsoft.Authorization/roleEligibilityScheduleInstances?"
                    + "api-version=2020-10-01&$filter=principalId "
                    + $"eq '{Dana}'",
                $$"""{"value":[{{Eligibility("e1", Sub, $"/subscriptions/{Sub}")}}]}"""
            )
            .When("/transitiveMemberOf", """{"value":[]}""")
            .When("GET /servicePrincipals(appId='trainer')?", """{"id":"sp-1"}""")
            .When(
                $"GET /subscriptions/{Sub}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01&$filter=atScope()",
                """{"value":[]}"""
            )
            .When(
                "roleDefinitions/" + Owner,
                Definition(Owner, "Owner").Replace("[]", """[{"actions":["*"],"notActions":[]}]""", StringComparison.Ordinal)
            )
            .When("roleDefinitions/" + Contributor, Definition(Contributor, "Contributor"))
            .When("roleDefinitions/" + SecretsUser, Definition(SecretsUser, "Key Vault Secrets User"))
            .When(
                "POST /providers/Microsoft.ResourceGraph/resources",
                $$"""
                {"totalRecords":6,"count":6,"resultTruncated":"false","data":[
                 {{Resource("Microsoft.KeyVault/vaults", "kv", "{}", "{\"enableRbacAuthorization\":true}")}},
                 {{Resource(
                    "Microsoft.KeyVault/vaults",
                    "kv-old",
                    "{}",
                    $"{{\"enableRbacAuthorization\":false,\"accessPolicies\":[{{\"tenantId\":\"t\",\"objectId\":\"{Dana}\","
                        + $"\"permissions\":{{\"keys\":[],\"secrets\":[\"Get\",\"list\"]}}}},"
                        + $"{{\"tenantId\":\"t\",\"objectId\":\"eve\",\"permissions\":{{}}}}]}}"
                )}},
                 {{Resource(
                    "Microsoft.Storage/storageAccounts",
                    "stdata",
                    "{\"ai-asset\":\"training-data\"}",
                    "{\"allowSharedKeyAccess\":true}"
                )}},
                 {{Resource("Microsoft.Storage/storageAccounts", "stclean", "{}", "{\"allowSharedKeyAccess\":false}")}},
                 {{Resource(
                    "Microsoft.MachineLearningServices/workspaces",
                    "ws",
                    "{\"AI-asset\":\"Production-Model\",\"Owner\":\"DANA@x.example; Eve@x.example\"}",
                    "{}"
                )}},
                 {{Resource("Microsoft.MachineLearningServices/workspaces", "others", "{\"owner\":\"not-dana@x.example\"}", "{}")}}]}
                """
            );
    }
}
