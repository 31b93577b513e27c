using Compliance.Changes.Plans;
using Compliance.Offboarding.Actions;

namespace Compliance.Tests.Offboarding.Actions;

/// <summary>The facts of each class of a step, in one table: a changed cell is a changed act, and is reviewed as one.</summary>
public sealed class StepFactsTests
{
    // Action | effect | whether it ends with a deleted user | how power is judged | takes away | repeated after | undone under another id
    private const string Facts = """
        account.disable | Changes | with the user | Never | Account | - | -
        account.revokeSessions | Changes | with the user | - | - | account.disable | -
        blockGroup.member.add | Gives | with the user | - | - | - | -
        device.disable | Changes | - | Marked | Device | - | -
        directoryRole.remove | TakesAway | with the user | Always | DirectoryRole | - | -
        eligibleDirectoryRole.remove | TakesAway | with the user | Always | EligibleDirectoryRole | - | -
        group.member.remove | TakesAway | with the user | Read | GroupMember | - | -
        appRole.remove | TakesAway | with the user | Marked | AppRole | - | -
        delegatedGrant.remove | TakesAway | with the user | Marked | DelegatedGrant | - | -
        azureRole.remove | TakesAway | - | Read | AzureRole | - | -
        eligibleAzureRole.remove | TakesAway | - | Always | EligibleAzureRole | - | -
        vaultAccessPolicy.remove | TakesAway | - | Marked | VaultAccessPolicy | - | -
        signInMethod.remove | TakesAway | with the user | Marked | SignInMethod | - | -
        owner.add | Gives | - | - | - | - | -
        owner.remove | TakesAway | with the user | Read | OwnedApplication OwnedServicePrincipal OwnedGroup | - | -
        resource.handOver | Changes | - | Marked | OwnedResource | - | -
        licence.remove | TakesAway | with the user | Marked | Licence | - | -
        managedDevice.retire | Changes | - | Marked | ManagedDevice | - | -
        account.enable | Gives | - | - | - | - | -
        blockGroup.member.remove | TakesAway | - | - | - | - | -
        licence.add | Gives | - | - | - | - | -
        group.member.add | Gives | - | - | - | - | -
        appRole.add | Gives | - | - | - | - | new id
        delegatedGrant.add | Gives | - | - | - | - | new id
        azureRole.add | Gives | - | - | - | - | new id
        vaultAccessPolicy.add | Gives | - | - | - | - | -
        resource.takeBack | Gives | - | - | - | - | -
        device.enable | Gives | - | - | - | - | -
        """;

    [Fact]
    public void Every_step_has_the_facts_of_the_table() =>
        Assert.Equal(
            Facts.ReplaceLineEndings("\n").Split('\n'),
            StepRegistry.Default.All.Select(step =>
            {
                var removal = step as IRemovalStep;
                return string.Join(
                    " | ",
                    step.Action,
                    step.Effect,
                    step.EndsWithTheUser ? "with the user" : "-",
                    removal is null ? "-" : removal.Power,
                    removal is null ? "-" : string.Join(' ', removal.Kinds),
                    step.RepeatedAfter ?? "-",
                    step is IGiveBackStep { GetsNewId: true } ? "new id" : "-"
                );
            })
        );

    // Graph changes members and owners of a role-assignable group only for whoever may change roles.
    [Theory]
    [InlineData(AddOwner.Id, true)]
    [InlineData(AddOwner.Id, false)]
    [InlineData(RemoveOwner.Id, true)]
    [InlineData(RemoveOwner.Id, false)]
    [InlineData(RemoveGroupMember.Id, true)]
    [InlineData(RemoveGroupMember.Id, false)]
    public void A_step_on_a_role_assignable_group_needs_the_permission_to_change_roles(string action, bool isRoleAssignable)
    {
        var arguments = new Dictionary<string, string>
        {
            [StepArguments.UserId] = "u",
            [StepArguments.OwnerId] = "u",
            [StepArguments.Collection] = "groups",
        };
        if (isRoleAssignable)
            arguments[StepArguments.RoleAssignable] = "true";

        var request = StepRegistry.Default.Request(new PlanStep("s", action, new PlanTarget("group", "g", "G"), 0, "", "", arguments));

        Assert.Equal(isRoleAssignable, request.Call.Permission.Contains("RoleManagement", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(StepResult.Done, true)]
    [InlineData(StepResult.AlreadySo, true)]
    [InlineData(StepResult.Refused, false)]
    [InlineData(StepResult.NotPermitted, false)]
    public void Only_what_was_done_or_was_so_already_is_in_effect(StepResult result, bool isInEffect) =>
        Assert.Equal(isInEffect, new StepOutcome("a", result, DateTimeOffset.UnixEpoch).InEffect);
}
