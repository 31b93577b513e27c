using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Compliance.Callers;
using Compliance.Changes.Approvals;
using Compliance.Changes.Caps;
using Compliance.Changes.Flow;
using Compliance.Changes.Guards;
using Compliance.Ledger;
using Compliance.Ledger.Privacy;
using Compliance.Ledger.Verification;
using Compliance.Offboarding;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Certificates;
using Compliance.Offboarding.Erasure;
using Compliance.Offboarding.Guards;
using Compliance.Offboarding.Rounds;
using Compliance.Tenants;
using Compliance.Text;
using Microsoft.Extensions.DependencyInjection;
using SandboxTenant.Data;
using SandboxTenant.Demo;
using Testing;

namespace ComplianceFunctions.Tests.Offboarding;

/// <summary>A leaver's case as a whole, with what can go wrong on the way.</summary>
public sealed class CaseTests(AzuriteFixture azurite)
{
    private const string Leaver = DemoLeaver.LeaverId;

    private static bool Enabled(CaseHost host) =>
        Json.Object(host.Sandbox.Tenant.Users.Find(Leaver)!.Json)["accountEnabled"]!.GetValue<bool>();

    private static string[] Groups(CaseHost host) =>
        [
            .. host
                .Sandbox.Tenant.GroupMembers.All()
                .Where(g => g.Set.Find(Leaver) is not null)
                .Select(g => Json.Text(host.Sandbox.Tenant.Groups.Find(g.Parent)!.Json, "displayName")!),
        ];

    private static async Task<RevocationCertificate> CertificateAsync(CaseHost host, LeaverCase known)
    {
        var bytes = await host.Cases.DocumentAsync(known.Id, "certificate.json", CaseHost.Stop);
        Assert.Equal(known.CertificateSha256, Convert.ToHexStringLower(SHA256.HashData(bytes!)));
        return JsonSerializer.Deserialize<RevocationCertificate>(bytes!, ComplianceJson.Compact)!;
    }

    [Fact]
    public async Task An_event_by_the_token_of_the_HR_system_is_taken_and_its_record_names_the_application()
    {
        await using var host = await CaseHost.StartAsync(azurite);
        var leaves = host.Clock.GetUtcNow().AddDays(30);
        var hr = host.Sandbox.Tenant.ServicePrincipals.All().First(p => Json.Text(p.Json, "displayName") == DemoLeaver.HrSystem).Id;

        var other = await host.SendAsApplicationAsync(host.Event(leaves: leaves), "Feature Store Worker");
        var byToken = await host.SendAsApplicationAsync(host.Event(leaves: leaves), DemoLeaver.HrSystem);
        var signed = await host.SendAsync(host.Event(leaves: leaves, id: "signed", employment: "2"));

        Assert.Equal(HttpStatusCode.Forbidden, other.Status);
        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.Accepted), (byToken.Status, signed.Status));
        Assert.Equal(
            [$"LeaverIntake (webhook with a token of application {hr})", "LeaverIntake (signed webhook)"],
            (await host.LedgerAsync())
                .Where(r => r["action"]!.GetValue<string>() == "offboarding.hr-event")
                .Select(r => r["actor"]!.GetValue<string>())
        );
    }

    [Fact]
    public async Task A_leaver_is_blocked_first_then_cleared_and_certified()
    {
        await using var host = await CaseHost.StartAsync(azurite);

        var known = await host.CertifiedAsync(await host.TakenAsync(host.Event()));

        Assert.Equal((LeaverStage.Clear, false), (known.Stage, Enabled(host)));
        Assert.Equal([$"PATCH /v1.0/users/{Leaver}", $"POST /v1.0/users/{Leaver}/revokeSignInSessions"], host.Changes.Take(2));
        var certificate = await CertificateAsync(host, known);
        Assert.Equal("clear", certificate.State);
        Assert.DoesNotContain(certificate.Accesses, a => a.State is AccessState.StillThere or AccessState.Unknown);
        Assert.Empty(
            certificate
                .Accesses.Where(a => a.Kind == AccessKind.GroupMember && a.State == AccessState.Removed)
                .Select(a => a.Name)
                .Intersect(Groups(host))
        );
    }

    [Fact]
    public async Task The_same_event_ten_times_and_another_at_once_are_one_case_and_an_older_one_is_refused()
    {
        await using var host = await CaseHost.StartAsync(azurite);
        var (first, second) = (host.Event(sequence: 1), host.Event("hr.employee.termination.rescheduled", sequence: 2));

        var answers = await Task.WhenAll(Enumerable.Range(0, 11).Select(i => host.SendAsync(i == 5 ? second : first)));
        await host.CertifiedAsync(answers[5].CaseId!);
        var stale = await host.SendAsync(host.Event(sequence: 1, id: "late"));

        Assert.Single(answers.Select(a => a.CaseId).OfType<string>().Distinct());
        // The older event may come after the newer one: that is told, and opens nothing.
        Assert.All(answers, a => Assert.True(a.Status is HttpStatusCode.Accepted or HttpStatusCode.Conflict, $"{a.Status}"));
        Assert.Equal((HttpStatusCode.Accepted, 1), (answers[5].Status, (await host.Cases.CasesAsync(CaseHost.Stop)).Count));
        Assert.Equal((HttpStatusCode.Conflict, answers[5].CaseId), stale);
        Assert.Single(host.Changes, c => c.EndsWith("/revokeSignInSessions", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_forged_stale_too_large_or_of_another_type_is_refused_and_starts_nothing()
    {
        await using var host = await CaseHost.StartAsync(azurite);
        var said = host.Event();

        Assert.Equal(HttpStatusCode.Unauthorized, (await host.SendAsync(said, key: "another-key-of-at-least-thirty-two-chars")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.SendAsync(said, late: TimeSpan.FromSeconds(301))).Status);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await host.SendAsync(new byte[70_000])).Status);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await host.SendAsync(said, contentType: "text/plain")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.SendAsync("{}"u8.ToArray())).Status);
        Assert.Empty(await host.Cases.CasesAsync(CaseHost.Stop));
        Assert.Empty(host.Changes);
    }

    [Fact]
    public async Task A_leaving_in_the_future_waits_and_an_earlier_date_is_heeded()
    {
        await using var host = await CaseHost.StartAsync(azurite);
        var now = host.Clock.GetUtcNow();
        var id = await host.TakenAsync(host.Event(leaves: now.AddDays(30)));
        host.Clock.Advance(TimeSpan.FromDays(10));
        await host.TakenAsync(host.Event("hr.employee.termination.rescheduled", 2, now.AddDays(12)));
        host.Clock.Advance(TimeSpan.FromDays(2) - TimeSpan.FromMinutes(1));
        // News makes it look again: it must still find that it is too early.
        await host.TakenAsync(host.Event("hr.employee.termination.rescheduled", 3, now.AddDays(12)));
        await host.AwakeAsync(id);
        Assert.Empty(host.Changes);
        host.Clock.Advance(TimeSpan.FromMinutes(1));

        var known = await host.CertifiedAsync(id);

        Assert.InRange(known.BlockedAt!.Value - now, TimeSpan.FromDays(12) - TimeSpan.FromSeconds(1), TimeSpan.FromDays(13));
    }

    [Fact]
    public async Task A_cancellation_before_the_day_ends_it_with_nothing_done()
    {
        await using var host = await CaseHost.StartAsync(azurite);
        var id = await host.TakenAsync(host.Event(leaves: host.Clock.GetUtcNow().AddDays(2)));
        await host.TakenAsync(host.Event("hr.employee.termination.cancelled", 2));
        host.Clock.Advance(TimeSpan.FromDays(3));

        var known = await host.UntilAsync(id, c => c.Stage == LeaverStage.Cancelled);

        Assert.Null(known.BlockedAt);
        Assert.Empty(host.Changes);
        Assert.True(Enabled(host));
    }

    [Fact]
    public async Task A_protected_account_is_not_touched_before_two_others_agreed()
    {
        await using var host = await CaseHost.StartAsync(azurite, $"protected: {{ accounts: [{Leaver}] }}\n");
        var id = await host.TakenAsync(host.Event());
        await host.UntilAsync(id, c => c.Stage == LeaverStage.Held);

        Assert.Equal(HttpStatusCode.Forbidden, await host.AnswerAsync(id, Leaver));
        Assert.Equal(HttpStatusCode.OK, await host.AnswerAsync(id, host.Approvers[0]));
        Assert.Equal(HttpStatusCode.OK, await host.AnswerAsync(id, host.Approvers[0]));
        host.Clock.Advance(TimeSpan.FromHours(1));
        await host.AwakeAsync(id);
        Assert.Equal(LeaverStage.Held, (await host.Cases.CaseAsync(id, CaseHost.Stop))!.Stage);
        Assert.Empty(host.Changes);
        Assert.Contains(await host.FindingsAsync(id), f => f.Detection.ControlId == "LEAVE-011");

        Assert.Equal(HttpStatusCode.OK, await host.AnswerAsync(id, host.Approvers[1]));
        await host.CertifiedAsync(id);
        Assert.False(Enabled(host));
    }

    [Fact]
    public async Task A_guard_that_holds_after_the_first_answer_is_asked_about_anew()
    {
        await using var host = await CaseHost.StartAsync(azurite, $"protected: {{ accounts: [{Leaver}] }}\n");
        var id = await host.TakenAsync(host.Event());
        await host.UntilAsync(id, c => c.Stage == LeaverStage.Held);
        Assert.Equal(HttpStatusCode.OK, await host.AnswerAsync(id, host.Approvers[0]));
        var user = Json.Object(host.Sandbox.Tenant.Users.Find(Leaver)!.Json);
        user["employeeType"] = "Service";
        host.Sandbox.Tenant.Users.Put(Leaver, JsonSerializer.SerializeToUtf8Bytes(user));
        Assert.Equal(HttpStatusCode.OK, await host.AnswerAsync(id, host.Approvers[1]));

        await host.UntilAsync(id, c => c.Stage == LeaverStage.Held && c.Note!.Contains("employeeType", StringComparison.Ordinal));

        var request = Assert.Single(await host.Approvals.OpenApprovalsAsync(CaseHost.Stop), r => r.CaseId == id);
        Assert.Empty(request.Answers);
        Assert.Equal(["protected-account", "service-account"], request.Guards.Order(StringComparer.Ordinal));
        Assert.Empty(host.Changes);
        await host.ApproveAsync(id);
        await host.CertifiedAsync(id);
    }

    [Fact]
    public async Task Who_was_let_past_a_full_cap_takes_room_from_those_after()
    {
        await using var host = await CaseHost.StartAsync(azurite, "caps: { leaversPerHour: 2, shareOfStaffPerDay: 50% }\n");
        var caps = host.Services.GetRequiredService<TableCapLedger>();
        var policy = new OffboardingPolicy
        {
            Sha256 = new string('a', 64),
            MaxPerHour = 2,
            MaxOfStaffPerDay = 0.5,
        };
        Task<Hold?> ReserveAsync(string who) =>
            caps.ReserveAsync(host.Sandbox.TenantId, who, host.Clock.GetUtcNow(), LeaverCaps.From(policy, 304), CaseHost.Stop);
        Assert.Null(await ReserveAsync("first"));
        Assert.Null(await ReserveAsync("second"));
        var id = await host.TakenAsync(host.Event());
        await host.UntilAsync(id, c => c.Stage == LeaverStage.Held);

        await host.ApproveAsync(id);
        await host.UntilAsync(id, c => c.BlockedAt is not null);
        await caps.ReleaseAsync(host.Sandbox.TenantId, "first", CaseHost.Stop);
        await caps.ReleaseAsync(host.Sandbox.TenantId, "second", CaseHost.Stop);

        Assert.Null(await ReserveAsync("third"));
        Assert.NotNull(await ReserveAsync("fourth"));
    }

    [Fact]
    public async Task One_refusal_ends_it_and_a_later_event_begins_anew()
    {
        await using var host = await CaseHost.StartAsync(azurite, $"protected: {{ accounts: [{Leaver}] }}\n");
        var id = await host.TakenAsync(host.Event());
        await host.UntilAsync(id, c => c.Stage == LeaverStage.Held);

        Assert.Equal(HttpStatusCode.OK, await host.AnswerAsync(id, host.Approvers[0], approve: false));
        await host.UntilAsync(id, c => c.Stage == LeaverStage.Closed);
        Assert.Empty(host.Changes);
        await host.TakenAsync(host.Event(sequence: 2));

        await host.UntilAsync(id, c => c.Stage == LeaverStage.Held && c.Round == 2);
        await host.IdleAsync();
        var known = (await host.Cases.CaseAsync(id, CaseHost.Stop))!;
        Assert.Equal((LeaverStage.Held, 2, null), (known.Stage, known.Round, known.BlockedAt));
        Assert.Empty(Assert.Single(await host.Approvals.OpenApprovalsAsync(CaseHost.Stop)).Answers);
    }

    [Fact]
    public async Task Answers_of_one_round_do_not_count_in_the_next()
    {
        await using var host = await CaseHost.StartAsync(azurite, $"protected: {{ accounts: [{Leaver}] }}\n");
        var id = await host.TakenAsync(host.Event());
        await host.UntilAsync(id, c => c.Stage == LeaverStage.Held);
        await host.ApproveAsync(id);
        await host.CertifiedAsync(id);
        await host.TakenAsync(host.Event("hr.employee.rehired", 2));
        await host.UntilAsync(id, _ => host.Approvals.OpenApprovalsAsync(CaseHost.Stop).GetAwaiter().GetResult().Any(r => r.CaseId == id));
        await host.ApproveAsync(id);
        await host.UntilAsync(id, c => c.Stage == LeaverStage.Restored);
        await host.IdleAsync();
        var changes = host.Changes;

        await host.TakenAsync(host.Event(sequence: 3));
        await host.UntilAsync(id, c => c is { Round: 2, Stage: not LeaverStage.Scheduled });
        await host.IdleAsync();

        Assert.Equal(LeaverStage.Held, (await host.Cases.CaseAsync(id, CaseHost.Stop))!.Stage);
        Assert.Empty(Assert.Single(await host.Approvals.OpenApprovalsAsync(CaseHost.Stop)).Answers);
        Assert.Equal(changes, host.Changes);
        Assert.True(Enabled(host));
    }

    [Fact]
    public async Task A_refusal_is_on_record_before_its_case_is_closed_and_may_be_erased()
    {
        var records = new RefusalLog();
        await using var host = await CaseHost.StartAsync(azurite, $"protected: {{ accounts: [{Leaver}] }}\n", services: records.AddTo);
        var id = await host.TakenAsync(host.Event());
        await host.UntilAsync(id, c => c.Stage == LeaverStage.Held);
        records.StageNow = async () => (await host.Cases.CaseAsync(id, CaseHost.Stop))!.Stage;

        Assert.Equal(HttpStatusCode.OK, await host.AnswerAsync(id, host.Approvers[0], approve: false));
        await host.UntilAsync(id, c => c.Stage == LeaverStage.Closed);

        Assert.Equal([LeaverStage.Held], records.Stages);
    }

    [Fact]
    public async Task A_missing_permission_is_named_the_rest_goes_on_and_granting_it_is_enough()
    {
        await using var host = await CaseHost.StartAsync(azurite);
        host.Sandbox.Tenant.Denied["GroupMember.ReadWrite.All"] = true;
        var id = await host.TakenAsync(host.Event());

        await host.AgreedAsync(id);
        await host.UntilAsync(id, c =>
            c.BlockedAt is not null && host.Changes.Any(x => x.Contains("roleAssignments", StringComparison.Ordinal))
        );
        await host.UntilAsync(id, _ =>
            host.FindingsAsync(id)
                .GetAwaiter()
                .GetResult()
                .Any(f =>
                    f.Detection.ControlId == "LEAVE-013"
                    && f.Detection.NextStep.Contains("az ad app permission add", StringComparison.Ordinal)
                    && f.Detection.NextStep.Contains("=='GroupMember.ReadWrite.All'", StringComparison.Ordinal)
                )
        );
        Assert.False(Enabled(host));
        host.Sandbox.Tenant.Denied.TryRemove("GroupMember.ReadWrite.All", out _);

        var known = await host.UntilAsync(id, c => c.Stage == LeaverStage.Clear, TimeSpan.FromSeconds(10));
        Assert.NotNull(known.ClearAt);
    }

    [Fact]
    public async Task A_step_that_keeps_failing_stops_no_other_and_is_escalated_past_the_deadline()
    {
        await using var host = await CaseHost.StartAsync(azurite, "clearWithin: 1h\n");
        host.Sandbox.SetFaults("DELETE graph/oauth2PermissionGrants/* => status=503");
        var id = await host.TakenAsync(host.Event());

        await host.AgreedAsync(id);
        await host.UntilAsync(
            id,
            _ => host.FindingsAsync(id).GetAwaiter().GetResult().Any(f => f.Detection.ControlId == "LEAVE-012"),
            TimeSpan.FromSeconds(10)
        );
        Assert.False(Enabled(host));
        Assert.DoesNotContain("vpn-users", Groups(host));
        host.Sandbox.SetFaults(null);

        await host.UntilAsync(id, c => c.Stage == LeaverStage.Clear, TimeSpan.FromSeconds(10));
        Assert.DoesNotContain(await host.FindingsAsync(id), f => f.Detection.ControlId == "LEAVE-012");
    }

    [Theory]
    [InlineData("protected: { accounts: [" + Leaver + "] }\n", LeaverStage.Held)]
    [InlineData("approvals: { firstAct: true }\n", LeaverStage.AwaitingApproval)]
    public async Task An_approval_that_waits_for_weeks_is_asked_for_once_over_many_histories(string policy, LeaverStage waiting)
    {
        await using var host = await CaseHost.StartAsync(azurite, policy);
        var id = await host.TakenAsync(host.Event());
        await host.UntilAsync(id, c => c.Stage == waiting);
        await host.IdleAsync();
        var asked = Assert.Single(await host.Approvals.OpenApprovalsAsync(CaseHost.Stop));
        var (changes, history) = (host.Changes, await host.HistoryAsync(id));

        for (var i = 0; i < 210; i++)
        {
            host.Clock.Advance(TimeSpan.FromHours(2));
            await host.IdleAsync();
        }

        Assert.NotEqual(history, await host.HistoryAsync(id));
        var still = Assert.Single(await host.Approvals.OpenApprovalsAsync(CaseHost.Stop));
        Assert.Equal((asked.Id, asked.PlanId, asked.AskedAt), (still.Id, still.PlanId, still.AskedAt));
        Assert.Equal(changes, host.Changes);
        await host.ApproveAsync(id);
        Assert.Equal(LeaverStage.Clear, (await host.CertifiedAsync(id, agreed: waiting == LeaverStage.AwaitingApproval)).Stage);
    }

    [Fact]
    public async Task A_user_deleted_midway_still_gets_a_certificate()
    {
        await using var host = await CaseHost.StartAsync(azurite, "approvals: { firstAct: true }\n");
        var id = await host.TakenAsync(host.Event());
        await host.UntilAsync(id, c => c.Stage == LeaverStage.AwaitingApproval);
        host.Sandbox.Tenant.Remove("users", Leaver);
        host.Sandbox.Tenant.DeletedUsers[Leaver] = true;
        await host.ApproveAsync(id);

        var certificate = await CertificateAsync(host, await host.CertifiedAsync(id, agreed: true));

        Assert.Equal("clear", certificate.State);
    }

    [Fact]
    public async Task Somebody_rehired_gets_back_what_was_taken_after_two_approvals_and_no_power()
    {
        await using var host = await CaseHost.StartAsync(azurite, "privilegedRemovals: true\n");
        var before = Groups(host);
        var id = await host.TakenAsync(host.Event());
        await host.CertifiedAsync(id);
        await host.TakenAsync(host.Event("hr.employee.rehired", 2));
        await host.UntilAsync(id, c => c.Stage == LeaverStage.Restoring);
        Assert.False(Enabled(host));

        await host.UntilAsync(id, _ => host.Approvals.OpenApprovalsAsync(CaseHost.Stop).GetAwaiter().GetResult().Any(r => r.CaseId == id));
        Assert.Equal(HttpStatusCode.OK, await host.AnswerAsync(id, host.Approvers[0]));
        Assert.Single((await host.Approvals.OpenApprovalsAsync(CaseHost.Stop)).Single(r => r.CaseId == id).Answers);
        Assert.Equal(HttpStatusCode.OK, await host.AnswerAsync(id, host.Approvers[1]));
        await host.UntilAsync(id, c => c.Stage == LeaverStage.Restored);

        Assert.True(Enabled(host));
        Assert.Equal(["directory-helpdesk"], before.Except(Groups(host)));
        Assert.DoesNotContain(host.Sandbox.Tenant.DirectoryRoleAssignments.All(), a => Json.Text(a.Json, "principalId") == Leaver);
    }

    // The engine lets an id be started again once it has ended.
    [Fact]
    public async Task Who_refused_to_give_back_is_not_asked_again_when_the_same_event_comes_again()
    {
        await using var host = await CaseHost.StartAsync(azurite);
        var id = await host.TakenAsync(host.Event());
        await host.CertifiedAsync(id);
        var rehired = host.Event("hr.employee.rehired", 2);
        await host.TakenAsync(rehired);
        await host.UntilAsync(id, _ => host.Approvals.OpenApprovalsAsync(CaseHost.Stop).GetAwaiter().GetResult().Any(r => r.CaseId == id));
        Assert.Equal(HttpStatusCode.OK, await host.AnswerAsync(id, host.Approvers[0], approve: false));
        var refused = await host.UntilAsync(id, c => c.Stage == LeaverStage.Closed);
        await host.IdleAsync();

        Assert.Equal(id, await host.TakenAsync(rehired));
        await host.IdleAsync();

        Assert.Equal(refused, await host.Cases.CaseAsync(id, CaseHost.Stop));
        Assert.Empty(await host.Approvals.OpenApprovalsAsync(CaseHost.Stop));
        Assert.False(Enabled(host));
    }

    [Fact]
    public async Task A_policy_changed_while_giving_back_waits_is_asked_about_anew()
    {
        await using var host = await CaseHost.StartAsync(azurite);
        var id = await host.TakenAsync(host.Event());
        await host.CertifiedAsync(id);
        await host.TakenAsync(host.Event("hr.employee.rehired", 2));
        await host.UntilAsync(id, c => c.Stage == LeaverStage.Restoring);
        var before = (await host.Approvals.OpenApprovalsAsync(CaseHost.Stop)).Single(r => r.CaseId == id);

        await host.ChangePolicyAsync();

        await host.UntilAsync(
            id,
            _ =>
                host.Approvals.OpenApprovalsAsync(CaseHost.Stop)
                    .GetAwaiter()
                    .GetResult()
                    .Any(r => r.CaseId == id && r.PlanId != before.PlanId),
            TimeSpan.FromMinutes(1)
        );
        // The old request is void: two people who answer it give nothing back.
        Assert.NotEqual(before.PlanId, (await host.Approvals.OpenApprovalsAsync(CaseHost.Stop)).Single(r => r.CaseId == id).PlanId);
        var board = host.Services.GetRequiredService<ApprovalBoard>();
        Assert.Null(await board.FindAsync(before.TenantId, before.Id, CaseHost.Stop));
        foreach (var person in host.Approvers.Take(2))
        {
            var answer = await board.AnswerAsync(
                before.TenantId,
                before.Id,
                before.PlanId,
                new CallerIdentity(person, before.TenantId, null, true, [AppRole.Approver]),
                approve: true,
                null,
                host.Clock.GetUtcNow(),
                CaseHost.Stop
            );
            Assert.Contains("no such request", answer.Objection, StringComparison.Ordinal);
        }
        await host.IdleAsync();
        Assert.False(Enabled(host));
        await host.ApproveAsync(id);
        await host.UntilAsync(id, c => c.Stage == LeaverStage.Restored);
        Assert.True(Enabled(host));
    }

    [Fact]
    public async Task A_leaving_taken_back_while_half_blocked_is_given_back()
    {
        await using var host = await CaseHost.StartAsync(azurite);
        host.Sandbox.SetFaults("POST graph/users/*/revokeSignInSessions => status=503");
        var id = await host.TakenAsync(host.Event());
        await host.UntilAsync(id, _ => !Enabled(host));

        await host.TakenAsync(host.Event("hr.employee.termination.cancelled", 2));

        var known = await host.UntilAsync(id, c => c.Stage == LeaverStage.Restoring);
        Assert.Null(known.BlockedAt);
        Assert.Equal(2, host.Changes.Select(c => c.Split('/')[^1]).Distinct().Count());
        await host.ApproveAsync(id);
        await host.UntilAsync(id, c => c.Stage == LeaverStage.Restored);
        Assert.True(Enabled(host));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_leaving_taken_back_after_blocking_was_cut_off_is_given_back_if_the_account_is_seen_disabled(bool done)
    {
        await using var host = await CaseHost.StartAsync(azurite);
        var id = await host.TakenAsync(host.Event(leaves: host.Clock.GetUtcNow().AddDays(2)));
        await host.AwakeAsync(id);
        // As if it had been due, and the process had been killed between the request and its outcome being kept.
        await host
            .Services.GetRequiredService<ILeaverCases>()
            .ChangeAsync(host.Sandbox.TenantId, id, c => c with { DueAt = host.Clock.GetUtcNow() }, CaseHost.Stop);
        var steps = host.Services.GetRequiredService<LeaverSteps>();
        Assert.Equal(NextAction.Proceed, (await steps.DecideAsync(new CaseRun(id, 1, "cut off"), CaseHost.Stop)).Outcome);
        var user = Json.Object(host.Sandbox.Tenant.Users.Find(Leaver)!.Json);
        user["accountEnabled"] = !done;
        host.Sandbox.Tenant.Users.Put(Leaver, JsonSerializer.SerializeToUtf8Bytes(user));

        await host.TakenAsync(host.Event("hr.employee.termination.cancelled", 2));

        await host.UntilAsync(id, c => c.Stage == (done ? LeaverStage.Restoring : LeaverStage.Cancelled));
        if (done)
        {
            await host.ApproveAsync(id);
            await host.UntilAsync(id, c => c.Stage == LeaverStage.Restored);
        }
        Assert.True(Enabled(host));
    }

    [Fact]
    public async Task A_leaving_that_stands_again_after_it_was_taken_back_midway_is_carried_out()
    {
        await using var host = await CaseHost.StartAsync(azurite, "approvals: { firstAct: true }\n");
        var id = await host.TakenAsync(host.Event());
        await host.UntilAsync(id, c => c.BlockedAt is not null);
        await host.TakenAsync(host.Event("hr.employee.termination.cancelled", 2));
        await host.UntilAsync(id, c => c.RestedAt is not null);

        await host.TakenAsync(host.Event(sequence: 3));

        await host.AgreedAsync(id, GuardNames.FirstActOfPolicy);
        await host.UntilAsync(id, c => c is { Round: 2, Stage: LeaverStage.Removing or LeaverStage.Clear });
        Assert.Empty(await host.Approvals.OpenApprovalsAsync(CaseHost.Stop));
        var known = await host.CertifiedAsync(id, agreed: true);
        Assert.Equal((2, LeaverStage.Clear, false), (known.Round, known.Stage, Enabled(host)));
    }

    [Fact]
    public async Task Removals_wait_for_room_in_the_quota_of_Graph_and_each_is_done_once()
    {
        // 40 writes at once, then 1.4 a second.
        await using var host = await CaseHost.StartAsync(azurite, graphWriteLimit: 300, change: tenant =>
        {
            for (var i = 0; i < 100; i++)
            {
                var group = $"00000000-0000-0000-0000-{i:x12}";
                tenant.Groups.Put(
                    group,
                    JsonSerializer.SerializeToUtf8Bytes(
                        new
                        {
                            id = group,
                            displayName = $"extra-{i}",
                            securityEnabled = true,
                            mailEnabled = false,
                            groupTypes = Array.Empty<string>(),
                        }
                    )
                );
                tenant.GroupMembers.Of(group).Put(Leaver, JsonSerializer.SerializeToUtf8Bytes(new { id = Leaver }));
            }
        });
        var id = await host.TakenAsync(host.Event());
        await host.AgreedAsync(id);
        var known = await host.UntilAsync(id, c =>
            c.Stage == LeaverStage.Removing && host.Changes.Count(x => x.Contains("/members/", StringComparison.Ordinal)) >= 30
        );
        var first = host.Changes.Count(c => c.Contains("/v1.0/", StringComparison.Ordinal));
        var began = host.Clock.GetUtcNow();

        known = await host.CertifiedAsync(id, agreed: true);

        Assert.InRange(first, 30, 42);
        var removed = host.Changes.Where(c => c.Contains("/members/", StringComparison.Ordinal)).ToList();
        Assert.Equal(removed.Distinct().Count(), removed.Count);
        Assert.DoesNotContain(Groups(host), g => g.StartsWith("extra-", StringComparison.Ordinal));
        var later = host.Changes.Count(c => c.Contains("/v1.0/", StringComparison.Ordinal)) - first;
        Assert.True(
            (known.ClearAt!.Value - began).TotalSeconds * 1.4 >= later - 40,
            $"{later} writes in {(known.ClearAt!.Value - began).TotalSeconds} s"
        );
    }

    [Fact]
    public async Task What_a_case_did_is_signed_by_itself_and_still_verifies_after_the_person_was_erased()
    {
        await using var host = await CaseHost.StartAsync(azurite);
        var id = await host.TakenAsync(host.Event());
        await host.CertifiedAsync(id);

        LedgerVerification? verified = null;
        await host.UntilAsync(id, _ =>
            (verified = host.VerifyLedgerAsync().GetAwaiter().GetResult()) is { NotYetCovered: 0, Records: > 5 }
        );
        Assert.Equal(LedgerVerdict.Intact, verified!.Verdict);
        await host
            .Services.GetRequiredService<ILeaverCases>()
            .ChangeAsync(host.Sandbox.TenantId, id, c => c with { Stage = LeaverStage.Closed }, CaseHost.Stop);
        await host.ErasedAsync(id);

        var after = await host.VerifyLedgerAsync();
        Assert.Equal((LedgerVerdict.Intact, verified.Records + 5), (after!.Verdict, after.Records));
    }

    [Fact]
    public async Task What_names_a_person_is_erased_once_the_case_has_ended_and_two_agreed_and_the_ledger_has_it()
    {
        await using var host = await CaseHost.StartAsync(azurite, $"protected: {{ accounts: [{Leaver}] }}\n");
        var id = await host.TakenAsync(host.Event());
        await host.UntilAsync(id, c => c.Stage == LeaverStage.Held);
        Assert.Equal(HttpStatusCode.Conflict, (await host.EraseAsync(id, host.Approvers[0], confirm: true)).Status);
        Assert.Equal(HttpStatusCode.OK, await host.AnswerAsync(id, host.Approvers[0], approve: false));
        await host.UntilAsync(id, c => c.Stage == LeaverStage.Closed);
        var pseudonyms = host.Services.GetRequiredService<BlobPseudonyms>();
        var person = (await pseudonyms.FindAsync(host.Sandbox.TenantId, id, CaseHost.Stop))!;
        var before = await host.LedgerIdsAsync();

        Assert.Equal(HttpStatusCode.Unauthorized, (await host.EraseAsync(id, null, confirm: true)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await host.EraseAsync("leaver-unknown", host.Approvers[0], confirm: true)).Status);
        var shown = await host.EraseAsync(id, host.Approvers[0], confirm: false);
        Assert.NotNull(await host.Cases.DocumentAsync(id, "state.json", CaseHost.Stop));
        var asked = await host.ErasedAsync(id);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Accepted), (shown.Status, asked.Status));
        Assert.Equal(shown.Details, asked.Details);
        Assert.Equal(person.Name, asked.Details!.Pseudonym);
        Assert.True(asked.Details is { Documents: >= 2, Approvals: 1, Findings: >= 1 }, $"{asked.Details}");
        Assert.Null(await host.Cases.DocumentAsync(id, "state.json", CaseHost.Stop));
        Assert.Null(await pseudonyms.FindAsync(host.Sandbox.TenantId, id, CaseHost.Stop));
        Assert.Empty(await host.FindingsAsync(id));
        var bare = (await host.Cases.CaseAsync(id, CaseHost.Stop))!;
        Assert.Equal(("erased", "erased", null, LeaverStage.Closed), (bare.EmployeeId, bare.Latest.EmployeeId, bare.UserId, bare.Stage));
        var added = (await host.LedgerIdsAsync()).Except(before).ToList();
        Assert.Equal(5, added.Count);
        Assert.All(added, recordId => Assert.StartsWith($"{person.Name}-erasure-", recordId, StringComparison.Ordinal));
        Assert.Contains($"{person.Name}-erasure-begun", added);
        Assert.Contains($"{person.Name}-erasure-complete", added);
        Assert.Equal(new KeptDetails(null, 0, 0, 0), (await host.EraseAsync(id, host.Approvers[0], confirm: true)).Details);
        Assert.Equal(before.Count + 5, (await host.LedgerIdsAsync()).Count);
    }

    [Fact]
    public async Task What_names_a_person_is_erased_when_the_policys_time_is_over_and_not_before()
    {
        await using var host = await CaseHost.StartAsync(azurite);
        var id = await host.TakenAsync(host.Event(leaves: host.Clock.GetUtcNow().AddDays(2)));
        await host.TakenAsync(host.Event("hr.employee.termination.cancelled", 2));
        await host.UntilAsync(id, c => c is { Stage: LeaverStage.Cancelled, RestedAt: not null });
        var erasure = host.Services.GetRequiredService<DetailErasure>();
        var policy = new EvidencePolicy(
            TimeSpan.FromDays(1),
            new Dictionary<string, TimeSpan> { ["offboarding"] = TimeSpan.FromDays(10) },
            new string('a', 64)
        );

        host.Clock.Advance(TimeSpan.FromDays(9));
        Assert.Equal(0, await erasure.EraseExpiredAsync(policy, CaseHost.Stop));
        host.Clock.Advance(TimeSpan.FromDays(4));

        Assert.Equal(1, await erasure.EraseExpiredAsync(policy, CaseHost.Stop));
        Assert.Equal("erased", (await host.Cases.CaseAsync(id, CaseHost.Stop))!.EmployeeId);
        Assert.Equal(0, await erasure.EraseExpiredAsync(policy, CaseHost.Stop));
    }

    [Fact]
    public async Task What_names_a_person_of_a_case_that_has_not_ended_is_kept_however_old_it_is()
    {
        await using var host = await CaseHost.StartAsync(azurite, "approvals: { firstAct: true }\n");
        var id = await host.TakenAsync(host.Event());
        var policy = new EvidencePolicy(TimeSpan.FromDays(1), new Dictionary<string, TimeSpan>(), new string('a', 64));

        host.Clock.Advance(TimeSpan.FromDays(400));

        Assert.Equal(0, await host.Services.GetRequiredService<DetailErasure>().EraseExpiredAsync(policy, CaseHost.Stop));
        Assert.NotEqual(LeaverCase.Erased, (await host.Cases.CaseAsync(id, CaseHost.Stop))!.EmployeeId);
    }

    [Fact]
    public async Task An_app_that_is_stopped_midway_goes_on_where_it_was()
    {
        await using var host = await CaseHost.StartAsync(azurite, "approvals: { firstAct: true }\n");
        var id = await host.TakenAsync(host.Event());
        await host.UntilAsync(id, c => c.Stage == LeaverStage.AwaitingApproval);
        await host.StopAppAsync();
        await host.StartAppAsync();
        await host.ApproveAsync(id);

        Assert.Equal(LeaverStage.Clear, (await host.CertifiedAsync(id, agreed: true)).Stage);
        Assert.Single(host.Changes, c => c.EndsWith("/revokeSignInSessions", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_step_that_is_done_again_in_another_month_is_on_record_once()
    {
        await using var host = await CaseHost.StartAsync(azurite);
        var known = await host.CertifiedAsync(await host.TakenAsync(host.Event()));
        var told = await host.LedgerIdsAsync();
        var steps = host.Services.GetRequiredService<LeaverSteps>();
        var run = new CaseRun(known.Id, known.Round, "again");
        host.Clock.Advance(TimeSpan.FromDays(32));

        await steps.RemoveAsync(run, known.PlanId!, CaseHost.Stop);
        await steps.CertifyAsync(run, CaseHost.Stop);

        Assert.Contains(told, id => id.Contains("-remove-", StringComparison.Ordinal));
        Assert.Equal(told, await host.LedgerIdsAsync());
    }

    /// <summary>The app's evidence log, which notes the case's stage whenever a refusal is recorded.</summary>
    private sealed class RefusalLog
    {
        public List<LeaverStage> Stages { get; } = [];

        public Func<Task<LeaverStage>>? StageNow { get; set; }

        public void AddTo(IServiceCollection services)
        {
            var own = services.Last(s => s.ServiceType == typeof(IEvidenceLog)).ImplementationFactory!;
            services.AddSingleton<IEvidenceLog>(p => new Noting(this, (IEvidenceLog)own(p)));
        }

        private sealed class Noting(RefusalLog notes, IEvidenceLog own) : IEvidenceLog
        {
            public async Task<EvidenceReceipt> AppendAsync(EvidenceRecord record, CancellationToken cancellationToken)
            {
                if (record.Action == "offboarding.refused")
                    notes.Stages.Add(await notes.StageNow!());
                return await own.AppendAsync(record, cancellationToken);
            }
        }
    }
}
