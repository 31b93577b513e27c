using System.Text;
using Compliance.Changes.Approvals;
using Compliance.Changes.Guards;
using Compliance.Changes.Plans;
using Compliance.Offboarding;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Guards;
using Compliance.Offboarding.Planning;
using Compliance.Offboarding.Policy;
using Compliance.Policies;

namespace Compliance.Tests.Offboarding.Guards;

/// <summary>Every guard stops the act at its limit, and lets go one short of it.</summary>
public sealed class GuardTests
{
    private static readonly OffboardingPolicy Policy = new()
    {
        Sha256 = new string('a', 64),
        MaxPerHour = 10,
        MaxOfStaffPerDay = 1,
    };

    private static readonly LeaverFacts Facts = new()
    {
        UserId = "u",
        PrincipalName = "ada.berg@example.com",
        DisplayName = "Ada",
        AccountEnabled = true,
        Staff = 1000,
    };

    private static readonly OwnIdentity Self = new(new HashSet<string>(["own"], StringComparer.OrdinalIgnoreCase));

    public static TheoryData<string, string> Holding =>
        new()
        {
            { "nothing", "" },
            { "in a protected group", GuardNames.Protected },
            { "protected by name", GuardNames.Protected },
            { "protected by id", GuardNames.Protected },
            { "own identity", GuardNames.OwnIdentity },
            { "last administrator", GuardNames.LastGlobalAdministrator },
            { "administrators unknown", GuardNames.LastGlobalAdministrator },
            { "one of two administrators", "" },
            { "service account by name", GuardNames.ServiceAccount },
            { "service account by type", GuardNames.ServiceAccount },
            { "name that only contains a pattern", "" },
            { "something unread", GuardNames.Unreadable },
            { "enabled unknown", GuardNames.Unreadable },
            { "disabled already", "" },
        };

    [Theory]
    [MemberData(nameof(Holding))]
    public void A_leaver_is_held_where_a_guard_says_so(string what, string guard)
    {
        var (facts, policy) = what switch
        {
            "in a protected group" => (Facts with { ProtectedBy = ["g"] }, Policy),
            "protected by name" => (
                Facts,
                Policy with
                {
                    ProtectedAccounts = new HashSet<string>(["ADA.BERG@example.com"], StringComparer.OrdinalIgnoreCase),
                }
            ),
            "protected by id" => (Facts, Policy with { ProtectedAccounts = new HashSet<string>(["U"], StringComparer.OrdinalIgnoreCase) }),
            "own identity" => (Facts with { UserId = "OWN" }, Policy),
            "last administrator" => (Facts with { GlobalAdministrator = true, OtherGlobalAdministrators = 0 }, Policy),
            "administrators unknown" => (Facts with { GlobalAdministrator = true }, Policy),
            "one of two administrators" => (Facts with { GlobalAdministrator = true, OtherGlobalAdministrators = 1 }, Policy),
            "service account by name" => (Facts with { PrincipalName = "SVC-backup@example.com" }, Policy),
            "service account by type" => (Facts with { EmployeeType = "service" }, Policy),
            "name that only contains a pattern" => (Facts with { PrincipalName = "ada.svc-berg@example.com" }, Policy),
            "something unread" => (Facts with { Unread = ["members of group g"] }, Policy),
            "enabled unknown" => (Facts with { AccountEnabled = null }, Policy),
            "disabled already" => (Facts with { AccountEnabled = false }, Policy),
            _ => (Facts, Policy),
        };

        var holds = LeaverGuards.BeforeBlocking(facts, policy, Self);

        Assert.Equal(guard, string.Join(',', holds.Select(h => h.Guard)));
        Texts.Offboarding.Expect("held before blocking", what, holds.Select(h => h.Reason));
    }

    [Theory]
    [InlineData("last owner", AccessKind.OwnedGroup, false, 0, false, false, GuardNames.LastOwner)]
    [InlineData("one of two", AccessKind.OwnedGroup, false, 1, false, false, "")]
    [InlineData("handed over", AccessKind.OwnedGroup, false, 0, true, false, "")]
    [InlineData("powerful", AccessKind.OwnedApplication, true, 0, true, true, GuardNames.LastOwner + "," + GuardNames.PrivilegedHandover)]
    [InlineData("powerless", AccessKind.OwnedApplication, false, 0, true, true, "")]
    public void A_plan_is_held_where_it_hands_over_power_or_nobody_is_there_to_have_it(
        string owned,
        AccessKind kind,
        bool privileged,
        int others,
        bool newOwner,
        bool adds,
        string guards
    )
    {
        var access = new Access
        {
            Kind = kind,
            Id = "o",
            Name = "Owned",
            Privileged = privileged,
            OtherOwners = others,
        };
        var target = new PlanTarget("owned", "o", "Owned");
        PlanStep[] steps = adds ? [new("s", AddOwner.Id, target, 0, "", "", new Dictionary<string, string>())] : [];
        var plan = new ActionPlan
        {
            Kind = "offboarding.remove",
            TenantId = "t",
            CaseId = "c",
            SubjectId = "u",
            PolicySha256 = Policy.Sha256,
            Steps = steps,
        };
        var snapshot = new AccessSnapshot("t", "u", default, [access], []);

        var holds = PlanGuards.Before(
            plan,
            snapshot,
            Facts,
            newOwner ? new NewOwner("h", "h@example.com", "H") : null,
            Policy,
            firstActOfPolicy: false
        );

        Assert.Equal(guards, string.Join(',', holds.Select(h => h.Guard)));
        Texts.Offboarding.Expect("held before the plan", owned, holds.Select(h => h.Reason));
    }

    [Fact]
    public void The_first_plan_under_a_policy_is_held_unless_policy_says_otherwise()
    {
        var plan = new ActionPlan
        {
            Kind = "offboarding.remove",
            TenantId = "t",
            CaseId = "c",
            SubjectId = "u",
            PolicySha256 = Policy.Sha256,
            Steps = [new("s", RemoveGroupMember.Id, new PlanTarget("group", "g", "G"), 0, "", "", new Dictionary<string, string>())],
        };
        var snapshot = new AccessSnapshot("t", "u", default, [], []);
        string Guards(OffboardingPolicy policy, bool first) =>
            string.Join(',', PlanGuards.Before(plan, snapshot, Facts, null, policy, first).Select(h => h.Guard));

        Assert.Equal(
            (GuardNames.FirstActOfPolicy, "", ""),
            (Guards(Policy, true), Guards(Policy, false), Guards(Policy with { ApproveFirstAct = false }, true))
        );
    }

    [Theory]
    [InlineData(AccessKind.OwnedApplication)]
    [InlineData(AccessKind.OwnedServicePrincipal)]
    [InlineData(AccessKind.OwnedGroup)]
    public void Whatever_is_owned_is_held_where_the_other_owners_are_unknown_or_where_its_power_is_handed_over(AccessKind kind)
    {
        var owned = new Access
        {
            Kind = kind,
            Id = "o",
            Name = "Owned",
            OtherOwners = null,
        };
        var power = owned with { OtherOwners = 1, Privileged = true };

        Assert.Equal(GuardNames.LastOwner, Guards(PlanOf(), [owned], newOwner: null));
        Assert.Equal("", Guards(PlanOf(), [owned with { OtherOwners = 1 }], newOwner: null));
        Assert.Equal(
            (GuardNames.PrivilegedHandover, ""),
            (
                Guards(PlanOf(Step(AddOwner.Id, "O")), [power], newOwner: null),
                Guards(PlanOf(Step(RemoveOwner.Id, "o")), [power], newOwner: null)
            )
        );
        Assert.Equal("", Guards(PlanOf(), [owned with { Kind = AccessKind.GroupMember }], newOwner: null));
    }

    [Fact]
    public void Things_may_go_to_the_fallback_owner_and_power_to_the_privileged_one_alone()
    {
        var owned = new Access
        {
            Kind = AccessKind.OwnedGroup,
            Id = "o",
            Name = "Owned",
            OtherOwners = 0,
        };
        var power = owned with { Privileged = true };
        var fallback = Policy with { FallbackOwner = "f" };
        var privileged = Policy with { PrivilegedOwner = "p" };

        Assert.Equal(
            ("", GuardNames.LastOwner, "", GuardNames.LastOwner),
            (
                Guards(PlanOf(), [owned], null, fallback),
                Guards(PlanOf(), [power], null, fallback),
                Guards(PlanOf(), [power], null, privileged),
                Guards(PlanOf(), [owned], null, privileged)
            )
        );
        // Who manages the leaver does not matter for power.
        Assert.Equal("", Guards(PlanOf(), [power], NewOwner.NotRead("503"), privileged));
        Assert.Equal(GuardNames.Unreadable, Guards(PlanOf(), [owned], NewOwner.NotRead("503"), fallback));
    }

    [Fact]
    public void A_plan_access_and_facts_of_different_people_are_held()
    {
        Assert.Equal(GuardNames.Unreadable, Guards(PlanOf() with { SubjectId = "other" }, [], newOwner: null));
        Assert.Equal(GuardNames.Unreadable, Guards(PlanOf(), [], newOwner: null, user: "other"));
        Assert.Equal("", Guards(PlanOf() with { SubjectId = "U" }, [], newOwner: null, user: "U"));
    }

    [Fact]
    public void An_empty_plan_is_no_first_act()
    {
        var snapshot = new AccessSnapshot("t", "u", default, [], []);

        Assert.Empty(PlanGuards.Before(PlanOf(), snapshot, Facts, null, Policy, firstActOfPolicy: true));
        var one = PlanOf(Step(RemoveGroupMember.Id, "g"));
        Assert.Single(PlanGuards.Before(one, snapshot, Facts, null, Policy, firstActOfPolicy: true));
    }

    private static string Guards(
        ActionPlan plan,
        IReadOnlyList<Access> accesses,
        NewOwner? newOwner,
        OffboardingPolicy? policy = null,
        string user = "u"
    )
    {
        var snapshot = new AccessSnapshot("t", user, default, accesses, []);
        var holds = PlanGuards.Before(plan, snapshot, Facts, newOwner, policy ?? Policy, firstActOfPolicy: false);
        return string.Join(',', holds.Select(h => h.Guard));
    }

    private static PlanStep Step(string action, string target) =>
        new("s", action, new PlanTarget("owned", target, "Owned"), 0, "", "", new Dictionary<string, string>());

    private static ActionPlan PlanOf(params IReadOnlyList<PlanStep> steps) =>
        new()
        {
            Kind = "offboarding.remove",
            TenantId = "t",
            CaseId = "c",
            SubjectId = "u",
            PolicySha256 = Policy.Sha256,
            Steps = steps,
        };

    [Theory]
    [InlineData("*@services.example.com", "ada@services.example.com", GuardNames.ServiceAccount)]
    [InlineData("*@services.example.com", "ada@example.com", "")]
    [InlineData("backup", "backup@example.com", GuardNames.ServiceAccount)]
    [InlineData("backup", "backup2@example.com", "")]
    public void A_pattern_of_service_accounts_fits_the_whole_name_or_what_is_before_the_at(string pattern, string name, string guard)
    {
        var holds = LeaverGuards.BeforeBlocking(Facts with { PrincipalName = name }, Policy with { ServiceAccounts = [pattern] }, Self);

        Assert.Equal(guard, string.Join(',', holds.Select(h => h.Guard)));
    }

    [Theory]
    [InlineData("a+ b+", ApprovalState.Approved)]
    [InlineData("a+", ApprovalState.Open)]
    [InlineData("a+ A+", ApprovalState.Open)]
    [InlineData("a+ subject+", ApprovalState.Open)]
    [InlineData("a+ asker+", ApprovalState.Open)]
    [InlineData("a+ b-", ApprovalState.Refused)]
    [InlineData("a+ b+ c-", ApprovalState.Refused)]
    [InlineData("subject- a+ b+", ApprovalState.Approved)]
    public void Two_different_people_who_are_neither_subject_nor_asker_approve_and_one_refuses(string answers, ApprovalState state)
    {
        var request = Request([.. answers.Split(' ').Select(a => new ApprovalAnswer(a[..^1], a[^1] == '+', default, null))]);

        Assert.Equal(state, ApprovalRules.StateOf(request, default));
    }

    [Theory]
    [InlineData(72, null, ApprovalState.Approved)]
    [InlineData(73, null, ApprovalState.Open)]
    [InlineData(5000, 72, ApprovalState.Approved)]
    [InlineData(5000, 73, ApprovalState.Open)]
    public void A_yes_counts_for_three_days_before_the_plan_is_begun(int hours, int? begun, ApprovalState state)
    {
        var start = new DateTimeOffset(2027, 1, 4, 8, 0, 0, TimeSpan.Zero);
        var request = Request(new ApprovalAnswer("a", true, start, null), new ApprovalAnswer("b", true, start.AddHours(1), null)) with
        {
            BegunAt = begun is { } after ? start.AddHours(after) : null,
        };

        Assert.Equal(state, ApprovalRules.StateOf(request, start.AddHours(hours)));
    }

    [Theory]
    [InlineData("a ", " b", ApprovalState.Approved)]
    [InlineData("a", " A ", ApprovalState.Open)]
    [InlineData("a", " subject ", ApprovalState.Open)]
    [InlineData("a", "ASKER ", ApprovalState.Open)]
    public void Blanks_around_an_id_make_no_other_person(string one, string other, ApprovalState state) =>
        Assert.Equal(state, ApprovalRules.StateOf(Request(new(one, true, default, null), new(other, true, default, null)), default));

    [Fact]
    public void A_beginning_that_lies_ahead_does_not_keep_a_yes_alive()
    {
        var start = new DateTimeOffset(2027, 1, 4, 8, 0, 0, TimeSpan.Zero);
        var answer = new ApprovalAnswer("a", true, start, null);
        var request = Request(answer) with { BegunAt = start.AddHours(500) };

        Assert.True(ApprovalRules.IsValid(request, answer, start.AddHours(72)));
        Assert.False(ApprovalRules.IsValid(request, answer, start.AddHours(73)));
        Assert.False(ApprovalRules.IsValid(request, answer, start.AddHours(501)));
    }

    [Fact]
    public void A_no_counts_for_good()
    {
        var request = Request(new ApprovalAnswer("a", false, default, null));

        Assert.Equal(ApprovalState.Refused, ApprovalRules.StateOf(request, DateTimeOffset.MaxValue));
    }

    [Fact]
    public void What_the_leaver_alone_owns_is_held_while_the_manager_cannot_be_read()
    {
        var owned = Some.Access(AccessKind.OwnedGroup, "group", "") with { OtherOwners = 0 };
        var snapshot = new AccessSnapshot("t", Some.UserId, default, [owned], []);
        var plan = RemovalPlanner.Plan("case", Some.Facts, snapshot, NewOwner.NotRead("503"), Some.Policy);

        var holds = PlanGuards.Before(plan, snapshot, Some.Facts, NewOwner.NotRead("503"), Some.Policy, firstActOfPolicy: false);

        Assert.Equal([GuardNames.Unreadable], holds.Select(h => h.Guard));
    }

    private static ApprovalRequest Request(params IReadOnlyList<ApprovalAnswer> answers) =>
        new()
        {
            Id = "r",
            TenantId = "t",
            PlanId = "p",
            CaseId = "c",
            SubjectId = "subject",
            Requesters = ["asker"],
            Reasons = [],
            PolicySha256 = "",
            AskedAt = default,
            Deadline = default,
            InstanceId = "i",
            Answers = answers,
        };

    [Theory]
    [InlineData("version: 1\nmatch:\n  - [mail]\n", 3)]
    [InlineData("version: 1\ncaps: { leaversPerHour: 0 }\n", 2)]
    [InlineData("version: 1\nprotected: { groups: [not-an-id] }\n", 2)]
    [InlineData("version: 1\nunknown: 1\n", 2)]
    public void A_policy_that_cannot_be_used_is_refused_with_the_line(string yaml, int line)
    {
        var path = Path.Combine(Path.GetTempPath(), $"offboarding-{Guid.CreateVersion7():N}.yaml");
        File.WriteAllBytes(path, Encoding.UTF8.GetBytes(yaml));
        try
        {
            var refused = Assert.Throws<PolicyException>(() => new OffboardingPolicyFile(path).Load());
            Assert.Contains($"({line},", refused.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
