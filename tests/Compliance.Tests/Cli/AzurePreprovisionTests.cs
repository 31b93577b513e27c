using System.Text.Json.Nodes;
using Compliance.Tenants;

namespace Compliance.Tests.Cli;

/// <summary>What is checked and made before azd provisions.</summary>
public sealed class AzurePreprovisionTests : IDisposable
{
    private const string DeletedVaults = $"/subscriptions/{AzureStub.Subscription}/providers/Microsoft.KeyVault/deletedVaults";

    private readonly AzureStub _azure = new();

    public void Dispose() => _azure.Dispose();

    [Fact]
    public async Task The_first_run_deploys_the_evidence_registers_the_app_and_keeps_the_values_for_azd()
    {
        _azure.Unregistered.Add("Microsoft.App");

        var (code, output, errors) = await _azure.RunAsync("preprovision");

        Assert.Equal((0, ""), (code, errors));
        Assert.Empty(_azure.Unregistered);
        Assert.Equal(
            ("rg-demo-evidence", "https://kv-evidence.vault.azure.net/keys/ledger-checkpoints/1", AzureStub.Registration),
            (
                _azure.Environment["EVIDENCE_RESOURCE_GROUP"],
                _azure.Environment["EVIDENCE_SIGNING_KEY"],
                _azure.Environment["COMPLIANCE_ENTRA_CLIENT_ID"]
            )
        );
        var application = _azure.Applications[AzureStub.Registration];
        Assert.Equal(
            ["Compliance.Admin", "Compliance.Approver", "Compliance.Auditor", "Compliance.Owner", "Compliance.HrSystem"],
            application["appRoles"]!.AsArray().Select(r => r!["value"]!.GetValue<string>())
        );
        Assert.Equal(2, application["api"]!["requestedAccessTokenVersion"]!.GetValue<int>());
        Assert.Equal($"api://{AzureStub.Registration}", Assert.Single(application["identifierUris"]!.AsArray())!.GetValue<string>());
        Assert.Single(application["api"]!["preAuthorizedApplications"]!.AsArray());
        Assert.Single(_azure.Principals);
        Assert.Contains("did      Register resource provider Microsoft.App in the subscription\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Print_writes_nothing_and_a_second_run_neither()
    {
        _azure.Unregistered.Add("Microsoft.App");

        var printed = await _azure.RunAsync("preprovision", "--print");
        var changes = _azure.Started.Where(Changes).ToList();
        Assert.Empty(_azure.Writes);
        await _azure.RunAsync("preprovision");
        _azure.Requests.Clear();
        _azure.Started.Clear();
        var second = await _azure.RunAsync("preprovision");

        Assert.Equal((0, ""), (printed.Code, printed.Errors));
        Assert.Empty(changes);
        Assert.Equal(7, printed.Output.Split('\n').Count(l => l.StartsWith("would ", StringComparison.Ordinal)));
        Assert.Equal(7, printed.Output.Split('\n').Count(l => l.StartsWith("         undo: ", StringComparison.Ordinal)));
        Assert.Equal(0, second.Code);
        Assert.Empty(_azure.Writes);
        Assert.DoesNotContain(_azure.Started, Changes);

        static bool Changes(string started) =>
            started.Contains(" set ", StringComparison.Ordinal) || started.Contains(" create ", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registration_that_is_named_keeps_what_it_has()
    {
        _azure.Environment["COMPLIANCE_ENTRA_CLIENT_ID"] = AzureStub.Registration;
        _azure.Applications[AzureStub.Registration] = new()
        {
            ["id"] = "o7",
            ["appId"] = AzureStub.Registration,
            ["identifierUris"] = new JsonArray("https://contoso.example/app"),
            ["appRoles"] = new JsonArray(
                new JsonObject { ["id"] = "theirs", ["value"] = "Other", ["isEnabled"] = true },
                new JsonObject { ["id"] = "earlier", ["value"] = "Compliance.Approver", ["isEnabled"] = false }
            ),
            ["api"] = new JsonObject { ["requestedAccessTokenVersion"] = null, ["acceptMappedClaims"] = true },
        };

        Assert.Equal(0, (await _azure.RunAsync("preprovision")).Code);

        var application = _azure.Applications[AzureStub.Registration];
        var roles = application["appRoles"]!.AsArray();
        Assert.Equal(6, roles.Count);
        Assert.Equal("theirs", roles[0]!["id"]!.GetValue<string>());
        Assert.Equal(("earlier", true), (roles[1]!["id"]!.GetValue<string>(), roles[1]!["isEnabled"]!.GetValue<bool>()));
        Assert.Equal(2, application["identifierUris"]!.AsArray().Count);
        Assert.True(application["api"]!["acceptMappedClaims"]!.GetValue<bool>());
        Assert.Single(_azure.Applications);
    }

    [Fact]
    public async Task A_registration_that_is_named_and_not_there_is_one_line()
    {
        _azure.Environment["COMPLIANCE_ENTRA_CLIENT_ID"] = AzureStub.Registration;

        var (code, _, errors) = await _azure.RunAsync("preprovision");

        Assert.Equal(
            (1, "COMPLIANCE_ENTRA_CLIENT_ID names an app registration that this tenant does not have: correct it, or set it to \"\"\n"),
            (code, errors)
        );
    }

    [Fact]
    public async Task A_deleted_vault_of_this_environment_is_recovered_and_that_of_another_is_not()
    {
        _azure.Resources[$"{DeletedVaults}/kv-other"] = Vault("other", "westeurope");
        await _azure.RunAsync("preprovision");
        Assert.EndsWith(" vaultCreateMode=default", Deployment(), StringComparison.Ordinal);
        _azure.Environment.Remove("EVIDENCE_DEPLOYED");
        _azure.Resources[$"{DeletedVaults}/kv-demo"] = Vault("demo", "westeurope");

        await _azure.RunAsync("preprovision");

        Assert.EndsWith(" vaultCreateMode=recover", Deployment(), StringComparison.Ordinal);
        Assert.DoesNotContain(_azure.Requests, r => r.Contains("purge", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task What_was_locked_and_chosen_is_handed_to_the_template()
    {
        _azure.Environment["EVIDENCE_LEDGER_LOCKED"] = "true";
        _azure.Environment["EVIDENCE_LEDGER_DAYS"] = "3650";
        _azure.Environment["EVIDENCE_VAULT_ALLOWED_IP_RANGES"] = """["192.0.2.0/24", "198.51.100.7"]""";
        _azure.Environment["EVIDENCE_AUDIT_LOG_DAYS"] = "730";

        await _azure.RunAsync("preprovision");

        Assert.EndsWith(
            "--parameters environmentName=demo location=westeurope ledgerDays=3650 ledgerLocked=true "
                + """vaultAllowedIpRanges=["192.0.2.0/24", "198.51.100.7"] auditLogDays=730 vaultCreateMode=default""",
            Deployment(),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("192.0.2.0/24")]
    [InlineData("[\"192.0.2.0/24\"] enableVnet=true")]
    [InlineData("@file")]
    public async Task What_is_no_list_of_addresses_is_not_handed_to_the_template(string ranges)
    {
        _azure.Environment["EVIDENCE_VAULT_ALLOWED_IP_RANGES"] = ranges;

        var (code, _, errors) = await _azure.RunAsync("preprovision");

        Assert.Equal(1, code);
        Assert.Contains($"EVIDENCE_VAULT_ALLOWED_IP_RANGES is '{ranges}', which it cannot be", errors, StringComparison.Ordinal);
        Assert.DoesNotContain(_azure.Started, s => s.StartsWith("az deployment", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_region_without_Flex_is_named_with_those_that_have_it()
    {
        _azure.Environment["AZURE_LOCATION"] = "westus";

        var (code, _, errors) = await _azure.RunAsync("preprovision");

        Assert.Equal(
            (1, "region westus has no Flex Consumption. azd env set AZURE_LOCATION with one of: northeurope, westeurope\n"),
            (code, errors)
        );
        Assert.Empty(_azure.Writes);
    }

    [Fact]
    public async Task Rights_that_are_missing_are_named()
    {
        _azure.NotActions = ["Microsoft.Authorization/*/write"];

        var (code, _, errors) = await _azure.RunAsync("preprovision");

        Assert.Equal(1, code);
        Assert.StartsWith(
            "your account may not do Microsoft.Authorization/roleAssignments/write, Microsoft.Authorization/locks/write in subscription ",
            errors,
            StringComparison.Ordinal
        );
        Assert.Empty(_azure.Writes);
    }

    [Theory]
    [InlineData("report", "Microsoft.Resources/*", "Authorization/roleAssignments")]
    [InlineData("enforce", "Microsoft.Resources/*", "Authorization/roleAssignments", "Authorization/roleDefinitions")]
    [InlineData("enforce", "Microsoft.Authorization/*", "Resources/deployments")]
    public async Task Rights_that_are_missing_in_another_watched_subscription_are_named(string mode, string has, params string[] missing)
    {
        const string Other = "99999999-2222-4333-8444-555555555555";
        _azure.Environment["COMPLIANCE_MODE"] = mode;
        _azure.Environment["COMPLIANCE_SUBSCRIPTIONS"] = $"""["{Other}"]""";
        Assert.Equal(0, (await _azure.RunAsync("preprovision")).Code);
        _azure.Requests.Clear();
        _azure.Started.Clear();
        _azure.ActionsElsewhere = [has];

        var (code, _, errors) = await _azure.RunAsync("preprovision");

        Assert.Equal(1, code);
        var actions = string.Join(", ", missing.Select(m => $"Microsoft.{m}/write"));
        Assert.StartsWith($"your account may not do {actions} in subscription {Other}: it takes Owner", errors, StringComparison.Ordinal);
        Assert.Empty(_azure.Writes);
        Assert.DoesNotContain(_azure.Started, s => s.Contains("deployment", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("11111111-2222-4333-8444-555555555555")]
    [InlineData("""["one"]""")]
    public async Task Watched_subscriptions_that_are_no_list_of_ids_are_named_before_anything_is_made(string value)
    {
        _azure.Environment["COMPLIANCE_SUBSCRIPTIONS"] = value;

        var (code, _, errors) = await _azure.RunAsync("preprovision");

        Assert.Equal((1, "COMPLIANCE_SUBSCRIPTIONS is no JSON list of subscription ids\n"), (code, errors));
        Assert.Empty(_azure.Writes);
    }

    [Fact]
    public async Task A_refusal_that_passes_is_waited_for_and_nothing_is_made_twice()
    {
        _azure.Unregistered.Add("Microsoft.App");
        _azure.Refusals = 2;

        var (code, _, errors) = await _azure.RunAsync("preprovision");

        Assert.Equal(0, code);
        Assert.Empty(_azure.Unregistered);
        Assert.Single(_azure.Applications);
        Assert.Single(_azure.Principals);
        // Each write was refused twice and then done.
        Assert.All(_azure.Writes.CountBy(w => w), w => Assert.Equal(3, w.Value));
        Assert.Equal(_azure.Writes.Distinct().Count() * 2, _azure.Time.Waits.Count);
        Assert.Contains("registering Microsoft.App: 403. ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_quota_that_is_used_up_is_named()
    {
        _azure.Resources[$"/subscriptions/{AzureStub.Subscription}/providers/Microsoft.Web/locations/westeurope/usages/1"] = new()
        {
            ["name"] = new JsonObject { ["localizedValue"] = "Flex Consumption memory" },
            ["currentValue"] = 512000,
            ["limit"] = 512000,
        };

        var (code, _, errors) = await _azure.RunAsync("preprovision");

        Assert.Equal(
            (1, "quota 'Flex Consumption memory' is used up (512000 of 512000): ask for more, or take another region\n"),
            (code, errors)
        );
    }

    [Fact]
    public async Task Print_names_each_problem_and_the_steps_after_it()
    {
        _azure.Environment["AZURE_LOCATION"] = "westus";
        _azure.NotActions = ["*"];

        var (code, output, errors) = await _azure.RunAsync("preprovision", "--print");

        Assert.Equal((1, ""), (code, errors));
        Assert.Equal(2, output.Split('\n').Count(l => l.StartsWith("problem  ", StringComparison.Ordinal)));
        Assert.Contains("would    Deploy the evidence", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_mode_enforce_a_second_deployment_is_found_before_anything_is_deployed()
    {
        _azure.Environment["COMPLIANCE_MODE"] = "enforce";
        _azure.Principals["other"] = new() { ["displayName"] = "Old", ["tags"] = new JsonArray("compliance-enforce:other") };

        var (code, _, errors) = await _azure.RunAsync("preprovision");

        Assert.Equal(1, code);
        Assert.StartsWith("deployment other enforces already (Old): ", errors, StringComparison.Ordinal);
        Assert.DoesNotContain(_azure.Started, s => s.Contains("deployment", StringComparison.Ordinal));
    }

    // As a caller's token is checked for them: CallerTokenValidator.
    [Fact]
    public async Task A_registration_has_exactly_the_roles_that_tokens_are_checked_for_each_for_its_kind_of_caller()
    {
        Assert.Equal(0, (await _azure.RunAsync("preprovision")).Code);

        Assert.Equal(
            AppRole.All.Select(r => (r.Id, r.Value, r.IsForPeople ? "User" : "Application", true)),
            _azure
                .Applications[AzureStub.Registration]["appRoles"]!
                .AsArray()
                .Select(r =>
                    (
                        r!["id"]!.GetValue<string>(),
                        r["value"]!.GetValue<string>(),
                        r["allowedMemberTypes"]!.AsArray().Single()!.GetValue<string>(),
                        r["isEnabled"]!.GetValue<bool>()
                    )
                )
        );
    }

    [Fact]
    public void No_two_roles_share_a_value_or_an_id()
    {
        Assert.Equal(AppRole.All.Count, AppRole.All.Select(r => r.Value).Distinct().Count());
        Assert.Equal(AppRole.All.Count, AppRole.All.Select(r => Guid.Parse(r.Id)).Distinct().Count());
    }

    private static JsonObject Vault(string environment, string location) =>
        new()
        {
            ["properties"] = new JsonObject
            {
                ["location"] = location,
                ["tags"] = new JsonObject { ["compliance-evidence-of"] = environment },
            },
        };

    private string Deployment() => _azure.Started.Last(s => s.StartsWith("az deployment sub create", StringComparison.Ordinal));
}
