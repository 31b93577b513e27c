using System.Text.Json.Nodes;

namespace Compliance.Tests.Cli;

/// <summary>What cannot be taken back is confirmed: taking the app down, and locking the ledger.</summary>
public sealed class AzureRemovalTests : IDisposable
{
    private const string Roles = $"/subscriptions/{AzureStub.Subscription}/providers/Microsoft.Authorization";
    private const string Policy =
        $"/subscriptions/{AzureStub.Subscription}/resourceGroups/rg-demo-evidence/providers/Microsoft.Storage/storageAccounts/stevidence"
        + "/blobServices/default/containers/ledger/immutabilityPolicies/default";

    private readonly AzureStub _azure = new();

    public AzureRemovalTests() => _azure.Provision();

    public void Dispose() => _azure.Dispose();

    [Fact]
    public async Task Without_confirmation_nothing_is_taken_down()
    {
        _azure.Environment["COMPLIANCE_YES_REMOVE"] = "another";

        var (code, output, errors) = await _azure.RunAsync("predown");

        Assert.Equal((1, ""), (code, output));
        Assert.Contains("azd env set COMPLIANCE_YES_REMOVE demo", errors, StringComparison.Ordinal);
        Assert.Empty(_azure.Requests);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task With_it_all_that_azd_would_leave_behind_is_taken_away(bool byFlag)
    {
        await _azure.RunAsync("grant", "--mode", "enforce");
        _azure.Resources[$"{Roles}/roleAssignments/1"] = Role("1", $"/subscriptions/{AzureStub.Subscription}");
        _azure.Resources[$"{Roles}/roleAssignments/2"] = Role("2", $"/subscriptions/{AzureStub.Subscription}/resourceGroups/rg-demo");
        _azure.Resources[$"{Roles}/roleDefinitions/3"] = Definition("3", $"Compliance access of leavers (demo, {AzureStub.Subscription})");
        _azure.Resources[$"{Roles}/roleDefinitions/4"] = Definition("4", $"Compliance access of leavers (prod, {AzureStub.Subscription})");
        if (!byFlag)
            _azure.Environment["COMPLIANCE_YES_REMOVE"] = "demo";
        string[] flag = byFlag ? ["--yes-remove"] : [];

        var printed = await _azure.RunAsync("predown", "--print");
        Assert.NotEmpty(_azure.Held);
        var (code, output, errors) = await _azure.RunAsync(["predown", .. flag]);

        Assert.Equal((0, 0, ""), (printed.Code, code, errors));
        Assert.Empty(_azure.Held);
        Assert.Equal([$"{Roles}/roleAssignments/2", $"{Roles}/roleDefinitions/4"], _azure.Resources.Keys.Order(StringComparer.Ordinal));
        Assert.DoesNotContain("compliance-enforce", _azure.Principals[AzureStub.Registration].ToJsonString(), StringComparison.Ordinal);
        Assert.Contains("Stays: group rg-demo-evidence with the ledger and its key.", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_ledger_is_locked_with_its_ETag_and_the_template_leaves_the_policy_out_from_then_on()
    {
        _azure.Resources[Policy] = Unlocked(appends: true);

        var (code, _, errors) = await _azure.RunAsync("lock", "--confirm", "ledger");

        Assert.Equal((0, ""), (code, errors));
        Assert.Equal([$"POST {Policy}/lock?api-version=2025-06-01 If-Match: \"7\""], _azure.Writes);
        Assert.Equal("true", _azure.Environment["EVIDENCE_LEDGER_LOCKED"]);
        _azure.Requests.Clear();
        Assert.Equal(0, (await _azure.RunAsync("lock", "--confirm", "ledger")).Code);
        Assert.Empty(_azure.Writes);
    }

    [Fact]
    public async Task A_refusal_that_passes_is_waited_for()
    {
        _azure.Resources[Policy] = Unlocked(appends: true);
        await _azure.RunAsync("grant", "--mode", "enforce");
        _azure.AddRole("access", $"Compliance access of leavers (demo, {AzureStub.Subscription})");
        _azure.Refusals = 2;
        _azure.Requests.Clear();

        var locked = await _azure.RunAsync("lock", "--confirm", "ledger");
        var removed = await _azure.RunAsync("predown", "--yes-remove");

        Assert.Equal((0, 0), (locked.Code, removed.Code));
        Assert.All(_azure.Writes.CountBy(w => w), w => Assert.Equal(3, w.Value));
        Assert.Empty(_azure.Held);
        Assert.Equal([Policy], _azure.Resources.Keys);
    }

    [Theory]
    [InlineData(64)]
    [InlineData(64, "--confirm", "Ledger")]
    [InlineData(0, "--print")]
    public async Task Without_the_containers_name_nothing_is_locked(int exit, params string[] typed)
    {
        _azure.Resources[Policy] = Unlocked(appends: true);

        var (code, _, _) = await _azure.RunAsync(["lock", .. typed]);

        Assert.Equal(exit, code);
        Assert.Empty(_azure.Writes);
        Assert.False(_azure.Environment.ContainsKey("EVIDENCE_LEDGER_LOCKED"));
    }

    [Fact]
    public async Task A_policy_under_which_the_ledger_could_not_grow_is_not_locked()
    {
        _azure.Resources[Policy] = Unlocked(appends: false);

        var (code, _, errors) = await _azure.RunAsync("lock", "--confirm", "ledger");

        Assert.Equal(1, code);
        Assert.StartsWith("the policy has no allowProtectedAppendWrites: ", errors, StringComparison.Ordinal);
        Assert.Empty(_azure.Writes);
    }

    private static JsonObject Unlocked(bool appends) =>
        new()
        {
            ["etag"] = "\"7\"",
            ["properties"] = new JsonObject { ["state"] = "Unlocked", ["allowProtectedAppendWrites"] = appends },
        };

    private static JsonObject Role(string id, string scope) =>
        new() { ["id"] = $"{Roles}/roleAssignments/{id}", ["properties"] = new JsonObject { ["scope"] = scope } };

    private static JsonObject Definition(string id, string name) =>
        new() { ["id"] = $"{Roles}/roleDefinitions/{id}", ["properties"] = new JsonObject { ["roleName"] = name } };
}
