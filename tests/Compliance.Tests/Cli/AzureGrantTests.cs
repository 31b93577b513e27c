using System.Text.Json.Nodes;
using Compliance.Offboarding.Actions;
using Compliance.Tenants;
using ComplianceCli.Azure;

namespace Compliance.Tests.Cli;

/// <summary>The app's identity gets the permissions of its mode, and a tenant gets one deployment that acts.</summary>
public sealed class AzureGrantTests : IDisposable
{
    private readonly AzureStub _azure = new();

    public AzureGrantTests() => _azure.Provision();

    public void Dispose() => _azure.Dispose();

    [Fact]
    public async Task Mode_report_gets_the_reads_that_are_declared_and_nothing_else()
    {
        var (code, _, errors) = await _azure.RunAsync("grant");

        Assert.Equal((0, ""), (code, errors));
        Assert.Equal(Declared(DeclaredCall.All), _azure.Held.Keys.Order(StringComparer.Ordinal));
        Assert.All(_azure.Held.Keys, p => Assert.Contains(".Read.", p, StringComparison.Ordinal));
        Assert.Equal(["HideApp"], Tags());
    }

    [Fact]
    public async Task Mode_enforce_with_all_powerful_ones_gets_the_union_of_all_declared_calls()
    {
        _azure.Environment["COMPLIANCE_MODE"] = "enforce";

        Assert.Equal(0, (await _azure.RunAsync("grant", "--powerful", "all")).Code);

        Assert.Equal(Declared(DeclaredCall.All.Concat(StepRegistry.Default.Calls)), _azure.Held.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(["HideApp", $"compliance-enforce:{AzureStub.Subscription}/demo"], Tags());
    }

    [Fact]
    public async Task A_powerful_permission_is_given_only_when_it_was_chosen()
    {
        Assert.Equal(0, (await _azure.RunAsync("grant", "--mode", "enforce")).Code);
        var withoutChoice = _azure.Held.Keys.ToList();
        var (_, output, _) = await _azure.RunAsync("grant", "--mode", "enforce", "--powerful", "AppRoleAssignment.ReadWrite.All");

        Assert.Equal(
            [
                "AppRoleAssignment.ReadWrite.All",
                "Application.ReadWrite.All",
                "DelegatedPermissionGrant.ReadWrite.All",
                "RoleAssignmentSchedule.ReadWrite.Directory",
                "RoleEligibilitySchedule.ReadWrite.Directory",
                "RoleManagement.ReadWrite.Directory",
            ],
            GraphPermissions.Powerful.Where(p => !p.StartsWith("UserAuthMethod-", StringComparison.Ordinal))
        );
        Assert.Equal(
            Declared(DeclaredCall.All.Concat(StepRegistry.Default.Calls)).Except(GraphPermissions.Powerful),
            withoutChoice.Order(StringComparer.Ordinal)
        );
        Assert.Equal(["AppRoleAssignment.ReadWrite.All"], _azure.Held.Keys.Except(withoutChoice));
        Assert.Contains("(powerful: whoever holds it gives itself any permission)", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Back_to_report_takes_the_writes_and_last_the_tag_away_and_leaves_what_is_not_ours()
    {
        await _azure.RunAsync("grant", "--mode", "enforce");
        _azure.Held["Mail.Send"] = "by-hand";
        _azure.Requests.Clear();

        Assert.Equal(0, (await _azure.RunAsync("postprovision")).Code);

        Assert.Equal("by-hand", _azure.Held["Mail.Send"]);
        Assert.Equal(Declared(DeclaredCall.All), _azure.Held.Keys.Where(p => p != "Mail.Send").Order(StringComparer.Ordinal));
        Assert.Equal(["HideApp"], Tags());
        Assert.All(_azure.Writes.SkipLast(1), w => Assert.StartsWith("DELETE ", w, StringComparison.Ordinal));
        Assert.StartsWith("PATCH /v1.0/servicePrincipals(appId=", _azure.Writes.Last(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("report", "false", "access of leavers", "eligibilities of leavers", "hand-over of leavers", "deletion of stored data")]
    [InlineData("enforce", "false", "eligibilities of leavers")]
    [InlineData("enforce", "true")]
    public async Task The_roles_that_a_mode_does_not_need_are_taken_away_with_whoever_has_them(
        string mode,
        string endsEligibilities,
        params string[] taken
    )
    {
        // What only reads stays in either mode.
        string[] all =
        [
            "access of leavers",
            "eligibilities of leavers",
            "hand-over of leavers",
            "deletion of stored data",
            "reading of index tags",
        ];
        foreach (var name in all)
        {
            _azure.AddRole(name, $"Compliance {name} (demo, {AzureStub.Subscription})");
            _azure.AddRole($"{name}-prod", $"Compliance {name} (prod, {AzureStub.Subscription})");
        }
        _azure.Environment["COMPLIANCE_ENDS_ELIGIBILITIES"] = endsEligibilities;

        var (code, _, errors) = await _azure.RunAsync("grant", "--mode", mode);

        Assert.Equal((0, ""), (code, errors));
        Assert.Equal(
            all.Except(taken).Concat(all.Select(n => $"{n}-prod")).SelectMany(n => new[] { $"given-{n}", n }).Order(StringComparer.Ordinal),
            _azure.Resources.Keys.Select(k => k.Split('/')[^1]).Order(StringComparer.Ordinal)
        );
        var deleted = _azure.Writes.Where(w => w.Contains("/providers/Microsoft.Authorization/", StringComparison.Ordinal)).ToList();
        Assert.Equal(taken.Length * 2, deleted.Count);
        foreach (var name in taken)
            Assert.True(
                deleted.FindIndex(w => w.Contains($"/given-{name}?", StringComparison.Ordinal))
                    < deleted.FindIndex(w => w.Contains($"/{name}?", StringComparison.Ordinal))
            );
    }

    [Theory]
    [InlineData("report")]
    [InlineData("enforce")]
    public async Task Print_shows_each_step_with_its_undo_and_writes_nothing_and_a_second_run_neither(string mode)
    {
        var printed = await _azure.RunAsync("grant", "--mode", mode, "--print");
        Assert.Empty(_azure.Writes);
        Assert.Empty(_azure.Held);

        await _azure.RunAsync("grant", "--mode", mode);
        _azure.Requests.Clear();
        var second = await _azure.RunAsync("grant", "--mode", mode);

        Assert.Equal((0, ""), (printed.Code, printed.Errors));
        Assert.Contains("would    Give the identity Graph's User.Read.All\n         undo: ", printed.Output, StringComparison.Ordinal);
        Assert.Contains("Nothing was changed.\n", printed.Output, StringComparison.Ordinal);
        Assert.Empty(_azure.Writes);
        Assert.DoesNotContain("did ", second.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(_azure.Started, s => s.StartsWith("azd env set", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_refusal_that_passes_is_waited_for()
    {
        _azure.Refusals = 2;

        var (code, _, errors) = await _azure.RunAsync("grant");

        Assert.Equal(0, code);
        Assert.Equal(Declared(DeclaredCall.All), _azure.Held.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(AzureCalls.Waits.Take(2), _azure.Time.Waits.Take(2));
        Assert.StartsWith("giving Application.Read.All: 403. ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_that_stays_is_one_line_with_the_role_that_is_missing_and_no_token()
    {
        _azure.Refusals = int.MaxValue;

        var (code, output, errors) = await _azure.RunAsync("grant");

        Assert.Equal(1, code);
        Assert.Equal(AzureCalls.Waits, _azure.Time.Waits);
        Assert.Equal(
            $"giving Application.Read.All: refused, {AzureCalls.Waits.Count + 1} times: 403 Authorization_RequestDenied Insufficient "
                + "privileges. Bearer ***. It takes Privileged Role Administrator or Global Administrator",
            errors.TrimEnd('\n').Split('\n')[^1]
        );
        Assert.DoesNotContain(AzureStub.Secret, output + errors, StringComparison.Ordinal);
        Assert.Empty(_azure.Held);
    }

    [Fact]
    public async Task A_second_deployment_that_enforces_is_refused_before_anything_is_given()
    {
        _azure.Principals["other"] = new()
        {
            ["id"] = "p9",
            ["displayName"] = "Compliance (old)",
            ["tags"] = new JsonArray("compliance-enforce:99999999-0000-4000-8000-000000000009/old"),
        };

        var (code, _, errors) = await _azure.RunAsync("grant", "--mode", "enforce");
        var report = await _azure.RunAsync("grant", "--print");

        Assert.Equal(1, code);
        Assert.StartsWith(
            "deployment 99999999-0000-4000-8000-000000000009/old enforces already (Compliance (old)): ",
            errors,
            StringComparison.Ordinal
        );
        Assert.Empty(_azure.Writes);
        Assert.Equal(0, report.Code);
    }

    [Fact]
    public async Task Remove_takes_all_of_it_away()
    {
        await _azure.RunAsync("grant", "--mode", "enforce", "--powerful", "all");

        Assert.Equal(0, (await _azure.RunAsync("grant", "--remove")).Code);

        Assert.Empty(_azure.Held);
        Assert.Equal(["HideApp"], Tags());
    }

    [Fact]
    public async Task Mail_is_never_given_and_Exchange_limits_it_to_one_mailbox()
    {
        var (code, output, _) = await _azure.RunAsync("grant", "--mailbox", "compliance@contoso.example");
        var (usage, _, errors) = await _azure.RunAsync("grant", "--mailbox", "a' -or 'b");

        Assert.Equal((0, 64), (code, usage));
        Assert.DoesNotContain("Mail.Send", _azure.Held.Keys);
        Assert.Contains(
            $"  New-ManagementRoleAssignment -App {AzureStub.IdentityClient} -Role 'Application Mail.Send' ",
            output,
            StringComparison.Ordinal
        );
        Assert.Equal("--mailbox is 'a' -or 'b': give a mail address\n", errors);
    }

    [Theory]
    [InlineData(64, "the mode is 'all': it is report or enforce", "--mode", "all")]
    [InlineData(64, "Directory.Read.All is none of the powerful permissions: ", "--powerful", "Directory.Read.All")]
    public async Task What_is_no_choice_is_wrong_usage(int exit, string line, params string[] typed)
    {
        var (code, _, errors) = await _azure.RunAsync(["grant", .. typed]);

        Assert.Equal(exit, code);
        Assert.StartsWith(line, errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("COMPLIANCE_IDENTITY_PRINCIPAL_ID", "", "COMPLIANCE_IDENTITY_PRINCIPAL_ID is not set: azd provision makes it\n")]
    [InlineData(
        "COMPLIANCE_IDENTITY_PRINCIPAL_ID",
        "x/../y",
        "COMPLIANCE_IDENTITY_PRINCIPAL_ID is 'x/../y', which it cannot be: azd provision makes it\n"
    )]
    public async Task A_value_of_azd_that_is_missing_or_cannot_be_is_named_and_not_sent(string name, string value, string line)
    {
        _azure.Environment[name] = value;

        Assert.Equal((1, "", line), await _azure.RunAsync("postprovision"));
        Assert.Empty(_azure.Requests);
    }

    private static IEnumerable<string> Declared(IEnumerable<DeclaredCall> calls) =>
        calls
            .Where(c => c.Service == "graph" && c.Permission[0] != '(')
            .SelectMany(c => c.Permission.Split(" and "))
            .Distinct()
            .Order(StringComparer.Ordinal);

    private IEnumerable<string> Tags() => _azure.Principals[AzureStub.Registration]["tags"]!.AsArray().Select(t => t!.GetValue<string>());
}
