using Compliance.Notifications.Messages;
using Compliance.Notifications.Policy;
using Local;
using SandboxTenant.Data;
using SandboxTenant.Demo;

namespace Compliance.Tests.Notifications;

/// <summary>The people whom a local run notifies are those of the demo tenant.</summary>
public sealed class DemoNotificationsTests
{
    [Fact]
    public void Approvers_and_the_admin_of_the_demo_tenant_are_notified()
    {
        var tenant = DemoTenant.Create(new SandboxTenant.SandboxOptions().Seed, new DateTimeOffset(2026, 11, 23, 6, 0, 0, TimeSpan.Zero));
        var holders = tenant
            .AppRoleAssignments.By("resourceId", tenant.ServicePrincipals.Find(DemoLeaver.ComplianceAppId)!.Id)
            .Select(a => (Role: Json.Text(a.Json, "appRoleId"), User: tenant.Users.Find(Json.Text(a.Json, "principalId")!)))
            .Where(a => a.Role is DemoLeaver.ApproverRole or DemoLeaver.AdminRole)
            .Select(a =>
                $"{a.User!.Id} {Json.Text(a.User.Json, "userPrincipalName")} "
                + (a.Role == DemoLeaver.AdminRole ? NotificationRole.Admin : NotificationRole.Approver)
            );

        var people = NotificationPolicyLoader
            .LoadFile(AppSettings.DemoNotifications)
            .People.Select(p => $"{p.ObjectId} {p.Address} {Assert.Single(p.Roles)}");

        Assert.Equal(string.Join('\n', holders.Order(StringComparer.Ordinal)), string.Join('\n', people.Order(StringComparer.Ordinal)));
    }
}
