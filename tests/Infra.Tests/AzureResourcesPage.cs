using System.Text;

namespace Infra.Tests;

/// <summary>The page of the reference that lists what a deployment makes, from the compiled templates.</summary>
internal static class AzureResourcesPage
{
    private static readonly string[] Left =
    [
        "Microsoft.Authorization/roleAssignments",
        "Microsoft.Authorization/roleDefinitions",
        "Microsoft.Insights/diagnosticSettings",
        "Microsoft.Insights/scheduledQueryRules",
        "Microsoft.Resources/resourceGroups",
    ];

    /// <summary>The page's text.</summary>
    public static string Write(Templates templates)
    {
        var page = new StringBuilder();
        page.Append(
            """
            # Azure resources and roles

            What [infra/main.bicep](../../infra/main.bicep) and [infra/evidence.bicep](../../infra/evidence.bicep) make, read
            from the compiled templates for an environment named `demo`. A test holds this page to them; with
            `REFRESH_SAMPLES=1` it writes the page. `…` differs from installation to installation. Why it is so:
            [0012](../decisions/0012-deployment.md). None of it was ever deployed to Azure.

            ## Resources

            Each one that Azure Monitor takes diagnostic settings for has one, to the workspace of its group.


            """
        );
        Table(page, ["resource", "type", "when"], Resources(templates));
        page.Append(
            """

            ## Roles

            The app has one identity. In mode `report` it reads the tenant and changes nothing there.


            """
        );
        Table(page, ["for", "role", "at", "when", "serves"], RoleRows(templates));
        page.Append("\n## Roles of the app's own\n\n");
        Table(page, ["role", "allows"], CustomRoles(templates));
        page.Append(
            """

            The first is assigned under a condition: a role can be given to people alone, and neither Owner, User Access
            Administrator nor Role Based Access Control Administrator.

            ## Alerts


            """
        );
        Table(page, ["alert", "severity", "evaluated every"], Alerts(templates));
        return page.ToString();
    }

    private static IEnumerable<string[]> Resources(Templates templates)
    {
        var always = Listed(templates.Report, templates.Report).ToHashSet();
        return Listed(templates.Evidence, templates.Report)
            .Select(r => new[] { r.Place, r.Type, "always" })
            .Concat(
                Listed(templates.Enforce, templates.Enforce)
                    .Select(r => new[] { r.Place, r.Type, always.Contains(r) ? "always" : WhenMade(r.Type) })
            );
    }

    private static IEnumerable<(string Place, string Type)> Listed(Deployment deployment, Deployment main)
    {
        var own = deployment.Of("Microsoft.KeyVault/vaults").Select(v => v.Name["kv-".Length..]).SingleOrDefault();
        return deployment
            .Resources.Where(r => !Left.Contains(r.Type))
            .Select(r => (Roles.Place(r.Id, main), r.Type))
            .Select(r => (own is null ? r.Item1 : r.Item1.Replace(own, "…", StringComparison.Ordinal), r.Type));
    }

    private static string WhenMade(string type) =>
        type.Split('/')[0] switch
        {
            "Microsoft.Network" => "`enableVnet`",
            "Microsoft.EventGrid" => "`watchedVaults`",
            "Microsoft.Consumption" => "`monthlyBudget`",
            _ => throw new InvalidOperationException($"{type} is made in some cases only: name the parameter here"),
        };

    private static IEnumerable<string[]> RoleRows(Templates templates)
    {
        var always = Roles.Of(templates.Report).ToHashSet();
        return Roles
            .Of(templates.Enforce)
            .Select(r => new[] { r.For, r.Name, r.At, always.Contains(r) ? "always" : WhenAssigned(r), r.Serves });
    }

    private static string WhenAssigned(Role role) =>
        (role.Name, role.For, role.IsAtSubscription) switch
        {
            ("Compliance eligibilities of leavers", _, _) => "`mode=enforce` and `endsEligibilities`",
            (_, _, true) when role.IsCustom => "`mode=enforce`",
            (_, _, true) => "`subscriptionIds`",
            ("Key Vault Secrets User", _, _) => role.Serves.Contains("hr-webhook", StringComparison.Ordinal)
                ? "`hrWebhookVaultId`"
                : "`notificationRooms`",
            (_, "a vault's topic", _) => "`watchedVaults`",
            (_, "an HR system", _) => "`hrSenderPrincipalIds`",
            (_, Roles.Deployer, _) => "`deployerPrincipalId`, which azd knows",
            _ => throw new InvalidOperationException($"{role} is assigned in some cases only: name the parameter here"),
        };

    private static IEnumerable<string[]> CustomRoles(Templates templates) =>
        templates
            .Enforce.Of("Microsoft.Authorization/roleDefinitions")
            .Where(d => d.Id.Contains(Templates.Subscription, StringComparison.Ordinal))
            .Select(d => new[]
            {
                d.Text("properties.roleName")!.Split(" (")[0],
                string.Join(", ", Roles.Actions(d).Select(a => $"`{a}`")),
            });

    private static IEnumerable<string[]> Alerts(Templates templates) =>
        templates
            .Report.Of("Microsoft.Insights/scheduledQueryRules")
            .Select(r => new[]
            {
                r.Text("properties.displayName")!["Compliance: ".Length..],
                r.Text("properties.severity")!,
                $"`{r.Text("properties.evaluationFrequency")}`",
            });

    private static void Table(StringBuilder page, string[] head, IEnumerable<string[]> rows)
    {
        foreach (var row in rows.Prepend([.. head.Select(_ => "---")]).Prepend(head))
            page.Append("| ").AppendJoin(" | ", row).Append(" |\n");
    }
}
