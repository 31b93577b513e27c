using System.Text.Json;
using Compliance.Changes.Plans;
using Compliance.Offboarding;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Directory;
using Compliance.Offboarding.Planning;
using Compliance.Tests.Offboarding.Execution;
using CsCheck;
using Local;
using Testing;

namespace Compliance.Tests.Offboarding.Planning;

public sealed class PlannerTests
{
    private static readonly string[] PrivilegedActions =
    [
        RemoveDirectoryRole.Id,
        RemoveEligibleDirectoryRole.Id,
        RemoveAppRole.Id,
        AddAppRole.Id,
    ];

    private static readonly Gen<Access> AnAccess =
        from kind in Gen.Enum<AccessKind>()
        from id in Gen.Int[1, 12]
        from privileged in Gen.Bool
        from removable in Gen.Int[0, 4]
        from owners in Gen.Int[-1, 2]
        from asset in Gen.Enum<AssetClass>()
        from told in Gen.Bool
        from scope in OneOf(
            "/",
            "/subscriptions/s1",
            "/subscriptions/s2/resourceGroups/rg",
            "/providers/Microsoft.Management/managementGroups/m"
        )
        select Some.Access(
            kind,
            kind == AccessKind.Account ? Some.UserId
                : kind == AccessKind.SignInMethod ? $"{(told ? "phoneMethods" : "newMethods")}/{id}"
                : kind is AccessKind.AzureRole ? $"{scope.TrimEnd('/')}/providers/Microsoft.Authorization/roleAssignments/{id}"
                : $"id-{id}",
            scope,
            told
                ?
                [
                    ("roleDefinitionId", "d"),
                    ("resourceId", "r"),
                    ("appRoleId", "a"),
                    ("clientId", "c"),
                    ("scope", "User.Read"),
                    ("tag", "owner"),
                    ("value", "dana@northwynd.example"),
                    ("permissions", "{}"),
                    ("isAssignableToRole", privileged ? "true" : "false"),
                ]
                : []
        ) with
        {
            Privileged = privileged,
            Asset = asset,
            OtherOwners = owners < 0 ? null : owners,
            NotRemovable = removable == 0 ? "cannot" : null,
        };

    private static readonly Gen<OffboardingPolicy> APolicy =
        from flags in Gen.Bool.Array[4]
        from owner in OneOf<string?>(null, "priv-owner", Some.UserId)
        from fallback in OneOf<string?>(null, "fallback", Some.UserId)
        select Some.Policy with
        {
            PrivilegedRemovals = flags[0],
            RetireDevices = flags[1],
            RemoveLicences = flags[2],
            RemoveSignInMethods = flags[3],
            PrivilegedOwner = owner,
            FallbackOwner = fallback,
        };

    private static readonly Gen<NewOwner?> ANewOwner = OneOf<NewOwner?>(
        null,
        Some.NewOwner,
        new NewOwner(Some.UserId, "dana@northwynd.example", "Dana")
    );

    [Fact]
    public void The_order_in_which_access_was_read_makes_no_other_plan() =>
        Gen.Select(AnAccess.Array[0, 30], APolicy, ANewOwner, Gen.Int)
            .Sample(
                (accesses, policy, newOwner, seed) =>
                {
                    var shuffled = accesses.ToArray();
                    new Random(seed).Shuffle(shuffled);
                    return Plan(accesses, newOwner, policy).Id() == Plan(shuffled, newOwner, policy).Id();
                },
                iter: TestSize.Times(1000)
            );

    [Fact]
    public void Every_rule_and_every_setting_that_a_plan_names_is_a_key_of_the_policy()
    {
        var schema = JsonElement.Parse(
            File.ReadAllText(Path.Combine(RepositoryRoot.Find(), "src/ComplianceFunctions/policy/offboarding.schema.json"))
        );
        bool IsKey(string path)
        {
            var at = schema;
            return path.Split('.', '/')
                .All(part => at.TryGetProperty("properties", out var properties) && properties.TryGetProperty(part, out at));
        }

        var calls = string.Join(' ', StepRegistry.Default.Calls.Select(c => c.For));
        Assert.All(
            System.Text.RegularExpressions.Regex.Matches(calls, @"\(policy: ([A-Za-z.]+)\)").Select(m => m.Groups[1].Value).Distinct(),
            key => Assert.True(IsKey(key), key)
        );
        Gen.Select(AnAccess.Array[0, 30], APolicy, ANewOwner)
            .Sample(
                (accesses, policy, newOwner) =>
                {
                    var plan = Plan(accesses, newOwner, policy);
                    var named = plan
                        .Steps.Select(s => s.Rule.Split('#')[1].TrimStart('/'))
                        .Where(r => r.Length > 0)
                        .Concat(
                            plan.Manual.SelectMany(m =>
                                    System.Text.RegularExpressions.Regex.Matches(m.Why, @"policy[^()]*\(([A-Za-z.]+)\)")
                                )
                                .Select(m => m.Groups[1].Value)
                        )
                        .Concat(
                            plan.Manual.SelectMany(m => System.Text.RegularExpressions.Regex.Matches(m.Why, @"\b[a-z]+(?:[A-Z][a-z]+)+\b"))
                                .Select(m => m.Value)
                        );
                    Assert.All(named.Distinct(), key => Assert.True(IsKey(key), key));
                },
                iter: TestSize.Times(200)
            );
    }

    [Fact]
    public void Handing_over_to_somebody_else_is_another_step()
    {
        Access[] owned = [Some.Access(AccessKind.OwnedApplication, "app", "/") with { OtherOwners = 0 }];
        var steps = new[]
        {
            new NewOwner("first", "first@northwynd.example", "First"),
            new NewOwner("second", "second@northwynd.example", "Second"),
        }.Select(newOwner => Plan(owned, newOwner, Some.Policy).Steps.Single(s => s.Action == AddOwner.Id).Id);

        Assert.Equal(2, steps.Distinct().Count());
    }

    [Fact]
    public void Every_access_is_in_exactly_one_step_or_left_to_a_person() =>
        Gen.Select(AnAccess.Array[0, 30], APolicy, ANewOwner)
            .Sample(
                (accesses, policy, newOwner) =>
                {
                    var plan = Plan(accesses, newOwner, policy);
                    foreach (var access in accesses.DistinctBy(a => a.Key))
                    {
                        var steps = plan.Steps.Count(s => s.Arguments.GetValueOrDefault(StepArguments.Access) == access.Key);
                        // An id that two kinds share (a member and an owner of one group) shares its target too.
                        var kin = accesses
                            .Where(a => Steps.TypeOf(a.Kind) == Steps.TypeOf(access.Kind) && a.Id == access.Id)
                            .Select(a => a.Key)
                            .Distinct()
                            .Count();
                        var byHand = plan.Manual.Count(m => m.Target.Type == Steps.TypeOf(access.Kind) && m.Target.Id == access.Id);
                        Assert.True(
                            kin == 1 ? steps + byHand == 1 : steps <= 1 && byHand <= kin,
                            $"{access.Key}: {steps} steps, {byHand} by hand"
                        );
                    }
                    Assert.Equal(
                        accesses.Select(a => a.Key).Distinct().Count(),
                        plan.Steps.Count(s => s.Arguments.ContainsKey(StepArguments.Access)) + plan.Manual.Count
                    );
                },
                iter: TestSize.Times(1000)
            );

    [Fact]
    public void Step_ids_are_unique_and_every_step_has_a_request() =>
        Gen.Select(AnAccess.Array[0, 30], APolicy, ANewOwner)
            .Sample(
                (accesses, policy, newOwner) =>
                {
                    var plan = Plan(accesses, newOwner, policy);
                    Assert.Equal(plan.Steps.Count, plan.Steps.Select(s => s.Id).Distinct().Count());
                    Assert.All(plan.Steps, s => Assert.NotEmpty(StepRegistry.Default.Request(s).Path));
                },
                iter: TestSize.Times(1000)
            );

    [Fact]
    public void Nothing_that_was_owned_is_left_without_an_owner() =>
        Gen.Select(AnAccess.Array[0, 30], APolicy, ANewOwner)
            .Sample(
                (accesses, policy, newOwner) =>
                {
                    var plan = Plan(accesses, newOwner, policy);
                    foreach (var step in plan.Steps.Where(s => s.Action == RemoveOwner.Id))
                    {
                        var others = accesses.Where(a => a.Key == step.Arguments[StepArguments.Access]).Max(a => a.OtherOwners);
                        var added = plan.Steps.FirstOrDefault(s => s.Id == step.Arguments.GetValueOrDefault(StepArguments.Needs));
                        Assert.True(
                            others >= 1
                                || (
                                    added is { Action: AddOwner.Id }
                                    && added.Wave < step.Wave
                                    && added.Target.Id == step.Target.Id
                                    && added.Arguments[StepArguments.OwnerId] != Some.UserId
                                )
                        );
                    }
                    Assert.DoesNotContain(
                        plan.Steps,
                        s => s.Action == HandOverResource.Id && s.Arguments[StepArguments.Value] is "" or "dana@northwynd.example"
                    );
                },
                iter: TestSize.Times(1000)
            );

    [Fact]
    public void Nothing_privileged_is_done_without_the_opt_in() =>
        Gen.Select(AnAccess.Array[0, 30], APolicy, ANewOwner)
            .Sample(
                (accesses, policy, newOwner) =>
                    Assert.DoesNotContain(
                        Plan(accesses, newOwner, policy with { PrivilegedRemovals = false }).Steps,
                        s => PrivilegedActions.Contains(s.Action) || s.Arguments.GetValueOrDefault(StepArguments.RoleAssignable) == "true"
                    )
            );

    [Fact]
    public void An_undo_gives_back_nothing_privileged_and_nothing_that_was_not_taken() =>
        Gen.Select(AnAccess.Array[0, 30], APolicy, ANewOwner, Gen.Bool.Array[80])
            .Sample(
                (accesses, policy, newOwner, done) =>
                {
                    var plan = Plan(accesses, newOwner, policy);
                    var outcomes = plan
                        .Steps.Select(
                            (s, i) => new StepOutcome(s.Id, done[i % done.Length] ? StepResult.Done : StepResult.Failed, Some.Time)
                        )
                        .ToList();
                    var taken = plan
                        .Steps.Where((_, i) => done[i % done.Length])
                        .Select(s => s.Arguments.GetValueOrDefault(StepArguments.Access))
                        .OfType<string>()
                        .ToHashSet();

                    var undo = UndoPlanner.Plan(
                        Some.CaseId,
                        Some.Facts,
                        Some.Snapshot(accesses),
                        new CarriedOut([plan], outcomes, []),
                        policy
                    );

                    foreach (var step in undo.Steps.Where(s => s.Action != EnableAccount.Id))
                    {
                        var of = accesses.Where(a => Steps.TargetOf(a) == step.Target && taken.Contains(a.Key)).ToList();
                        Assert.NotEmpty(of);
                        Assert.Contains(of, a => !a.Privileged);
                        Assert.NotEmpty(StepRegistry.Default.Request(step).Path);
                    }
                    Assert.Equal(undo.Steps.Count, undo.Steps.Select(s => s.Id).Distinct().Count());
                },
                iter: TestSize.Times(1000)
            );

    [Fact]
    public void The_steps_come_in_the_order_of_the_documentation_and_what_is_sensitive_first()
    {
        var plan = RemovalPlanner.Plan(
            Some.CaseId,
            Some.Facts,
            Some.Snapshot([
                .. PlanExecutorTests.OfEveryKind(),
                Some.AzureRole("s1", "z-model", AssetClass.ProductionModel),
                Some.AzureRole("s1", "y-data", AssetClass.TrainingData),
            ]),
            Some.NewOwner,
            Some.Everything
        );

        Assert.Equal(
            [
                DisableAccount.Id,
                DisableDevice.Id,
                RemoveDirectoryRole.Id,
                RemoveEligibleDirectoryRole.Id,
                RemoveGroupMember.Id,
                RemoveAppRole.Id,
                RemoveDelegatedGrant.Id,
                RemoveAzureRole.Id,
                RemoveEligibleAzureRole.Id,
                RemoveVaultAccessPolicy.Id,
                RemoveSignInMethod.Id,
                AddOwner.Id,
                HandOverResource.Id,
                RemoveLicence.Id,
                RetireManagedDevice.Id,
                RevokeSessions.Id,
                RemoveOwner.Id,
            ],
            plan.Steps.Select(s => s.Action).Distinct()
        );
        Assert.Equal(
            ["z-model", "y-data", "a"],
            plan.Steps.Where(s => s.Action == RemoveAzureRole.Id).Select(s => s.Target.Id.Split('/')[^1])
        );
    }

    [Fact]
    public void Without_the_opt_in_a_directory_role_is_left_with_the_command_that_removes_it()
    {
        var plan = Plan([Some.Access(AccessKind.DirectoryRole, "ra-1", "/administrativeUnits/1")], Some.NewOwner, Some.Policy);

        Assert.Empty(plan.Steps);
        Assert.Equal(
            "az rest --method DELETE --url https://graph.microsoft.com/v1.0/roleManagement/directory/roleAssignments/ra-1",
            Assert.Single(plan.Manual).WhatToDo
        );
    }

    [Fact]
    public void A_directory_role_that_PIM_manages_is_ended_by_a_request_to_PIM()
    {
        var role = Some.Access(
            AccessKind.DirectoryRole,
            "ra-1",
            "/administrativeUnits/1",
            ("roleDefinitionId", "rd-1"),
            ("directoryScopeId", "/administrativeUnits/1"),
            ("principalId", Some.UserId),
            ("roleAssignmentScheduleId", "s")
        );

        var request = StepRegistry.Default.Request(Assert.Single(Plan([role], Some.NewOwner, Some.Everything).Steps));

        Assert.Equal(
            ("POST", "/roleManagement/directory/roleAssignmentScheduleRequests", "RoleAssignmentSchedule.ReadWrite.Directory"),
            (request.Call.Method, request.Path, request.Call.Permission)
        );
        Assert.Equal(
            [
                ("action", "adminRemove"),
                ("justification", "The person has left."),
                ("principalId", Some.UserId),
                ("roleDefinitionId", "rd-1"),
                ("directoryScopeId", "/administrativeUnits/1"),
            ],
            request.Body!.AsObject().Select(p => (p.Key, p.Value!.GetValue<string>()))
        );
    }

    [Fact]
    public void A_sole_owner_hands_over_to_the_manager_a_privileged_app_to_whom_policy_names_and_others_stay_as_they_are()
    {
        var plan = Plan(
            [
                Some.Access(AccessKind.OwnedApplication, "sole") with
                {
                    OtherOwners = 0,
                },
                Some.Access(AccessKind.OwnedApplication, "unknown") with
                {
                    OtherOwners = null,
                },
                Some.Access(AccessKind.OwnedApplication, "privileged") with
                {
                    OtherOwners = 0,
                    Privileged = true,
                },
                Some.Access(AccessKind.OwnedApplication, "shared") with
                {
                    OtherOwners = 2,
                },
            ],
            Some.NewOwner,
            Some.Everything
        );

        Assert.Equal(
            [("privileged", Some.Everything.PrivilegedOwner!), ("sole", Some.NewOwner.Id), ("unknown", Some.NewOwner.Id)],
            plan.Steps.Where(s => s.Action == AddOwner.Id).Select(s => (s.Target.Id, s.Arguments[StepArguments.OwnerId]))
        );
        Assert.Equal(4, plan.Steps.Count(s => s.Action == RemoveOwner.Id));
    }

    [Theory]
    [InlineData("dana@northwynd.example", "mona@northwynd.example")]
    [InlineData("dana@northwynd.example; ops@northwynd.example", "ops@northwynd.example")]
    [InlineData("ops@northwynd.example,DANA@northwynd.example,ml@northwynd.example", "ops@northwynd.example, ml@northwynd.example")]
    public void A_resource_keeps_its_other_owners_and_goes_to_the_manager_when_there_are_none(string before, string after) =>
        Assert.Equal(
            after,
            Assert.Single(Plan([Some.Resource("ws", before)], Some.NewOwner, Some.Policy).Steps).Arguments[StepArguments.Value]
        );

    [Fact]
    public void An_account_from_on_premises_is_disabled_here_and_the_person_told_to_disable_it_there()
    {
        var plan = BlockPlanner.Plan(Some.TenantId, Some.CaseId, Some.Facts with { OnPremisesSynced = true }, Some.Policy);

        Assert.Equal([DisableAccount.Id, RevokeSessions.Id], plan.Steps.Select(s => s.Action));
        Assert.Equal([0, 1], plan.Steps.Select(s => s.Wave));
        Assert.Contains("Disable-ADAccount", Assert.Single(plan.Manual).WhatToDo, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_is_a_command_stays_one_word_of_the_command_a_person_pastes()
    {
        var plan = Plan([Some.Access(AccessKind.AppRole, "x' ; rm -rf ~ #")], null, Some.Policy);

        Assert.Equal(
            "az rest --method DELETE --url "
                + $"'https://graph.microsoft.com/v1.0/users/{Some.UserId}/appRoleAssignments/x%27%20%3B%20rm%20-rf%20~%20%23'",
            Assert.Single(plan.Manual).WhatToDo
        );
    }

    [Fact]
    public void An_undo_gives_back_what_was_taken_and_says_what_it_cannot()
    {
        var accesses = PlanExecutorTests
            .OfEveryKind()
            .Where(a => a.Kind != AccessKind.Account)
            .Append(Some.AzureRole("s1", "owner") with { Privileged = true })
            .ToList();
        var block = BlockPlanner.Plan(Some.TenantId, Some.CaseId, Some.Facts, Some.Everything);
        var remove = Plan(accesses, Some.NewOwner, Some.Everything);
        var outcomes = block.Steps.Concat(remove.Steps).Select(s => new StepOutcome(s.Id, StepResult.Done, Some.Time)).ToList();

        var undo = UndoPlanner.Plan(
            Some.CaseId,
            Some.Facts,
            Some.Snapshot(accesses),
            new CarriedOut([block, remove], outcomes, []),
            Some.Everything
        );

        Assert.Equal(
            [
                "account.enable dana",
                "appRole.add r",
                "azureRole.add a",
                "delegatedGrant.add grant",
                "device.enable device",
                "group.member.add g",
                "licence.add sku",
                "owner.add app",
                "owner.add own",
                "resource.takeBack ws",
                "vaultAccessPolicy.add an-app",
                "vaultAccessPolicy.add kv-one",
            ],
            undo.Steps.Select(s => $"{s.Action} {(s.Target.Type == "user" ? "dana" : s.Target.Id.Split('/')[^1])}")
                .Order(StringComparer.Ordinal)
        );
        Assert.Equal(
            [
                "azureRole",
                "directoryRole",
                "eligibleAzureRole",
                "eligibleDirectoryRole",
                "group",
                "managedDevice",
                "servicePrincipal",
                "sessions",
                "signInMethod",
            ],
            undo.Manual.Select(m => m.Target.Type).Distinct().Order(StringComparer.Ordinal)
        );
        Assert.Contains(undo.Manual, m => m.Target.Id.EndsWith("/owner", StringComparison.Ordinal) && m.Why == "not restored: privileged");
        Assert.DoesNotContain(undo.Steps, s => s.Target.Id is "role-assignable" or "sp" or "own-role");
    }

    [Theory]
    [InlineData(AccessKind.GroupMember, null)]
    [InlineData(AccessKind.GroupMember, Power.NotRead)]
    [InlineData(AccessKind.AzureRole, null)]
    [InlineData(AccessKind.AzureRole, Power.NotRead)]
    [InlineData(AccessKind.OwnedGroup, Power.NotRead)]
    [InlineData(AccessKind.OwnedApplication, null)]
    [InlineData(AccessKind.OwnedServicePrincipal, Power.NotRead)]
    public void What_was_not_judged_counts_as_privileged_and_does_not_come_back(AccessKind kind, string? power)
    {
        var access = Some.Access(kind, "/subscriptions/s1/x", "/subscriptions/s1", ("roleDefinitionId", "d")) with { OtherOwners = 1 };
        access = access with { Details = access.Details.Where(d => d.Key != Power.Detail).ToDictionary(d => d.Key, d => d.Value) };
        if (power is not null)
            access = access with { Details = new Dictionary<string, string>(access.Details) { [Power.Detail] = power } };
        var remove = Plan([access], Some.NewOwner, Some.Everything);
        var outcomes = remove.Steps.Select(s => new StepOutcome(s.Id, StepResult.Done, Some.Time)).ToList();

        var undo = UndoPlanner.Plan(
            Some.CaseId,
            Some.Facts,
            Some.Snapshot(access),
            new CarriedOut([remove], outcomes, []),
            Some.Everything
        );

        Assert.NotEmpty(remove.Steps);
        Assert.Empty(undo.Steps);
        Texts.Offboarding.Expect("access whose power could not be read is not restored", Assert.Single(undo.Manual).Why);
    }

    [Fact]
    public void A_plain_group_is_left_without_the_opt_in_whatever_power_it_carries()
    {
        var group = Power.Judged(Some.Group("g"), ["Owner"], read: true);

        var step = Assert.Single(Plan([group], Some.NewOwner, Some.Policy).Steps);

        Assert.Equal((RemoveGroupMember.Id, false), (step.Action, step.Arguments.ContainsKey(StepArguments.RoleAssignable)));
    }

    [Fact]
    public void Nothing_is_handed_over_to_the_fallback_owner_while_the_manager_is_not_known()
    {
        var policy = Some.Everything with { FallbackOwner = "fallback" };
        Access[] accesses =
        [
            Some.Access(AccessKind.OwnedApplication, "sole") with
            {
                OtherOwners = 0,
            },
            Some.Access(AccessKind.OwnedGroup, "shared") with
            {
                OtherOwners = 1,
            },
            Some.Resource("ws", "dana@northwynd.example"),
            Some.Resource("shared-ws", "dana@northwynd.example; ops@northwynd.example"),
        ];

        var plan = Plan(accesses, NewOwner.NotRead("the manager could not be read: 429"), policy);

        Assert.Equal(
            [(RemoveOwner.Id, "shared"), (HandOverResource.Id, "shared-ws")],
            plan.Steps.OrderBy(s => s.Target.Id.Length).Select(s => (s.Action, s.Target.Id.Split('/')[^1]))
        );
        Assert.Equal(["sole", "ws"], plan.Manual.Select(m => m.Target.Id.Split('/')[^1]).Order());
        Assert.All(
            plan.Manual,
            m => Texts.Offboarding.Expect("nothing is handed over while the manager is not known", m.Why)
        );
        Assert.Equal(
            ["fallback", "fallback"],
            Plan(accesses, null, policy)
                .Steps.Where(s => s.Action is AddOwner.Id || s.Target.Id.EndsWith("/ws", StringComparison.Ordinal))
                .Select(s => s.Arguments.GetValueOrDefault(StepArguments.OwnerId) ?? s.Arguments[StepArguments.Value])
        );
    }

    [Fact]
    public void An_account_that_could_not_sign_in_before_is_not_enabled_by_an_undo()
    {
        var facts = Some.Facts with { AccountEnabled = false };
        var block = BlockPlanner.Plan(Some.TenantId, Some.CaseId, facts, Some.Policy);

        var undo = UndoPlanner.Plan(
            Some.CaseId,
            facts,
            Some.Snapshot(),
            new CarriedOut([block], [.. block.Steps.Select(s => new StepOutcome(s.Id, StepResult.Done, Some.Time))], []),
            Some.Policy
        );

        Assert.Empty(undo.Steps);
    }

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static ActionPlan Plan(IReadOnlyList<Access> accesses, NewOwner? newOwner, OffboardingPolicy policy) =>
        RemovalPlanner.Plan(Some.CaseId, Some.Facts, Some.Snapshot(accesses), newOwner, policy);

    public static TheoryData<Access, Access, bool> SeenAgain =>
        new()
        {
            { Some.Group("g1"), Some.Group("G1"), true },
            { Some.Group("g1"), Some.Group("g2"), false },
            // Who owns a group is not its member.
            { Some.Group("g1"), Some.Access(AccessKind.OwnedGroup, "g1"), false },
            { Some.Access(AccessKind.OwnedApplication, "a1"), Some.Access(AccessKind.OwnedApplication, "a2"), false },
            // An assignment that was made again has another id.
            { Some.AzureRole("s1", "one"), Some.AzureRole("s1", "two"), true },
            { Some.AzureRole("s1", "one"), Some.AzureRole("s2", "two"), false },
            { Some.AppRole("one"), Some.AppRole("two"), true },
            { Some.Access(AccessKind.Device, "d1"), Some.Access(AccessKind.Device, "d1", "", ("accountEnabled", "true")), true },
            { Some.Access(AccessKind.Device, "d1"), Some.Access(AccessKind.Device, "d1"), false },
        };

    [Theory]
    [MemberData(nameof(SeenAgain), DisableDiscoveryEnumeration = true)]
    public void What_was_given_back_by_hand_is_seen_as_the_thing_that_was_taken(Access taken, Access seen, bool isSeen)
    {
        var remove = Plan([taken with { OtherOwners = 1 }], Some.NewOwner, Some.Everything);
        var outcomes = remove.Steps.Select(s => new StepOutcome(s.Id, StepResult.Done, Some.Time)).ToList();
        var undo = UndoPlanner.Plan(Some.CaseId, Some.Facts, Some.Snapshot(taken), new CarriedOut([remove], outcomes, []), Some.Everything);

        Assert.Equal(isSeen, UndoPlanner.IsSeen(Assert.Single(undo.Steps), Some.Snapshot(seen), Some.Facts, Some.Everything));
    }
}
