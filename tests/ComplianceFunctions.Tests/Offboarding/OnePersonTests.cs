using System.Net;
using System.Text.Json.Nodes;
using Compliance.Offboarding;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Desk;
using Compliance.Text;
using ComplianceFunctions.Tests.Histories;
using Microsoft.Extensions.DependencyInjection;

namespace ComplianceFunctions.Tests.Offboarding;

/// <summary>People with two accounts: who has the same employee id is the same person, who answers once and not about themselves.</summary>
public sealed class OnePersonTests
{
    private static TimeSpan Hour(double hour) => TimeSpan.FromHours(hour);

    private static async Task<LeaverWorld> HeldAsync()
    {
        var world = await LeaverWorld.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        await LiveAsync(
            world,
            new EditsPolicy(TimeSpan.Zero, PolicyEdit.ProtectLea),
            new HrSends(Hour(1), "terminated", 1, Hour(1), ForCause: true)
        );
        return world;
    }

    private static Task LiveAsync(LeaverWorld world, params Happening[] happenings) =>
        HistoryRun.LiveAsync(new(1, happenings), world, new NothingWatched());

    private static void SetEmployeeId(LeaverWorld world, int approver, string employeeId) =>
        world.Sandbox.Tenant.Change(
            "users",
            SmallTenant.Approvers[approver],
            new JsonObject { ["employeeId"] = employeeId }.ToJsonString()
        );

    [Fact]
    public async Task Another_account_of_the_leaver_does_not_answer()
    {
        await using var world = await HeldAsync();
        SetEmployeeId(world, 0, SmallTenant.EmployeeIdOf(Person.Lea).ToLowerInvariant());

        Assert.Equal(HttpStatusCode.Conflict, await world.AnswerAsync(new Answers(Hour(25), 0)));
        Assert.Equal(HttpStatusCode.Conflict, await world.AnswerAsync(new Answers(Hour(25), 0, Approve: false)));

        Assert.Empty(Assert.Single(world.ApprovalRequests()).Answers);
    }

    [Fact]
    public async Task Two_accounts_of_one_person_are_one_answer()
    {
        await using var world = await HeldAsync();
        SetEmployeeId(world, 0, "E-7");
        SetEmployeeId(world, 1, "e-7");

        Assert.Equal(HttpStatusCode.OK, await world.AnswerAsync(new Answers(Hour(25), 0)));
        Assert.Equal(HttpStatusCode.Conflict, await world.AnswerAsync(new Answers(Hour(25), 1)));
        // The same answer again is taken as before.
        Assert.Equal(HttpStatusCode.OK, await world.AnswerAsync(new Answers(Hour(25), 0)));
        Assert.Equal(HttpStatusCode.OK, await world.AnswerAsync(new Answers(Hour(25), 2)));

        string[] counted = [SmallTenant.Approvers[0], SmallTenant.Approvers[2]];
        Assert.Equal(counted, Assert.Single(world.ApprovalRequests()).Answers.Select(a => a.ApproverId));
    }

    [Fact]
    public async Task Who_started_a_case_confirms_it_under_no_other_account()
    {
        await using var world = await LeaverWorld.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        SetEmployeeId(world, 2, "E-7");
        SetEmployeeId(world, 0, "E-7");
        await LiveAsync(world, new StartsForCause(Hour(1), 2));

        Assert.Equal(HttpStatusCode.Conflict, await world.AnswerAsync(new Answers(Hour(25), 0, ForCause: true)));
        Assert.Equal(HttpStatusCode.OK, await world.AnswerAsync(new Answers(Hour(25), 1, ForCause: true)));

        Assert.Equal(ForCauseOutcome.Confirmed, Assert.Single(world.Cases()).Cause!.Outcome);
    }

    [Fact]
    public async Task While_it_cannot_be_read_whose_account_it_is_no_answer_is_taken()
    {
        await using var world = await HeldAsync();
        world.Sandbox.Tenant.Denied["User.Read.All"] = true;

        Assert.Equal(HttpStatusCode.ServiceUnavailable, await world.AnswerAsync(new Answers(Hour(25), 0)));

        Assert.Empty(Assert.Single(world.ApprovalRequests()).Answers);
    }

    [Fact]
    public async Task Who_cannot_answer_because_it_cannot_be_read_is_given_the_permission_that_lacks()
    {
        await using var world = await HeldAsync();
        world.Sandbox.Tenant.Denied["User.Read.All"] = true;
        var asked = Assert.Single(world.ApprovalRequests());

        var (status, reason, _, _) = await world
            .Services.GetRequiredService<ApprovalDesk>()
            .AnswerAsync(
                $"Bearer {await world.TokenAsync(SmallTenant.Approvers[0])}",
                asked.Id,
                asked.PlanId,
                approve: true,
                comment: null,
                TestContext.Current.CancellationToken
            );

        Assert.Equal(503, status);
        Assert.DoesNotContain('\n', reason!);
        Assert.Contains("User.Read.All", reason, StringComparison.Ordinal);
        Assert.Contains("answer again", reason, StringComparison.Ordinal);
    }

    // A no only keeps something from being done.
    [Theory]
    [InlineData("permission")]
    [InlineData("service")]
    public async Task Also_while_it_cannot_be_read_whose_account_it_is_a_refusal_is_taken(string lacks)
    {
        await using var world = await HeldAsync();
        if (lacks == "permission")
            world.Sandbox.Tenant.Denied["User.Read.All"] = true;
        else
            world.Sandbox.SetFaults("graph/* => status=503");

        Assert.Equal(HttpStatusCode.OK, await world.AnswerAsync(new Answers(Hour(25), 0, Approve: false)));

        Assert.False(Assert.Single(Assert.Single(world.ApprovalRequests()).Answers).Approve);
    }

    // As an earlier version stored it, for which each spelling was another person.
    [Fact]
    public async Task A_case_that_is_stored_under_another_spelling_is_found_by_the_id_that_the_spelling_of_today_gives()
    {
        await using var world = await HeldAsync();
        var employeeId = SmallTenant.EmployeeIdOf(Person.Lea);
        var id =
            "leaver-"
            + CanonicalJson.Sha256Of(
                new
                {
                    tenant = SmallTenant.Id.ToLowerInvariant(),
                    employeeId,
                    employment = "7",
                }
            )[..32];
        var known = Assert.Single(world.Cases());
        await world
            .Services.GetRequiredService<TableLeaverCases>()
            .PutAsync(SmallTenant.Id, id, _ => known with { Id = id, Employment = "7" }, TestContext.Current.CancellationToken);

        Assert.Equal(id, (await world.CaseAsync(Person.Lea, "7"))?.Id);
        Assert.Null(await world.CaseAsync(Person.Lea, "8"));
    }
}
