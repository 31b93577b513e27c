using Compliance.Changes.Pauses;
using Compliance.Changes.Plans;
using Compliance.Offboarding;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Planning;
using Compliance.Tenants;

namespace Compliance.Tests.Offboarding.Execution;

public sealed class PlanExecutorTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static ActionPlan Block => BlockPlanner.Plan(Some.TenantId, Some.CaseId, Some.Facts, Some.Policy);

    [Fact]
    public async Task The_account_is_disabled_and_then_its_sessions_are_revoked_in_two_round_trips()
    {
        await using var tenant = await WritableTenant.StartAsync();

        var outcomes = await tenant.RunAsync(Block);

        Assert.Equal([StepResult.Done, StepResult.Done], outcomes.Select(o => o.Result));
        Assert.Equal(
            [$"PATCH /users/{Some.UserId}", $"POST /users/{Some.UserId}/revokeSignInSessions"],
            tenant.Effects.Select(w => $"{w.Method} {w.Path}")
        );
        Assert.Equal("""{"accountEnabled":false}""", tenant.Effects.First().Body!.ToJsonString());
        Assert.Equal(2, tenant.RoundTrips);
    }

    [Fact]
    public async Task A_disabling_that_fails_neither_stops_nor_delays_the_revoking_and_sessions_are_revoked_again_after_it()
    {
        await using var tenant = await WritableTenant.StartAsync();
        var failures = 3;
        tenant.Faults = w => w.Method == "PATCH" && failures-- > 0 ? new(503) : null;

        var outcomes = await tenant.RunAsync(Block);

        Assert.Equal([StepResult.Done, StepResult.Done], outcomes.Select(o => o.Result));
        Assert.Equal(["POST", "PATCH", "POST"], tenant.Effects.Select(w => w.Method));
        Assert.Equal(["PATCH", "POST", "PATCH"], tenant.Writes.Take(3).Select(w => w.Method));
    }

    [Fact]
    public async Task A_disabling_that_is_not_permitted_names_the_permission_and_the_sessions_are_revoked_all_the_same()
    {
        await using var tenant = await WritableTenant.StartAsync();
        tenant.Faults = w =>
            w.Method == "PATCH" ? new(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.") : null;

        var outcomes = await tenant.RunAsync(Block);

        Assert.Equal([StepResult.NotPermitted, StepResult.Done], outcomes.Select(o => o.Result));
        Assert.Equal("User.EnableDisableAccount.All and User.Read.All", outcomes[0].Permission);
        Assert.Contains("az ad app permission add --id c1a0b1de-0000-4000-8000-000000000001", outcomes[0].Remedy, StringComparison.Ordinal);
        Assert.Contains("Privileged Authentication Administrator", outcomes[0].Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_hundred_memberships_thirty_app_roles_and_forty_azure_roles_take_the_fewest_round_trips_there_can_be()
    {
        await using var tenant = await WritableTenant.StartAsync();
        var plan = Big();

        var outcomes = await tenant.RunAsync(plan);

        Assert.Equal(270, outcomes.Count);
        Assert.All(outcomes, o => Assert.Equal(StepResult.Done, o.Result));
        var minimum = (230 + 19) / 20 + 40;
        Assert.InRange(tenant.RoundTrips, minimum, minimum * 3 / 2);
        Assert.Equal(minimum, tenant.RoundTrips);
        Assert.Equal(plan.Steps.Select(s => s.Id), outcomes.Select(o => o.StepId));
    }

    [Fact]
    public async Task Doing_a_plan_again_changes_nothing_and_says_that_it_was_done_already()
    {
        await using var tenant = await WritableTenant.StartAsync();
        var plan = Big();
        await tenant.RunAsync(plan);
        var effects = tenant.Effects.Count;

        var again = await tenant.RunAsync(plan);

        Assert.Equal(effects, tenant.Effects.Count);
        Assert.All(again, o => Assert.Equal(StepResult.AlreadySo, o.Result));
    }

    [Fact]
    public async Task Steps_that_are_settled_are_not_sent_and_have_no_outcome()
    {
        await using var tenant = await WritableTenant.StartAsync();
        var plan = Remove(Some.Group("g1"), Some.Group("g2"));

        var outcomes = await tenant.RunAsync(plan, plan.Steps[0].Id);

        Assert.Equal([plan.Steps[1].Id], outcomes.Select(o => o.StepId));
        Assert.Equal($"/groups/g2/members/{Some.UserId}/$ref", Assert.Single(tenant.Writes).Path);
    }

    private static readonly ActPause Paused = new()
    {
        Number = 1,
        PausedBy = "ann",
        Reason = "a bad policy",
        At = DateTimeOffset.UnixEpoch,
    };

    [Fact]
    public async Task While_acts_are_paused_nothing_is_sent_but_the_block()
    {
        await using var tenant = await WritableTenant.StartAsync();
        tenant.Pause.Holds = _ => Paused;
        var none = new HashSet<string>();

        var removed = await tenant.Executor.RunAsync(Remove(Some.Group("g1"), Some.AzureRole("s1", "a1")), none, none, Stop);
        Assert.Empty(tenant.Writes);
        var blocked = await tenant.Executor.RunAsync(Block, none, none, Stop);

        Assert.Equal((0, TimeSpan.FromMinutes(1)), (removed.Outcomes.Count, removed.Wait));
        Assert.Equal([StepResult.Done, StepResult.Done], blocked.Outcomes.Select(o => o.Result));
    }

    [Fact]
    public async Task While_blocking_is_paused_too_the_block_waits_and_once_begun_it_is_done_whole()
    {
        await using var tenant = await WritableTenant.StartAsync();
        var none = new HashSet<string>();
        tenant.Pause.Holds = _ => Paused with { Blocking = true };
        var held = await tenant.Executor.RunAsync(Block, none, none, Stop);
        Assert.Equal((0, 0, TimeSpan.FromMinutes(1)), (tenant.Writes.Count, held.Outcomes.Count, held.Wait));

        // Paused between its two steps.
        tenant.Pause.Holds = asked => asked > 1 ? Paused with { Blocking = true } : null;
        var blocked = await tenant.Executor.RunAsync(Block, none, none, Stop);

        Assert.Equal([StepResult.Done, StepResult.Done], blocked.Outcomes.Select(o => o.Result));
    }

    [Fact]
    public async Task A_pause_in_the_midst_of_a_wave_leaves_the_rest_of_it_untried()
    {
        await using var tenant = await WritableTenant.StartAsync();
        var plan = Remove([.. Enumerable.Range(0, 200).Select(i => Some.Group($"g{i}"))]);
        var none = new HashSet<string>();
        // Before the pass, before the wave, and before each of three batches.
        tenant.Pause.Holds = asked => asked >= 5 ? Paused : null;

        var first = await tenant.Executor.RunAsync(plan, none, none, Stop);
        Assert.Equal((60, TimeSpan.Zero), (first.Outcomes.Count, first.Wait));
        Assert.Equal(60, tenant.Effects.Count);
        tenant.Pause.Holds = _ => null;
        var settled = first.Outcomes.Select(o => o.StepId).ToHashSet(StringComparer.Ordinal);
        var second = await tenant.Executor.RunAsync(plan, settled, none, Stop);

        Assert.Equal((140, 200), (second.Outcomes.Count, tenant.Effects.Count));
    }

    [Fact]
    public async Task A_pause_in_the_midst_of_roles_in_Azure_leaves_the_rest_untried_and_one_before_the_first_step_waits()
    {
        await using var tenant = await WritableTenant.StartAsync();
        var plan = Remove([.. Enumerable.Range(0, 5).Select(i => Some.AzureRole("s1", $"a{i}"))]);
        var none = new HashSet<string>();
        tenant.Pause.Holds = asked => asked >= 4 ? Paused : null;

        var pass = await tenant.Executor.RunAsync(plan, none, none, Stop);
        Assert.Equal((2, 2, TimeSpan.Zero), (pass.Outcomes.Count, tenant.Effects.Count, pass.Wait));
        tenant.Pause.Holds = asked => asked % 2 == 1 ? Paused : null;
        pass = await tenant.Executor.RunAsync(plan, pass.Outcomes.Select(o => o.StepId).ToHashSet(), none, Stop);

        Assert.Equal((0, 2), (pass.Outcomes.Count, tenant.Effects.Count));
        Assert.True(pass.Wait > TimeSpan.Zero);
    }

    [Fact]
    public async Task A_pause_between_two_waves_leaves_the_second_untried_and_calls_nothing_failed()
    {
        await using var tenant = await WritableTenant.StartAsync();
        var plan = Waves();
        var none = new HashSet<string>();
        tenant.Pause.Holds = asked => asked >= 3 ? Paused : null;

        var first = await tenant.Executor.RunAsync(plan, none, none, Stop);
        tenant.Pause.Holds = _ => null;
        var settled = first.Outcomes.Select(o => o.StepId).ToHashSet(StringComparer.Ordinal);
        var second = await tenant.Executor.RunAsync(plan, settled, none, Stop);

        Assert.Equal([plan.Steps[0].Id], first.Outcomes.Select(o => o.StepId));
        Assert.Equal([(plan.Steps[1].Id, StepResult.Done)], second.Outcomes.Select(o => (o.StepId, o.Result)));
    }

    [Fact]
    public async Task A_pause_that_can_not_be_read_fails_the_pass_before_its_first_step_and_ends_it_after()
    {
        await using var tenant = await WritableTenant.StartAsync();
        var plan = Waves();
        var none = new HashSet<string>();
        tenant.Pause.Holds = _ => throw new Azure.RequestFailedException(503, "busy");
        await Assert.ThrowsAsync<Azure.RequestFailedException>(() => tenant.Executor.RunAsync(plan, none, none, Stop));
        Assert.Empty(tenant.Writes);

        var asks = 0;
        tenant.Pause.Holds = _ => asks++ < 3 ? null : throw new Azure.RequestFailedException(503, "busy");
        var pass = await tenant.Executor.RunAsync(plan, none, none, Stop);

        Assert.Equal((plan.Steps[0].Id, TimeSpan.Zero), (Assert.Single(pass.Outcomes).StepId, pass.Wait));
    }

    [Fact]
    public async Task A_plan_larger_than_the_quota_is_done_in_passes_each_step_once_and_blocking_waits_for_none_of_it()
    {
        await using var tenant = await WritableTenant.StartAsync();
        var plan = Remove([.. Enumerable.Range(0, 450).Select(i => Some.Group($"g{i}")), Some.AzureRole("s1", "a1")]);
        var none = new HashSet<string>();

        var first = await tenant.Executor.RunAsync(plan, none, none, TestContext.Current.CancellationToken);
        var settled = first.Outcomes.Select(o => o.StepId).ToHashSet(StringComparer.Ordinal);
        var second = await tenant.Executor.RunAsync(plan, settled, none, TestContext.Current.CancellationToken);
        var blocked = await tenant.Executor.RunAsync(Block, none, none, TestContext.Current.CancellationToken);
        tenant.Time.Ahead += second.Wait;
        var third = await tenant.Executor.RunAsync(plan, none, settled, TestContext.Current.CancellationToken);

        Assert.Equal((401, TimeSpan.Zero), (first.Outcomes.Count, first.Wait));
        Assert.Empty(second.Outcomes);
        Assert.InRange(second.Wait.TotalSeconds, 1, 50 / 14.0);
        Assert.Equal([StepResult.Done, StepResult.Done], blocked.Outcomes.Select(o => o.Result));
        Assert.Equal((50, TimeSpan.Zero), (third.Outcomes.Count, third.Wait));
        Assert.Equal(plan.Steps.Count, tenant.Effects.Count(e => e.Method == "DELETE"));
    }

    [Fact]
    public async Task A_storm_of_429_is_waited_out_as_the_services_ask()
    {
        await using var tenant = await WritableTenant.StartAsync();
        var refused = new System.Collections.Concurrent.ConcurrentDictionary<string, int>();
        tenant.Faults = w =>
            refused.AddOrUpdate(w.Path, 1, (_, n) => n + 1) <= 3 ? new(429, "TooManyRequests", "Too many requests.", RetryAfter: 7) : null;

        var outcomes = await tenant.RunAsync(Big());

        Assert.All(outcomes, o => Assert.Equal(StepResult.Done, o.Result));
        Assert.Contains(TimeSpan.FromSeconds(7), tenant.Time.Waits);
    }

    [Theory]
    [InlineData("/groups/g2/")]
    [InlineData("/appRoleAssignments/r1")]
    [InlineData("/roleAssignments/a2")]
    public async Task One_step_that_keeps_failing_leaves_the_others_done(string path)
    {
        await using var tenant = await WritableTenant.StartAsync();
        tenant.Faults = w => w.Path.Contains(path, StringComparison.Ordinal) ? new(500, "InternalServerError", "An error occurred.") : null;
        var plan = Remove(Some.Group("g1"), Some.Group("g2"), Some.AppRole("r1"), Some.AzureRole("s1", "a1"), Some.AzureRole("s1", "a2"));

        var outcomes = await tenant.RunAsync(plan);

        var failed = Assert.Single(outcomes, o => o.Result != StepResult.Done);
        Assert.Equal(StepResult.Failed, failed.Result);
        Assert.Equal("500, InternalServerError: An error occurred.", failed.Reason);
        Assert.Contains("az rest --method DELETE --url ", failed.Remedy, StringComparison.Ordinal);
        Assert.Equal(ThrottleAwareRetryHandler.MaxAttempts, tenant.Writes.Count(w => w.Path.Contains(path, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_connection_that_breaks_after_the_write_is_found_done()
    {
        await using var tenant = await WritableTenant.StartAsync();
        var (batches, arm) = (0, 0);
        tenant.BatchFaults = _ => batches++ == 0 ? new(0, AfterTheWrite: true) : null;
        tenant.Faults = w => w.Service == "arm" && arm++ == 0 ? new(0, AfterTheWrite: true) : null;

        var outcomes = await tenant.RunAsync(Remove(Some.Group("g1"), Some.AzureRole("s1", "a1")));

        Assert.Equal([StepResult.AlreadySo, StepResult.AlreadySo], outcomes.Select(o => o.Result));
        Assert.Equal(2, tenant.Effects.Count);
    }

    [Fact]
    public async Task A_service_that_never_answers_leaves_every_step_failed_with_the_reason()
    {
        await using var tenant = await WritableTenant.StartAsync();
        tenant.BatchFaults = _ => new(0);
        tenant.Faults = _ => new(0);

        var outcomes = await tenant.RunAsync(Remove(Some.Group("g1"), Some.AzureRole("s1", "a1")));

        Assert.All(outcomes, o => Assert.Equal(StepResult.Failed, o.Result));
        Assert.All(outcomes, o => Assert.Matches("not reachable|connection broke", o.Reason));
    }

    [Fact]
    public async Task A_user_deleted_midway_leaves_nothing_of_its_own_to_do_but_Azure_roles_and_the_handing_over()
    {
        await using var tenant = await WritableTenant.StartAsync();
        tenant.DeletedUser = Some.UserId;
        var plan = RemovalPlanner.Plan(
            Some.CaseId,
            Some.Facts,
            Some.Snapshot(
                Some.Group("g1"),
                Some.AppRole("r1"),
                Some.AzureRole("s1", "a1"),
                Some.Access(AccessKind.OwnedGroup, "own") with
                {
                    OtherOwners = 0,
                }
            ),
            Some.NewOwner,
            Some.Everything
        );

        var outcomes = (await tenant.RunAsync(plan)).Zip(plan.Steps).ToDictionary(p => p.Second.Action, p => p.First);

        foreach (var action in new[] { RemoveGroupMember.Id, RemoveAppRole.Id, RemoveOwner.Id })
            Assert.Equal((StepResult.AlreadySo, "the user was deleted"), (outcomes[action].Result, outcomes[action].Reason));
        Assert.Equal(StepResult.Done, outcomes[RemoveAzureRole.Id].Result);
        Assert.Equal(StepResult.Done, outcomes[AddOwner.Id].Result);
    }

    [Fact]
    public async Task What_was_done_before_the_user_was_deleted_stays_done()
    {
        await using var tenant = await WritableTenant.StartAsync();
        tenant.Faults = write =>
        {
            if (write.Path.Contains("/appRoleAssignments/", StringComparison.Ordinal))
                tenant.DeletedUser = Some.UserId;
            return null;
        };
        var plan = Remove(Some.Group("g1"), Some.AppRole("r1"));

        var outcomes = (await tenant.RunAsync(plan)).Zip(plan.Steps).ToDictionary(p => p.Second.Action, p => p.First);

        Assert.Equal(StepResult.Done, outcomes[RemoveGroupMember.Id].Result);
        Assert.Equal(
            (StepResult.AlreadySo, "the user was deleted"),
            (outcomes[RemoveAppRole.Id].Result, outcomes[RemoveAppRole.Id].Reason)
        );
    }

    [Fact]
    public async Task A_membership_that_is_gone_is_not_taken_for_a_deleted_user()
    {
        await using var tenant = await WritableTenant.StartAsync();
        var plan = Remove(Some.Group("g1"));
        await tenant.RunAsync(plan);

        var outcome = Assert.Single(await tenant.RunAsync(plan));

        Assert.Equal((StepResult.AlreadySo, "it was not there any more"), (outcome.Result, outcome.Reason));
    }

    [Fact]
    public async Task A_permission_that_is_missing_for_one_step_is_named_with_its_grant_and_the_rest_goes_on()
    {
        await using var tenant = await WritableTenant.StartAsync();
        tenant.Faults = w =>
            w.Path.Contains("appRole", StringComparison.Ordinal)
                ? new(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
            : w.Service == "arm"
                ? new(
                    403,
                    "AuthorizationFailed",
                    "The client does not have authorization to perform action 'Microsoft.Authorization/roleAssignments/delete'."
                )
            : null;
        var plan = Remove(Some.Group("g1"), Some.AppRole("r1"), Some.AzureRole("s1", "a1"));

        var outcomes = await tenant.RunAsync(plan);

        Assert.Equal([StepResult.Done, StepResult.NotPermitted, StepResult.NotPermitted], outcomes.Select(o => o.Result));
        Assert.Equal("AppRoleAssignment.ReadWrite.All", outcomes[1].Permission);
        Assert.Contains("AppRoleAssignment.ReadWrite.All", outcomes[1].Remedy, StringComparison.Ordinal);
        Assert.Equal(
            "az role assignment create --assignee c1a0b1de-0000-4000-8000-000000000001 --role 'User Access Administrator' --scope "
                + "'/subscriptions/s1'",
            outcomes[2].Remedy
        );
    }

    [Fact]
    public async Task A_lock_is_named_and_never_tried_against_again()
    {
        await using var tenant = await WritableTenant.StartAsync();
        tenant.Faults = _ =>
            new(
                409,
                "ScopeLocked",
                "The scope cannot perform delete operation because following scope(s) are locked: '/subscriptions/s1'. Please remove the "
                    + "lock and try again."
            );

        var outcome = Assert.Single(await tenant.RunAsync(Remove(Some.AzureRole("s1", "a1"))));

        Assert.Equal(StepResult.Refused, outcome.Result);
        Assert.Contains("locked: '/subscriptions/s1'", outcome.Reason, StringComparison.Ordinal);
        Assert.Single(tenant.Writes);
    }

    [Fact]
    public async Task An_owner_is_taken_away_only_after_the_new_one_is_there()
    {
        await using var tenant = await WritableTenant.StartAsync();
        tenant.Faults = w =>
            w.Method == "POST" && w.Path.Contains("/bad/", StringComparison.Ordinal)
                ? new(403, "Authorization_RequestDenied", "Insufficient privileges.")
                : null;
        var plan = RemovalPlanner.Plan(
            Some.CaseId,
            Some.Facts,
            Some.Snapshot(
                Some.Access(AccessKind.OwnedApplication, "good") with
                {
                    OtherOwners = 0,
                },
                Some.Access(AccessKind.OwnedApplication, "bad") with
                {
                    OtherOwners = 0,
                }
            ),
            Some.NewOwner,
            Some.Policy
        );

        var outcomes = await tenant.RunAsync(plan);

        Assert.Equal(
            ["bad add NotPermitted", "good add Done", "bad remove Failed", "good remove Done"],
            plan.Steps.Zip(outcomes).Select(p => $"{p.First.Target.Id} {p.First.Action.Split('.')[1]} {p.Second.Result}")
        );
        Assert.DoesNotContain(tenant.Writes, w => w.Method == "DELETE" && w.Path.StartsWith("/applications/bad", StringComparison.Ordinal));
        Assert.Contains("owner.add before it is not in effect: 403", outcomes[2].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_more_than_ten_writes_are_side_by_side_in_one_subscription()
    {
        await using var tenant = await WritableTenant.StartAsync();

        await tenant.RunAsync(Remove([.. Enumerable.Range(0, 60).Select(i => Some.AzureRole("s1", $"a{i:D2}"))]));

        Assert.InRange(tenant.MaxInAzure, 2, 10);
    }

    [Fact]
    public async Task Sessions_that_the_service_answers_not_to_have_revoked_are_not_revoked()
    {
        await using var tenant = await WritableTenant.StartAsync();
        tenant.Revokes = false;
        var plan = BlockPlanner.Plan(Some.TenantId, Some.CaseId, Some.Facts, Some.Policy);

        var refused = await tenant.RunAsync(plan);
        tenant.Revokes = true;
        var taken = await tenant.RunAsync(plan, refused[0].StepId);

        Assert.Equal([StepResult.Done, StepResult.Failed], refused.Select(o => o.Result));
        Assert.Contains("did not confirm", refused[1].Reason, StringComparison.Ordinal);
        Assert.Equal([StepResult.Done], taken.Select(o => o.Result));
    }

    [Fact]
    public async Task Every_request_that_is_made_is_declared()
    {
        await using var tenant = await WritableTenant.StartAsync();

        var outcomes = await tenant.RunAsync(
            RemovalPlanner.Plan(Some.CaseId, Some.Facts, Some.Snapshot(OfEveryKind()), Some.NewOwner, Some.Everything)
        );

        Assert.All(outcomes, o => Assert.Equal(StepResult.Done, o.Result));
        var undeclared = tenant
            .Writes.Where(w =>
                !StepRegistry.Default.Calls.Any(c => c.Service == w.Service && c.Method == w.Method && Calls.Matches(c.Path, w.Path))
            )
            .ToList();
        Assert.Empty(undeclared);
    }

    private static ActionPlan Remove(params IReadOnlyList<Access> accesses) =>
        RemovalPlanner.Plan(Some.CaseId, Some.Facts, Some.Snapshot(accesses), Some.NewOwner, Some.Everything);

    /// <summary>A new owner in the first wave, the old one away in the second.</summary>
    private static ActionPlan Waves() => Remove(Some.Access(AccessKind.OwnedApplication, "app") with { OtherOwners = 0 });

    private static ActionPlan Big() =>
        Remove([
            .. Enumerable.Range(0, 200).Select(i => Some.Group($"g{i:D3}")),
            .. Enumerable.Range(0, 30).Select(i => Some.AppRole($"r{i:D2}")),
            .. Enumerable.Range(0, 40).Select(i => Some.AzureRole($"s{i % 10}", $"a{i:D2}")),
        ]);

    /// <summary>One removable access of every kind.</summary>
    internal static IReadOnlyList<Access> OfEveryKind() =>
        [
            Some.Group("g"),
            Some.Access(AccessKind.GroupMember, "role-assignable", "", ("isAssignableToRole", "true")) with
            {
                Privileged = true,
            },
            Some.AppRole("r"),
            Some.AzureRole("s1", "a"),
            Some.Vault("kv-one"),
            Some.Vault("kv-one", "an-app"),
            Some.Access(AccessKind.Account, Some.UserId),
            Some.Access(AccessKind.DelegatedGrant, "grant", "", ("clientId", "c"), ("resourceId", "r"), ("scope", "User.Read")),
            Some.Access(AccessKind.DirectoryRole, "role", "/"),
            Some.Access(
                AccessKind.DirectoryRole,
                "activated",
                "/",
                ("roleDefinitionId", "d"),
                ("directoryScopeId", "/"),
                ("roleAssignmentScheduleId", "s")
            ),
            Some.Access(AccessKind.EligibleDirectoryRole, "eligible", "/", ("roleDefinitionId", "d"), ("directoryScopeId", "/")),
            Some.Access(
                AccessKind.EligibleAzureRole,
                "/subscriptions/s1/providers/Microsoft.Authorization/roleEligibilityScheduleInstances/e",
                "/subscriptions/s1",
                ("roleDefinitionId", "d")
            ),
            .. RemoveSignInMethod.ByCollection.Keys.Select(c => Some.Access(AccessKind.SignInMethod, c + "/m")),
            Some.Access(AccessKind.Device, "device"),
            Some.Access(AccessKind.ManagedDevice, "managed"),
            Some.Access(AccessKind.Licence, "sku", "", ("skuId", "sku")),
            Some.Access(AccessKind.OwnedApplication, "app") with
            {
                OtherOwners = 0,
            },
            Some.Access(AccessKind.OwnedServicePrincipal, "sp") with
            {
                OtherOwners = 0,
                Privileged = true,
            },
            Some.Access(AccessKind.OwnedGroup, "own") with
            {
                OtherOwners = 0,
            },
            Some.Access(AccessKind.OwnedGroup, "own-role", "", ("isAssignableToRole", "true")) with
            {
                OtherOwners = 0,
                Privileged = true,
            },
            Some.Resource("ws", "dana@northwynd.example"),
        ];
}
