using Compliance.Changes.Plans;
using Compliance.Findings;
using Compliance.Offboarding;
using Compliance.Offboarding.Certificates;
using Compliance.Offboarding.Directory;
using Compliance.Offboarding.Planning;
using Compliance.Tests.Offboarding.Execution;

namespace Compliance.Tests.Offboarding.Certificates;

public sealed class VerificationTests
{
    private static readonly DateTimeOffset Later = Some.Time.AddMinutes(9);

    [Fact]
    public void What_a_fresh_read_does_not_show_is_removed_and_everything_removed_is_clear()
    {
        var before = Some.Snapshot(PlanExecutorTests.OfEveryKind());
        var (plan, outcomes) = Done(before);

        var verified = Verification.Compare([plan], outcomes, before, Some.Snapshot() with { TakenAt = Later });

        Assert.True(verified.Clear);
        Assert.All(
            verified.Accesses,
            a =>
                Assert.Equal(
                    (AccessState.Removed, (DateTimeOffset?)Some.Time, (DateTimeOffset?)Later),
                    (a.State, a.RemovedAt, a.SeenRemovedAt)
                )
        );
        Assert.Equal(before.Accesses.Count, verified.Accesses.Count);
    }

    [Fact]
    public void What_was_seen_removed_first_stays_as_the_time()
    {
        var before = Some.Snapshot(Some.Group("g"));
        var (plan, outcomes) = Done(before);
        var first = Verification.Compare([plan], outcomes, before, Some.Snapshot() with { TakenAt = Later });

        var second = Verification.Compare([plan], outcomes, before, Some.Snapshot() with { TakenAt = Later.AddHours(1) }, first);

        Assert.Equal(Later, Assert.Single(second.Accesses).SeenRemovedAt);
    }

    [Fact]
    public void A_step_that_says_done_does_not_count_while_the_access_is_still_seen()
    {
        var before = Some.Snapshot(Some.Group("g"));
        var (plan, outcomes) = Done(before);

        var verified = Verification.Compare([plan], outcomes, before, before with { TakenAt = Later });

        Assert.False(verified.Clear);
        var access = Assert.Single(verified.Accesses);
        Assert.Equal((AccessState.StillThere, null), (access.State, access.SeenRemovedAt));
        Texts.Offboarding.Expect("access that is still seen after its step", access.Why);
    }

    public static TheoryData<AccessKind, string> SourceOfEachKind()
    {
        string Graph(string part) => LeaverSources.Graph(Some.UserId, part);
        return new()
        {
            { AccessKind.Account, Graph("") },
            { AccessKind.Licence, Graph("") },
            { AccessKind.GroupMember, Graph("memberOf") },
            { AccessKind.SignInMethod, Graph("authentication/methods") },
            { AccessKind.AppRole, Graph("appRoleAssignments") },
            { AccessKind.DelegatedGrant, Graph("oauth2PermissionGrants") },
            { AccessKind.DirectoryRole, Graph("roleAssignments") },
            { AccessKind.EligibleDirectoryRole, Graph("roleEligibilityScheduleInstances") },
            { AccessKind.OwnedApplication, Graph("ownedObjects") },
            { AccessKind.OwnedServicePrincipal, Graph("ownedObjects") },
            { AccessKind.OwnedGroup, Graph("ownedObjects") },
            { AccessKind.Device, Graph("registeredDevices") },
            { AccessKind.ManagedDevice, Graph("managedDevices") },
            { AccessKind.AzureRole, LeaverSources.AzureRoles("s1") },
            { AccessKind.EligibleAzureRole, LeaverSources.EligibleAzureRoles("s1") },
            { AccessKind.AzureRole, Sources.Subscriptions },
            { AccessKind.VaultAccessPolicy, LeaverSources.Resources },
            { AccessKind.OwnedResource, LeaverSources.Resources },
        };
    }

    [Theory]
    [MemberData(nameof(SourceOfEachKind))]
    public void What_a_source_that_was_not_read_would_show_is_unknown_never_removed(AccessKind kind, string source)
    {
        var access = Some.Access(
            kind,
            kind == AccessKind.SignInMethod ? "phoneMethods/x" : "x",
            "/subscriptions/s1/resourceGroups/rg",
            ("skuId", "x")
        );
        var before = Some.Snapshot(access);
        var (plan, outcomes) = Done(before);
        var cut = Some.Sources().Select(s => s.Source == source ? s with { Complete = false, Reason = "429, throttled" } : s).ToList();
        var missing = Some.Sources().Where(s => s.Source != source).ToList();

        Assert.Equal(AccessState.Removed, Assert.Single(Verification.Compare([plan], outcomes, before, Some.Snapshot()).Accesses).State);
        var unread = Verification.Compare([plan], outcomes, before, Some.Snapshot() with { Sources = cut });
        Assert.Equal(
            (AccessState.Unknown, false, source),
            (Assert.Single(unread.Accesses).State, unread.Clear, Assert.Single(unread.Unread).Source)
        );
        var unasked = Verification.Compare([plan], outcomes, before, Some.Snapshot() with { Sources = missing });
        Assert.Equal((AccessState.Unknown, false), (Assert.Single(unasked.Accesses).State, unasked.Clear));
    }

    [Theory]
    [InlineData(AccessKind.VaultAccessPolicy, "/subscriptions/s2/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv")]
    [InlineData(AccessKind.OwnedResource, "/subscriptions/s2/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws")]
    [InlineData(AccessKind.AzureRole, "/subscriptions/s2/resourceGroups/rg")]
    [InlineData(AccessKind.EligibleAzureRole, "/subscriptions/s2")]
    [InlineData(AccessKind.AzureRole, "/providers/Microsoft.Management/managementGroups/mg")]
    public void What_is_in_a_subscription_that_is_no_longer_listed_is_unknown_never_removed(AccessKind kind, string scope)
    {
        var before = Some.Snapshot(Some.Access(kind, scope + "/x", scope)) with { Sources = Some.Sources("s1", "s2") };
        var (plan, outcomes) = Done(before);

        var verified = Verification.Compare([plan], outcomes, before, Some.Snapshot());

        Assert.Equal((false, AccessState.Unknown), (verified.Clear, Assert.Single(verified.Accesses).State));
        Assert.Equal([LeaverSources.AzureRoles("s2"), LeaverSources.EligibleAzureRoles("s2")], verified.Unread.Select(s => s.Source));
        Assert.All(verified.Unread, s => Assert.Contains("not any more", s.Reason, StringComparison.Ordinal));
        Assert.All(verified.Unread, s => Assert.Contains("--scope '/subscriptions/s2'", s.Remedy, StringComparison.Ordinal));
    }

    [Fact]
    public void A_subscription_that_is_no_longer_listed_keeps_a_case_from_being_clear_though_nothing_was_known_there()
    {
        var before = Some.Snapshot(Some.Group("g")) with { Sources = Some.Sources("s1", "s2") };
        var (plan, outcomes) = Done(before);

        Assert.False(Verification.Compare([plan], outcomes, before, Some.Snapshot()).Clear);
        Assert.True(
            Verification.Compare([plan], outcomes, before, Some.Snapshot() with { Sources = Some.Sources("S1", "S2", "s3") }).Clear
        );
    }

    [Fact]
    public void A_shared_secret_stays_with_a_person_though_nothing_leads_to_it_any_more()
    {
        var before = Some.Snapshot(Some.Access(AccessKind.SharedSecret, "/subscriptions/s1/st", "/subscriptions/s1/st"));
        var (plan, outcomes) = Done(before);

        Assert.Equal(
            AccessState.LeftToPerson,
            Assert.Single(Verification.Compare([plan], outcomes, before, Some.Snapshot()).Accesses).State
        );
    }

    [Fact]
    public void A_role_above_all_subscriptions_is_removed_only_if_all_of_them_were_read()
    {
        var before = Some.Snapshot(
            Some.Access(
                AccessKind.AzureRole,
                "/providers/Microsoft.Management/managementGroups/m/providers/Microsoft.Authorization/roleAssignments/a",
                "/providers/Microsoft.Management/managementGroups/m"
            )
        );
        var (plan, outcomes) = Done(before);
        var cut = Some.Sources("s1", "s2")
            .Select(s => s.Source == LeaverSources.AzureRoles("s2") ? s with { Complete = false } : s)
            .ToList();

        Assert.True(Verification.Compare([plan], outcomes, before, Some.Snapshot() with { Sources = Some.Sources("s1", "s2") }).Clear);
        Assert.Equal(
            AccessState.Unknown,
            Assert.Single(Verification.Compare([plan], outcomes, before, Some.Snapshot() with { Sources = cut }).Accesses).State
        );
    }

    [Fact]
    public void Access_that_no_plan_covers_is_outside_until_a_further_plan_takes_it_in()
    {
        var before = Some.Snapshot(Some.Group("g"));
        var (plan, outcomes) = Done(before);
        var after = Some.Snapshot(Some.Group("late"));

        var first = Verification.Compare([plan], outcomes, before, after);
        var (further, more) = Done(after);
        var still = Verification.Compare([plan, further], [.. outcomes, .. more], before, after);
        var gone = Verification.Compare([plan, further], [.. outcomes, .. more], before, Some.Snapshot());

        Assert.Equal("late", Assert.Single(first.Outside).Id);
        Assert.False(first.Clear);
        Assert.Empty(still.Outside);
        Assert.Equal((false, true), (still.Clear, gone.Clear));
    }

    [Fact]
    public void What_is_left_to_a_person_is_told_and_does_not_keep_the_case_from_being_clear()
    {
        var before = Some.Snapshot(Some.Group("dynamic") with { NotRemovable = "its members follow a rule", WhatToDo = "change the rule" });
        var (plan, outcomes) = Done(before);

        var verified = Verification.Compare([plan], outcomes, before, before);

        Assert.True(verified.Clear);
        Assert.Equal(
            (AccessState.LeftToPerson, "its members follow a rule", "change the rule"),
            (verified.Accesses[0].State, verified.Accesses[0].Why, verified.Accesses[0].WhatToDo)
        );
    }

    [Fact]
    public void A_step_that_failed_is_still_there_with_its_reason_and_the_last_attempt_counts()
    {
        var before = Some.Snapshot(Some.Group("g"));
        var (plan, outcomes) = Done(before);
        var failed = new StepOutcome(plan.Steps[0].Id, StepResult.Refused, Later, "400, no", null, "do it by hand");

        var verified = Verification.Compare([plan], [.. outcomes, failed], before, before);

        Assert.False(verified.Clear);
        Assert.Equal(
            (AccessState.StillThere, "400, no", "do it by hand"),
            (verified.Accesses[0].State, verified.Accesses[0].Why, verified.Accesses[0].WhatToDo)
        );
    }

    [Theory]
    [InlineData("memberOf")]
    [InlineData("managedDevices")]
    public void A_source_that_was_not_read_keeps_a_case_from_being_clear_though_no_known_access_is_in_it(string part)
    {
        var source = LeaverSources.Graph(Some.UserId, part);
        var before = Some.Snapshot(Some.AppRole("r"));
        var (plan, outcomes) = Done(before);
        var cut = Some.Sources().Select(s => s.Source == source ? s with { Complete = false, Reason = "403, refused" } : s).ToList();

        var verified = Verification.Compare([plan], outcomes, before, Some.Snapshot() with { Sources = cut });

        Assert.Equal((AccessState.Removed, false), (Assert.Single(verified.Accesses).State, verified.Clear));
        Assert.Equal(source, Assert.Single(verified.Unread).Source);
    }

    [Fact]
    public void A_role_above_all_subscriptions_is_unknown_while_none_is_listed()
    {
        const string Group = "/providers/Microsoft.Management/managementGroups/m";
        var before = Some.Snapshot(Some.Access(AccessKind.AzureRole, Group + "/x", Group)) with { Sources = [] };
        var (plan, outcomes) = Done(before);
        var without = Some.Sources().Where(s => !s.Source.StartsWith("arm/subscriptions", StringComparison.Ordinal)).ToList();

        var verified = Verification.Compare([plan], outcomes, before, Some.Snapshot() with { Sources = without });

        Assert.Equal((AccessState.Unknown, false), (Assert.Single(verified.Accesses).State, verified.Clear));
    }

    [Fact]
    public void Only_a_step_that_took_effect_has_a_time_of_removal()
    {
        var before = Some.Snapshot(Some.Group("g"));
        var (plan, _) = Done(before);
        var failed = new StepOutcome(plan.Steps[0].Id, StepResult.Failed, Some.Time, "503");
        var groups = LeaverSources.Graph(Some.UserId, "memberOf");
        var cut = Some.Sources().Select(s => s.Source == groups ? s with { Complete = false } : s).ToList();

        Assert.Null(Assert.Single(Verification.Compare([plan], [failed], before, Some.Snapshot()).Accesses).RemovedAt);
        Assert.Null(
            Assert.Single(Verification.Compare([plan], [failed], before, Some.Snapshot() with { Sources = cut }).Accesses).RemovedAt
        );
        var again = failed with { Result = StepResult.AlreadySo, At = Later };
        Assert.Equal(Later, Assert.Single(Verification.Compare([plan], [failed, again], before, Some.Snapshot()).Accesses).RemovedAt);
    }

    [Fact]
    public void Of_two_plans_for_one_access_the_later_ones_step_counts()
    {
        var before = Some.Snapshot(Some.Group("g"));
        var (plan, outcomes) = Done(before);
        var again = plan with { Steps = [.. plan.Steps.Select(s => s with { Id = "again" })] };

        var access = Assert.Single(Verification.Compare([plan, again], outcomes, before, before).Accesses);

        Assert.Equal(AccessState.StillThere, access.State);
        Texts.Offboarding.Expect("access whose step was not carried out yet", access.Why);
    }

    private static (ActionPlan Plan, List<StepOutcome> Outcomes) Done(AccessSnapshot snapshot)
    {
        var plan = RemovalPlanner.Plan(Some.CaseId, Some.Facts, snapshot, Some.NewOwner, Some.Everything);
        return (plan, [.. plan.Steps.Select(s => new StepOutcome(s.Id, StepResult.Done, Some.Time))]);
    }
}
