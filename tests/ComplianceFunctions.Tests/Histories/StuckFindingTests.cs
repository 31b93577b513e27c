using System.Text.Json.Nodes;
using Compliance.Changes.Flow;
using Compliance.Offboarding;
using Compliance.Offboarding.Cases;
using Simulation.Storage.Tables;

namespace ComplianceFunctions.Tests.Histories;

/// <summary>What a person has to remove stays a finding until a fresh read shows that it is gone.</summary>
public sealed class StuckFindingTests
{
    private const string AppRole = "assignment-lea";
    private const string Unread = "GET graph/users/*/appRoleAssignments => status=503";
    private const string GroupsUnread = "GET graph/users/*/memberOf* => status=503";

    [Fact]
    public async Task What_is_left_to_a_person_stays_a_finding_while_it_cannot_be_read()
    {
        await using var desk = await StepDesk.StartAsync();
        GiveAppRole(desk);
        await NotBlockedAsync(desk);
        await desk.RemoveAsync(await desk.PlannedAsync());
        Assert.Equal(NextAction.Retry, (await desk.VerifyAsync()).Outcome);
        var known = Assert.Single(Open(desk));
        Assert.False(IsUnknown(known));

        // As often as it cannot be read.
        for (var read = 0; read < 2; read++)
        {
            var (left, progress) = await UnreadAsync(desk, Unread);
            Assert.Equal((known.RowKey, true), (left.RowKey, IsUnknown(left)));
            Assert.Equal((string?)known["NextStep"], (string?)left["NextStep"]);
            Assert.Equal(2, progress.Stuck);
        }

        await desk.VerifyAsync();
        Assert.False(IsUnknown(Assert.Single(Open(desk))));
        TakeAppRole(desk);
        await desk.VerifyAsync();
        Assert.Empty(Open(desk));
    }

    [Fact]
    public async Task What_a_missing_permission_kept_stays_a_finding_when_a_later_try_fails_otherwise()
    {
        await using var desk = await StepDesk.StartAsync();
        var denied = desk.World.Sandbox.Tenant.Denied;
        denied["GroupMember.ReadWrite.All"] = true;
        await NotBlockedAsync(desk);
        var plan = await desk.PlannedAsync();
        await desk.RemoveAsync(plan);
        await desk.VerifyAsync();
        var known = Open(desk).Select(r => r.RowKey).Order(StringComparer.Ordinal).ToList();
        Assert.NotEmpty(known);
        denied.TryRemove("GroupMember.ReadWrite.All", out _);
        desk.World.Sandbox.SetFaults("DELETE graph/groups/* => status=503");

        for (var attempt = 1; attempt <= 2; attempt++)
        {
            await desk.MeanwhileAsync(desk.RemoveAsync(plan, attempt));
            await desk.VerifyAsync();
            Assert.Equal(known, Open(desk).Select(r => r.RowKey).Order(StringComparer.Ordinal));
        }

        desk.World.Sandbox.SetFaults(null);
        await desk.RemoveAsync(plan, attempt: 3);
        await desk.VerifyAsync();
        Assert.Empty(Open(desk));
    }

    [Fact]
    public async Task What_was_seen_gone_is_no_finding_again_when_it_cannot_be_read()
    {
        await using var desk = await StepDesk.StartAsync();
        GiveAppRole(desk);
        await NotBlockedAsync(desk);
        await desk.RemoveAsync(await desk.PlannedAsync());
        await desk.VerifyAsync();
        TakeAppRole(desk);
        await desk.VerifyAsync();
        Assert.Empty(Open(desk));

        for (var read = 0; read < 2; read++)
        {
            desk.World.Sandbox.SetFaults(Unread);
            await desk.MeanwhileAsync(desk.VerifyAsync());
            Assert.Empty(Open(desk));
        }
    }

    [Fact]
    public async Task What_a_missing_permission_keeps_stays_a_finding_and_is_unknown_while_it_cannot_be_read()
    {
        await using var desk = await StepDesk.StartAsync();
        desk.World.Sandbox.Tenant.Denied["GroupMember.ReadWrite.All"] = true;
        await NotBlockedAsync(desk);
        await desk.RemoveAsync(await desk.PlannedAsync());
        await desk.VerifyAsync();
        var known = Open(desk).Select(r => r.RowKey).Order(StringComparer.Ordinal).ToList();
        Assert.NotEmpty(known);

        desk.World.Sandbox.SetFaults(GroupsUnread);
        await desk.MeanwhileAsync(desk.VerifyAsync());

        Assert.Equal(known, Open(desk).Select(r => r.RowKey).Order(StringComparer.Ordinal));
        Assert.All(Open(desk), r => Assert.True(IsUnknown(r)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_further_plan_cannot_take_is_a_finding_also_while_it_cannot_be_read(bool isLeftToPerson)
    {
        await using var desk = await StepDesk.StartAsync();
        await NotBlockedAsync(desk);
        await desk.RemoveAsync(await desk.PlannedAsync());
        if (isLeftToPerson)
            GiveAppRole(desk);
        else
            SmallTenant.AddToGroup(desk.World.Sandbox.Tenant, SmallTenant.OtherGroup, Person.Lea);
        Assert.True((await desk.VerifyAsync()).NewPlan);
        desk.World.Sandbox.Tenant.Denied["GroupMember.ReadWrite.All"] = true;
        await desk.RemoveAsync((await desk.PlanAsync()).PlanId!, attempt: 1);
        Assert.False((await desk.VerifyAsync()).NewPlan);
        var known = Assert.Single(Open(desk));

        for (var read = 0; read < 2; read++)
        {
            var (left, _) = await UnreadAsync(desk, isLeftToPerson ? Unread : GroupsUnread);
            Assert.Equal((known.RowKey, true), (left.RowKey, IsUnknown(left)));
        }

        if (isLeftToPerson)
            TakeAppRole(desk);
        else
            desk.World.Sandbox.Tenant.Remove($"groups/{SmallTenant.OtherGroup}/members", SmallTenant.IdOf(Person.Lea));
        await desk.VerifyAsync();
        Assert.Empty(Open(desk));
    }

    // What keeps the case from being clear, so that it is read again.
    private static Task NotBlockedAsync(StepDesk desk)
    {
        desk.World.Sandbox.Tenant.Denied["User.EnableDisableAccount.All"] = true;
        return desk.SaysAsync();
    }

    private static async Task<(TableRow Left, CaseProgress Progress)> UnreadAsync(StepDesk desk, string rule)
    {
        desk.World.Sandbox.SetFaults(rule);
        var progress = await desk.MeanwhileAsync(desk.VerifyAsync());
        desk.World.Sandbox.SetFaults(null);
        return (Assert.Single(Open(desk)), progress);
    }

    // But for that the account could not be disabled.
    private static IReadOnlyList<TableRow> Open(StepDesk desk) =>
        [
            .. desk
                .World.Storage.State.Rows("findings")
                .Where(r =>
                    (string?)r["Status"] == "Open"
                    && (string?)r["Control"] == OffboardingControls.StepStuck
                    && ((string?)r["Source"])!.EndsWith("/removal", StringComparison.Ordinal)
                    && !((string?)r["Part"])!.StartsWith("account:", StringComparison.Ordinal)
                ),
        ];

    private static bool IsUnknown(TableRow finding) => finding["Unknown"] is true;

    private static void GiveAppRole(StepDesk desk) =>
        desk.World.Sandbox.Tenant.Add(
            "appRoleAssignments",
            new JsonObject
            {
                ["id"] = AppRole,
                ["appRoleId"] = Guid.Empty.ToString(),
                ["principalId"] = SmallTenant.IdOf(Person.Lea),
                ["principalType"] = "User",
                ["resourceId"] = Guid.Empty.ToString(),
                ["resourceDisplayName"] = "Payroll",
            }
        );

    private static void TakeAppRole(StepDesk desk) => desk.World.Sandbox.Tenant.Remove("appRoleAssignments", AppRole);
}
