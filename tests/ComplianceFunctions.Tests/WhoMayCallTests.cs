using System.Reflection;
using System.Text.Json.Nodes;
using Compliance.Callers;
using Compliance.Tenants;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Time.Testing;
using Testing;

namespace ComplianceFunctions.Tests;

/// <summary>Every function has one kind of proof, and no request gets past it.</summary>
public sealed class WhoMayCallTests : IDisposable
{
    private static readonly IReadOnlyDictionary<string, ParameterInfo> Triggers = typeof(WhoMayCall)
        .Assembly.GetTypes()
        .SelectMany(t => t.GetMethods(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static))
        .Where(m => m.IsDefined(typeof(FunctionAttribute)))
        .ToDictionary(
            m => m.GetCustomAttribute<FunctionAttribute>()!.Name,
            m => m.GetParameters().Single(IsTrigger)
        );

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 23, 6, 0, 0, TimeSpan.Zero));
    private readonly SignInInMemory _signIn = new();

    /// <summary>What is let through, by the function's name; the values of the roles, separated by blanks.</summary>
    /// <remarks>Written out a second time on purpose: whoever changes a row changes it here too, and is asked why.</remarks>
    public static TheoryData<string, string> Expected =>
        new()
        {
            { "AnswerApproval", "Compliance.Approver Compliance.Owner" },
            { "CancelSweep", "Compliance.Admin Compliance.Approver" },
            { "EraseLeaver", "Compliance.Admin Compliance.Approver" },
            { "GetApprovals", "Compliance.Admin Compliance.Approver Compliance.Auditor Compliance.Owner" },
            { "GetCredentialRun", "Compliance.Admin Compliance.Approver Compliance.Auditor" },
            { "GetFindings", "Compliance.Admin Compliance.Approver Compliance.Auditor Compliance.Owner" },
            { "GetLeaverCase", "Compliance.Admin Compliance.Approver Compliance.Auditor" },
            { "GetLeaverCases", "Compliance.Admin Compliance.Approver Compliance.Auditor" },
            { "GetLeaverDocument", "Compliance.Admin Compliance.Approver Compliance.Auditor" },
            { "GetPause", "Compliance.Admin Compliance.Approver Compliance.Auditor" },
            { "GetSweep", "Compliance.Admin Compliance.Approver Compliance.Auditor" },
            { "GetSweepReport", "Compliance.Admin Compliance.Approver Compliance.Auditor" },
            { "GetSweeps", "Compliance.Admin Compliance.Approver Compliance.Auditor" },
            { "PauseActs", "Compliance.Admin Compliance.Approver" },
            { "PlanLeaver", "Compliance.Admin Compliance.Approver Compliance.Auditor" },
            { "RecheckVaultObjectByHand", "Compliance.Admin" },
            { "ResumeActs", "Compliance.Admin Compliance.Approver" },
            { "StartCredentialCheck", "Compliance.Admin" },
            { "TestNotifications", "Compliance.Admin" },
            { "StartSweep", "Compliance.Admin Compliance.Approver" },
            { "StartLeaver", "Compliance.Admin Compliance.Approver" },
        };

    public void Dispose() => _signIn.Dispose();

    [Fact]
    public void Every_function_has_a_row_and_every_row_a_function() =>
        Assert.Equal(Triggers.Keys.Order(StringComparer.Ordinal), WhoMayCall.Rows.Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void A_function_that_answers_requests_asks_for_a_proof_and_one_that_does_not_for_none()
    {
        var asked = Triggers.Where(f => f.Value.IsDefined(typeof(HttpTriggerAttribute))).Select(f => f.Key).Order(StringComparer.Ordinal);

        var withProof = WhoMayCall.Rows.Where(r => r.Value is not Proof.NotFromOutside).Select(r => r.Key).Order(StringComparer.Ordinal);

        Assert.Equal(asked, withProof);
        Assert.Equal(["HrEventWebhook"], WhoMayCall.Rows.Where(r => r.Value is Proof.HrSystem).Select(r => r.Key));
        Assert.Equal(Expected.Select(e => e.Data.Item1).Append("HrEventWebhook").Order(StringComparer.Ordinal), asked);
    }

    // A key would be a second proof, and one that names no one.
    [Fact]
    public void A_function_key_opens_no_function() =>
        Assert.All(
            Triggers.Values.Select(p => p.GetCustomAttribute<HttpTriggerAttribute>()).OfType<HttpTriggerAttribute>(),
            t => Assert.Equal(AuthorizationLevel.Anonymous, t.AuthLevel)
        );

    // The other direction, what a registration has, is AzurePreprovisionTests'.
    [Fact]
    public void The_roles_that_open_a_function_are_those_that_there_are() =>
        Assert.Equal(
            AppRole.All.Select(r => r.Value).Order(StringComparer.Ordinal),
            WhoMayCall
                .Rows.Values.OfType<Proof.EntraRole>()
                .SelectMany(p => p.Roles)
                .Append(AppRole.HrSystem)
                .Select(r => r.Value)
                .Distinct()
                .Order(StringComparer.Ordinal)
        );

    [Theory]
    [MemberData(nameof(Expected))]
    public async Task Each_function_is_reached_with_each_role_of_its_row_and_with_nothing_else(string function, string roles)
    {
        var allowed = roles.Split(' ');
        var now = _clock.GetUtcNow();

        Assert.Equal(401, await StatusAsync(function));
        Assert.Equal(401, await StatusAsync(function, _signIn.Person(now.AddHours(-2), allowed)));
        Assert.Equal(401, await StatusAsync(function, _signIn.Person(now, allowed), _signIn.Person(now, allowed)));
        Assert.Equal(403, await StatusAsync(function, _signIn.Person(now)));
        Assert.Equal(403, await StatusAsync(function, _signIn.Application(now, AppRole.All.Select(r => r.Value))));
        foreach (var role in AppRole.All.Select(r => r.Value))
            Assert.Equal(
                (role, allowed.Contains(role, StringComparer.Ordinal) ? 200 : 403),
                (role, await StatusAsync(function, _signIn.Person(now, role)))
            );
        _signIn.IsAway = true;
        Assert.Equal(503, await StatusAsync(function, _signIn.Person(now, allowed)));
    }

    // It judges signature and token itself, and counts what it refuses: HrWebhookTests.
    [Fact]
    public async Task The_webhook_is_left_to_look_at_its_own_proof() => Assert.Equal(200, await StatusAsync("HrEventWebhook"));

    [Theory]
    [InlineData("OfTomorrow")]
    [InlineData("LeaverBlock")]
    [InlineData("ControlWatch")]
    public async Task A_request_to_a_function_without_a_row_for_requests_is_refused_whoever_sends_it(string function) =>
        Assert.Equal(403, await StatusAsync(function, _signIn.Person(_clock.GetUtcNow(), AppRole.All.Select(r => r.Value))));

    [Theory]
    [InlineData("ControlWatch", "timerTrigger")]
    [InlineData("LeaverBlock", "activityTrigger")]
    [InlineData("LeaverCase", "orchestrationTrigger")]
    [InlineData("HrEventQueue", "queueTrigger")]
    public async Task What_no_request_sets_off_needs_no_caller(string function, string trigger)
    {
        var context = new FunctionContextInMemory(function, trigger, request: null);

        Assert.True(await RunsAsync(context));
    }

    // As it would be if the order of the middleware were changed.
    [Fact]
    public async Task A_function_that_answers_requests_does_not_run_without_one()
    {
        var context = new FunctionContextInMemory("GetFindings", "httpTrigger", request: null);

        await Assert.ThrowsAsync<InvalidOperationException>(() => RunsAsync(context));
    }

    [Fact]
    public async Task A_refusal_is_JSON_with_the_reason_and_no_part_of_the_token()
    {
        var token = _signIn.Person(_clock.GetUtcNow(), AppRole.Auditor.Value);
        var context = Request("StartLeaver", token);

        await RunsAsync(context);

        var answer = Assert.IsType<ContentResult>(context.Result);
        Assert.Equal("application/json; charset=utf-8", answer.ContentType);
        Assert.Equal(
            "the person does not hold the app role Compliance.Admin or Compliance.Approver",
            JsonNode.Parse(answer.Content!)!["error"]!.GetValue<string>()
        );
    }

    [Fact]
    public async Task A_function_that_is_reached_knows_its_caller_and_one_that_is_called_in_another_way_does_not_answer()
    {
        var context = Request("GetFindings", _signIn.Person(_clock.GetUtcNow(), AppRole.Owner.Value));
        var request = context.GetHttpContext()!.Request;

        Assert.Throws<InvalidOperationException>(() => request.Caller());
        await RunsAsync(context);

        Assert.Equal(SignInInMemory.CallerId, request.Caller().ObjectId);
    }

    [Theory]
    [InlineData("Compliance.Owner", false)]
    [InlineData("Compliance.Owner Compliance.Auditor", true)]
    [InlineData("Compliance.Owner Compliance.Approver", true)]
    [InlineData("Compliance.Owner Compliance.Admin", true)]
    [InlineData("Compliance.Auditor", true)]
    public void An_owner_who_is_nothing_else_sees_their_own_findings_alone(string roles, bool all)
    {
        var held = AppRole.All.Where(r => roles.Split(' ').Contains(r.Value, StringComparer.Ordinal)).ToList();
        var caller = new CallerIdentity("3", "1", null, true, held);

        Assert.Equal(all ? null : "3", WhoMayCall.OwnItemsOnly(caller));
    }

    private async Task<int> StatusAsync(string function, params string?[] authorization)
    {
        var context = Request(function, authorization);
        var isReached = await RunsAsync(context);
        Assert.Equal(isReached, context.Result is null);
        return isReached ? 200 : Assert.IsType<ContentResult>(context.Result).StatusCode!.Value;
    }

    private static FunctionContextInMemory Request(string function, params string?[] authorization)
    {
        var http = new DefaultHttpContext();
        foreach (var header in authorization.OfType<string>())
            http.Request.Headers.Append("Authorization", header);
        return new FunctionContextInMemory(function, "httpTrigger", http);
    }

    private static bool IsTrigger(ParameterInfo parameter) =>
        parameter.GetCustomAttributes().Any(a => a.GetType().Name.EndsWith("TriggerAttribute", StringComparison.Ordinal));

    // Whether the function itself is reached.
    private async Task<bool> RunsAsync(FunctionContextInMemory context)
    {
        var isReached = false;
        await new CallerMiddleware(_signIn.Validator(_clock)).Invoke(
            context,
            _ =>
            {
                isReached = true;
                return Task.CompletedTask;
            }
        );
        return isReached;
    }
}
