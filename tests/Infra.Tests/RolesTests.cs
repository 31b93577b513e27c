using Compliance.Minimization.Inventory;
using Compliance.Minimization.Sweeps;
using Compliance.Notifications.Channels;
using Compliance.Offboarding.Actions;
using Compliance.Tenants;

namespace Infra.Tests;

/// <summary>Who may do what: as reviewed, and no more than the declared calls need.</summary>
public sealed class RolesTests(Templates templates)
{
    [Theory]
    [InlineData("report")]
    [InlineData("enforce")]
    public void The_roles_are_those_that_were_reviewed(string mode)
    {
        var deployment = mode == "report" ? templates.Report : templates.Enforce;

        ReviewedFile.AssertSame(
            Templates.Folder("tests", "Infra.Tests", "Snapshots", $"roles-{mode}.txt"),
            string.Concat(Roles.Of(deployment).Select(r => $"{r}\n"))
        );
    }

    [Fact]
    public void Mode_report_can_change_nothing_outside_the_apps_own_resources()
    {
        var outside = Roles.Of(templates.Report).Where(r => r.IsAtSubscription);

        Assert.Equal(
            ["Reader", "Key Vault Reader", "Storage Blob Data Reader", "Compliance reading of index tags"],
            outside.Select(r => r.Name)
        );
        Assert.Equal(
            [InventoryCalls.TagsRead],
            templates.Report.Of("Microsoft.Authorization/roleDefinitions").SelectMany(Roles.Actions).Distinct()
        );
    }

    [Fact]
    public void The_mode_changes_who_may_do_what_and_nothing_else()
    {
        var (report, enforce) = (Texts(templates.Report), Texts(templates.EnforceOnly));

        Assert.Empty(report.Except(enforce, StringComparer.Ordinal));
        Assert.Equal(
            ["Microsoft.Authorization/roleAssignments", "Microsoft.Authorization/roleDefinitions"],
            Sorted(templates.EnforceOnly.Resources.Where(r => !report.Contains(r.Json.ToJsonString())).Select(r => r.Type))
        );
        Assert.Equal(
            [
                "the app: Compliance access of leavers",
                "the app: Compliance hand-over of leavers",
                "the app: Compliance deletion of stored data",
            ],
            Roles.Of(templates.EnforceOnly).Except(Roles.Of(templates.Report)).Select(r => $"{r.For}: {r.Name}")
        );
    }

    [Fact]
    public void A_network_gives_and_takes_no_role() =>
        Assert.Equal(Roles.Of(templates.Report), Roles.Of(templates.ReportWithNetwork));

    [Fact]
    public void Every_role_names_what_it_serves_and_is_for_a_service_but_for_those_of_whoever_deploys()
    {
        var assignments = templates.Enforce.Of("Microsoft.Authorization/roleAssignments");
        var ofServices = assignments
            .Where(a => !a.Text("properties.description")!.StartsWith("compliance azure postdeploy:", StringComparison.Ordinal))
            .ToList();

        Assert.Equal(2, assignments.Count - ofServices.Count);
        Assert.All(ofServices, a => Assert.Equal("ServicePrincipal", a.Text("properties.principalType")));
        Assert.All(assignments, a => Assert.NotEmpty(a.Text("properties.description")!));
    }

    [Fact]
    public void Whoever_deploys_may_send_one_kind_of_event_and_read_the_ledger_and_nothing_else()
    {
        var deployer = Roles.Of(templates.Enforce).Where(r => r.For == Roles.Deployer).Select(r => r.Name);

        Assert.Equal(["Storage Queue Data Message Sender", "Storage Blob Data Reader"], deployer);
        Assert.DoesNotContain(Roles.Of(templates.Report), r => r.For == Roles.Deployer);
    }

    [Fact]
    public void What_reads_the_tenant_has_the_roles_that_its_calls_declare_and_no_other()
    {
        var declared = DeclaredCall
            .All.Concat(NotificationCalls.All)
            .Where(c => c.Service is "arm" or "keyvault")
            .Select(c => c.Permission);

        var assigned = Roles
            .Of(templates.Enforce)
            .Where(r => r.For == Roles.App && !r.IsCustom)
            .Select(r => r.Name)
            .Where(n => !n.StartsWith("Storage ", StringComparison.Ordinal) && n != "Monitoring Metrics Publisher");

        Assert.Equal(Sorted(declared), Sorted(assigned));
    }

    [Fact]
    public void What_acts_on_the_tenant_may_do_what_its_calls_need_and_nothing_else()
    {
        var needed = StepRegistry
            .Default.Calls.Where(c => c.Service != "graph")
            .Select(ActionOf)
            .Concat(SweepCalls.All.Select(c => c.Permission))
            .Append(InventoryCalls.TagsRead);

        var allowed = templates.Enforce.Of("Microsoft.Authorization/roleDefinitions").SelectMany(Roles.Actions);

        Assert.Equal(Sorted(needed), Sorted(allowed));
    }

    [Fact]
    public void The_right_to_give_roles_is_limited_to_people_and_to_roles_that_give_none()
    {
        var giving = Roles.Of(templates.Enforce).Where(r => r.Name == "Compliance access of leavers").ToList();

        Assert.Equal(2, giving.Count);
        foreach (var role in giving)
        {
            // Owner, User Access Administrator, Role Based Access Control Administrator
            Assert.Contains("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", role.Condition);
            Assert.Contains("18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", role.Condition);
            Assert.Contains("f58310d9-a9f6-439a-9e8d-f62e7b41a168", role.Condition);
            Assert.Contains("PrincipalType] StringEqualsIgnoreCase 'User'", role.Condition);
        }
    }

    [Fact]
    public void A_role_of_the_apps_own_can_be_assigned_in_its_subscription_alone() =>
        Assert.All(
            templates.Enforce.Of("Microsoft.Authorization/roleDefinitions"),
            d =>
                Assert.Equal(
                    d.Id[..d.Id.IndexOf("/providers/", StringComparison.Ordinal)],
                    Assert.Single(d.At("properties.assignableScopes")!.AsArray())!.GetValue<string>()
                )
        );

    // DELETE /{*id}/providers/Microsoft.Authorization/roleAssignments/{id} asks for Microsoft.Authorization/roleAssignments/delete.
    private static string ActionOf(DeclaredCall call)
    {
        var verb = call.Method == "DELETE" ? "delete" : "write";
        var provider = call.Path.LastIndexOf("/providers/", StringComparison.Ordinal);
        // The one path that begins with the resource itself: a vault.
        if (provider < 0)
            return $"Microsoft.KeyVault/vaults/{call.Path.Split('/')[^2]}/{verb}";
        var parts = call.Path[(provider + "/providers/".Length)..].Split('/');
        return $"{parts[0]}/{parts[1]}/{verb}";
    }

    private static IReadOnlyList<string> Texts(Deployment deployment) => [.. deployment.Resources.Select(r => r.Json.ToJsonString())];

    private static IEnumerable<string> Sorted(IEnumerable<string> names) => names.Distinct().Order(StringComparer.Ordinal);
}
